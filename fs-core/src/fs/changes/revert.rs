//! Going back to the sealed tree.
//!
//! All memory is asked for first. What follows cannot fail: tables of names are put in place of the
//! present ones, counts follow, and metadata and contents become what was noted.

use alloc::vec::Vec;
use core::mem::take;

use crate::base::errno::Errno;
use crate::base::fallible::try_push;
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::objects::change_log::{FurtherName, Original};
use crate::objects::contents::FileContents;
use crate::objects::directory::{Directory, FIRST_COOKIE};
use crate::objects::inode::{Home, Inode, InodeFlags, InodeKind};
use crate::objects::removed_entry::RemovedEntry;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// Makes the tree what it was when it was sealed ([`seal`](Self::seal)): names, their order in
    /// listings, contents, modes, owners, times of modification, extended attributes.
    ///
    /// Descriptors stay open, and current directories what they are: what is not in the sealed tree
    /// has no name then, as after unlink(2). Times of the last change (`st_ctime`) are now. No watch
    /// is told.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::CHANGES`] is off.
    /// * `EOVERFLOW`: as [`changes`](Self::changes).
    /// * `EBUSY`: a file that changed is mapped in the program's memory
    ///   ([`Platform::USER_MEMORY`]).
    /// * `ENOMEM`: no memory.
    ///
    /// After each of these nothing has changed.
    pub fn revert(&mut self) -> Result<(), Errno> {
        if !P::CHANGES {
            return Err(Errno::ENOSYS);
        }
        if self.changes.is_incomplete {
            return Err(Errno::EOVERFLOW);
        }
        self.changes.sort();
        self.forget_kept_entries();
        let ready = self.prepare_revert()?;

        let now = self.now();
        // The present names go, those of the sealed tree come.
        for (ino, table) in ready.tables {
            let Ok(directory) = self.inode_mut(ino).and_then(Inode::directory_mut) else {
                continue;
            };
            let before = core::mem::replace(directory, table);
            for (cookie, name, entry) in before.iter_from(FIRST_COOKIE) {
                if !before.was_sealed(entry) {
                    self.detach(Home { parent: ino, cookie }, name, entry.ino);
                }
            }
        }
        for &ino in &ready.new_directories {
            let Ok(directory) = self.inode_mut(ino).and_then(Inode::directory_mut) else {
                continue;
            };
            let before = directory.take_entries();
            for (cookie, name, entry) in before.iter_from(FIRST_COOKIE) {
                self.detach(Home { parent: ino, cookie }, name, entry.ino);
            }
        }
        for removed in take(&mut self.changes.removed) {
            self.attach(&removed);
        }
        // What the new directories are in is freed after them.
        for &ino in ready.new_directories.iter().rev() {
            self.free_if_unused(ino);
        }
        for (original, written) in take(&mut self.changes.originals).iter().zip(ready.contents) {
            self.restore(original, written, now);
        }
        for (ino, xattrs) in take(&mut self.changes.xattrs) {
            let Some(extension) = self.extension_mut(ino) else { continue };
            let (before, after) = (extension.xattrs.space_bytes(), xattrs.space_bytes());
            extension.xattrs = xattrs;
            self.xattr_space = self.xattr_space - before + after;
            self.trim_extension(ino);
        }
        self.changes.clear();
        Ok(())
    }

    /// Drops the notes of entries that are still there: the call was cut short.
    fn forget_kept_entries(&mut self) {
        let mut removed = take(&mut self.changes.removed);
        removed.retain(|removed| {
            let directory = self.inode(removed.parent).and_then(Inode::directory);
            directory.is_ok_and(|directory| !directory.still_has(removed))
        });
        self.changes.removed = removed;
    }

    /// Asks for all memory that [`revert`](Self::revert) needs. The log is sorted.
    ///
    /// # Errors
    ///
    /// `EBUSY`, `ENOMEM`: as there.
    fn prepare_revert(&mut self) -> Result<Ready, Errno> {
        let mut ready = Ready::default();
        for original in &self.changes.originals {
            let ino = original.ino;
            if self.placed(ino).is_some() {
                return Err(Errno::EBUSY);
            }
            let written = self.changes.contents_of(ino).map(FileContents::try_clone);
            try_push(&mut ready.contents, written.transpose()?)?;
            let Ok(directory) = self.inode(ino)?.directory() else { continue };
            let removed = self.changes.removed_in(ino);
            try_push(&mut ready.tables, (ino, directory.as_sealed(removed)?))?;
            self.find_new(directory, false, &mut ready.new_directories)?;
        }
        let mut next = 0;
        while let Some(&ino) = ready.new_directories.get(next) {
            self.find_new(self.inode(ino)?.directory()?, true, &mut ready.new_directories)?;
            next += 1;
        }
        self.changes.further_names.try_reserve(self.changes.removed.len())?;
        for number in 0..self.changes.xattrs.len() {
            if let Some(&(ino, ref xattrs)) = self.changes.xattrs.get(number)
                && !xattrs.is_empty()
            {
                self.extend(ino)?;
            }
        }
        Ok(ready)
    }

    /// Adds the new directories in a directory; `all`: those that seem to be of the sealed tree too,
    /// for it is new itself.
    fn find_new(
        &self,
        directory: &Directory,
        all: bool,
        found: &mut Vec<Ino>,
    ) -> Result<(), Errno> {
        for (_, _, entry) in directory.iter_from(FIRST_COOKIE) {
            if (all || !directory.was_sealed(entry))
                && entry.file_type == FileType::Directory
                && !self.inode(entry.ino)?.is_sealed()
            {
                try_push(found, entry.ino)?;
            }
        }
        Ok(())
    }

    /// Counts a name less, which is not there any more. What is of the sealed tree will get its
    /// names back; of what is new only directories stay, for they may have more in them.
    fn detach(&mut self, home: Home, name: &[u8], ino: Ino) {
        let Some(inode) = self.find_inode_mut(ino) else { return };
        let is_directory = inode.is_directory();
        let is_sealed = inode.is_sealed();
        if is_directory {
            inode.nlink -= 2; // for its name and its "."
            if let Some(parent) = self.find_inode_mut(home.parent) {
                parent.nlink -= 1; // for ".."
            }
        } else {
            inode.nlink -= 1; // for the name that goes
            let more_are_left = inode.nlink > 0;
            self.further_links -= u32::from(more_are_left);
        }
        self.remove_place(ino, home.parent, home.cookie, name);
        if !is_sealed && !is_directory {
            self.free_if_unused(ino);
        }
    }

    /// Counts a name of the sealed tree that is there again.
    fn attach(&mut self, removed: &RemovedEntry) {
        let home = Home { parent: removed.parent, cookie: removed.cookie };
        let Some(inode) = self.inodes.get_mut(removed.ino.0) else { return };
        let was_grave = inode.is_grave();
        let charged = if was_grave { inode.charged_pages::<P>() } else { 0 };
        let is_lower = inode.is_lower();
        let mut left = None;
        if let Ok(directory) = inode.directory_mut() {
            let before = core::mem::replace(&mut directory.parent, removed.parent);
            inode.nlink += 2; // for its name, and for "."
            left = Some(before).filter(|_| !was_grave);
            if let Some(parent) = self.inodes.get_mut(removed.parent.0) {
                parent.nlink += 1; // for ".."
                parent.holds += 1; // for the directory, which knows it as its parent
            }
        } else {
            inode.nlink += 1; // for the name
            self.further_links += u32::from(inode.nlink > 1);
            let further = FurtherName { ino: removed.ino, home };
            self.changes.further_names.push(further);
        }
        if was_grave {
            self.graves -= 1;
            if let Some(inode) = self.inodes.get_mut(removed.ino.0) {
                inode.flags.remove(InodeFlags::GRAVE);
            }
            self.used_pages += charged;
            self.lower_inodes += u32::from(P::FOREIGN && is_lower);
        }
        // What is of the sealed tree may have no name for the moment; what is new is freed at the end.
        if let Some(left) = left.and_then(|left| self.inodes.get_mut(left.0)) {
            left.holds -= 1; // for the directory, which is elsewhere now
        }
    }

    /// Makes metadata and contents what they were.
    ///
    /// `written`: what the file held, if it was written to before the tree was sealed.
    fn restore(&mut self, original: &Original, written: Option<FileContents>, now: Timespec) {
        let ino = original.ino;
        let Some(inode) = self.inodes.get_mut(ino.0) else { return };
        let before = inode.charged_pages::<P>();
        if let InodeKind::Regular(contents) = &mut inode.kind {
            *contents = match written {
                Some(written) => written,
                None => contents.unwritten(original.size),
            };
        }
        inode.permissions = original.permissions;
        (inode.uid, inode.gid) = (original.uid, original.gid);
        inode.set_mtime(original.mtime);
        inode.set_ctime(now);
        inode.flags.remove(InodeFlags::NOTED | InodeFlags::XATTRS_CHANGED);
        let after = inode.charged_pages::<P>();
        self.used_pages = self.used_pages - before + after;
        self.set_home(ino, original.home);
    }
}

/// What going back needs.
#[derive(Default)]
struct Ready {
    /// The directories of the sealed tree whose names changed, as they were.
    tables: Vec<(Ino, Directory)>,
    /// What the files held that changed, by their place in the log; of those that were written to
    /// before the tree was sealed.
    contents: Vec<Option<FileContents>>,
    /// All new directories that have a name; each before those in it.
    new_directories: Vec<Ino>,
}
