//! getrandom(2).

use wasm_vfs_core::Errno;

use crate::abi::imports;
use crate::calls::user::range;
use crate::calls::{Result, answer};
use crate::errno::to_linux;
use crate::kernel::enter_call;
use crate::memory::user::UserRange;

const GRND_NONBLOCK: u32 = 1;
const GRND_RANDOM: u32 = 2;
const GRND_INSECURE: u32 = 4;

/// The most bytes of one call (`INT_MAX`, cut to pages as all transfers are).
const MAX_BYTES: u32 = 0x7fff_f000;

/// The most bytes that every host gives at once: those of browsers (`crypto.getRandomValues`).
const HOST_BYTES: u32 = 65_536;

#[unsafe(export_name = "SYS_getrandom")]
extern "C" fn getrandom(buf: u32, buflen: u32, flags: u32) -> i64 {
    let filled = || {
        let both = GRND_INSECURE | GRND_RANDOM;
        if flags & !(both | GRND_NONBLOCK) != 0 || flags & both == both {
            return Err(Errno::EINVAL);
        }
        let bytes = range(buf, buflen)?.take(MAX_BYTES);
        match enter_call(|kernel, _| Ok(kernel.fs.platform().random.is_seeded()))? {
            true => from_seed(bytes)?,
            false => from_host(bytes)?,
        }
        Ok(bytes.len())
    };
    answer(filled())
}

/// Fills a range with numbers of the generator, as `random_get` does.
fn from_seed(bytes: UserRange) -> Result<()> {
    let mut left = bytes;
    enter_call(|kernel, _| {
        while left.len() > 0 {
            let word = kernel.fs.platform().random.seeded()?.to_le_bytes();
            left.take(8).store_prefix(&word);
        }
        Ok(())
    })
}

/// Fills a range with random numbers of the host.
fn from_host(bytes: UserRange) -> Result<()> {
    let mut left = bytes;
    while left.len() > 0 {
        let piece = left.take(HOST_BYTES);
        match imports::random_get(piece.addr(), piece.len()) {
            0 => {}
            number => return Err(to_linux(number)),
        }
    }
    Ok(())
}
