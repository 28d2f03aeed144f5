//! Two trees, compared: [`compare`].
//!
//! Of each side only names and metadata are held. Contents are read where their lengths are equal and
//! they do not lie in one place. Nothing here calls itself for each level of a tree.

use crate::disk::input::{FinalLink, open_regular};
use crate::disk::stamp::Stamp;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _, mark};
use crate::gather::archive::layer::Laying;
use crate::gather::assembly::{Flat, Node, flatten};
use crate::gather::builder::TreeBuilder;
use crate::gather::file_contents::FileContents;
use crate::gather::owner::Owner;
use crate::gather::packed_tree::{PackedBytes, PackedTree};
use crate::link::unlink::unlink;
use crate::linux_calls;
use crate::packed::hollow::{HollowModule, ReadBack};
use crate::packed::packed_module::PackedModule;
use crate::progress::Silent;
use crate::state::change::{Aspect, Change, ChangeKind};
use crate::state::header;
use crate::state::journal::layer_source;
use crate::tree::{EntryKind, Metadata, Tree};
use anyhow::{Context as _, anyhow};
use std::cmp::Ordering;
#[cfg(feature = "run")]
use std::io::Cursor;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

/// What is said of directories that no archive has a member for.
const IMPLIED: Metadata = Metadata { mode: 0o755, uid: 0, gid: 0, mtime_sec: 0, mtime_nsec: 0 };

/// Compares two trees: packed modules, directories of the disk or tar archives. If `before` is a
/// packed module and `after` a state, `after` is what the state makes of that tree. Returns the
/// differences in the order of the paths' names; what is beneath a removed directory is not told.
///
/// ```
/// use wasm_vfs::{ChangeKind, compare};
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # std::fs::create_dir_all("before")?;
/// # std::fs::create_dir_all("after/new")?;
/// let changes = compare("before", "after")?;
/// assert!(changes.iter().any(|change| change.path == b"/new"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If one cannot be read or is damaged, or a state was made for another tree
/// ([`Tree`](ErrorKind::Tree)).
pub fn compare(before: impl AsRef<Path>, after: impl AsRef<Path>) -> Result<Vec<Change>, Error> {
    let (before, after) = (before.as_ref(), after.as_ref());
    Ok(changes(before, after).of_kind(ErrorKind::Tree)?)
}

fn changes(before: &Path, after: &Path) -> InnerResult<Vec<Change>> {
    let base = Kind::of(before)?;
    let lower = Side::read(source(before, base)?)?;
    let upper = match (base, Kind::of(after)?) {
        (Kind::Packed, Kind::State) => Side::of_state(before, after)?,
        (_, kind) => Side::read(source(after, kind)?)?,
    };
    let mut found = Vec::new();
    walk(&lower, &upper, |difference| {
        let (path, kind) = match difference {
            Difference::Added(b) => (upper.tree.path(b), ChangeKind::Added { from: None }),
            Difference::Removed { entry, .. } => (lower.tree.path(entry), ChangeKind::Removed),
            Difference::Modified(b, aspects) => (upper.tree.path(b), ChangeKind::Modified(aspects)),
        };
        found.push(Change { path, kind });
        Ok(())
    })?;
    Ok(found)
}

/// A difference of two trees.
#[derive(Clone, Debug)]
pub(crate) enum Difference {
    /// An entry of the upper tree. What is beneath it comes next, an entry each.
    Added(usize),
    /// An entry of the lower tree, with all beneath it; and the directory of the upper tree that it
    /// was in.
    Removed {
        entry: usize,
        #[cfg_attr(not(feature = "run"), allow(dead_code, reason = "only rebasing asks"))]
        directory: usize,
    },
    /// An entry of the upper tree, and in what it differs. If that is its kind, what is beneath it
    /// is added.
    Modified(usize, Vec<Aspect>),
}

/// Gives the differences of two trees, in the order of the paths' names.
///
/// # Errors
///
/// When contents cannot be read, or those of `each`.
pub(crate) fn walk(
    lower: &Side,
    upper: &Side,
    mut each: impl FnMut(Difference) -> InnerResult<()>,
) -> InnerResult<()> {
    let mut buffer = Vec::new();
    let mut left = vec![Step::Both(0, 0)];
    while let Some(step) = left.pop() {
        match step {
            Step::Both(a, b) => {
                let aspects = lower.aspects(a, upper, b, &mut buffer)?;
                let other_kind = aspects.contains(&Aspect::Kind);
                if !aspects.is_empty() {
                    each(Difference::Modified(b, aspects))?;
                }
                let children = match other_kind {
                    // What was beneath it is gone with it.
                    true => upper.tree.children(b).map(Step::Added).collect(),
                    false => merged(&lower.tree, a, &upper.tree, b),
                };
                left.extend(children.into_iter().rev());
            }
            Step::Removed { entry, directory } => {
                each(Difference::Removed { entry, directory })?;
            }
            Step::Added(b) => {
                each(Difference::Added(b))?;
                let mut children: Vec<_> = upper.tree.children(b).map(Step::Added).collect();
                children.reverse();
                left.extend(children);
            }
        }
    }
    Ok(())
}

