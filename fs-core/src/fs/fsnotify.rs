//! Telling watches what happens: what every call that makes an event calls.
//!
//! Linux: `include/linux/fsnotify.h` and `fs/notify/fsnotify.c`. An event is about an object, or
//! about a name in a directory. One about an object goes to the watches on it and, with its name,
//! to those on the directory that it is in: the one through which it was reached, for an object may
//! have several names. That is a [`Place`], and it stands in each open file description for Linux's
//! dentry: it follows renames, and outlives the name.
//!
//! Where [`Platform::NOTIFY`] is false all of this is nothing; where no instance exists it is a
//! comparison.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::{AT_FDCWD, Fd, OFlags};
use crate::base::ids::{DescriptionId, Ino, InotifyId, NO_DESCRIPTION};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, Last, NameBuf};
use crate::objects::file_description::{FileDescription, FileKind, OpenFile, Place, RemovedName};
use crate::objects::inode::InodeKind;
use crate::objects::inotify::{EVENT_HEADER_BYTES, InotifyMask, Watch};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

/// An object and how it was reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReachedInode {
    pub(crate) ino: Ino,
    pub(crate) place: Place,
}

/// What an event comes with, which decides whether `EXCL_UNLINK` keeps it away
/// (`FSNOTIFY_EVENT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventData {
    /// An open file: not wanted by those who asked so, once the name is removed.
    Path,
    /// An entry, or an inode.
    Other,
}

