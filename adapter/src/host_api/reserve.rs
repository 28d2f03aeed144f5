//! Memory that is kept for exports and whiteouts: the heap gets it back for as long as one works,
//! which so has memory when the program has left none.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

/// How much is kept: an export needs some hundred bytes, the name of each file that has several
/// names, and four times the longest name.
const BYTES: usize = 48 << 10;

/// The least that is worth keeping.
const LEAST_BYTES: usize = 4 << 10;

/// Memory that nobody uses.
pub(super) struct Reserve(Vec<u8>);

impl Reserve {
    /// Takes it from the heap.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn new() -> Result<Reserve, Errno> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(BYTES)?;
        Ok(Reserve(bytes))
    }

    /// Gives it back to the heap.
    #[inline(never)]
    pub(super) fn release(&mut self) {
        self.0 = Vec::new();
    }

    /// Takes it from the heap again: as much as there is.
    #[inline(never)]
    pub(super) fn refill(&mut self) {
        let mut bytes = BYTES;
        while bytes >= LEAST_BYTES && self.0.try_reserve_exact(bytes).is_err() {
            bytes /= 2;
        }
    }
}
