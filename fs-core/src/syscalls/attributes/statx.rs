//! statx: what stat says and more, as far as the caller asks for it.
//!
//! Neighbours: `syscalls::attributes::stat`.

use bitflags::bitflags;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{AtFlags, Fd};
use crate::base::ids::Ino;
use crate::base::stat::{Dev, Stat};
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::attributes::stat::{ANON_INODE_STAT, STATX_SYNC_TYPE};

bitflags! {
    /// What of a [`Statx`] is asked for, and what is there (`STATX_*`,
    /// `include/uapi/linux/stat.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct StatxMask: u32 {
        /// The type in `stx_mode`.
        const TYPE = 0x1;
        /// The permission bits in `stx_mode`.
        const MODE = 0x2;
        /// `stx_nlink`.
        const NLINK = 0x4;
        /// `stx_uid`.
        const UID = 0x8;
        /// `stx_gid`.
        const GID = 0x10;
        /// `stx_atime`.
        const ATIME = 0x20;
        /// `stx_mtime`.
        const MTIME = 0x40;
        /// `stx_ctime`.
        const CTIME = 0x80;
        /// `stx_ino`.
        const INO = 0x100;
        /// `stx_size`.
        const SIZE = 0x200;
        /// `stx_blocks`.
        const BLOCKS = 0x400;
        /// Everything that stat(2) says.
        const BASIC_STATS = 0x7ff;
        /// `stx_btime`.
        const BTIME = 0x800;
        /// `stx_mnt_id`, of the kind that is given again.
        const MNT_ID = 0x1000;
        /// `stx_mnt_id`, of the kind that is never given again.
        const MNT_ID_UNIQUE = 0x4000;
        /// Kept for the future: refused (`STATX__RESERVED`).
        const RESERVED = 0x8000_0000;
        // Other bits are kept: statx ignores them.
        const _ = !0;
    }
}

bitflags! {
    /// Properties of a file (`STATX_ATTR_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct StatxAttributes: u64 {
        /// It cannot be changed. Nothing sets it here.
        const IMMUTABLE = 0x10;
        /// It can only grow. Nothing sets it here.
        const APPEND = 0x20;
        /// It is left out of backups. Nothing sets it here.
        const NODUMP = 0x40;
        /// Walking into it mounts something.
        const AUTOMOUNT = 0x1000;
        /// It is the root of a mount.
        const MOUNT_ROOT = 0x2000;
        /// Its contents are mapped from the device itself.
        const DAX = 0x20_0000;
    }
}

/// What every filesystem can say of a file (`vfs_getattr_nosec`, `vfs_statx_path`).
const VFS_ATTRIBUTES: StatxAttributes =
    StatxAttributes::AUTOMOUNT.union(StatxAttributes::DAX).union(StatxAttributes::MOUNT_ROOT);

/// What tmpfs can say beside it (`shmem_getattr`).
const SHMEM_ATTRIBUTES: StatxAttributes =
    StatxAttributes::APPEND.union(StatxAttributes::IMMUTABLE).union(StatxAttributes::NODUMP);

/// The number of the one mount there is.
const MNT_ID: u64 = 1;

/// What statx(2) reports (`struct statx`). Fields that `stx_mask` does not name are zero, or as
/// stat(2) has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statx {
    /// Which fields were asked for and are there, and which are there anyway.
    pub stx_mask: StatxMask,
    /// The preferred size of an I/O, in bytes.
    pub stx_blksize: u32,
    /// Properties.
    pub stx_attributes: StatxAttributes,
    /// The number of hard links.
    pub stx_nlink: u32,
    /// The owner.
    pub stx_uid: u32,
    /// The group.
    pub stx_gid: u32,
    /// Type and permission bits.
    pub stx_mode: u32,
    /// The inode number.
    pub stx_ino: u64,
    /// The size in bytes.
    pub stx_size: u64,
    /// Memory taken, in units of 512 bytes.
    pub stx_blocks: u64,
    /// Which properties could be there.
    pub stx_attributes_mask: StatxAttributes,
    /// The time of the last access.
    pub stx_atime: Timespec,
    /// The time of creation.
    pub stx_btime: Timespec,
    /// The time of the last change of the metadata.
    pub stx_ctime: Timespec,
    /// The time of the last change of the contents.
    pub stx_mtime: Timespec,
    /// The device that a device node stands for: its major number.
    pub stx_rdev_major: u32,
    /// Its minor number.
    pub stx_rdev_minor: u32,
    /// The device that holds the file: its major number.
    pub stx_dev_major: u32,
    /// Its minor number.
    pub stx_dev_minor: u32,
    /// The number of the mount.
    pub stx_mnt_id: u64,
}

