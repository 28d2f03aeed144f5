//! The members of an archive become a tree of nodes: [`read`].
//!
//! Whoever made the archive may have meant harm. What is here holds whatever it says: every member
//! is beneath the directory that the archive is put at, no name goes through a link, a link of files
//! refers to an earlier member. Symbolic links keep their text: in a tree it leads nowhere else.

use crate::error::Marked as _;
use crate::gather::archive::layer::{self, Layer, LinkBelow, Meaning, Whiteout};
use crate::gather::archive::members::{Member, MemberKind, Members};
use crate::gather::archive::source::{ArchiveSource, OpenArchive};
use crate::gather::archive::sparse::FileRuns;
use crate::gather::assembly::{DEVICES, Entries, Identity, MAX_LINK_BYTES, Node, NodeKind, Xattrs};
use crate::gather::file_contents::{FileContents, SharedBytes, SparseContents};
use crate::gather::ignore_rules::{IGNORE_FILE, IgnoreRules, MAX_IGNORE_FILE_BYTES};
use crate::gather::owner::{Attributes, Owner};
use crate::progress::Progress;
use crate::quote::escaped;
use crate::tree::{Metadata, Xattr};
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::sync::Arc;
use wasm_vfs_core::manifest::{XattrHolder, check_xattr};
use wasm_vfs_core::{Dev, NAME_MAX};

/// What an archive gives.
#[derive(Debug)]
pub(crate) struct ArchiveNodes {
    pub(crate) node: Node,
    /// What a person should know, one line each.
    pub(crate) notes: Vec<String>,
}

/// Reads an archive, the source of this number.
///
/// # Errors
///
/// When it cannot be read, is damaged, or has a member that no tree can have. The message names
/// archive and member.
pub(crate) fn read(
    source: &ArchiveSource,
    number: usize,
    attributes: Attributes,
    rules: IgnoreRules,
    progress: &dyn Progress,
) -> Result<ArchiveNodes> {
    let about = || source.to_string();
    let archive = source.open().about(about)?;
    let mut tree = ArchiveTree::new(&archive, attributes);
    let mut members = archive.members();
    let read = tree.read(&mut members, progress).about(about);
    // If it was changed meanwhile, that is why it makes no sense.
    archive.check()?;
    read?;
    let notes = tree.notes(source, members.is_unmarked());
    let (node, _) = tree.into_node(number, rules).about(about)?;
    Ok(ArchiveNodes { node, notes })
}

/// Reads a layer, the source of this number. Its files named `.wasmvfsignore` are files as all others.
///
/// # Errors
///
/// As [`read`], and when a whiteout makes no sense.
pub(crate) fn read_layer(
    source: &ArchiveSource,
    number: usize,
    attributes: Attributes,
    rules: IgnoreRules,
    progress: &dyn Progress,
) -> Result<Layer> {
    let about = || source.to_string();
    let archive = source.open().about(about)?;
    let mut tree = ArchiveTree::new(&archive, attributes);
    tree.whiteouts = Some(Vec::new());
    let mut members = archive.members();
    let read = tree.read(&mut members, progress).about(about);
    archive.check()?;
    read?;
    let is_unmarked = members.is_unmarked();
    let notes = tree.notes(source, is_unmarked);
    let whiteouts = tree.whiteouts.take().unwrap_or_default();
    let (node, links) = tree.into_node(number, rules.without_files()).about(about)?;
    Ok(Layer { node, whiteouts, links, is_unmarked, notes })
}

/// An entry of the archive's tree.
#[derive(Debug)]
struct Item {
    /// `None`: a directory that is only there because something is beneath it.
    metadata: Option<Metadata>,
    kind: ItemKind,
    /// Whether it may have other names.
    is_linked: bool,
    xattrs: Xattrs,
}

#[derive(Debug)]
enum ItemKind {
    /// The items in it by their names.
    Directory(BTreeMap<String, usize>),
    File(FileContents),
    Symlink(Vec<u8>),
    CharDevice(Dev),
    Fifo,
    /// Another name of an item that is no directory.
    LinkTo(usize),
    /// In a layer, another name of what may lie below: its path.
    LinkBelow(Vec<String>),
    /// Something that no tree has: what. It may still be left out.
    Foreign(String),
}

