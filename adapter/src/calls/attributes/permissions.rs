//! Who may do what: access(2), chmod(2), chown(2), umask(2), and their kin.
//!
//! preview1 has no function for these, so a descriptor of the host's is refused as somebody else's
//! file is.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno};

use crate::calls::{call, on_fd, on_path};

#[unsafe(export_name = "SYS_access")]
extern "C" fn access(pathname: u32, mode: u32) -> i64 {
    faccessat2(AT_FDCWD, pathname, mode, 0)
}

/// The kernel's call has no flags; WALI's passes them on.
#[unsafe(export_name = "SYS_faccessat")]
extern "C" fn faccessat(dirfd: i32, pathname: u32, mode: u32, flags: u32) -> i64 {
    faccessat2(dirfd, pathname, mode, flags)
}

#[unsafe(export_name = "SYS_faccessat2")]
extern "C" fn faccessat2(dirfd: i32, pathname: u32, mode: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| {
        kernel.fs.faccessat2(&mut kernel.process, dirfd, path, mode, flags)
    })
}

#[unsafe(export_name = "SYS_chmod")]
extern "C" fn chmod(pathname: u32, mode: u32) -> i64 {
    fchmodat2(AT_FDCWD, pathname, mode, 0)
}

#[unsafe(export_name = "SYS_fchmod")]
extern "C" fn fchmod(fd: i32, mode: u32) -> i64 {
    on_fd(fd, |_| Err(Errno::EPERM), |kernel, _, _| kernel.fs.fchmod(&kernel.process, fd, mode))
}

/// As [`faccessat`]: with flags, as WALI's.
#[unsafe(export_name = "SYS_fchmodat")]
extern "C" fn fchmodat(dirfd: i32, pathname: u32, mode: u32, flags: u32) -> i64 {
    fchmodat2(dirfd, pathname, mode, flags)
}

#[unsafe(export_name = "SYS_fchmodat2")]
extern "C" fn fchmodat2(dirfd: i32, pathname: u32, mode: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| kernel.fs.fchmodat2(&kernel.process, dirfd, path, mode, flags))
}

#[unsafe(export_name = "SYS_chown")]
extern "C" fn chown(pathname: u32, owner: u32, group: u32) -> i64 {
    fchownat(AT_FDCWD, pathname, owner, group, 0)
}

#[unsafe(export_name = "SYS_lchown")]
extern "C" fn lchown(pathname: u32, owner: u32, group: u32) -> i64 {
    fchownat(AT_FDCWD, pathname, owner, group, AtFlags::SYMLINK_NOFOLLOW.bits())
}

#[unsafe(export_name = "SYS_fchown")]
extern "C" fn fchown(fd: i32, owner: u32, group: u32) -> i64 {
    on_fd(
        fd,
        |_| Err(Errno::EPERM),
        |kernel, _, _| kernel.fs.fchown(&kernel.process, fd, owner, group),
    )
}

#[unsafe(export_name = "SYS_fchownat")]
extern "C" fn fchownat(dirfd: i32, pathname: u32, owner: u32, group: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| {
        kernel.fs.fchownat(&kernel.process, dirfd, path, owner, group, flags)
    })
}

#[unsafe(export_name = "SYS_umask")]
extern "C" fn umask(mask: u32) -> i64 {
    call(|kernel, _| Ok(kernel.fs.umask(&mut kernel.process, mask)))
}
