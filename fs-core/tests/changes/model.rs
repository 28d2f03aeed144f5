//! Trees as tables of paths, and changes applied to them.

use std::collections::BTreeMap;

use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, ByteContents, Change, ChangeKind, Config, Credentials, Differences,
    FileType, Fs, OFlags, Population, Process, Timespec,
};

/// What is at a path. Link counts are left out: names tell them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) ino: u64,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) mtime: Timespec,
    /// Bytes of a file, or the target of a link.
    pub(crate) contents: Vec<u8>,
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Node { ino, mode, owner, mtime, contents, xattrs } = self;
        let start = &contents[..contents.len().min(8)];
        write!(f, "{ino} {mode:o} {owner:?} {mtime:?} {} {start:?} {xattrs:?}", contents.len())
    }
}

/// Checks that two trees are the same; says where they are not.
pub(crate) fn assert_same(a: &Tree, b: &Tree) {
    for path in a.keys().chain(b.keys()) {
        let name = String::from_utf8_lossy(path);
        assert_eq!(a.get(path), b.get(path), "{name}");
    }
}

/// Nodes by their paths; the root has the empty one.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

/// A filesystem, and who makes the calls.
pub(crate) struct World {
    pub(crate) fs: Fs<ByteContents<'static>>,
    pub(crate) p: Process,
}

/// The baked contents: no two pages are alike.
static BAKED: [u8; 40_000] = {
    let mut bytes = [0; 40_000];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (at % 251) as u8 + 1;
        at += 1;
    }
    bytes
};

/// A name in the tree that is baked: parent record, name, kind.
pub(crate) type Row<'a> = (u32, &'a [u8], RecordKind<'a>);

impl World {
    /// A sealed tree.
    pub(crate) fn new(rows: &[Row<'_>]) -> World {
        let platform = ByteContents { baked: &BAKED, now: Timespec::new(1000, 0) };
        let mut fs = Fs::new(platform, Config::default()).unwrap();
        let mut records = Vec::new();
        for &(parent, name, kind) in rows {
            let mtime = Timespec::new(10, name.len() as u32);
            let mode = if matches!(kind, RecordKind::Directory { .. }) { 0o755 } else { 0o644 };
            let attributes = Attributes { mode, uid: 0, gid: 0, mtime };
            Record { parent, name, attributes, kind }.encode(&mut records);
        }
        let mut population = Population::default();
        fs.populate(&mut population, &records).unwrap();
        fs.finish_population(population);
        fs.seal().unwrap();
        let p = fs.spawn(Credentials::ROOT).unwrap();
        World { fs, p }
    }

    /// Lets time pass, so that changes have times of their own.
    pub(crate) fn tick(&mut self) {
        self.fs.platform_mut().now.tv_nsec += 1;
    }

    /// The tree as it is.
    pub(crate) fn tree(&mut self) -> Tree {
        let mut tree = Tree::new();
        self.walk(Vec::new(), &mut tree);
        tree
    }

    /// The names in each directory, in the order in which they are listed.
    pub(crate) fn listings(&mut self) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
        let mut listings = BTreeMap::new();
        for (path, node) in self.tree() {
            if FileType::from_mode(node.mode) != Some(FileType::Directory) {
                continue;
            }
            let absolute = [b"/", &path[..]].concat();
            let fd = self.fs.open(&mut self.p, &absolute, OFlags::DIRECTORY, 0).unwrap();
            let mut names = Vec::new();
            let each = self.fs.readdir(&self.p, fd, 0, |entry| {
                names.push(entry.name.to_vec());
                true
            });
            each.unwrap();
            self.fs.close(&mut self.p, fd).unwrap();
            listings.insert(path, names);
        }
        listings
    }

