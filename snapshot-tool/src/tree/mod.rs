//! A directory tree as data: entries in sorted pre-order, without file contents.
//!
//! [`TreeBuilder`](crate::TreeBuilder) makes one from directories,
//! [`PackedModule`](crate::PackedModule) reads it back from a packed module. A file's bytes are a
//! range of the contents, which travel apart.
//!
//! ```
//! use wasm_vfs::TreeBuilder;
//! use wasm_vfs::tree::{EntryKind, FinalSymlink};
//!
//! let tree = TreeBuilder::new().file("/etc/version", "1.2\n").read()?;
//! let index = tree.lookup(b"/etc/version", FinalSymlink::Follow)?;
//! assert!(matches!(tree.entries()[index].kind, EntryKind::File { len: 4, .. }));
//! assert_eq!(tree.display_path(index), "/etc/version");
//! # Ok::<(), wasm_vfs::Error>(())
//! ```

pub(crate) mod guest_path;
pub(crate) mod manifest;

pub use guest_path::{DirMapping, GuestPath};

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::quote::escaped;
use anyhow::{bail, ensure};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use wasm_vfs_core::manifest::{XattrHolder, check_xattr};

/// Mode, owner and modification time of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits with set-id and sticky bits: the low 12 bits of `st_mode`.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modification time: whole seconds since 1970, negative before.
    pub mtime_sec: i64,
    /// Modification time: nanoseconds after `mtime_sec`, below 1,000,000,000.
    pub mtime_nsec: u32,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A directory; its entries follow it.
    Directory,
    /// A regular file: a range of the contents.
    File {
        /// Where its bytes start in the contents, in bytes.
        offset: u64,
        /// Its size in bytes.
        len: u64,
    },
    /// A symbolic link.
    Symlink {
        /// The text of the link, never empty.
        target: Vec<u8>,
    },
    /// Another name of an earlier entry that is no directory, which carries the metadata of both.
    HardLink {
        /// Index of the entry that it is another name of; never itself a hard link.
        original: usize,
    },
    /// A character device node.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A directory whose names are the descriptors of whoever looks: `/dev/fd`. It has no entries.
    DescriptorDirectory,
    /// A pipe.
    Fifo,
}

impl EntryKind {
    /// Whether it is a directory of either kind.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        matches!(self, Self::Directory | Self::DescriptorDirectory)
    }

    /// Whether the filesystem would keep an extended attribute of this name, with a value of so many
    /// bytes, on such an entry.
    pub(crate) fn may_have_xattr(&self, name: &[u8], value_bytes: usize) -> bool {
        let holder = match self {
            Self::Directory | Self::DescriptorDirectory | Self::File { .. } => {
                XattrHolder::FileOrDirectory
            }
            _ => XattrHolder::Other,
        };
        check_xattr(name, value_bytes, holder).is_ok()
    }
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Xattr {
    /// Its name, with the prefix `user.`, `trusted.` or `security.`.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// The extended attributes of those entries that have any, by ascending name.
pub(crate) type XattrsByEntry = BTreeMap<usize, Arc<Vec<Xattr>>>;

/// One name in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Index of the directory that holds it; the root holds itself.
    pub parent: usize,
    /// Its name in that directory; empty for the root only.
    pub name: Vec<u8>,
    /// Its metadata; for a hard link a copy of the original's.
    pub metadata: Metadata,
    /// What it is.
    pub kind: EntryKind,
}

/// A tree: entry 0 is the root directory, every other entry comes after its directory, and the
/// entries of each directory are in the order of their names' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    entries: Vec<TreeEntry>,
    /// For each entry the index after its last descendant.
    ends: Vec<usize>,
    /// `st_nlink` of each entry that is not a hard link itself.
    link_counts: Vec<u64>,
    /// Apart, for few entries have any.
    xattrs: XattrsByEntry,
}

/// How many symbolic links a path may lead through: Linux's limit.
const MAX_SYMLINKS: usize = 40;

