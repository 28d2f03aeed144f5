//! Reading and writing device nodes: the filesystem asks the driver behind a node.
//!
//! The drivers are in [`crate::objects::device`].

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::stat::Dev;
use crate::fs::Fs;
use crate::objects::device::Device;
use crate::objects::inode::InodeKind;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

/// How many numbers of 64 bits are handed to a caller at a time.
const CHUNK_WORDS: usize = 32;

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
        Ok(chunk.as_flattened().get(..len).or_after_defect(&[]))
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