impl<P: Platform> Fs<P> {
    /// Whether anybody could be told.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        P::NOTIFY && self.inotifies.len() > 0
    }

    /// The object that a path leads to, and the entry through which it does.
    ///
    /// # Errors
    ///
    /// As [`walk_to`](Self::walk_to).
    pub(crate) fn walk_to_target(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        follow: FollowLast,
    ) -> Result<ReachedInode, Errno> {
        if !self.is_watched() {
            let ino = self.walk_to(process, dirfd, path, follow)?;
            return Ok(ReachedInode { ino, place: Place::Unknown });
        }
        let walked = self.walk(process, dirfd, path, follow)?;
        let ino = walked.existing()?;
        if walked.trailing_slash && !self.inode(ino)?.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Ok(ReachedInode { ino, place: self.place_of_last(walked.parent, walked.last, ino) })
    }

    /// The entry that the last component of a path names.
    #[inline]
    pub(crate) fn place_of_last(&self, parent: Ino, last: Last<'_>, ino: Ino) -> Place {
        if !P::NOTIFY {
            return Place::Unknown;
        }
        let Last::Name(name) = last else { return self.place_of_directory(ino) };
        let directory = self.inodes.get(parent.0).and_then(|inode| inode.directory().ok());
        match directory.and_then(|directory| directory.lookup(name)) {
            Some(entry) => Place::Entry { parent, cookie: entry.cookie() },
            None => Place::Unknown,
        }
    }

    /// The only entry of a directory.
    pub(crate) fn place_of_directory(&self, ino: Ino) -> Place {
        match self.inodes.get(ino.0).and_then(|inode| inode.directory().ok()) {
            Some(directory) if ino != Ino::ROOT => {
                Place::Entry { parent: directory.parent, cookie: directory.own_cookie }
            }
            _ => Place::Unknown,
        }
    }

    /// The object that a description is open on.
    pub(crate) fn target_of(description: &FileDescription) -> Option<ReachedInode> {
        match description.kind {
            FileKind::Inode(ino) => Some(ReachedInode { ino, place: description.place }),
            _ => None,
        }
    }

    /// What an empty path with `EMPTY_PATH` means.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open. And as [`inode_of_fd`](Self::inode_of_fd).
    pub(crate) fn target_of_fd_or_cwd(
        &self,
        process: &Process,
        fd: Fd,
    ) -> Result<ReachedInode, Errno> {
        if fd == AT_FDCWD {
            let ino = process.cwd;
            return Ok(ReachedInode { ino, place: self.place_of_directory(ino) });
        }
        let ino = self.inode_of_fd(process, fd)?;
        Ok(ReachedInode { ino, place: self.description(process, fd)?.place })
    }

    /// Tells of something that was done through an open file (`fsnotify_file`).
    #[inline]
    pub(crate) fn notify_file(&mut self, file: OpenFile, mask: InotifyMask) {
        if self.is_watched()
            && let Ok(description) = self.file(file)
        {
            let description = description.clone();
            self.notify_description(&description, mask, EventData::Path);
        }
    }

    /// Tells of something that was done to the metadata of an open file (`fsnotify_dentry`).
    #[inline]
    pub(crate) fn notify_file_entry(&mut self, file: OpenFile, mask: InotifyMask) {
        if self.is_watched()
            && let Ok(description) = self.file(file)
            && let Some(target) = Self::target_of(description)
        {
            self.notify_target(target, mask, EventData::Other);
        }
    }

    /// As [`notify_file`](Self::notify_file), of a description that may be closed already.
    pub(crate) fn notify_description(
        &mut self,
        description: &FileDescription,
        mask: InotifyMask,
        data: EventData,
    ) {
        // O_PATH: FMODE_NONOTIFY.
        if self.is_watched()
            && !description.flags.contains(OFlags::PATH)
            && let Some(target) = Self::target_of(description)
        {
            self.notify_target(target, mask, data);
        }
    }

    /// Tells the watches on an object, and those on the directory that it was reached in
    /// (`__fsnotify_parent`).
    pub(crate) fn notify_target(
        &mut self,
        target: ReachedInode,
        mask: InotifyMask,
        data: EventData,
    ) {
        if !self.is_watched() || mask.is_empty() {
            return;
        }
        let Ok(inode) = self.inode(target.ino) else { return };
        let mask = if inode.is_directory() { mask | InotifyMask::ISDIR } else { mask };
        // What is read from and written to a special file is not the directory's business; its
        // times are (`fsnotify_change`).
        let is_plain = matches!(inode.kind, InodeKind::Regular(_) | InodeKind::Directory(_));
        let busy = InotifyMask::ACCESS | InotifyMask::MODIFY;
        let is_told = is_plain || data == EventData::Other;
        let for_parent = if is_told { mask } else { mask - busy };
        let hides = data == EventData::Path && matches!(target.place, Place::Removed(_));
        if let Some((parent, name)) = self.watched_name(target, for_parent) {
            self.tell(parent, mask, 0, &name, hides);
        }
        self.tell(target.ino, mask, 0, b"", hides);
    }

    /// The directory of a place and the name there, if a watch on it waits for one of `mask`.
    fn watched_name(&self, target: ReachedInode, mask: InotifyMask) -> Option<(Ino, NameBuf)> {
        let (parent, name) = match target.place {
            Place::Unknown => return None,
            Place::Entry { parent, cookie } => {
                let directory = self.inode(parent).ok()?.directory().ok()?;
                let (name, ino) = directory.entry_at(cookie)?;
                // A directory that was removed says where it was; another may be there now.
                if ino != target.ino {
                    return None;
                }
                (parent, name)
            }
            Place::Removed(number) => {
                let removed = self.removed_names.get(number)?;
                (removed.parent, &*removed.name)
            }
        };
        let events = mask & InotifyMask::ALL_EVENTS;
        let waits = |watch: &Watch| watch.mask.intersects(events);
        let watches = &self.extension(parent)?.watches;
        if !watches.iter().any(waits) {
            return None;
        }
        Some((parent, NameBuf::new(name).ok()?))
    }

    /// Tells the watches on an inode alone (`fsnotify_inode`).
    pub(crate) fn notify_inode(&mut self, ino: Ino, mask: InotifyMask) {
        if !self.is_watched() {
            return;
        }
        let mask = mask | self.directory_bit(ino);
        self.tell(ino, mask, 0, b"", false);
    }

    /// Tells the watches on a directory of one of its names (`fsnotify_name`).
    pub(crate) fn notify_name(
        &mut self,
        directory: Ino,
        mask: InotifyMask,
        name: &[u8],
        cookie: u32,
    ) {
        if self.is_watched() {
            self.tell(directory, mask, cookie, name, false);
        }
    }

    /// What an event adds to its mask because it is about this inode.
    pub(crate) fn directory_bit(&self, ino: Ino) -> InotifyMask {
        match self.inode(ino) {
            Ok(inode) if inode.is_directory() => InotifyMask::ISDIR,
            _ => InotifyMask::empty(),
        }
    }

    /// Queues an event with every instance that waits for it on this inode (`send_to_group`).
    fn tell(&mut self, ino: Ino, mask: InotifyMask, cookie: u32, name: &[u8], hides: bool) {
        let mut next = 0;
        while let Some(watch) = self.extension(ino).and_then(|all| all.watches.get(next).copied()) {
            next += 1;
            let unwanted = hides && watch.mask.contains(InotifyMask::EXCL_UNLINK);
            if unwanted || !watch.mask.intersects(mask & InotifyMask::ALL_EVENTS) {
                continue;
            }
            // IN_ISDIR was never reported with these (inotify_handle_inode_event).
            let about_self = InotifyMask::MOVE_SELF | InotifyMask::DELETE_SELF;
            let mask = if mask.intersects(about_self) { mask - InotifyMask::ISDIR } else { mask };
            if let Some(inotify) = self.inotifies.get_mut(watch.inotify.0) {
                inotify.queue(watch.wd, mask, cookie, name);
            }
            if watch.mask.contains(InotifyMask::ONESHOT) {
                self.remove_watch(ino, watch);
                next -= 1;
            }
        }
    }

    /// Removes a watch and says so to its instance (`fsnotify_destroy_mark`).
    pub(crate) fn remove_watch(&mut self, ino: Ino, watch: Watch) {
        if let Some(extension) = self.extension_mut(ino) {
            extension.watches.retain(|other| other.inotify != watch.inotify);
            self.trim_extension(ino);
        }
        if let Some(inotify) = self.inotifies.get_mut(watch.inotify.0) {
            inotify.queue(watch.wd, InotifyMask::IGNORED, 0, b"");
            inotify.remove_watch(watch.wd);
        }
    }

    /// Tells that an inode is gone, and removes its watches (`fsnotify_inoderemove`).
    #[inline]
    pub(crate) fn notify_gone(&mut self, ino: Ino) {
        if !self.is_watched() || self.extension(ino).is_none() {
            return;
        }
        self.notify_inode(ino, InotifyMask::DELETE_SELF);
        while let Some(watch) = self.extension(ino).and_then(|all| all.watches.first().copied()) {
            self.remove_watch(ino, watch);
        }
    }

    /// Tells that a name was added (`fsnotify_create`, `fsnotify_mkdir`).
    #[inline]
    pub(crate) fn notify_create(&mut self, parent: Ino, ino: Ino, name: &[u8]) {
        if self.is_watched() {
            let mask = InotifyMask::CREATE | self.directory_bit(ino);
            self.notify_name(parent, mask, name, 0);
        }
    }

    /// Adds a description to those of its inode.
    #[inline]
    pub(crate) fn link_description(&mut self, id: DescriptionId, ino: Ino) {
        if !P::NOTIFY {
            return;
        }
        let Some(inode) = self.inodes.get_mut(ino.0) else { return };
        let next = core::mem::replace(&mut inode.first_description, id.0);
        if let Some(description) = self.descriptions.get_mut(id.0) {
            description.next = next;
            description.previous = NO_DESCRIPTION;
        }
        if let Some(next) = self.descriptions.get_mut(next) {
            next.previous = id.0;
        }
    }

    /// Takes a description that was closed from those of its inode, and lets go of a removed name.
    #[inline]
    pub(crate) fn unlink_description(&mut self, description: &FileDescription, ino: Ino) {
        if !P::NOTIFY {
            return;
        }
        let (previous, next) = (description.previous, description.next);
        if let Some(before) = self.descriptions.get_mut(previous) {
            before.next = next;
        } else if let Some(inode) = self.inodes.get_mut(ino.0) {
            inode.first_description = next;
        }
        if let Some(after) = self.descriptions.get_mut(next) {
            after.previous = previous;
        }
        self.forget_place(description.place);
    }

    /// Lets the descriptions that were opened through the entry `from` be at `to` (`d_move`).
    #[inline]
    pub(crate) fn move_place(&mut self, ino: Ino, from: Place, to: Place) {
        if !P::NOTIFY {
            return;
        }
        let mut at = self.inodes.get(ino.0).map_or(NO_DESCRIPTION, |inode| inode.first_description);
        while let Some(description) = self.descriptions.get_mut(at) {
            if description.place == from {
                description.place = to;
            }
            at = description.next;
        }
    }

    /// Lets the descriptions that were opened through an entry keep its name, which is removed
    /// (`d_delete`). Without memory for it they lose it.
    #[inline]
    pub(crate) fn remove_place(&mut self, ino: Ino, parent: Ino, cookie: u32, name: &[u8]) {
        if !P::NOTIFY {
            return;
        }
        let from = Place::Entry { parent, cookie };
        let mut at = self.inodes.get(ino.0).map_or(NO_DESCRIPTION, |inode| inode.first_description);
        while let Some(description) = self.descriptions.get(at) {
            let (here, next) = (at, description.next);
            at = next;
            if description.place != from {
                continue;
            }
            let place = self.removed_place(parent, name);
            if let Some(description) = self.descriptions.get_mut(here) {
                description.place = place;
            }
        }
    }

    /// A place for a name that is not in its directory any more. Without memory for it: none.
    fn removed_place(&mut self, parent: Ino, name: &[u8]) -> Place {
        let removed = try_copy(name).map(|name| RemovedName { parent, name });
        match removed.and_then(|removed| self.removed_names.insert(removed)) {
            Ok(number) => {
                self.hold(parent);
                Place::Removed(number)
            }
            Err(_) => Place::Unknown,
        }
    }

    /// The place of a file that was made without a name in a directory: there it is told of as `#`
    /// and its inode number (`d_mark_tmpfile`), even when it has got a name.
    pub(crate) fn unnamed_place(&mut self, parent: Ino, ino: Ino) -> Place {
        if !P::NOTIFY {
            return Place::Unknown;
        }
        // As many digits as 64 bits can have, and the `#`.
        let mut name = [b'#'; 21];
        let mut left = ino.st_ino();
        let mut start = name.len();
        while left > 0 {
            start -= 1;
            if let Some(place) = name.get_mut(start) {
                // A decimal digit.
                *place = b'0' + u8::try_from(left % 10).or_after_defect(0);
            }
            left /= 10;
        }
        self.removed_place(parent, name.get(start.saturating_sub(1)..).or_after_defect(&[]))
    }

    /// Lets go of a removed name that no description got.
    pub(crate) fn forget_place(&mut self, place: Place) {
        if P::NOTIFY
            && let Place::Removed(number) = place
            && let Some(removed) = self.removed_names.remove(number)
        {
            self.release(removed.parent);
        }
    }

    /// Reads whole events (`inotify_read`), as `struct inotify_event` records.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the buffer is too small for the first one.
    /// * `EAGAIN`: there is none.
    pub(crate) fn read_events(
        &mut self,
        id: InotifyId,
        buf: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let inotify = self.inotifies.get_mut(id.0).or_defect()?;
        let room = buf.count();
        let Some(first) = inotify.first() else { return Err(Errno::EAGAIN) };
        if first.bytes() > room {
            return Err(Errno::EINVAL);
        }
        while let Some(event) = inotify.first()
            && event.bytes() <= buf.count()
        {
            let name_bytes = event.padded_name_bytes();
            let mut header = [0; EVENT_HEADER_BYTES];
            let words = [
                event.wd.cast_unsigned(),
                event.mask.bits(),
                event.cookie,
                // A name has at most 256 bytes with its padding.
                u32::try_from(name_bytes).or_after_defect(0),
            ];
            for (place, word) in header.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                *place = word.to_le_bytes();
            }
            buf.copy_to_user(&header);
            if name_bytes > 0 {
                buf.copy_to_user(&event.name);
                buf.clear_user(name_bytes - event.name.len());
            }
            inotify.drop_first();
        }
        Ok(room - buf.count())
    }

    /// Ends an instance that was closed, and its watches with it (`inotify_release`).
    pub(crate) fn close_inotify(&mut self, id: InotifyId) {
        let Some(inotify) = self.inotifies.remove(id.0) else { return };
        for ino in inotify.watched_inodes() {
            if let Some(extension) = self.extension_mut(ino) {
                extension.watches.retain(|watch| watch.inotify != id);
                self.trim_extension(ino);
            }
        }
    }
}
