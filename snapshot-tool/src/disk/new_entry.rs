//! An entry of a directory that gets its name when it is complete: until then a file has a name of
//! its own, and goes away if it never is. What is in its place stays until then.

use super::sparse_file::SparseFile;
use crate::disk::temporary::name_for;
use crate::error::InnerResult;
use anyhow::{Context as _, bail};
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is done where something is already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// Stop with an error. Directories are used, and get the tree's mode and time.
    #[default]
    Keep,
    /// Replace files and symbolic links. Directories as above.
    Replace,
}

/// Makes something under a name that nothing in the directory has, on its way to `name`; returns
/// the name that it has.
fn under_free_name<T>(
    name: &OsStr,
    make: impl Fn(&OsStr) -> Result<T, Errno>,
) -> Result<(OsString, T), Errno> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Processes that fill one directory begin at different numbers.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = number.wrapping_add(std::process::id().wrapping_mul(4096));
        let unfinished = name_for(name, number);
        match make(&unfinished) {
            Err(Errno::EXIST) => {}
            made => return Ok((unfinished, made?)),
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct NewFile {
    directory: OwnedFd,
    /// Its name until it is complete; then none.
    unfinished: Option<OsString>,
    existing: Existing,
    /// Its contents.
    pub(crate) out: SparseFile<File>,
}

impl NewFile {
    /// Begins a file that is to have this name in a directory. `existing` says whether one of that
    /// name may be there.
    ///
    /// # Errors
    ///
    /// When something is there that may not, or the directory takes no file.
    pub(crate) fn begin(
        directory: BorrowedFd<'_>,
        name: &[u8],
        existing: Existing,
    ) -> InnerResult<Self> {
        // Rather now than after the contents, which may be long.
        if existing == Existing::Keep
            && fs::statat(directory, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW).is_ok()
        {
            return exists();
        }
        let directory = directory.try_clone_to_owned()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let create = |name: &OsStr| fs::openat(&directory, name, flags, mode);
        let (unfinished, file) = under_free_name(OsStr::from_bytes(name), create)?;
        match SparseFile::new(File::from(file)) {
            Ok(out) => Ok(Self { directory, unfinished: Some(unfinished), existing, out }),
            Err(error) => {
                fs::unlinkat(&directory, &unfinished, AtFlags::empty())?;
                Err(error.into())
            }
        }
    }

    /// Ends the contents and gives the file its name; its mode and times are as they are then.
    ///
    /// # Errors
    ///
    /// When something is there that may not or cannot be replaced, or the disk is full.
    pub(crate) fn finish(mut self, name: &[u8]) -> InnerResult<()> {
        self.out.finish()?;
        if let Some(unfinished) = self.unfinished.as_deref() {
            rename(&self.directory, unfinished, OsStr::from_bytes(name), self.existing)?;
        }
        self.unfinished = None;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(unfinished) = self.unfinished.take() {
            // There is an error already.
            let _ = fs::unlinkat(&self.directory, &unfinished, AtFlags::empty());
        }
    }
}

/// Makes an entry that is complete at once: a link.
///
/// # Errors
///
/// When something is there that may not or cannot be replaced, or it cannot be made.
pub(crate) fn make(
    directory: BorrowedFd<'_>,
    name: &[u8],
    existing: Existing,
    make: impl Fn(&OsStr) -> Result<(), Errno>,
) -> InnerResult<()> {
    let name = OsStr::from_bytes(name);
    match (make(name), existing) {
        (Err(Errno::EXIST), Existing::Keep) => exists(),
        (Err(Errno::EXIST), Existing::Replace) => {
            let (unfinished, ()) = under_free_name(name, &make)?;
            let renamed = rename(directory, &unfinished, name, existing);
            // rename(2) does nothing if both are one file; and there may be an error.
            let _ = fs::unlinkat(directory, &unfinished, AtFlags::empty());
            renamed
        }
        (made, _) => Ok(made?),
    }
}

fn exists<T>() -> InnerResult<T> {
    bail!("it exists; remove it or replace files with --force")
}

fn rename(
    directory: impl std::os::fd::AsFd,
    from: &OsStr,
    to: &OsStr,
    existing: Existing,
) -> InnerResult<()> {
    let directory = directory.as_fd();
    match existing {
        Existing::Replace => {
            fs::renameat(directory, from, directory, to).context("what is there cannot be replaced")
        }
        Existing::Keep => match rename_to_free(directory, from, to) {
            Err(Errno::EXIST) => exists(),
            renamed => Ok(renamed?),
        },
    }
}

/// rename(2), which replaces nothing.
fn rename_to_free(directory: BorrowedFd<'_>, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    match fs::renameat_with(directory, from, directory, to, fs::RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        renamed => return renamed,
    }
    // Not every system and filesystem knows the flag. A link replaces nothing either.
    match fs::linkat(directory, from, directory, to, AtFlags::empty()) {
        Ok(()) => fs::unlinkat(directory, from, AtFlags::empty()),
        // Nor has every filesystem links.
        Err(Errno::PERM | Errno::NOTSUP) => {
            match fs::statat(directory, to, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Err(Errno::EXIST),
                Err(Errno::NOENT) => fs::renameat(directory, from, directory, to),
                Err(errno) => Err(errno),
            }
        }
        linked => linked,
    }
}
