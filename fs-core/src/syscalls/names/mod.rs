//! Calls on names: they walk a path and add, remove, move or list the entries of directories.

pub(crate) mod chdir;
pub(crate) mod chroot;
pub(crate) mod getcwd;
pub(crate) mod getdents;
pub(crate) mod link;
pub(crate) mod mkdir;
pub(crate) mod mknod;
pub(crate) mod mount;
pub(crate) mod readlink;
pub(crate) mod rename;
pub(crate) mod rmdir;
pub(crate) mod symlink;
pub(crate) mod unlink;
