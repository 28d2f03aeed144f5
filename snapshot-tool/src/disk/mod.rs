//! Files and directories of the disk that results go to, by descriptors: nothing outside of the
//! directory that is named is touched, however deep a tree is, and no cut file is left.
//!
//! * [`sparse_file`]: a file whose holes stay holes.
//! * [`places`]: the way from directory to directory with one descriptor.
//! * [`new_entry`]: an entry of a directory that appears when it is complete.
//! * [`directory`]: a directory that is filled with a tree, with its modes and times.
//! * [`removal`]: a directory that is removed with all beneath it.
//!
//! Where bytes come from is nothing to this folder.

pub(crate) mod directory;
pub(crate) mod new_entry;
pub(crate) mod places;
#[cfg(feature = "run")]
pub(crate) mod removal;
pub(crate) mod sparse_file;
