//! Ranges of the program's memory: nothing else touches the program's pointers.
//!
//! Rust cannot address another linear memory, so each access is an [`intrinsic`].

use wasm_vfs_core::UserRef;

use super::intrinsic;
use crate::defect::len32;
use crate::errno::{Error, Result};
use crate::runtime::owns_any;

/// Bytes in a page of a linear memory.
const WASM_PAGE_BYTES: u64 = 65_536;

/// A range of bytes that lies within the program's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserRange {
    addr: u32,
    len: u32,
}

impl UserRange {
    /// No bytes.
    pub(crate) const EMPTY: UserRange = UserRange { addr: 0, len: 0 };

    /// The `len` bytes at `addr`.
    ///
    /// # Errors
    ///
    /// `FAULT`: not all of them are in the program's memory.
    #[inline]
    pub(crate) fn new(addr: u32, len: u32) -> Result<UserRange> {
        let end = u64::from(addr) + u64::from(len);
        if end <= u64::from(intrinsic::size()) * WASM_PAGE_BYTES || is_above_kernel(addr, end) {
            Ok(UserRange { addr, len })
        } else {
            Err(Error::FAULT)
        }
    }

    /// `count` elements of `element_bytes` bytes at `addr`.
    ///
    /// # Errors
    ///
    /// `FAULT`: not all of them are in the program's memory.
    pub(crate) fn array(addr: u32, count: u32, element_bytes: u32) -> Result<UserRange> {
        let len = count.checked_mul(element_bytes).ok_or(Error::FAULT)?;
        UserRange::new(addr, len)
    }

    /// Its address in the program's memory.
    pub(crate) fn addr(self) -> u32 {
        self.addr
    }

    /// How many bytes there are.
    pub(crate) fn len(self) -> u32 {
        self.len
    }

    /// The address of `bytes` bytes at `offset`. A place outside the range is a defect of this
    /// crate and a trap.
    #[inline]
    fn at(self, offset: u32, bytes: u32) -> u32 {
        assert!(u64::from(offset) + u64::from(bytes) <= u64::from(self.len));
        self.addr + offset
    }

    /// Whether it has any of the `len` bytes at `addr`.
    #[cfg(feature = "calls")]
    pub(crate) fn overlaps(self, addr: u32, len: u32) -> bool {
        let end = |addr: u32, len: u32| u64::from(addr) + u64::from(len);
        u64::from(self.addr) < end(addr, len) && u64::from(addr) < end(self.addr, self.len)
    }

    /// Splits the first `len` bytes off, or as many as there are.
    #[inline]
    pub(crate) fn take(&mut self, len: u32) -> UserRange {
        let len = len.min(self.len);
        let head = UserRange { addr: self.addr, len };
        self.addr = self.addr.wrapping_add(len);
        self.len -= len;
        head
    }

    /// The byte at `offset`.
    pub(crate) fn load_u8(self, offset: u32) -> u8 {
        let addr = self.at(offset, 1);
        // SAFETY: `at` gives an address whose byte is in the program's memory.
        (unsafe { intrinsic::load_u8(addr) } & 0xff) as u8
    }

    /// The four bytes at `offset`.
    #[inline]
    pub(crate) fn load_u32(self, offset: u32) -> u32 {
        let addr = self.at(offset, 4);
        // SAFETY: `at` gives an address whose four bytes are in the program's memory; loads may be
        // unaligned.
        unsafe { intrinsic::load_u32(addr) }
    }

    /// The eight bytes at `offset`.
    #[inline]
    pub(crate) fn load_u64(self, offset: u32) -> u64 {
        let addr = self.at(offset, 8);
        // SAFETY: `at` gives an address whose eight bytes are in the program's memory; loads may be
        // unaligned.
        unsafe { intrinsic::load_u64(addr) }
    }

    /// Stores four bytes.
    #[inline]
    pub(crate) fn store_u32(self, offset: u32, value: u32) {
        let addr = self.at(offset, 4);
        // SAFETY: `at` gives an address whose four bytes are in the program's memory; stores may be
        // unaligned.
        unsafe { intrinsic::store_u32(addr, value) }
    }