    fn walk(&mut self, path: Vec<u8>, tree: &mut Tree) {
        let absolute = [b"/", &path[..]].concat();
        let stat = self.fs.newfstatat(&self.p, AT_FDCWD, &absolute, AtFlags::SYMLINK_NOFOLLOW);
        let stat = stat.unwrap();
        let file_type = FileType::from_mode(stat.st_mode).unwrap();
        let mut contents = vec![0; stat.st_size as usize];
        let mut below = Vec::new();
        match file_type {
            FileType::Regular => {
                let fd = self.fs.open(&mut self.p, &absolute, OFlags::RDONLY, 0).unwrap();
                let read = self.fs.read(&self.p, fd, &mut contents[..]).unwrap();
                assert_eq!(read, contents.len());
                self.fs.close(&mut self.p, fd).unwrap();
            }
            FileType::Symlink => {
                self.fs.readlink(&self.p, &absolute, &mut contents[..]).unwrap();
            }
            _ => contents.clear(),
        }
        if file_type == FileType::Directory {
            let fd = self.fs.open(&mut self.p, &absolute, OFlags::DIRECTORY, 0).unwrap();
            let each = self.fs.readdir(&self.p, fd, 0, |entry| {
                below.push(entry.name.to_vec());
                true
            });
            each.unwrap();
            self.fs.close(&mut self.p, fd).unwrap();
        }
        let mut names = vec![0; 1000];
        let len = self.fs.llistxattr(&self.p, &absolute, &mut names[..]).unwrap();
        let mut xattrs: Vec<_> =
            names[..len].split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        xattrs.retain(|name| !name.is_empty());
        let xattrs = xattrs.into_iter().map(|name| {
            let mut value = vec![0; 100];
            let len = self.fs.lgetxattr(&self.p, &absolute, &name, &mut value[..]).unwrap();
            value.truncate(len);
            (name, value)
        });
        let xattrs = xattrs.collect();
        let node = Node {
            ino: stat.st_ino,
            mode: stat.st_mode,
            owner: (stat.st_uid, stat.st_gid),
            mtime: stat.st_mtime,
            contents,
            xattrs,
        };
        tree.insert(path.clone(), node);
        for name in below.into_iter().filter(|name| name != b"." && name != b"..") {
            self.walk(
                if path.is_empty() { name } else { [&path, &b"/"[..], &name].concat() },
                tree,
            );
        }
    }

    /// Checks that what is told of the changes since `sealed` is true, and nothing else.
    pub(crate) fn check(&mut self, sealed: &Tree) {
        let now = self.tree();
        let changes = self.fs.changes().unwrap();
        assert_same(&apply(sealed, &changes, &now), &now);
        for change in &changes {
            check_change(change, &changes, sealed, &now);
        }
        check_links(&changes, sealed, &now);
        for pair in changes.windows(2) {
            let order =
                |path: &[u8]| path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
            let (a, b): (Vec<_>, Vec<_>) = (order(&pair[0].path), order(&pair[1].path));
            assert!(a < b, "{changes:#?}");
        }
        self.fs.check_invariants(&[&self.p]).unwrap();
    }
}

