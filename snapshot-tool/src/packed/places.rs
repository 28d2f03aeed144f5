//! Where the sections of a written file lie, and its contents segment: a walk over headers that
//! reads little else. What it finds, [`hollow`](crate::packed::hollow) and
//! [`packed_module`](crate::packed::packed_module) read.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use anyhow::{Result, ensure};
use wasmparser::{BinaryReader, ConstExpr};

use crate::packed::section::{SECTION_NAME, Section};

/// Section ids of the specification that the walk must know.
const CUSTOM_SECTION: u8 = 0;
pub(super) const DATA_SECTION: u8 = 11;

/// The flag that starts a passive data segment.
pub(super) const PASSIVE: u8 = 1;

/// `\0asm`, version 1.
const PREAMBLE_BYTES: u64 = 8;

/// The most that a segment's header (flags, memory, offset expression, length) is expected to
/// take: a constant expression is a few instructions.
const SEGMENT_HEADER_BYTES: u64 = 1024;

/// What a walk over a file's section headers finds.
pub(super) struct Sections {
    pub(super) vfs: Option<Section>,
    pub(super) data: Option<SectionPlace>,
    /// Length of the file.
    pub(super) end: u64,
}

/// Where a section lies in a file.
pub(super) struct SectionPlace {
    /// Start of its id and size.
    pub(super) header: u64,
    pub(super) payload: Range<u64>,
}

impl Sections {
    pub(super) fn walk(file: &mut (impl Read + Seek)) -> Result<Self> {
        let end = file.seek(SeekFrom::End(0))?;
        let preamble = read_range(file, 0..PREAMBLE_BYTES.min(end))?;
        crate::wasm::preamble::check_preamble(&preamble)?;
        let mut found = Self { vfs: None, data: None, end };
        let mut at = PREAMBLE_BYTES;
        while at < end {
            let (id, payload) = section_header(file, at, end)?;
            match id {
                CUSTOM_SECTION => {
                    if let Some(section) = read_if_vfs(file, payload.clone())? {
                        found.vfs = Some(section);
                    }
                }
                DATA_SECTION => {
                    found.data = Some(SectionPlace { header: at, payload: payload.clone() });
                }
                _ => {}
            }
            at = payload.end;
        }
        Ok(found)
    }
}

/// Id and payload of the section at `at`.
fn section_header(file: &mut (impl Read + Seek), at: u64, end: u64) -> Result<(u8, Range<u64>)> {
    let bytes = read_range(file, at..end.min(at + 6))?;
    let mut reader = BinaryReader::new(&bytes, 0);
    let id = reader.read_u8()?;
    let size = reader.read_var_u32()?;
    let start = at + reader.original_position() as u64;
    let payload = start..start + u64::from(size);
    ensure!(payload.end <= end, "the file is cut short: its section at byte {at} ends beyond it");
    Ok((id, payload))
}

/// Decodes a custom section if it is ours.
fn read_if_vfs(file: &mut (impl Read + Seek), payload: Range<u64>) -> Result<Option<Section>> {
    let name_bytes = SECTION_NAME.len() as u64 + 1;
    let start = read_range(file, payload.start..payload.end.min(payload.start + name_bytes))?;
    match BinaryReader::new(&start, 0).read_string() {
        Ok(SECTION_NAME) => {
            Section::decode(&read_range(file, payload.start + name_bytes..payload.end)?).map(Some)
        }
        _ => Ok(None),
    }
}

/// Where a data segment lies in a file.
pub(super) struct SegmentPlace {
    pub(super) header: u64,
    pub(super) bytes: Range<u64>,
}

/// Walks the data section to segment number `wanted`.
pub(super) fn find_contents(
    file: &mut (impl Read + Seek),
    payload: Range<u64>,
    wanted: u32,
) -> Result<SegmentPlace> {
    let start = read_range(file, payload.start..payload.end.min(payload.start + 5))?;
    let mut reader = BinaryReader::new(&start, 0);
    let count = reader.read_var_u32()?;
    ensure!(wanted < count, "it has {count} data segments, the contents should be number {wanted}");
    let mut at = payload.start + reader.original_position() as u64;
    for _ in 0..wanted {
        at = segment(file, at, payload.end)?.bytes.end;
    }
    segment(file, at, payload.end)
}

fn segment(file: &mut (impl Read + Seek), at: u64, end: u64) -> Result<SegmentPlace> {
    let header = read_range(file, at..end.min(at + SEGMENT_HEADER_BYTES))?;
    let mut reader = BinaryReader::new(&header, 0);
    let flags = reader.read_var_u32()?;
    if flags == 2 {
        reader.read_var_u32()?;
    }
    if flags != u32::from(PASSIVE) {
        reader.read::<ConstExpr<'_>>()?;
    }
    let len = u64::from(reader.read_var_u32()?);
    let start = at + reader.original_position() as u64;
    ensure!(start + len <= end, "a data segment ends beyond the data section");
    Ok(SegmentPlace { header: at, bytes: start..start + len })
}

pub(super) fn read_range(file: &mut (impl Read + Seek), range: Range<u64>) -> Result<Vec<u8>> {
    let len = usize::try_from(range.end - range.start)?;
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
