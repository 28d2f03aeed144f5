//! A layer that was made for another tree, made anew for this one: [`rebased`].
//!
//! It is laid over the tree as `commit --rebase` does. What that has changed is the new layer, in
//! which nothing conflicts.

use crate::error::{ErrorKind, InnerResult, Marked as _};
use crate::gather::archive::layer::{Laying, WHITEOUT};
use crate::gather::archive::source::LayerSource;
use crate::gather::builder::{Laid, TreeBuilder};
use crate::gather::file_contents::FileContents;
use crate::gather::owner::Owner;
use crate::gather::spool::Spooled;
use crate::packed::export::member_name;
use crate::packed::sparse_map::SparseMap;
use crate::packed::tar_member::Member;
use crate::progress::Silent;
use crate::state::compare::{Difference, Side, packed_tree_in, walk};
use crate::tree::{EntryKind, Metadata};
use anyhow::ensure;
use std::io::{self, Write};
use std::sync::Arc;
use tar::{Builder, EntryType};

/// What a whiteout is, beside its name.
const WHITEOUT_METADATA: Metadata =
    Metadata { mode: 0o644, uid: 0, gid: 0, mtime_sec: 0, mtime_nsec: 0 };

/// A layer for another tree.
#[derive(Debug)]
pub(crate) struct Rebased {
    pub(crate) layer: Spooled,
    /// What did not fit, one line each.
    pub(crate) conflicts: Vec<String>,
}

/// Makes a layer anew for the tree of a packed module.
///
/// # Errors
///
/// When the module or the layer cannot be read or is damaged; or no temporary file can be written.
pub(crate) fn rebased(packed: Arc<[u8]>, layer: LayerSource) -> InnerResult<Rebased> {
    let (base, knows_xattrs) = packed_tree_in(packed)?;
    let laying = Laying { keeps_xattrs: !knows_xattrs, tells_conflicts: true, needs_end: false };
    let tree = TreeBuilder::new().bare().owner(Owner::Host).base(base);
    let lower = Side::of(tree.laid(&Silent)?.root)?;
    let tree = tree.laying(laying).layers(vec![layer], "/");
    let Laid { root, notes: conflicts } = tree.laid(&Silent).of_kind(ErrorKind::Tree)?;
    let upper = Side::of(root)?;
    let layer = Spooled::written(|out| LayerWriter::new(&upper, out).write(&lower))?;
    Ok(Rebased { layer, conflicts })
}

/// Writes what differs as a layer.
struct LayerWriter<'u, W: Write> {
    upper: &'u Side,
    archive: Builder<W>,
    /// The entries that the layer has so far.
    is_written: Vec<bool>,
    buffer: Vec<u8>,
}

impl<'u, W: Write> LayerWriter<'u, W> {
    fn new(upper: &'u Side, out: W) -> Self {
        let is_written = vec![false; upper.tree.entries().len()];
        Self { upper, archive: Builder::new(out), is_written, buffer: Vec::new() }
    }

    /// Writes the whole layer.
    fn write(mut self, lower: &Side) -> InnerResult<()> {
        walk(lower, self.upper, |difference| match difference {
            Difference::Added(entry) | Difference::Modified(entry, _) => self.entry(entry),
            Difference::Removed { entry, directory } => {
                let name = &lower.tree.entries()[entry].name;
                self.whiteout(directory, name)
            }
        })?;
        self.archive.finish()?;
        Ok(())
    }

    fn whiteout(&mut self, directory: usize, name: &[u8]) -> InnerResult<()> {
        self.entry(directory)?;
        let mut path = match directory {
            0 => Vec::new(),
            _ => member_name(&self.upper.tree, directory),
        };
        path.extend([WHITEOUT.as_bytes(), name].concat());
        let member = Member::new(EntryType::Regular, path, None, 0, WHITEOUT_METADATA);
        Ok(member.append(&mut self.archive, io::empty())?)
    }

    /// Writes an entry after the directories that it is in, for their dates change with it.
    fn entry(&mut self, entry: usize) -> InnerResult<()> {
        let entries = self.upper.tree.entries();
        let mut line = vec![entry];
        while let Some(&above) = line.last().filter(|above| **above != 0) {
            line.push(entries[above].parent);
        }
        for entry in line.into_iter().rev() {
            if !std::mem::replace(&mut self.is_written[entry], true) {
                let shown = || self.upper.tree.display_path(entry);
                let name = &entries[entry].name;
                ensure!(
                    !name.starts_with(WHITEOUT.as_bytes()),
                    "no layer can hold {}: names that begin with `{WHITEOUT}` say what is gone",
                    shown()
                );
                self.member(entry)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, index: usize) -> InnerResult<()> {
        let tree = &self.upper.tree;
        let entry = &tree.entries()[index];
        let (name, metadata) = (member_name(tree, index), entry.metadata);
        let bare = |entry_type, link| Member::new(entry_type, name.clone(), link, 0, metadata);
        let member = match &entry.kind {
            EntryKind::File { .. } => {
                let contents = self.upper.contents_of(index)?;
                let map = map_of(contents);
                let member = match map.is_whole() {
                    true => Member::new(EntryType::Regular, name, None, map.len, metadata),
                    false => Member::sparse(&name, &map, metadata),
                };
                let (member, buffer) = (member.xattrs(tree.own_xattrs(index)), &mut self.buffer);
                return member.append_with(&mut self.archive, |out| {
                    let mut write = |bytes: &[u8]| -> InnerResult<()> { Ok(out.write_all(bytes)?) };
                    match contents {
                        FileContents::Sparse(sparse) => sparse
                            .runs
                            .iter()
                            .try_for_each(|(_, run)| run.read(u64::MAX, buffer, &mut write)),
                        whole => whole.read(u64::MAX, buffer, &mut write),
                    }
                });
            }
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                bare(EntryType::Directory, None)
            }
            EntryKind::CharDevice { major, minor } => {
                bare(EntryType::Char, None).device(*major, *minor)
            }
            EntryKind::Fifo => bare(EntryType::Fifo, None),
            EntryKind::Symlink { target } => bare(EntryType::Symlink, Some(target.clone())),
            // It is in the layer or as it was: whatever changes of it changes of all its names.
            EntryKind::HardLink { original } => {
                bare(EntryType::Link, Some(member_name(tree, *original)))
            }
        };
        Ok(member.xattrs(tree.own_xattrs(index)).append(&mut self.archive, io::empty())?)
    }
}

/// Where a file has bytes.
fn map_of(contents: &FileContents) -> SparseMap {
    let len = contents.len();
    let runs = match contents {
        FileContents::Sparse(sparse) => {
            sparse.runs.iter().map(|(offset, run)| (*offset, run.len())).collect()
        }
        _ => vec![(0, len)],
    };
    SparseMap { len, runs }
}
