//! Some of the bytes of a file, as a stream: [`Part`].

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// Some of the bytes of a file, from wherever its descriptor stands: others may read by it too.
#[derive(Debug)]
pub(crate) struct Part<'f> {
    pub(crate) file: &'f File,
    /// Those that are left.
    pub(crate) bytes: Range<u64>,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.end - self.bytes.start;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..wanted], self.bytes.start)?;
        self.bytes.start += read as u64;
        Ok(read)
    }
}
