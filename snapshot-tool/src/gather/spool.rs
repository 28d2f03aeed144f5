//! Bytes that came as a stream and are read at any place later: a temporary file without a name.

use crate::error::{ErrorKind, mark};
use crate::format::human_bytes;
use crate::gather::host_file::piece_of;
use anyhow::{Context as _, Result, anyhow};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// How much is copied at a time.
const COPY_BYTES: usize = 1 << 16;

/// The longest stream: some times what fits in a module, since of equal contents only one counts.
/// It bounds what a small archive can unpack to.
pub(crate) const MAX_SPOOLED_BYTES: u64 = 16 << 30;

/// A range of the bytes of a temporary file, which nobody else can reach.
#[derive(Clone, Debug)]
pub(crate) struct Spooled {
    file: Arc<File>,
    bytes: Range<u64>,
}

impl Spooled {
    /// Reads a stream to its end.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read, is damaged or too long; and when the temporary file cannot be
    /// written.
    pub(crate) fn copy(from: &mut dyn Read) -> Result<Self> {
        Self::copy_at_most(from, MAX_SPOOLED_BYTES)
    }

    fn copy_at_most(from: &mut dyn Read, limit: u64) -> Result<Self> {
        let mut file = tempfile::tempfile().with_context(unwritable)?;
        let mut buffer = vec![0; COPY_BYTES];
        let mut len = 0;
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => return Ok(Self { file: Arc::new(file), bytes: 0..len }),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            len += read as u64;
            if len > limit {
                return Err(too_long(limit));
            }
            file.write_all(&buffer[..read]).with_context(unwritable)?;
        }
    }

    /// Takes what `write` writes.
    ///
    /// # Errors
    ///
    /// Those of `write`, and when the temporary file cannot be written.
    pub(crate) fn written(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Self> {
        let file = tempfile::tempfile().with_context(unwritable)?;
        let mut out = BufWriter::with_capacity(COPY_BYTES, Told(&file));
        write(&mut out)?;
        out.flush()?;
        drop(out);
        let len = file.metadata().with_context(unwritable)?.len();
        Ok(Self { file: Arc::new(file), bytes: 0..len })
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    /// The whole file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// A part of the same file.
    pub(crate) fn part(&self, bytes: Range<u64>) -> Self {
        Self { file: Arc::clone(&self.file), bytes }
    }

    /// Gives the first `len` bytes, piece by piece.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or `each` fails.
    pub(crate) fn read(
        &self,
        len: u64,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let end = self.bytes.start + len.min(self.len());
        let mut at = self.bytes.start;
        while at < end {
            let piece = piece_of(buffer, end - at, COPY_BYTES);
            self.file.read_exact_at(piece, at).context("cannot read a temporary file")?;
            each(piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }
}

/// The error for what would unpack to more than so many bytes.
pub(crate) fn too_long(limit_bytes: u64) -> anyhow::Error {
    anyhow!(
        "it unpacks to more than {}, the limit of an archive; make it smaller",
        human_bytes(limit_bytes)
    )
}

/// A temporary file, whose errors say what it is: they come out among those of whoever writes.
struct Told<'f>(&'f File);

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let told =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", unwritable()));
        self.0.write(bytes).map_err(told)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unwritable() -> String {
    let directory = std::env::temp_dir();
    format!(
        "cannot write a temporary file in `{}`; TMPDIR chooses another directory",
        directory.display()
    )
}

/// Why a stream ended early: the system says so, or the decoder that it came through.
fn unreadable(error: io::Error) -> anyhow::Error {
    if error.raw_os_error().is_some() {
        return anyhow::Error::new(error).context("cannot read it");
    }
    mark(anyhow!("it cannot be unpacked, for it is damaged: {error}"), ErrorKind::Damaged)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = BufWriter::with_capacity(1, Told(&full)).write_all(b"text").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let text = error.to_string();
        assert!(text.starts_with("cannot write a temporary file in `"), "{text}");
        assert!(text.contains("another directory: No space left"), "{text}");
    }

    #[test]
    fn a_stream_without_an_end_is_refused() {
        let error = Spooled::copy_at_most(&mut io::repeat(0), 1 << 20).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than 1.0 MB"), "{error}");
        let spooled = Spooled::copy_at_most(&mut io::repeat(7).take(1 << 20), 1 << 20).unwrap();
        let mut read = Vec::new();
        let mut keep = |bytes: &[u8]| {
            read.extend_from_slice(bytes);
            Ok(())
        };
        spooled.part(10..200_010).read(200_000, &mut Vec::new(), &mut keep).unwrap();
        assert_eq!(read, [7; 200_000]);
    }
}
