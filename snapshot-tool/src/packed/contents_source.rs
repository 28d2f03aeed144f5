//! Where the bytes of the contents segment come from when a module is written.
//!
//! The contents are the bytes of every packed file, perhaps gigabytes. Neither the linker
//! nor the writer of a module ever holds them: they ask a [`ContentsSource`] to stream them at the
//! one moment it is needed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::disk::stamp::Stamp;
use anyhow::{Context, Result, ensure};

/// The bytes of the contents segment, streamed when the module is written.
pub trait ContentsSource {
    /// Length of the contents in bytes. Must be what [`write_to`](Self::write_to) writes.
    fn len(&self) -> u64;

    /// Whether the contents have no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the whole contents, exactly [`len`](Self::len) bytes.
    ///
    /// # Errors
    ///
    /// When a source of bytes cannot be read, or `out` cannot be written.
    fn write_to(&self, out: &mut dyn Write) -> Result<()>;
}

impl ContentsSource for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        out.write_all(self).context("writing the contents")
    }
}

impl ContentsSource for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        self.as_slice().write_to(out)
    }
}

/// The contents of a module that is already a file: a range of that file's bytes. The file stays
/// open, so another that takes its name does no harm; but nobody may write into it.
#[derive(Debug)]
pub struct FileRange {
    file: Mutex<File>,
    /// For messages.
    path: PathBuf,
    stamp: Stamp,
    bytes: Range<u64>,
}

impl FileRange {
    /// The bytes `bytes` of `file`, which is as `stamp` says.
    pub(crate) fn new(file: File, path: &Path, stamp: Stamp, bytes: Range<u64>) -> Self {
        Self { file: Mutex::new(file), path: path.to_owned(), stamp, bytes }
    }
}

impl ContentsSource for FileRange {
    fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        let unreadable = || format!("cannot read `{}`", self.path.display());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.bytes.start)).with_context(unreadable)?;
        let copied = io::copy(&mut (&mut *file).take(self.len()), out)
            .with_context(|| format!("copying the contents of `{}`", self.path.display()))?;
        // Before, or meanwhile.
        self.stamp.check(&self.path, &file.metadata().with_context(unreadable)?)?;
        ensure!(
            copied == self.len(),
            "`{}` ends after {copied} of the {} bytes of its contents: it was cut short",
            self.path.display(),
            self.len()
        );
        Ok(())
    }
}

/// The contents of a module that is read from elsewhere: a range of the reader's bytes.
#[derive(Debug)]
pub(crate) struct ReaderRange<F> {
    file: Mutex<F>,
    bytes: Range<u64>,
}

impl<F: Read + Seek> ReaderRange<F> {
    /// The bytes `bytes` of `file`.
    pub(crate) fn new(file: F, bytes: Range<u64>) -> Self {
        Self { file: Mutex::new(file), bytes }
    }
}

impl<F: Read + Seek> ContentsSource for ReaderRange<F> {
    fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.bytes.start)).context("seeking to the contents")?;
        let copied =
            io::copy(&mut (&mut *file).take(self.len()), out).context("copying the contents")?;
        ensure!(
            copied == self.len(),
            "the contents end after {copied} of their {} bytes: the module was cut short",
            self.len()
        );
        Ok(())
    }
}
