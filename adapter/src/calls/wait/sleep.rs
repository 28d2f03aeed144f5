//! nanosleep(2), clock_nanosleep(2).

use wasm_vfs_core::Errno;

use super::clock_subscription;
use crate::calls::host::linux;
use crate::calls::time::{NSEC_PER_SEC, TIMESPEC_BYTES, clock_of, now};
use crate::calls::user::range;
use crate::calls::{Result, answer};
use crate::exports::{AT_ONCE, ask_host, clock};

/// `TIMER_ABSTIME`: the time is one of the clock's.
const TIMER_ABSTIME: u32 = 1;

/// The clocks that there are timers for, as a bit each: REALTIME, MONOTONIC, PROCESS_CPUTIME_ID,
/// BOOTTIME.
const WITH_TIMERS: u32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 7;

/// Lets so many nanoseconds pass.
///
/// # Errors
///
/// What the host answers; `ENOMEM`: nothing can be borrowed.
pub(in crate::calls) fn sleep(nanoseconds: u64) -> Result<()> {
    if nanoseconds == 0 {
        return Ok(());
    }
    if !clock::is_host().map_err(linux)? {
        return clock::wait(nanoseconds).map_err(linux);
    }
    if clock::host_waits().map_err(linux)? {
        ask_host(&[clock_subscription(AT_ONCE, nanoseconds)]).map_err(linux)?;
    }
    Ok(())
}

/// The nanoseconds of a `struct timespec` of the program's; more than 584 years are no more.
///
/// # Errors
///
/// * `EFAULT`: it is not all in the program's memory.
/// * `EINVAL`: it is negative, or has a second of nanoseconds or more (`timespec64_valid`).
pub(in crate::calls) fn delay(addr: u32) -> Result<u64> {
    let timespec = range(addr, TIMESPEC_BYTES)?;
    nanoseconds(timespec.load_u64(0).cast_signed(), timespec.load_u64(8))
}

/// As [`delay`], of the two fields. A negative number of nanoseconds is large here.
pub(super) fn nanoseconds(seconds: i64, nanoseconds: u64) -> Result<u64> {
    let seconds = u64::try_from(seconds).map_err(|_| Errno::EINVAL)?;
    if nanoseconds >= NSEC_PER_SEC {
        return Err(Errno::EINVAL);
    }
    Ok(seconds.saturating_mul(NSEC_PER_SEC).saturating_add(nanoseconds))
}

#[unsafe(export_name = "SYS_nanosleep")]
extern "C" fn nanosleep(request: u32, _remain: u32) -> i64 {
    // Nothing interrupts it, so nothing ever remains.
    answer(delay(request).and_then(sleep))
}

#[unsafe(export_name = "SYS_clock_nanosleep")]
extern "C" fn clock_nanosleep(clockid: u32, flags: u32, request: u32, _remain: u32) -> i64 {
    answer(clock_of(clockid).and_then(|clock| {
        if 1 << clockid & WITH_TIMERS == 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        let time = delay(request)?;
        let passed = if flags & TIMER_ABSTIME == 0 { 0 } else { now(clock)? };
        sleep(time.saturating_sub(passed))
    }))
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;
    use wasm_vfs_core::Errno;

    #[test]
    fn times_are_checked_as_linux_does() {
        assert_eq!(nanoseconds(1, 999_999_999), Ok(1_999_999_999));
        assert_eq!(nanoseconds(0, 1_000_000_000), Err(Errno::EINVAL));
        assert_eq!(nanoseconds(0, u64::MAX), Err(Errno::EINVAL));
        assert_eq!(nanoseconds(-1, 0), Err(Errno::EINVAL));
        assert_eq!(nanoseconds(i64::MAX, 5), Ok(u64::MAX));
    }
}
