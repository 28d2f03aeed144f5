//! A tree while it is put together: nodes by name, from directories of the disk, archives and packed
//! modules, placed, merged, and laid out as entries in the end.
//!
//! A packed module may hold a tree of any depth, so nothing here calls itself for what is beneath a
//! directory.

use crate::gather::file_contents::FileContents;
use crate::progress::Progress;
use crate::tree::guest_path::GuestPath;
use crate::tree::{EntryKind, Metadata, Tree, TreeEntry, Xattr, XattrsByEntry};
use anyhow::{Context as _, Result, bail};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use wasm_vfs_core::Dev;

/// The devices that the filesystem has, by their names in `/dev`.
pub(crate) const DEVICES: [(&str, Dev); 6] = [
    ("full", Dev::FULL),
    ("null", Dev::NULL),
    ("random", Dev::RANDOM),
    ("tty", Dev::TTY),
    ("urandom", Dev::URANDOM),
    ("zero", Dev::ZERO),
];

/// The longest text of a symbolic link: Linux's PATH_MAX, which counts a NUL, too.
pub(crate) const MAX_LINK_BYTES: usize = 4095;

/// An entry while the tree is put together.
#[derive(Debug)]
pub(crate) struct Node {
    /// `None`: a directory that is only there because something is beneath it.
    pub(crate) metadata: Option<Metadata>,
    pub(crate) kind: NodeKind,
    /// What its other names have too, if it may have any.
    pub(crate) identity: Option<Identity>,
    /// `None`: it has none.
    pub(crate) xattrs: Xattrs,
}

/// The extended attributes of a node, by ascending name.
pub(crate) type Xattrs = Option<Arc<Vec<Xattr>>>;

/// What the names of one file have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// Device and inode on the disk.
    Host(u64, u64),
    /// The index of the first of them in the tree of a packed module.
    Packed(usize),
    /// The number of an archive among the sources, and of the member in it.
    Archive(usize, usize),
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Directory(Entries),
    File(FileContents),
    Symlink(Vec<u8>),
    CharDevice(Dev),
    DescriptorDirectory,
    Fifo,
}

/// The nodes of a directory by their names. They are dropped one by one: left to the compiler, a
/// drop calls itself for each level of the tree.
#[derive(Debug, Default)]
pub(crate) struct Entries(BTreeMap<String, Node>);

impl Entries {
    /// Takes all nodes out.
    fn take(&mut self) -> BTreeMap<String, Node> {
        std::mem::take(&mut self.0)
    }
}

impl From<BTreeMap<String, Node>> for Entries {
    fn from(entries: BTreeMap<String, Node>) -> Self {
        Self(entries)
    }
}

impl Deref for Entries {
    type Target = BTreeMap<String, Node>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let mut left = vec![self.take()];
        while let Some(entries) = left.pop() {
            for mut node in entries.into_values() {
                if let NodeKind::Directory(beneath) = &mut node.kind {
                    left.push(beneath.take());
                }
            }
        }
    }
}

impl NodeKind {
    /// What it is, for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Directory(_) | Self::DescriptorDirectory => "a directory",
            Self::CharDevice(_) => "a device",
            Self::Fifo => "a named pipe",
            Self::File(_) => "a file",
            Self::Symlink(_) => "a symbolic link",
        }
    }
}

impl Node {
    /// A directory that is there because something is beneath it.
    pub(crate) fn implied_directory() -> Self {
        Self::new(None, NodeKind::Directory(Entries::default()))
    }

    /// What has one name and no extended attributes.
    pub(crate) fn new(metadata: impl Into<Option<Metadata>>, kind: NodeKind) -> Self {
        Self { metadata: metadata.into(), kind, identity: None, xattrs: None }
    }

    /// The node at a guest path: what is there, or an empty directory.
    ///
    /// # Errors
    ///
    /// When something on the way is no directory.
    pub(crate) fn place(&mut self, guest: &GuestPath) -> Result<&mut Node> {
        let mut at = self;
        for (depth, name) in guest.names().iter().enumerate() {
            let kind = at.kind.name();
            let NodeKind::Directory(entries) = &mut at.kind else {
                let passed = guest.names()[..depth].iter();
                let path = passed.fold(GuestPath::root(), |path, name| path.join(name));
                bail!(passes_through(guest, &path, kind));
            };
            at = entries.entry(name.clone()).or_insert_with(Node::implied_directory);
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
        let mut places = Places::default();
        // What is still to be laid over what, and where; the next pair last.
        let mut left = vec![(self, over, None)];
        while let Some((under, over, place)) = left.pop() {
            let both = (&under.kind, &over.kind);
            if let (NodeKind::DescriptorDirectory, NodeKind::Directory(entries)) = both
                && entries.is_empty()
            {
                // An archive has it as an empty directory, as where it is mounted.
                under.metadata = over.metadata.or(under.metadata);
                continue;
            }
            if !matches!(both, (NodeKind::Directory(_), NodeKind::Directory(_))) {
                if let NodeKind::Directory(entries) = &over.kind
                    && over.metadata.is_none()
                {
                    let at = places.path(at, place);
                    let beneath = entries.keys().next().map_or(at.clone(), |name| at.join(name));
                    bail!(passes_through(&beneath, &at, under.kind.name()));
                }
                *under = over;
                continue;
            }
            if let Some(metadata) = over.metadata {
                (under.metadata, under.xattrs) = (Some(metadata), over.xattrs);
            }
            let (NodeKind::Directory(entries), NodeKind::Directory(mut over)) =
                (&mut under.kind, over.kind)
            else {
                continue;
            };
            let mut in_both = BTreeMap::new();
            for (name, node) in over.take() {
                match entries.entry(name) {
                    Entry::Occupied(under) => {
                        in_both.insert(under.key().clone(), node);
                    }
                    Entry::Vacant(free) => {
                        free.insert(node);
                    }
                }
            }
            for (name, under) in entries.iter_mut().rev() {
                if in_both.is_empty() {
                    break;
                }
                if let Some(over) = in_both.remove(name) {
                    left.push((under, over, Some(places.add(place, name))));
                }
            }
        }
        Ok(())
    }
}

/// Where the directories of a tree are that is being merged: each is named by its place in the list,
/// and its path is put together only for a message.
#[derive(Default)]
struct Places(Vec<(Option<usize>, String)>);

impl Places {
    fn add(&mut self, parent: Option<usize>, name: &str) -> usize {
        self.0.push((parent, name.to_owned()));
        self.0.len() - 1
    }

