//! An archive taken apart as it is written, so that each part can be compared with that of an older
//! archive ([`Splitter`]).

use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use std::io;
use tar::{EntryType, Header, PaxExtensions};

/// Bytes of contents that are compared and stored together: a page of the filesystem.
pub(super) const CHUNK_BYTES: usize = 4096;

/// The longest extended header that is looked into. What is longer is passed on.
const MAX_EXTENDED_BYTES: u64 = 1 << 20;

/// The keys of the records that hold a member's whole name.
const PATH_KEYS: [&[u8]; 2] = [b"path", b"GNU.sparse.name"];

/// Takes the parts of an archive, in their order.
pub(super) trait Parts {
    /// The headers of a member: an extended one, if there is one, and its own. `name` is different
    /// for each member of an archive that we write. Its contents have `len` bytes with padding.
    fn headers(&mut self, name: &[u8], bytes: &[u8], len: u64) -> io::Result<()>;

    /// The next bytes of its contents: [`CHUNK_BYTES`], or what is left.
    fn contents(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// What follows the members.
    fn end(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Header,
    /// Contents of an extended header, so many bytes in all.
    Extended(u64),
    /// Contents of a member, so many bytes in all.
    Contents(u64),
    /// Blocks of zeros.
    End,
}

/// Takes an archive apart that is given in pieces of any size.
#[derive(Debug)]
pub(super) struct Splitter<P> {
    pub(super) parts: P,
    expected: Expected,
    /// Headers of the member that comes.
    headers: Vec<u8>,
    /// Where in `headers` the contents of the extended header begin.
    extended_at: Option<usize>,
    /// What has come of the part that comes.
    held: Vec<u8>,
}

impl<P: Parts> Splitter<P> {
    pub(super) fn new(parts: P) -> Self {
        let (headers, held) = (Vec::new(), Vec::with_capacity(CHUNK_BYTES));
        Self { parts, expected: Expected::Header, headers, extended_at: None, held }
    }

    /// How many bytes are wanted at once.
    fn wanted(&self) -> usize {
        match self.expected {
            Expected::Header | Expected::End => TAR_BLOCK_BYTES,
            Expected::Extended(left) | Expected::Contents(left) => {
                usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES))
            }
        }
    }

    /// Takes `self.held`, which is as long as was wanted.
    fn take(&mut self) -> io::Result<()> {
        match self.expected {
            Expected::Header => self.take_header()?,
            Expected::Extended(left) => {
                self.headers.extend_from_slice(&self.held);
                let left = left - self.held.len() as u64;
                self.expected = if left > 0 { Expected::Extended(left) } else { Expected::Header };
            }
            Expected::Contents(left) => {
                self.parts.contents(&self.held)?;
                let left = left - self.held.len() as u64;
                self.expected = if left > 0 { Expected::Contents(left) } else { Expected::Header };
            }
            Expected::End => self.parts.end(&self.held)?,
        }
        self.held.clear();
        Ok(())
    }

    fn take_header(&mut self) -> io::Result<()> {
        if self.held.iter().all(|byte| *byte == 0) {
            self.expected = Expected::End;
            return self.parts.end(&self.held);
        }
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&self.held);
        let size = header.entry_size()?;
        let padded = size.checked_next_multiple_of(TAR_BLOCK_BYTES as u64);
        let padded = padded.ok_or_else(|| io::Error::other("a member is too long"))?;
        self.headers.extend_from_slice(&self.held);
        let is_extended = header.entry_type() == EntryType::XHeader && size <= MAX_EXTENDED_BYTES;
        if is_extended && self.extended_at.is_none() {
            self.extended_at = Some(self.headers.len());
            if padded > 0 {
                self.expected = Expected::Extended(padded);
            }
            return Ok(());
        }
        let path = self.extended_at.take().and_then(|at| {
            let records = self.headers.get(at..self.headers.len() - TAR_BLOCK_BYTES)?;
            let mut records = PaxExtensions::new(records).flatten();
            let path = records.find(|it| PATH_KEYS.contains(&it.key_bytes()))?;
            Some(path.value_bytes().to_vec())
        });
        let mut name = path.unwrap_or_else(|| header.path_bytes().into_owned());
        name.push(header.entry_type().as_byte());
        self.parts.headers(&name, &self.headers, padded)?;
        self.headers.clear();
        if padded > 0 {
            self.expected = Expected::Contents(padded);
        }
        Ok(())
    }

    /// The archive is complete.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(super) fn finish(self) -> io::Result<P> {
        if self.expected != Expected::End || !self.held.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.parts)
    }
}

impl<P: Parts> io::Write for Splitter<P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut left = bytes;
        while !left.is_empty() {
            let missing = self.wanted() - self.held.len();
            let (now, later) = left.split_at(missing.min(left.len()));
            self.held.extend_from_slice(now);
            left = later;
            if now.len() == missing {
                self.take()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
