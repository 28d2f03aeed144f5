//! The counter behind a descriptor of eventfd(2).
//!
//! Linux: `struct eventfd_ctx` (fs/eventfd.c). It lives in the open file description, for no second
//! description can be opened on one.

use crate::base::errno::Errno;
use crate::base::flags::PollEvents;

/// How many bytes are read and written at a time: a number of 64 bits.
pub(crate) const EVENT_BYTES: usize = size_of::<u64>();

/// The highest count. One more is no number that may be added, either.
const MAX_COUNT: u64 = u64::MAX - 1;

/// What a read takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventfdKind {
    /// The whole count.
    Counter,
    /// One (`EFD_SEMAPHORE`).
    Semaphore,
}

/// A counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Eventfd {
    /// At most [`MAX_COUNT`].
    pub(crate) count: u64,
    pub(crate) kind: EventfdKind,
}

impl Eventfd {
    /// Takes the count, or one from it (`eventfd_ctx_do_read`).
    ///
    /// # Errors
    ///
    /// `EAGAIN`: it is 0.
    pub(crate) fn take(&mut self) -> Result<u64, Errno> {
        let taken = match self.kind {
            EventfdKind::Counter => self.count,
            EventfdKind::Semaphore => self.count.min(1),
        };
        if taken == 0 {
            return Err(Errno::EAGAIN);
        }
        self.count -= taken;
        Ok(taken)
    }

    /// Adds to the count (`eventfd_write`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the largest number of 64 bits.
    /// * `EAGAIN`: the count would be too high.
    pub(crate) fn add(&mut self, more: u64) -> Result<(), Errno> {
        if more > MAX_COUNT {
            return Err(Errno::EINVAL);
        }
        if more > MAX_COUNT - self.count {
            return Err(Errno::EAGAIN);
        }
        self.count += more;
        Ok(())
    }

    /// What poll(2) says of it (`eventfd_poll`). That the count has overflowed (`ERR`) cannot be:
    /// on Linux only the kernel itself adds so much.
    pub(crate) fn ready_events(self) -> PollEvents {
        let mut events = PollEvents::empty();
        events.set(PollEvents::IN, self.count > 0);
        events.set(PollEvents::OUT, self.count < MAX_COUNT);
        events
    }
}