impl Tree {
    /// Makes a tree of entries.
    ///
    /// # Errors
    ///
    /// When the entries are not in sorted pre-order, or refer to entries that cannot be.
    pub(crate) fn new(entries: Vec<TreeEntry>) -> InnerResult<Self> {
        match entries.first() {
            Some(TreeEntry { parent: 0, name, kind: EntryKind::Directory, .. })
                if name.is_empty() => {}
            _ => bail!("the tree does not begin with its root directory"),
        }
        // The chain of directories that the next entry may go into, each with its last name.
        let mut open: Vec<(usize, &[u8])> = vec![(0, b"")];
        let mut ends = vec![0; entries.len()];
        for (index, entry) in entries.iter().enumerate().skip(1) {
            while let Some(&(directory, _)) = open.last()
                && directory != entry.parent
            {
                ends[directory] = index;
                open.pop();
            }
            let Some((_, last_name)) = open.last_mut() else {
                bail!("entry {index} of the tree is not in pre-order");
            };
            ensure!(
                entry.name.as_slice() > *last_name && is_file_name(&entry.name),
                "entry {index} of the tree has the impossible name \"{}\"",
                escaped(&entry.name)
            );
            *last_name = &entry.name;
            ends[index] = index + 1;
            match entry.kind {
                EntryKind::Directory => open.push((index, b"")),
                EntryKind::HardLink { original } => ensure!(
                    original < index
                        && !entries[original].kind.is_directory()
                        && !matches!(entries[original].kind, EntryKind::HardLink { .. }),
                    "entry {index} of the tree is a hard link to nothing"
                ),
                EntryKind::File { .. }
                | EntryKind::Symlink { .. }
                | EntryKind::CharDevice { .. }
                | EntryKind::Fifo
                | EntryKind::DescriptorDirectory => {}
            }
        }
        for (directory, _) in open {
            ends[directory] = entries.len();
        }
        let link_counts = count_links(&entries);
        Ok(Self { entries, ends, link_counts, xattrs: XattrsByEntry::new() })
    }

    /// The tree with extended attributes, of entries that are no hard links.
    pub(crate) fn with_xattrs(self, xattrs: XattrsByEntry) -> Self {
        Self { xattrs, ..self }
    }

    /// All entries, in sorted pre-order; the root first.
    #[must_use]
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// The indices of the entry and all that is beneath it.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn subtree(&self, index: usize) -> Range<usize> {
        index..self.ends[index]
    }

    /// The indices of a directory's entries, in the order of their names; none for other kinds.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let Range { start, end } = self.subtree(index);
        let mut next = start + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.ends[child];
                child
            })
        })
    }

    /// The entry that carries the contents: the original of a hard link, else itself.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn original(&self, index: usize) -> usize {
        match self.entries[index].kind {
            EntryKind::HardLink { original } => original,
            _ => index,
        }
    }

    /// The extended attributes of an entry, by ascending name; a hard link has its original's.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn xattrs(&self, index: usize) -> &[Xattr] {
        self.own_xattrs(self.original(index))
    }

    /// The extended attributes that are said of an entry itself: of a hard link, none.
    pub(crate) fn own_xattrs(&self, index: usize) -> &[Xattr] {
        self.xattrs.get(&index).map(|list| &list[..]).unwrap_or_default()
    }

    /// The same, to be kept; `None` if there are none.
    pub(crate) fn shared_xattrs(&self, index: usize) -> Option<Arc<Vec<Xattr>>> {
        self.xattrs.get(&index).cloned()
    }

    /// How many names a file has, or what Linux counts for a directory: `st_nlink`.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn link_count(&self, index: usize) -> u64 {
        self.link_counts[self.original(index)]
    }

    /// The path of an entry from the root, as bytes: `/`, or `/a/b`.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<u8> {
        if index == 0 {
            return b"/".to_vec();
        }
        let mut names = Vec::new();
        let mut at = index;
        while at != 0 {
            names.push(self.entries[at].name.as_slice());
            at = self.entries[at].parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// The path of an entry for people: what is not printable in it is escaped, as in `\n`.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    #[must_use]
    pub fn display_path(&self, index: usize) -> String {
        escaped(self.path(index))
    }

    /// Finds the entry at a path, following symbolic links on the way and, where `last` says so,
    /// at its end. A relative path is taken from the root. Symbolic links never leave the tree.
    ///
    /// # Errors
    ///
    /// When there is no such entry, something on the way is no directory, or the path leads
    /// through more than 40 symbolic links.
    pub fn lookup(&self, path: &[u8], last: FinalSymlink) -> Result<usize, Error> {
        Ok(self.find(path, last).of_kind(ErrorKind::Tree)?)
    }

    pub(crate) fn find(&self, path: &[u8], last: FinalSymlink) -> InnerResult<usize> {
        let shown = escaped(path);
        // The names still to walk, the next one last.
        let mut names: Vec<Vec<u8>> = split(path);
        let needs_directory = path.ends_with(b"/");
        let mut links = 0;
        let mut at = 0;
        while let Some(name) = names.pop() {
            if !self.entries[at].kind.is_directory() {
                bail!("{shown}: {} is not a directory", self.display_path(at));
            }
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    at = self.entries[at].parent;
                    continue;
                }
                _ => {}
            }
            let Some(child) = self.child(at, &name) else {
                bail!("{shown}: no such file or directory in the tree");
            };
            let follow = !names.is_empty() || needs_directory || last == FinalSymlink::Follow;
            match &self.entries[self.original(child)].kind {
                EntryKind::Symlink { target } if follow => {
                    links += 1;
                    if links > MAX_SYMLINKS {
                        bail!("{shown}: leads through more than {MAX_SYMLINKS} symbolic links");
                    }
                    names.extend(split(target));
                    if target.starts_with(b"/") {
                        at = 0;
                    }
                }
                _ => at = child,
            }
        }
        if needs_directory && !self.entries[at].kind.is_directory() {
            bail!("{shown}: not a directory");
        }
        Ok(at)
    }

    fn child(&self, directory: usize, name: &[u8]) -> Option<usize> {
        self.children(directory).find(|&child| self.entries[child].name == name)
    }

    /// Counts what the tree holds.
    #[must_use]
    pub fn totals(&self) -> TreeTotals {
        let mut totals = TreeTotals::default();
        // Equal ranges are one copy of equal contents.
        let mut ranges = HashSet::new();
        for entry in &self.entries {
            match entry.kind {
                EntryKind::Directory | EntryKind::DescriptorDirectory => totals.directories += 1,
                EntryKind::CharDevice { .. } => totals.devices += 1,
                EntryKind::Fifo => totals.pipes += 1,
                EntryKind::Symlink { .. } => totals.symlinks += 1,
                EntryKind::HardLink { .. } => totals.hard_links += 1,
                EntryKind::File { offset, len } => {
                    totals.files += 1;
                    totals.file_bytes += len;
                    if !ranges.insert((offset, len)) {
                        totals.shared_bytes += len;
                    }
                }
            }
        }
        totals.xattrs = self.xattrs.values().map(|list| list.len()).sum();
        totals
    }
}

