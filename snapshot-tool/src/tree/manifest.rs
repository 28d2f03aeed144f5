//! [`Tree`] to manifest records and back. The bytes are `wasm-vfs-core`'s business.

use crate::tree::{EntryKind, Metadata, Tree, TreeEntry};
use anyhow::{Context as _, Result, anyhow};
use wasm_vfs_core::manifest::{Attributes, Reader, Record, RecordKind};
use wasm_vfs_core::{Dev, Timespec};

/// The manifest of a tree, as one run of bytes and the places where records begin.
pub(crate) struct Manifest {
    pub(crate) bytes: Vec<u8>,
    /// Start of each record in `bytes`.
    starts: Vec<usize>,
}

impl Manifest {
    /// Encodes a tree, one record per entry.
    pub(crate) fn of(tree: &Tree) -> Result<Self> {
        let mut counts = vec![0_u32; tree.entries().len()];
        for entry in tree.entries().iter().skip(1) {
            counts[entry.parent] += 1;
        }
        let mut bytes = Vec::new();
        let mut starts = Vec::with_capacity(tree.entries().len());
        for (entry, &entries) in tree.entries().iter().zip(&counts) {
            starts.push(bytes.len());
            record(entry, entries)?.encode(&mut bytes);
        }
        Ok(Self { bytes, starts })
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The bytes in runs of whole records of about `chunk_bytes`, each with the index of its
    /// first record and the number of its records.
    pub(crate) fn chunks(&self, chunk_bytes: usize) -> Vec<(usize, usize, &[u8])> {
        let mut chunks = Vec::new();
        let mut first = 0;
        for next in 1..=self.starts.len() {
            let end = self.starts.get(next).copied().unwrap_or(self.bytes.len());
            // Would the record that begins at `end` still fit?
            let after = self.starts.get(next + 1).copied().unwrap_or(self.bytes.len());
            if next == self.starts.len() || after - self.starts[first] > chunk_bytes {
                chunks.push((first, next - first, &self.bytes[self.starts[first]..end]));
                first = next;
            }
        }
        chunks
    }
}

fn record(entry: &TreeEntry, entries: u32) -> Result<Record<'_>> {
    let Metadata { mode, uid, gid, mtime_sec, mtime_nsec } = entry.metadata;
    let kind = match &entry.kind {
        EntryKind::Directory => RecordKind::Directory { entries },
        EntryKind::File { offset, len } => {
            RecordKind::Regular { contents_offset: *offset, len: *len }
        }
        EntryKind::Symlink { target } => RecordKind::Symlink { target },
        EntryKind::HardLink { original } => RecordKind::HardLink { record: index(*original)? },
        EntryKind::CharDevice { major, minor } => {
            RecordKind::CharDevice { dev: Dev::new(*major, *minor) }
        }
        EntryKind::DescriptorDirectory => RecordKind::DescriptorDirectory,
    };
    let attributes = match kind {
        RecordKind::HardLink { .. } => Attributes::default(),
        _ => {
            Attributes { mode: mode.into(), uid, gid, mtime: Timespec::new(mtime_sec, mtime_nsec) }
        }
    };
    Ok(Record { parent: index(entry.parent)?, name: &entry.name, attributes, kind })
}

fn index(index: usize) -> Result<u32> {
    u32::try_from(index).context("the tree has more than 4,294,967,295 entries")
}

/// Decodes a manifest.
///
/// # Errors
///
/// When the bytes are no manifest, or its records make no tree.
pub(crate) fn decode(bytes: &[u8]) -> Result<Tree> {
    let mut entries: Vec<TreeEntry> = Vec::new();
    for record in Reader::new(bytes) {
        let record = record.map_err(|_| anyhow!("the manifest is damaged"))?;
        let Attributes { mode, uid, gid, mtime } = record.attributes;
        let mut metadata = Metadata {
            mode: u16::try_from(mode & 0o7777)?,
            uid,
            gid,
            mtime_sec: mtime.tv_sec,
            mtime_nsec: mtime.tv_nsec,
        };
        let kind = match record.kind {
            RecordKind::Directory { .. } => EntryKind::Directory,
            RecordKind::Regular { contents_offset, len } => {
                EntryKind::File { offset: contents_offset, len }
            }
            RecordKind::Symlink { target } => EntryKind::Symlink { target: target.to_vec() },
            RecordKind::HardLink { record } => {
                let original = usize::try_from(record)?;
                if let Some(entry) = entries.get(original) {
                    metadata = entry.metadata;
                }
                EntryKind::HardLink { original }
            }
            RecordKind::CharDevice { dev } => {
                EntryKind::CharDevice { major: dev.major(), minor: dev.minor() }
            }
            RecordKind::DescriptorDirectory => EntryKind::DescriptorDirectory,
        };
        let parent = usize::try_from(record.parent)?;
        entries.push(TreeEntry { parent, name: record.name.to_vec(), metadata, kind });
    }
    Tree::new(entries)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::tree::tests::sample;

    #[test]
    fn round_trip() {
        let tree = sample();
        let manifest = Manifest::of(&tree).unwrap();
        assert_eq!(decode(&manifest.bytes).unwrap(), tree);
        assert!(decode(&manifest.bytes[..manifest.bytes.len() - 1]).is_err());
    }

    #[test]
    fn chunks_hold_whole_records() {
        let tree = sample();
        let manifest = Manifest::of(&tree).unwrap();
        for chunk_bytes in [1, 20, 50, 1 << 20] {
            let chunks = manifest.chunks(chunk_bytes);
            let mut next = 0;
            let mut joined = Vec::new();
            for (first, count, bytes) in chunks {
                assert_eq!(first, next);
                assert!(count > 0 && (count == 1 || bytes.len() <= chunk_bytes));
                assert_eq!(Reader::new(bytes).filter(Result::is_ok).count(), count);
                next += count;
                joined.extend_from_slice(bytes);
            }
            assert_eq!((next, joined.as_slice()), (manifest.len(), manifest.bytes.as_slice()));
        }
    }
}