    /// Stores eight bytes.
    #[inline]
    pub(crate) fn store_u64(self, offset: u32, value: u64) {
        let addr = self.at(offset, 8);
        // SAFETY: `at` gives an address whose eight bytes are in the program's memory; stores may
        // be unaligned.
        unsafe { intrinsic::store_u64(addr, value) }
    }

    /// Copies from the program. `dst` is not longer than the range.
    pub(crate) fn copy_to_kernel(self, dst: &mut [u8]) {
        assert!(dst.len() <= self.len as usize);
        // SAFETY: the source is within the program's memory; the destination is a slice of this
        // one.
        unsafe { intrinsic::copy_from_user(dst.as_mut_ptr(), self.addr, dst.len()) }
    }

    /// Stores bytes at the front. `bytes` is not longer than the range.
    pub(crate) fn store_bytes(self, bytes: &[u8]) {
        assert!(bytes.len() <= self.len as usize);
        // SAFETY: the destination is within the program's memory; the source is a slice of this
        // one.
        unsafe { intrinsic::copy_to_user(self.addr, bytes.as_ptr(), bytes.len()) }
    }

    /// Stores as many of the first bytes as fit.
    pub(crate) fn store_prefix(self, bytes: &[u8]) {
        self.store_bytes(bytes.get(..self.len as usize).unwrap_or(bytes));
    }

    /// Fills it with zeros.
    pub(crate) fn clear(self) {
        // SAFETY: the range is within the program's memory.
        unsafe { intrinsic::clear_user(self.addr, self.len as usize) }
    }

    /// Fills it with bytes of the baked contents from `offset` on, all of which lie within them:
    /// see [`Platform::contents_to_kernel`].
    ///
    /// [`Platform::contents_to_kernel`]: wasm_vfs_core::Platform::contents_to_kernel
    pub(crate) fn fill_from_baked(self, offset: u64) {
        if let Ok(offset) = u32::try_from(offset) {
            // SAFETY: the destination is within the program's memory; memory.init checks the
            // source.
            unsafe { intrinsic::contents_to_user(self.addr, offset, self.len as usize) }
        }
    }
}

/// A single buffer of the program, read from the front.
impl UserRef for UserRange {
    fn count(&self) -> usize {
        self.len as usize
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        self.take(len32(dst.len())).copy_to_kernel(dst);
    }
}

/// Whether bytes that do not lie in the first pages of the program's memory lie in others that it
/// can use: in the portable form, somebody may have grown the memory that the program shares with
/// the kernel, and the kernel owns only some of what lies above its first page.
#[cold]
#[inline(never)]
fn is_above_kernel(addr: u32, end: u64) -> bool {
    let base = intrinsic::base();
    let Some(start) = addr.checked_sub(base) else { return false };
    let end = end - u64::from(base);
    base != 0
        && end <= memory_bytes()
        // `end` may be one more than the largest address, which no range of the kernel reaches.
        && !owns_any(start, u32::try_from(end).unwrap_or(u32::MAX))
}

/// Bytes of the program's memory.
#[cfg(feature = "calls")]
pub(crate) fn program_bytes() -> u64 {
    u64::from(intrinsic::size()) * WASM_PAGE_BYTES
}

/// Bytes of the kernel's memory.
#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> u64 {
    core::arch::wasm32::memory_size::<0>() as u64 * WASM_PAGE_BYTES
}

/// Bytes of the kernel's memory.
#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> u64 {
    0
}

/// Copies bytes of the baked contents from `offset` on into this memory. All of them lie within the
/// baked contents.
pub(crate) fn contents_to_kernel(dst: &mut [u8], offset: u64) {
    if let Ok(offset) = u32::try_from(offset) {
        // SAFETY: the destination is a slice of this memory; memory.init checks the source.
        unsafe { intrinsic::contents_to_kernel(dst.as_mut_ptr(), offset, dst.len()) }
    }
}

/// Checks the place of a result for a call that the host serves; the number of `FAULT` if it is not
/// all in the program's memory, else 0.
///
/// The host checks it too, but against the whole memory: in a portable module the filesystem lies
/// in it, above the program.
#[inline(never)]
pub(crate) fn check_for_host(addr: u32, len: u32) -> i32 {
    UserRange::new(addr, len).map_or_else(Error::number, |_| 0)
}
