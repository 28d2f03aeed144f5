//! Makes files and directories of the tree, with the directories that they lie in.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, Fd, FileType, Fs, OFlags, Process};

use crate::platform::Host;

/// The mode of directories that are made for what is in them.
pub(super) const PARENT_MODE: u32 = 0o755;

/// Opens a file for the time of `body`.
///
/// # Errors
///
/// What openat(2) and `body` answer.
pub(super) fn with_open<T>(
    fs: &mut Fs<Host>,
    process: &mut Process,
    path: &[u8],
    flags: OFlags,
    body: impl FnOnce(&mut Fs<Host>, &Process, Fd) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let fd = fs.openat(process, AT_FDCWD, path, flags, 0)?;
    let result = body(fs, process, fd);
    fs.close(process, fd)?;
    result
}

/// Runs `make`; if it answers `ENOENT`, again after the directories that `path` is in have been
/// made.
///
/// # Errors
///
/// What mkdirat(2) and `make` answer.
pub(super) fn with_parents<T>(
    fs: &mut Fs<Host>,
    process: &mut Process,
    dirfd: Fd,
    path: &[u8],
    mut make: impl FnMut(&mut Fs<Host>, &mut Process) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match make(fs, process) {
        Err(Errno::ENOENT) => {}
        result => return result,
    }
    for (at, byte) in path.iter().enumerate() {
        let parent = path.get(..at).unwrap_or_default();
        if *byte != b'/' || parent.is_empty() {
            continue;
        }
        match fs.mkdirat(process, dirfd, parent, PARENT_MODE) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    make(fs, process)
}

/// Makes a directory and those that it is in; one that is there already will do.
///
/// # Errors
///
/// What mkdirat(2) answers; `EEXIST`: something else is there.
#[inline(never)]
pub(super) fn make_directory(
    fs: &mut Fs<Host>,
    process: &mut Process,
    dirfd: Fd,
    path: &[u8],
    mode: u32,
) -> Result<(), Errno> {
    let made = with_parents(fs, process, dirfd, path, |fs, process| {
        fs.mkdirat(process, dirfd, path, mode)
    });
    let is_directory = |fs: &mut Fs<Host>, process: &Process| {
        let stat = fs.newfstatat(process, dirfd, path, AtFlags::empty());
        stat.is_ok_and(|stat| stat.file_type() == FileType::Directory)
    };
    match made {
        Err(Errno::EEXIST) if is_directory(fs, process) => Ok(()),
        made => made,
    }
}
