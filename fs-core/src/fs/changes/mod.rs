//! What differs from the sealed tree: noting it before it happens.
//!
//! A tree is sealed when it is complete ([`Fs::seal`]): a baking tool does it last. From then on
//! every call notes what an inode or an entry of that tree was like before it changes it for the
//! first time. Reading notes nothing, and what is new needs no notes. So the cost is a test of one
//! bit for each change, and the log grows with what changes, not with the tree.
//!
//! * [`listing`] tells the difference.
//! * [`revert`] undoes it.
//!
//! An inode of the sealed tree that is removed leaves its place in the table as a *grave*: without
//! names, holds and contents, but with its number, so that no new inode is taken for it.

use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::events::Events;
use crate::base::fallible::try_push;
use crate::base::ids::Ino;
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::objects::change_log::FurtherName;
use crate::objects::directory::{DirEntry, Directory};
use crate::objects::inode::{Home, Inode, InodeFlags, InodeKind};
use crate::platform::Platform;

pub(crate) mod listing;
pub(crate) mod revert;

/// How many further names there may be before those that lead elsewhere are dropped.
const MIN_FURTHER_NAMES: usize = 64;

impl<P: Platform> Fs<P> {
    /// Makes the tree as it is the one that [`changes`](Self::changes) are told from and that
    /// [`revert`](Self::revert) goes back to. What was noted before is forgotten. Of files that were
    /// written to since the tree was baked there is a copy from then on.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory for those copies. The tree that was sealed before still is.
    pub fn seal(&mut self) -> Result<(), Errno> {
        if !P::CHANGES {
            return Ok(());
        }
        let mut written = Vec::new();
        for number in 0..self.inodes.bound() {
            // By a program that was started while it was baked.
            if let Some(inode) = self.inodes.get(number)
                && let InodeKind::Regular(contents) = &inode.kind
                && !contents.is_unwritten()
                && !inode.is_grave()
            {
                try_push(&mut written, (Ino(number), contents.try_clone()?))
                    .map_err(|_| Errno::ENOSPC)?;
            }
        }
        for number in 0..self.inodes.bound() {
            let Some(inode) = self.inodes.get_mut(number) else { continue };
            if inode.is_grave() {
                self.inodes.remove(number);
                self.graves -= 1;
                continue;
            }
            inode.flags.insert(InodeFlags::SEALED);
            inode.flags.remove(InodeFlags::NOTED | InodeFlags::XATTRS_CHANGED);
            if let Ok(directory) = inode.directory_mut() {
                directory.seal();
            }
        }
        self.changes.clear();
        self.changes.contents = written;
        Ok(())
    }

    /// An inode that is about to change: what it is like is noted, if it is of the sealed tree and
    /// this is its first change. Whoever changes metadata, contents or entries of an inode gets it
    /// from here, or calls [`note`](Self::note) first.
    ///
    /// # Errors
    ///
    /// `EIO`: as [`inode`](Self::inode).
    #[inline]
    pub(crate) fn inode_to_change(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        if P::CHANGES { self.noted_inode(ino) } else { self.inode_mut(ino) }
    }

    #[inline(never)]
    fn noted_inode(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        let Fs { inodes, changes, .. } = self;
        let inode = inodes.get_mut(ino.0).or_defect()?;
        changes.note(ino, inode);
        Ok(inode)
    }

    /// Notes what an inode is like before it changes.
    #[inline]
    pub(crate) fn note(&mut self, ino: Ino) {
        if P::CHANGES {
            let _ = self.noted_inode(ino);
        }
    }

    /// Notes that what was written is to be stored.
    #[inline]
    pub(crate) fn note_sync(&mut self) {
        if P::CHANGES {
            self.changes.events.insert(Events::SYNC);
        }
    }

    /// What calls did since this was last called, which `events` takes the place of: nothing, or
    /// what is to be told later. Nothing, where [`Platform::CHANGES`] is off.
    pub fn replace_events(&mut self, events: Events) -> Events {
        core::mem::replace(&mut self.changes.events, events)
    }

