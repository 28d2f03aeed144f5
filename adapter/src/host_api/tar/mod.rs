//! Tar archives: directories of the tree that become one, and archives that become files of it.
//!
//! What both ways share is here: [`header`], [`sparse`], [`whiteout`], [`xattrs`], and of
//! [`member`] what comes after contents.

mod header;
mod member;
pub(super) mod reading;
mod sparse;
mod whiteout;
pub(super) mod writing;
mod xattrs;
