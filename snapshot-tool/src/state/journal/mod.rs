//! A state that grows while its program runs: an archive, and behind its end records of what became of
//! it ([`Journal`]).
//!
//! Each record says how the archive of now differs from that of the record before, with a checksum
//! that covers both. Nothing that is in the file is ever written over. So whatever ends the writer,
//! and wherever the file is cut, the last record that is whole tells a state that the program had
//! when it was told that all is stored, or a later one.
//!
//! Other readers of archives find the archive that the file begins with and stop at its end. A run
//! that ends in peace leaves no records: it writes the file anew.

mod delta;
mod members;
mod pieces;
mod record;
mod storage;
#[cfg(test)]
mod tests;

use crate::error::InnerResult;
use crate::gather::archive::source::LayerSource;
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use anyhow::Context as _;
use delta::{Delta, Index};
use members::Splitter;
use pieces::{Pieces, Reader};
use record::{Checksum, Record, RecordWriter, first_checksum};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
pub(crate) use storage::Storage;
use tar::Header;

/// When what is no longer needed takes so many times the room of what is, the file is to be written
/// anew.
const MAX_WASTE: u64 = 3;

/// Waste that never is too much, in bytes.
const MIN_WASTE_BYTES: u64 = 64 << 20;

/// A state with its records.
#[derive(Debug)]
pub(crate) struct Journal<S> {
    storage: S,
    /// The archive of now.
    archive: Pieces,
    /// What is where in it; `None`: nobody has looked.
    index: Option<Index>,
    /// How many bytes the archive has that the file begins with.
    base_len: u64,
    checksum: Checksum,
    /// Where the next record goes.
    end: u64,
}

impl<S: Storage> Journal<S> {
    /// Reads the records of a state, up to the first that is not whole.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or does not begin with an archive that is whole.
    pub(crate) fn open(storage: S) -> io::Result<Self> {
        let file_len = storage.len()?;
        let base_len = archive_len(&storage, file_len)?;
        let mut archive = Pieces::start_of_file(base_len);
        let (mut checksum, mut end) = (first_checksum(base_len), base_len);
        while let Some(record) = Record::read(&storage, file_len, end, &archive, &checksum)? {
            Record { archive, checksum, end } = record;
        }
        Ok(Self { storage, archive, index: None, base_len, checksum, end })
    }

    /// Whether the file is nothing but the archive.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(crate) fn is_plain(&self) -> io::Result<bool> {
        Ok(self.storage.len()? == self.base_len)
    }

    /// The archive of now.
    pub(crate) fn reader(&self) -> Reader<'_, S> {
        self.archive.reader(&self.storage)
    }

    /// Whether most of the file is needed by nobody.
    pub(crate) fn is_wasteful(&self) -> bool {
        let wasted = self.end.saturating_sub(self.archive.len());
        wasted > MIN_WASTE_BYTES.max(self.archive.len().saturating_mul(MAX_WASTE))
    }

    /// Adds the record that makes the archive the one that `write` writes. When this returns, it is
    /// on the disk.
    ///
    /// # Errors
    ///
    /// When `write` fails or the file cannot be written; the archive is then the one before, or the
    /// new one.
    pub(crate) fn append(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> InnerResult<()>,
    ) -> InnerResult<()> {
        let index = match self.index.take() {
            Some(index) => index,
            None => {
                let mut splitter = Splitter::new(Index::default());
                io::copy(&mut self.archive.reader(&self.storage), &mut splitter)?;
                splitter.finish()?
            }
        };
        let index = self.index.insert(index);
        let record = RecordWriter::new(self.end, &self.checksum);
        let delta = Delta::new(&mut self.storage, (&self.archive, index), record);
        let mut splitter = Splitter::new(delta);
        write(&mut splitter)?;
        let (record, index) = splitter.finish()?.into_parts();
        let unwritten = || "it cannot be made durable";
        let record = record.finish(&mut self.storage, &self.archive).with_context(unwritten)?;
        Record { archive: self.archive, checksum: self.checksum, end: self.end } = record;
        self.index = Some(index);
        Ok(())
    }
}

/// How long the archive is that a file begins with.
fn archive_len(storage: &impl Storage, file_len: u64) -> io::Result<u64> {
    let mut header = Header::new_old();
    let mut at = 0u64;
    let mut zeros = 0;
    // Two blocks of zeros end it.
    while zeros < 2 {
        if file_len < at + TAR_BLOCK_BYTES as u64 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut short"));
        }
        storage.read_exact_at(header.as_mut_bytes(), at)?;
        at += TAR_BLOCK_BYTES as u64;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            zeros += 1;
            continue;
        }
        zeros = 0;
        let padded = header.entry_size()?.checked_next_multiple_of(TAR_BLOCK_BYTES as u64);
        let next = padded.and_then(|len| at.checked_add(len)).filter(|next| *next <= file_len);
        at = next.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut short"))?;
    }
    Ok(at)
}

/// A state as the source of a layer: in its file, or if it has records, the archive of now in a
/// temporary one.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn layer_source(path: &Path) -> InnerResult<LayerSource> {
    let unreadable = || format!("cannot read the state `{}`", path.display());
    let file = File::open(path).with_context(unreadable)?;
    // What is no archive is for those who read it to name.
    let Ok(journal) = Journal::open(file) else { return Ok(LayerSource::File(path.to_owned())) };
    if journal.is_plain().with_context(unreadable)? {
        return Ok(LayerSource::File(path.to_owned()));
    }
    LayerSource::stream(journal.reader()).with_context(unreadable)
}
