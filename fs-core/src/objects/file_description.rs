//! Open file descriptions: what `dup`ed descriptors share.
//!
//! Linux: `struct file`. The offset and the status flags live here; close-on-exec lives in
//! the descriptor ([`crate::objects::fd_table`]).

use alloc::boxed::Box;

use crate::base::flags::OFlags;
use crate::base::ids::{DescriptionId, Ino, InotifyId, NO_DESCRIPTION};
use crate::objects::eventfd::{Eventfd, EventfdKind};
use crate::objects::inode::Home;

/// An open file, looked up once by [`Fs::fdget`](crate::Fs::fdget) and handed on to the calls that
/// work on it.
///
/// Linux: `struct fd`. It counts as no reference: whoever closes, replaces or exits looks up anew.
/// One that is kept longer names nothing, which is `EBADF`, or what was opened since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFile(pub(crate) DescriptionId);

impl OpenFile {
    /// The file as a number, for an embedder that hands it on in a word.
    #[inline]
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.0
    }

    /// The file whose [`number`](Self::number) it is.
    #[inline]
    #[must_use]
    pub fn of_number(number: u32) -> OpenFile {
        OpenFile(DescriptionId(number))
    }
}

/// What a description is open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// An inode of this filesystem.
    Inode(Ino),
    /// Something of the embedder's: its terminal, its socket. Table operations work on it, I/O on
    /// it is the embedder's; the calls of this crate answer `EBADF`-like errors as a description
    /// without operations would.
    Foreign(u64),
    /// What has no inode of its own.
    Anonymous(AnonymousFile),
}

/// What shares one inode with all of its like (`anon_inode_getfile`): for most calls they are alike,
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnonymousFile {
    /// An inotify instance.
    Inotify(InotifyId),
    /// A counter of eventfd(2); the count is in the place of the file offset, which it has not, so
    /// that no description is larger for it.
    Eventfd(EventfdKind),
}

impl FileKind {
    /// Whether it has no inode of its own.
    pub(crate) fn is_anonymous(self) -> bool {
        matches!(self, FileKind::Anonymous(_))
    }
}

/// The directory entry through which an object was reached (Linux: its dentry).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// None that matters: the root, a pipe, or nobody cares.
    #[default]
    Unknown,
    /// The entry with this cookie in this directory.
    Entry {
        /// The directory; it is there as long as the entry is.
        parent: Ino,
        /// The entry's cookie, which is never given twice in a directory.
        cookie: u32,
    },
    /// A name that was removed while it was open: its number in the table of those.
    Removed(u32),
}

impl From<Home> for Place {
    fn from(Home { parent, cookie }: Home) -> Place {
        Place::Entry { parent, cookie }
    }
}

/// A name that was removed while it was open.
#[derive(Debug)]
pub(crate) struct RemovedName {
    /// The directory that it was in; held.
    pub(crate) parent: Ino,
    pub(crate) name: Box<[u8]>,
}

/// The status flags that fcntl(2) `F_SETFL` may change.
pub(crate) const SETFL_MASK: OFlags =
    OFlags::APPEND.union(OFlags::NONBLOCK).union(OFlags::DIRECT).union(OFlags::NOATIME);

/// An open file description.
#[derive(Clone, Debug)]
pub(crate) struct FileDescription {
    /// What it is open on.
    pub(crate) kind: FileKind,
    /// Access mode and status flags; no creation flags.
    pub(crate) flags: OFlags,
    /// How many descriptors refer to it.
    pub(crate) refs: u32,
    /// The file offset in bytes; of a directory, a readdir cookie.
    pub(crate) offset: u64,
    /// A word of the embedder's (Linux: `private_data`). The adapter keeps preview1 rights here.
    pub(crate) private_data: u64,
    /// Through which entry it was opened.
    pub(crate) place: Place,
    /// The description of the same inode that was opened before this one, if it is still open.
    pub(crate) next: u32,
    /// The one that was opened after it.
    pub(crate) previous: u32,
}

impl FileDescription {
    /// The counter that it is open on, if it is.
    pub(crate) fn eventfd(&mut self) -> Option<Eventfd<'_>> {
        match self.kind {
            FileKind::Anonymous(AnonymousFile::Eventfd(kind)) => {
                Some(Eventfd { count: &mut self.offset, kind })
            }
            _ => None,
        }
    }

    /// A description at offset 0 without any descriptor yet.
    pub(crate) fn new(kind: FileKind, flags: OFlags) -> FileDescription {
        FileDescription {
            kind,
            flags,
            refs: 0,
            offset: 0,
            private_data: 0,
            place: Place::Unknown,
            next: NO_DESCRIPTION,
            previous: NO_DESCRIPTION,
        }
    }

    /// Whether it may be read from (`FMODE_READ`).
    pub(crate) fn readable(&self) -> bool {
        matches!(self.flags.access_mode(), OFlags::RDONLY | OFlags::RDWR)
            && !self.flags.contains(OFlags::PATH)
    }

    /// Whether it may be written to (`FMODE_WRITE`).
    pub(crate) fn writable(&self) -> bool {
        matches!(self.flags.access_mode(), OFlags::WRONLY | OFlags::RDWR)
            && !self.flags.contains(OFlags::PATH)
    }
}
