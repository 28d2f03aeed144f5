//! A POSIX filesystem with Linux's system calls, as a `no_std` library.
//!
//! It behaves as Linux does on tmpfs: the calls have Linux's names, arguments, order of errors and
//! numbers. It does no I/O, knows nothing of WebAssembly, and reads the clock only through
//! [`Platform`].
//!
//! ```
//! use wasm_vfs_core::{Config, Credentials, Errno, Fs, NoContents, OFlags};
//!
//! # fn main() -> Result<(), Errno> {
//! let mut fs = Fs::new(NoContents::default(), Config::default())?;
//! let mut process = fs.spawn(Credentials::ROOT)?;
//!
//! // A tree.
//! fs.mkdir(&process, b"/etc", 0o755)?;
//! fs.symlink(&process, b"issue", b"/etc/greeting")?;
//! let fd = fs.open(&mut process, b"/etc/motd", OFlags::CREAT | OFlags::RDWR, 0o644)?;
//! assert_eq!(fs.write(&process, fd, &b"hello\n"[..])?, 6);
//!
//! // A rename is seen through the link, and the open file stays what it is.
//! fs.rename(&process, b"/etc/motd", b"/etc/issue")?;
//! assert_eq!(fs.stat(&process, b"/etc/motd"), Err(Errno::ENOENT));
//! assert_eq!(fs.stat(&process, b"/etc/greeting")?.st_size, 6);
//! let mut bytes = [0; 16];
//! let read = fs.pread64(&process, fd, &mut bytes[..], 0)?;
//! assert_eq!(&bytes[..read], b"hello\n");
//!
//! // What is in it now.
//! let etc = fs.open(&mut process, b"/etc", OFlags::DIRECTORY, 0)?;
//! let mut names = Vec::new();
//! fs.readdir(&process, etc, 0, |entry| {
//!     names.push(entry.name.to_vec());
//!     true
//! })?;
//! assert_eq!(names, [&b"."[..], b"..", b"greeting", b"issue"]);
//! # Ok(())
//! # }
//! ```
//!
//! # The types
//!
//! A number leads to the bytes as on Linux: [`Fd`] -> descriptor table of a [`Process`] -> open
//! file description (offset and status flags, shared by `dup`) -> inode (metadata, link count) ->
//! contents. [`Fs`] holds the tables that processes share; its methods are the calls. Callers'
//! buffers are [`UserMut`] and [`UserRef`], because a guest's memory cannot be borrowed as a slice;
//! `&mut [u8]` and `&[u8]` are such buffers too.
//!
//! # How to read the methods
//!
//! Each call is a method of [`Fs`] with the name that Linux gives it. Its documentation opens with
//! the C signature. The method has the same arguments in the same order, after the [`Process`] that
//! makes the call; what C returns through a pointer it returns, and where C has -1 and `errno` it
//! has an [`Errno`].
//!
//! *Errors* are listed in the order in which they are checked, which is Linux's: where two apply,
//! the first is answered. Where they say *what the path walk answers*, that is:
//!
//! * `ENAMETOOLONG`: the path has [`PATH_MAX`] bytes or more.
//! * `ENOENT`: it is empty.
//! * `EBADF`: it is relative, and `dirfd` is not open. `ENOTDIR`: that is no directory.
//! * For each component: `ENOTDIR`, what comes before it is no directory; `EACCES`, that may not be
//!   searched; `EINVAL`, it has a NUL, which C cannot hand over; `ENAMETOOLONG`, it is longer than
//!   [`NAME_MAX`]; `ENOENT`, it is not there; `ELOOP`, more than [`MAXSYMLINKS`] links or one where
//!   none may be; `EXDEV`, it leads out of where the process is [confined](Process::confine).
//! * `ENOTDIR`: a slash follows what is no directory.
//!
//! # What differs from Linux
//!
//! A method says under `DEVIATION` where it differs. True of all: nothing waits, so what could only
//! wait is `EAGAIN`; there are no signals, so `EPIPE` comes without one, and [`load`](Fs::load) and
//! [`store`](Fs::store), which stand for the processor, answer `EFAULT` and `EIO` for `SIGSEGV` and
//! `SIGBUS`; there are no drivers behind device nodes and nobody behind sockets.
//!
//! # What is not implemented
//!
//! There is no method for these. An embedder that serves whole programs answers what a Linux
//! without the feature would.
//!
//! | call | errno | why |
//! |---|---|---|
//! | `fcntl` with `F_SETLEASE`, `F_NOTIFY`, `F_SETOWN`, `F_SETSIG` | `EINVAL` | They are told of by signals. |
//! | `fcntl` with `F_ADD_SEALS`, `F_GET_SEALS` | `EINVAL` | Seals guard memory that processes share; there is one. |
//! | `ioctl` but for `FIOCLEX`, `FIONCLEX`, `FIONBIO`, `FIONREAD` | `ENOTTY` | tmpfs's inode flags and generations are not kept. |
//! | `select`, `poll` with a time, `epoll_*` | `ENOSYS` | Waiting is the embedder's; [`poll`](Fs::poll) says what is ready. |
//! | `io_setup`, `io_submit`, `io_uring_*` | `ENOSYS` | Nothing here takes longer than the call. |
//! | `fanotify_init`, `fanotify_mark` | `ENOSYS` | They decide for other processes; [inotify](Fs::inotify_init1) is there. |
//! | `mlockall`, `mincore`, `remap_file_pages` | `ENOSYS` | The processor's memory is not this crate's; they are no calls on files. [`mremap`](Fs::mremap), [`madvise`](Fs::madvise) and [`brk`](Fs::brk) are there where mappings lie in memory of the embedder's program ([`Platform::USER_MEMORY`]). |
//! | `readahead`, `posix_fadvise`, `sync_file_range` | 0 | Hints and orders about a disk that is not there. |
//! | `name_to_handle_at`, `open_by_handle_at` | `EOPNOTSUPP` | A handle outlives the process; the tree does not. An embedder opens by number: [`open_by_ino`](Fs::open_by_ino). |
//! | `umount2`, `pivot_root`, `open_tree` and their kin | `EPERM` | There is one filesystem. [`Process::confine`] keeps a process below a directory. |
//! | `quotactl`, `quotactl_fd` | `ENOSYS` | [`Config`] has the limits. |
//! | `bind` of an `AF_UNIX` path, `connect` to one | `EOPNOTSUPP`; `ECONNREFUSED` | A socket is only a name ([`mknod`](Fs::mknod)). |
//! | `setuid`, `setgroups`, `capset` and their kin | - | The embedder sets [`Process::credentials`]. |
//! | `execve` | - | The embedder closes what is marked close-on-exec, which [`fcntl`](Fs::fcntl) tells. |

