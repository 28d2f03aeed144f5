//! [`Tree`] to manifest records and back. The bytes are `wasm-vfs-core`'s business.

use crate::tree::{EntryKind, Metadata, Tree, TreeEntry};
use anyhow::{Context as _, Result, anyhow, ensure};
use wasm_vfs_core::manifest::{Attributes, Reader, Record, RecordKind};
use wasm_vfs_core::{Dev, NAME_MAX, PATH_MAX, Timespec};

/// The bits of a mode that a record holds.
const MODE_BITS: u32 = 0o7777;

/// Nanoseconds of a time are fewer.
const NANOSECONDS: u32 = 1_000_000_000;

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

/// Decodes a manifest. Where the files' contents lie is for the caller to check.
///
/// # Errors
///
/// When the bytes are no manifest, a record says what no tree of a filesystem holds, or the records
/// make no tree.
pub(crate) fn decode(bytes: &[u8]) -> Result<Tree> {
    let mut entries: Vec<TreeEntry> = Vec::new();
    for record in Reader::new(bytes) {
        let number = entries.len();
        let record =
            record.map_err(|_| anyhow!("its manifest is damaged: record {number} is none"))?;
        let damaged = || {
            let name = String::from_utf8_lossy(record.name);
            format!("its manifest is damaged: record {number}, {name:?}")
        };
        let entry = entry(&record, &entries).with_context(damaged)?;
        entries.push(entry);
    }
    Tree::new(entries).context("its manifest is damaged")
}

/// The entry of a record; `earlier` are those before it.
fn entry(record: &Record<'_>, earlier: &[TreeEntry]) -> Result<TreeEntry> {
    let Attributes { mode, uid, gid, mtime } = record.attributes;
    ensure!(record.name.len() <= NAME_MAX, "its name is longer than {NAME_MAX} bytes");
    ensure!(mode & !MODE_BITS == 0, "its mode is {mode:o}");
    ensure!(mtime.tv_nsec < NANOSECONDS, "its time has {} ns", mtime.tv_nsec);
    let mut metadata = Metadata {
        mode: u16::try_from(mode)?,
        uid,
        gid,
        mtime_sec: mtime.tv_sec,
        mtime_nsec: mtime.tv_nsec,
    };
    let kind = match record.kind {
        // How many entries it gets is a hint for tables, and is counted anew where it is used.
        RecordKind::Directory { .. } => EntryKind::Directory,
        RecordKind::Regular { contents_offset, len } => {
            EntryKind::File { offset: contents_offset, len }
        }
        RecordKind::Symlink { target } => {
            let fits = !target.is_empty() && target.len() < PATH_MAX && !target.contains(&0);
            ensure!(fits, "it is a symbolic link with an impossible target");
            EntryKind::Symlink { target: target.to_vec() }
        }
        RecordKind::HardLink { record } => {
            let original = usize::try_from(record)?;
            let entry = earlier.get(original).context("it is a link to a later record")?;
            metadata = entry.metadata;
            EntryKind::HardLink { original }
        }
        RecordKind::CharDevice { dev } => {
            EntryKind::CharDevice { major: dev.major(), minor: dev.minor() }
        }
        RecordKind::DescriptorDirectory => EntryKind::DescriptorDirectory,
    };
    let parent = usize::try_from(record.parent)?;
    Ok(TreeEntry { parent, name: record.name.to_vec(), metadata, kind })
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

    #[test]
    fn what_no_tree_holds_is_damage() {
        use RecordKind::{Directory, HardLink, Regular, Symlink};
        let sound = Record {
            parent: 0,
            name: b"a",
            attributes: Attributes::default(),
            kind: Regular { contents_offset: 0, len: 0 },
        };
        let root = |entries| Record { name: b"", kind: Directory { entries }, ..sound };
        let with = |change: &dyn Fn(&mut Attributes)| {
            let mut attributes = Attributes::default();
            change(&mut attributes);
            Record { attributes, ..sound }
        };
        let link = |target| Record { kind: Symlink { target }, ..sound };
        let (long_name, long_target) = ([b'n'; 256], [b't'; 4096]);
        let rows = [
            (vec![root(1), Record { name: &long_name, ..sound }], "longer than 255 bytes"),
            (vec![root(1), with(&|it| it.mode = 0o10_000)], "its mode is 10000"),
            (vec![root(1), with(&|it| it.mtime.tv_nsec = 1_000_000_000)], "1000000000 ns"),
            // What utimensat takes for now.
            (vec![root(1), with(&|it| it.mtime.tv_nsec = 0x3fff_ffff)], "1073741823 ns"),
            (vec![root(1), link(b"")], "impossible target"),
            (vec![root(1), link(b"a\0b")], "impossible target"),
            (vec![root(1), link(&long_target)], "impossible target"),
            (vec![root(1), Record { kind: HardLink { record: 2 }, ..sound }], "later record"),
            (vec![Record { parent: 7, ..root(0) }], "root directory"),
            (vec![root(1), Record { parent: u32::MAX, ..sound }], "pre-order"),
            (vec![root(1), Record { name: b"..", ..sound }], "impossible name"),
        ];
        for (records, part) in rows {
            let mut bytes = Vec::new();
            records.iter().for_each(|record| record.encode(&mut bytes));
            let message = format!("{:#}", decode(&bytes).unwrap_err());
            assert!(message.starts_with("its manifest is damaged: "), "{message}");
            assert!(message.contains(part), "{part}: {message}");
        }
        let mut bytes = Vec::new();
        [root(u32::MAX), sound].iter().for_each(|record| record.encode(&mut bytes));
        assert!(decode(&bytes).is_ok());
    }
}
