//! statfs, fstatfs.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, NAME_MAX};
use crate::base::page::FS_PAGE_BYTES;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::fs::superblock::BOGO_INODE_BYTES;
use crate::objects::file_description::FileKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// What statfs(2) answers for tmpfs in `f_type` (`TMPFS_MAGIC`, include/uapi/linux/magic.h).
pub const TMPFS_MAGIC: u64 = 0x0102_1994;

/// What statfs(2) reports: `struct statfs`.
///
/// Without a limit in [`Config`](crate::Config), what that would limit is reported as zero in all
/// and zero free, as tmpfs does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statfs {
    /// The type of the filesystem.
    pub f_type: u64,
    /// The size of a block, in bytes.
    pub f_bsize: u64,
    /// How many blocks there may be.
    pub f_blocks: u64,
    /// How many of them are free.
    pub f_bfree: u64,
    /// How many of those everybody may take.
    pub f_bavail: u64,
    /// How many inodes there may be.
    pub f_files: u64,
    /// How many of them are free.
    pub f_ffree: u64,
    /// The longest name, in bytes.
    pub f_namelen: u64,
    /// The unit of sizes, in bytes.
    pub f_frsize: u64,
    /// `ST_*` bits (include/linux/statfs.h): [`ST_RDONLY`] or none.
    pub f_flags: u64,
}

/// In [`Statfs::f_flags`]: the filesystem is read-only.
pub const ST_RDONLY: u64 = 1;

/// The filesystem type of a pipe without a name (`PIPEFS_MAGIC`, magic.h).
const PIPEFS_MAGIC: u64 = 0x5049_5045;

/// The filesystem type of what is no file: inotify instances (`ANON_INODE_FS_MAGIC`, magic.h).
const ANON_INODE_FS_MAGIC: u64 = 0x0904_1934;

impl<P: Platform> Fs<P> {
    /// `int statfs(const char *path, struct statfs *buf)`
    ///
    /// What is known of the filesystem that holds a file.
    ///
    /// # Errors
    ///
    /// What the path walk answers; `ENOENT`: it is not there.
    pub fn statfs(&self, process: &Process, path: &[u8]) -> Result<Statfs, Errno> {
        self.walk_to(process, AT_FDCWD, path, FollowLast::Yes)?;
        Ok(self.shmem_statfs())
    }

    /// `int fstatfs(int fd, struct statfs *buf)`
    ///
    /// [`statfs`](Self::statfs) of an open file, even if the descriptor only names it.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOSYS`: it is the embedder's.
    pub fn fstatfs(&self, process: &Process, fd: Fd) -> Result<Statfs, Errno> {
        match self.description(process, fd)?.kind {
            FileKind::Inode(ino) if P::PIPES && self.is_anonymous_pipe(self.inode(ino)?) => {
                Ok(simple_statfs(PIPEFS_MAGIC))
            }
            FileKind::Inode(_) => Ok(self.shmem_statfs()),
            FileKind::Inotify(_) | FileKind::Eventfd(_) => Ok(simple_statfs(ANON_INODE_FS_MAGIC)),
            FileKind::Foreign(_) => Err(Errno::ENOSYS),
        }
    }

    fn shmem_statfs(&self) -> Statfs {
        let page_bytes = FS_PAGE_BYTES as u64;
        let blocks = self.config.max_bytes / page_bytes;
        let free = blocks.saturating_sub(self.used_pages);
        let files = self.config.max_inodes;
        Statfs {
            f_type: TMPFS_MAGIC,
            f_bsize: page_bytes,
            f_blocks: blocks,
            f_bfree: free,
            f_bavail: free,
            f_files: u64::from(files),
            f_ffree: self.free_inode_space() / BOGO_INODE_BYTES,
            f_namelen: NAME_MAX as u64,
            f_frsize: page_bytes,
            f_flags: if self.config.read_only { ST_RDONLY } else { 0 },
        }
    }
}

/// What an internal filesystem without figures of its own answers (`simple_statfs`).
fn simple_statfs(f_type: u64) -> Statfs {
    Statfs {
        f_type,
        f_bsize: FS_PAGE_BYTES as u64,
        f_namelen: NAME_MAX as u64,
        f_frsize: FS_PAGE_BYTES as u64,
        ..Statfs::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{Config, Credentials, Errno, Fs, NoContents, OFlags};

    #[test]
    fn space_and_inodes_come_back_when_a_file_goes() {
        let config = Config { max_bytes: 10 << 12, max_inodes: 5, ..Config::default() };
        let mut fs = Fs::new(NoContents::default(), config).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let empty = fs.statfs(&process, b"/").unwrap();
        assert_eq!((empty.f_blocks, empty.f_bfree, empty.f_files, empty.f_ffree), (10, 10, 5, 4));
        let fd = fs.open(&mut process, b"f", OFlags::CREAT | OFlags::RDWR, 0o600).unwrap();
        fs.pwrite64(&process, fd, &[1; 4097][..], 0).unwrap();
        fs.unlink(&process, b"f").unwrap();
        let full = fs.fstatfs(&process, fd).unwrap();
        assert_eq!((full.f_bavail, full.f_ffree), (8, 3));
        fs.close(&mut process, fd).unwrap();
        assert_eq!(fs.statfs(&process, b"."), Ok(empty));
        assert_eq!(fs.statfs(&process, b"f"), Err(Errno::ENOENT));
        assert_eq!(fs.fstatfs(&process, fd), Err(Errno::EBADF));
    }
}
