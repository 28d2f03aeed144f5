//! Between this crate's types and those of the `fuser` crate, which stand for the same numbers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{FileAttr, INodeNo, TimeOrNow};
use wasm_vfs_core::{Errno, FileType, S_IALLUGO, Stat, TimeSpecifier, Timespec};

/// An error as the kernel takes it.
pub(crate) fn errno(error: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(i32::from(error.number()))
}

/// Attributes as the kernel takes them.
pub(crate) fn attributes(stat: &Stat) -> FileAttr {
    FileAttr {
        ino: INodeNo(stat.st_ino),
        size: stat.st_size,
        blocks: stat.st_blocks,
        atime: system_time(stat.st_atime),
        mtime: system_time(stat.st_mtime),
        ctime: system_time(stat.st_ctime),
        crtime: system_time(stat.st_btime),
        kind: file_type(stat.file_type()),
        perm: u16::try_from(stat.st_mode & S_IALLUGO).unwrap_or(0),
        nlink: stat.st_nlink,
        uid: stat.st_uid,
        gid: stat.st_gid,
        // FUSE numbers devices in 32 bits; makedev(3) agrees in those (new_encode_dev).
        rdev: u32::try_from(stat.st_rdev.0).unwrap_or(u32::MAX),
        blksize: stat.st_blksize,
        flags: 0,
    }
}

/// The type of a file.
pub(crate) fn file_type(file_type: FileType) -> fuser::FileType {
    match file_type {
        FileType::Fifo => fuser::FileType::NamedPipe,
        FileType::CharDevice => fuser::FileType::CharDevice,
        FileType::Directory => fuser::FileType::Directory,
        FileType::BlockDevice => fuser::FileType::BlockDevice,
        FileType::Regular => fuser::FileType::RegularFile,
        FileType::Symlink => fuser::FileType::Symlink,
        FileType::Socket => fuser::FileType::Socket,
    }
}

/// One of the two times of utimensat(2).
pub(crate) fn time_specifier(time: Option<TimeOrNow>) -> TimeSpecifier {
    match time {
        None => TimeSpecifier::Omit,
        Some(TimeOrNow::Now) => TimeSpecifier::Now,
        Some(TimeOrNow::SpecificTime(time)) => TimeSpecifier::At(timespec(time)),
    }
}

fn system_time(time: Timespec) -> SystemTime {
    let whole = Duration::from_secs(time.tv_sec.unsigned_abs());
    let second = if time.tv_sec < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
    second + Duration::from_nanos(u64::from(time.tv_nsec))
}

fn timespec(time: SystemTime) -> Timespec {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timespec::new(seconds(after), after.subsec_nanos()),
        Err(error) => match (seconds(error.duration()), error.duration().subsec_nanos()) {
            (before, 0) => Timespec::new(-before, 0),
            // Nanoseconds always count forward.
            (before, nanoseconds) => Timespec::new(-before - 1, 1_000_000_000 - nanoseconds),
        },
    }
}
