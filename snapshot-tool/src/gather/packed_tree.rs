//! The tree of a packed module, to lay another over ([`PackedTree`]). Its contents stay where they
//! are until the new module is written: in the packed module's file, or in the caller's bytes.

use crate::disk::stamp::Stamp;
use crate::gather::assembly::{Entries, Identity, Node, NodeKind};
use crate::gather::file_contents::{FileContents, SharedBytes};
use crate::gather::host_file::HostFile;
use crate::packed::section::Section;
use crate::tree::{EntryKind, Tree};
use anyhow::{Context as _, Result, ensure};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use wasm_vfs_core::Dev;

/// A tree and where its contents are.
#[derive(Debug)]
pub(crate) struct PackedTree {
    tree: Tree,
    module: PackedBytes,
    /// The contents' place in the module.
    contents: Range<u64>,
}

/// A packed module.
#[derive(Clone, Debug)]
pub(crate) enum PackedBytes {
    File(HostFile),
    Memory(Arc<[u8]>),
}

impl PackedBytes {
    /// A module in a file, which is as `stamp` says.
    pub(crate) fn file(path: &Path, stamp: Stamp) -> Self {
        Self::File(HostFile::named(path, stamp))
    }
}

impl PackedTree {
    /// The tree of a module that says this of itself, with its contents at `contents`.
    ///
    /// # Errors
    ///
    /// When the section is damaged, or has a name that is not UTF-8: no directory gives one.
    pub(crate) fn new(
        section: &Section,
        module: PackedBytes,
        contents: Range<u64>,
    ) -> Result<Self> {
        let tree = section.tree()?;
        for (index, entry) in tree.entries().iter().enumerate() {
            ensure!(
                std::str::from_utf8(&entry.name).is_ok(),
                "its manifest is damaged: {} has a name that is not UTF-8",
                tree.display_path(index)
            );
        }
        Ok(Self { tree, module, contents })
    }

    /// The tree.
    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree as nodes.
    ///
    /// # Errors
    ///
    /// When the module is damaged.
    pub(crate) fn nodes(&self) -> Result<Node> {
        let entries = self.tree.entries();
        // What is in each directory. From the last entry on, so that a directory comes when all that
        // is beneath it has come.
        let mut beneath: Vec<Entries> = entries.iter().map(|_| Entries::default()).collect();
        for (index, entry) in entries.iter().enumerate().skip(1).rev() {
            let name = String::from_utf8(entry.name.clone());
            let name = name.context("the manifest has a name that is not UTF-8")?;
            let node = self.node(index, beneath.pop().unwrap_or_default())?;
            beneath[entry.parent].insert(name, node);
        }
        self.node(0, beneath.pop().unwrap_or_default())
    }

    /// A node that has these beneath it, if it is a directory.
    fn node(&self, index: usize, beneath: Entries) -> Result<Node> {
        let entries = self.tree.entries();
        let original = self.tree.original(index);
        let kind = match &entries[original].kind {
            EntryKind::Directory => NodeKind::Directory(beneath),
            EntryKind::File { offset, len } => NodeKind::File(self.contents(*offset, *len)?),
            EntryKind::Symlink { target } => NodeKind::Symlink(target.clone()),
            EntryKind::CharDevice { major, minor } => {
                NodeKind::CharDevice(Dev::new(*major, *minor))
            }
            EntryKind::DescriptorDirectory => NodeKind::DescriptorDirectory,
            EntryKind::Fifo => NodeKind::Fifo,
            EntryKind::HardLink { .. } => anyhow::bail!("the manifest has a link to a link"),
        };
        let is_directory = entries[original].kind.is_directory();
        let linked = !is_directory && self.tree.link_count(index) > 1;
        Ok(Node {
            metadata: Some(entries[original].metadata),
            kind,
            identity: linked.then_some(Identity::Packed(original)),
            xattrs: self.tree.shared_xattrs(original),
        })
    }

    fn contents(&self, offset: u64, len: u64) -> Result<FileContents> {
        let start = self.contents.start.checked_add(offset);
        let end = start.and_then(|start| start.checked_add(len));
        let bytes = start.zip(end).filter(|&(_, end)| end <= self.contents.end);
        let (start, end) = bytes.context("its contents are cut short; the file is damaged")?;
        Ok(match &self.module {
            PackedBytes::File(file) => FileContents::Host(file.part(start..end)),
            PackedBytes::Memory(buffer) => FileContents::Bytes(SharedBytes {
                buffer: buffer.clone(),
                range: usize::try_from(start)?..usize::try_from(end)?,
            }),
        })
    }
}
