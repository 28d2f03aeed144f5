//! The flag words of the system calls, with Linux's values.
//!
//! Values are those of the generic ABI (`include/uapi/asm-generic/fcntl.h`,
//! `include/uapi/linux/fcntl.h`, `fs.h`, `falloc.h`), the one that x86-64 and RISC-V use.
//! Nothing here decides anything; the calls do.

use bitflags::bitflags;

use crate::base::errno::Errno;

/// A file descriptor number. Negative numbers are never open.
pub type Fd = i32;

/// The directory argument that means "the current directory" (`AT_FDCWD`, openat(2)).
pub const AT_FDCWD: Fd = -100;

/// The longest file name, in bytes (`NAME_MAX`, limits.h).
pub const NAME_MAX: usize = 255;

/// The longest path, in bytes, with its terminating NUL (`PATH_MAX`, limits.h).
pub const PATH_MAX: usize = 4096;

/// How many symbolic links one path may go through (`MAXSYMLINKS`, include/linux/namei.h).
pub const MAXSYMLINKS: u32 = 40;

/// The largest file offset (`MAX_LFS_FILESIZE`, include/linux/fs.h).
pub const MAX_LFS_FILESIZE: u64 = i64::MAX as u64;

bitflags! {
    /// Flags of open(2): access mode, creation flags and file status flags.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct OFlags: u32 {
        /// Open for reading only. It is zero: test it with [`OFlags::access_mode`].
        const RDONLY = 0o0;
        /// Open for writing only.
        const WRONLY = 0o1;
        /// Open for reading and writing.
        const RDWR = 0o2;
        /// The bits of the access mode (`O_ACCMODE`).
        const ACCMODE = 0o3;
        /// Create the file if it is not there.
        const CREAT = 0o100;
        /// With `CREAT`: fail if the name exists.
        const EXCL = 0o200;
        /// Do not become the controlling terminal. No effect here.
        const NOCTTY = 0o400;
        /// Cut a regular file to length zero.
        const TRUNC = 0o1000;
        /// Every write goes to the end of the file.
        const APPEND = 0o2000;
        /// Never block.
        const NONBLOCK = 0o4000;
        /// Data integrity on every write. Memory is always in step.
        const DSYNC = 0o10000;
        /// Unbuffered I/O. tmpfs takes it since Linux 6.6.
        const DIRECT = 0o40000;
        /// Allow files over 2 GiB. Always so here.
        const LARGEFILE = 0o100000;
        /// Fail unless the file is a directory.
        const DIRECTORY = 0o200000;
        /// Fail if the last component is a symbolic link.
        const NOFOLLOW = 0o400000;
        /// Do not update the access time.
        const NOATIME = 0o1000000;
        /// Close on exec.
        const CLOEXEC = 0o2000000;
        /// File integrity on every write (`__O_SYNC | O_DSYNC`).
        const SYNC = 0o4010000;
        /// A descriptor that only names the file.
        const PATH = 0o10000000;
        /// An unnamed temporary file (`__O_TMPFILE | O_DIRECTORY`).
        const TMPFILE = 0o20200000;
        // Linux ignores the bits that it does not know in open(2).
        const _ = !0;
    }
}

impl OFlags {
    /// The access mode alone.
    #[must_use]
    pub fn access_mode(self) -> OFlags {
        self & OFlags::ACCMODE
    }
}

bitflags! {
    /// The `AT_*` flags of the `*at` calls.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct AtFlags: u32 {
        /// Do not follow a symbolic link in the last component.
        const SYMLINK_NOFOLLOW = 0x100;
        /// faccessat2(2): use the effective ids.
        const EACCESS = 0x200;
        /// unlinkat(2): remove a directory. (The same bit as `EACCESS`.)
        const REMOVEDIR = 0x200;
        /// Follow a symbolic link in the last component (linkat(2)).
        const SYMLINK_FOLLOW = 0x400;
        /// Do not trigger automounts. No effect here.
        const NO_AUTOMOUNT = 0x800;
        /// An empty path means the descriptor itself.
        const EMPTY_PATH = 0x1000;
        /// statx(2): do not trust what is cached (`AT_STATX_FORCE_SYNC`). No effect here.
        const STATX_FORCE_SYNC = 0x2000;
        /// statx(2): do not ask a server (`AT_STATX_DONT_SYNC`). No effect here.
        const STATX_DONT_SYNC = 0x4000;
        // Unknown bits are kept: each call answers EINVAL for those that it does not take.
        const _ = !0;
    }
}

