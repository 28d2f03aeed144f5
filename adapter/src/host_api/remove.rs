//! Removing a directory with all beneath it.
//!
//! A program can nest directories deeper than any path is long. So this goes down by descriptor and
//! up by `..`, one descriptor at a time. It remembers a cookie for each level, as long as there is
//! memory for that: without the cookie it reads a directory from the start again.

use alloc::vec::Vec;

use wasm_vfs_core::{AT_FDCWD, Errno, Fd, FileType, Fs, NAME_MAX, OFlags, Process};

use super::embedder::Embedder;
use super::system::{rmdir, unlink};
use crate::platform::Host;

/// An entry's name, copied so that the directory may change.
pub(super) struct Entry {
    name: [u8; NAME_MAX],
    len: usize,
    pub(super) file_type: FileType,
    /// Its inode number.
    pub(super) ino: u64,
    /// Where the entry after it begins.
    pub(super) next: u64,
}

impl Entry {
    /// The first entry of a directory from `cookie` on, but for `.` and `..`.
    ///
    /// # Errors
    ///
    /// As readdir.
    pub(super) fn first_from(
        fs: &Fs<Host>,
        process: &Process,
        fd: Fd,
        cookie: u64,
    ) -> Result<Option<Entry>, Errno> {
        let mut found = None;
        fs.readdir(process, fd, cookie, |view| {
            if matches!(view.name, b"." | b"..") {
                return true;
            }
            let mut name = [0; NAME_MAX];
            for (place, byte) in name.iter_mut().zip(view.name) {
                *place = *byte;
            }
            let len = view.name.len().min(NAME_MAX);
            let (file_type, ino, next) = (view.file_type, view.ino, view.next_offset);
            found = Some(Entry { name, len, file_type, ino, next });
            false
        })?;
        Ok(found)
    }

    /// Its name.
    pub(super) fn name(&self) -> &[u8] {
        self.name.get(..self.len).unwrap_or_default()
    }
}

/// What a directory is opened with on the way.
pub(super) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW);

/// Removes a file, or a directory with all beneath it. A symbolic link goes, not what it points to.
///
/// # Errors
///
/// * `EINVAL`: the path ends in `.` or `..`.
/// * `EBUSY`: it is the root.
/// * What the path walk answers; `ENOENT`: it is not there.
pub(super) fn all(fs: &mut Fs<Host>, embedder: &mut Embedder, path: &[u8]) -> Result<(), Errno> {
    let process = &embedder.process;
    let last = path.split(|byte| *byte == b'/').rfind(|name| !name.is_empty());
    if matches!(last, Some(b"." | b"..")) {
        return Err(Errno::EINVAL);
    }
    match unlink(fs, process, AT_FDCWD, path) {
        Err(Errno::EISDIR) => {}
        result => return result,
    }
    match rmdir(fs, process, AT_FDCWD, path) {
        Err(Errno::ENOTEMPTY) => {}
        result => return result,
    }
    let mut fd = embedder.open(fs, AT_FDCWD, path, DIRECTORY, 0)?;
    let emptied = empty(fs, embedder, &mut fd);
    embedder.close(fs, fd)?;
    emptied?;
    rmdir(fs, &embedder.process, AT_FDCWD, path)
}

/// Removes what a directory holds. `fd` is left on the directory at which it ended.
fn empty(fs: &mut Fs<Host>, embedder: &mut Embedder, fd: &mut Fd) -> Result<(), Errno> {
    let mut depth = 0;
    // How far each directory above has been emptied, from the top; of those that are missing
    // everything that was before is gone anyway.
    let mut above: Vec<u64> = Vec::new();
    let mut cookie = 0;
    loop {
        let Some(entry) = Entry::first_from(fs, &embedder.process, *fd, cookie)? else {
            if depth == 0 {
                return Ok(());
            }
            go(fs, embedder, fd, b"..")?;
            depth -= 1;
            cookie = if above.len() > depth { above.pop().unwrap_or(0) } else { 0 };
            continue;
        };
        let process = &embedder.process;
        let removed = match entry.file_type {
            FileType::Directory => rmdir(fs, process, *fd, entry.name()),
            _ => unlink(fs, process, *fd, entry.name()),
        };
        match removed {
            Ok(()) => cookie = entry.next,
            Err(Errno::ENOTEMPTY) => {
                go(fs, embedder, fd, entry.name())?;
                if above.len() == depth && above.try_reserve(1).is_ok() {
                    // It is still there when we come back, and empty then.
                    above.push(cookie);
                }
                depth += 1;
                cookie = 0;
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// Replaces a descriptor by one on a directory beside or above.
///
/// # Errors
///
/// As openat(2); `fd` is as it was.
pub(super) fn go(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    fd: &mut Fd,
    name: &[u8],
) -> Result<(), Errno> {
    let to = embedder.open(fs, *fd, name, DIRECTORY, 0)?;
    embedder.close(fs, *fd)?;
    *fd = to;
    Ok(())
}
