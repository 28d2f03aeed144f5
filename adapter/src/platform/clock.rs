//! The program's clocks: the host's, or one that shows what the person who packed the program chose.

use core::cell::Cell;

use crate::errno::{Error, Result};
use crate::host;
use crate::state;

/// What a stepping clock starts from: the beginning of 2000, in nanoseconds since 1970. The monotonic one starts from 0.
const STEPPING_FROM: u64 = 946_684_800_000_000_000;

/// How the time is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// As the host does.
    Host,
    /// It does not pass, except by waiting.
    Fixed {
        /// Nanoseconds since 1970.
        time: u64,
        /// Nanoseconds that were waited.
        waited: u64,
    },
    /// It passes with each reading, and by waiting.
    Stepping {
        /// Nanoseconds from one reading to the next.
        step: u64,
        /// Nanoseconds that passed.
        passed: u64,
    },
}

/// The time as the filesystem and the program see it.
#[derive(Debug)]
pub(crate) struct Clock {
    source: Cell<Source>,
    /// While a tree is baked no import may be called: it is always 1970 then.
    baking: Cell<bool>,
}

impl Clock {
    /// A clock while a tree is baked.
    pub(crate) const fn baking() -> Clock {
        Clock { source: Cell::new(Source::Host), baking: Cell::new(true) }
    }

    /// From now on time passes.
    pub(crate) fn start(&self) {
        self.baking.set(false);
    }

    /// Chooses how the time is told.
    pub(crate) fn choose(&self, source: Source) {
        self.source.set(source);
    }

    /// Whether the host tells the time.
    pub(crate) fn is_host(&self) -> bool {
        matches!(self.source.get(), Source::Host)
    }

    /// Reads the realtime clock, in nanoseconds since 1970.
    pub(crate) fn realtime(&self) -> u64 {
        if self.baking.get() {
            return 0;
        }
        if self.is_host() {
            return host::clock_time(wasi::CLOCKID_REALTIME.raw()).unwrap_or(0);
        }
        self.own(wasi::CLOCKID_REALTIME.raw())
    }

    /// Reads a clock of our own, in nanoseconds: since 1970 for the realtime clock, since the start for others.
    fn own(&self, id: u32) -> u64 {
        let (start, passed) = match self.source.get() {
            Source::Host => (0, 0),
            Source::Fixed { time, waited } => (time, waited),
            Source::Stepping { step, passed } => {
                let next = passed.saturating_add(step);
                self.source.set(Source::Stepping { step, passed: next });
                (STEPPING_FROM, passed)
            }
        };
        if id == wasi::CLOCKID_REALTIME.raw() { start.saturating_add(passed) } else { passed }
    }

    /// Lets time pass on a clock of our own: what a program waits for is over at once.
    pub(crate) fn wait(&self, nanoseconds: u64) {
        let source = match self.source.get() {
            Source::Host => Source::Host,
            Source::Fixed { time, waited } => {
                Source::Fixed { time, waited: waited.saturating_add(nanoseconds) }
            }
            Source::Stepping { step, passed } => {
                Source::Stepping { step, passed: passed.saturating_add(nanoseconds) }
            }
        };
        self.source.set(source);
    }
}

/// Whether the host tells the program the time.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn is_host() -> Result<bool> {
    state::enter(|kernel, _| Ok(kernel.fs.platform().clock.is_host()))
}

/// Whether the host may be asked to wait.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn host_waits() -> Result<bool> {
    state::enter(|kernel, _| Ok(kernel.settings.waits))
}

/// Lets time pass on a clock of our own.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn wait(nanoseconds: u64) -> Result<()> {
    state::enter(|kernel, _| {
        kernel.fs.platform().clock.wait(nanoseconds);
        Ok(())
    })
}

/// Checks the number of a clock. Hosts may trap on one that is not there.
///
/// # Errors
///
/// `INVAL`: there is no such clock.
pub(crate) fn check(id: u32) -> Result<()> {
    if id > wasi::CLOCKID_THREAD_CPUTIME_ID.raw() { Err(Error::INVAL) } else { Ok(()) }
}

/// Reads a clock of our own.
///
/// # Errors
///
/// `EIO`: nothing was baked.
pub(crate) fn now(id: u32) -> Result<u64> {
    state::enter(|kernel, _| Ok(kernel.fs.platform().clock.own(id)))
}
