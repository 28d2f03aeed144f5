//! What is known of descriptors of the WASI host's, and setting their times.
//!
//! preview1 has neither permissions nor owners. A descriptor of the host's shows those that fit
//! its type, as the superuser's, and refuses others.

use wasm_vfs_core::{
    Dev, Errno, Stat, Statfs, Statx, StatxAttributes, StatxMask, TMPFS_MAGIC, TimeSpecifier,
};

use crate::abi::{imports, layout};
use crate::calls::user::Result;
use crate::errno::to_linux;
use crate::memory::borrowed::Borrowed;

/// The bytes in a unit of `st_blocks`.
const BLOCK_BYTES: u64 = 512;
/// What stat(2) and statfs(2) say of sizes of transfers.
const IO_BYTES: u32 = 4096;
/// The longest name, in bytes.
const NAME_MAX: u64 = 255;
/// One more than the largest `tv_nsec`.
const NSEC_PER_SEC: u32 = 1_000_000_000;

/// `fstat`.
///
/// # Errors
///
/// `ENOMEM`: nothing can be borrowed for the host's answer. What the host answers.
pub(super) fn fstat(host_fd: u32) -> Result<Stat> {
    let borrowed = Borrowed::new(layout::FILESTAT_BYTES).map_err(|_| Errno::ENOMEM)?;
    let number = imports::fd_filestat_get(host_fd, borrowed.addr());
    let filestat = borrowed.range();
    let [dev, ino, file_type, nlink, size, atim, mtim, ctim] =
        [0, 8, 16, 24, 32, 40, 48, 56].map(|offset| filestat.load_u64(offset));
    borrowed.give_back();
    if number != 0 {
        return Err(to_linux(number));
    }
    let [file_type, ..] = file_type.to_le_bytes();
    Ok(Stat {
        st_dev: Dev(dev),
        st_ino: ino,
        // Some hosts say 0 of what has no name.
        st_nlink: u32::try_from(nlink).unwrap_or(u32::MAX).max(1),
        st_mode: mode(file_type),
        st_uid: 0,
        st_gid: 0,
        st_rdev: Dev(0),
        st_size: size,
        st_blksize: IO_BYTES,
        st_blocks: size.div_ceil(BLOCK_BYTES),
        st_atime: layout::timespec(atim),
        st_mtime: layout::timespec(mtim),
        st_ctime: layout::timespec(ctim),
        st_btime: layout::timespec(ctim),
    })
}

/// Type and permission bits for one of preview1's types: a terminal's, a pipe's, and those that
/// files and directories mostly have. What has no type of preview1 is a pipe.
fn mode(file_type: u8) -> u32 {
    match wasi::FILETYPE_UNKNOWN.raw() {
        _ if file_type == wasi::FILETYPE_CHARACTER_DEVICE.raw() => 0o020_620,
        _ if file_type == wasi::FILETYPE_REGULAR_FILE.raw() => 0o100_644,
        _ if file_type == wasi::FILETYPE_DIRECTORY.raw() => 0o040_755,
        _ if file_type == wasi::FILETYPE_BLOCK_DEVICE.raw() => 0o060_660,
        _ if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() => 0o120_777,
        _ if file_type == wasi::FILETYPE_SOCKET_STREAM.raw()
            || file_type == wasi::FILETYPE_SOCKET_DGRAM.raw() =>
        {
            0o140_777
        }
        _ => 0o010_600,
    }
}

/// `statx` of what [`fstat`] tells.
pub(super) fn statx(stat: &Stat) -> Statx {
    Statx {
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
        stx_atime: stat.st_atime,
        stx_ctime: stat.st_ctime,
        stx_mtime: stat.st_mtime,
        stx_dev_major: stat.st_dev.major(),
        stx_dev_minor: stat.st_dev.minor(),
        ..Statx::default()
    }
}

/// `fstatfs`: what Linux says of the filesystem that terminals are in (devtmpfs).
pub(super) fn statfs() -> Statfs {
    Statfs {
        f_type: TMPFS_MAGIC,
        f_bsize: IO_BYTES.into(),
        f_namelen: NAME_MAX,
        f_frsize: IO_BYTES.into(),
        ..Statfs::default()
    }
}

/// `futimens`.
///
/// # Errors
///
/// `EINVAL`: nanoseconds beyond 999,999,999. What the host answers.
pub(super) fn futimens(host_fd: u32, [atime, mtime]: [TimeSpecifier; 2]) -> Result<()> {
    let (atim, access) = fst_flags(atime, wasi::FSTFLAGS_ATIM, wasi::FSTFLAGS_ATIM_NOW)?;
    let (mtim, modification) = fst_flags(mtime, wasi::FSTFLAGS_MTIM, wasi::FSTFLAGS_MTIM_NOW)?;
    let flags = u32::from(access | modification);
    match imports::fd_filestat_set_times(host_fd, atim, mtim, flags) {
        0 => Ok(()),
        number => Err(to_linux(number)),
    }
}

/// A time in nanoseconds, and the flag that says what to do with it.
fn fst_flags(time: TimeSpecifier, set: u16, set_now: u16) -> Result<(u64, u16)> {
    match time {
        TimeSpecifier::Omit => Ok((0, 0)),
        TimeSpecifier::Now => Ok((0, set_now)),
        TimeSpecifier::At(time) if time.tv_nsec < NSEC_PER_SEC => {
            Ok((layout::timestamp(time), set))
        }
        TimeSpecifier::At(_) => Err(Errno::EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use wasm_vfs_core::{Errno, TimeSpecifier, Timespec};

    use super::{fst_flags, mode};

    #[test]
    fn a_type_of_the_host_has_linuxs_bits() {
        // preview1's numbers, in their order.
        let modes = [0o10_600, 0o60_660, 0o20_620, 0o40_755, 0o100_644, 0o140_777, 0o140_777];
        for (file_type, expected) in (0..).zip(modes) {
            assert_eq!(mode(file_type), expected, "{file_type}");
        }
        assert_eq!((mode(7), mode(8)), (0o120_777, 0o10_600));
    }

    #[test]
    fn a_time_for_the_host_is_set_or_now_or_left() {
        let at = |sec, nsec| TimeSpecifier::At(Timespec::new(sec, nsec));
        for (time, expected) in [
            (TimeSpecifier::Omit, Ok((0, 0))),
            (TimeSpecifier::Now, Ok((0, 2))),
            (at(2, 5), Ok((2_000_000_005, 1))),
            (at(-1, 0), Ok((0, 1))),
            (at(0, 1_000_000_000), Err(Errno::EINVAL)),
        ] {
            assert_eq!(fst_flags(time, 1, 2), expected, "{time:?}");
        }
    }
}
