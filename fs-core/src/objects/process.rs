//! A process: whoever makes the calls.
//!
//! Linux: the parts of `struct task_struct` that a filesystem looks at (`files`, `fs`, `cred`). It
//! owns references into one [`Fs`](crate::Fs): give it back with [`Fs::exit`](crate::Fs::exit),
//! else what it has open stays open.

use crate::base::credentials::Credentials;
use crate::base::flags::ResolveFlags;
use crate::base::ids::Ino;
use crate::objects::fd_table::FdTable;

/// A process.
#[derive(Debug)]
pub struct Process {
    /// Its descriptors.
    pub(crate) fds: FdTable,
    /// Its current directory; held.
    pub(crate) cwd: Ino,
    /// Its root directory; held, and looked at only where there is
    /// [`Platform::CHROOT`](crate::Platform::CHROOT).
    pub(crate) root: Ino,
    /// The number by which it owns record locks: from 1 on, and no other process has it. 0: nobody
    /// asks, for there is no [`Platform::LOCKS`](crate::Platform::LOCKS).
    pub(crate) pid: i32,
    /// Permission bits that new files do not get (umask(2)).
    pub(crate) umask: u32,
    /// One more than the highest descriptor it may have (`RLIMIT_NOFILE`).
    pub(crate) max_fds: u32,
    /// The lowest descriptor that opening gives. Lower ones are only taken by number.
    pub(crate) lowest_fd: u32,
    /// Flags that every one of its path walks has.
    pub(crate) resolve: ResolveFlags,
    /// Its walks do not stop at the embedder's directories.
    pub(crate) own_tree_only: bool,
    /// The number of its address space, once it has mapped something.
    pub(crate) space: Option<u32>,
    /// Who it is.
    pub credentials: Credentials,
}

impl Process {
    /// Confines every path of the process from now on, as the `resolve` word of openat2(2) confines
    /// one.
    ///
    /// With [`ResolveFlags::BENEATH`] no path leads out of the directory that its descriptor names:
    /// this is how an embedder whose directories are capabilities (WASI, Capsicum) wants it.
    pub fn confine(&mut self, resolve: ResolveFlags) {
        self.resolve = resolve;
    }

    /// Lets the process see the tree alone: its walks do not stop at the embedder's directories
    /// ([`Foreign`](crate::Foreign)). In a mount point there is nothing then, in a directory that
    /// was not read yet only what is above.
    ///
    /// For an embedder who looks at the tree from outside, and has the other directories anyway.
    pub fn see_own_tree_only(&mut self, only: bool) {
        self.own_tree_only = only;
    }

    /// Keeps the descriptors below `fd` from being given to what is opened: only dup2(2) and
    /// dup3(2) reach them.
    ///
    /// For an embedder whose programs close a standard stream and do not expect the next file in
    /// its place.
    pub fn keep_fds_below(&mut self, fd: u32) {
        self.lowest_fd = fd;
    }

    /// `int setrlimit(RLIMIT_NOFILE, const struct rlimit *rlim)`
    ///
    /// Keeps descriptors below `limit` from now on; those that are open stay.
    pub fn limit_fds(&mut self, limit: u32) {
        self.max_fds = limit;
    }

    /// `pid_t getpid(void)`
    ///
    /// The number of the process: `l_pid` of its record locks
    /// ([`Fs::fcntl_getlk`](crate::Fs::fcntl_getlk)). The first process is number 1. 0 if
    /// [`Platform::LOCKS`](crate::Platform::LOCKS) is off.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// `int getrlimit(RLIMIT_NOFILE, struct rlimit *rlim)`
    ///
    /// One more than the highest descriptor that can be opened.
    #[must_use]
    pub fn fd_limit(&self) -> u32 {
        self.max_fds
    }

    /// How many descriptors are open.
    #[must_use]
    pub fn open_descriptors(&self) -> u32 {
        self.fds.open_count()
    }
}
