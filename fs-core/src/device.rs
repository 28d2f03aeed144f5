//! Character devices that live in memory: what is behind `/dev/null` and its like.
//!
//! Linux: drivers/char/mem.c and random.c. A node names a driver by its number; opening one gives an ordinary description of the
//! node's inode, and the calls on it ask here. No other device has a driver.

use crate::errno::Errno;
use crate::inode::{Ino, InodeKind};
use crate::platform::Platform;
use crate::stat::Dev;
use crate::user_memory::UserMut;
use crate::{Fs, PollEvents};

/// How many numbers of 64 bits are handed to a caller at a time.
const CHUNK_WORDS: usize = 32;

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
    /// The driver behind a number. None is behind the controlling terminal (5, 0): a process here has no such terminal.
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

impl<P: Platform> Fs<P> {
    /// The driver behind an inode, if it is a device node with one.
    #[inline(never)]
    pub(crate) fn device_of(&self, ino: Ino) -> Option<Device> {
        match self.inodes.get(ino.0)?.kind {
            InodeKind::CharDevice(dev) => Device::of(dev),
            _ => None,
        }
    }

    /// Whether something is behind a device node: a driver, or what is the embedder's.
    pub(crate) fn is_device(&self, ino: Ino) -> bool {
        self.stands_in_for_foreign(ino) || self.device_of(ino).is_some()
    }

    /// Reads from a device node.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: no driver is behind it.
    /// * What [`Platform::random`] answers, if it has not even one number.
    #[cold]
    #[inline(never)]
    pub(crate) fn read_device(&self, dev: Dev, buf: &mut impl UserMut<P>) -> Result<usize, Errno> {
        let device = Device::of(dev).ok_or(Errno::EINVAL)?;
        let bytes = buf.count();
        let mut chunk = [[0; 8]; CHUNK_WORDS];
        while buf.count() > 0 && device != Device::Null {
            let filled = match self.fill_chunk(device, buf.count(), &mut chunk) {
                Err(_) if buf.count() < bytes => break,
                filled => filled?,
            };
            buf.copy_to_user(filled);
        }
        Ok(bytes - buf.count())
    }

    /// The next bytes that a device gives, at most `len`, in a chunk that is all zeros at first.
    ///
    /// # Errors
    ///
    /// As [`read_device`](Self::read_device).
    #[inline(never)]
    fn fill_chunk<'c>(
        &self,
        device: Device,
        len: usize,
        chunk: &'c mut [[u8; 8]; CHUNK_WORDS],
    ) -> Result<&'c [u8], Errno> {
        let len = len.min(8 * CHUNK_WORDS);
        if matches!(device, Device::Random | Device::Urandom) {
            for word in chunk.iter_mut().take(len.div_ceil(8)) {
                *word = self.platform.random()?.to_le_bytes();
            }
        }
        Ok(chunk.as_flattened().get(..len).unwrap_or_default())
    }

    /// Writes so many bytes to what is no regular file: to a device, or else the error stays.
    ///
    /// # Errors
    ///
    /// * `otherwise`: no driver is behind it.
    /// * As [`Device::write`].
    #[cold]
    #[inline(never)]
    pub(crate) fn write_device(
        &self,
        ino: Ino,
        bytes: usize,
        otherwise: Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        match self.device_of(ino) {
            Some(device) => device.write(bytes),
            None => otherwise,
        }
    }
}
