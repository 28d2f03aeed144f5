//! The bytes of an archive, read from its start to its end: [`Input`].

use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use anyhow::{Context as _, Result, ensure};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// The bytes of an archive.
#[derive(Debug)]
pub(crate) struct Input<'f> {
    file: BufReader<FromStart<'f>>,
    /// Where the next byte is in the archive.
    pub(crate) at: u64,
    pub(crate) len: u64,
}

impl<'f> Input<'f> {
    /// The archive at `place` of a file.
    pub(crate) fn new(file: &'f File, place: Range<u64>) -> Self {
        let len = place.end - place.start;
        Self { file: BufReader::new(FromStart { file, at: place.start }), at: 0, len }
    }

    /// Reads so many bytes.
    pub(crate) fn read(&mut self, count: u64) -> Result<Vec<u8>> {
        self.check(count)?;
        let mut bytes = vec![0; usize::try_from(count)?];
        self.file.read_exact(&mut bytes).context("cannot read it")?;
        self.at += count;
        Ok(bytes)
    }

    /// Goes on behind so many bytes.
    pub(crate) fn skip(&mut self, count: u64) -> Result<()> {
        self.check(count)?;
        self.file.seek_relative(i64::try_from(count)?).context("cannot read it")?;
        self.at += count;
        Ok(())
    }

    /// Goes on at the next block. The last one may be missing at the end.
    pub(crate) fn align(&mut self) -> Result<()> {
        let next = self.at.next_multiple_of(TAR_BLOCK_BYTES as u64).min(self.len);
        self.skip(next - self.at)
    }

    fn check(&self, count: u64) -> Result<()> {
        let left = self.len - self.at;
        ensure!(
            count <= left,
            "the archive is cut short: {count} bytes should follow, and {left} do; get it again"
        );
        Ok(())
    }
}

/// A file read from a place of its own, wherever its descriptor stands: others may read by the same one.
#[derive(Debug)]
struct FromStart<'f> {
    file: &'f File,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for FromStart<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
