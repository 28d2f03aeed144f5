//! What differs from the sealed tree, told name by name.
//!
//! The log says which inodes and entries to look at; what is told is what is found there now. So
//! what was changed and changed back is no difference, and the cost is that of what was noted.

use alloc::vec::Vec;

use bitflags::bitflags;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::fallible::try_push;
use crate::base::ids::Ino;
use crate::base::sort::heap_sort;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::change_log::{ChangeLog, Original};
use crate::objects::directory::{Directory, FIRST_COOKIE};
use crate::objects::inode::{Home, Inode, InodeFlags, InodeKind};
use crate::objects::removed_entry::RemovedEntry;
use crate::platform::Platform;

bitflags! {
    /// In what a file differs from what it was.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Differences: u32 {
        /// Its bytes, or where it has holes. A file that was written over with what it held counts.
        const CONTENTS = 1 << 0;
        /// Its permission, set-id and sticky bits.
        const MODE = 1 << 1;
        /// Its owner or group.
        const OWNER = 1 << 2;
        /// When its contents changed last (`st_mtime`).
        const TIMES = 1 << 3;
        /// Its extended attributes.
        const XATTRS = 1 << 4;
        /// It has got another name. (That one is [`ChangeKind::Added`].)
        const LINKS = 1 << 5;
    }
}

/// One difference between the tree as it was sealed and the tree as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: names with slashes between them, from the root, without a slash in front. Empty: the
    /// root itself.
    pub path: Vec<u8>,
    /// The inode number of what is there now (`st_ino`); 0 of what is gone.
    pub ino: u64,
    /// What.
    pub kind: ChangeKind,
}

/// What kind of difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A name that was not there, or that led to something else.
    Added {
        /// Where in the sealed tree that was which has this name now: it was renamed.
        from: Option<Vec<u8>>,
        /// What the name led to in the sealed tree.
        replaces: Option<FileType>,
    },
    /// A name that is gone. A directory that was removed with all in it is one.
    Removed {
        /// What it led to.
        file_type: FileType,
        /// Whether that has another name now, which is [`ChangeKind::Added`] with `from`.
        is_renamed: bool,
    },
    /// A name that leads to the same as before, in which something differs.
    Modified(Differences),
}

impl<P: Platform> Fs<P> {
    /// What differs from the tree that was sealed ([`seal`](Self::seal)), in pre-order, by the bytes
    /// of the names in each directory.
    ///
    /// The cost is that of what changed, whatever the size of the tree. A directory of the sealed
    /// tree that was renamed is one change with its old name ([`ChangeKind::Removed`]) and one with
    /// its new name; what is in it is told only where it differs. Of a new directory all that is in
    /// it is told. Times count by `st_mtime` alone.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::CHANGES`] is off.
    /// * `EOVERFLOW`: at some time there was no memory to note a change, so it is not known what
    ///   differs. Everything may.
    /// * `ENOMEM`: no memory for the answer.
    pub fn changes(&mut self) -> Result<Vec<Change>, Errno> {
        if !P::CHANGES {
            return Err(Errno::ENOSYS);
        }
        if self.changes.is_incomplete {
            return Err(Errno::EOVERFLOW);
        }
        self.changes.sort();
        let mut listing = Listing::new(self)?;
        for original in &self.changes.originals {
            listing.compare(original)?;
        }
        while let Some(directory) = listing.new_directories.pop() {
            listing.list_new(directory)?;
        }
        let mut found = listing.found;
        heap_sort(&mut found, |a, b| pre_order(&a.path).lt(pre_order(&b.path)));
        Ok(found)
    }
}

/// The bytes of a path in an order in which what is in a directory follows it at once.
fn pre_order(path: &[u8]) -> impl Iterator<Item = u8> {
    // Names have neither.
    path.iter().map(|&byte| if byte == b'/' { 0 } else { byte })
}

/// A listing under way.
struct Listing<'f, P: Platform> {
    fs: &'f Fs<P>,
    log: &'f ChangeLog,
    /// The numbers of entries in the log that were removed, by the inode.
    removed_by_ino: Vec<u32>,
    found: Vec<Change>,
    /// New directories that were told, but not yet what is in them.
    new_directories: Vec<Ino>,
}

impl<'f, P: Platform> Listing<'f, P> {
    fn new(fs: &'f Fs<P>) -> Result<Self, Errno> {
        let log = &fs.changes;
        let mut removed_by_ino = Vec::new();
        removed_by_ino.try_reserve_exact(log.removed.len())?;
        removed_by_ino.extend((0u32..).zip(&log.removed).map(|(number, _)| number));
        let key = |number: u32| {
            log.removed.get(number as usize).map(|entry| (entry.ino, entry.parent, entry.cookie))
        };
        heap_sort(&mut removed_by_ino, |&a, &b| key(a) < key(b));
        Ok(Listing { fs, log, removed_by_ino, found: Vec::new(), new_directories: Vec::new() })
    }

