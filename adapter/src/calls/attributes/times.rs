//! utimensat(2), and its elders utime(2), utimes(2), futimesat(2).
//!
//! All read their times first, and whether they are any before the path; but utimensat(2) looks at
//! nanoseconds when it has found the file.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, TimeSpecifier, Timespec};

use super::host_file;
use crate::calls::user::{Result, if_any};
use crate::calls::{answer, on_fd, on_path};
use crate::memory::user::UserRange;

/// Bytes of `struct utimbuf`.
const UTIMBUF_BYTES: u32 = 16;
/// Bytes of `struct timeval[2]`, and of `struct timespec[2]`.
const TIMES_BYTES: u32 = 32;
/// In `tv_nsec`: the current time (utimensat(2)).
const UTIME_NOW: u32 = (1 << 30) - 1;
/// In `tv_nsec`: leave the time as it is.
const UTIME_OMIT: u32 = (1 << 30) - 2;
/// One more than the largest `tv_usec`.
const USEC_PER_SEC: u32 = 1_000_000;
/// Nanoseconds in a microsecond.
const NSEC_PER_USEC: u32 = 1000;

/// Access and modification time.
type Times = [TimeSpecifier; 2];

#[unsafe(export_name = "SYS_utime")]
extern "C" fn utime(filename: u32, times: u32) -> i64 {
    set(AT_FDCWD, filename, read(times, UTIMBUF_BYTES, |of| Ok(at(of, 0))), 0)
}

#[unsafe(export_name = "SYS_utimes")]
extern "C" fn utimes(filename: u32, times: u32) -> i64 {
    futimesat(AT_FDCWD, filename, times)
}

#[unsafe(export_name = "SYS_futimesat")]
extern "C" fn futimesat(dirfd: i32, pathname: u32, times: u32) -> i64 {
    set(dirfd, pathname, read(times, TIMES_BYTES, timeval), 0)
}

#[unsafe(export_name = "SYS_utimensat")]
extern "C" fn utimensat(dirfd: i32, pathname: u32, times: u32, flags: u32) -> i64 {
    set(dirfd, pathname, read(times, TIMES_BYTES, |of| Ok(timespec(of))), flags)
}

/// Reads two times that have `bytes` bytes together; without any, both are now.
///
/// # Errors
///
/// `EFAULT`: they are not in the program's memory. What `one` answers.
#[inline]
fn read(addr: u32, bytes: u32, one: impl Fn(UserRange) -> Result<TimeSpecifier>) -> Result<Times> {
    let Some(mut second) = if_any(addr, bytes)? else { return Ok([TimeSpecifier::Now; 2]) };
    let first = second.take(bytes / 2);
    Ok([one(first)?, one(second)?])
}

/// The seconds at the front of a structure, and nanoseconds.
fn at(of: UserRange, nsec: u32) -> TimeSpecifier {
    TimeSpecifier::At(Timespec::new(of.load_u64(0).cast_signed(), nsec))
}

/// A `struct timeval`.
///
/// # Errors
///
/// `EINVAL`: microseconds that are negative or beyond 999,999.
fn timeval(of: UserRange) -> Result<TimeSpecifier> {
    Ok(at(of, nanoseconds(of.load_u64(8))?))
}

/// The nanoseconds of a `tv_usec`.
///
/// # Errors
///
/// As [`timeval`].
fn nanoseconds(usec: u64) -> Result<u32> {
    match u32::try_from(usec) {
        Ok(usec) if usec < USEC_PER_SEC => Ok(usec * NSEC_PER_USEC),
        _ => Err(Errno::EINVAL),
    }
}

/// A `struct timespec`. Nanoseconds that are none stay, for the filesystem to refuse.
fn timespec(of: UserRange) -> TimeSpecifier {
    // A `long` of programs has four bytes, and four bytes of padding behind it with anything in
    // them: `get_timespec64` leaves them out for 32-bit programs.
    match of.load_u32(8) {
        UTIME_NOW => TimeSpecifier::Now,
        UTIME_OMIT => TimeSpecifier::Omit,
        nsec => at(of, nsec),
    }
}

/// Sets times (`do_utimes`). Without a path, those of the descriptor.
#[inline(never)]
fn set(dirfd: i32, pathname: u32, times: Result<Times>, flags: u32) -> i64 {
    let times = match times {
        // Nothing is looked at then.
        Ok(times) if times == [TimeSpecifier::Omit; 2] => return 0,
        Ok(times) => times,
        Err(errno) => return answer(Err::<(), Errno>(errno)),
    };
    if pathname == 0 && dirfd != AT_FDCWD {
        if flags != 0 {
            return answer(Err::<(), Errno>(Errno::EINVAL));
        }
        return on_fd(
            dirfd,
            |host_fd| host_file::futimens(host_fd, times),
            |kernel, file, _| kernel.fs.vfs_futimens(&kernel.process, file, times),
        );
    }
    let flags = AtFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| {
        kernel.fs.utimensat(&kernel.process, dirfd, path, times, flags)
    })
}

#[cfg(test)]
mod tests {
    use wasm_vfs_core::Errno;

    use super::nanoseconds;

    #[test]
    fn microseconds_are_less_than_a_second() {
        for (usec, expected) in [
            (0, Ok(0)),
            (999_999, Ok(999_999_000)),
            (1_000_000, Err(Errno::EINVAL)),
            (1 << 32, Err(Errno::EINVAL)),
            (u64::MAX, Err(Errno::EINVAL)),
        ] {
            assert_eq!(nanoseconds(usec), expected, "{usec}");
        }
    }
}
