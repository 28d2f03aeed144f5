//! Signals: what was asked for is kept and handed back, and nothing is ever delivered.

use wasm_vfs_core::Errno;

use super::numbers::SIGNALS;
use crate::calls::user::{if_any, range};
use crate::calls::{Result, answer};
use crate::one_thread::OneThread;

/// Bytes of the kernel's `sigset_t`.
const SIGSET_BYTES: u32 = 8;

/// Bytes of WALI's `struct sigaction` of the kernel.
const SIGACTION_BYTES: u32 = 32;
/// Its words: handler, flags, restorer, mask.
type Action = [u64; 4];

/// Bytes of a `stack_t`: address, flags, size.
const STACK_BYTES: u32 = 12;
const SS_ONSTACK: u32 = 1;
const SS_DISABLE: u32 = 2;
const SS_AUTODISARM: u32 = 1 << 31;
const MINSIGSTKSZ: u32 = 2048;

const SIGKILL: i32 = 9;
const SIGSTOP: i32 = 19;
/// Those that nobody can block.
const UNBLOCKABLE: u64 = 1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1);

const SIG_BLOCK: i32 = 0;
const SIG_UNBLOCK: i32 = 1;
const SIG_SETMASK: i32 = 2;

/// What was asked for.
struct Asked {
    actions: [Action; SIGNALS as usize],
    mask: u64,
    /// `None`: no stack.
    stack: Option<[u32; 3]>,
}

static ASKED: OneThread<Asked> =
    OneThread::new(Asked { actions: [[0; 4]; SIGNALS as usize], mask: 0, stack: None });

/// Runs `body` on what was asked for.
fn with<T>(body: impl FnOnce(&mut Asked) -> Result<T>) -> Result<T> {
    // SAFETY: no `body` in this file comes back here, or calls the host.
    unsafe { ASKED.with(body) }
}

/// # Errors
///
/// `EINVAL`: a set of signals has another size.
fn check_size(size: u32) -> Result<()> {
    if size == SIGSET_BYTES { Ok(()) } else { Err(Errno::EINVAL) }
}

#[unsafe(export_name = "SYS_rt_sigaction")]
extern "C" fn rt_sigaction(signum: i32, act: u32, oldact: u32, size: u32) -> i64 {
    answer(check_size(size).and_then(|()| {
        let new = if_any(act, SIGACTION_BYTES)?;
        let new = new.map(|act| {
            [0, 8, 16, 24].map(|offset| match offset {
                24 => act.load_u64(offset) & !UNBLOCKABLE,
                _ => act.load_u64(offset),
            })
        });
        let fixed = signum == SIGKILL || signum == SIGSTOP;
        if fixed && new.is_some() {
            return Err(Errno::EINVAL);
        }
        let before = with(|asked| {
            let index = signum.checked_sub(1).and_then(|index| usize::try_from(index).ok());
            let place = index.and_then(|index| asked.actions.get_mut(index));
            let place = place.ok_or(Errno::EINVAL)?;
            let before = *place;
            *place = new.unwrap_or(before);
            Ok(before)
        })?;
        if let Some(mut out) = if_any(oldact, SIGACTION_BYTES)? {
            before.into_iter().for_each(|word| out.take(8).store_u64(0, word));
        }
        Ok(())
    }))
}

/// The mask after a change.
///
/// # Errors
///
/// `EINVAL`: there is no such change.
fn changed(mask: u64, how: i32, set: u64) -> Result<u64> {
    let set = set & !UNBLOCKABLE;
    match how {
        SIG_BLOCK => Ok(mask | set),
        SIG_UNBLOCK => Ok(mask & !set),
        SIG_SETMASK => Ok(set),
        _ => Err(Errno::EINVAL),
    }
}

#[unsafe(export_name = "SYS_rt_sigprocmask")]
extern "C" fn rt_sigprocmask(how: i32, set: u32, oldset: u32, size: u32) -> i64 {
    answer(check_size(size).and_then(|()| {
        let set = if_any(set, SIGSET_BYTES)?.map(|set| set.load_u64(0));
        let before = with(|asked| {
            let before = asked.mask;
            if let Some(set) = set {
                asked.mask = changed(before, how, set)?;
            }
            Ok(before)
        })?;
        if let Some(out) = if_any(oldset, SIGSET_BYTES)? {
            out.store_u64(0, before);
        }
        Ok(())
    }))
}

#[unsafe(export_name = "SYS_rt_sigpending")]
extern "C" fn rt_sigpending(set: u32, size: u32) -> i64 {
    let stored = || {
        if size > SIGSET_BYTES {
            return Err(Errno::EINVAL);
        }
        range(set, size)?.clear();
        Ok(())
    };
    answer(stored())
}

/// The stack that there is after one was asked for (`do_sigaltstack`).
///
/// # Errors
///
/// * `EINVAL`: unknown flags.
/// * `ENOMEM`: it is too small.
fn checked_stack([addr, flags, size]: [u32; 3]) -> Result<[u32; 3]> {
    match flags & !SS_AUTODISARM {
        SS_DISABLE => Ok([0, flags, 0]),
        0 | SS_ONSTACK if size < MINSIGSTKSZ => Err(Errno::ENOMEM),
        0 | SS_ONSTACK => Ok([addr, flags, size]),
        _ => Err(Errno::EINVAL),
    }
}

#[unsafe(export_name = "SYS_sigaltstack")]
extern "C" fn sigaltstack(ss: u32, old_ss: u32) -> i64 {
    let exchanged = || {
        let new = if_any(ss, STACK_BYTES)?.map(|ss| [0, 4, 8].map(|offset| ss.load_u32(offset)));
        let before = with(|asked| {
            let before = asked.stack.unwrap_or([0, SS_DISABLE, 0]);
            if let Some(new) = new {
                asked.stack = Some(checked_stack(new)?);
            }
            Ok(before)
        })?;
        if let Some(mut out) = if_any(old_ss, STACK_BYTES)? {
            before.into_iter().for_each(|word| out.take(4).store_u32(0, word));
        }
        Ok(())
    };
    answer(exchanged())
}

#[cfg(test)]
mod tests {
    use super::{SS_AUTODISARM, SS_DISABLE, UNBLOCKABLE, changed, checked_stack};
    use wasm_vfs_core::Errno;

    #[test]
    fn masks_change_and_never_block_kill() {
        assert_eq!(changed(1, 0, u64::MAX), Ok(!UNBLOCKABLE));
        assert_eq!(changed(7, 1, 2), Ok(5));
        assert_eq!(changed(7, 2, 8), Ok(8));
        assert_eq!(changed(7, 3, 8), Err(Errno::EINVAL));
    }

    #[test]
    fn stacks_are_checked_as_linux_does() {
        assert_eq!(checked_stack([64, 0, 4096]), Ok([64, 0, 4096]));
        assert_eq!(checked_stack([64, SS_AUTODISARM, 2047]), Err(Errno::ENOMEM));
        assert_eq!(checked_stack([64, SS_DISABLE, 1]), Ok([0, SS_DISABLE, 0]));
        assert_eq!(checked_stack([64, 3, 4096]), Err(Errno::EINVAL));
    }
}
