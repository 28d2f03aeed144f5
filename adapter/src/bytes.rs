//! Bytes of texts, one after another. Nothing is formatted with `core::fmt`, which would be most of the adapter's code.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

/// Adds bytes to a vector.
///
/// # Errors
///
/// `ENOMEM`: no memory.
#[inline(never)]
pub(crate) fn append(vector: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Errno> {
    vector.try_reserve(bytes.len())?;
    vector.extend_from_slice(bytes);
    Ok(())
}

/// Adds a number in decimal digits.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(crate) fn append_decimal(out: &mut Vec<u8>, value: u64) -> Result<(), Errno> {
    append_digits(out, value, 1)
}

/// Adds a number in at least `least` digits.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(crate) fn append_digits(out: &mut Vec<u8>, value: u64, least: usize) -> Result<(), Errno> {
    let mut digits = [b'0'; 20];
    let (mut left, mut used) = (value, 0);
    for place in digits.iter_mut().rev() {
        if left == 0 && used >= least {
            break;
        }
        let [low, ..] = (left % 10).to_le_bytes();
        *place = b'0' + low;
        left /= 10;
        used += 1;
    }
    append(out, digits.get(digits.len() - used..).unwrap_or_default())
}
