//! The filesystem as a whole: whether it may be changed, how much it may hold, and changing both.
//!
//! Linux: `mnt_want_write` (fs/namespace.c) and `shmem_reconfigure` (mm/shmem.c). What statfs(2)
//! tells of it is in `syscalls::attributes::statfs`.

use crate::base::config::Config;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::FS_PAGE_BYTES;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::inode::Inode;
use crate::platform::Platform;

/// What an inode with its name counts against the limit of inodes, in bytes (`BOGO_INODE_SIZE`,
/// mm/shmem.c).
pub(crate) const BOGO_INODE_BYTES: u64 = 1024;

/// What a filesystem holds, as its limits count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of pages, pages that are still in the baked contents included. What lower files had
    /// from the start is nobody's use.
    pub bytes: u64,
    /// Inodes and further links, and what extended attributes count as inodes.
    pub inodes: u64,
}

impl<P: Platform> Fs<P> {
    /// `int mount(NULL, "/", NULL, MS_REMOUNT | flags, data)`
    ///
    /// Changes the settings. What was made under the old ones stays as it is: `max_fds` goes for
    /// new processes, `root_mode` for no directory, and a file that is open for writing can be
    /// written although the filesystem became read-only (DEVIATION: Linux answers `EBUSY` then).
    /// DEVIATION: limits may be set where there was none.
    ///
    /// # Errors
    ///
    /// `EINVAL`: more is in use than a limit allows; nothing has changed.
    pub fn remount(&mut self, config: Config) -> Result<(), Errno> {
        let Usage { bytes, inodes } = self.usage();
        let fits = |used: u64, limit: u64| limit == 0 || used <= limit;
        if !fits(bytes, config.max_bytes) || !fits(inodes, config.max_inodes.into()) {
            return Err(Errno::EINVAL);
        }
        self.config = config;
        Ok(())
    }

    /// What is in use.
    pub fn usage(&self) -> Usage {
        Usage {
            bytes: self.used_pages * FS_PAGE_BYTES as u64,
            inodes: self.used_inode_space().div_ceil(BOGO_INODE_BYTES),
        }
    }

    /// Checks that the tree may be changed (`mnt_want_write`).
    ///
    /// # Errors
    ///
    /// `EROFS`: it may not.
    pub(crate) fn want_write(&self) -> Result<(), Errno> {
        if self.config.read_only { Err(Errno::EROFS) } else { Ok(()) }
    }

    /// Checks that the attributes of an inode may be changed (`mnt_want_write_file`). A pipe that
    /// has no name is of another filesystem.
    ///
    /// # Errors
    ///
    /// `EROFS`: they may not.
    pub(crate) fn want_write_of(&self, ino: Ino) -> Result<(), Errno> {
        if P::PIPES && self.is_anonymous_pipe(self.inode(ino)?) {
            return Ok(());
        }
        self.want_write()
    }

    /// Checks that an inode may be written to, as far as the filesystem has a say
    /// (`sb_permission`): what is behind device nodes and pipes is not in it.
    ///
    /// # Errors
    ///
    /// `EROFS`: it may not.
    pub(crate) fn want_write_to(&self, inode: &Inode) -> Result<(), Errno> {
        match inode.file_type() {
            FileType::Regular | FileType::Directory | FileType::Symlink => self.want_write(),
            _ => Ok(()),
        }
    }

    /// Checks that the limit of inodes leaves room for one more inode or link
    /// (`shmem_reserve_inode`).
    ///
    /// # Errors
    ///
    /// `ENOSPC`: it does not.
    pub(crate) fn reserve_inode(&self) -> Result<(), Errno> {
        if P::LIMITS && self.config.max_inodes != 0 && self.free_inode_space() < BOGO_INODE_BYTES {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// How many bytes are left of what the limit of inodes allows (`free_ispace`): each inode is
    /// taken to need [`BOGO_INODE_BYTES`], and extended attributes need some too.
    pub(crate) fn free_inode_space(&self) -> u64 {
        let limit = u64::from(self.config.max_inodes) * BOGO_INODE_BYTES;
        limit.saturating_sub(self.used_inode_space())
    }

    /// How many bytes of what the limit of inodes allows are taken.
    pub(crate) fn used_inode_space(&self) -> u64 {
        let lower = if P::FOREIGN { self.lower_inodes } else { 0 };
        let uncounted = self.anonymous_inodes + lower + self.graves;
        let inodes = u64::from(self.inodes.len() - uncounted) + u64::from(self.further_links);
        inodes * BOGO_INODE_BYTES + self.xattr_space
    }

    /// How many pages may still be taken.
    pub(crate) fn free_pages(&self) -> u64 {
        match self.config.max_bytes {
            _ if !P::LIMITS => u64::MAX,
            0 => u64::MAX,
            max => (max / FS_PAGE_BYTES as u64).saturating_sub(self.used_pages),
        }
    }
}
