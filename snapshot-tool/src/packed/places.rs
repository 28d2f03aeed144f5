//! Where the sections of a written file lie, and its contents: a walk over headers that reads
//! little else. What it finds, [`hollow`](crate::packed::hollow) and
//! [`checked_contents`](crate::packed::checked_contents) read.
//!
//! Another tool may have had the file since it was written, so the contents are whichever segment
//! has their length and their digests; the number that the section `wasm-vfs` says only tells which
//! to try first.

use std::io::{Cursor, Read, Seek};
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use wasmparser::{BinaryReader, ConstExpr};

use crate::packed::component::{self, ModulePlace};
use crate::packed::digests::{self, CHUNK_BYTES, Digest, Digests, digest_of};
use crate::packed::section::{SECTION_NAME, Section};
use crate::wasm::framing::{
    CUSTOM_SECTION, PREAMBLE_BYTES, custom_named, read_range, section_header,
};

/// The id of the data section.
pub(super) const DATA_SECTION: u8 = 11;

/// The flag that starts a passive data segment.
pub(super) const PASSIVE: u8 = 1;

/// The flag that starts an active data segment that names its memory: the last kind that there is.
const WITH_MEMORY: u32 = 2;

/// The most that a segment's header (flags, memory, offset expression, length) is expected to
/// take: a constant expression is a few instructions.
const SEGMENT_HEADER_BYTES: u64 = 1024;

/// What a walk over a file's section headers finds.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) vfs: Option<Section>,
    pub(super) data: Option<SectionPlace>,
    pub(super) digests: Option<(SectionPlace, Digests)>,
    /// Where in the file the module is.
    pub(super) module: ModulePlace,
}

/// Where a section lies in a file.
#[derive(Debug)]
pub(super) struct SectionPlace {
    /// Start of its id and size.
    pub(super) header: u64,
    pub(super) payload: Range<u64>,
}

impl Sections {
    /// Walks over a module that is a file, or in a component.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no module, is cut short, or a section of ours is damaged.
    pub(super) fn walk(file: &mut (impl Read + Seek)) -> Result<Self> {
        let module = component::module_in(file)?;
        let end = module.bytes.end;
        let mut at = module.bytes.start + PREAMBLE_BYTES;
        let mut found = Self { vfs: None, data: None, digests: None, module };
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
                DATA_SECTION => {
                    ensure!(found.data.is_none(), "it has two data sections: the file is damaged");
                    found.data = Some(place);
                }
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

/// What a custom section holds, if it has this name.
fn custom_data(
    file: &mut (impl Read + Seek),
    payload: &Range<u64>,
    name: &str,
) -> Result<Option<Vec<u8>>> {
    match custom_named(file, payload.clone(), name)? {
        Some(data) => read_range(file, data).map(Some),
        None => Ok(None),
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
    ensure!(flags <= WITH_MEMORY, "there is no data segment of kind {flags}");
    if flags == WITH_MEMORY {
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
