//! `struct stat` of x86-64, `struct statx` and `struct statfs`, as words of eight bytes.
//!
//! [`super::stat`] has the calls. What is not listed of a structure is zero.

use wasm_vfs_core::{Stat, Statfs, Statx, Timespec};

use crate::memory::user::UserRange;

/// Bytes of `struct stat`.
pub(super) const STAT_BYTES: u32 = 144;
/// Bytes of `struct statx`.
pub(super) const STATX_BYTES: u32 = 256;
/// Bytes of `struct statfs`.
pub(super) const STATFS_BYTES: u32 = 120;

/// Stores words, and zeros behind them.
#[inline(never)]
pub(super) fn store(out: UserRange, words: &[u64]) {
    let mut offset = 0;
    for &word in words {
        out.store_u64(offset, word);
        offset += 8;
    }
    let mut rest = out;
    rest.take(offset);
    if rest.len() > 0 {
        rest.clear();
    }
}

/// Stores the words of a structure that is asked for often: without an array and a loop, for the
/// compiler knows how many there are.
#[inline(always)]
pub(super) fn store_all<const WORDS: usize>(out: UserRange, words: [u64; WORDS]) {
    let mut offset = 0;
    for word in words {
        out.store_u64(offset, word);
        offset += 8;
    }
}

/// Two fields of four bytes, in one word.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

/// A `struct timespec`, and a `struct statx_timestamp`: two words.
fn time(time: Timespec) -> [u64; 2] {
    [time.tv_sec.cast_unsigned(), u64::from(time.tv_nsec)]
}

/// A `struct stat`.
#[inline(always)]
pub(super) fn stat_words(stat: &Stat) -> [u64; 18] {
    let [atime, mtime, ctime] = [stat.st_atime, stat.st_mtime, stat.st_ctime].map(time);
    [
        stat.st_dev.0,
        stat.st_ino,
        u64::from(stat.st_nlink),
        pair(stat.st_mode, stat.st_uid),
        // With padding behind it.
        u64::from(stat.st_gid),
        stat.st_rdev.0,
        stat.st_size,
        u64::from(stat.st_blksize),
        stat.st_blocks,
        atime[0],
        atime[1],
        mtime[0],
        mtime[1],
        ctime[0],
        ctime[1],
        // Nothing: a fill of so few bytes costs more than three words.
        0,
        0,
        0,
    ]
}

/// A `struct statx`.
pub(super) fn statx_words(statx: &Statx) -> [u64; 19] {
    let [atime, btime, ctime, mtime] =
        [statx.stx_atime, statx.stx_btime, statx.stx_ctime, statx.stx_mtime].map(time);
    [
        pair(statx.stx_mask.bits(), statx.stx_blksize),
        statx.stx_attributes.bits(),
        pair(statx.stx_nlink, statx.stx_uid),
        // The mode has two bytes, and padding behind it.
        pair(statx.stx_gid, statx.stx_mode),
        statx.stx_ino,
        statx.stx_size,
        statx.stx_blocks,
        statx.stx_attributes_mask.bits(),
        atime[0],
        atime[1],
        btime[0],
        btime[1],
        ctime[0],
        ctime[1],
        mtime[0],
        mtime[1],
        pair(statx.stx_rdev_major, statx.stx_rdev_minor),
        pair(statx.stx_dev_major, statx.stx_dev_minor),
        statx.stx_mnt_id,
    ]
}