bitflags! {
    /// How a path may be resolved: the `resolve` word of openat2(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ResolveFlags: u64 {
        /// Do not cross a mount point (`EXDEV`).
        const NO_XDEV = 0x01;
        /// No magic links. There are none here.
        const NO_MAGICLINKS = 0x02;
        /// No symbolic link at all, in any component (`ELOOP`).
        const NO_SYMLINKS = 0x04;
        /// Never leave the tree below the starting directory (`EXDEV`).
        const BENEATH = 0x08;
        /// Treat the starting directory as `/`.
        const IN_ROOT = 0x10;
        /// Only what is cached. Always so here.
        const CACHED = 0x20;
        /// Not Linux's: with `BENEATH`, an absolute symbolic link starts again at the root
        /// directory, provided that the walk began there. Nothing is left behind then; a tree whose
        /// root is what programs know as `/` may hold such links. For
        /// [`Process::confine`](crate::Process::confine); openat2 refuses it.
        const ABSOLUTE_LINKS = 1 << 32;
        // Unknown bits are kept: openat2 answers EINVAL for them.
        const _ = !0;
    }
}

bitflags! {
    /// Flags of mount(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MountFlags: u64 {
        /// Nothing can be changed.
        const RDONLY = 1;
        /// Change the settings of what is mounted.
        const REMOUNT = 32;
        /// Show a directory at another place.
        const BIND = 4096;
        /// Move what is mounted.
        const MOVE = 8192;
        /// What asks for something else than to mount a filesystem: those above but the first, and
        /// `MS_UNBINDABLE`, `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED`.
        const OF_MOUNTED = 32 | 4096 | 8192 | 0xf << 17;
        // Unknown bits are kept.
        const _ = !0;
    }
}

bitflags! {
    /// Flags of renameat2(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RenameFlags: u32 {
        /// Fail with `EEXIST` if the new name exists.
        const NOREPLACE = 1;
        /// Exchange the two names.
        const EXCHANGE = 2;
        /// Leave a whiteout behind.
        const WHITEOUT = 4;
        // Unknown bits are kept: renameat2 answers EINVAL for them.
        const _ = !0;
    }
}

bitflags! {
    /// The `mode` word of fallocate(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FallocateMode: u32 {
        /// Do not change the size.
        const KEEP_SIZE = 0x01;
        /// Turn the range into a hole. Needs `KEEP_SIZE`.
        const PUNCH_HOLE = 0x02;
        /// Remove the range and close the gap.
        const COLLAPSE_RANGE = 0x08;
        /// Make the range read as zeros.
        const ZERO_RANGE = 0x10;
        /// Insert a hole.
        const INSERT_RANGE = 0x20;
        /// Unshare shared extents.
        const UNSHARE_RANGE = 0x40;
        /// Write zeros (Linux 6.17).
        const WRITE_ZEROES = 0x80;
        // Unknown bits are kept: fallocate answers EOPNOTSUPP for them.
        const _ = !0;
    }
}

bitflags! {
    /// The events of poll(2) (`include/uapi/asm-generic/poll.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct PollEvents: u16 {
        /// There is something to read, or an end of file.
        const IN = 0x1;
        /// There is something exceptional to read.
        const PRI = 0x2;
        /// There is room to write.
        const OUT = 0x4;
        /// An error: of a pipe, nobody can read it any more.
        const ERR = 0x8;
        /// Hung up: of a pipe, nobody can write to it any more.
        const HUP = 0x10;
        /// The descriptor is not open.
        const NVAL = 0x20;
        /// As `IN`.
        const RDNORM = 0x40;
        /// As `OUT`.
        const WRNORM = 0x100;
    }
}

impl PollEvents {
    /// What a file answers that is always ready (`DEFAULT_POLLMASK`).
    pub(crate) const ALWAYS: PollEvents =
        PollEvents::IN.union(PollEvents::OUT).union(PollEvents::RDNORM).union(PollEvents::WRNORM);
}

/// Where lseek(2) counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Whence {
    /// From the start of the file.
    Set = 0,
    /// From the current offset.
    Cur = 1,
    /// From the end of the file.
    End = 2,
    /// The next byte at or after the offset that is data.
    Data = 3,
    /// The next hole at or after the offset; the end of the file counts as one.
    Hole = 4,
}

impl Whence {
    /// The whence with this number.
    ///
    /// # Errors
    ///
    /// `EINVAL`: there is no such whence.
    pub fn from_number(number: u32) -> Result<Whence, Errno> {
        Ok(match number {
            0 => Whence::Set,
            1 => Whence::Cur,
            2 => Whence::End,
            3 => Whence::Data,
            4 => Whence::Hole,
            _ => return Err(Errno::EINVAL),
        })
    }
}
