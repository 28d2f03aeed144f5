//! stat, fstat, lstat, fstatat (newfstatat).
//!
//! Neighbours: `syscalls::attributes::statx`.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::base::ids::Ino;
use crate::base::page::FS_PAGE_BYTES;
use crate::base::stat::{Dev, Stat};
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// What a directory entry adds to `st_size` of its directory (`BOGO_DIRENT_SIZE`, mm/shmem.c).
const BOGO_DIRENT_BYTES: u64 = 20;

/// `st_blocks` counts units of this many bytes (stat(2)).
const BLOCK_BYTES: u64 = 512;

/// The device number of the filesystem.
const ROOT_DEV: Dev = Dev(1);

/// The device number of the pipes without a name: on Linux they belong to a filesystem of their own
/// (pipefs).
const PIPE_DEV: Dev = Dev(2);

/// `AT_STATX_SYNC_TYPE`: how hard a network filesystem should try. No effect here.
pub(super) const STATX_SYNC_TYPE: AtFlags = AtFlags::from_bits_retain(0x6000);

/// The inode that all descriptors of inotify and eventfd share on Linux: it has no type (`anon_inode_getattr`).
pub(super) const ANON_INODE_STAT: Stat = Stat {
    st_dev: Dev(3),
    st_ino: 1,
    st_nlink: 1,
    st_mode: 0o600,
    st_uid: 0,
    st_gid: 0,
    st_rdev: Dev(0),
    st_size: 0,
    st_blksize: 4096,
    st_blocks: 0,
    st_atime: Timespec::EPOCH,
    st_mtime: Timespec::EPOCH,
    st_ctime: Timespec::EPOCH,
    st_btime: Timespec::EPOCH,
};

impl<P: Platform> Fs<P> {
    /// `int fstat(int fd, struct stat *statbuf)`
    ///
    /// What is known of an open file.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or is the embedder's.
    pub fn fstat(&self, process: &Process, fd: Fd) -> Result<Stat, Errno> {
        self.vfs_fstat(self.fdget(process, fd)?)
    }

    /// [`fstat`](Self::fstat) of an open file.
    ///
    /// # Errors
    ///
    /// As [`fstat`](Self::fstat).
    pub fn vfs_fstat(&self, file: OpenFile) -> Result<Stat, Errno> {
        match self.file(file)?.kind {
            FileKind::Inode(ino) => self.stat_inode(ino),
            FileKind::Inotify(_) | FileKind::Eventfd(_) => Ok(ANON_INODE_STAT),
            FileKind::Foreign(_) => Err(Errno::EBADF),
        }
    }

    /// `int newfstatat(int dirfd, const char *pathname, struct stat *statbuf, int flags)`
    ///
    /// What is known of a file by its path.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags. (Not when the empty path means a descriptor: then no flag is
    ///   looked at.)
    /// * What the path walk answers; `ENOENT`: it is not there.
    pub fn newfstatat(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
    ) -> Result<Stat, Errno> {
        let is_empty = path.is_empty() && flags.contains(AtFlags::EMPTY_PATH);
        let known = AtFlags::SYMLINK_NOFOLLOW
            | AtFlags::NO_AUTOMOUNT
            | AtFlags::EMPTY_PATH
            | STATX_SYNC_TYPE;
        // A descriptor goes straight to fstat (`vfs_fstatat`).
        if !((flags - known).is_empty() || is_empty && dirfd >= 0) {
            return Err(Errno::EINVAL);
        }
        if is_empty {
            if self.is_anonymous(process, dirfd) {
                return Ok(ANON_INODE_STAT);
            }
            return self.stat_inode(self.inode_of_fd_or_cwd(process, dirfd)?);
        }
        let follow = if flags.contains(AtFlags::SYMLINK_NOFOLLOW) {
            FollowLast::No
        } else {
            FollowLast::Yes
        };
        self.stat_inode(self.walk_to(process, dirfd, path, follow)?)
    }

    /// `int fstatat(int dirfd, const char *pathname, struct stat *statbuf, int flags)`
    ///
    /// What the C library calls [`newfstatat`](Self::newfstatat).
    ///
    /// # Errors
    ///
    /// As [`newfstatat`](Self::newfstatat).
    pub fn fstatat(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
    ) -> Result<Stat, Errno> {
        self.newfstatat(process, dirfd, path, flags)
    }

    /// `int stat(const char *pathname, struct stat *statbuf)`
    ///
    /// [`newfstatat`](Self::newfstatat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`newfstatat`](Self::newfstatat).
    pub fn stat(&self, process: &Process, path: &[u8]) -> Result<Stat, Errno> {
        self.newfstatat(process, AT_FDCWD, path, AtFlags::empty())
    }

    /// `int lstat(const char *pathname, struct stat *statbuf)`
    ///
    /// [`stat`](Self::stat) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`newfstatat`](Self::newfstatat).
    pub fn lstat(&self, process: &Process, path: &[u8]) -> Result<Stat, Errno> {
        self.newfstatat(process, AT_FDCWD, path, AtFlags::SYMLINK_NOFOLLOW)
    }

    pub(super) fn stat_inode(&self, ino: Ino) -> Result<Stat, Errno> {
        let inode = self.inode_inlined(ino)?;
        let mut st_rdev = Dev(0);
        let st_size = match &inode.kind {
            InodeKind::Regular(contents) => contents.size(),
            // Two more for "." and "..".
            InodeKind::Directory(directory) => (directory.len() as u64 + 2) * BOGO_DIRENT_BYTES,
            InodeKind::Symlink(target) => target.len() as u64,
            InodeKind::CharDevice(dev) | InodeKind::BlockDevice(dev) => {
                st_rdev = *dev;
                0
            }
            InodeKind::Fifo(_) | InodeKind::Socket => 0,
        };
        let is_anonymous = P::PIPES && self.is_anonymous_pipe(inode);
        Ok(Stat {
            st_dev: if is_anonymous { PIPE_DEV } else { ROOT_DEV },
            st_ino: ino.st_ino(),
            st_nlink: if is_anonymous || (P::FOREIGN && inode.is_unread()) {
                1
            } else {
                inode.nlink
            },
            st_mode: inode.mode(),
            st_uid: inode.uid,
            st_gid: inode.gid,
            st_rdev,
            st_size,
            st_blksize: 4096, // the page size, as tmpfs reports it
            st_blocks: inode.pages() * (FS_PAGE_BYTES as u64 / BLOCK_BYTES),
            st_atime: inode.atime(),
            st_mtime: inode.mtime(),
            st_ctime: inode.ctime(),
            st_btime: inode.btime(),
        })
    }
}
