//! The calls on the filesystem that are made in many places of this folder, each in one function:
//! the embedder has time, and a program that does without its exports should not pay for calls
//! that the compiler has moved out of line for them.

use wasm_vfs_core::{AtFlags, Errno, Fd, Fs, Process, Stat, TimeSpecifier, Timespec};

use crate::platform::Host;

/// What a symbolic link itself is.
const NOFOLLOW: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

/// newfstatat(2).
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn stat(
    fs: &Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
    flags: AtFlags,
) -> Result<Stat, Errno> {
    fs.newfstatat(process, directory, path, flags)
}

/// newfstatat(2) of a symbolic link itself.
///
/// # Errors
///
/// As there.
pub(super) fn lstat(
    fs: &Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
) -> Result<Stat, Errno> {
    stat(fs, process, directory, path, NOFOLLOW)
}

/// The inode number of what is open.
///
/// # Errors
///
/// `EBADF`: it is not open.
#[inline(never)]
pub(super) fn ino_of(fs: &Fs<Host>, process: &Process, fd: Fd) -> Result<u64, Errno> {
    Ok(fs.fstat(process, fd)?.st_ino)
}

/// mkdirat(2).
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn mkdir(
    fs: &mut Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
    mode: u32,
) -> Result<(), Errno> {
    fs.mkdirat(process, directory, path, mode)
}

/// symlinkat(2).
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn symlink(
    fs: &mut Fs<Host>,
    process: &Process,
    target: &[u8],
    directory: Fd,
    path: &[u8],
) -> Result<(), Errno> {
    fs.symlinkat(process, target, directory, path)
}

/// renameat(2).
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn rename(
    fs: &mut Fs<Host>,
    process: &Process,
    (from, old): (Fd, &[u8]),
    (to, new): (Fd, &[u8]),
) -> Result<(), Errno> {
    fs.renameat(process, from, old, to, new)
}

/// unlinkat(2) of what is no directory.
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn unlink(
    fs: &mut Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
) -> Result<(), Errno> {
    fs.unlinkat(process, directory, path, AtFlags::empty())
}

/// rmdir(2) from a directory.
///
/// # Errors
///
/// As there.
#[inline(never)]
pub(super) fn rmdir(
    fs: &mut Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
) -> Result<(), Errno> {
    fs.unlinkat(process, directory, path, AtFlags::REMOVEDIR)
}

/// Gives a file, not what a link leads to, an owner, and a mode that is not `None`.
///
/// # Errors
///
/// What fchownat(2) and fchmodat(2) answer.
#[inline(never)]
pub(super) fn own(
    fs: &mut Fs<Host>,
    process: &Process,
    (directory, path): (Fd, &[u8]),
    (uid, gid): (u32, u32),
    mode: Option<u32>,
) -> Result<(), Errno> {
    fs.fchownat(process, directory, path, uid, gid, NOFOLLOW)?;
    mode.map_or(Ok(()), |mode| fs.fchmodat(process, directory, path, mode))
}

/// Gives a file, not what a link leads to, its times.
///
/// # Errors
///
/// What utimensat(2) answers.
#[inline(never)]
pub(super) fn date(
    fs: &mut Fs<Host>,
    process: &Process,
    directory: Fd,
    path: &[u8],
    mtime: Timespec,
) -> Result<(), Errno> {
    let times = [TimeSpecifier::At(mtime); 2];
    fs.utimensat(process, directory, path, times, NOFOLLOW)
}
