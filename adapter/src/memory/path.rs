//! Copies the program's paths and checks them, before anything looks at them.

use wasm_vfs_core::PATH_MAX;

use super::user::UserRange;
use crate::bytes::is_utf8;
use crate::errno::{Error, Result};

/// A path of the program's: where its bytes are, and the directory that it starts from.
#[derive(Clone, Copy)]
pub(crate) struct UserPath {
    pub(crate) dirfd: i32,
    pub(crate) addr: u32,
    pub(crate) len: u32,
}

/// Which of a call's paths it is.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// The only one, or the first.
    First,
    /// The second.
    Second,
}

/// Room for a path.
pub(crate) type PathBuffer = [u8; PATH_MAX];

/// A one in each byte.
pub(crate) const ONES: u64 = u64::MAX / 255;
/// The top bit of each byte.
pub(crate) const TOP_BITS: u64 = ONES << 7;

/// Copies a path from the program and checks it.
///
/// # Errors
///
/// * `FAULT`: it is not all in the program's memory.
/// * `NAMETOOLONG`: it has `PATH_MAX` bytes or more.
/// * `ILSEQ`: it is not UTF-8.
/// * `INVAL`: it has a NUL.
pub(crate) fn path(buffer: &mut PathBuffer, addr: u32, len: u32) -> Result<&[u8]> {
    let range = UserRange::new(addr, len)?;
    if len as usize >= PATH_MAX {
        return Err(Error::NAMETOOLONG);
    }
    let (path, _) = buffer.split_at_mut(len as usize);
    // Eight bytes at a time: paths are short, and a loop costs less than a call for memory.copy. On
    // the way, find out whether any byte has its top bit set (then it is not ASCII), and whether
    // any is zero.
    let (mut not_ascii, mut nul) = (0, 0);
    let mut look = |word: u64| {
        not_ascii |= word;
        nul |= word.wrapping_sub(ONES) & !word;
    };
    let (words, tail) = path.as_chunks_mut::<8>();
    let mut offset = 0;
    for word in words {
        let value = range.load_u64(offset);
        *word = value.to_le_bytes();
        look(value);
        offset += 8;
    }
    for byte in tail {
        *byte = range.load_u8(offset);
        // The bytes above stand for letters.
        look(u64::from(*byte) | ONES << 8);
        offset += 1;
    }
    if not_ascii & TOP_BITS != 0 && !is_utf8(path) {
        return Err(Error::ILSEQ);
    }
    if nul & TOP_BITS != 0 {
        return Err(Error::INVAL);
    }
    Ok(path)
}