impl ItemKind {
    fn name(&self) -> &str {
        match self {
            Self::Directory(_) => "a directory",
            Self::File(_) | Self::LinkTo(_) | Self::LinkBelow(_) => "a file",
            Self::Symlink(_) => "a symbolic link",
            Self::CharDevice(_) => "a device",
            Self::Fifo => "a named pipe",
            Self::Foreign(what) => what,
        }
    }

    /// Those of the attributes that the filesystem has on such an item. A further name has none: the
    /// first one's member tells them.
    fn kept_xattrs(&self, mut xattrs: Vec<Xattr>) -> Xattrs {
        let holder = match self {
            Self::Directory(_) | Self::File(_) => XattrHolder::FileOrDirectory,
            Self::LinkTo(_) | Self::LinkBelow(_) => return None,
            _ => XattrHolder::Other,
        };
        xattrs.retain(|Xattr { name, value }| check_xattr(name, value.len(), holder).is_ok());
        (!xattrs.is_empty()).then(|| Arc::new(xattrs))
    }
}

/// The archive's tree while members come.
#[derive(Debug)]
struct ArchiveTree<'a> {
    archive: &'a OpenArchive,
    attributes: Attributes,
    /// The directory that the archive is put at comes first. An item that a later member replaced
    /// stays: other names may be linked to it.
    items: Vec<Item>,
    /// Of a layer: what it hides.
    whiteouts: Option<Vec<Whiteout>>,
    absolute: Noted,
    /// Those of whose attributes some are left out.
    with_attributes: Noted,
}

/// Members that a note is about.
#[derive(Debug, Default)]
struct Noted {
    count: u64,
    /// The name of the first.
    first: String,
}

impl Noted {
    fn add(&mut self, name: &[u8]) {
        if self.count == 0 {
            self.first = escaped(name).to_string();
        }
        self.count += 1;
    }

    fn text(&self) -> String {
        let plural = if self.count == 1 { "member" } else { "members" };
        format!(
            "{} {plural} (`{}`{})",
            self.count,
            self.first,
            if self.count > 1 { " ..." } else { "" }
        )
    }
}

impl<'a> ArchiveTree<'a> {
    fn new(archive: &'a OpenArchive, attributes: Attributes) -> Self {
        let kind = ItemKind::Directory(BTreeMap::new());
        let root = Item { metadata: None, kind, is_linked: false, xattrs: None };
        Self {
            archive,
            attributes,
            items: vec![root],
            whiteouts: None,
            absolute: Noted::default(),
            with_attributes: Noted::default(),
        }
    }

    fn read(&mut self, members: &mut Members<'_>, progress: &dyn Progress) -> Result<()> {
        while let Some(member) = members.next()? {
            progress.advance(1);
            let name = member.name.clone();
            self.add(member).about(|| format!("the member `{}`", escaped(&name)))?;
        }
        Ok(())
    }

    fn notes(&self, source: &ArchiveSource, is_unmarked: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if self.absolute.count > 0 {
            let members = self.absolute.text();
            notes.push(format!("{source}: absolute names were taken as relative, of {members}"));
        }
        if self.with_attributes.count > 0 {
            let members = self.with_attributes.text();
            notes.push(format!(
                "{source}: access control lists and attributes that the filesystem does not know were left out, of {members}"
            ));
        }
        if is_unmarked {
            notes.push(format!(
                "{source}: it ends without a mark of its end, so it may be cut short"
            ));
        }
        notes
    }