#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::std_instead_of_core, clippy::alloc_instead_of_core)]

extern crate alloc;

// From the ground up: a folder uses what is above it in this list, and nothing below.

// Ground types: numbers, errnos, flags, times; memory that can be refused.
mod base;
// The records that a tree is packed as.
pub mod manifest;
// What is asked of the embedder, and its buffers.
mod platform;
// What a filesystem consists of: inodes, contents, directories, descriptions, pipes, processes.
mod objects;
// The whole, and what the calls have in common.
mod fs;
// A file for each man page.
mod syscalls;

pub use base::config::{AccessTimes, Config};
pub use base::credentials::Credentials;
pub use base::errno::Errno;
pub use base::events::Events;
pub use base::flags::{
    AT_FDCWD, AtFlags, FallocateMode, Fd, MAX_LFS_FILESIZE, MAXSYMLINKS, MountFlags, NAME_MAX,
    OFlags, PATH_MAX, PollEvents, RenameFlags, ResolveFlags, Whence,
};
pub use base::page::FS_PAGE_BYTES;
pub use base::sort::heap_sort;
pub use base::stat::{
    Dev, FileType, S_IALLUGO, S_IFMT, S_IRWXUGO, S_ISGID, S_ISUID, S_ISVTX, S_IXGRP, Stat,
};
pub use base::time::Timespec;

pub use platform::foreign::{DirectoryId, Foreign, LOWER_CONTENTS, LowerFile, LowerKind};
pub use platform::user_memory::{self, IoVec, IoVecMut, UserMut, UserRef};
pub use platform::{ByteContents, NoContents, Platform};

pub use objects::address_space::{MapFlags, MsyncFlags, Prot};
pub use objects::directory_entry::DirEntryView;
pub use objects::file_description::OpenFile;
pub use objects::inotify::InotifyMask;
pub use objects::pipe::PIPE_BUF;
pub use objects::process::Process;

pub use fs::Fs;
pub use fs::changes::listing::{Change, ChangeKind, Differences};
pub use fs::embedder::{Descriptor, Target};
pub use fs::invariants::BrokenInvariant;
pub use fs::path_walk::FollowLast;
pub use fs::populate::Population;
pub use fs::superblock::Usage;

pub use syscalls::attributes::statfs::{ST_RDONLY, Statfs, TMPFS_MAGIC};
pub use syscalls::attributes::statx::{Statx, StatxAttributes, StatxMask};
pub use syscalls::attributes::utimensat::{TimeSpecifier, Timeval, Utimbuf};
pub use syscalls::attributes::xattr::XattrFlags;
pub use syscalls::data::preadv2::RwFlags;
pub use syscalls::data::splice::SpliceFlags;
pub use syscalls::descriptors::eventfd::EventfdFlags;
pub use syscalls::descriptors::fcntl::Fcntl;
pub use syscalls::descriptors::fcntl_locking::Flock;
pub use syscalls::descriptors::flock::FlockOperation;
pub use syscalls::descriptors::ioctl::Ioctl;
pub use syscalls::descriptors::memfd::{MFD_NAME_MAX_LEN, MemfdFlags};
pub use syscalls::descriptors::openat2::OpenHow;
pub use syscalls::memory::madvise::Advice;
pub use syscalls::memory::mremap::MremapFlags;
