//! Clocks: the host's, or one of our own, which shows what the person who packed the program chose.

use crate::abi::imports;
use crate::errno::{Error, Result, answer};
use crate::kernel;
use crate::memory::user::UserRange;

/// How finely a clock of our own tells the time, in nanoseconds.
const OWN_RESOLUTION: u64 = 1;

#[unsafe(no_mangle)]
extern "C" fn clock_res_get(id: u32, resolution: u32) -> i32 {
    answer(UserRange::new(resolution, 8).and_then(|out| {
        check(id)?;
        if is_host()? {
            return Error::check_host(imports::clock_res_get(id, resolution));
        }
        out.store_u64(0, OWN_RESOLUTION);
        Ok(())
    }))
}

#[unsafe(no_mangle)]
extern "C" fn clock_time_get(id: u32, precision: u64, time: u32) -> i32 {
    answer(UserRange::new(time, 8).and_then(|out| {
        check(id)?;
        if is_host()? {
            return Error::check_host(imports::clock_time_get(id, precision, time));
        }
        out.store_u64(0, now(id)?);
        Ok(())
    }))
}

/// Whether the host tells the program the time.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn is_host() -> Result<bool> {
    kernel::enter(|kernel, _| Ok(kernel.fs.platform().clock.is_host()))
}

/// Whether the host may be asked to wait.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn host_waits() -> Result<bool> {
    kernel::enter(|kernel, _| Ok(kernel.settings.waits))
}

/// Lets time pass on a clock of our own.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn wait(nanoseconds: u64) -> Result<()> {
    kernel::enter(|kernel, _| {
        kernel.fs.platform().clock.wait(nanoseconds);
        Ok(())
    })
}

/// Checks the number of a clock. Hosts may trap on one that is not there.
///
/// # Errors
///
/// `INVAL`: there is no such clock.
pub(super) fn check(id: u32) -> Result<()> {
    if id > wasi::CLOCKID_THREAD_CPUTIME_ID.raw() { Err(Error::INVAL) } else { Ok(()) }
}

/// Reads a clock of our own.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn now(id: u32) -> Result<u64> {
    kernel::enter(|kernel, _| Ok(kernel.fs.platform().clock.own(id)))
}
