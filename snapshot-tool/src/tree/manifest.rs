//! [`Tree`] to manifest records and back. The bytes are `wasm-vfs-core`'s business.

use crate::tree::{EntryKind, Metadata, Tree, TreeEntry, Xattr, XattrsByEntry};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use std::sync::Arc;
use wasm_vfs_core::manifest::{Attributes, Reader, Record, RecordKind};
use wasm_vfs_core::{Dev, NAME_MAX, PATH_MAX, Timespec};

/// The bits of a mode that a record holds.
const MODE_BITS: u32 = 0o7777;

/// Nanoseconds of a time are fewer.
const NANOSECONDS: u32 = 1_000_000_000;

/// The manifest of a tree, as one run of bytes and the places where records begin.
pub(crate) struct Manifest {
    pub(crate) bytes: Vec<u8>,
    /// Start of each entry's records in `bytes`.
    starts: Vec<usize>,
}

/// Whether a manifest has a record of a kind that was added later: a pipe or an extended attribute.
/// Bytes that are no manifest have none.
pub(crate) fn has_later_records(bytes: &[u8]) -> bool {
    let later = |kind| matches!(kind, RecordKind::Fifo | RecordKind::Xattr { .. });
    Reader::new(bytes).any(|record| record.is_ok_and(|record| later(record.kind)))
}

impl Manifest {
    /// Encodes a tree: a record for each entry, behind which are those of its attributes.
    pub(crate) fn of(tree: &Tree) -> Result<Self> {
        let mut counts = vec![0_u32; tree.entries().len()];
        for entry in tree.entries().iter().skip(1) {
            counts[entry.parent] += 1;
        }
        let mut bytes = Vec::new();
        let mut starts = Vec::with_capacity(tree.entries().len());
        for (number, (entry, &entries)) in tree.entries().iter().zip(&counts).enumerate() {
            starts.push(bytes.len());
            record(entry, entries)?.encode(&mut bytes);
            for Xattr { name, value } in tree.own_xattrs(number) {
                let kind = RecordKind::Xattr { value };
                let attributes = Attributes::default();
                Record { parent: index(number)?, name, attributes, kind }.encode(&mut bytes);
            }
        }
        Ok(Self { bytes, starts })
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The bytes in runs of whole entries of about `chunk_bytes`, each with the index of its
    /// first entry and the number of its entries.
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
        EntryKind::Fifo => RecordKind::Fifo,
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
    let mut xattrs = XattrsByEntry::new();
    for record in Reader::new(bytes) {
        let number = entries.len();
        let record =
            record.map_err(|_| anyhow!("its manifest is damaged: record {number} is none"))?;
        let damaged = || {
            let name = String::from_utf8_lossy(record.name);
            format!("its manifest is damaged: record {number}, {name:?}")
        };
        if let RecordKind::Xattr { value } = record.kind {
            let of = xattr_holder(&record, value, &entries).with_context(damaged)?;
            let list = Arc::make_mut(xattrs.entry(of).or_default());
            let is_next = list.last().is_none_or(|last| last.name.as_slice() < record.name);
            ensure!(is_next, "{}: it is an attribute out of order", damaged());
            list.push(Xattr { name: record.name.to_vec(), value: value.to_vec() });
            continue;
        }
        let entry = entry(&record, &entries).with_context(damaged)?;
        entries.push(entry);
    }
    Ok(Tree::new(entries).context("its manifest is damaged")?.with_xattrs(xattrs))
}

/// The entry that an attribute is of: the last of those before it.
fn xattr_holder(record: &Record<'_>, value: &[u8], earlier: &[TreeEntry]) -> Result<usize> {
    let of = usize::try_from(record.parent)?;
    let (entry, is_last) = (earlier.last(), of + 1 == earlier.len());
    let entry = entry.filter(|_| is_last).context("it is an attribute of another record")?;
    let is_name = matches!(entry.kind, EntryKind::HardLink { .. });
    ensure!(!is_name, "it is an attribute of a further name");
    let possible = entry.kind.may_have_xattr(record.name, value.len());
    ensure!(possible, "it is an attribute that the entry before it cannot have");
    Ok(of)
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
        RecordKind::Fifo => EntryKind::Fifo,
        RecordKind::Xattr { .. } => bail!("it is an attribute, where an entry should be"),
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
        assert!(has_later_records(&manifest.bytes));
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
                let records = Reader::new(bytes).map(Result::unwrap);
                let entries = records.filter(|it| !matches!(it.kind, RecordKind::Xattr { .. }));
                assert_eq!(entries.count(), count);
                next += count;
                joined.extend_from_slice(bytes);
            }
            assert_eq!((next, joined.as_slice()), (manifest.len(), manifest.bytes.as_slice()));
        }
    }

    #[test]
    fn what_no_tree_holds_is_damage() {
        use RecordKind::{Directory, HardLink, Regular, Symlink, Xattr};
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
        let xattr = |parent, name| Record { parent, name, kind: Xattr { value: b"" }, ..sound };
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
            (vec![xattr(0, b"user.a"), root(1)], "attribute of another record"),
            (vec![root(1), sound, xattr(0, b"user.a")], "attribute of another record"),
            (vec![root(1), xattr(0, b"user.b"), xattr(0, b"user.a")], "attribute out of order"),
            (vec![root(1), xattr(0, b"user.a"), xattr(0, b"user.a")], "attribute out of order"),
            (vec![root(1), xattr(0, b"system.a")], "that the entry before it cannot have"),
            (vec![root(1), link(b"t"), xattr(1, b"user.a")], "that the entry before it cannot"),
            (
                vec![
                    root(2),
                    sound,
                    Record { name: b"b", kind: HardLink { record: 1 }, ..sound },
                    xattr(2, b"user.a"),
                ],
                "attribute of a further name",
            ),
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
