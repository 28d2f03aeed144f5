//! The contents in a packed module's file, checked as they are read ([`CheckedContents`]): whoever
//! reads gets the bytes that were packed, or an error.

use std::io::{self, Read, Seek};
use std::ops::Range;

use anyhow::Result;

use crate::packed::digests::{CHUNK_BYTES, Digest, digest_of};
use crate::packed::places::{CHANGED, Sections};
use crate::packed::section::Section;
use crate::wasm::framing::read_range;

/// Where the contents are, and what they must be.
#[derive(Debug)]
pub(super) struct CheckedContents {
    /// In the file.
    bytes: Range<u64>,
    digests: Vec<Digest>,
    /// The chunk that was read last: its number and its bytes, which are checked.
    chunk: Option<(u64, Vec<u8>)>,
}

impl CheckedContents {
    /// Finds the contents of a module that says `section` of itself.
    ///
    /// # Errors
    ///
    /// When they are not there any more as they were packed.
    pub(super) fn find(
        file: &mut (impl Read + Seek),
        sections: &Sections,
        section: &Section,
    ) -> Result<Self> {
        // Files without a byte need no segment.
        let bytes = match section.contents_len {
            0 => 0..0,
            _ => sections.find_contents(file, section)?.bytes,
        };
        let digests = sections.digests.as_ref().map(|(_, digests)| digests.chunks.clone());
        Ok(Self { bytes, digests: digests.unwrap_or_default(), chunk: None })
    }

    /// Reads `len` bytes of the contents from `offset` on.
    pub(super) fn reader<'a, R>(
        &'a mut self,
        file: &'a mut R,
        offset: u64,
        len: u64,
    ) -> ContentsReader<'a, R> {
        ContentsReader { contents: self, file, range: offset..offset.saturating_add(len) }
    }

    /// Reads and checks a chunk, unless it is the one that was read last.
    fn chunk(&mut self, file: &mut (impl Read + Seek), number: u64) -> io::Result<&[u8]> {
        if self.chunk.as_ref().is_none_or(|(last, _)| *last != number) {
            self.chunk = None;
            let start = self.bytes.start + number * CHUNK_BYTES;
            let end = self.bytes.end.min(start + CHUNK_BYTES);
            let digest = usize::try_from(number).ok().and_then(|at| self.digests.get(at));
            let bytes = read_range(file, start..end).map_err(io::Error::other)?;
            if digest != Some(&digest_of(&bytes)) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, CHANGED));
            }
            self.chunk = Some((number, bytes));
        }
        Ok(self.chunk.as_ref().map(|(_, bytes)| &bytes[..]).unwrap_or_default())
    }
}

/// Reads a part of the contents.
#[derive(Debug)]
pub(super) struct ContentsReader<'a, R> {
    contents: &'a mut CheckedContents,
    file: &'a mut R,
    /// Which bytes of the contents are not read yet.
    range: Range<u64>,
}

impl<R> ContentsReader<'_, R> {
    /// How many bytes are not read yet.
    pub(super) fn left(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl<R: Read + Seek> Read for ContentsReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.range.is_empty() || out.is_empty() {
            return Ok(0);
        }
        let Range { start, end } = self.range;
        let chunk = self.contents.chunk(self.file, start / CHUNK_BYTES)?;
        let skipped = usize::try_from(start % CHUNK_BYTES).map_err(io::Error::other)?;
        let there = chunk.get(skipped..).unwrap_or_default();
        let wanted = usize::try_from(end - start).unwrap_or(usize::MAX);
        let len = there.len().min(wanted).min(out.len());
        out[..len].copy_from_slice(&there[..len]);
        self.range.start += len as u64;
        Ok(len)
    }
}

/// Reads some runs of a regular file's contents, one after the other.
#[derive(Debug)]
pub(crate) struct CheckedRuns<'a, R> {
    contents: &'a mut CheckedContents,
    file: &'a mut R,
    /// Where in the contents the file begins: the offsets of runs count from there.
    start: u64,
    /// Offset and length of those that are left.
    runs: &'a [(u64, u64)],
    /// Which bytes of the contents are left of the one before them.
    range: Range<u64>,
}

impl<'a, R> CheckedRuns<'a, R> {
    /// The runs of a file that begins at `start` of the contents.
    pub(super) fn new(
        contents: &'a mut CheckedContents,
        file: &'a mut R,
        start: u64,
        runs: &'a [(u64, u64)],
    ) -> Self {
        Self { contents, file, start, runs, range: 0..0 }
    }
}

impl<R: Read + Seek> Read for CheckedRuns<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.range.is_empty() {
            let Some(((offset, len), rest)) = self.runs.split_first() else { return Ok(0) };
            let start = self.start + offset;
            (self.range, self.runs) = (start..start + len, rest);
        }
        let left = self.range.end - self.range.start;
        let read = self.contents.reader(self.file, self.range.start, left).read(out)?;
        if read == 0 && !out.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was cut short"));
        }
        self.range.start += read as u64;
        Ok(read)
    }
}
