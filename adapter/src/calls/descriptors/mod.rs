//! Calls on descriptors themselves: they close, copy, ask and make them.

mod close;
mod fcntl;
mod inotify;
mod ioctl;
mod pipe;
mod status_flags;
