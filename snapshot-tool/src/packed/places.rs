//! Where the sections of a written file lie, and its contents: a walk over headers that reads
//! little else. What it finds, [`hollow`](crate::packed::hollow) and
//! [`checked_contents`](crate::packed::checked_contents) read.
//!
//! Another tool may have had the file since it was written, so the contents are whichever segment
//! has their length and their digests; the number that the section `wasm-vfs` says only tells which
//! to try first.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use wasmparser::{BinaryReader, ConstExpr};

use crate::packed::digests::{self, CHUNK_BYTES, Digest, Digests, digest_of};
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
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) vfs: Option<Section>,
    pub(super) data: Option<SectionPlace>,
    pub(super) digests: Option<(SectionPlace, Digests)>,
    /// Length of the file.
    pub(super) end: u64,
}

/// Where a section lies in a file.
#[derive(Debug)]
pub(super) struct SectionPlace {
    /// Start of its id and size.
    pub(super) header: u64,
    pub(super) payload: Range<u64>,
}

impl Sections {
    /// Walks over a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no module, is cut short, or a section of ours is damaged.
    pub(super) fn walk(file: &mut (impl Read + Seek)) -> Result<Self> {
        let end = file.seek(SeekFrom::End(0))?;
        let preamble = read_range(file, 0..PREAMBLE_BYTES.min(end))?;
        crate::wasm::preamble::check_preamble(&preamble)?;
        let mut found = Self { vfs: None, data: None, digests: None, end };
        let mut at = PREAMBLE_BYTES;
        while at < end {
            let (id, payload) = section_header(file, at, end)?;
            let place = SectionPlace { header: at, payload: payload.clone() };
            match id {
                CUSTOM_SECTION => {
                    if let Some(data) = custom_data(file, &payload, SECTION_NAME)? {
                        found.vfs = Some(Section::decode(&data)?);
                    } else if let Some(data) = custom_data(file, &payload, digests::SECTION_NAME)? {
                        found.digests = Some((place, Digests::decode(&data)?));
                    }
                }
                DATA_SECTION => found.data = Some(place),
                _ => {}
            }
            at = payload.end;
        }
        Ok(found)
    }

    /// Finds the contents of a module that says `section` of itself.
    ///
    /// # Errors
    ///
    /// When they are not there any more as they were packed.
    pub(super) fn find_contents(
        &self,
        file: &mut (impl Read + Seek),
        section: &Section,
    ) -> Result<SegmentPlace> {
        let len = section.contents_len;
        let (_, digests) = self.digests.as_ref().with_context(|| {
            format!(
                "another tool has removed its section `{}`, by which the contents are found",
                digests::SECTION_NAME
            )
        })?;
        ensure!(
            digests.chunks.len() as u64 == len.div_ceil(CHUNK_BYTES),
            "its sections `{SECTION_NAME}` and `{}` are not of one module: another tool has merged two, or the file is \
             damaged",
            digests::SECTION_NAME
        );
        let mut candidates = Vec::new();
        if let Some(data) = &self.data {
            each_segment(file, data.payload.clone(), |segment| {
                if segment.bytes.end - segment.bytes.start == len {
                    candidates.push(segment);
                }
                true
            })?;
        }
        ensure!(
            !candidates.is_empty(),
            "no data segment has the {len} bytes of its contents: another tool has removed, merged or split them"
        );
        let is_elsewhere = |it: &SegmentPlace| it.index != section.contents_segment.0;
        candidates.sort_by_key(|it| (is_elsewhere(it), !it.is_passive));
        for segment in candidates {
            let first =
                segment.bytes.start..segment.bytes.end.min(segment.bytes.start + CHUNK_BYTES);
            match digests.chunks.first() {
                Some(digest) if digest_of(&read_range(file, first)?) != *digest => {}
                _ => return Ok(segment),
            }
        }
        Err(anyhow::anyhow!(CHANGED))
    }
}

