//! Makes files and directories of the tree, with the directories that they lie in.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, Fd, FileType, Fs, OFlags, PATH_MAX, Process};

use super::embedder::Embedder;
use super::system::{mkdir, rmdir, stat};
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
    embedder: &mut Embedder,
    path: &[u8],
    flags: OFlags,
    body: impl FnOnce(&mut Fs<Host>, &Process, Fd) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let fd = embedder.open(fs, AT_FDCWD, path, flags, 0)?;
    let result = body(fs, &embedder.process, fd);
    embedder.close(fs, fd)?;
    result
}

/// Runs `make`; if it answers `ENOENT`, again after the directories that `path` is in have been
/// made. If `make` then fails, those directories are removed again.
///
/// # Errors
///
/// What mkdirat(2) and `make` answer.
pub(super) fn with_parents<T>(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    dirfd: Fd,
    path: &[u8],
    mut make: impl FnMut(&mut Fs<Host>, &mut Embedder) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match make(fs, embedder) {
        Err(Errno::ENOENT) => {}
        result => return result,
    }
    let mut made = Made::default();
    let parents = made.make(fs, &embedder.process, dirfd, path);
    let result = parents.and_then(|()| make(fs, embedder));
    if result.is_err() {
        made.remove(fs, &embedder.process, dirfd, path);
    }
    result
}

/// Bits in a word of [`Made`].
const WORD_BITS: usize = 64;

/// Which directories above a path were made: a bit for each byte of the path that is the slash
/// after one. (A path may lead out of a directory that was made for it, into one that was there.)
struct Made([u64; PATH_MAX / WORD_BITS]);

impl Default for Made {
    fn default() -> Made {
        Made([0; _])
    }
}

impl Made {
    /// Makes the directories above `path` that are missing.
    ///
    /// # Errors
    ///
    /// What mkdirat(2) answers.
    #[inline(never)]
    fn make(
        &mut self,
        fs: &mut Fs<Host>,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
    ) -> Result<(), Errno> {
        for (at, byte) in path.iter().enumerate() {
            let parent = path.get(..at).unwrap_or_default();
            if *byte != b'/' || parent.is_empty() {
                continue;
            }
            match mkdir(fs, process, dirfd, parent, PARENT_MODE) {
                Ok(()) => {
                    if let Some(word) = self.0.get_mut(at / WORD_BITS) {
                        *word |= 1 << (at % WORD_BITS);
                    }
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Removes what [`make`](Self::make) made; the innermost directory first.
    #[inline(never)]
    fn remove(&self, fs: &mut Fs<Host>, process: &Process, dirfd: Fd, path: &[u8]) {
        for at in (0..path.len()).rev() {
            let word = self.0.get(at / WORD_BITS).copied().unwrap_or(0);
            if word & 1 << (at % WORD_BITS) != 0 {
                let parent = path.get(..at).unwrap_or_default();
                let _ = rmdir(fs, process, dirfd, parent);
            }
        }
    }
}

/// Makes a directory and those that it is in; one that is there already will do.
///
/// # Errors
///
/// What mkdirat(2) answers; `EEXIST`: something else is there.
#[inline(never)]
pub(super) fn make_directory(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    dirfd: Fd,
    path: &[u8],
    mode: u32,
) -> Result<(), Errno> {
    let made = with_parents(fs, embedder, dirfd, path, |fs, embedder| {
        mkdir(fs, &embedder.process, dirfd, path, mode)
    });
    let is_directory = |fs: &mut Fs<Host>, process: &Process| {
        let stat = stat(fs, process, dirfd, path, AtFlags::empty());
        stat.is_ok_and(|stat| stat.file_type() == FileType::Directory)
    };
    match made {
        Err(Errno::EEXIST) if is_directory(fs, &embedder.process) => Ok(()),
        made => made,
    }
}
