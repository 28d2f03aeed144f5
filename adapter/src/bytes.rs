//! Bytes of texts, one after another. Nothing is formatted with `core::fmt`, which would be most of
//! the adapter's code.

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

/// A copy of some bytes.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(crate) fn copy(bytes: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// Some bytes, one after another.
///
/// # Errors
///
/// `ENOMEM`: no memory.
#[cfg(feature = "mounts")]
pub(crate) fn joined(parts: &[&[u8]]) -> Result<Vec<u8>, Errno> {
    let mut all = Vec::new();
    for part in parts {
        append(&mut all, part)?;
    }
    Ok(all)
}

/// So many zeros.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(crate) fn zeros(len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// Whether `bytes` are UTF-8. As `core::str::from_utf8`, in a quarter of its code; paths that are
/// not ASCII are few and short.
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(&first) = rest.next() {
        let len = first.leading_ones();
        let mut code = u32::from(first) & (0x7f >> len);
        for _ in 1..len {
            match rest.next() {
                Some(byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
                _ => return false,
            }
        }
        // A byte with one leading one only continues. `char` knows surrogates and the largest code;
        // an overlong form has more bytes than it needs.
        let needed = char::from_u32(code).map_or(0, char::len_utf8);
        if len == 1 || needed != len.max(1) as usize {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_utf8;

    /// The bytes at which a rule of UTF-8 begins or ends.
    const EDGES: [u8; 24] = [
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
        0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ];

    #[test]
    fn utf8_is_what_the_standard_library_says() {
        for a in 0..=255 {
            for b in EDGES {
                for c in EDGES {
                    for d in EDGES {
                        let bytes = [a, b, c, d];
                        for len in 0..=4 {
                            let part = bytes.get(..len).unwrap_or_default();
                            assert_eq!(
                                is_utf8(part),
                                core::str::from_utf8(part).is_ok(),
                                "{part:x?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
