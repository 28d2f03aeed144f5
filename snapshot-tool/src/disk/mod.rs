//! Files and directories of the disk: opened by their names and watched for changes where they are
//! read; and where results go, by descriptors: nothing outside of the directory that is named is
//! touched, however deep a tree is, and no cut file is left.
//!
//! * [`input`], [`stamp`]: what is read.
//! * [`temporary`]: what has not got its name yet.
//! * [`sparse_file`]: a file whose holes stay holes.
//! * [`places`]: the way from directory to directory with one descriptor.
//! * [`new_entry`]: an entry of a directory that appears when it is complete.
//! * [`directory`]: a directory that is filled with a tree, with its modes and times.
//! * [`removal`]: a directory that is removed with all beneath it.
//! * [`xattrs`]: extended attributes of a file.
//!
//! What is in files is the business of others.

pub(crate) mod directory;
pub(crate) mod input;
pub(crate) mod new_entry;
pub(crate) mod places;
pub(crate) mod removal;
pub(crate) mod sparse_file;
pub(crate) mod stamp;
pub(crate) mod temporary;
pub(crate) mod xattrs;