    /// The path of a place, from the path of the top.
    fn path(&self, top: &GuestPath, mut place: Option<usize>) -> GuestPath {
        let mut names = Vec::new();
        while let Some((parent, name)) = place.and_then(|at| self.0.get(at)) {
            names.push(name);
            place = *parent;
        }
        names.into_iter().rev().fold(top.clone(), |path, name| path.join(name))
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
pub(crate) fn flatten(root: Node, implied: Metadata) -> Flat {
    let mut flat = Flat {
        implied,
        entries: Vec::new(),
        contents: Vec::new(),
        xattrs: XattrsByEntry::new(),
        originals: HashMap::new(),
    };
    // What is still to be added, with its directory and its name; the next one last.
    let mut left = vec![(0, String::new(), root)];
    while let Some((parent, name, node)) = left.pop() {
        let (index, mut beneath) = flat.add(parent, name, node);
        left.extend(beneath.take().into_iter().rev().map(|(name, node)| (index, name, node)));
    }
    flat
}

/// A tree in pre-order.
#[derive(Debug)]
pub(crate) struct Flat {
    /// Of directories that nothing else gives any.
    implied: Metadata,
    pub(crate) entries: Vec<TreeEntry>,
    /// Those of the files, in the order of the entries.
    pub(crate) contents: Vec<FileContents>,
    pub(crate) xattrs: XattrsByEntry,
    originals: HashMap<Identity, usize>,
}

impl Flat {
    /// Adds a node without what is beneath it; returns its index and that.
    fn add(&mut self, parent: usize, name: String, node: Node) -> (usize, Entries) {
        let index = self.entries.len();
        let mut metadata = node.metadata.unwrap_or(self.implied);
        let earlier = node.identity.and_then(|identity| self.originals.get(&identity).copied());
        if let (Some(identity), None) = (node.identity, earlier) {
            self.originals.insert(identity, index);
        }
        let mut beneath = Entries::default();
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
            (NodeKind::Fifo, None) => EntryKind::Fifo,
            (NodeKind::File(contents), None) => {
                self.contents.push(contents);
                EntryKind::File { offset: 0, len: 0 }
            }
        };
        if let (Some(xattrs), None) = (node.xattrs, earlier) {
            self.xattrs.insert(index, xattrs);
        }
        self.entries.push(TreeEntry { parent, name: name.into_bytes(), metadata, kind });
        (index, beneath)
    }
}

/// Sets the permission bits of the entry at a guest path; all names of a file have them.
///
/// # Errors
///
/// When there is no such entry, it is a symbolic link, or there are no such bits.
pub(crate) fn set_mode(entries: &mut [TreeEntry], guest: &GuestPath, mode: u32) -> Result<()> {
    let bits = u16::try_from(mode).ok().filter(|mode| *mode <= 0o7777);
    let bits =
        bits.with_context(|| format!("the mode {mode:o} of {guest} has bits beyond 7777"))?;
    let mut at = 0;
    for name in guest.names() {
        // Pre-order: what is in a directory comes after it.
        let found = entries
            .iter()
            .skip(at + 1)
            .position(|entry| entry.parent == at && entry.name == name.as_bytes());
        at += 1 + found.with_context(|| {
            format!(
                "{guest} is to have the mode {mode:o}, and nothing is there: put an entry there"
            )
        })?;
    }
    let original = match entries[at].kind {
        EntryKind::HardLink { original } => original,
        _ => at,
    };
    if let EntryKind::Symlink { .. } = entries[original].kind {
        bail!("{guest} is a symbolic link, which has no mode of its own: name what it leads to");
    }
    for (index, entry) in entries.iter_mut().enumerate() {
        let is_name = matches!(entry.kind, EntryKind::HardLink { original: of } if of == original);
        if index == original || is_name {
            entry.metadata.mode = bits;
        }
    }
    Ok(())
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
    xattrs: XattrsByEntry,
    ranges: &[(u64, u64)],
    progress: &dyn Progress,
) -> Result<Tree> {
    let mut ranges = ranges.iter();
    for entry in &mut entries {
        if let EntryKind::File { offset, len } = &mut entry.kind {
            (*offset, *len) = *ranges.next().context("a file of the tree has no contents")?;
        }
    }
    let tree = Tree::new(entries)?.with_xattrs(xattrs);
    // The path of the entry, of which the directory's is the first part: pre-order.
    let mut path = String::new();
    let mut path_bytes: Vec<usize> = Vec::with_capacity(tree.entries().len());
    for entry in tree.entries() {
        path.truncate(path_bytes.get(entry.parent).copied().unwrap_or(0));
        if !entry.name.is_empty() {
            path.push('/');
            path.push_str(&String::from_utf8_lossy(&entry.name));
        }
        path_bytes.push(path.len());
        progress.entry(if path.is_empty() { "/" } else { &path }, entry);
    }
    Ok(tree)
}
