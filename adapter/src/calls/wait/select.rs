//! select(2), pselect6(2).

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, PollEvents};

use super::poll::check_sigmask;
use super::sleep::nanoseconds;
use super::{Waiting, delay, told};
use crate::calls::time::{NSEC_PER_USEC, TIMESPEC_BYTES, now, store_timeval};
use crate::calls::user::if_any;
use crate::calls::{Result, answer};
use crate::kernel::{Kernel, enter_call};
use crate::memory::user::UserRange;

/// Bytes and bits of the words that sets are read in (`unsigned long`).
const WORD_BYTES: u32 = 8;
const WORD_BITS: u32 = 64;

const USEC_PER_SEC: u64 = 1_000_000;

/// What makes a descriptor ready in each of the three sets (`POLLIN_SET` and the others,
/// fs/select.c).
const KINDS: [PollEvents; 3] = [
    PollEvents::IN
        .union(PollEvents::RDNORM)
        .union(PollEvents::HUP)
        .union(PollEvents::ERR)
        .union(PollEvents::NVAL),
    PollEvents::OUT.union(PollEvents::WRNORM).union(PollEvents::ERR).union(PollEvents::NVAL),
    PollEvents::PRI.union(PollEvents::NVAL),
];

/// The sets of descriptors of a call: to be read, to be written, and with something exceptional.
struct Sets {
    /// Null pointers are `None`.
    places: [Option<UserRange>; 3],
    /// How many descriptors are looked at.
    count: u32,
}

impl Sets {
    /// # Errors
    ///
    /// * `EINVAL`: a negative number of descriptors.
    /// * `EFAULT`: the sets are not all in the program's memory.
    fn new(kernel: &Kernel, nfds: i32, sets: [u32; 3]) -> Result<Sets> {
        let count = u32::try_from(nfds).map_err(|_| Errno::EINVAL)?;
        // No descriptor above is open.
        let count = count.min(kernel.process.fd_limit());
        let mut places = [None; 3];
        for (place, addr) in places.iter_mut().zip(sets) {
            *place = if_any(addr, count.div_ceil(WORD_BITS) * WORD_BYTES)?;
        }
        Ok(Sets { places, count })
    }

    /// A word of one of them; of the last one, as far as it is looked at.
    fn word(&self, set: Option<UserRange>, index: u32) -> u64 {
        let word = set.map_or(0, |set| set.load_u64(index * WORD_BYTES));
        match self.count - index * WORD_BITS {
            left @ ..WORD_BITS => word & ((1 << left) - 1),
            _ => word,
        }
    }

    /// Calls `each` with the descriptors that are in any set, and in which.
    fn each(&self, mut each: impl FnMut(u32, [bool; 3]) -> Result<()>) -> Result<()> {
        for index in 0..self.count.div_ceil(WORD_BITS) {
            let words = self.places.map(|set| self.word(set, index));
            let mut left = words.into_iter().fold(0, |all, word| all | word);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                each(index * WORD_BITS + bit, words.map(|word| word >> bit & 1 != 0))?;
            }
        }
        Ok(())
    }
}

