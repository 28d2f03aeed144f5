//! Descriptors of the WASI host's: what Linux's calls on them become.
//!
//! The host knows preview1, so a call becomes the function of preview1 that is nearest, with its
//! arguments in borrowed bytes of the program's memory, and the host's error number becomes Linux's.

use wasm_vfs_core::Errno;

use super::Result;
use super::user::range;
use crate::abi::imports;
use crate::errno::to_linux;
use crate::memory::borrowed::Borrowed;

/// A vector of one piece, and where the host says how many bytes it moved.
const VECTOR_BYTES: u32 = 12;

/// Reads into a buffer of the program.
///
/// # Errors
///
/// * `EFAULT`: the buffer is not all in the program's memory.
/// * `ENOMEM`: nothing can be borrowed.
/// * What the host answers.
pub(super) fn read(host_fd: u32, buf: u32, count: u32) -> Result<usize> {
    transfer(buf, count, |vector, moved| imports::fd_read(host_fd, vector, 1, moved))
}

/// Writes from a buffer of the program.
///
/// # Errors
///
/// As [`read`].
pub(super) fn write(host_fd: u32, buf: u32, count: u32) -> Result<usize> {
    transfer(buf, count, |vector, moved| imports::fd_write(host_fd, vector, 1, moved))
}

fn transfer(buf: u32, count: u32, moves: impl FnOnce(u32, u32) -> i32) -> Result<usize> {
    let bytes = range(buf, count)?;
    // Not where the program's own bytes are that the host is to read or to fill.
    let borrowed = Borrowed::beside(bytes, VECTOR_BYTES).map_err(|_| Errno::ENOMEM)?;
    let vector = borrowed.range();
    vector.store_u32(0, buf);
    vector.store_u32(4, count);
    vector.store_u32(8, 0);
    let number = moves(borrowed.addr(), borrowed.addr() + 8);
    let moved = vector.load_u32(8);
    borrowed.give_back();
    if number == 0 { Ok(moved.min(count) as usize) } else { Err(to_linux(number)) }
}
