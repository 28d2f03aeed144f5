//! Calls on descriptors: they open, copy, close, watch and ask them.

pub(crate) mod close;
pub(crate) mod dup;
pub(crate) mod eventfd;
pub(crate) mod fcntl;
pub(crate) mod fcntl_locking;
pub(crate) mod flock;
pub(crate) mod inotify;
pub(crate) mod ioctl;
pub(crate) mod memfd;
pub(crate) mod open;
pub(crate) mod openat2;
pub(crate) mod pipe;
pub(crate) mod poll;
pub(crate) mod tmpfile;
