//! What is noted of the sealed tree before it changes, so that the difference can be told and undone.
//!
//! Neighbours: `fs::changes` notes and tells; [`crate::objects::inode::InodeFlags`] and
//! [`crate::objects::directory::Directory::sealed_cookies`] say of what there is nothing to note.

use alloc::vec::Vec;

use crate::base::events::Events;
use crate::base::fallible::{try_copy, try_push};
use crate::base::ids::Ino;
use crate::base::sort::heap_sort;
use crate::base::time::Timespec;
use crate::objects::contents::FileContents;
use crate::objects::directory::DirEntry;
use crate::objects::inode::{Home, Inode, InodeFlags, InodeKind};
use crate::objects::removed_entry::RemovedEntry;
use crate::objects::xattr::Xattrs;

/// What an inode of the sealed tree was like before its first change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Original {
    pub(crate) ino: Ino,
    /// Its first name.
    pub(crate) home: Home,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Timespec,
    /// The size of a regular file, for [`FileContents::unwritten`].
    pub(crate) size: u64,
    pub(crate) permissions: u16,
}

/// A further name of an inode that is no directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FurtherName {
    pub(crate) ino: Ino,
    pub(crate) home: Home,
}

/// What is known of the sealed tree beside what the tree itself still tells.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    /// Inodes that were about to change, each once.
    pub(crate) originals: Vec<Original>,
    /// Entries that were about to go. An entry may be in it twice, if a call was cut short and made
    /// again.
    pub(crate) removed: Vec<RemovedEntry>,
    /// What files held when the tree was sealed, of those that were written to before: by number.
    pub(crate) contents: Vec<(Ino, FileContents)>,
    /// The extended attributes that inodes had, of those on which some were set or removed.
    pub(crate) xattrs: Vec<(Ino, Xattrs)>,
    /// Names beyond an inode's [`home`](crate::objects::inode::Inode::home), whenever made. Some lead
    /// elsewhere by now.
    pub(crate) further_names: Vec<FurtherName>,
    /// Whether there was no memory to note something.
    pub(crate) is_incomplete: bool,
    /// What happened since somebody last asked.
    pub(crate) events: Events,
}

impl ChangeLog {
    /// Forgets everything but names, and what files held.
    pub(crate) fn clear(&mut self) {
        self.originals = Vec::new();
        self.removed = Vec::new();
        self.xattrs = Vec::new();
        self.is_incomplete = false;
        self.events = Events::empty();
    }

    /// Notes that an inode is about to change; and what it is like, if it is of the sealed tree and
    /// this is its first change.
    #[inline(always)]
    pub(crate) fn note(&mut self, ino: Ino, inode: &mut Inode) {
        self.events.insert(Events::CHANGED);
        if !inode.flags.contains(InodeFlags::NOTED) {
            self.note_first_change(ino, inode);
        }
    }

    #[cold]
    #[inline(never)]
    fn note_first_change(&mut self, ino: Ino, inode: &mut Inode) {
        let size = match &inode.kind {
            InodeKind::Regular(contents) => contents.size(),
            _ => 0,
        };
        let original = Original {
            ino,
            home: inode.home(),
            uid: inode.uid,
            gid: inode.gid,
            mtime: inode.mtime(),
            size,
            permissions: inode.permissions,
        };
        // Noted before it is said to be: a call may be cut short in between.
        match try_push(&mut self.originals, original) {
            Ok(()) => inode.flags.insert(InodeFlags::NOTED),
            Err(_) => self.is_incomplete = true,
        }
    }

    /// Notes an entry of the sealed tree that is about to be removed, or to lead elsewhere.
    #[cold]
    #[inline(never)]
    pub(crate) fn note_removal(&mut self, parent: Ino, name: &[u8], entry: &DirEntry) {
        let (cookie, ino, file_type) = (entry.cookie(), entry.ino, entry.file_type);
        let noted = try_copy(name).and_then(|name| {
            let removed = RemovedEntry { parent, cookie, ino, file_type, name };
            try_push(&mut self.removed, removed)
        });
        self.is_incomplete |= noted.is_err();
    }

    /// Sorts it, for [`original`](Self::original) and [`removed_in`](Self::removed_in).
    pub(crate) fn sort(&mut self) {
        heap_sort(&mut self.originals, |a, b| a.ino < b.ino);
        let key = |entry: &RemovedEntry| (entry.parent, entry.cookie);
        heap_sort(&mut self.removed, |a, b| {
            (a.parent, &a.name, a.cookie) < (b.parent, &b.name, b.cookie)
        });
        self.removed.dedup_by(|a, b| key(a) == key(b));
        heap_sort(&mut self.xattrs, |(a, _), (b, _)| a < b);
        let key = |name: &FurtherName| (name.ino, name.home.parent, name.home.cookie);
        heap_sort(&mut self.further_names, |a, b| key(a) < key(b));
    }

    /// What an inode was like, if it was noted. The log is sorted.
    pub(crate) fn original(&self, ino: Ino) -> Option<&Original> {
        let at = self.originals.binary_search_by_key(&ino, |original| original.ino);
        self.originals.get(at.ok()?)
    }

    /// What a file held, if that was noted. The log is sorted.
    pub(crate) fn contents_of(&self, ino: Ino) -> Option<&FileContents> {
        let at = self.contents.binary_search_by_key(&ino, |(noted, _)| *noted).ok()?;
        self.contents.get(at).map(|(_, contents)| contents)
    }

    /// The attributes that an inode had, if they were noted. The log is sorted.
    pub(crate) fn xattrs_of(&self, ino: Ino) -> Option<&Xattrs> {
        let at = self.xattrs.binary_search_by_key(&ino, |(noted, _)| *noted).ok()?;
        self.xattrs.get(at).map(|(_, xattrs)| xattrs)
    }

    /// The entries that were removed from a directory, by name. The log is sorted.
    pub(crate) fn removed_in(&self, parent: Ino) -> &[RemovedEntry] {
        let from = self.removed.partition_point(|entry| entry.parent < parent);
        let to = self.removed.partition_point(|entry| entry.parent <= parent);
        self.removed.get(from..to).unwrap_or_default()
    }

    /// The further names of an inode. The log is sorted.
    pub(crate) fn names_of(&self, ino: Ino) -> &[FurtherName] {
        let from = self.further_names.partition_point(|name| name.ino < ino);
        let to = self.further_names.partition_point(|name| name.ino <= ino);
        self.further_names.get(from..to).unwrap_or_default()
    }
}
