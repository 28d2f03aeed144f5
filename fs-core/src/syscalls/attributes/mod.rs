//! Calls on what inodes say of themselves: types, owners, permissions, times, extended attributes,
//! and of the filesystem.

pub(crate) mod access;
pub(crate) mod chmod;
pub(crate) mod chown;
pub(crate) mod stat;
pub(crate) mod statfs;
pub(crate) mod statx;
pub(crate) mod target;
pub(crate) mod umask;
pub(crate) mod utimensat;
pub(crate) mod xattr;
