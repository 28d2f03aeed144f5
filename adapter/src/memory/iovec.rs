//! The program's I/O vectors: a cursor over their pieces.
//!
//! How the filesystem fills them is in `platform/user_mut.rs`: bytes may come from the host.

#[cfg(feature = "calls")]
use wasm_vfs_core::Errno;
use wasm_vfs_core::UserRef;

use super::user::UserRange;
use crate::defect::len32;
use crate::errno::{Error, Result, answer};

/// How many pieces of an I/O vector are looked at: Linux's `IOV_MAX`. What a longer one has beyond
/// them is left for the next call, as with any short read or write.
const IOV_MAX: usize = 1024;

/// Bytes of an `iovec`.
const IOVEC_BYTES: u32 = 8;

/// Room for the pieces of an I/O vector but the first.
///
/// They are copied before any byte moves, as Linux does it: a vector may lie in a buffer that it
/// describes.
pub(crate) type IovecBuffer = [UserRange; IOV_MAX];

/// An empty [`IovecBuffer`].
pub(crate) const NO_IOVECS: IovecBuffer = [UserRange::EMPTY; IOV_MAX];

/// A cursor over the pieces of an I/O vector of the program.
#[derive(Debug)]
pub(crate) struct IoVecs<'b> {
    /// The piece at the cursor.
    piece: UserRange,
    /// The pieces after it.
    rest: &'b [UserRange],
    /// Bytes in all of them.
    left: u32,
}

impl<'b> IoVecs<'b> {
    /// Reads the vector of `count` pieces at `addr`.
    ///
    /// # Errors
    ///
    /// * `FAULT`: the vector or a piece is not all in the program's memory.
    /// * `INVAL`: the pieces have more bytes in all than a result can say.
    #[inline]
    pub(crate) fn new(buffer: &'b mut IovecBuffer, addr: u32, count: u32) -> Result<IoVecs<'b>> {
        if count != 1 {
            return IoVecs::of_many(buffer, addr, count);
        }
        let piece = piece(UserRange::new(addr, IOVEC_BYTES)?, 0)?;
        Ok(IoVecs { piece, rest: &[], left: piece.len() })
    }

    #[inline(never)]
    fn of_many(buffer: &'b mut IovecBuffer, addr: u32, count: u32) -> Result<IoVecs<'b>> {
        let vector = UserRange::array(addr, count, IOVEC_BYTES)?;
        let (mut used, mut left) = (0, 0u32);
        for (slot, index) in buffer.iter_mut().zip(0..count) {
            *slot = piece(vector, index)?;
            left = left.checked_add(slot.len()).ok_or(Error::INVAL)?;
            used += 1;
        }
        let rest = buffer.get(..used).unwrap_or_default();
        Ok(IoVecs { piece: UserRange::EMPTY, rest, left })
    }

    /// Bytes in all pieces from the cursor on.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left as usize
    }

    /// The next piece, of at most `len` bytes; `len` is not zero and at most what is left.
    #[inline]
    fn take(&mut self, len: usize) -> UserRange {
        while self.piece.len() == 0
            && let Some((first, rest)) = self.rest.split_first()
        {
            self.piece = *first;
            self.rest = rest;
        }
        // Longer than what is left it cannot be.
        let piece = self.piece.take(len32(len));
        self.left -= piece.len();
        piece
    }

    /// Calls `each` with piece after piece of `len` bytes in all, and how many bytes came before.
    #[inline]
    pub(crate) fn each(&mut self, len: usize, mut each: impl FnMut(UserRange, usize)) {
        let mut done = 0;
        while done < len {
            let piece = self.take(len - done);
            if piece.len() == 0 {
                return;
            }
            each(piece, done);
            done += piece.len() as usize;
        }
    }
}

/// A vector of a call of Linux's, checked.
#[cfg(feature = "calls")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector {
    range: UserRange,
    count: u32,
}

#[cfg(feature = "calls")]
impl Vector {
    /// Checks the vector of `count` pieces at `addr` (`__import_iovec`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: fewer than 0 pieces or more than `IOV_MAX`.
    /// * `EFAULT`: the vector is not all in the program's memory.
    /// * `EINVAL`: a piece has so many bytes that its length is negative.
    /// * `EFAULT`: a piece is not all in the program's memory.
    pub(crate) fn import(addr: u32, count: i64) -> core::result::Result<Vector, Errno> {
        let count = u32::try_from(count).map_err(|_| Errno::EINVAL)?;
        if count as usize > IOV_MAX {
            return Err(Errno::EINVAL);
        }
        if count == 0 {
            return Ok(Vector { range: UserRange::EMPTY, count });
        }
        if addr == 0 {
            return Err(Errno::EFAULT);
        }
        let range = UserRange::array(addr, count, IOVEC_BYTES).map_err(|_| Errno::EFAULT)?;
        if (0..count).any(|index| range.load_u32(index * IOVEC_BYTES + 4) > i32::MAX as u32) {
            return Err(Errno::EINVAL);
        }
        for index in 0..count {
            piece(range, index).map_err(|_| Errno::EFAULT)?;
        }
        Ok(Vector { range, count })
    }

    /// Where the vector itself is.
    pub(crate) fn range(self) -> UserRange {
        self.range
    }

    /// Its pieces.
    pub(crate) fn pieces(self) -> impl Iterator<Item = UserRange> + Clone {
        (0..self.count).map(move |index| piece(self.range, index).unwrap_or(UserRange::EMPTY))
    }
}

#[cfg(feature = "calls")]
impl<'b> IoVecs<'b> {
    /// A cursor over the pieces of a vector, of which at most `most_bytes` count.
    pub(crate) fn of(buffer: &'b mut IovecBuffer, vector: Vector, most_bytes: u32) -> IoVecs<'b> {
        let (mut used, mut left) = (0, 0);
        for (slot, mut piece) in buffer.iter_mut().zip(vector.pieces()) {
            *slot = piece.take(most_bytes - left);
            left += slot.len();
            used += 1;
        }
        let rest = buffer.get(..used).unwrap_or_default();
        IoVecs { piece: UserRange::EMPTY, rest, left }
    }
}

/// The piece number `index` of a vector.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
fn piece(vector: UserRange, index: u32) -> Result<UserRange> {
    let word = vector.load_u64(index * IOVEC_BYTES);
    let (addr, len) = (word as u32, (word >> 32) as u32);
    // An empty piece may point anywhere, as for readv(2).
    if len == 0 { Ok(UserRange::EMPTY) } else { UserRange::new(addr, len) }
}

/// Checks a vector, its pieces and the place of a result of four bytes, as
/// [`check_for_host`](super::user::check_for_host).
#[inline(never)]
pub(crate) fn check_vector_for_host(iovs: u32, count: u32, result: u32) -> i32 {
    let check = || {
        UserRange::new(result, 4)?;
        let vector = UserRange::array(iovs, count, IOVEC_BYTES)?;
        for index in 0..count {
            piece(vector, index)?;
        }
        Ok(())
    };
    answer(check())
}

impl UserRef for IoVecs<'_> {
    fn count(&self) -> usize {
        self.left()
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        self.each(dst.len(), |piece, done| {
            let end = done + piece.len() as usize;
            piece.copy_to_kernel(dst.get_mut(done..end).unwrap_or_default());
        });
    }
}