impl<P: Platform> Fs<P> {
    /// `int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf)`
    ///
    /// What is known of a file, with its time of creation if that is asked for. `mask` is advice:
    /// what costs nothing is reported anyway, as tmpfs does; modification and change time only if
    /// one of them is asked for.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `mask` has `RESERVED`; both kinds of synchronisation are asked for; unknown
    ///   flags (not looked at when the empty path means a descriptor).
    /// * `EBADF`: with `EMPTY_PATH`, `path` is empty and `dirfd` not open. `ENOTDIR`: it is the
    ///   embedder's.
    /// * What the path walk answers; `ENOENT`: it is not there.
    pub fn statx(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
        mask: StatxMask,
    ) -> Result<Statx, Errno> {
        let known = AtFlags::SYMLINK_NOFOLLOW
            | AtFlags::NO_AUTOMOUNT
            | AtFlags::EMPTY_PATH
            | STATX_SYNC_TYPE;
        let is_fd = path.is_empty() && flags.contains(AtFlags::EMPTY_PATH);
        if mask.contains(StatxMask::RESERVED)
            || flags.contains(STATX_SYNC_TYPE)
            || !((flags - known).is_empty() || is_fd && dirfd >= 0)
        {
            return Err(Errno::EINVAL);
        }
        if is_fd && self.is_anonymous(process, dirfd) {
            return Ok(statx_of(&ANON_INODE_STAT, mask, Filesystem::Internal));
        }
        let ino = if is_fd {
            self.inode_of_fd_or_cwd(process, dirfd)?
        } else if flags.contains(AtFlags::SYMLINK_NOFOLLOW) {
            self.walk_to(process, dirfd, path, FollowLast::No)?
        } else {
            self.walk_to(process, dirfd, path, FollowLast::Yes)?
        };
        let inode = self.inode(ino)?;
        let is_pipe = P::PIPES && self.is_anonymous_pipe(inode);
        let filesystem = if is_pipe { Filesystem::Internal } else { Filesystem::Shmem };
        let mut statx = statx_of(&self.stat_inode(ino)?, mask, filesystem);
        if ino == Ino::ROOT {
            statx.stx_attributes |= StatxAttributes::MOUNT_ROOT;
        }
        Ok(statx)
    }
}

/// Whose inode it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filesystem {
    /// This one.
    Shmem,
    /// One without a mount, of pipes or of inotify instances.
    Internal,
}

fn statx_of(stat: &Stat, asked: StatxMask, filesystem: Filesystem) -> Statx {
    let both = StatxMask::MTIME | StatxMask::CTIME;
    let mut statx = Statx {
        stx_mask: StatxMask::BASIC_STATS,
        stx_blksize: stat.st_blksize,
        stx_attributes: StatxAttributes::empty(),
        stx_nlink: stat.st_nlink,
        stx_uid: stat.st_uid,
        stx_gid: stat.st_gid,
        stx_mode: stat.st_mode,
        stx_ino: stat.st_ino,
        stx_size: stat.st_size,
        stx_blocks: stat.st_blocks,
        stx_attributes_mask: VFS_ATTRIBUTES,
        stx_atime: stat.st_atime,
        stx_btime: Timespec::EPOCH,
        stx_ctime: stat.st_ctime,
        stx_mtime: stat.st_mtime,
        stx_rdev_major: major(stat.st_rdev),
        stx_rdev_minor: minor(stat.st_rdev),
        stx_dev_major: major(stat.st_dev),
        stx_dev_minor: minor(stat.st_dev),
        stx_mnt_id: MNT_ID,
    };
    if asked.contains(StatxMask::MNT_ID_UNIQUE) {
        statx.stx_mask |= StatxMask::MNT_ID_UNIQUE;
    } else {
        statx.stx_mask |= StatxMask::MNT_ID;
    }
    if filesystem == Filesystem::Shmem {
        statx.stx_attributes_mask |= SHMEM_ATTRIBUTES;
        if !asked.intersects(both) {
            // fill_mg_cmtime
            statx.stx_mask -= both;
            statx.stx_mtime = Timespec::EPOCH;
            statx.stx_ctime = Timespec::EPOCH;
        }
        if asked.contains(StatxMask::BTIME) {
            statx.stx_mask |= StatxMask::BTIME;
            statx.stx_btime = stat.st_btime;
        }
    }
    statx
}

/// The major number of a device (makedev(3)).
fn major(dev: Dev) -> u32 {
    let Dev(dev) = dev;
    low_half(((dev >> 8) & 0xfff) | ((dev >> 32) & !0xfff))
}

/// The minor number of a device.
fn minor(dev: Dev) -> u32 {
    let Dev(dev) = dev;
    low_half((dev & 0xff) | ((dev >> 12) & !0xff))
}

fn low_half(number: u64) -> u32 {
    (number & 0xffff_ffff).try_into().or_after_defect(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{StatxAttributes, StatxMask};
    use crate::{AT_FDCWD, AtFlags, Config, Credentials, Dev, Fs, NoContents};

    /// What the rows cannot say: there the root is no root of a mount.
    #[test]
    fn the_root_is_a_mount_and_devices_have_two_numbers() {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let p = fs.spawn(Credentials::ROOT).unwrap();
        let dev = Dev(0x0234_59ab_cdef_78f0);
        fs.mknod(&p, b"/dev", 0o20_600, dev).unwrap();
        let ask = |path: &[u8]| {
            fs.statx(&p, AT_FDCWD, path, AtFlags::empty(), StatxMask::BASIC_STATS).unwrap()
        };
        assert_eq!(ask(b"/").stx_attributes, StatxAttributes::MOUNT_ROOT);
        let node = ask(b"/dev");
        assert_eq!(node.stx_attributes, StatxAttributes::empty());
        let (major, minor) = (u64::from(node.stx_rdev_major), u64::from(node.stx_rdev_minor));
        // makedev(3), the other way round.
        let packed =
            (major & 0xfff) << 8 | (major & !0xfff) << 32 | minor & 0xff | (minor & !0xff) << 12;
        assert_eq!(Dev(packed), dev);
    }
}
