//! Moving bytes between the program and a descriptor of the host's.

use wasm_vfs_core::Errno;

use super::MAX_RW_COUNT;
use crate::calls::Result;
use crate::calls::host::{check, linux};
use crate::calls::user::range;
use crate::memory::borrowed::Borrowed;
use crate::memory::iovec::Vector;

/// Bytes of an `iovec`, and those of the answer of how many were moved.
const IOVEC_BYTES: u32 = 8;

/// Moves the bytes of one buffer: `moves` is given a vector, its number of pieces, and where the
/// host says how many bytes it moved.
///
/// # Errors
///
/// * `EFAULT`: the buffer is not all in the program's memory.
/// * `ENOMEM`: nothing can be borrowed.
/// * `EBADF`: it is not open for this; else what the host answers.
pub(super) fn buffer(
    addr: u32,
    count: u32,
    moves: impl FnOnce(u32, u32, u32) -> i32,
) -> Result<usize> {
    let bytes = range(addr, count)?;
    let borrowed = Borrowed::beside(core::iter::once(bytes), IOVEC_BYTES + 4).map_err(linux)?;
    let vector = borrowed.range();
    vector.store_u32(0, addr);
    vector.store_u32(4, count.min(MAX_RW_COUNT));
    vector.store_u32(8, 0);
    let number = moves(borrowed.addr(), 1, borrowed.addr() + 8);
    let moved = vector.load_u32(8);
    borrowed.give_back();
    check(number, Errno::EBADF).map(|()| moved.min(count) as usize)
}

/// Moves the bytes of the pieces of a vector, as [`buffer`] does.
///
/// # Errors
///
/// As [`Vector::import`]; `ENOMEM`, `EBADF` and others as [`buffer`].
pub(super) fn vector(
    addr: u32,
    count: i64,
    moves: impl FnOnce(u32, u32, u32) -> i32,
) -> Result<usize> {
    let vector = Vector::import(addr, count)?;
    // As many pieces as one call may move; the rest is left for the next.
    let (mut pieces, mut bytes) = (0, 0);
    for piece in vector.pieces() {
        if bytes > 0 && piece.len() > MAX_RW_COUNT - bytes {
            break;
        }
        bytes = (bytes + piece.len()).min(MAX_RW_COUNT);
        pieces += 1;
    }
    let others = vector.pieces().chain(core::iter::once(vector.range()));
    let borrowed = Borrowed::beside(others, 4).map_err(linux)?;
    borrowed.range().store_u32(0, 0);
    let number = moves(addr, pieces, borrowed.addr());
    let moved = borrowed.range().load_u32(0);
    borrowed.give_back();
    check(number, Errno::EBADF).map(|()| moved as usize)
}