/// What a path lookup does when its last name is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalSymlink {
    /// Go to what it points at, as `stat` does.
    Follow,
    /// Stop at the link itself, as `lstat` does.
    Keep,
}

/// What a tree holds, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeTotals {
    /// Directories, the root among them.
    pub directories: usize,
    /// Regular files; further names of one file are not counted here.
    pub files: usize,
    /// Symbolic links.
    pub symlinks: usize,
    /// Further names of anything but directories.
    pub hard_links: usize,
    /// Device nodes.
    pub devices: usize,
    /// Pipes.
    pub pipes: usize,
    /// Extended attributes.
    pub xattrs: usize,
    /// The sizes of all regular files together.
    pub file_bytes: u64,
    /// How many of those bytes are not stored, because an equal file's are.
    pub shared_bytes: u64,
}

fn count_links(entries: &[TreeEntry]) -> Vec<u64> {
    let mut counts = vec![1; entries.len()];
    for (index, entry) in entries.iter().enumerate() {
        match entry.kind {
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                counts[index] += 1; // for its "."
                if index != 0 {
                    counts[entry.parent] += 1; // for its ".."
                }
            }
            EntryKind::HardLink { original } => counts[original] += 1,
            EntryKind::File { .. }
            | EntryKind::Symlink { .. }
            | EntryKind::CharDevice { .. }
            | EntryKind::Fifo => {}
        }
    }
    counts
}

/// The names of a path, the last one first; empty ones dropped.
fn split(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|n| !n.is_empty()).rev().map(<[u8]>::to_vec).collect()
}

