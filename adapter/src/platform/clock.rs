//! The program's clocks: the host's, or one that shows what the person who packed the program
//! chose.

use core::cell::Cell;

use crate::abi::imports;
use crate::memory::borrowed::ask;
use crate::one_thread::lend;

/// What a stepping clock starts from: the beginning of 2000, in nanoseconds since 1970. The
/// monotonic one starts from 0.
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
            return host_time(wasi::CLOCKID_REALTIME.raw()).unwrap_or(0);
        }
        self.own(wasi::CLOCKID_REALTIME.raw())
    }

    /// Reads a clock of our own, in nanoseconds: since 1970 for the realtime clock, since the start
    /// for others.
    pub(crate) fn own(&self, id: u32) -> u64 {
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

/// What a clock of the host says, in nanoseconds. `None`: it has no such clock.
pub(crate) fn host_time(id: u32) -> Option<u64> {
    ask(|addr| lend(|| imports::clock_time_get(id, 1, addr)))
}