    fn add(&mut self, member: Member) -> Result<()> {
        if member.name.starts_with(b"/") {
            self.absolute.add(&member.name);
        }
        let mut names = names(&member.name)?;
        if self.whiteouts.is_some() {
            match layer::meaning(&names)? {
                Meaning::Entry => {}
                Meaning::Nothing => return Ok(()),
                Meaning::Whiteout(whiteout) => {
                    // What it is, and what it holds, does not matter; that it lies in a directory does.
                    self.check_directory(&names[..names.len() - 1])?;
                    if let Some(whiteouts) = &mut self.whiteouts {
                        whiteouts.push(whiteout);
                    }
                    return Ok(());
                }
            }
        }
        let metadata = Some(self.metadata(&member)?);
        let kind = self.kind(member.kind)?;
        let given = member.xattrs.len();
        let xattrs = kind.kept_xattrs(member.xattrs);
        if member.has_unread || xattrs.as_ref().map_or(0, |kept| kept.len()) < given {
            self.with_attributes.add(&member.name);
        }
        let Some(last) = names.pop() else {
            ensure!(
                matches!(kind, ItemKind::Directory(_)),
                "it has the name of the archive's own directory and is {}; make the archive without it",
                kind.name()
            );
            (self.items[0].metadata, self.items[0].xattrs) = (metadata, xattrs);
            return Ok(());
        };
        let directory = self.directory(&names)?;
        let earlier = self.entries(directory).and_then(|entries| entries.get(last).copied());
        if let Some(earlier) = earlier
            && let ItemKind::Directory(entries) = &self.items[earlier].kind
        {
            if let ItemKind::Directory(_) = kind {
                (self.items[earlier].metadata, self.items[earlier].xattrs) = (metadata, xattrs);
                return Ok(());
            }
            ensure!(
                entries.is_empty(),
                "it is {}, where an earlier member is a directory that is not empty; make the archive \
                 without one of them",
                kind.name()
            );
        }
        self.insert(directory, last, Item { metadata, kind, is_linked: false, xattrs });
        Ok(())
    }

    fn metadata(&self, member: &Member) -> Result<Metadata> {
        let id = |id: i64| match self.attributes.owner {
            // Nobody asks whose it was.
            Owner::Fixed { .. } => Ok(0),
            Owner::Host => u32::try_from(id)
                .with_context(|| format!("{id} is no user or group; choose one with --owner")),
        };
        Ok(self.attributes.of(Metadata {
            mode: member.mode,
            uid: id(member.uid)?,
            gid: id(member.gid)?,
            mtime_sec: member.mtime_sec,
            mtime_nsec: member.mtime_nsec,
        }))
    }

    fn kind(&mut self, kind: MemberKind) -> Result<ItemKind> {
        Ok(match kind {
            MemberKind::Directory => ItemKind::Directory(BTreeMap::new()),
            MemberKind::File(runs) => ItemKind::File(self.contents(runs)),
            MemberKind::Symlink(target) => {
                ensure!(
                    !target.is_empty() && !target.contains(&0) && target.len() <= MAX_LINK_BYTES,
                    "it is a symbolic link with an empty text, a NUL byte, or more than {MAX_LINK_BYTES} bytes; \
                     make the archive without it"
                );
                ItemKind::Symlink(target)
            }
            MemberKind::HardLink(target) => self.link(&target)?,
            MemberKind::CharDevice(major, minor) => {
                let dev = Dev::new(major, minor);
                if DEVICES.iter().any(|(_, known)| *known == dev) {
                    ItemKind::CharDevice(dev)
                } else {
                    ItemKind::Foreign(format!("a character device ({major}:{minor})"))
                }
            }
            MemberKind::Fifo => ItemKind::Fifo,
            MemberKind::Foreign(what) => ItemKind::Foreign(what.to_owned()),
        })
    }

    fn contents(&self, file: FileRuns) -> FileContents {
        if file.len == 0 {
            return FileContents::Bytes(SharedBytes::all(Arc::new([])));
        }
        if file.data_bytes() == file.len
            && let [(0, bytes)] = &file.runs[..]
        {
            return self.archive.part(bytes.clone());
        }
        let runs = file.runs.into_iter();
        let runs = runs.map(|(offset, bytes)| (offset, self.archive.part(bytes))).collect();
        FileContents::Sparse(Arc::new(SparseContents { len: file.len, runs }))
    }

