//! A record of a journal: how an archive differs from the one before, and its checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `wvfs-rec` |
//! | 8 | how many bytes of new data follow the 64 of the header |
//! | 8 | how many steps follow the data, of 16 bytes each |
//! | 8 | how many bytes the archive has |
//! | 32 | SHA-256 of the checksum of the record before, the data, the steps, and the three numbers |
//!
//! A step says where the next bytes of the archive come from: an offset in the archive before, or
//! 2^64 - 1 for the next of the data; and how many they are. Numbers are little-endian.

use super::pieces::Pieces;
use super::storage::Storage;
use sha2::{Digest as _, Sha256};
use std::io;

const MAGIC: [u8; 8] = *b"wvfs-rec";

/// Bytes of a record before its data.
pub(super) const HEADER_BYTES: u64 = HEADER_LEN as u64;

/// The same, as a length.
const HEADER_LEN: usize = 64;

/// Bytes of a step.
const STEP_BYTES: usize = 16;

/// Where bytes come from that are in the record.
const NEW: u64 = u64::MAX;

/// How much is read and written at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// What vouches for a record, and for all before it.
pub(super) type Checksum = [u8; 32];

/// Where the next bytes of an archive come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// From the archive before.
    Old { from: u64, len: u64 },
    /// From the data of the record.
    New { len: u64 },
}

/// The checksum that the first record builds on.
pub(super) fn first_checksum(base_len: u64) -> Checksum {
    Sha256::new().chain_update(MAGIC).chain_update(base_len.to_le_bytes()).finalize().into()
}

/// The numbers of a record.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    data_len: u64,
    steps: u64,
    archive_len: u64,
}

impl Numbers {
    fn encode(self) -> [u8; 24] {
        let numbers = [self.data_len, self.steps, self.archive_len].map(u64::to_le_bytes);
        let mut bytes = [0; 24];
        bytes.copy_from_slice(numbers.as_flattened());
        bytes
    }
}

/// A record that is being written. Its header comes last, so without it there is no record.
#[derive(Debug)]
pub(super) struct RecordWriter {
    /// Where it begins in the file.
    at: u64,
    /// How many bytes of data were written.
    data_len: u64,
    /// Data that are not written yet.
    gathered: Vec<u8>,
    steps: Vec<Step>,
    hasher: Sha256,
}

impl RecordWriter {
    pub(super) fn new(at: u64, previous: &Checksum) -> Self {
        let hasher = Sha256::new_with_prefix(previous);
        Self { at, data_len: 0, gathered: Vec::new(), steps: Vec::new(), hasher }
    }

    /// The next bytes of the archive are as in the one before.
    pub(super) fn keep(&mut self, from: u64, len: u64) {
        match self.steps.last_mut() {
            Some(Step::Old { from: start, len: before }) if *start + *before == from => {
                *before += len;
            }
            _ => self.steps.push(Step::Old { from, len }),
        }
    }

    /// The next bytes of the archive are these.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub(super) fn add(&mut self, storage: &mut impl Storage, bytes: &[u8]) -> io::Result<()> {
        self.gathered.extend_from_slice(bytes);
        let added = bytes.len() as u64;
        match self.steps.last_mut() {
            Some(Step::New { len }) => *len += added,
            _ => self.steps.push(Step::New { len: added }),
        }
        if self.gathered.len() >= BUFFER_BYTES { self.write_gathered(storage) } else { Ok(()) }
    }

    fn write_gathered(&mut self, storage: &mut impl Storage) -> io::Result<()> {
        storage.write_all_at(&self.gathered, self.at + HEADER_BYTES + self.data_len)?;
        self.hasher.update(&self.gathered);
        self.data_len += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// Writes what makes it a record, and waits until all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When that fails. It may be a record all the same.
    pub(super) fn finish(
        mut self,
        storage: &mut impl Storage,
        before: &Pieces,
    ) -> io::Result<Record> {
        self.write_gathered(storage)?;
        let mut steps = Vec::with_capacity(self.steps.len() * STEP_BYTES);
        for step in &self.steps {
            let (from, len) = match *step {
                Step::Old { from, len } => (from, len),
                Step::New { len } => (NEW, len),
            };
            steps.extend(from.to_le_bytes());
            steps.extend(len.to_le_bytes());
        }
        let archive = compose(before, &self.steps, self.at + HEADER_BYTES);
        let numbers = Numbers {
            data_len: self.data_len,
            steps: self.steps.len() as u64,
            archive_len: archive.len(),
        };
        let hasher = self.hasher.chain_update(&steps).chain_update(numbers.encode());
        let checksum = Checksum::from(hasher.finalize());
        let after_data = self.at + HEADER_BYTES + self.data_len;
        storage.write_all_at(&steps, after_data)?;
        let header = [&MAGIC[..], &numbers.encode(), &checksum].concat();
        storage.write_all_at(&header, self.at)?;
        storage.sync()?;
        Ok(Record { archive, checksum, end: after_data + steps.len() as u64 })
    }
}

