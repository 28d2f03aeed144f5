//! Where the bytes of the image segment come from when a module is written.
//!
//! The image holds the contents of every packed file, so it may be gigabytes. Neither the linker
//! nor the writer of a module ever holds it: they ask an [`ImageSource`] to stream it at the one
//! moment it is needed.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

/// What the image segment will hold; its bytes are streamed when the module is written.
pub trait ImageSource {
    /// Length of the image in bytes. Must be what [`write_to`](Self::write_to) writes.
    fn len(&self) -> u64;

    /// Whether the image has no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the whole image, exactly [`len`](Self::len) bytes.
    ///
    /// # Errors
    ///
    /// When a source of bytes cannot be read, or `out` cannot be written.
    fn write_to(&self, out: &mut dyn Write) -> Result<()>;
}

impl ImageSource for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        out.write_all(self).context("writing the image")
    }
}

impl ImageSource for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        self.as_slice().write_to(out)
    }
}

/// The image of a module that is already a file: a range of that file's bytes.
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

impl<F: Read + Seek> ImageSource for FileRange<F> {
    fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.bytes.start)).context("seeking to the image")?;
        let copied =
            std::io::copy(&mut (&mut *file).take(self.len()), out).context("copying the image")?;
        ensure!(
            copied == self.len(),
            "the image ends after {copied} of its {} bytes: the file was cut short",
            self.len()
        );
        Ok(())
    }
}
