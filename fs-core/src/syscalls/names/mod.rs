//! Calls on names: they walk a path and add, remove, move or list the entries of directories.

pub(crate) mod chdir;
pub(crate) mod getdents;
pub(crate) mod link;
pub(crate) mod mknod;
pub(crate) mod rename;