/// Waits, and leaves in the sets what is ready; answers how many there are in all.
///
/// # Errors
///
/// * `EINVAL`, `EFAULT`: as [`Sets::new`].
/// * `EBADF`: a descriptor is not open.
/// * `EDEADLK`, `ENOMEM`: as [`Waiting::wait`].
fn select_for(nfds: i32, sets: [u32; 3], timeout: Option<u64>) -> Result<u32> {
    let (sets, waiting) = enter_call(|kernel, _| {
        let sets = Sets::new(kernel, nfds, sets)?;
        let mut waiting = Waiting::default();
        sets.each(|fd, _| kernel.fs.fdget(&kernel.process, fd.cast_signed()).map(|_| ()))?;
        sets.each(|fd, among| waiting.look(kernel, fd.cast_signed(), wanted(among), fd))?;
        Ok((sets, waiting))
    })?;
    let answers = waiting.wait(timeout)?;
    enter_call(|kernel, _| {
        let words = sets.count.div_ceil(WORD_BITS);
        let mut found: Vec<[u64; 3]> = Vec::new();
        found.try_reserve_exact(words as usize)?;
        found.resize(words as usize, [0; 3]);
        let mut ready = 0;
        sets.each(|fd, among| {
            let events = told(kernel, fd.cast_signed(), wanted(among), fd, &answers);
            let Some(words) = found.get_mut((fd / WORD_BITS) as usize) else { return Ok(()) };
            for ((word, kind), is_in) in words.iter_mut().zip(KINDS).zip(among) {
                if is_in && events.intersects(kind) {
                    *word |= 1 << (fd % WORD_BITS);
                    ready += 1;
                }
            }
            Ok(())
        })?;
        for (index, words) in (0..).zip(&found) {
            for (place, word) in sets.places.iter().zip(words) {
                if let Some(place) = place {
                    place.store_u64(index * WORD_BYTES, *word);
                }
            }
        }
        Ok(ready)
    })
}

/// What is wanted of a descriptor that is in these sets.
fn wanted(among: [bool; 3]) -> PollEvents {
    let kinds = KINDS.into_iter().zip(among).filter(|(_, is_in)| *is_in);
    kinds.fold(PollEvents::empty(), |all, (kind, _)| all | kind)
}

#[unsafe(export_name = "SYS_select")]
extern "C" fn select(nfds: i32, readfds: u32, writefds: u32, exceptfds: u32, timeout: u32) -> i64 {
    let sets = [readfds, writefds, exceptfds];
    let selected = || {
        let Some(place) = if_any(timeout, TIMESPEC_BYTES)? else {
            return select_for(nfds, sets, None);
        };
        let time = timeval(place.load_u64(0).cast_signed(), place.load_u64(8).cast_signed())?;
        let monotonic = wasi::CLOCKID_MONOTONIC.raw();
        let start = now(monotonic)?;
        let ready = select_for(nfds, sets, Some(time));
        // What is left of the time.
        let passed = now(monotonic)?.saturating_sub(start);
        let left = if ready == Ok(0) { 0 } else { time.saturating_sub(passed) };
        store_timeval(place, left);
        ready
    };
    answer(selected())
}

/// The nanoseconds of a `struct timeval`. It may have a second of microseconds and more.
///
/// # Errors
///
/// `EINVAL`: it is negative.
fn timeval(seconds: i64, microseconds: i64) -> Result<u64> {
    let microseconds = u64::try_from(microseconds).map_err(|_| Errno::EINVAL)?;
    let carried = (microseconds / USEC_PER_SEC).cast_signed();
    nanoseconds(seconds.saturating_add(carried), microseconds % USEC_PER_SEC * NSEC_PER_USEC)
}

#[unsafe(export_name = "SYS_pselect6")]
extern "C" fn pselect6(
    nfds: i32,
    readfds: u32,
    writefds: u32,
    exceptfds: u32,
    timeout: u32,
    sigmask: u32,
) -> i64 {
    let selected = || {
        let (mut mask, mut size) = (0, 0);
        // An address and a size.
        if let Some(argument) = if_any(sigmask, 8)? {
            (mask, size) = (argument.load_u32(0), argument.load_u32(4));
        }
        // Unlike Linux's, this call leaves the time as it is: POSIX's pselect promises that.
        let timeout = if timeout == 0 { None } else { Some(delay(timeout)?) };
        check_sigmask(mask, size)?;
        select_for(nfds, [readfds, writefds, exceptfds], timeout)
    };
    answer(selected())
}

#[cfg(test)]
mod tests {
    use super::timeval;
    use wasm_vfs_core::Errno;

    #[test]
    fn microseconds_are_carried() {
        assert_eq!(timeval(1, 2_500_000), Ok(3_500_000_000));
        assert_eq!(timeval(0, -1), Err(Errno::EINVAL));
        assert_eq!(timeval(-1, 0), Err(Errno::EINVAL));
    }
}
