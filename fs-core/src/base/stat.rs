//! What a file is and what stat(2) says of it: types, modes, `struct stat`.
//!
//! Neighbours: [`crate::objects::inode`] stores these attributes; `syscalls::attributes::stat`
//! reports them.

use crate::base::defect::OrDefect;
use crate::base::time::Timespec;

/// The type of a file: the `S_IFMT` bits of `st_mode`, and `d_type` in a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileType {
    /// Named pipe (`S_IFIFO`, `DT_FIFO`).
    Fifo = 1,
    /// Character device (`S_IFCHR`, `DT_CHR`).
    CharDevice = 2,
    /// Directory (`S_IFDIR`, `DT_DIR`).
    Directory = 4,
    /// Block device (`S_IFBLK`, `DT_BLK`).
    BlockDevice = 6,
    /// Regular file (`S_IFREG`, `DT_REG`).
    Regular = 8,
    /// Symbolic link (`S_IFLNK`, `DT_LNK`).
    Symlink = 10,
    /// Socket (`S_IFSOCK`, `DT_SOCK`).
    Socket = 12,
}

impl FileType {
    /// The `S_IFMT` bits. Linux defines `DT_*` as these shifted down by 12 (`IFTODT`).
    #[must_use]
    pub const fn mode_bits(self) -> u32 {
        (self as u32) << 12
    }

    /// The type whose `d_type` this is.
    #[must_use]
    pub const fn from_d_type(d_type: u8) -> Option<FileType> {
        Some(match d_type {
            1 => FileType::Fifo,
            2 => FileType::CharDevice,
            4 => FileType::Directory,
            6 => FileType::BlockDevice,
            8 => FileType::Regular,
            10 => FileType::Symlink,
            12 => FileType::Socket,
            _ => return None,
        })
    }

    /// The type in the `S_IFMT` bits of a mode.
    #[must_use]
    pub const fn from_mode(mode: u32) -> Option<FileType> {
        FileType::from_d_type(((mode & S_IFMT) >> 12) as u8)
    }
}

/// The bits of a mode that hold the type (`S_IFMT`, inode(7)).
pub const S_IFMT: u32 = 0o170_000;
/// Set-user-ID.
pub const S_ISUID: u32 = 0o4000;
/// Set-group-ID; on a directory, new files take its group.
pub const S_ISGID: u32 = 0o2000;
/// Sticky: in such a directory only an owner removes.
pub const S_ISVTX: u32 = 0o1000;
/// Execute permission of the group.
pub const S_IXGRP: u32 = 0o010;
/// Write permission of everybody else.
pub(crate) const S_IWOTH: u32 = 0o002;
/// Every bit that chmod(2) sets.
pub const S_IALLUGO: u32 = 0o7777;
/// The permission bits proper.
pub const S_IRWXUGO: u32 = 0o777;

/// A device number, packed as `makedev(3)` packs it in user space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dev(pub u64);

impl Dev {
    /// `/dev/null` (Documentation/admin-guide/devices.txt, as the ones below).
    pub const NULL: Dev = Dev::new(1, 3);
    /// `/dev/zero`.
    pub const ZERO: Dev = Dev::new(1, 5);
    /// `/dev/full`.
    pub const FULL: Dev = Dev::new(1, 7);
    /// `/dev/random`.
    pub const RANDOM: Dev = Dev::new(1, 8);
    /// `/dev/urandom`.
    pub const URANDOM: Dev = Dev::new(1, 9);
    /// `/dev/tty`: the controlling terminal.
    pub const TTY: Dev = Dev::new(5, 0);

    /// `dev_t makedev(unsigned int major, unsigned int minor)`
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Dev {
        let (major, minor) = (major as u64, minor as u64);
        let high = (major & 0xffff_f000) << 32 | (minor & 0xffff_ff00) << 12;
        Dev(high | (major & 0xfff) << 8 | minor & 0xff)
    }

    /// `unsigned int major(dev_t dev)`
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are left")]
    pub const fn major(self) -> u32 {
        ((self.0 >> 32) & 0xffff_f000 | (self.0 >> 8) & 0xfff) as u32
    }

    /// `unsigned int minor(dev_t dev)`
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are left")]
    pub const fn minor(self) -> u32 {
        ((self.0 >> 12) & 0xffff_ff00 | self.0 & 0xff) as u32
    }
}

/// What stat(2) reports: `struct stat`, and `stx_btime` of statx(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The device that holds the file.
    pub st_dev: Dev,
    /// The inode number: unique among the files that exist.
    pub st_ino: u64,
    /// The number of hard links.
    pub st_nlink: u32,
    /// Type and permission bits.
    pub st_mode: u32,
    /// The owner.
    pub st_uid: u32,
    /// The group.
    pub st_gid: u32,
    /// The device that a device node stands for; zero for others.
    pub st_rdev: Dev,
    /// The size in bytes. Of a symbolic link: the length of its target.
    pub st_size: u64,
    /// The preferred size of an I/O, in bytes.
    pub st_blksize: u32,
    /// Memory taken, in units of 512 bytes. Pages that are still in the baked contents count, as on
    /// tmpfs.
    pub st_blocks: u64,
    /// The time of the last access.
    pub st_atime: Timespec,
    /// The time of the last change of the contents.
    pub st_mtime: Timespec,
    /// The time of the last change of the metadata.
    pub st_ctime: Timespec,
    /// The time of creation.
    pub st_btime: Timespec,
}

impl Stat {
    /// The type of the file.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        // `st_mode` is only ever built from a FileType, so the fallback is never taken.
        FileType::from_mode(self.st_mode).or_after_defect(FileType::Regular)
    }
}
