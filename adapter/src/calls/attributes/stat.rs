//! stat(2), statx(2), statfs(2), and their kin.
//!
//! The layouts are in [`super::records`]. A descriptor of the host's is asked of it
//! ([`super::host_file`]). The kernel copies a structure to the program at the very end, so a wild
//! pointer to it is the last error.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, Stat, Statfs, Statx, StatxMask};

use super::records::{
    STAT_BYTES, STATFS_BYTES, STATX_BYTES, stat_words, statfs_words, statx_words, store, store_all,
};
use super::{host_file, is_descriptor, on_path_if_any};
use crate::calls::user::{Result, range};
use crate::calls::{error, on_fd, on_path};

/// Stores what a file is, if that could be told. By reference, for it has 128 bytes, which the
/// operator `?` moves twice.
///
/// # Errors
///
/// What there is in place of it. `EFAULT`: there is no place for it.
#[inline(never)]
fn put_stat(statbuf: u32, stat: &Result<Stat>) -> Result<()> {
    match stat {
        Ok(stat) => {
            store_all(range(statbuf, STAT_BYTES)?, stat_words(stat));
            Ok(())
        }
        Err(errno) => Err(*errno),
    }
}

/// Stores what a filesystem is.
///
/// # Errors
///
/// As [`put_stat`].
fn put_statfs(buf: u32, statfs: &Statfs) -> Result<()> {
    store(range(buf, STATFS_BYTES)?, &statfs_words(statfs));
    Ok(())
}

#[unsafe(export_name = "SYS_stat")]
extern "C" fn stat(pathname: u32, statbuf: u32) -> i64 {
    newfstatat(AT_FDCWD, pathname, statbuf, 0)
}

#[unsafe(export_name = "SYS_lstat")]
extern "C" fn lstat(pathname: u32, statbuf: u32) -> i64 {
    newfstatat(AT_FDCWD, pathname, statbuf, AtFlags::SYMLINK_NOFOLLOW.bits())
}

#[unsafe(export_name = "SYS_fstat")]
extern "C" fn fstat(fd: i32, statbuf: u32) -> i64 {
    on_fd(
        fd,
        |host_fd| put_stat(statbuf, &host_file::fstat(host_fd)),
        |kernel, file, _| put_stat(statbuf, &kernel.fs.vfs_fstat(file)),
    )
}

#[unsafe(export_name = "SYS_newfstatat")]
extern "C" fn newfstatat(dirfd: i32, pathname: u32, statbuf: u32, flags: u32) -> i64 {
    let flags = AtFlags::from_bits_retain(flags);
    if is_descriptor(dirfd, pathname, flags) {
        // No flag is looked at then (`vfs_fstatat`).
        return fstat(dirfd, statbuf);
    }
    on_path_if_any(pathname, flags, |kernel, path| {
        put_stat(statbuf, &kernel.fs.newfstatat(&kernel.process, dirfd, path, flags))
    })
}

#[unsafe(export_name = "SYS_statx")]
extern "C" fn statx(dirfd: i32, pathname: u32, flags: u32, mask: u32, statxbuf: u32) -> i64 {
    let (flags, mask) = (AtFlags::from_bits_retain(flags), StatxMask::from_bits_retain(mask));
    let put = |statx: Statx| {
        store(range(statxbuf, STATX_BYTES)?, &statx_words(&statx));
        Ok(())
    };
    if is_descriptor(dirfd, pathname, flags) {
        // Before the descriptor is looked up.
        if mask.contains(StatxMask::RESERVED) {
            return error(Errno::EINVAL);
        }
        return on_fd(
            dirfd,
            |host_fd| put(host_file::statx(&host_file::fstat(host_fd)?)),
            |kernel, _, _| put(kernel.fs.statx(&kernel.process, dirfd, b"", flags, mask)?),
        );
    }
    on_path_if_any(pathname, flags, |kernel, path| {
        put(kernel.fs.statx(&kernel.process, dirfd, path, flags, mask)?)
    })
}

#[unsafe(export_name = "SYS_statfs")]
extern "C" fn statfs(path: u32, buf: u32) -> i64 {
    on_path(path, |kernel, path| put_statfs(buf, &kernel.fs.statfs(&kernel.process, path)?))
}

#[unsafe(export_name = "SYS_fstatfs")]
extern "C" fn fstatfs(fd: i32, buf: u32) -> i64 {
    on_fd(
        fd,
        |_| put_statfs(buf, &host_file::statfs()),
        |kernel, _, _| put_statfs(buf, &kernel.fs.fstatfs(&kernel.process, fd)?),
    )
}