/// Whether `above` is `path` or a directory over it.
fn covers(above: &[u8], path: &[u8]) -> bool {
    above.is_empty()
        || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// What `sealed` becomes by `changes`. What is new or modified is taken from `now`.
fn apply(sealed: &Tree, changes: &[Change], now: &Tree) -> Tree {
    let renamed: Vec<(&[u8], &[u8])> = changes
        .iter()
        .filter_map(|change| match &change.kind {
            ChangeKind::Added { from: Some(from), .. } => Some((&from[..], &change.path[..])),
            _ => None,
        })
        .collect();
    let mut tree = Tree::new();
    for (path, node) in sealed {
        let moved = renamed.iter().filter(|(from, _)| covers(from, path));
        let moved = moved.max_by_key(|(from, _)| from.len());
        let (new, kept) = match moved {
            Some((from, to)) => ([to, &path[from.len()..]].concat(), Some(to.len())),
            None => (path.clone(), None),
        };
        let gone = changes.iter().any(|change| {
            let takes_away = !matches!(change.kind, ChangeKind::Modified(_));
            takes_away
                && covers(&change.path, &new)
                && kept.is_none_or(|kept| change.path.len() > kept)
        });
        if !gone {
            tree.insert(new, node.clone());
        }
    }
    for change in changes {
        let there = || now.get(&change.path).unwrap_or_else(|| panic!("{change:?}")).clone();
        match &change.kind {
            ChangeKind::Added { .. } | ChangeKind::Modified(_) => {
                tree.insert(change.path.clone(), there());
            }
            _ => {}
        }
    }
    tree
}

/// Which path in the sealed tree a path has that is not itself a renamed one.
fn sealed_path(path: &[u8], changes: &[Change]) -> Vec<u8> {
    let above = changes.iter().filter_map(|change| match &change.kind {
        ChangeKind::Added { from: Some(from), .. } if change.path != path => {
            covers(&change.path, path).then_some((from, &change.path))
        }
        _ => None,
    });
    match above.max_by_key(|(_, to)| to.len()) {
        Some((from, to)) => [from, &path[to.len()..]].concat(),
        None => path.to_vec(),
    }
}

/// Checks that a file of the sealed tree that has got a further name is told of by its old ones.
fn check_links(changes: &[Change], sealed: &Tree, now: &Tree) {
    let change_at = |path: &[u8]| changes.iter().find(|change| change.path == path);
    let is_added = |change: Option<&Change>| {
        change.is_some_and(|change| matches!(change.kind, ChangeKind::Added { .. }))
    };
    for (added, node) in now.iter().filter(|(path, _)| is_added(change_at(path))) {
        let is_file = FileType::from_mode(node.mode) != Some(FileType::Directory);
        if !is_file || !sealed.values().any(|before| before.ino == node.ino) {
            continue;
        }
        for (path, _) in now.iter().filter(|(_, other)| other.ino == node.ino) {
            let change = change_at(path);
            let is_told = is_added(change)
                || matches!(change, Some(Change { kind: ChangeKind::Modified(what), .. })
                    if what.contains(Differences::LINKS));
            assert!(is_told, "{added:?} {path:?} {changes:#?}");
        }
    }
}

/// Checks that a change is one.
fn check_change(change: &Change, changes: &[Change], sealed: &Tree, now: &Tree) {
    let before = sealed.get(&sealed_path(&change.path, changes));
    let after = now.get(&change.path);
    match &change.kind {
        ChangeKind::Added { from, replaces } => {
            let after = after.unwrap();
            assert_eq!(change.ino, after.ino, "{change:?}");
            if let Some(from) = from {
                assert_eq!(sealed[from].ino, after.ino, "{change:?}");
            }
            let in_new_directory = changes.iter().any(|above| {
                matches!(above.kind, ChangeKind::Added { from: None, .. })
                    && above.path != change.path
                    && covers(&above.path, &change.path)
            });
            if !in_new_directory {
                let replaced = before.map(|before| FileType::from_mode(before.mode).unwrap());
                assert_eq!(*replaces, replaced, "{change:?}");
                assert!(before.is_none_or(|before| before.ino != after.ino), "{change:?}");
            }
        }
        ChangeKind::Removed { file_type, .. } => {
            assert!(after.is_none(), "{change:?}");
            let before = before.unwrap();
            assert_eq!(*file_type, FileType::from_mode(before.mode).unwrap(), "{change:?}");
        }
        ChangeKind::Modified(differences) => {
            let after = after.unwrap();
            assert_eq!(change.ino, after.ino, "{change:?}");
            assert!(!differences.is_empty());
            let before = sealed.values().find(|node| node.ino == after.ino).unwrap();
            for (flag, differs) in [
                (Differences::MODE, before.mode != after.mode),
                (Differences::OWNER, before.owner != after.owner),
                (Differences::TIMES, before.mtime != after.mtime),
                (Differences::XATTRS, before.xattrs != after.xattrs),
            ] {
                assert_eq!(differences.contains(flag), differs, "{change:?}");
            }
            if before.contents != after.contents {
                assert!(differences.contains(Differences::CONTENTS), "{change:?}");
            }
        }
        _ => {}
    }
}