/// The archive that steps make of the one before. The data begin there in the file.
fn compose(before: &Pieces, steps: &[Step], mut data_at: u64) -> Pieces {
    let mut archive = Pieces::default();
    for step in steps {
        match *step {
            Step::Old { from, len } => archive.push_from(before, from, len),
            Step::New { len } => {
                archive.push(data_at, len);
                data_at += len;
            }
        }
    }
    archive
}

/// What a record makes.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) archive: Pieces,
    pub(super) checksum: Checksum,
    /// Where it ends in the file.
    pub(super) end: u64,
}

impl Record {
    /// Reads the record at an offset of a file of `file_len` bytes; `None` if there is none, or one
    /// that is not whole.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn read(
        storage: &impl Storage,
        file_len: u64,
        at: u64,
        before: &Pieces,
        previous: &Checksum,
    ) -> io::Result<Option<Self>> {
        let Some(body_len) = file_len.checked_sub(at.saturating_add(HEADER_BYTES)) else {
            return Ok(None);
        };
        let mut header = [0; HEADER_LEN];
        storage.read_exact_at(&mut header, at)?;
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let numbers = Numbers { data_len: number(8), steps: number(16), archive_len: number(24) };
        let steps_len = numbers.steps.checked_mul(STEP_BYTES as u64);
        let len = steps_len.and_then(|len| len.checked_add(numbers.data_len));
        let is_there = len.is_some_and(|len| len <= body_len) && header[..8] == MAGIC;
        let (Some(len), Some(steps_len), true) = (len, steps_len, is_there) else {
            return Ok(None);
        };
        let mut hasher = Sha256::new_with_prefix(previous);
        let mut buffer = vec![0; BUFFER_BYTES];
        let (mut offset, data_end) = (at + HEADER_BYTES, at + HEADER_BYTES + numbers.data_len);
        while offset < data_end {
            let left = usize::try_from(data_end - offset).unwrap_or(usize::MAX);
            let piece = &mut buffer[..left.min(BUFFER_BYTES)];
            storage.read_exact_at(piece, offset)?;
            hasher.update(&*piece);
            offset += piece.len() as u64;
        }
        // No longer than the file, which is there.
        let mut encoded = vec![0; usize::try_from(steps_len).map_err(io::Error::other)?];
        storage.read_exact_at(&mut encoded, data_end)?;
        let hasher = hasher.chain_update(&encoded).chain_update(numbers.encode());
        let checksum = Checksum::from(hasher.finalize());
        if header[32..] != checksum {
            return Ok(None);
        }
        let steps: Vec<Step> = encoded.chunks_exact(STEP_BYTES).map(decode).collect();
        let archive = compose(before, &steps, at + HEADER_BYTES);
        if archive.len() != numbers.archive_len {
            return Ok(None);
        }
        Ok(Some(Self { archive, checksum, end: at + HEADER_BYTES + len }))
    }
}

fn decode(bytes: &[u8]) -> Step {
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (from, len) = bytes.split_at(8);
    match (number(from), number(len)) {
        (NEW, len) => Step::New { len },
        (from, len) => Step::Old { from, len },
    }
}
