//! The buffer through which data goes between the embedder and the filesystem.

use alloc::vec::Vec;
use core::ops::Range;

use wasm_vfs_core::Errno;

use crate::defect::len32;

/// The most that a buffer may have: lengths are answered as `i32`.
const MAX_BYTES: usize = 1 << 30;

/// A buffer of so many bytes can always be had: a path, and 8 KiB.
const SMALL_BYTES: usize = 12 << 10;

/// The buffer. The embedder's addresses are addresses of this memory, and good only within the
/// buffer.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// The buffer, if it has more than [`SMALL_BYTES`]; else empty.
    large: Vec<u8>,
    /// The buffer otherwise. Its memory is kept, so that there is a buffer when memory is used up.
    small: Vec<u8>,
}

impl Buffer {
    /// Takes the memory that is kept.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn new() -> Result<Buffer, Errno> {
        let mut small = Vec::new();
        small.try_reserve_exact(SMALL_BYTES)?;
        Ok(Buffer { large: Vec::new(), small })
    }

    /// Makes it anew, of `len` zeros; its address, or `None` without memory (it is empty then).
    pub(super) fn allocate(&mut self, len: u32) -> Option<u32> {
        self.large = Vec::new();
        self.small.clear();
        // At least one, so that there is an address.
        let len = usize::try_from(len).ok()?.max(1);
        let bytes = if len <= SMALL_BYTES { &mut self.small } else { &mut self.large };
        if len > MAX_BYTES || bytes.try_reserve_exact(len).is_err() {
            return None;
        }
        bytes.resize(len, 0);
        Some(self.address())
    }

    /// The bytes of the buffer.
    fn bytes(&self) -> &Vec<u8> {
        if self.large.is_empty() { &self.small } else { &self.large }
    }

    /// Where it is. An address in this memory has 32 bits.
    fn address(&self) -> u32 {
        len32(self.bytes().as_ptr().addr())
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
        self.bytes().get(range).ok_or(Errno::EFAULT)
    }

    /// As [`get`](Self::get), to be filled.
    ///
    /// # Errors
    ///
    /// `EFAULT`: they are not in the buffer.
    #[inline(never)]
    pub(super) fn get_mut(&mut self, addr: u32, len: u32) -> Result<&mut [u8], Errno> {
        let range = self.range(addr, len)?;
        let bytes = if self.large.is_empty() { &mut self.small } else { &mut self.large };
        bytes.get_mut(range).ok_or(Errno::EFAULT)
    }
}
