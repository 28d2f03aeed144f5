//! Notification: an inotify instance, its watches and its queue.
//!
//! Linux: `struct fsnotify_group` with `struct inotify_event_info` (fs/notify/). A watch is kept
//! with the inode that it is on ([`crate::objects::extension`]); the instance only knows which
//! inode each of its watch descriptors is for. What happens is told to the watches by `fsnotify`.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::fallible::{try_copy, try_push};
use crate::base::ids::{Ino, InotifyId};

/// How many events wait in a queue at most (`/proc/sys/fs/inotify/max_queued_events`).
const MAX_QUEUED_EVENTS: usize = 16_384;

/// Bytes of a `struct inotify_event` before its name; names are padded to a multiple of it.
pub(crate) const EVENT_HEADER_BYTES: usize = 16;

bitflags! {
    /// Events and options of inotify(7).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct InotifyMask: u32 {
        /// The file was read.
        const ACCESS = 0x1;
        /// The file was written or its size changed.
        const MODIFY = 0x2;
        /// Its metadata changed.
        const ATTRIB = 0x4;
        /// It was closed, having been open for writing.
        const CLOSE_WRITE = 0x8;
        /// It was closed, not having been open for writing.
        const CLOSE_NOWRITE = 0x10;
        /// It was opened.
        const OPEN = 0x20;
        /// A name was moved away from the watched directory.
        const MOVED_FROM = 0x40;
        /// A name was moved into the watched directory.
        const MOVED_TO = 0x80;
        /// A name was added to the watched directory.
        const CREATE = 0x100;
        /// A name was removed from the watched directory.
        const DELETE = 0x200;
        /// What is watched is gone.
        const DELETE_SELF = 0x400;
        /// What is watched was given another name.
        const MOVE_SELF = 0x800;
        /// Its filesystem was unmounted.
        const UNMOUNT = 0x2000;
        /// Events were lost.
        const Q_OVERFLOW = 0x4000;
        /// The watch is gone.
        const IGNORED = 0x8000;
        /// Only watch a directory.
        const ONLYDIR = 0x0100_0000;
        /// Do not follow a symbolic link.
        const DONT_FOLLOW = 0x0200_0000;
        /// No events of files that have lost their name.
        const EXCL_UNLINK = 0x0400_0000;
        /// Only watch what this instance does not watch yet.
        const MASK_CREATE = 0x1000_0000;
        /// Add to the events of a watch that is there.
        const MASK_ADD = 0x2000_0000;
        /// The event is about a directory.
        const ISDIR = 0x4000_0000;
        /// Remove the watch after one event.
        const ONESHOT = 0x8000_0000;
        /// `CLOSE_WRITE` and `CLOSE_NOWRITE`.
        const CLOSE = 0x18;
        /// `MOVED_FROM` and `MOVED_TO`.
        const MOVE = 0xc0;
        /// Every event that can be watched (`IN_ALL_EVENTS`).
        const ALL_EVENTS = 0xfff;
        // Unknown bits are kept: inotify_add_watch answers EINVAL for them.
        const _ = !0;
    }
}

/// Everything that inotify_add_watch(2) takes (`ALL_INOTIFY_BITS`).
pub(crate) const KNOWN_BITS: InotifyMask = InotifyMask::ALL_EVENTS
    .union(InotifyMask::UNMOUNT)
    .union(InotifyMask::Q_OVERFLOW)
    .union(InotifyMask::IGNORED)
    .union(InotifyMask::ONLYDIR)
    .union(InotifyMask::DONT_FOLLOW)
    .union(InotifyMask::EXCL_UNLINK)
    .union(InotifyMask::MASK_CREATE)
    .union(InotifyMask::MASK_ADD)
    .union(InotifyMask::ISDIR)
    .union(InotifyMask::ONESHOT);

/// What of a mask stays with a watch (`inotify_arg_to_mask`, `inotify_arg_to_flags`).
pub(crate) const KEPT_BITS: InotifyMask =
    InotifyMask::ALL_EVENTS.union(InotifyMask::EXCL_UNLINK).union(InotifyMask::ONESHOT);

/// A watch on an inode (`struct inotify_inode_mark`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Whose it is.
    pub(crate) inotify: InotifyId,
    /// Its watch descriptor.
    pub(crate) wd: i32,
    /// Events that it waits for, with `EXCL_UNLINK` and `ONESHOT`.
    pub(crate) mask: InotifyMask,
}

/// An event that waits to be read (`struct inotify_event_info`).
#[derive(Debug)]
pub(crate) struct Event {
    /// The watch descriptor; -1 for `Q_OVERFLOW`.
    pub(crate) wd: i32,
    pub(crate) mask: InotifyMask,
    /// The same in the two events of one rename, else 0.
    pub(crate) cookie: u32,
    /// The name in the watched directory; empty for what is watched itself.
    pub(crate) name: Box<[u8]>,
}

