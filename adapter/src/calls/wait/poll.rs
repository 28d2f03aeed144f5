//! poll(2), ppoll(2).

use wasm_vfs_core::{Errno, PollEvents};

use super::{Waiting, delay, told};
use crate::calls::user::{array, range};
use crate::calls::{Result, answer};
use crate::kernel::enter_call;
use crate::memory::user::UserRange;

/// Bytes of a `struct pollfd`: the descriptor, then two halves of a word: wanted events and those
/// that there are.
const POLLFD_BYTES: u32 = 8;

/// Bytes of the kernel's `sigset_t`.
pub(super) const SIGSET_BYTES: u32 = 8;

const NSEC_PER_MSEC: u64 = 1_000_000;

#[unsafe(export_name = "SYS_poll")]
extern "C" fn poll(fds: u32, nfds: u64, timeout: i32) -> i64 {
    // A negative one is none.
    let timeout = u64::try_from(timeout).ok();
    answer(poll_for(fds, nfds, timeout.map(|milliseconds| milliseconds * NSEC_PER_MSEC)))
}

#[unsafe(export_name = "SYS_ppoll")]
extern "C" fn ppoll(fds: u32, nfds: u64, timeout: u32, sigmask: u32, size: u32) -> i64 {
    let polled = || {
        let timeout = if timeout == 0 { None } else { Some(delay(timeout)?) };
        check_sigmask(sigmask, size)?;
        poll_for(fds, nfds, timeout)
    };
    answer(polled())
}

/// Checks a signal mask, which changes nothing: nothing is ever delivered (`set_user_sigmask`).
///
/// # Errors
///
/// * `EINVAL`: it has another size.
/// * `EFAULT`: it is not all in the program's memory.
pub(super) fn check_sigmask(sigmask: u32, size: u32) -> Result<()> {
    if sigmask == 0 {
        return Ok(());
    }
    if size != SIGSET_BYTES {
        return Err(Errno::EINVAL);
    }
    range(sigmask, size).map(|_| ())
}

/// The descriptor of entry `index`, and the events that are wanted of it.
#[expect(clippy::cast_possible_truncation, reason = "the low half of a word")]
fn entry(fds: UserRange, index: u32) -> (i32, PollEvents) {
    let fd = fds.load_u32(index * POLLFD_BYTES).cast_signed();
    let events = fds.load_u32(index * POLLFD_BYTES + 4) as u16;
    (fd, PollEvents::from_bits_truncate(events))
}

/// Waits, and stores what each descriptor is ready for; answers how many are.
///
/// # Errors
///
/// * `EINVAL`: there are more than may be open.
/// * `EFAULT`: they are not all in the program's memory.
/// * `EDEADLK`, `ENOMEM`: as [`Waiting::wait`].
fn poll_for(fds: u32, nfds: u64, timeout: Option<u64>) -> Result<u32> {
    let (fds, count, waiting) = enter_call(|kernel, _| {
        let count = u32::try_from(nfds).ok().filter(|&count| count <= kernel.process.fd_limit());
        let count = count.ok_or(Errno::EINVAL)?;
        let fds = array(fds, count, POLLFD_BYTES)?;
        let mut waiting = Waiting::default();
        for index in 0..count {
            let (fd, wanted) = entry(fds, index);
            if fd >= 0 {
                waiting.look(kernel, fd, wanted, index)?;
            }
        }
        Ok((fds, count, waiting))
    })?;
    let answers = waiting.wait(timeout)?;
    enter_call(|kernel, _| {
        let mut ready = 0;
        for index in 0..count {
            let (fd, wanted) = entry(fds, index);
            let events = match fd {
                ..0 => PollEvents::empty(),
                _ => told(kernel, fd, wanted, index, &answers),
            };
            let place = index * POLLFD_BYTES + 4;
            let asked = fds.load_u32(place) & 0xffff;
            fds.store_u32(place, asked | u32::from(events.bits()) << 16);
            ready += u32::from(!events.is_empty());
        }
        Ok(ready)
    })
}