    /// Another name of the member `target`.
    fn link(&mut self, target: &[u8]) -> Result<ItemKind> {
        let shown = escaped(target);
        let names = names(target).with_context(|| format!("it is a link to `{shown}`"))?;
        let mut at = 0;
        for name in &names {
            let next = self.entries(at).and_then(|entries| entries.get(*name));
            at = match next {
                Some(next) => *next,
                None if self.whiteouts.is_some() => {
                    return Ok(ItemKind::LinkBelow(
                        names.iter().map(ToString::to_string).collect(),
                    ));
                }
                None => bail!(
                    "it is a link to `{shown}`, which is no earlier member of the archive; add that first"
                ),
            };
        }
        if let ItemKind::LinkTo(original) = self.items[at].kind {
            at = original;
        }
        if let ItemKind::LinkBelow(path) = &self.items[at].kind {
            return Ok(ItemKind::LinkBelow(path.clone()));
        }
        let item = &mut self.items[at];
        match item.kind {
            ItemKind::File(_) | ItemKind::Symlink(_) | ItemKind::CharDevice(_) | ItemKind::Fifo => {
                item.is_linked = true;
                Ok(ItemKind::LinkTo(at))
            }
            _ => {
                bail!("it is a link to `{shown}`, which is {}; that has one name", item.kind.name())
            }
        }
    }

    /// Checks that nothing of the archive but directories is on the way of these names.
    fn check_directory(&self, names: &[&str]) -> Result<()> {
        let mut at = 0;
        for (depth, name) in names.iter().enumerate() {
            let Some(next) = self.entries(at).and_then(|entries| entries.get(*name)) else {
                return Ok(());
            };
            at = *next;
            self.check_way(at, &names[..=depth])?;
        }
        Ok(())
    }

    /// Checks that an item of these names is a directory.
    fn check_way(&self, item: usize, names: &[&str]) -> Result<()> {
        let kind = &self.items[item].kind;
        ensure!(
            matches!(kind, ItemKind::Directory(_)),
            "it lies beneath `{}`, which is {} of the archive and would lead elsewhere; make the archive without one \
             of them",
            escaped(names.join("/")),
            kind.name()
        );
        Ok(())
    }

    /// The directory of these names, made if it is missing.
    fn directory(&mut self, names: &[&str]) -> Result<usize> {
        let mut at = 0;
        for (depth, name) in names.iter().enumerate() {
            let next = self.entries(at).and_then(|entries| entries.get(*name).copied());
            at = match next {
                Some(next) => next,
                None => {
                    let kind = ItemKind::Directory(BTreeMap::new());
                    self.insert(
                        at,
                        name,
                        Item { metadata: None, kind, is_linked: false, xattrs: None },
                    )
                }
            };
            self.check_way(at, &names[..=depth])?;
        }
        Ok(at)
    }