    /// Notes a change of the contents of an inode, or of the entries of a directory: its times are
    /// `now` (`inode_set_mtime_to_ts` and ctime).
    ///
    /// # Errors
    ///
    /// `EIO`: as [`inode`](Self::inode).
    pub(crate) fn touch(&mut self, ino: Ino, now: Timespec) -> Result<(), Errno> {
        self.inode_to_change(ino)?.touch(now);
        Ok(())
    }

    /// Notes the extended attributes of an inode before one is set or removed.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    #[inline(never)]
    pub(crate) fn note_xattrs(&mut self, ino: Ino) -> Result<(), Errno> {
        if !P::CHANGES || !P::XATTRS {
            return Ok(());
        }
        let inode = self.inode(ino)?;
        if !inode.is_sealed() || inode.flags.contains(InodeFlags::XATTRS_CHANGED) {
            return Ok(());
        }
        let before = match self.extension(ino) {
            Some(extension) => extension.xattrs.try_clone()?,
            None => crate::objects::xattr::Xattrs::default(),
        };
        self.note(ino);
        try_push(&mut self.changes.xattrs, (ino, before))?;
        self.inode_mut(ino)?.flags.insert(InodeFlags::XATTRS_CHANGED);
        Ok(())
    }

    /// A directory whose entry `name` is about to go or to lead elsewhere; and whom to tell of that
    /// entry, if it is of the sealed tree.
    ///
    /// # Errors
    ///
    /// `EIO`, `ENOTDIR`: it is none.
    pub(crate) fn directory_for_removal<'s>(
        &'s mut self,
        parent: Ino,
        name: &'s [u8],
    ) -> Result<(&'s mut Directory, impl FnOnce(&DirEntry) + use<'s, P>), Errno> {
        let Fs { inodes, changes, .. } = self;
        let inode = inodes.get_mut(parent.0).or_defect()?;
        if P::CHANGES {
            changes.note(parent, inode);
        }
        Ok((inode.directory_mut()?, move |entry: &DirEntry| {
            if P::CHANGES {
                changes.note_removal(parent, name, entry);
            }
        }))
    }

    /// Notes that an inode has got its first name.
    #[inline(never)]
    pub(crate) fn set_home(&mut self, ino: Ino, home: Home) {
        if (P::CHANGES || P::NOTIFY)
            && let Some(inode) = self.inodes.get_mut(ino.0)
        {
            inode.set_home(home);
        }
    }

    /// Notes that the name which was added last to a directory is an inode's first.
    #[inline]
    pub(crate) fn set_newest_home(&mut self, ino: Ino, parent: Ino) {
        if (P::CHANGES || P::NOTIFY)
            && let Some(inode) = self.inodes.get(parent.0)
            && let Ok(directory) = inode.directory()
        {
            self.set_home(ino, Home { parent, cookie: directory.last_cookie() });
        }
    }

    /// Makes sure that the next [`add_home`](Self::add_home) cannot fail.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    #[inline(never)]
    pub(crate) fn reserve_home(&mut self) -> Result<(), Errno> {
        self.reserve_homes(1)
    }

    /// Makes sure that the next `count` calls of [`add_home`](Self::add_home) cannot fail.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    #[inline(never)]
    pub(crate) fn reserve_homes(&mut self, count: usize) -> Result<(), Errno> {
        if P::CHANGES {
            self.drop_stale_names();
            self.changes.further_names.try_reserve(count).map_err(|_| Errno::ENOSPC)?;
        }
        Ok(())
    }

    /// Notes that an inode has got one more name, for which there is room.
    #[inline(never)]
    pub(crate) fn add_home(&mut self, ino: Ino, home: Home) {
        if !P::CHANGES {
            return;
        }
        if self.leads_to(home_or_none(self.inodes.get(ino.0)), ino) {
            self.changes.further_names.push(FurtherName { ino, home });
        } else {
            self.set_home(ino, home);
        }
    }

    /// Notes that a name has moved, or that its inode has changed places with another.
    ///
    /// For a further name there is room.
    #[inline(never)]
    pub(crate) fn move_home(&mut self, ino: Ino, from: Home, to: Home) {
        let Some(inode) = self.inodes.get(ino.0) else { return };
        if inode.is_directory() || inode.home() == from {
            self.set_home(ino, to);
        } else {
            self.add_home(ino, to);
        }
    }

    /// Whether a mapping may have changed a file of which nobody was told.
    pub(crate) fn may_be_stored_to(&self, ino: Ino) -> bool {
        if !P::MAPPINGS {
            return false;
        }
        let Some(extension) = self.extension(ino) else { return false };
        let spaces = extension.mappings.iter().filter_map(|&id| self.spaces.get(id));
        let mut areas = spaces.flat_map(|space| &space.areas);
        extension.placed.runs.iter().any(|run| run.writable)
            || areas.any(|area| area.written && area.shared_file() == Some(ino))
    }

    /// Whether an entry with this cookie is there and leads to the inode.
    pub(crate) fn leads_to(&self, home: Home, ino: Ino) -> bool {
        let directory = self.inodes.get(home.parent.0).and_then(|inode| inode.directory().ok());
        directory
            .and_then(|directory| directory.entry_at(home.cookie))
            .is_some_and(|(_, led_to)| led_to == ino)
    }

    /// Drops further names that lead elsewhere, when they may be more than half.
    fn drop_stale_names(&mut self) {
        let live = self.further_links as usize;
        if self.changes.further_names.len() < 2 * live + MIN_FURTHER_NAMES {
            return;
        }
        let mut names = core::mem::take(&mut self.changes.further_names);
        names.retain(|name| {
            if !self.leads_to(name.home, name.ino) {
                return false;
            }
            let home = home_or_none(self.inodes.get(name.ino.0));
            let is_further = self.leads_to(home, name.ino);
            if !is_further {
                self.set_home(name.ino, name.home);
            }
            is_further && home != name.home
        });
        self.changes.further_names = names;
    }

    /// Keeps the extended attributes of an inode of the sealed tree that is about to be freed.
    #[inline(never)]
    pub(crate) fn keep_xattrs(&mut self, ino: Ino) {
        if !P::CHANGES
            || !P::XATTRS
            || self.inodes.get(ino.0).is_none_or(|inode| {
                !inode.is_sealed() || inode.flags.contains(InodeFlags::XATTRS_CHANGED)
            })
        {
            return;
        }
        let Some(extension) = self.extension_mut(ino) else { return };
        let xattrs = core::mem::take(&mut extension.xattrs);
        if xattrs.is_empty() {
            return;
        }
        self.xattr_space -= xattrs.space_bytes();
        if try_push(&mut self.changes.xattrs, (ino, xattrs)).is_err() {
            self.changes.is_incomplete = true;
        }
    }

    /// Frees an inode of the sealed tree but for its number and what it was like. Says which
    /// directory it let go of.
    #[cold]
    #[inline(never)]
    pub(crate) fn bury(&mut self, ino: Ino) -> Option<Ino> {
        let inode = self.inodes.get_mut(ino.0)?;
        self.used_pages -= inode.charged_pages::<P>();
        if P::FOREIGN {
            self.lower_inodes -= u32::from(inode.is_lower());
        }
        inode.flags.insert(InodeFlags::GRAVE);
        self.graves += 1;
        match &mut inode.kind {
            InodeKind::Regular(contents) => contents.forget_written(),
            InodeKind::Directory(directory) => {
                let parent = directory.parent;
                drop(directory.take_entries());
                if let Some(parent) = self.inodes.get_mut(parent.0) {
                    parent.holds -= 1;
                }
                return Some(parent);
            }
            _ => {}
        }
        None
    }
}

fn home_or_none(inode: Option<&Inode>) -> Home {
    inode.map_or(Home::NONE, Inode::home)
}