impl Event {
    /// Bytes of its name as it is read: with at least one NUL, padded.
    pub(crate) fn padded_name_bytes(&self) -> usize {
        match self.name.len() {
            0 => 0,
            len => (len + 1).next_multiple_of(EVENT_HEADER_BYTES),
        }
    }

    /// Bytes of the whole event as it is read.
    pub(crate) fn bytes(&self) -> usize {
        EVENT_HEADER_BYTES + self.padded_name_bytes()
    }
}

/// An inotify instance.
#[derive(Debug)]
pub(crate) struct Inotify {
    /// The user whose limit of instances it counts against.
    pub(crate) owner: u32,
    /// Watch descriptors in ascending order, with the inode that each is on; `None` where one was
    /// removed.
    watches: Vec<(i32, Option<Ino>)>,
    /// How many of `watches` were removed.
    removed: usize,
    /// The descriptor given last. They are not given twice (`idr_alloc_cyclic`).
    last_wd: i32,
    /// The oldest first. An overflow comes in addition to [`MAX_QUEUED_EVENTS`]; while none waits
    /// there is room for one, so that no event is lost in silence.
    queue: VecDeque<Event>,
    /// Whether an overflow waits in the queue.
    overflowed: bool,
}

impl Inotify {
    /// An instance without watches.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn new(owner: u32) -> Result<Inotify, Errno> {
        let mut queue = VecDeque::new();
        queue.try_reserve(1)?; // for an overflow
        Ok(Inotify { owner, watches: Vec::new(), removed: 0, last_wd: 0, queue, overflowed: false })
    }

    /// Gives a watch descriptor to a watch on `ino`.
    ///
    /// # Errors
    ///
    /// * `ENOSPC`: all 2^31 - 1 descriptors were given.
    /// * `ENOMEM`: no memory.
    pub(crate) fn add_watch(&mut self, ino: Ino) -> Result<i32, Errno> {
        let wd = self.last_wd.checked_add(1).ok_or(Errno::ENOSPC)?;
        try_push(&mut self.watches, (wd, Some(ino)))?;
        self.last_wd = wd;
        Ok(wd)
    }

    /// Forgets a watch descriptor; says which inode it was for.
    pub(crate) fn remove_watch(&mut self, wd: i32) -> Option<Ino> {
        let place = self.watches.binary_search_by_key(&wd, |&(wd, _)| wd).ok()?;
        let ino = self.watches.get_mut(place)?.1.take()?;
        self.removed += 1;
        if self.removed * 2 > self.watches.len() {
            self.watches.retain(|(_, ino)| ino.is_some());
            self.removed = 0;
        }
        Some(ino)
    }

    /// The inode that a watch descriptor is for.
    pub(crate) fn watched(&self, wd: i32) -> Option<Ino> {
        let place = self.watches.binary_search_by_key(&wd, |&(wd, _)| wd).ok()?;
        self.watches.get(place)?.1
    }

    /// Every inode that is watched.
    pub(crate) fn watched_inodes(&self) -> impl Iterator<Item = Ino> {
        self.watches.iter().filter_map(|&(_, ino)| ino)
    }

    /// Adds an event to the queue, unless the one before it is the same (`fsnotify_insert_event`,
    /// `inotify_merge`). One that there is no room or memory for is lost, and an overflow says so.
    pub(crate) fn queue(&mut self, wd: i32, mask: InotifyMask, cookie: u32, name: &[u8]) {
        if self.queue.len() >= MAX_QUEUED_EVENTS {
            return self.overflow();
        }
        let is_repeated = self.queue.back().is_some_and(|last| {
            last.wd == wd
                && last.mask == mask
                && *last.name == *name
                && !mask.contains(InotifyMask::IGNORED)
        });
        if is_repeated {
            return;
        }
        let Ok(name) = try_copy(name) else { return self.overflow() };
        // For it, and for an overflow.
        if self.queue.try_reserve(2).is_err() {
            return self.overflow();
        }
        self.queue.push_back(Event { wd, mask, cookie, name });
    }

    fn overflow(&mut self) {
        if !self.overflowed {
            let mask = InotifyMask::Q_OVERFLOW;
            self.queue.push_back(Event { wd: -1, mask, cookie: 0, name: Box::default() });
            self.overflowed = true;
        }
    }

    /// The oldest event.
    pub(crate) fn first(&self) -> Option<&Event> {
        self.queue.front()
    }

    /// Drops the oldest event.
    pub(crate) fn drop_first(&mut self) {
        if let Some(event) = self.queue.pop_front()
            && event.mask == InotifyMask::Q_OVERFLOW
        {
            self.overflowed = false;
        }
    }

    /// How many bytes all events have as they are read (`FIONREAD`).
    pub(crate) fn unread_bytes(&self) -> usize {
        self.queue.iter().map(Event::bytes).sum()
    }
}
