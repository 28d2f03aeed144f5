//! A POSIX filesystem with Linux's system calls, as a `no_std` library.
//!
//! It behaves as Linux does on tmpfs: the calls have Linux's names, arguments, order of errors and numbers. It does no I/O,
//! knows nothing of WebAssembly, and reads the clock only through [`Platform`].
//!
//! ```
//! use wasm_vfs_core::{AT_FDCWD, Config, Credentials, Errno, Fs, NoImage, OFlags};
//!
//! # fn main() -> Result<(), Errno> {
//! let mut fs = Fs::new(NoImage::default(), Config::default())?;
//! let mut process = fs.spawn(Credentials::ROOT)?;
//! fs.mkdir(&process, b"/etc", 0o755)?;
//! let fd = fs.openat(&mut process, AT_FDCWD, b"/etc/motd", OFlags::CREAT | OFlags::RDWR, 0o644)?;
//! assert_eq!(fs.write(&process, fd, &b"hello\n"[..])?, 6);
//! fs.rename(&process, b"/etc/motd", b"/etc/issue")?;
//! let mut bytes = [0; 16];
//! let read = fs.pread64(&process, fd, &mut bytes[..], 0)?;
//! assert_eq!(&bytes[..read], b"hello\n");
//! assert_eq!(fs.stat(&process, b"/etc/motd"), Err(Errno::ENOENT));
//! # Ok(())
//! # }
//! ```
//!
//! # The types
//!
//! A number leads to the bytes as on Linux: [`Fd`] -> descriptor table of a [`Process`] -> open file description (offset and
//! status flags, shared by `dup`) -> inode (metadata, link count) -> contents. [`Fs`] holds the tables that
//! processes share; its methods are the calls. Callers' buffers are [`UserMut`] and [`UserRef`], because a guest's
//! memory cannot be borrowed as a slice; `&mut [u8]` and `&[u8]` are such buffers too.

#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::std_instead_of_core, clippy::alloc_instead_of_core)]

extern crate alloc;

mod clock;
mod config;
mod credentials;
mod directory;
mod errno;
mod extension;
mod fallible;
mod fd_table;
mod file_description;
mod flags;
mod fs;
mod fsnotify;
mod inode;
mod invariants;
mod lock;
pub mod manifest;
mod mapping;
mod name_index;
mod notify;
mod pages;
mod path_walk;
mod pipe;
mod platform;
mod populate;
mod process;
mod slab;
mod stat;
mod syscalls;
pub mod user_memory;
mod xattr;

pub use clock::Timespec;
pub use config::{AccessTimes, Config};
pub use credentials::Credentials;
pub use errno::Errno;
pub use flags::{
    AT_FDCWD, AtFlags, FallocateMode, Fd, MAX_LFS_FILESIZE, MAXSYMLINKS, NAME_MAX, OFlags,
    PATH_MAX, RenameFlags, ResolveFlags, Whence,
};
pub use fs::{Descriptor, Fs, Target};
pub use invariants::BrokenInvariant;
pub use mapping::{MapFlags, MsyncFlags, Prot};
pub use notify::InotifyMask;
pub use pages::FS_PAGE_BYTES;
pub use pipe::PIPE_BUF;
pub use platform::{ByteImage, NoImage, Platform};
pub use populate::Population;
pub use process::Process;
pub use stat::{
    Dev, FileType, S_IALLUGO, S_IFMT, S_IRWXUGO, S_ISGID, S_ISUID, S_ISVTX, S_IXGRP, Stat,
};
pub use syscalls::{DirEntryView, Fcntl, OpenHow, Statfs, TMPFS_MAGIC};
pub use syscalls::{FlockOperation, Ioctl, PollEvents, RwFlags, SpliceFlags, XattrFlags};
pub use syscalls::{Statx, StatxAttributes, StatxMask, TimeSpecifier, Timeval, Utimbuf};
pub use user_memory::{IoVec, IoVecMut, UserMut, UserRef};
