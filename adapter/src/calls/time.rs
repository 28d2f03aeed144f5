//! Clocks: the host's, or one that shows what the person who packed the program chose.

use wasm_vfs_core::Errno;

use super::host::{ask, linux};
use super::user::{if_any, range};
use super::{Result, answer, error};
use crate::abi::imports;
use crate::exports::clock;
use crate::memory::user::UserRange;

/// Bytes of a `struct timespec`, and of a `struct timeval`.
pub(super) const TIMESPEC_BYTES: u32 = 16;
/// Bytes of a `struct timezone`.
const TIMEZONE_BYTES: u32 = 8;

pub(super) const NSEC_PER_SEC: u64 = 1_000_000_000;
pub(super) const NSEC_PER_USEC: u64 = 1_000;

/// How finely a clock tells the time that is not the host's, in nanoseconds.
const OWN_RESOLUTION: u64 = 1;

/// `CLOCK_REALTIME` and the others (`include/uapi/linux/time.h`), as preview1 numbers them. It
/// makes no difference between those that stop while the machine sleeps and others, nor between
/// coarse and fine ones.
const CLOCKS: [wasi::Clockid; 8] = [
    wasi::CLOCKID_REALTIME,
    wasi::CLOCKID_MONOTONIC,
    wasi::CLOCKID_PROCESS_CPUTIME_ID,
    wasi::CLOCKID_THREAD_CPUTIME_ID,
    // MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME
    wasi::CLOCKID_MONOTONIC,
    wasi::CLOCKID_REALTIME,
    wasi::CLOCKID_MONOTONIC,
    wasi::CLOCKID_MONOTONIC,
];

/// The clock of preview1's for one of Linux's.
///
/// # Errors
///
/// `EINVAL`: there is no such clock.
pub(super) fn clock_of(clockid: u32) -> Result<u32> {
    let clock = CLOCKS.get(clockid as usize).ok_or(Errno::EINVAL)?;
    Ok(clock.raw())
}

/// The time of a clock of preview1's, in nanoseconds.
///
/// DEVIATION: hosts without clocks of processor time tell monotonic time there.
///
/// # Errors
///
/// What the host answers.
pub(super) fn now(clock: u32) -> Result<u64> {
    if !clock::is_host().map_err(linux)? {
        return clock::now(clock).map_err(linux);
    }
    on_host(clock, |clock, addr| imports::clock_time_get(clock, 1, addr))
}

/// Asks the host about a clock.
fn on_host(clock: u32, store: impl Fn(u32, u32) -> i32) -> Result<u64> {
    let monotonic = wasi::CLOCKID_MONOTONIC.raw();
    let mut told = ask(Errno::EINVAL, |addr| store(clock, addr));
    if told.is_err() && clock > monotonic {
        told = ask(Errno::EINVAL, |addr| store(monotonic, addr));
    }
    told.map(|[nanoseconds, _]| nanoseconds)
}

/// Stores a `struct timespec`.
fn store_timespec(out: UserRange, nanoseconds: u64) {
    out.store_u64(0, nanoseconds / NSEC_PER_SEC);
    out.store_u64(8, nanoseconds % NSEC_PER_SEC);
}

/// Stores a `struct timeval`.
pub(super) fn store_timeval(out: UserRange, nanoseconds: u64) {
    out.store_u64(0, nanoseconds / NSEC_PER_SEC);
    out.store_u64(8, nanoseconds % NSEC_PER_SEC / NSEC_PER_USEC);
}

#[unsafe(export_name = "SYS_clock_gettime")]
extern "C" fn clock_gettime(clockid: u32, tp: u32) -> i64 {
    answer(clock_of(clockid).and_then(now).and_then(|now| {
        store_timespec(range(tp, TIMESPEC_BYTES)?, now);
        Ok(())
    }))
}

#[unsafe(export_name = "SYS_clock_getres")]
extern "C" fn clock_getres(clockid: u32, res: u32) -> i64 {
    answer(clock_of(clockid).and_then(|clock| {
        let resolution = if clock::is_host().map_err(linux)? {
            on_host(clock, imports_clock_res_get)?
        } else {
            OWN_RESOLUTION
        };
        if let Some(out) = if_any(res, TIMESPEC_BYTES)? {
            store_timespec(out, resolution);
        }
        Ok(())
    }))
}

/// An imported function is no `Fn`.
fn imports_clock_res_get(clock: u32, addr: u32) -> i32 {
    imports::clock_res_get(clock, addr)
}

#[unsafe(export_name = "SYS_gettimeofday")]
extern "C" fn gettimeofday(tv: u32, tz: u32) -> i64 {
    let stored = || {
        if tv != 0 {
            let now = now(wasi::CLOCKID_REALTIME.raw())?;
            store_timeval(range(tv, TIMESPEC_BYTES)?, now);
        }
        // Greenwich.
        if let Some(out) = if_any(tz, TIMEZONE_BYTES)? {
            out.clear();
        }
        Ok(())
    };
    answer(stored())
}

/// Nothing can interrupt a program.
#[unsafe(export_name = "SYS_setitimer")]
extern "C" fn setitimer(_which: i32, _new_value: u32, _old_value: u32) -> i64 {
    error(Errno::ENOSYS)
}