/// Entries to be compared, by their indices before and after.
#[derive(Clone, Copy, Debug)]
enum Step {
    Both(usize, usize),
    Removed { entry: usize, directory: usize },
    Added(usize),
}

/// The entries of two directories, by name.
fn merged(lower: &Tree, a: usize, upper: &Tree, directory: usize) -> Vec<Step> {
    let (mut before, mut after) =
        (lower.children(a).peekable(), upper.children(directory).peekable());
    let mut steps = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return steps,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => lower.entries()[*a].name.cmp(&upper.entries()[*b].name),
        };
        let a = if order.is_le() { before.next() } else { None };
        let b = if order.is_ge() { after.next() } else { None };
        steps.extend(match (a, b) {
            (Some(a), Some(b)) => Some(Step::Both(a, b)),
            (Some(entry), None) => Some(Step::Removed { entry, directory }),
            (None, b) => b.map(Step::Added),
        });
    }
}

/// What a file or directory of the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Directory,
    Packed,
    State,
    Archive,
}

impl Kind {
    fn of(path: &Path) -> InnerResult<Self> {
        if std::fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            return Ok(Self::Directory);
        }
        let (mut file, _) = open_regular(path, FinalLink::Follow)?;
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start)?;
        if start == b"\0asm" {
            return Ok(Self::Packed);
        }
        let (file, _) = open_regular(path, FinalLink::Follow)?;
        let digest =
            header::read(BufReader::new(file)).about(|| format!("`{}`", path.display()))?;
        Ok(if digest.is_some() { Self::State } else { Self::Archive })
    }
}

/// How the tree of a file or directory is read.
fn source(path: &Path, kind: Kind) -> InnerResult<TreeBuilder> {
    let tree = TreeBuilder::new().bare().owner(Owner::Host);
    Ok(match kind {
        Kind::Directory => tree.dir(path, "/"),
        Kind::Packed => tree.base(packed_tree(path)?.0),
        Kind::State | Kind::Archive => tree.tar(path, "/"),
    })
}

/// The tree of a packed module, and whether those who write its states know extended attributes.
pub(crate) fn packed_tree(path: &Path) -> InnerResult<(Arc<PackedTree>, bool)> {
    let about = || format!("`{}`", path.display());
    let (mut file, found) = open_regular(path, FinalLink::Follow)?;
    let stamp = Stamp::of(&found);
    let read = HollowModule::read_from(&mut file).of_kind(ErrorKind::Damaged).about(about)?;
    let Some(read) = read else {
        // It says what is wrong.
        PackedModule::open(path)?;
        return Err(anyhow!("{} holds no files", about()));
    };
    tree_of(read, PackedBytes::file(path, stamp)).of_kind(ErrorKind::Damaged).about(about)
}

/// The same of a packed module in memory.
#[cfg(feature = "run")]
pub(crate) fn packed_tree_in(bytes: Arc<[u8]>) -> InnerResult<(Arc<PackedTree>, bool)> {
    let read = HollowModule::read_from(&mut Cursor::new(&bytes)).of_kind(ErrorKind::Damaged)?;
    let read = read.context("it holds no files")?;
    tree_of(read, PackedBytes::Memory(bytes)).of_kind(ErrorKind::Damaged)
}

fn tree_of(read: ReadBack, bytes: PackedBytes) -> InnerResult<(Arc<PackedTree>, bool)> {
    let ReadBack { module, section, contents, .. } = read;
    // A rootfs module cannot be unlinked, and does not run alone.
    let calls = unlink(module.hollow(), &section).is_ok_and(|it| linux_calls::are_made_by(&it));
    Ok((Arc::new(PackedTree::new(&section, bytes, contents)?), calls))
}