/// What is said where contents are not what was packed.
pub(super) const CHANGED: &str =
    "its contents are not what was packed: another tool has changed them, or the file is damaged";

/// Checks all of the contents in `bytes` of a file.
///
/// # Errors
///
/// When they are not what was packed.
pub(super) fn check_contents(
    file: &mut (impl Read + Seek),
    bytes: &Range<u64>,
    digests: &Digests,
) -> Result<()> {
    let mut start = bytes.start;
    for digest in &digests.chunks {
        let end = bytes.end.min(start + CHUNK_BYTES);
        ensure!(digest_of(&read_range(file, start..end)?) == *digest, CHANGED);
        start = end;
    }
    Ok(())
}

/// The digest of all sections but custom ones of a hollow module.
///
/// # Errors
///
/// When it is damaged.
pub(super) fn digest_of_sections(hollow: &[u8]) -> Result<Digest> {
    let mut sections = Vec::new();
    let (mut at, end) = (PREAMBLE_BYTES, hollow.len() as u64);
    while at < end {
        let (id, payload) = section_header(&mut Cursor::new(hollow), at, end)?;
        if id != CUSTOM_SECTION {
            let bytes = &hollow[usize::try_from(payload.start)?..usize::try_from(payload.end)?];
            sections.push(id);
            sections.extend((bytes.len() as u64).to_be_bytes());
            sections.extend(digest_of(bytes));
        }
        at = payload.end;
    }
    Ok(digest_of(&sections))
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

/// What a custom section holds, if it has this name.
fn custom_data(
    file: &mut (impl Read + Seek),
    payload: &Range<u64>,
    name: &str,
) -> Result<Option<Vec<u8>>> {
    let name_bytes = name.len() as u64 + 1;
    let start = read_range(file, payload.start..payload.end.min(payload.start + name_bytes))?;
    match BinaryReader::new(&start, 0).read_string() {
        Ok(found) if found == name => {
            read_range(file, payload.start + name_bytes..payload.end).map(Some)
        }
        _ => Ok(None),
    }
}

/// Where a data segment lies in a file.
pub(super) struct SegmentPlace {
    pub(super) index: u32,
    pub(super) is_passive: bool,
    pub(super) header: u64,
    pub(super) bytes: Range<u64>,
}

/// Walks over a data section for as long as `each` says.
pub(super) fn each_segment(
    file: &mut (impl Read + Seek),
    payload: Range<u64>,
    mut each: impl FnMut(SegmentPlace) -> bool,
) -> Result<()> {
    let start = read_range(file, payload.start..payload.end.min(payload.start + 5))?;
    let mut reader = BinaryReader::new(&start, 0);
    let count = reader.read_var_u32()?;
    let mut at = payload.start + reader.original_position() as u64;
    for index in 0..count {
        let segment = segment(file, index, at, payload.end)?;
        at = segment.bytes.end;
        if !each(segment) {
            break;
        }
    }
    Ok(())
}

fn segment(file: &mut (impl Read + Seek), index: u32, at: u64, end: u64) -> Result<SegmentPlace> {
    let header = read_range(file, at..end.min(at + SEGMENT_HEADER_BYTES))?;
    let mut reader = BinaryReader::new(&header, 0);
    let flags = reader.read_var_u32()?;
    if flags == 2 {
        reader.read_var_u32()?;
    }
    let is_passive = flags == u32::from(PASSIVE);
    if !is_passive {
        reader.read::<ConstExpr<'_>>()?;
    }
    let len = u64::from(reader.read_var_u32()?);
    let start = at + reader.original_position() as u64;
    ensure!(start + len <= end, "a data segment ends beyond the data section");
    Ok(SegmentPlace { index, is_passive, header: at, bytes: start..start + len })
}

pub(super) fn read_range(file: &mut (impl Read + Seek), range: Range<u64>) -> Result<Vec<u8>> {
    let len = usize::try_from(range.end - range.start)?;
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
