//! The buffer through which data goes between the embedder and the filesystem.

use alloc::vec::Vec;
use core::ops::Range;

use wasm_vfs_core::Errno;

use crate::defect::len32;

/// The most that a buffer may have: lengths are answered as `i32`.
const MAX_BYTES: usize = 1 << 30;

/// The buffer. The embedder's addresses are addresses of this memory, and good only within the
/// buffer.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// Makes it anew, of `len` zeros; its address, or `None` without memory (it is empty then).
    pub(super) fn allocate(&mut self, len: u32) -> Option<u32> {
        self.bytes = Vec::new();
        // At least one, so that there is an address.
        let len = usize::try_from(len).ok()?.max(1);
        if len > MAX_BYTES || self.bytes.try_reserve_exact(len).is_err() {
            return None;
        }
        self.bytes.resize(len, 0);
        Some(self.address())
    }

    /// Where it is. An address in this memory has 32 bits.
    fn address(&self) -> u32 {
        len32(self.bytes.as_ptr().addr())
    }

    /// What `len` bytes at `addr` are in it.
    fn range(&self, addr: u32, len: u32) -> Result<Range<usize>, Errno> {
        let start = addr.checked_sub(self.address()).ok_or(Errno::EFAULT)? as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::EFAULT)?;
        Ok(start..end)
    }

    /// The `len` bytes at `addr`.
    ///
    /// # Errors
    ///
    /// `EFAULT`: they are not in the buffer.
    #[inline(never)]
    pub(super) fn get(&self, addr: u32, len: u32) -> Result<&[u8], Errno> {
        let range = self.range(addr, len)?;
        self.bytes.get(range).ok_or(Errno::EFAULT)
    }

    /// As [`get`](Self::get), to be filled.
    ///
    /// # Errors
    ///
    /// `EFAULT`: they are not in the buffer.
    #[inline(never)]
    pub(super) fn get_mut(&mut self, addr: u32, len: u32) -> Result<&mut [u8], Errno> {
        let range = self.range(addr, len)?;
        self.bytes.get_mut(range).ok_or(Errno::EFAULT)
    }
}
