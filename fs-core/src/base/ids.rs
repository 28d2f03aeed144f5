//! The numbers by which one table of [`Fs`](crate::Fs) refers to another.
//!
//! Each is the place of a thing in its [`Slab`](crate::base::slab): a small stable number, given
//! again after the thing is gone. Data types name each other by these numbers only, so none of them
//! needs to know the others.

/// An inode number of this filesystem: its place in the inode table. `st_ino` is one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ino(pub(crate) u32);

impl Ino {
    /// The root directory.
    pub(crate) const ROOT: Ino = Ino(0);

    /// The number that stat(2) reports. Zero is not one.
    pub(crate) fn st_ino(self) -> u64 {
        u64::from(self.0) + 1
    }
}

/// The number of an open file description in the table of [`Fs`](crate::Fs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DescriptionId(pub(crate) u32);

/// No further description of an inode.
pub(crate) const NO_DESCRIPTION: u32 = u32::MAX;

/// The number of a pipe in the table of [`Fs`](crate::Fs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipeId(pub(crate) u32);

/// The number of an instance in the table of [`Fs`](crate::Fs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InotifyId(pub(crate) u32);

/// The number of an extension in the table of [`Fs`](crate::Fs); or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExtensionId(pub(crate) u32);

impl ExtensionId {
    /// No extension.
    pub(crate) const NONE: ExtensionId = ExtensionId(u32::MAX);

    /// Whether there is one.
    pub(crate) fn is_some(self) -> bool {
        self != ExtensionId::NONE
    }
}
