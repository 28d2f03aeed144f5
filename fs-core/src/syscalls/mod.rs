//! The system calls, a file for each family, as methods of [`Fs`](crate::Fs).
//!
//! Every method opens with its C signature and lists its errors in the order in which they are checked;
//! the body keeps that order.

mod copy_file_range;
mod cwd;
mod dir;
mod fcntl;
mod flock;
mod inotify;
mod ioctl;
mod link;
mod memory;
mod mmap;
mod node;
mod open;
mod openat2;
mod perm;
mod pipe;
mod poll;
mod preadv2;
mod process;
mod rename;
mod rw;
mod sendfile;
mod size;
mod splice;
mod stat;
mod statfs;
mod statx;
mod sync;
mod time;
mod tmpfile;
mod transfer;
mod vmsplice;
mod xattr;

pub use fcntl::Fcntl;
pub use flock::FlockOperation;
pub use ioctl::Ioctl;
pub use openat2::OpenHow;
pub use preadv2::RwFlags;
pub use splice::SpliceFlags;
pub use statfs::{ST_RDONLY, Statfs, TMPFS_MAGIC};
pub use statx::{Statx, StatxAttributes, StatxMask};
pub use time::{TimeSpecifier, Timeval, Utimbuf};
pub use xattr::XattrFlags;
