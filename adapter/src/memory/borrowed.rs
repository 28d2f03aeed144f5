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
use crate::one_thread::OneThread;

/// Where bytes of the program's memory are borrowed. Not address 0, which some hosts take for a
/// null pointer; aligned for every structure of preview1. If a host function never returns, the
/// bytes stay as it left them for a while: toolchains put nothing in the first kibibyte, so for
/// small answers nobody sees that. The JavaScript package recognises the lines of `--trace` by it
/// (`js/src/preview1/trace.js`), and by the layout in `trace::to_host`.
pub(crate) const BORROWED_ADDR: u32 = 64;

/// What is lent to the host: bytes of the program's memory, and where in this memory the bytes
/// are that belong there.
#[derive(Clone, Copy, Debug)]
struct Lent {
    range: UserRange,
    saved: *const u8,
}

/// How much is lent at a time, at most: windows of a lower file, its path, the time.
const MOST_LENT: usize = 4;

/// What is lent now. A call that never returns does not put it back: [`restore_after_cut`] does.
static LENT: OneThread<[Option<Lent>; MOST_LENT]> = OneThread::new([None; MOST_LENT]);

/// Notes what is lent.
fn note(range: UserRange, saved: *const u8) {
    // SAFETY: the closure calls nothing that borrows it.
    unsafe {
        LENT.with(|all| {
            if let Some(place) = all.iter_mut().find(|place| place.is_none()) {
                *place = Some(Lent { range, saved });
            }
        });
    }
}

/// Takes the newest note of a range back.
fn forget(range: UserRange) {
    let is_it = |lent: &Lent| lent.range.addr() == range.addr();
    // SAFETY: as in `note`.
    unsafe {
        LENT.with(|all| {
            let newest_first = all.iter_mut().rev();
            if let Some(place) = newest_first.into_iter().find(|it| it.as_ref().is_some_and(is_it))
            {
                *place = None;
            }
        });
    }
}

/// Puts back what calls had borrowed that never returned.
#[cold]
pub(crate) fn restore_after_cut() {
    // SAFETY: as in `note`.
    unsafe {
        LENT.with(|all| {
            for Lent { range, saved } in all.iter_mut().rev().filter_map(Option::take) {
                // Whoever noted it takes the note back before these bytes are freed.
                range.store_bytes(core::slice::from_raw_parts(saved, range.len() as usize));
            }
        });
    }
}

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

    /// Borrows so many bytes that are none of `others`, which the host is to read or fill.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(feature = "calls")]
    pub(crate) fn beside(
        others: impl Iterator<Item = UserRange> + Clone,
        bytes: u32,
    ) -> Result<Borrowed> {
        let mut addr = BORROWED_ADDR;
        // Each turn goes past the end of a range, so there are no more turns than ranges.
        while let Some(other) = others.clone().find(|other| other.overlaps(addr, bytes)) {
            let behind = other.addr().checked_add(other.len());
            let behind = behind.and_then(|behind| behind.checked_next_multiple_of(8));
            addr = behind.ok_or(Errno::ENOMEM)?;
        }
        Borrowed::at(addr, bytes)
    }

    /// As [`new`](Self::new), at `addr`.
    pub(crate) fn at(addr: u32, bytes: u32) -> Result<Borrowed> {
        let range = UserRange::new(addr, bytes).map_err(|_| Errno::ENOMEM)?;
        let mut saved = zeros(bytes as usize)?;
        range.copy_to_kernel(&mut saved);
        note(range, saved.as_ptr());
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
        forget(self.range);
    }
}

/// Where bytes are borrowed while others may be at [`BORROWED_ADDR`], two paths and more.
const NESTED_ADDR: u32 = BORROWED_ADDR + 16 * 1024;

/// The program's bytes while the host stores an answer there.
static ASKED: OneThread<[u8; 8]> = OneThread::new([0; 8]);

/// Lets the host store eight bytes in borrowed memory. `None`: it answers an error.
pub(crate) fn ask(store: impl FnOnce(u32) -> i32) -> Option<u64> {
    let borrowed = UserRange::new(BORROWED_ADDR, 8).ok()?;
    let saved = borrowed.load_u64(0);
    // SAFETY: the closure calls nothing.
    let place = unsafe {
        ASKED.with(|bytes| {
            *bytes = saved.to_le_bytes();
            bytes.as_ptr()
        })
    };
    note(borrowed, place);
    let errno = store(BORROWED_ADDR);
    let answer = borrowed.load_u64(0);
    borrowed.store_u64(0, saved);
    forget(borrowed);
    (errno == 0).then_some(answer)
}
