//! Where the bytes of the contents segment come from when a module is written.
//!
//! The contents are the bytes of every packed file, perhaps gigabytes. Neither the linker
//! nor the writer of a module ever holds them: they ask a [`ContentsSource`] to stream them at the
//! one moment it is needed.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

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

/// The contents of a module that is already a file: a range of that file's bytes.
#[derive(Debug)]
pub struct FileRange<F> {
    file: Mutex<F>,
    bytes: Range<u64>,
}

impl<F: Read + Seek> FileRange<F> {
    /// The bytes `bytes` of `file`.
    pub fn new(file: F, bytes: Range<u64>) -> Self {
        Self { file: Mutex::new(file), bytes }
    }
}

impl<F: Read + Seek> ContentsSource for FileRange<F> {
    fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.bytes.start)).context("seeking to the contents")?;
        let copied = std::io::copy(&mut (&mut *file).take(self.len()), out)
            .context("copying the contents")?;
        ensure!(
            copied == self.len(),
            "the contents end after {copied} of their {} bytes: the file was cut short",
            self.len()
        );
        Ok(())
    }
}
