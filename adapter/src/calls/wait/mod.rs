//! Waiting: for descriptors, and for a time.
//!
//! There is one thread, so nothing in the tree becomes ready while a program waits: only the host's
//! descriptors do, and time passes. Both are the host's to wait for, in one call
//! ([`crate::exports`], `poll_oneoff`). On a clock of our own no time is waited for: it passes at
//! once. Where the host may not be asked to wait, no time is waited for at all, and its descriptors
//! are ready with an error.
//!
//! DEVIATION: whoever would wait for ever, because nothing can end it, gets `EDEADLK`.

mod poll;
mod select;
mod sleep;

pub(super) use sleep::{delay, sleep};

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, PollEvents, Target};

use super::Result;
use super::host::linux;
use crate::exports::{AT_ONCE, EventWords, SubscriptionWords, ask_host, clock};
use crate::kernel::Kernel;
use crate::kernel::token::host_fd;

/// What a descriptor is asked for.
const READS: PollEvents = PollEvents::IN.union(PollEvents::RDNORM);
/// As [`READS`].
const WRITES: PollEvents = PollEvents::OUT.union(PollEvents::WRNORM);
/// What is told unasked.
const ALWAYS_TOLD: PollEvents = PollEvents::ERR.union(PollEvents::HUP).union(PollEvents::NVAL);

/// The descriptors that a call waits for.
#[derive(Default)]
struct Waiting {
    /// The questions to the host, with the number of what they are about as their token.
    of_host: Vec<SubscriptionWords>,
    /// Whether one is ready already.
    is_ready: bool,
}

/// A subscription to a clock of the host's, that rings after so many nanoseconds.
fn clock_subscription(token: u64, delay: u64) -> SubscriptionWords {
    let clock = u64::from(wasi::EVENTTYPE_CLOCK.raw());
    [token, clock, u64::from(wasi::CLOCKID_MONOTONIC.raw()), delay, 0, 0]
}

impl Waiting {
    /// Looks at a descriptor, for `wanted` of its events. If it is the host's, `token` names it in
    /// the [`Answers`].
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    fn look(&mut self, kernel: &Kernel, fd: i32, wanted: PollEvents, token: u32) -> Result<()> {
        let Some(number) = asked_of_host(kernel, fd) else {
            self.is_ready |= !told(kernel, fd, wanted, token, &Answers::default()).is_empty();
            return Ok(());
        };
        self.of_host.try_reserve(2)?;
        for (events, tag) in [(READS, wasi::EVENTTYPE_FD_READ), (WRITES, wasi::EVENTTYPE_FD_WRITE)]
        {
            if wanted.intersects(events) {
                let tag = u64::from(tag.raw());
                self.of_host.push([token.into(), tag, number.into(), 0, 0, 0]);
            }
        }
        Ok(())
    }

    /// Waits until a descriptor is ready or so many nanoseconds are over; `None`: for ever.
    ///
    /// # Errors
    ///
    /// * `EDEADLK`: nothing can end the waiting.
    /// * `ENOMEM`: no memory. What the host answers.
    fn wait(mut self, timeout: Option<u64>) -> Result<Answers> {
        let timeout = if self.is_ready { Some(0) } else { timeout };
        if self.of_host.is_empty() {
            sleep(timeout.ok_or(Errno::EDEADLK)?)?;
            return Ok(Answers::default());
        }
        let own_clock = !clock::is_host().map_err(linux)?;
        if let Some(timeout) = timeout {
            self.of_host.try_reserve(1)?;
            let delay = if own_clock { 0 } else { timeout };
            self.of_host.push(clock_subscription(AT_ONCE, delay));
        }
        let mut answers = Answers { events: ask_host(&self.of_host).map_err(linux)? };
        answers.events.retain(|event| event[0] != AT_ONCE);
        if let Some(timeout) = timeout
            && own_clock
            && answers.events.is_empty()
        {
            clock::wait(timeout).map_err(linux)?;
        }
        Ok(answers)
    }
}

/// What the host said of its descriptors.
#[derive(Default)]
struct Answers {
    events: Vec<EventWords>,
}

impl Answers {
    /// The events of the descriptor that was named `token`.
    fn of(&self, token: u32) -> PollEvents {
        let events = self.events.iter().filter(|event| event[0] == u64::from(token));
        events.fold(PollEvents::empty(), |all, &event| all | poll_events(event))
    }
}

/// The events of poll(2) for one of the host's: error and type in the second word, then the bytes
/// that can be read, then flags.
#[expect(clippy::cast_possible_truncation, reason = "fields of 16 and 8 bits")]
fn poll_events([_, kind, _, flags]: EventWords) -> PollEvents {
    let (error, tag) = (kind as u16, (kind >> 16) as u8);
    if error == wasi::ERRNO_BADF.raw() {
        return PollEvents::NVAL;
    }
    if error == wasi::ERRNO_PIPE.raw() {
        return PollEvents::HUP;
    }
    if error != 0 {
        return PollEvents::ERR;
    }
    let hung_up = flags as u16 & wasi::EVENTRWFLAGS_FD_READWRITE_HANGUP != 0;
    let end = if hung_up { PollEvents::HUP } else { PollEvents::empty() };
    end | if tag == wasi::EVENTTYPE_FD_READ.raw() { READS } else { WRITES }
}

/// The host's number of a descriptor that the host is to be asked about.
fn asked_of_host(kernel: &Kernel, fd: i32) -> Option<u32> {
    match kernel.fs.descriptor(&kernel.process, fd).ok()?.target {
        Target::Foreign(token) if kernel.settings.waits => Some(host_fd(token)),
        _ => None,
    }
}

/// What a descriptor is ready for, of what is wanted of it and what is told unasked.
fn told(kernel: &Kernel, fd: i32, wanted: PollEvents, token: u32, answers: &Answers) -> PollEvents {
    let events = match kernel.fs.descriptor(&kernel.process, fd).map(|it| it.target) {
        Ok(Target::Foreign(_)) if kernel.settings.waits => answers.of(token),
        Ok(Target::Foreign(_)) => PollEvents::ERR,
        _ => kernel.fs.poll(&kernel.process, fd),
    };
    events & (wanted | ALWAYS_TOLD)
}
