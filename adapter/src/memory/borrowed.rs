//! Bytes of the program's memory that the adapter borrows for an answer of the WASI host.
//!
//! A host function reads and writes only the program's memory. A call that the adapter forwards
//! passes the program's own pointers. For an answer that the adapter itself wants, it saves some
//! bytes of the program's memory, lets the host write there, reads the answer, and puts the bytes
//! back.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use super::user::UserRange;
use crate::bytes::zeros;
use crate::errno::Result;

/// Where bytes of the program's memory are borrowed. Not address 0, which some hosts take for a
/// null pointer; aligned for every structure of preview1. The JavaScript package recognises the
/// lines of `--trace` by it (`js/src/preview1/trace.js`), and by the layout in `trace::to_host`.
pub(crate) const BORROWED_ADDR: u32 = 1024;

/// Memory of the program that the host writes to in between, and that is as it was afterwards.
#[derive(Debug)]
pub(crate) struct Borrowed {
    range: UserRange,
    saved: Vec<u8>,
}

impl Borrowed {
    /// Borrows so many bytes.
    ///
    /// # Errors
    ///
    /// `NOMEM`: the program has not so much memory, or there is none to save it in.
    pub(crate) fn new(bytes: u32) -> Result<Borrowed> {
        Borrowed::at(BORROWED_ADDR, bytes)
    }

    /// Borrows so many bytes where nobody else does: for what stays borrowed while others borrow.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn nested(bytes: u32) -> Result<Borrowed> {
        Borrowed::at(NESTED_ADDR, bytes)
    }

    /// As [`new`](Self::new), at `addr`.
    pub(crate) fn at(addr: u32, bytes: u32) -> Result<Borrowed> {
        let range = UserRange::new(addr, bytes).map_err(|_| Errno::ENOMEM)?;
        let mut saved = zeros(bytes as usize)?;
        range.copy_to_kernel(&mut saved);
        Ok(Borrowed { range, saved })
    }

    /// Where it is.
    pub(crate) fn range(&self) -> UserRange {
        self.range
    }

    /// Its address.
    pub(crate) fn addr(&self) -> u32 {
        self.range.addr()
    }

    /// Makes it as it was, for good.
    pub(crate) fn give_back(self) {
        self.restore();
    }

    /// Makes it as it was.
    pub(crate) fn restore(&self) {
        self.range.store_bytes(&self.saved);
    }
}

/// Where bytes are borrowed while others may be at [`BORROWED_ADDR`], two paths and more.
const NESTED_ADDR: u32 = BORROWED_ADDR + 16 * 1024;

/// Lets the host store eight bytes in borrowed memory. `None`: it answers an error.
pub(crate) fn ask(store: impl FnOnce(u32) -> i32) -> Option<u64> {
    let borrowed = UserRange::new(BORROWED_ADDR, 8).ok()?;
    let saved = borrowed.load_u64(0);
    let errno = store(BORROWED_ADDR);
    let answer = borrowed.load_u64(0);
    borrowed.store_u64(0, saved);
    (errno == 0).then_some(answer)
}
