//! Names: making, renaming, removing and reading them.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Dev, Errno, RenameFlags};

use super::user::Unchecked;
use super::{call, on_path, on_two_paths};
use crate::calls::user::StringArg;

#[unsafe(export_name = "SYS_mkdir")]
extern "C" fn mkdir(pathname: u32, mode: u32) -> i64 {
    mkdirat(AT_FDCWD, pathname, mode)
}

#[unsafe(export_name = "SYS_mkdirat")]
extern "C" fn mkdirat(dirfd: i32, pathname: u32, mode: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.mkdirat(&kernel.process, dirfd, path, mode))
}

#[unsafe(export_name = "SYS_rmdir")]
extern "C" fn rmdir(pathname: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.rmdir(&kernel.process, path))
}

#[unsafe(export_name = "SYS_unlink")]
extern "C" fn unlink(pathname: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.unlink(&kernel.process, path))
}

#[unsafe(export_name = "SYS_unlinkat")]
extern "C" fn unlinkat(dirfd: i32, pathname: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| kernel.fs.unlinkat(&kernel.process, dirfd, path, flags))
}

#[unsafe(export_name = "SYS_rename")]
extern "C" fn rename(oldpath: u32, newpath: u32) -> i64 {
    renameat2(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0)
}

#[unsafe(export_name = "SYS_renameat")]
extern "C" fn renameat(olddirfd: i32, oldpath: u32, newdirfd: i32, newpath: u32) -> i64 {
    renameat2(olddirfd, oldpath, newdirfd, newpath, 0)
}

#[unsafe(export_name = "SYS_renameat2")]
extern "C" fn renameat2(
    olddirfd: i32,
    oldpath: u32,
    newdirfd: i32,
    newpath: u32,
    flags: u32,
) -> i64 {
    let flags = RenameFlags::from_bits_retain(flags);
    on_two_paths(oldpath, newpath, |kernel, old, new| {
        kernel.fs.renameat2(&kernel.process, olddirfd, old, newdirfd, new, flags)
    })
}

#[unsafe(export_name = "SYS_link")]
extern "C" fn link(oldpath: u32, newpath: u32) -> i64 {
    linkat(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0)
}

#[unsafe(export_name = "SYS_linkat")]
extern "C" fn linkat(olddirfd: i32, oldpath: u32, newdirfd: i32, newpath: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    on_two_paths(oldpath, newpath, |kernel, old, new| {
        kernel.fs.linkat(&kernel.process, olddirfd, old, newdirfd, new, flags)
    })
}

#[unsafe(export_name = "SYS_symlink")]
extern "C" fn symlink(target: u32, linkpath: u32) -> i64 {
    symlinkat(target, AT_FDCWD, linkpath)
}

#[unsafe(export_name = "SYS_symlinkat")]
extern "C" fn symlinkat(target: u32, newdirfd: i32, linkpath: u32) -> i64 {
    on_two_paths(target, linkpath, |kernel, target, path| {
        kernel.fs.symlinkat(&kernel.process, target, newdirfd, path)
    })
}

#[unsafe(export_name = "SYS_readlink")]
extern "C" fn readlink(pathname: u32, buf: u32, bufsiz: u32) -> i64 {
    // The empty path names no descriptor here, and the current directory is no link: `ENOENT` as
    // from readlink(2).
    readlinkat(AT_FDCWD, pathname, buf, bufsiz)
}

#[unsafe(export_name = "SYS_readlinkat")]
extern "C" fn readlinkat(dirfd: i32, pathname: u32, buf: u32, bufsiz: u32) -> i64 {
    call(|kernel, buffers| {
        // The kernel takes an `int`.
        if bufsiz.cast_signed() <= 0 {
            return Err(Errno::EINVAL);
        }
        let path = StringArg::copy(&mut buffers.path, pathname);
        let mut buf = Unchecked::new(buf, bufsiz);
        let result = kernel.fs.readlinkat(&kernel.process, dirfd, path.bytes, &mut buf);
        buf.settle(path.settle(Errno::ENAMETOOLONG, result))
    })
}

#[unsafe(export_name = "SYS_mknod")]
extern "C" fn mknod(pathname: u32, mode: u32, dev: u32) -> i64 {
    mknodat(AT_FDCWD, pathname, mode, dev)
}

#[unsafe(export_name = "SYS_mknodat")]
extern "C" fn mknodat(dirfd: i32, pathname: u32, mode: u32, dev: u32) -> i64 {
    // The kernel's 32 bits (`new_decode_dev`) are the low ones of makedev(3).
    let dev = Dev(dev.into());
    on_path(pathname, |kernel, path| kernel.fs.mknodat(&kernel.process, dirfd, path, mode, dev))
}