    fn entries(&self, item: usize) -> Option<&BTreeMap<String, usize>> {
        match &self.items[item].kind {
            ItemKind::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    fn insert(&mut self, directory: usize, name: &str, item: Item) -> usize {
        let index = self.items.len();
        self.items.push(item);
        if let ItemKind::Directory(entries) = &mut self.items[directory].kind {
            entries.insert(name.to_owned(), index);
        }
        index
    }

    /// The tree as nodes, without what the rules leave out, and further names of what lies below.
    fn into_node(self, number: usize, mut rules: IgnoreRules) -> Result<(Node, Vec<LinkBelow>)> {
        let (places, links) = self.places(&mut rules)?;
        // What is in each directory. From the last on, so that a directory comes when all that is
        // beneath it has come.
        let mut beneath: Vec<BTreeMap<String, Node>> =
            places.iter().map(|_| BTreeMap::new()).collect();
        for (position, place) in places.iter().enumerate().skip(1).rev() {
            let entries = std::mem::take(&mut beneath[position]);
            let node = self.node(place.item, number, entries.into());
            beneath[place.parent].insert(place.name.to_owned(), node);
        }
        Ok((self.node(0, number, std::mem::take(&mut beneath[0]).into()), links))
    }

    /// The items that are not left out, each after its directory; further names of what lies below
    /// apart.
    fn places(&self, rules: &mut IgnoreRules) -> Result<(Vec<Place<'_>>, Vec<LinkBelow>)> {
        enum Step<'s> {
            Enter(Place<'s>),
            Leave,
        }
        let (mut places, mut links) = (Vec::new(), Vec::new());
        let mut steps = vec![Step::Enter(Place { parent: 0, name: "", item: 0 })];
        while let Some(step) = steps.pop() {
            let Step::Enter(place) = step else {
                rules.leave();
                continue;
            };
            let (position, name, kind) = (places.len(), place.name, &self.items[place.item].kind);
            let is_directory = matches!(kind, ItemKind::Directory(_));
            if position > 0 && rules.excludes(OsStr::new(name), is_directory) {
                continue;
            }
            if let ItemKind::Foreign(_) | ItemKind::LinkBelow(_) = kind {
                let mut path = vec![name];
                let mut at: &Place<'_> = &place;
                while at.parent > 0 {
                    at = &places[at.parent];
                    path.push(at.name);
                }
                path.reverse();
                if let ItemKind::LinkBelow(target) = kind {
                    links.push([path.iter().map(ToString::to_string).collect(), target.clone()]);
                    continue;
                }
                let what = kind.name();
                bail!(
                    "the member `{}` is {what}, which cannot be packed; leave it out with --exclude",
                    escaped(path.join("/"))
                );
            }
            places.push(place);
            if let ItemKind::Directory(entries) = kind {
                let ignore_file = if rules.has_files() { self.ignore_file(entries)? } else { None };
                rules.enter_named(name.as_bytes(), ignore_file.as_deref());
                steps.push(Step::Leave);
                steps.extend(entries.iter().map(|(name, item)| {
                    Step::Enter(Place { parent: position, name, item: *item })
                }));
            }
        }
        links.sort_unstable();
        Ok((places, links))
    }

    /// The text of a directory's ignore file, if it has one.
    fn ignore_file(&self, entries: &BTreeMap<String, usize>) -> Result<Option<Vec<u8>>> {
        let Some(item) = entries.get(IGNORE_FILE) else { return Ok(None) };
        let contents = match &self.items[*item].kind {
            ItemKind::File(contents) => contents,
            ItemKind::LinkTo(original) => match &self.items[*original].kind {
                ItemKind::File(contents) => contents,
                _ => bail!("`{IGNORE_FILE}` is no file"),
            },
            other => bail!("`{IGNORE_FILE}` is {}, where a file is needed", other.name()),
        };
        ensure!(
            contents.len() <= MAX_IGNORE_FILE_BYTES,
            "`{IGNORE_FILE}` is longer than an ignore file may be"
        );
        let mut text = Vec::new();
        contents.read(u64::MAX, &mut Vec::new(), &mut |bytes| {
            text.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(Some(text))
    }

    /// The node of an item, with these beneath it if it is a directory.
    fn node(&self, index: usize, number: usize, beneath: Entries) -> Node {
        let original = match self.items[index].kind {
            ItemKind::LinkTo(original) => original,
            _ => index,
        };
        let item = &self.items[original];
        let kind = match &item.kind {
            ItemKind::File(contents) => NodeKind::File(contents.clone()),
            ItemKind::Symlink(target) => NodeKind::Symlink(target.clone()),
            ItemKind::CharDevice(dev) => NodeKind::CharDevice(*dev),
            ItemKind::Fifo => NodeKind::Fifo,
            // `places` lets neither these through, and links lead to no links.
            ItemKind::Directory(_)
            | ItemKind::LinkTo(_)
            | ItemKind::LinkBelow(_)
            | ItemKind::Foreign(_) => NodeKind::Directory(beneath),
        };
        let identity = item.is_linked.then_some(Identity::Archive(number, original));
        Node { metadata: item.metadata, kind, identity, xattrs: item.xattrs.clone() }
    }
}

/// Where an item is.
struct Place<'t> {
    /// The place of its directory.
    parent: usize,
    name: &'t str,
    item: usize,
}

/// The names of a path in an archive. An absolute one is taken as relative, as tar does.
fn names(path: &[u8]) -> Result<Vec<&str>> {
    ensure!(!path.is_empty(), "it has no name; make the archive without it");
    let path = std::str::from_utf8(path).ok();
    let path =
        path.context("its name is not UTF-8, so no WASI program could open it; rename it")?;
    ensure!(!path.contains('\0'), "its name has a NUL byte; make the archive without it");
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => bail!("its name has `..`, which leads elsewhere; make the archive without it"),
            name => {
                ensure!(
                    name.len() <= NAME_MAX,
                    "it has a name of more than {NAME_MAX} bytes; rename it"
                );
                names.push(name);
            }
        }
    }
    Ok(names)
}
