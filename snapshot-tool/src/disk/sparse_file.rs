//! A file that is written from its start to its end, with holes: what is all zeros takes no room on
//! a disk whose filesystem has holes.

use rustix::process::{Resource, getrlimit};
use std::borrow::Borrow;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;

/// The unit of holes: what filesystems allocate at once, or a multiple of it.
const BLOCK_BYTES: usize = 4096;

/// How much is written to a pipe or a device at a time for a hole, which it has not.
#[cfg(feature = "run")]
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// A file that is being written, by whoever owns or lends it. It must be empty.
#[derive(Debug)]
pub(crate) struct SparseFile<F> {
    file: F,
    /// Whether it is a file of the disk; a pipe or a device gets zeros for holes.
    has_holes: bool,
    /// Where the next byte goes.
    position: u64,
    /// Where the last byte ends that was written.
    end: u64,
    /// How long this process may make files (`RLIMIT_FSIZE`). One that tries to is killed, and
    /// leaves what is not complete.
    max_len: u64,
}

impl<F: Borrow<File>> SparseFile<F> {
    /// Begins to write.
    ///
    /// # Errors
    ///
    /// When the file's type cannot be found.
    pub(crate) fn new(file: F) -> io::Result<Self> {
        let has_holes = file.borrow().metadata()?.is_file();
        let max_len = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
        Ok(Self { file, has_holes, position: 0, end: 0, max_len })
    }

    /// Begins to write where the file is open for it, without holes: it may be anything.
    #[cfg(feature = "run")]
    pub(crate) fn stream(file: F) -> Self {
        Self { file, has_holes: false, position: 0, end: 0, max_len: u64::MAX }
    }

    /// Whether [`skip`](Self::skip) takes no room.
    #[cfg(feature = "run")]
    pub(crate) fn has_holes(&self) -> bool {
        self.has_holes
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        self.file.borrow()
    }

    /// Makes a hole of so many bytes.
    ///
    /// # Errors
    ///
    /// When the file would become too long, or it is a pipe or a device that takes no zeros.
    #[cfg(feature = "run")]
    pub(crate) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.check(bytes)?;
        if !self.has_holes {
            let mut left = bytes;
            while left > 0 {
                let step = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
                self.file.borrow().write_all(&ZEROS[..step])?;
                left -= step as u64;
            }
        }
        self.position += bytes;
        Ok(())
    }

    /// Ends the file where its last byte or hole ends. Returns its length.
    ///
    /// # Errors
    ///
    /// When it cannot be so long.
    pub(crate) fn finish(&mut self) -> io::Result<u64> {
        if self.has_holes && self.end < self.position {
            self.file.borrow().set_len(self.position)?;
            self.end = self.position;
        }
        Ok(self.position)
    }

    /// Checks that the file may become so much longer.
    fn check(&self, bytes: u64) -> io::Result<()> {
        match self.position.checked_add(bytes) {
            Some(end) if end <= self.max_len || !self.has_holes => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "File too large for this process (`ulimit -f` says how large)",
            )),
        }
    }

    /// Writes bytes at the position and goes on behind them.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.has_holes {
            self.file.borrow().write_all_at(bytes, self.position)?;
        } else {
            self.file.borrow().write_all(bytes)?;
        }
        self.position += bytes.len() as u64;
        self.end = self.position;
        Ok(())
    }
}

impl<F: Borrow<File>> Write for SparseFile<F> {
    /// Writes all of `bytes`. Blocks of the file that are all zeros become holes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check(bytes.len() as u64)?;
        let all = bytes.len();
        if !self.has_holes {
            self.put(bytes)?;
            return Ok(all);
        }
        // `data` ends in front of `rest`: what is not written yet and is no hole.
        let (mut data_start, mut at) = (0, 0);
        while at < all {
            let in_block = usize::try_from(self.position + (at - data_start) as u64)
                .unwrap_or_default()
                % BLOCK_BYTES;
            let end = all.min(at + BLOCK_BYTES - in_block);
            if bytes[at..end].iter().all(|byte| *byte == 0) {
                self.put(&bytes[data_start..at])?;
                self.position += (end - at) as u64;
                data_start = end;
            }
            at = end;
        }
        self.put(&bytes[data_start..])?;
        Ok(all)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::io::{Read as _, Seek as _};
    use std::os::unix::fs::MetadataExt as _;

    /// What is read, however it was cut into pieces.
    #[test]
    fn pieces_of_any_size_become_the_same_file() {
        let mut bytes = vec![0; 300_000];
        for range in [0..1, 8191..8193, 100_000..140_000, 299_000..299_001] {
            bytes[range].fill(7);
        }
        for piece in [1, 100, 4095, 4096, 4097, 8192, 300_000] {
            let mut file = tempfile::tempfile().unwrap();
            let mut out = SparseFile::new(&file).unwrap();
            bytes.chunks(piece).for_each(|piece| out.write_all(piece).unwrap());
            assert_eq!(out.finish().unwrap(), 300_000);
            let mut read = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut read).unwrap();
            assert!(read == bytes, "pieces of {piece}");
            // 1 block at the start, 2, 11, 1.
            let blocks = file.metadata().unwrap().blocks();
            assert!(blocks <= 15 * 8, "pieces of {piece}: {blocks} blocks of 512 bytes");
        }
    }

    #[test]
    fn holes_take_no_room_wherever_they_are() {
        let mut file = tempfile::tempfile().unwrap();
        let mut out = SparseFile::new(&file).unwrap();
        out.skip(1 << 30).unwrap();
        out.write_all(b"middle").unwrap();
        out.skip(1 << 30).unwrap();
        let len = (2 << 30) + 6;
        assert_eq!(out.finish().unwrap(), len);
        assert_eq!(file.metadata().unwrap().len(), len);
        assert!(file.metadata().unwrap().blocks() <= 16);
        let mut middle = [0; 8];
        file.seek(io::SeekFrom::Start((1 << 30) - 1)).unwrap();
        file.read_exact(&mut middle).unwrap();
        assert_eq!(&middle, b"\0middle\0");
    }

    #[test]
    fn a_pipe_gets_zeros() {
        let (mut reader, writer) = io::pipe().unwrap();
        let writer = File::from(std::os::fd::OwnedFd::from(writer));
        let mut out = SparseFile::new(writer).unwrap();
        out.write_all(b"a").unwrap();
        out.skip(3).unwrap();
        out.write_all(b"\0b").unwrap();
        assert_eq!(out.finish().unwrap(), 6);
        drop(out);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, b"a\0\0\0\0b");
    }

    #[test]
    fn a_length_that_nothing_has_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        let mut out = SparseFile::new(&file).unwrap();
        out.skip(u64::MAX).unwrap();
        assert!(out.skip(1).is_err());
        assert!(out.write_all(b"x").is_err());
        assert!(out.finish().is_err());
    }
}
