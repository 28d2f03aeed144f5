//! Where the bytes of one file of a tree come from: [`FileContents`].

use crate::disk::stamp::Stamp;
use crate::gather::host_file::HostFile;
use crate::gather::spool::Spooled;
use anyhow::Result;
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::sync::Arc;

/// Zeros of a hole, a piece of them.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Where the bytes of one file come from.
#[derive(Clone, Debug)]
pub(crate) enum FileContents {
    Host(HostFile),
    Bytes(SharedBytes),
    Spooled(Spooled),
    Sparse(Arc<SparseContents>),
}

/// Some of the bytes of a buffer that others use too.
#[derive(Clone, Debug)]
pub(crate) struct SharedBytes {
    pub(crate) buffer: Arc<[u8]>,
    pub(crate) range: Range<usize>,
}

impl SharedBytes {
    /// All of a buffer.
    pub(crate) fn all(buffer: Arc<[u8]>) -> Self {
        Self { range: 0..buffer.len(), buffer }
    }

    fn get(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

/// Contents with holes, which read as zeros.
#[derive(Debug)]
pub(crate) struct SparseContents {
    /// How many bytes there are, those of holes included.
    pub(crate) len: u64,
    /// The runs of bytes, each with its offset: in order, without overlap, and within `len`.
    pub(crate) runs: Vec<(u64, FileContents)>,
}

impl FileContents {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Host(file) => file.len(),
            Self::Bytes(bytes) => bytes.range.len() as u64,
            Self::Spooled(bytes) => bytes.len(),
            Self::Sparse(sparse) => sparse.len,
        }
    }

    /// What its file was when the tree was read.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::Host(file) => Some(file.stamp()),
            Self::Sparse(sparse) => sparse.runs.first().and_then(|(_, run)| run.stamp()),
            Self::Bytes(_) | Self::Spooled(_) => None,
        }
    }

    /// Gives the first bytes, at most `limit` of them, piece by piece.
    ///
    /// # Errors
    ///
    /// When they cannot be read or their file has changed; or when `each` fails.
    pub(crate) fn read(
        &self,
        limit: u64,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let len = self.len().min(limit);
        match self {
            Self::Host(file) => file.read(len, buffer, each),
            Self::Bytes(bytes) => each(&bytes.get()[..usize::try_from(len)?]),
            Self::Spooled(bytes) => bytes.read(len, buffer, each),
            Self::Sparse(sparse) => {
                let mut at = 0;
                for (offset, run) in sparse.runs.iter().take_while(|(offset, _)| *offset < len) {
                    zeros(*offset - at, each)?;
                    run.read(len - *offset, buffer, each)?;
                    at = offset + run.len().min(len - *offset);
                }
                zeros(len - at, each)
            }
        }
    }

    /// Whether two have the same bytes.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub(crate) fn equals(&self, other: &Self, buffer: &mut Vec<u8>) -> Result<bool> {
        if self.len() != other.len() {
            return Ok(false);
        }
        let is_one_place = match (self, other) {
            (Self::Host(one), Self::Host(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one.get() == other.get(),
            _ => false,
        };
        Ok(is_one_place || self.hash(u64::MAX, buffer)? == other.hash(u64::MAX, buffer)?)
    }

    /// The hash of the first bytes, at most `limit` of them.
    pub(crate) fn hash(&self, limit: u64, buffer: &mut Vec<u8>) -> Result<[u8; 32]> {
        let mut hasher = Sha256::new();
        self.read(limit, buffer, &mut |bytes| {
            hasher.update(bytes);
            Ok(())
        })?;
        Ok(hasher.finalize().into())
    }
}

fn zeros(mut count: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    while count > 0 {
        let step = usize::try_from(count).map_or(ZEROS.len(), |count| count.min(ZEROS.len()));
        each(&ZEROS[..step])?;
        count -= step as u64;
    }
    Ok(())
}
