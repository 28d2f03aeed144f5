//! Pointers of Linux's calls: ranges, strings that end with a NUL, and structures.

use wasm_vfs_core::Errno;

use super::Result;
use crate::memory::path::PathBuffer;
use crate::memory::user::UserRange;

/// The `len` bytes at `addr`. There are none at a null pointer: a wasm memory has an address 0, but
/// programs count on Linux, where it is never mapped.
///
/// # Errors
///
/// `EFAULT`: not all of them are in the program's memory.
#[inline]
pub(super) fn range(addr: u32, len: u32) -> Result<UserRange> {
    if addr == 0 && len != 0 {
        return Err(Errno::EFAULT);
    }
    UserRange::new(addr, len).map_err(|_| Errno::EFAULT)
}

/// `count` elements of `element_bytes` bytes at `addr`.
///
/// # Errors
///
/// `EFAULT`: not all of them are in the program's memory.
pub(super) fn array(addr: u32, count: u32, element_bytes: u32) -> Result<UserRange> {
    range(addr, count.checked_mul(element_bytes).ok_or(Errno::EFAULT)?)
}

/// The structure of `len` bytes at `addr`; `None`: it is null.
///
/// # Errors
///
/// `EFAULT`: not all of it is in the program's memory.
pub(super) fn if_any(addr: u32, len: u32) -> Result<Option<UserRange>> {
    if addr == 0 { Ok(None) } else { range(addr, len).map(Some) }
}

/// Copies a path from the program, without its NUL (`getname`).
///
/// # Errors
///
/// * `EFAULT`: the memory ends before it does.
/// * `ENAMETOOLONG`: it has `PATH_MAX` bytes or more.
pub(super) fn path(buffer: &mut PathBuffer, addr: u32) -> Result<&[u8]> {
    string(buffer, addr)?.ok_or(Errno::ENAMETOOLONG)
}

/// Copies a string from the program, without its NUL; `None`: there is none within the buffer
/// (`strncpy_from_user`).
///
/// # Errors
///
/// `EFAULT`: the memory ends before it does.
pub(super) fn string(buffer: &mut [u8], addr: u32) -> Result<Option<&[u8]>> {
    /// A one in each byte.
    const ONES: u64 = u64::MAX / 255;
    /// The top bit of each byte.
    const TOP_BITS: u64 = ONES << 7;
    let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let mut done = 0;
    // Eight bytes at a time, as long as none of them is a NUL.
    while room - done >= 8
        && let Ok(eight) = at(addr, done, 8)
    {
        let word = eight.load_u64(0);
        if word.wrapping_sub(ONES) & !word & TOP_BITS != 0 {
            break;
        }
        if let Some(place) = buffer.get_mut(done as usize..done as usize + 8) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        done += 8;
    }
    while done < room {
        let byte = at(addr, done, 1)?.load_u8(0);
        if byte == 0 {
            return Ok(buffer.get(..done as usize));
        }
        if let Some(place) = buffer.get_mut(done as usize) {
            *place = byte;
        }
        done += 1;
    }
    Ok(None)
}

/// The `len` bytes at `offset` behind `addr`.
fn at(addr: u32, offset: u32, len: u32) -> Result<UserRange> {
    range(addr.checked_add(offset).ok_or(Errno::EFAULT)?, len)
}
