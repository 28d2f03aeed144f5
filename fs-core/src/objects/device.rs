//! Character devices that live in memory: what is behind `/dev/null` and its like.
//!
//! Linux: drivers/char/mem.c and random.c. A node names a driver by its number; opening one gives
//! an ordinary description of the node's inode, and the calls on it ask here. No other device has a
//! driver.

use crate::base::errno::Errno;
use crate::base::flags::PollEvents;
use crate::base::stat::Dev;

/// A driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// `/dev/null`: always at its end; takes everything.
    Null,
    /// `/dev/zero`: zeros without end; takes everything.
    Zero,
    /// `/dev/full`: zeros without end; takes nothing.
    Full,
    /// `/dev/random`: random bytes without end; takes everything. There is always enough entropy.
    Random,
    /// `/dev/urandom`: as [`Random`](Device::Random), but poll(2) says that it takes bytes too.
    Urandom,
}

impl Device {
    /// The driver behind a number. None is behind the controlling terminal (5, 0): a process here
    /// has no such terminal.
    pub(crate) fn of(dev: Dev) -> Option<Device> {
        Some(match dev {
            Dev::NULL => Device::Null,
            Dev::ZERO => Device::Zero,
            Dev::FULL => Device::Full,
            Dev::RANDOM => Device::Random,
            Dev::URANDOM => Device::Urandom,
            _ => return None,
        })
    }

    /// What poll(2) finds it ready for, at any time.
    pub(crate) fn ready_events(self) -> PollEvents {
        match self {
            Device::Random => PollEvents::IN | PollEvents::RDNORM,
            _ => PollEvents::ALWAYS,
        }
    }

    /// Takes bytes that are written to it.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: it is full, even for no byte at all.
    pub(crate) fn write(self, bytes: usize) -> Result<usize, Errno> {
        if self == Device::Full { Err(Errno::ENOSPC) } else { Ok(bytes) }
    }
}
