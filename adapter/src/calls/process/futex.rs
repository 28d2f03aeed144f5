//! futex(2), where there is one thread: nobody waits, so nobody is woken, and nobody wakes.

use wasm_vfs_core::Errno;

use super::ETIMEDOUT;
use crate::calls::time::{clock_of, now};
use crate::calls::user::range;
use crate::calls::wait::{delay, sleep};
use crate::calls::{Result, answer};

/// Operations (`include/uapi/linux/futex.h`).
const FUTEX_WAIT: u32 = 0;
const FUTEX_WAKE: u32 = 1;
const FUTEX_REQUEUE: u32 = 3;
const FUTEX_CMP_REQUEUE: u32 = 4;
const FUTEX_WAIT_BITSET: u32 = 9;
const FUTEX_WAKE_BITSET: u32 = 10;
/// Their bits; the others are flags.
const FUTEX_CMD_MASK: u32 = 127;
const FUTEX_CLOCK_REALTIME: u32 = 256;
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;

#[unsafe(export_name = "SYS_futex")]
extern "C" fn futex(
    uaddr: u32,
    futex_op: u32,
    val: u32,
    timeout: u32,
    _uaddr2: u32,
    val3: u32,
) -> i64 {
    let served = || match futex_op & FUTEX_CMD_MASK {
        FUTEX_WAIT => {
            let time = time_if_any(timeout)?;
            wait(uaddr, val, time)
        }
        FUTEX_WAIT_BITSET if val3 != 0 => {
            let at = time_if_any(timeout)?;
            let clock = match futex_op & FUTEX_CLOCK_REALTIME {
                0 => CLOCK_MONOTONIC,
                _ => CLOCK_REALTIME,
            };
            let passed = if at.is_some() { now(clock_of(clock)?)? } else { 0 };
            wait(uaddr, val, at.map(|at| at.saturating_sub(passed)))
        }
        FUTEX_WAKE | FUTEX_REQUEUE => load(uaddr).map(|_| 0),
        FUTEX_WAKE_BITSET if val3 != 0 => load(uaddr).map(|_| 0),
        FUTEX_WAIT_BITSET | FUTEX_WAKE_BITSET => Err(Errno::EINVAL),
        FUTEX_CMP_REQUEUE if load(uaddr)? == val3 => Ok(0),
        FUTEX_CMP_REQUEUE => Err(Errno::EAGAIN),
        // Locks with an owner: musl has none of them.
        _ => Err(Errno::ENOSYS),
    };
    answer(served())
}

/// The time that a call names.
///
/// # Errors
///
/// As [`delay`].
fn time_if_any(addr: u32) -> Result<Option<u64>> {
    if addr == 0 { Ok(None) } else { delay(addr).map(Some) }
}

/// Waits while the word at `uaddr` is `val`, for so many nanoseconds.
///
/// # Errors
///
/// * `EINVAL`, `EFAULT`: as [`load`].
/// * `EAGAIN`: it is something else.
/// * `EDEADLK`: the time is not limited; DEVIATION: Linux waits for ever.
fn wait(uaddr: u32, val: u32, time: Option<u64>) -> Result<i64> {
    if load(uaddr)? != val {
        return Err(Errno::EAGAIN);
    }
    sleep(time.ok_or(Errno::EDEADLK)?)?;
    Ok(ETIMEDOUT)
}

/// The word at `uaddr`.
///
/// # Errors
///
/// * `EINVAL`: it is not aligned.
/// * `EFAULT`: it is not all in the program's memory.
fn load(uaddr: u32) -> Result<u32> {
    if !uaddr.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    Ok(range(uaddr, 4)?.load_u32(0))
}
