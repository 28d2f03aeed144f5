//! Between Linux's words and preview1's: file types, times, and the layouts of structures.
//!
//! Offsets are constants that are checked here against the `wasi` crate's types, so
//! [`crate::exports`] writes fields with plain stores.

use core::mem::{offset_of, size_of};
use wasm_vfs_core::{FileType, Stat, TimeSpecifier, Timespec};

use crate::errno::{Error, Result};
use crate::memory::user::UserRange;

/// Nanoseconds in a second.
const NSEC_PER_SEC: u64 = 1_000_000_000;

/// Bytes of a `filestat`.
pub(crate) const FILESTAT_BYTES: u32 = 64;
/// Bytes of an `fdstat`.
pub(crate) const FDSTAT_BYTES: u32 = 24;
/// Bytes of a `dirent`, without the name that follows it.
pub(crate) const DIRENT_BYTES: u32 = 24;
/// Bytes of a `prestat`.
pub(crate) const PRESTAT_BYTES: u32 = 8;

const _: () = {
    use wasi::{Dirent, Fdstat, Filestat};
    assert!(size_of::<Filestat>() == FILESTAT_BYTES as usize);
    assert!(offset_of!(Filestat, dev) == 0 && offset_of!(Filestat, ino) == 8);
    assert!(offset_of!(Filestat, filetype) == 16 && offset_of!(Filestat, nlink) == 24);
    assert!(offset_of!(Filestat, size) == 32 && offset_of!(Filestat, atim) == 40);
    assert!(offset_of!(Filestat, mtim) == 48 && offset_of!(Filestat, ctim) == 56);
    assert!(size_of::<Fdstat>() == FDSTAT_BYTES as usize);
    assert!(offset_of!(Fdstat, fs_filetype) == 0 && offset_of!(Fdstat, fs_flags) == 2);
    assert!(offset_of!(Fdstat, fs_rights_base) == 8);
    assert!(offset_of!(Fdstat, fs_rights_inheriting) == 16);
    assert!(size_of::<Dirent>() == DIRENT_BYTES as usize);
    assert!(offset_of!(Dirent, d_next) == 0 && offset_of!(Dirent, d_ino) == 8);
    assert!(offset_of!(Dirent, d_namlen) == 16 && offset_of!(Dirent, d_type) == 20);
};

// These two hold a `usize` or are checked where that has the program's width.
#[cfg(target_pointer_width = "32")]
const _: () = {
    assert!(size_of::<wasi::Prestat>() == PRESTAT_BYTES as usize);
    assert!(offset_of!(wasi::Prestat, tag) == 0 && offset_of!(wasi::Prestat, u) == 4);
};

/// The type of a file, as preview1 numbers it. It has no number for a pipe.
pub(crate) fn file_type(file_type: FileType) -> u8 {
    let wasi = match file_type {
        FileType::Regular => wasi::FILETYPE_REGULAR_FILE,
        FileType::Directory => wasi::FILETYPE_DIRECTORY,
        FileType::Symlink => wasi::FILETYPE_SYMBOLIC_LINK,
        FileType::CharDevice => wasi::FILETYPE_CHARACTER_DEVICE,
        FileType::BlockDevice => wasi::FILETYPE_BLOCK_DEVICE,
        FileType::Socket => wasi::FILETYPE_SOCKET_STREAM,
        FileType::Fifo => wasi::FILETYPE_UNKNOWN,
    };
    wasi.raw()
}

/// A time in nanoseconds. What preview1 cannot say (before 1970, after 2554) becomes the nearest it
/// can.
pub(crate) fn timestamp(time: Timespec) -> u64 {
    let Ok(sec) = u64::try_from(time.tv_sec) else { return 0 };
    if sec > u64::MAX / NSEC_PER_SEC - 1 {
        return u64::MAX;
    }
    sec * NSEC_PER_SEC + u64::from(time.tv_nsec)
}

/// A time from nanoseconds.
#[expect(clippy::cast_possible_wrap, reason = "2^64 nanoseconds are fewer than 2^63 seconds")]
pub(crate) fn timespec(nanoseconds: u64) -> Timespec {
    Timespec::new((nanoseconds / NSEC_PER_SEC) as i64, (nanoseconds % NSEC_PER_SEC) as u32)
}

/// Writes a `filestat`. `out` has [`FILESTAT_BYTES`].
pub(crate) fn store_filestat(out: UserRange, stat: &Stat) {
    out.store_u64(0, stat.st_dev.0);
    out.store_u64(8, stat.st_ino);
    // With the padding that follows the type.
    out.store_u64(16, u64::from(file_type(stat.file_type())));
    out.store_u64(24, u64::from(stat.st_nlink));
    out.store_u64(32, stat.st_size);
    out.store_u64(40, timestamp(stat.st_atime));
    out.store_u64(48, timestamp(stat.st_mtime));
    out.store_u64(56, timestamp(stat.st_ctime));
}

/// The two times of the `set_times` calls.
///
/// # Errors
///
/// `INVAL`: a time is to be set and to be now, or unknown flags.
pub(crate) fn time_specifiers(atim: u64, mtim: u64, flags: u32) -> Result<[TimeSpecifier; 2]> {
    let pick =
        |set: u16, now: u16, time| match (flags & u32::from(set) != 0, flags & u32::from(now) != 0)
        {
            (true, true) => Err(Error::INVAL),
            (true, false) => Ok(TimeSpecifier::At(timespec(time))),
            (false, true) => Ok(TimeSpecifier::Now),
            (false, false) => Ok(TimeSpecifier::Omit),
        };
    if flags >= 16 {
        return Err(Error::INVAL);
    }
    Ok([
        pick(wasi::FSTFLAGS_ATIM, wasi::FSTFLAGS_ATIM_NOW, atim)?,
        pick(wasi::FSTFLAGS_MTIM, wasi::FSTFLAGS_MTIM_NOW, mtim)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::{time_specifiers, timespec, timestamp};
    use crate::errno::Error;
    use wasm_vfs_core::{TimeSpecifier, Timespec};

    #[test]
    fn times_outside_the_range_become_the_nearest() {
        assert_eq!(timestamp(Timespec::new(-1, 999_999_999)), 0);
        assert_eq!(timestamp(Timespec::new(i64::MAX, 0)), u64::MAX);
        assert_eq!(timestamp(Timespec::new(18_446_744_073, 0)), u64::MAX);
        for ns in [0, 1, 999_999_999, 1_000_000_000, 1_700_000_000_123_456_789] {
            assert_eq!(timestamp(timespec(ns)), ns);
        }
    }

    #[test]
    fn a_time_is_set_or_now_but_not_both() {
        let at = TimeSpecifier::At(timespec(5));
        for (flags, expected) in [
            (0, Ok([TimeSpecifier::Omit, TimeSpecifier::Omit])),
            (1, Ok([at, TimeSpecifier::Omit])),
            (2 | 4, Ok([TimeSpecifier::Now, at])),
            (8, Ok([TimeSpecifier::Omit, TimeSpecifier::Now])),
            (1 | 2, Err(Error::INVAL)),
            (4 | 8, Err(Error::INVAL)),
            (16, Err(Error::INVAL)),
        ] {
            assert_eq!(time_specifiers(5, 5, flags), expected, "{flags}");
        }
    }
}
