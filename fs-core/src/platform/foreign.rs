//! Directories whose entries the embedder owns: the words in which the filesystem and the embedder
//! speak of them.
//!
//! What the filesystem does with such directories is in [`crate::fs::kinds::foreign`].

use crate::base::ids::Ino;
use crate::base::time::Timespec;

/// Where the offsets of lower files begin, beyond those of all baked contents: the byte `at` of the
/// file numbered `n` is at `(n + 1) * LOWER_CONTENTS + at`. No baked contents are so long.
pub const LOWER_CONTENTS: u64 = 1 << 40;

/// Whose the entries of a directory are. The numbers are the embedder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A mount point: the embedder's directory of that number is there. At most [`Foreign::MAX`].
    Mount(u32),
    /// A mount point, but there is nothing to mount.
    Absent,
    /// A directory that has entries of the embedder's directory of that number beside its own, and
    /// does not know them yet. At most [`Foreign::MAX`].
    Unread(u32),
}

impl Foreign {
    /// The largest number of an embedder's directory.
    pub const MAX: u32 = (1 << 30) - 2;
}

/// An `Option<Foreign>` in four bytes: every directory has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignMark(u32);

/// Set for [`Foreign::Mount`].
const MOUNT: u32 = 1 << 31;

/// Set for [`Foreign::Unread`].
const UNREAD: u32 = 1 << 30;

/// [`Foreign::Absent`].
const ABSENT: u32 = 1;

impl ForeignMark {
    /// An ordinary directory.
    pub(crate) const NONE: ForeignMark = ForeignMark(0);

    pub(crate) fn new(foreign: Option<Foreign>) -> ForeignMark {
        ForeignMark(match foreign {
            None => 0,
            Some(Foreign::Absent) => ABSENT,
            Some(Foreign::Mount(number)) => MOUNT | number.min(Foreign::MAX),
            Some(Foreign::Unread(number)) => UNREAD | number.min(Foreign::MAX),
        })
    }

    pub(crate) fn get(self) -> Option<Foreign> {
        let number = self.0 & (UNREAD - 1);
        match self.0 {
            0 => None,
            ABSENT => Some(Foreign::Absent),
            mark if mark & MOUNT != 0 => Some(Foreign::Mount(number)),
            _ => Some(Foreign::Unread(number)),
        }
    }

    pub(crate) fn is_absent(self) -> bool {
        self.0 == ABSENT
    }

    /// [`Foreign::Mount`].
    pub(crate) fn is_mounted(self) -> bool {
        self.0 & MOUNT != 0
    }

    pub(crate) fn is_mount_point(self) -> bool {
        self.is_mounted() || self.is_absent()
    }

    pub(crate) fn is_unread(self) -> bool {
        self.0 & UNREAD != 0
    }
}

/// A directory of a filesystem, as [`Platform::walk_stopped`](crate::Platform::walk_stopped) names
/// it. Good as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryId(pub(crate) Ino);

/// A file of a lower directory, for [`Fs::add_lower`](crate::Fs::add_lower).
#[derive(Clone, Copy, Debug)]
pub struct LowerFile<'a> {
    /// Its name there.
    pub name: &'a [u8],
    /// What it is.
    pub kind: LowerKind<'a>,
    /// Time of the last access.
    pub atime: Timespec,
    /// Time of the last change of the contents.
    pub mtime: Timespec,
    /// Time of the last change of the metadata.
    pub ctime: Timespec,
}

/// What a file of a lower directory is.
#[derive(Clone, Copy, Debug)]
pub enum LowerKind<'a> {
    /// A directory, to be read in when it is needed: [`Foreign::Unread`] with this number.
    Directory(u32),
    /// A regular file of this number and size; its bytes have offsets from [`LOWER_CONTENTS`] on.
    Regular {
        /// The number.
        number: u32,
        /// The size in bytes.
        size: u64,
    },
    /// A symbolic link with this target.
    Symlink(&'a [u8]),
}