/// A `struct statfs`.
pub(super) fn statfs_words(statfs: &Statfs) -> [u64; 11] {
    [
        statfs.f_type,
        statfs.f_bsize,
        statfs.f_blocks,
        statfs.f_bfree,
        statfs.f_bavail,
        statfs.f_files,
        statfs.f_ffree,
        0, // f_fsid: there is one filesystem
        statfs.f_namelen,
        statfs.f_frsize,
        statfs.f_flags,
    ]
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use core::mem::{offset_of, size_of};

    use wasm_vfs_core::{Dev, Stat, Statfs, StatxAttributes, StatxMask, Timespec};

    use super::{STAT_BYTES, STATFS_BYTES, STATX_BYTES, stat_words, statfs_words, statx_words};

    /// Numbers that differ in every byte that a field has.
    const SEVEN: u64 = 0x7172_7374_7576_7778;

    /// The number of `bytes` bytes at an offset of a structure that consists of words; zero behind
    /// the last word.
    fn field(words: &[u64], offset: usize, bytes: usize) -> u64 {
        let word = words.get(offset / 8).copied().unwrap_or_default() >> (offset % 8 * 8);
        if bytes == 8 { word } else { word & ((1 << (bytes * 8)) - 1) }
    }

    /// Asserts fields of one of libc's structures.
    macro_rules! assert_fields {
        ($words:expr, $structure:ty: $($field:ident, $bytes:literal, $value:expr;)*) => {
            $(assert_eq!(
                field(&$words, offset_of!($structure, $field), $bytes),
                u64::from($value),
                stringify!($field)
            );)*
        };
    }

    fn stat() -> Stat {
        Stat {
            st_dev: Dev(SEVEN),
            st_ino: SEVEN + 1,
            st_nlink: 0x2122_2324,
            st_mode: 0x3132_3334,
            st_uid: 0x4142_4344,
            st_gid: 0x5152_5354,
            st_rdev: Dev(SEVEN + 2),
            st_size: SEVEN + 3,
            st_blksize: 0x6162_6364,
            st_blocks: SEVEN + 4,
            st_atime: Timespec::new(-1, 1),
            st_mtime: Timespec::new(2, 999_999_999),
            st_ctime: Timespec::new(3, 3),
            st_btime: Timespec::new(4, 4),
        }
    }

    #[test]
    fn stat_is_libcs() {
        let (stat, words) = (stat(), stat_words(&stat()));
        assert_eq!(size_of::<libc::stat>(), STAT_BYTES as usize);
        assert_fields! { words, libc::stat:
            st_dev, 8, stat.st_dev.0;
            st_ino, 8, stat.st_ino;
            st_nlink, 8, stat.st_nlink;
            st_mode, 4, stat.st_mode;
            st_uid, 4, stat.st_uid;
            st_gid, 4, stat.st_gid;
            st_rdev, 8, stat.st_rdev.0;
            st_size, 8, stat.st_size;
            st_blksize, 8, stat.st_blksize;
            st_blocks, 8, stat.st_blocks;
            st_atime, 8, u64::MAX;
            st_atime_nsec, 8, 1_u32;
            st_mtime, 8, 2_u32;
            st_mtime_nsec, 8, 999_999_999_u32;
            st_ctime, 8, 3_u32;
            st_ctime_nsec, 8, 3_u32;
        }
    }

    #[test]
    fn statx_is_libcs() {
        let statx = wasm_vfs_core::Statx {
            stx_mask: StatxMask::from_bits_retain(0x1112_1314),
            stx_blksize: 0x2122_2324,
            stx_attributes: StatxAttributes::from_bits_retain(SEVEN),
            stx_nlink: 0x3132_3334,
            stx_uid: 0x4142_4344,
            stx_gid: 0x5152_5354,
            stx_mode: 0x6162,
            stx_ino: SEVEN + 1,
            stx_size: SEVEN + 2,
            stx_blocks: SEVEN + 3,
            stx_attributes_mask: StatxAttributes::from_bits_retain(SEVEN + 4),
            stx_atime: Timespec::new(-1, 1),
            stx_btime: Timespec::new(-2, 2),
            stx_ctime: Timespec::new(-3, 3),
            stx_mtime: Timespec::new(-4, 4),
            stx_rdev_major: 0x8182_8384,
            stx_rdev_minor: 0x9192_9394,
            stx_dev_major: 0xa1a2_a3a4,
            stx_dev_minor: 0xb1b2_b3b4,
            stx_mnt_id: SEVEN + 5,
        };
        let words = statx_words(&statx);
        assert_eq!(size_of::<libc::statx>(), STATX_BYTES as usize);
        assert_fields! { words, libc::statx:
            stx_mask, 4, statx.stx_mask.bits();
            stx_blksize, 4, statx.stx_blksize;
            stx_attributes, 8, statx.stx_attributes.bits();
            stx_nlink, 4, statx.stx_nlink;
            stx_uid, 4, statx.stx_uid;
            stx_gid, 4, statx.stx_gid;
            stx_mode, 2, statx.stx_mode;
            stx_ino, 8, statx.stx_ino;
            stx_size, 8, statx.stx_size;
            stx_blocks, 8, statx.stx_blocks;
            stx_attributes_mask, 8, statx.stx_attributes_mask.bits();
            stx_rdev_major, 4, statx.stx_rdev_major;
            stx_rdev_minor, 4, statx.stx_rdev_minor;
            stx_dev_major, 4, statx.stx_dev_major;
            stx_dev_minor, 4, statx.stx_dev_minor;
            stx_mnt_id, 8, statx.stx_mnt_id;
            stx_dio_mem_align, 4, 0_u32;
        }
        let (sec, nsec) =
            (offset_of!(libc::statx_timestamp, tv_sec), offset_of!(libc::statx_timestamp, tv_nsec));
        for (offset, number) in [
            (offset_of!(libc::statx, stx_atime), 1),
            (offset_of!(libc::statx, stx_btime), 2),
            (offset_of!(libc::statx, stx_ctime), 3),
            (offset_of!(libc::statx, stx_mtime), 4),
        ] {
            assert_eq!(field(&words, offset + sec, 8), u64::MAX - number + 1, "{number}");
            assert_eq!(field(&words, offset + nsec, 4), number, "{number}");
        }
    }

    #[test]
    fn statfs_is_libcs() {
        let statfs = Statfs {
            f_type: SEVEN,
            f_bsize: SEVEN + 1,
            f_blocks: SEVEN + 2,
            f_bfree: SEVEN + 3,
            f_bavail: SEVEN + 4,
            f_files: SEVEN + 5,
            f_ffree: SEVEN + 6,
            f_namelen: SEVEN + 7,
            f_frsize: SEVEN + 8,
            f_flags: SEVEN + 9,
        };
        let words = statfs_words(&statfs);
        assert_eq!(size_of::<libc::statfs>(), STATFS_BYTES as usize);
        assert_fields! { words, libc::statfs:
            f_type, 8, statfs.f_type;
            f_bsize, 8, statfs.f_bsize;
            f_blocks, 8, statfs.f_blocks;
            f_bfree, 8, statfs.f_bfree;
            f_bavail, 8, statfs.f_bavail;
            f_files, 8, statfs.f_files;
            f_ffree, 8, statfs.f_ffree;
            f_fsid, 8, 0_u32;
            f_namelen, 8, statfs.f_namelen;
            f_frsize, 8, statfs.f_frsize;
        }
        // libc leaves the flags to statvfs(3) and has a private field in their place.
        let flags = offset_of!(libc::statfs, f_frsize) + 8;
        assert_eq!(field(&words, flags, 8), statfs.f_flags);
    }
}
