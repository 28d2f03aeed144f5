//! Opening files by their names.
//!
//! A name may lead to anything: a pipe that nobody writes to, a device without an end. So each file
//! is looked at when it is open, and what is read whole is read up to a limit. Two kinds of names
//! come here:
//!
//! * what was *found* in a directory, or must be read at any place: a regular file
//!   ([`open_regular`], [`read_found`]). Opening never waits.
//! * what a person *named* as an input that is read once ([`Named`]): pipes and terminals as well,
//!   and opening a pipe waits for its writer as everywhere.

use crate::disk::stamp::Stamp;
use crate::format::human_bytes;
use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{self, Mode, OFlags};
use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

/// What is done where the last name of a path is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FinalLink {
    /// It is followed.
    Follow,
    /// It is an error.
    Refuse,
}

/// Opens a regular file for reading, without waiting for anything.
///
/// # Errors
///
/// When that fails, or it is of another kind; the message names the file.
pub(crate) fn open_regular(path: &Path, link: FinalLink) -> Result<(File, Metadata)> {
    // Without NONBLOCK a pipe would wait for its writer.
    let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    if link == FinalLink::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = fs::open(path, flags, Mode::empty())
        .map_err(io::Error::from)
        .with_context(|| unreadable(path))?;
    let file = File::from(file);
    let found = file.metadata().with_context(|| unreadable(path))?;
    ensure!(
        found.is_file(),
        "`{}` is {}, where a regular file is needed",
        path.display(),
        kind_name(found.file_type())
    );
    Ok((file, found))
}

/// Reads a regular file of at most `limit` bytes that was found in a directory.
///
/// # Errors
///
/// When it cannot be read, is of another kind or longer, or changes meanwhile; the message names
/// it.
pub(crate) fn read_found(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, found) = open_regular(path, FinalLink::Follow)?;
    let stamp = Stamp::of(&found);
    Stamp::settle([stamp]);
    Named { path, file, regular: Some(stamp) }.read_to_end(limit)
}

/// Reads a file of at most `limit` bytes that a person named.
///
/// # Errors
///
/// When it cannot be read, is longer, or changes meanwhile; the message names it.
pub(crate) fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>> {
    Named::open(path)?.read_to_end(limit)
}

/// A file that a person named: of any kind that can be read.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    path: &'a Path,
    file: File,
    /// `None`: it is no regular file.
    regular: Option<Stamp>,
}

impl<'a> Named<'a> {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// When that fails; the message names it.
    pub(crate) fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).with_context(|| unreadable(path))?;
        let found = file.metadata().with_context(|| unreadable(path))?;
        let regular = found.is_file().then(|| Stamp::of(&found));
        Stamp::settle(regular);
        Ok(Self { path, file, regular })
    }

    /// The file and what it was when it was opened, if it is a regular file: only such can be
    /// searched.
    pub(crate) fn regular(&mut self) -> Option<(&mut File, Stamp)> {
        self.regular.map(|stamp| (&mut self.file, stamp))
    }

    /// The file, and what it was when it was opened if it is a regular file.
    pub(crate) fn into_file(self) -> (File, Option<Stamp>) {
        (self.file, self.regular)
    }

    /// Checks that a regular file is what it was when it was opened.
    ///
    /// # Errors
    ///
    /// When it is not; the message names it.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(stamp) = self.regular else { return Ok(()) };
        let now = self.file.metadata().with_context(|| unreadable(self.path))?;
        stamp.check(self.path, &now)
    }

    /// Reads up to `count` bytes from where the last read ended.
    ///
    /// # Errors
    ///
    /// When that fails; the message names the file.
    pub(crate) fn read(&mut self, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Read::by_ref(&mut self.file)
            .take(count)
            .read_to_end(&mut bytes)
            .with_context(|| unreadable(self.path))?;
        Ok(bytes)
    }

    /// Reads all that is left, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// When that fails, when the file is longer, or has changed since it was opened; the message
    /// names it.
    pub(crate) fn read_to_end(mut self, limit: u64) -> Result<Vec<u8>> {
        // Without reading, where the file itself says it.
        let len = self.regular.map_or(0, |stamp| stamp.len());
        let bytes = if len > limit { None } else { Some(self.read(limit.saturating_add(1))?) };
        let Some(bytes) = bytes.filter(|bytes| bytes.len() as u64 <= limit) else {
            let limit = human_bytes(limit);
            bail!("cannot read `{}`: it is longer than {limit}", self.path.display());
        };
        self.check()?;
        Ok(bytes)
    }
}

/// What kind of file it is, for people.
pub(crate) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_file() => "a regular file",
        kind if kind.is_dir() => "a directory",
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() => "a block device",
        kind if kind.is_char_device() => "a character device",
        _ => "of an unknown kind",
    }
}

fn unreadable(path: &Path) -> String {
    format!("cannot read `{}`", path.display())
}
