//! Bytes of the program's memory, lent to the host for the length of a call.
//!
//! A host function finds its arguments and leaves its results in the program's memory only. What
//! comes from this side (a path that is not the program's own, a structure that nobody asked for)
//! is put into borrowed bytes there, and these are put back. The program's own results are never
//! written while anything is lent: they might lie in the same place.

use super::borrowed::{BORROWED_ADDR, Borrowed};
use super::user::UserRange;
use crate::defect::len32;
use crate::errno::{Error, Result};

/// What everything that is lent is aligned to: every structure of preview1 is content with it.
const ALIGN: u32 = 8;

/// [`Borrowed`] bytes, handed out piece by piece. Dropping it gives them back.
pub(crate) struct Loan {
    all: Borrowed,
    /// Those that are not used yet.
    rest: UserRange,
}

impl Loan {
    /// Borrows `len` bytes, at the usual place.
    ///
    /// # Errors
    ///
    /// `NOMEM`: the program has not so much memory, or there is none to keep what is in it.
    pub(crate) fn of(len: u32) -> Result<Loan> {
        Loan::at(BORROWED_ADDR, len)
    }

    /// Borrows `len` bytes at `addr`, which is a multiple of [`ALIGN`].
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub(crate) fn at(addr: u32, len: u32) -> Result<Loan> {
        let all = Borrowed::at(addr, len)?;
        Ok(Loan { rest: all.range(), all })
    }

    /// How many bytes to borrow for pieces of these lengths.
    pub(crate) fn room_for(lens: &[usize]) -> Result<u32> {
        let mut sum = 0u32;
        for &len in lens {
            let len = u32::try_from(len).ok().and_then(|len| len.checked_next_multiple_of(ALIGN));
            sum = len.and_then(|len| sum.checked_add(len)).ok_or(Error::NOMEM)?;
        }
        Ok(sum)
    }

    /// The next `len` bytes, with whatever is in them. That there are so many was seen to when they
    /// were borrowed.
    pub(crate) fn take(&mut self, len: u32) -> UserRange {
        let mut piece = self.rest.take(len.next_multiple_of(ALIGN));
        piece.take(len)
    }

    /// Puts `bytes` into the next ones; says where they are.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> (u32, u32) {
        // As many as were asked for, so they fit in 32 bits.
        let piece = self.take(len32(bytes.len()));
        piece.store_prefix(bytes);
        (piece.addr(), piece.len())
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.all.restore();
    }
}
