//! Limits: getrlimit(2), setrlimit(2), prlimit(2).
//!
//! That of descriptors holds ([`Process::limit_fds`]); others are kept and handed back.
//!
//! [`Process::limit_fds`]: wasm_vfs_core::Process::limit_fds

use wasm_vfs_core::Errno;

use super::{ESRCH, is_self};
use crate::calls::user::{if_any, range};
use crate::calls::{Result, call};
use crate::kernel::Kernel;
use crate::memory::user::UserRange;
use crate::one_thread::OneThread;

/// Bytes of a `struct rlimit`: the limit that holds, and how high it may be set.
const RLIMIT_BYTES: u32 = 16;
/// How many there are (`RLIM_NLIMITS`).
const RLIMITS: usize = 16;
const RLIMIT_NOFILE: u32 = 7;
/// None (`RLIM_INFINITY`).
const INFINITY: u64 = u64::MAX;
/// The most descriptors that any process may have (`/proc/sys/fs/nr_open`).
const NR_OPEN: u64 = 1 << 20;

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    soft: u64,
    hard: u64,
}

/// Those that were set. The soft one of descriptors is the process's.
static SET: OneThread<[Option<Limit>; RLIMITS]> = OneThread::new([None; RLIMITS]);

impl Limit {
    /// The limit of a resource.
    ///
    /// # Errors
    ///
    /// `EINVAL`: there is no such resource.
    fn of(kernel: &Kernel, resource: u32) -> Result<Limit> {
        // SAFETY: the closure only copies.
        let set = unsafe { SET.with(|all| all.get(resource as usize).copied()) };
        let fds = u64::from(kernel.process.fd_limit());
        Ok(match (set.ok_or(Errno::EINVAL)?, resource) {
            (Some(limit), RLIMIT_NOFILE) => Limit { soft: fds, ..limit },
            (Some(limit), _) => limit,
            (None, RLIMIT_NOFILE) => Limit { soft: fds, hard: fds },
            (None, _) => Limit { soft: INFINITY, hard: INFINITY },
        })
    }

    /// Whether it may take the place of `before` (`do_prlimit`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the limit is higher than it may be set.
    /// * `EPERM`: more descriptors than any process may have; higher than it may be, unless it is
    ///   the superuser who asks.
    fn check(self, before: Limit, resource: u32, privileged: bool) -> Result<()> {
        if self.soft > self.hard {
            return Err(Errno::EINVAL);
        }
        let too_high = resource == RLIMIT_NOFILE && self.hard > NR_OPEN;
        if too_high || (self.hard > before.hard && !privileged) {
            return Err(Errno::EPERM);
        }
        Ok(())
    }

    fn load(place: UserRange) -> Limit {
        Limit { soft: place.load_u64(0), hard: place.load_u64(8) }
    }

    fn store(self, place: UserRange) {
        place.store_u64(0, self.soft);
        place.store_u64(8, self.hard);
    }
}

/// Sets a limit, and returns the one before.
///
/// # Errors
///
/// `EINVAL`, `EPERM`: as [`Limit::of`] and [`Limit::check`].
fn exchange(kernel: &mut Kernel, resource: u32, new: Option<Limit>) -> Result<Limit> {
    let before = Limit::of(kernel, resource)?;
    if let Some(new) = new {
        new.check(before, resource, kernel.process.credentials.is_superuser())?;
        if resource == RLIMIT_NOFILE {
            // No higher than NR_OPEN.
            kernel.process.limit_fds(u32::try_from(new.soft).unwrap_or(u32::MAX));
        }
        // SAFETY: the closure only stores.
        unsafe {
            SET.with(|all| {
                if let Some(place) = all.get_mut(resource as usize) {
                    *place = Some(new);
                }
            });
        }
    }
    Ok(before)
}

#[unsafe(export_name = "SYS_getrlimit")]
extern "C" fn getrlimit(resource: u32, rlim: u32) -> i64 {
    call(|kernel, _| {
        let limit = exchange(kernel, resource, None)?;
        limit.store(range(rlim, RLIMIT_BYTES)?);
        Ok(())
    })
}

#[unsafe(export_name = "SYS_setrlimit")]
extern "C" fn setrlimit(resource: u32, rlim: u32) -> i64 {
    call(|kernel, _| {
        let new = Limit::load(range(rlim, RLIMIT_BYTES)?);
        exchange(kernel, resource, Some(new)).map(|_| ())
    })
}

#[unsafe(export_name = "SYS_prlimit64")]
extern "C" fn prlimit64(pid: i32, resource: u32, new_limit: u32, old_limit: u32) -> i64 {
    call(|kernel, _| {
        let new = if_any(new_limit, RLIMIT_BYTES)?.map(Limit::load);
        if !is_self(pid) {
            return Ok(ESRCH);
        }
        let before = exchange(kernel, resource, new)?;
        if let Some(place) = if_any(old_limit, RLIMIT_BYTES)? {
            before.store(place);
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::{INFINITY, Limit, NR_OPEN, RLIMIT_NOFILE};
    use wasm_vfs_core::Errno;

    #[test]
    fn who_may_set_which_limit() {
        let limit = |soft, hard| Limit { soft, hard };
        let before = limit(5, 10);
        // rows: new, resource, privileged, expected
        for (new, resource, privileged, expected) in [
            (limit(10, 10), 0, false, Ok(())),
            (limit(10, 9), 0, true, Err(Errno::EINVAL)),
            (limit(5, 11), 0, false, Err(Errno::EPERM)),
            (limit(5, INFINITY), 0, true, Ok(())),
            (limit(5, NR_OPEN + 1), RLIMIT_NOFILE, true, Err(Errno::EPERM)),
            (limit(5, NR_OPEN), RLIMIT_NOFILE, true, Ok(())),
        ] {
            assert_eq!(new.check(before, resource, privileged), expected, "{new:?}");
        }
    }
}
