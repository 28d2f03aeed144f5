//! A tree while it is put together: nodes by name, from directories of the disk and from packed
//! modules, placed, merged, and laid out as entries in the end.

use crate::gather::contents_plan::FileContents;
use crate::progress::Progress;
use crate::tree::guest_path::GuestPath;
use crate::tree::{EntryKind, Metadata, Tree, TreeEntry};
use anyhow::{Context as _, Result, bail};
use std::collections::{BTreeMap, HashMap};
use wasm_vfs_core::Dev;

/// An entry while the tree is put together.
#[derive(Debug)]
pub(crate) struct Node {
    /// `None`: a directory that is only there because something is beneath it.
    pub(crate) metadata: Option<Metadata>,
    pub(crate) kind: NodeKind,
    /// What its other names have too, if it may have any.
    pub(crate) identity: Option<Identity>,
}

/// What the names of one file have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// Device and inode on the disk.
    Host(u64, u64),
    /// The index of the first of them in the tree of a packed module.
    Packed(usize),
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Directory(BTreeMap<String, Node>),
    File(FileContents),
    Symlink(Vec<u8>),
    CharDevice(Dev),
    DescriptorDirectory,
}

impl NodeKind {
    /// What it is, for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Directory(_) | Self::DescriptorDirectory => "a directory",
            Self::CharDevice(_) => "a device",
            Self::File(_) => "a file",
            Self::Symlink(_) => "a symbolic link",
        }
    }
}

impl Node {
    /// A directory that is there because something is beneath it.
    pub(crate) fn implied_directory() -> Self {
        Self { metadata: None, kind: NodeKind::Directory(BTreeMap::new()), identity: None }
    }

    /// The node at a guest path: what is there, or an empty directory.
    ///
    /// # Errors
    ///
    /// When something on the way is no directory.
    pub(crate) fn place(&mut self, guest: &GuestPath) -> Result<&mut Node> {
        let mut at = self;
        let mut path = GuestPath::root();
        for name in guest.names() {
            let kind = at.kind.name();
            let NodeKind::Directory(entries) = &mut at.kind else {
                bail!(passes_through(guest, &path, kind));
            };
            at = entries.entry(name.clone()).or_insert_with(Node::implied_directory);
            path = path.join(name);
        }
        Ok(at)
    }

    /// Lays `over`, which is at the guest path `at`, over this node: directories merge, and else
    /// what is over it wins.
    ///
    /// # Errors
    ///
    /// When a directory of `over` that is only there for what is beneath it meets something that is
    /// no directory.
    pub(crate) fn merge(&mut self, over: Node, at: &GuestPath) -> Result<()> {
        match (&mut self.kind, over.kind) {
            (NodeKind::Directory(entries), NodeKind::Directory(over_entries)) => {
                self.metadata = over.metadata.or(self.metadata);
                for (name, node) in over_entries {
                    match entries.get_mut(&name) {
                        Some(under) => under.merge(node, &at.join(&name))?,
                        None => {
                            entries.insert(name, node);
                        }
                    }
                }
            }
            (kind, NodeKind::Directory(entries)) if over.metadata.is_none() => {
                let beneath = entries.keys().next().map_or(at.clone(), |name| at.join(name));
                bail!(passes_through(&beneath, at, kind.name()));
            }
            (_, kind) => *self = Node { kind, ..over },
        }
        Ok(())
    }
}

/// Why nothing can be put at `guest`.
fn passes_through(guest: &GuestPath, path: &GuestPath, kind: &str) -> String {
    format!(
        "guest path {guest} passes through {path}, which is {kind} there; map to the path of a directory"
    )
}

/// Lays a tree out in pre-order. A file's range is the index of its contents until
/// [`finish`] knows the contents. `implied` is the metadata of directories that nothing else gives
/// any.
pub(crate) fn flatten(root: Node, implied: Metadata) -> (Vec<TreeEntry>, Vec<FileContents>) {
    let mut flat =
        Flat { implied, entries: Vec::new(), contents: Vec::new(), originals: HashMap::new() };
    flat.add(0, String::new(), root);
    (flat.entries, flat.contents)
}

struct Flat {
    /// Of directories that nothing else gives any.
    implied: Metadata,
    entries: Vec<TreeEntry>,
    contents: Vec<FileContents>,
    originals: HashMap<Identity, usize>,
}

impl Flat {
    fn add(&mut self, parent: usize, name: String, node: Node) {
        let index = self.entries.len();
        let mut metadata = node.metadata.unwrap_or(self.implied);
        let earlier = node.identity.and_then(|identity| self.originals.get(&identity).copied());
        if let (Some(identity), None) = (node.identity, earlier) {
            self.originals.insert(identity, index);
        }
        let mut beneath = BTreeMap::new();
        let kind = match (node.kind, earlier) {
            (NodeKind::Directory(entries), _) => {
                beneath = entries;
                EntryKind::Directory
            }
            (_, Some(original)) => {
                metadata = self.entries[original].metadata;
                EntryKind::HardLink { original }
            }
            (NodeKind::Symlink(target), None) => EntryKind::Symlink { target },
            (NodeKind::CharDevice(dev), None) => {
                EntryKind::CharDevice { major: dev.major(), minor: dev.minor() }
            }
            (NodeKind::DescriptorDirectory, None) => EntryKind::DescriptorDirectory,
            (NodeKind::File(contents), None) => {
                self.contents.push(contents);
                EntryKind::File { offset: 0, len: 0 }
            }
        };
        self.entries.push(TreeEntry { parent, name: name.into_bytes(), metadata, kind });
        for (name, node) in beneath {
            self.add(index, name, node);
        }
    }
}

/// The path in the tree of each file that has contents of its own, in their order: what errors
/// call them.
pub(crate) fn paths_of_files(entries: &[TreeEntry]) -> impl Fn(usize) -> String + Sync {
    |contents| {
        let is_file = |entry: &TreeEntry| matches!(entry.kind, EntryKind::File { .. });
        let mut files = (0..entries.len()).filter(|&index| is_file(&entries[index]));
        let mut names = Vec::new();
        let mut at = files.nth(contents).unwrap_or_default();
        while at != 0 {
            names.push(String::from_utf8_lossy(&entries[at].name));
            at = entries[at].parent;
        }
        names.iter().rev().fold(String::new(), |path, name| path + "/" + name)
    }
}

/// The tree of entries whose files have these ranges of the contents.
pub(crate) fn finish(
    mut entries: Vec<TreeEntry>,
    ranges: &[(u64, u64)],
    progress: &dyn Progress,
) -> Result<Tree> {
    let mut ranges = ranges.iter();
    for entry in &mut entries {
        if let EntryKind::File { offset, len } = &mut entry.kind {
            (*offset, *len) = *ranges.next().context("a file of the tree has no contents")?;
        }
    }
    let tree = Tree::new(entries)?;
    for (index, entry) in tree.entries().iter().enumerate() {
        progress.entry(&tree.display_path(index), entry);
    }
    Ok(tree)
}