/// Checks that a state was made for the tree of a packed module.
///
/// # Errors
///
/// When it was not, or is no state; the message names both digests.
pub(crate) fn check_state(packed: &Path, state: &Path) -> InnerResult<()> {
    let (file, _) = open_regular(state, FinalLink::Follow)?;
    let shown = state.display();
    let made_for = header::read(BufReader::new(file)).about(|| format!("`{shown}`"))?;
    let made_for = made_for.with_context(|| {
        format!(
            "`{shown}` is no state: it does not say which tree it was made for; --rebase takes any layer"
        )
    })?;
    let tree = PackedModule::open(packed)?.tree_digest()?;
    if made_for != tree {
        return Err(mark(
            anyhow!(
                "`{shown}` was made for the tree {made_for}, and that of `{}` is {tree}: give it the module that it was \
                 made with, or --rebase",
                packed.display()
            ),
            ErrorKind::Tree,
        ));
    }
    Ok(())
}

/// A tree, and where the contents of its files are.
#[derive(Debug)]
pub(crate) struct Side {
    /// The offset of a file is the number of its contents.
    pub(crate) tree: Tree,
    contents: Vec<FileContents>,
}

impl Side {
    fn read(tree: TreeBuilder) -> InnerResult<Self> {
        Self::of(tree.laid(&Silent)?.root)
    }

    /// The tree beneath a node.
    ///
    /// # Errors
    ///
    /// When no tree can be such.
    pub(crate) fn of(root: Node) -> InnerResult<Self> {
        let Flat { mut entries, contents, xattrs, .. } = flatten(root, IMPLIED);
        let mut numbers = contents.iter().enumerate();
        for entry in &mut entries {
            if let EntryKind::File { offset, len } = &mut entry.kind {
                let (number, part) = numbers.next().context("a file has no contents")?;
                (*offset, *len) = (number as u64, part.len());
            }
        }
        Stamp::settle(contents.iter().filter_map(FileContents::stamp));
        Ok(Self { tree: Tree::new(entries)?.with_xattrs(xattrs), contents })
    }

    /// What a state makes of a packed module's tree.
    fn of_state(packed: &Path, state: &Path) -> InnerResult<Self> {
        check_state(packed, state)?;
        let (base, knows_xattrs) = packed_tree(packed)?;
        let laying =
            Laying { keeps_xattrs: !knows_xattrs, tells_conflicts: false, needs_end: true };
        let tree = TreeBuilder::new().bare().owner(Owner::Host).base(base).laying(laying);
        Self::read(tree.layers(vec![layer_source(state)?], "/"))
    }

    /// In what an entry differs from another one.
    fn aspects(
        &self,
        index: usize,
        other: &Self,
        other_index: usize,
        buffer: &mut Vec<u8>,
    ) -> InnerResult<Vec<Aspect>> {
        let (a, b) = (self.tree.original(index), other.tree.original(other_index));
        let (before, after) = (&self.tree.entries()[a], &other.tree.entries()[b]);
        let mut aspects = Vec::new();
        match (&before.kind, &after.kind) {
            (EntryKind::File { .. }, EntryKind::File { .. }) => {
                if !self.contents_of(a)?.equals(other.contents_of(b)?, buffer)? {
                    aspects.push(Aspect::Contents);
                }
            }
            (EntryKind::Symlink { .. }, EntryKind::Symlink { .. })
            | (EntryKind::CharDevice { .. }, EntryKind::CharDevice { .. }) => {
                if before.kind != after.kind {
                    aspects.push(Aspect::Target);
                }
            }
            (before, after) if before.is_directory() && after.is_directory() => {}
            (before, after) if before == after => {}
            _ => return Ok(vec![Aspect::Kind]),
        }
        let (old, new) = (before.metadata, after.metadata);
        let times = |it: Metadata| (it.mtime_sec, it.mtime_nsec);
        let rows = [
            (old.mode != new.mode, Aspect::Mode),
            ((old.uid, old.gid) != (new.uid, new.gid), Aspect::Owner),
            (times(old) != times(new), Aspect::Times),
            (self.tree.xattrs(a) != other.tree.xattrs(b), Aspect::Attributes),
            (self.names(index) != other.names(other_index), Aspect::Links),
        ];
        aspects.extend(rows.into_iter().filter(|(differs, _)| *differs).map(|(_, aspect)| aspect));
        Ok(aspects)
    }

    /// The contents of a file.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(crate) fn contents_of(&self, index: usize) -> InnerResult<&FileContents> {
        let number = match self.tree.entries()[index].kind {
            EntryKind::File { offset, .. } => usize::try_from(offset).ok(),
            _ => None,
        };
        number.and_then(|number| self.contents.get(number)).context("a file has no contents")
    }

    /// What tells the names of an entry apart: how many there are, and the first; nothing of
    /// directories.
    fn names(&self, index: usize) -> Option<(u64, Vec<u8>)> {
        let count = self.tree.link_count(index);
        let has_names = !self.tree.entries()[index].kind.is_directory() && count > 1;
        has_names.then(|| (count, self.tree.path(self.tree.original(index))))
    }
}
