//! Descriptors of the WASI host's: what Linux's calls on them become.
//!
//! The host knows preview1, so a call becomes the function of preview1 that is nearest, with its
//! arguments in borrowed bytes of the program's memory, and the host's error number becomes Linux's.

use wasm_vfs_core::Errno;

use super::Result;
use crate::errno::{Error, to_linux};
use crate::memory::borrowed::Borrowed;

/// Linux's number for an error of preview1.
pub(super) fn linux(error: Error) -> Errno {
    to_linux(error.number())
}

/// The result of a function of the host on a descriptor of its own.
///
/// # Errors
///
/// * `unsuited`: it is not that kind of descriptor. Hosts say `BADF` or `NOTCAPABLE`, where Linux
///   has an error for each call.
/// * What the host answers else.
pub(super) fn check(number: i32, unsuited: Errno) -> Result<()> {
    match u16::try_from(number) {
        Ok(0) => Ok(()),
        Ok(number)
            if number == wasi::ERRNO_BADF.raw() || number == wasi::ERRNO_NOTCAPABLE.raw() =>
        {
            Err(unsuited)
        }
        _ => Err(to_linux(number)),
    }
}

/// Lets the host store an answer of at most 24 bytes; returns its first two words.
///
/// # Errors
///
/// `ENOMEM`: nothing can be borrowed. As [`check`].
pub(super) fn ask(unsuited: Errno, store: impl FnOnce(u32) -> i32) -> Result<[u64; 2]> {
    let borrowed = Borrowed::new(24).map_err(linux)?;
    let number = store(borrowed.addr());
    let answer = [borrowed.range().load_u64(0), borrowed.range().load_u64(8)];
    borrowed.give_back();
    check(number, unsuited).map(|()| answer)
}