    fn inode(&self, ino: Ino) -> Result<&'f Inode, Errno> {
        self.fs.inode(ino)
    }

    /// Tells in what an inode of the sealed tree differs, and which of its entries do.
    fn compare(&mut self, original: &Original) -> Result<(), Errno> {
        let ino = original.ino;
        let inode = self.inode(ino)?;
        if inode.nlink == 0 {
            return Ok(()); // The directory that it was in tells of it.
        }
        if let Ok(directory) = inode.directory() {
            self.compare_entries(ino, directory)?;
        }
        let differences = self.differences(inode, original);
        if ino == Ino::ROOT {
            return if differences.is_empty() {
                Ok(())
            } else {
                self.tell(Vec::new(), ino, ChangeKind::Modified(differences))
            };
        }
        let homes = self.homes(ino, inode);
        let has_new_name = homes.clone().any(|home| !self.is_old_name(home, ino));
        let differences = match inode.is_directory() {
            true => differences,
            false if has_new_name => differences | Differences::LINKS,
            false => differences,
        };
        if differences.is_empty() {
            return Ok(());
        }
        for home in homes {
            if !self.is_old_name(home, ino) {
                continue;
            }
            let name = self.name_at(home).or_defect()?;
            let path = self.path(home.parent, name)?;
            self.tell(path, ino, ChangeKind::Modified(differences))?;
        }
        Ok(())
    }

    fn differences(&self, inode: &Inode, original: &Original) -> Differences {
        let mut differences = Differences::empty();
        let ino = original.ino;
        if let InodeKind::Regular(contents) = &inode.kind {
            let is_same = match self.log.contents_of(ino) {
                Some(before) => contents.is_same_as(before),
                None => contents.is_unwritten() && contents.size() == original.size,
            };
            differences.set(Differences::CONTENTS, !is_same || self.fs.may_be_stored_to(ino));
        }
        differences.set(Differences::MODE, inode.permissions != original.permissions);
        let owner = (original.uid, original.gid);
        differences.set(Differences::OWNER, (inode.uid, inode.gid) != owner);
        differences.set(Differences::TIMES, inode.mtime() != original.mtime);
        if inode.flags.contains(InodeFlags::XATTRS_CHANGED) {
            let now = self.fs.extension(ino).map(|extension| &extension.xattrs);
            let before = self.log.xattrs_of(ino).filter(|xattrs| !xattrs.is_empty());
            let is_same = now.filter(|xattrs| !xattrs.is_empty()) == before;
            differences.set(Differences::XATTRS, !is_same);
        }
        differences
    }

    /// The names that an inode has now.
    fn homes(&self, ino: Ino, inode: &Inode) -> impl Iterator<Item = Home> + Clone + use<'f, P> {
        let (fs, first) = (self.fs, inode.home());
        let further = self.log.names_of(ino).iter().map(|name| name.home);
        let mut last = None;
        let further = further.filter(move |&home| {
            // The log is sorted, so what is in it twice is side by side.
            home != first && last.replace(home) != Some(home)
        });
        core::iter::once(first).chain(further).filter(move |&home| fs.leads_to(home, ino))
    }

    /// Whether the entry, which leads to `ino`, did so in the sealed tree by the same name.
    fn is_old_name(&self, home: Home, ino: Ino) -> bool {
        let Ok(directory) = self.directory(home.parent) else { return false };
        let Some((_, name, entry)) = directory.iter_from(home.cookie).next() else { return false };
        directory.was_sealed(entry)
            || self.removed(home.parent, name).is_some_and(|removed| self.is_same(removed, ino))
    }

    /// Whether what an entry of the sealed tree led to is `ino`.
    fn is_same(&self, removed: &RemovedEntry, ino: Ino) -> bool {
        removed.ino == ino && self.fs.inode(ino).is_ok_and(Inode::is_sealed)
    }

    fn directory(&self, ino: Ino) -> Result<&'f Directory, Errno> {
        self.inode(ino)?.directory()
    }

    /// The entry of this name that a directory had in the sealed tree, if it was noted.
    fn removed(&self, parent: Ino, name: &[u8]) -> Option<&'f RemovedEntry> {
        let removed = self.log.removed_in(parent);
        let at = removed.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        removed.get(at)
    }

    /// Tells which names of a directory of the sealed tree differ.
    fn compare_entries(&mut self, ino: Ino, directory: &'f Directory) -> Result<(), Errno> {
        for removed in self.log.removed_in(ino) {
            match directory.lookup(&removed.name) {
                None => {
                    let is_renamed = self.is_renamed(removed);
                    let path = self.path(ino, &removed.name)?;
                    let kind = ChangeKind::Removed { file_type: removed.file_type, is_renamed };
                    self.tell(path, NONE, kind)?;
                }
                Some(entry) if self.is_same(removed, entry.ino) => {}
                Some(entry) => {
                    let home = Home { parent: ino, cookie: entry.cookie() };
                    self.added(home, &removed.name, entry.ino, Some(removed.file_type))?;
                }
            }
        }
        for (cookie, name, entry) in directory.iter_from(directory.sealed_cookies) {
            if self.removed(ino, name).is_none() {
                self.added(Home { parent: ino, cookie }, name, entry.ino, None)?;
            }
        }
        Ok(())
    }

    /// Tells what is in a new directory.
    fn list_new(&mut self, ino: Ino) -> Result<(), Errno> {
        for (cookie, name, entry) in self.directory(ino)?.iter_from(FIRST_COOKIE) {
            self.added(Home { parent: ino, cookie }, name, entry.ino, None)?;
        }
        Ok(())
    }

    fn added(
        &mut self,
        home: Home,
        name: &[u8],
        ino: Ino,
        replaces: Option<FileType>,
    ) -> Result<(), Errno> {
        let inode = self.inode(ino)?;
        let mut from = None;
        if inode.is_sealed() {
            let (parent, old_name) = self.sealed_name(ino)?;
            let at_old_name = self.directory(parent)?.lookup(old_name);
            // If the old name leads to it again, this one is a further one.
            if inode.home() == home && at_old_name.is_none_or(|entry| entry.ino != ino) {
                from = Some(self.sealed_path(ino)?);
            }
        } else if inode.is_directory() {
            try_push(&mut self.new_directories, ino)?;
        }
        let path = self.path(home.parent, name)?;
        self.tell(path, ino, ChangeKind::Added { from, replaces })
    }

    /// Whether what an entry led to has a new name in its place.
    fn is_renamed(&self, removed: &RemovedEntry) -> bool {
        let home = Home { parent: removed.parent, cookie: removed.cookie };
        let Some(original) = self.log.original(removed.ino) else { return false };
        let Ok(inode) = self.inode(removed.ino) else { return false };
        let now = inode.home();
        original.home == home
            && inode.nlink > 0
            && self.fs.leads_to(now, removed.ino)
            && !self.is_old_name(now, removed.ino)
    }

    fn tell(&mut self, path: Vec<u8>, ino: Ino, kind: ChangeKind) -> Result<(), Errno> {
        let ino = if ino == NONE { 0 } else { ino.st_ino() };
        try_push(&mut self.found, Change { path, ino, kind })
    }

    /// The name of an entry that is there.
    fn name_at(&self, home: Home) -> Option<&'f [u8]> {
        Some(self.directory(home.parent).ok()?.entry_at(home.cookie)?.0)
    }

    /// The path of a name, as it is now.
    fn path(&self, parent: Ino, name: &[u8]) -> Result<Vec<u8>, Errno> {
        join(parent, name, |ino| {
            let home = self.inode(ino)?.home();
            Ok((home.parent, self.name_at(home).or_defect()?))
        })
    }

    /// The path of the first name that an inode had in the sealed tree.
    fn sealed_path(&self, ino: Ino) -> Result<Vec<u8>, Errno> {
        let (parent, name) = self.sealed_name(ino)?;
        join(parent, name, |ino| self.sealed_name(ino))
    }

    /// The first name that an inode had in the sealed tree, and in which directory.
    fn sealed_name(&self, ino: Ino) -> Result<(Ino, &'f [u8]), Errno> {
        let home = match self.log.original(ino) {
            Some(original) => original.home,
            None => self.inode(ino)?.home(),
        };
        let at = self.removed_by_ino.partition_point(|&number| {
            let removed = self.log.removed.get(number as usize);
            removed.is_some_and(|removed| {
                (removed.ino, removed.parent, removed.cookie) < (ino, home.parent, home.cookie)
            })
        });
        let removed = self.removed_by_ino.get(at).and_then(|&at| self.log.removed.get(at as usize));
        let removed = removed.filter(|removed| {
            (removed.ino, removed.parent, removed.cookie) == (ino, home.parent, home.cookie)
        });
        match removed {
            Some(removed) => Ok((home.parent, &*removed.name)),
            None => Ok((home.parent, self.name_at(home).or_defect()?)),
        }
    }
}

/// No inode.
const NONE: Ino = Ino(u32::MAX);

/// A path from the root, of a name in a directory. `above` says which name a directory has, and in
/// which directory.
fn join<'n>(
    parent: Ino,
    name: &[u8],
    above: impl Fn(Ino) -> Result<(Ino, &'n [u8]), Errno>,
) -> Result<Vec<u8>, Errno> {
    let mut backwards = Vec::new();
    let push = |backwards: &mut Vec<u8>, name: &[u8]| -> Result<(), Errno> {
        backwards.try_reserve(name.len() + 1)?;
        if !backwards.is_empty() {
            backwards.push(b'/');
        }
        backwards.extend(name.iter().rev());
        Ok(())
    };
    push(&mut backwards, name)?;
    let mut at = parent;
    while at != Ino::ROOT {
        let (parent, name) = above(at)?;
        push(&mut backwards, name)?;
        at = parent;
    }
    backwards.reverse();
    Ok(backwards)
}
