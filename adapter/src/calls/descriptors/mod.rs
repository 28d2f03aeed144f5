//! Calls on descriptors themselves: they close, copy, ask and make them.

mod close;
mod eventfd;
mod fcntl;
mod inotify;
mod ioctl;
mod locking;
mod pipe;
mod status_flags;