fn is_file_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.iter().any(|&byte| byte == b'/' || byte == 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod tests {
    use super::*;

    pub(crate) const METADATA: Metadata =
        Metadata { mode: 0o644, uid: 0, gid: 0, mtime_sec: 0, mtime_nsec: 0 };

    fn entry(parent: usize, name: &str, kind: EntryKind) -> TreeEntry {
        TreeEntry { parent, name: name.into(), metadata: METADATA, kind }
    }

    fn link(target: &str) -> EntryKind {
        EntryKind::Symlink { target: target.into() }
    }

    const FILE: EntryKind = EntryKind::File { offset: 0, len: 3 };

    pub(crate) fn sample() -> Tree {
        Tree::new(vec![
            entry(0, "", EntryKind::Directory),
            entry(0, "a", EntryKind::Directory),
            entry(1, "b", EntryKind::Directory),
            entry(2, "f", FILE),
            entry(1, "up", link("../..")),
            entry(0, "abs", link("/a/b")),
            entry(0, "g", EntryKind::HardLink { original: 3 }),
            entry(0, "loop", link("loop")),
            entry(0, "z", FILE),
            entry(0, "~pipe", EntryKind::Fifo),
        ])
        .unwrap()
        .with_xattrs(XattrsByEntry::from([
            (0, xattrs(&[("user.root", "")])),
            (3, xattrs(&[("security.x", "1"), ("user.k", "\0v")])),
            (9, xattrs(&[("trusted.p", "p")])),
        ]))
    }

    fn xattrs(list: &[(&str, &str)]) -> Arc<Vec<Xattr>> {
        let one = |&(name, value): &(&str, &str)| Xattr { name: name.into(), value: value.into() };
        Arc::new(list.iter().map(one).collect())
    }

    #[test]
    fn lookup_follows_links_inside_the_tree() {
        let tree = sample();
        let follow = FinalSymlink::Follow;
        let rows: [(&str, Result<usize, &str>); 15] = [
            ("/", Ok(0)),
            ("", Ok(0)),
            ("a/b/f", Ok(3)),
            ("//a/./b//f", Ok(3)),
            ("/abs/f", Ok(3)),
            ("/abs", Ok(2)),
            ("/abs/", Ok(2)),
            ("/a/up/../../z", Ok(8)),
            ("/abs/../up", Ok(0)),
            ("/../../z", Ok(8)),
            ("/g", Ok(6)),
            ("/nope", Err("no such file or directory")),
            ("/z/x", Err("/z is not a directory")),
            ("/z/", Err("not a directory")),
            ("/loop", Err("more than 40 symbolic links")),
        ];
        for (path, expected) in rows {
            let got = tree.lookup(path.as_bytes(), follow);
            match expected {
                Ok(index) => assert_eq!(got.unwrap(), index, "{path}"),
                Err(part) => {
                    let message = got.unwrap_err().to_string();
                    assert!(message.contains(part), "{path}: {message}");
                }
            }
        }
        assert_eq!(tree.lookup(b"/abs", FinalSymlink::Keep).unwrap(), 5);
        assert_eq!(tree.lookup(b"/abs/", FinalSymlink::Keep).unwrap(), 2);
    }

    #[test]
    fn forty_links_are_followed_and_no_more() {
        let chain = |links: usize| {
            let mut entries = vec![entry(0, "", EntryKind::Directory)];
            entries.push(entry(0, "d", EntryKind::Directory));
            for number in 0..links {
                let name = format!("l{number:02}");
                // Absolute: from a subdirectory they must go on at the root.
                let next = if number + 1 == links {
                    "/f".into()
                } else {
                    format!("/d/l{:02}", number + 1)
                };
                entries.push(entry(1, &name, link(&next)));
            }
            entries.push(entry(0, "f", FILE));
            Tree::new(entries).unwrap()
        };
        assert_eq!(chain(40).lookup(b"d/l00", FinalSymlink::Follow).unwrap(), 42);
        assert!(chain(41).lookup(b"d/l00", FinalSymlink::Follow).is_err());
    }

    #[test]
    fn children_paths_and_counts() {
        let tree = sample();
        assert_eq!(tree.children(0).collect::<Vec<_>>(), [1, 5, 6, 7, 8, 9]);
        assert_eq!(tree.children(1).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(tree.children(3).count(), 0);
        assert_eq!(tree.subtree(1), 1..5);
        assert_eq!(tree.path(3), b"/a/b/f");
        assert_eq!(tree.link_count(3), 2);
        assert_eq!(tree.link_count(6), 2);
        assert_eq!(tree.link_count(8), 1);
        assert_eq!(tree.link_count(1), 3);
        let totals = tree.totals();
        assert_eq!((totals.directories, totals.files, totals.symlinks), (3, 2, 3));
        assert_eq!((totals.hard_links, totals.file_bytes, totals.shared_bytes), (1, 6, 3));
        assert_eq!((totals.pipes, totals.xattrs), (1, 4));
        assert_eq!(tree.xattrs(6), tree.xattrs(3));
        assert_eq!((tree.xattrs(6).len(), tree.own_xattrs(6).len()), (2, 0));
    }

    #[test]
    fn entries_that_make_no_tree_are_refused() {
        let root = || entry(0, "", EntryKind::Directory);
        let rows = [
            (vec![], "root"),
            (vec![entry(0, "x", EntryKind::Directory)], "root"),
            (vec![entry(1, "", EntryKind::Directory)], "root"),
            (vec![root(), entry(0, "b", FILE), entry(0, "a", FILE)], "name"),
            (vec![root(), entry(0, "a", FILE), entry(0, "a", FILE)], "name"),
            (vec![root(), entry(0, "..", EntryKind::Directory)], "name"),
            (vec![root(), entry(0, "a/b", FILE)], "name"),
            (vec![root(), entry(0, "a", FILE), entry(1, "b", FILE)], "pre-order"),
            (vec![root(), entry(0, "a", EntryKind::HardLink { original: 1 })], "hard link"),
            (vec![root(), entry(0, "a", EntryKind::HardLink { original: 0 })], "hard link"),
        ];
        for (entries, part) in rows {
            let message = Tree::new(entries).unwrap_err().to_string();
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
