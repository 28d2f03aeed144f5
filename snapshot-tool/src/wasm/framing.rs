//! Reading a wasm file section by section: headers only, and the bytes of a range.
//!
//! Modules and components are framed alike: eight bytes, then sections of an id and a size.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use anyhow::{Result, ensure};
use wasmparser::BinaryReader;

/// `\0asm`, version and layer.
pub(crate) const PREAMBLE_BYTES: u64 = 8;

/// The id of custom sections, in modules and in components.
pub(crate) const CUSTOM_SECTION: u8 = 0;

/// Reads id and payload of the section at `at`, which must end before `end`.
///
/// # Errors
///
/// When the file cannot be read, or the section goes beyond `end`.
pub(crate) fn section_header(
    file: &mut (impl Read + Seek),
    at: u64,
    end: u64,
) -> Result<(u8, Range<u64>)> {
    let bytes = read_range(file, at..end.min(at + 6))?;
    let mut reader = BinaryReader::new(&bytes, 0);
    let id = reader.read_u8()?;
    let size = reader.read_var_u32()?;
    let start = at + reader.original_position() as u64;
    let payload = start..start + u64::from(size);
    ensure!(payload.end <= end, "the file is cut short: its section at byte {at} ends beyond it");
    Ok((id, payload))
}

/// Returns where in the file the rest of a custom section's payload is, if it has this name.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn custom_named(
    file: &mut (impl Read + Seek),
    payload: Range<u64>,
    name: &str,
) -> Result<Option<Range<u64>>> {
    // A length of one byte, then the name.
    let name_bytes = name.len() as u64 + 1;
    let start = read_range(file, payload.start..payload.end.min(payload.start + name_bytes))?;
    let found = BinaryReader::new(&start, 0).read_string().is_ok_and(|found| found == name);
    Ok(found.then_some(payload.start + name_bytes..payload.end))
}

/// Reads the bytes of a range.
///
/// # Errors
///
/// When the file cannot be read, or ends before the range does.
pub(crate) fn read_range(file: &mut (impl Read + Seek), range: Range<u64>) -> Result<Vec<u8>> {
    let len = usize::try_from(range.end - range.start)?;
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
