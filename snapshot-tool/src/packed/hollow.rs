//! A finished module without the bytes of its contents: [`HollowModule`].
//!
//! The contents are a segment of the data section, so a module is five runs of bytes:
//!
//! ```text
//! head        everything before the data section
//! before      the data section's payload up to the contents segment
//! (contents)  its header here, its bytes from a `ContentsSource`
//! after       segments behind it: only a pre-initialised module has any
//! tail        custom sections
//! ```
//!
//! With contents of length zero this is a complete module of its own, the *hollow* module: whether
//! a module is valid does not depend on how long a segment is, so that is what gets validated.

#[cfg(feature = "run")]
use std::io::Cursor;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use anyhow::{Context, Result, anyhow, bail, ensure};
use wasm_encoder::Encode as _;
use wasmparser::{BinaryReader, ConstExpr};

use crate::error::{ErrorKind, mark};
use crate::packed::contents_source::ContentsSource;
use crate::packed::section::{SECTION_NAME, Section};

/// Section ids of the specification that the walk below must know.
const CUSTOM_SECTION: u8 = 0;
const DATA_SECTION: u8 = 11;

/// The flag that starts a passive data segment.
const PASSIVE: u8 = 1;
/// The flag that starts an active data segment that names its memory: the last kind that there is.
const WITH_MEMORY: u32 = 2;

/// `\0asm`, version 1.
const PREAMBLE_BYTES: u64 = 8;

/// The most that a segment's header (flags, memory, offset expression, length) is expected to
/// take: a constant expression is a few instructions.
const SEGMENT_HEADER_BYTES: u64 = 1024;

/// A finished module whose contents segment's bytes are not in memory.
#[derive(Debug, Clone)]
pub struct HollowModule {
    /// The hollow module.
    hollow: Vec<u8>,
    /// Where the data section starts in it,
    data_section: usize,
    /// its payload,
    data: Range<usize>,
    /// and in that the contents segment: its header, for a length of zero.
    contents_header: Range<usize>,
    contents_len: u64,
}

impl HollowModule {
    /// Puts a module together: `head` is all before the data section, `before` its payload, which
    /// counts the contents segment already but ends before it, `after` what follows the contents
    /// segment, `tail` all after the section.
    ///
    /// # Errors
    ///
    /// When the contents are too long for a data section, whose size is 32 bits.
    pub(crate) fn assemble(
        head: Vec<u8>,
        before: &[&[u8]],
        after: &[u8],
        tail: &[u8],
        contents_len: u64,
    ) -> Result<Self> {
        check_contents_len(contents_len)?;
        let data_len = before.iter().map(|part| part.len()).sum::<usize>() + after.len();
        let full = data_len as u64 + contents_header(contents_len).len() as u64 + contents_len;
        if full > u64::from(u32::MAX) {
            let error = anyhow!(
                "the packed files take {contents_len} bytes; a wasm data section holds at most {} beside \
             the program's own data: pack fewer files",
                u64::from(u32::MAX) - (full - contents_len)
            );
            return Err(mark(error, ErrorKind::Tree));
        }
        let mut hollow = head;
        let data_section = hollow.len();
        hollow.extend(data_header(data_len, 0));
        let start = hollow.len();
        for part in before {
            hollow.extend_from_slice(part);
        }
        let contents_start = hollow.len();
        hollow.extend(contents_header(0));
        let contents_header = contents_start..hollow.len();
        hollow.extend_from_slice(after);
        let data = start..hollow.len();
        hollow.extend_from_slice(tail);
        Ok(Self { hollow, data_section, data, contents_header, contents_len })
    }

    /// Makes a module of its hollow module; its contents will have `contents_len` bytes.
    ///
    /// # Errors
    ///
    /// When it is damaged, or has no `wasm-vfs` section.
    #[cfg(feature = "run")]
    pub(crate) fn from_hollow(hollow: &[u8], contents_len: u64) -> Result<Self> {
        let file = &mut Cursor::new(hollow);
        let place = Place::find(file)?.context("it has no `wasm-vfs` section")?;
        place.check_contents_len(0)?;
        place.read(file, contents_len)
    }

    /// Length of the contents segment in bytes.
    #[must_use]
    pub fn contents_len(&self) -> u64 {
        self.contents_len
    }

    /// Length in bytes of the file that [`write_to`](Self::write_to) writes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no module is empty")]
    pub fn len(&self) -> u64 {
        self.contents_range().end + (self.after().len() + self.tail().len()) as u64
    }

    /// Where in the written file the contents' bytes are.
    #[must_use]
    pub fn contents_range(&self) -> Range<u64> {
        let start = self.head().len()
            + self.data_header().len()
            + self.before().len()
            + contents_header(self.contents_len).len();
        start as u64..start as u64 + self.contents_len
    }

    /// Writes the module with its contents.
    ///
    /// # Errors
    ///
    /// When `contents` are not as long as the linker was told, or either side of the copy fails.
    pub fn write_to(
        &self,
        contents: &(impl ContentsSource + ?Sized),
        out: &mut dyn Write,
    ) -> Result<()> {
        ensure!(
            contents.len() == self.contents_len,
            "the contents have {} bytes but {} were linked",
            contents.len(),
            self.contents_len
        );
        out.write_all(self.head())?;
        out.write_all(&self.data_header())?;
        out.write_all(self.before())?;
        out.write_all(&contents_header(self.contents_len))?;
        let mut counting = Counting { out, written: 0 };
        contents.write_to(&mut counting)?;
        ensure!(
            counting.written == self.contents_len,
            "the contents wrote {} bytes instead of {}: did a file change while it was packed?",
            counting.written,
            self.contents_len
        );
        out.write_all(self.after())?;
        out.write_all(self.tail())?;
        Ok(())
    }

    /// The same module with a contents segment of length zero.
    #[must_use]
    pub fn hollow(&self) -> &[u8] {
        &self.hollow
    }

    fn head(&self) -> &[u8] {
        &self.hollow[..self.data_section]
    }

    fn data_header(&self) -> Vec<u8> {
        data_header(self.before().len() + self.after().len(), self.contents_len)
    }

    fn before(&self) -> &[u8] {
        &self.hollow[self.data.start..self.contents_header.start]
    }

    fn after(&self) -> &[u8] {
        &self.hollow[self.contents_header.end..self.data.end]
    }

    fn tail(&self) -> &[u8] {
        &self.hollow[self.data.end..]
    }

    /// Reads a module that this crate wrote, all but the bytes of its contents: the module, its
    /// `wasm-vfs` section, and where in `file` the contents are. `None` if no such section is
    /// there.
    ///
    /// # Errors
    ///
    /// When the file is not wasm, cannot be read, or its section and segments disagree.
    pub fn read_from(file: &mut (impl Read + Seek)) -> Result<Option<(Self, Section, Range<u64>)>> {
        let Some(place) = Place::find(file)? else { return Ok(None) };
        place.check_contents_len(place.section.contents_len)?;
        let output = place.read(file, place.section.contents_len)?;
        Ok(Some((output, place.section, place.contents.bytes)))
    }
}

/// Finds the `wasm-vfs` section of a module and where in the file its contents are, reading little
/// else. `None` if no such section is there.
///
/// # Errors
///
/// When the file is not wasm, cannot be read, or its section and segments disagree.
pub fn locate(file: &mut (impl Read + Seek)) -> Result<Option<(Section, Range<u64>)>> {
    let Some(place) = Place::find(file)? else { return Ok(None) };
    place.check_contents_len(place.section.contents_len)?;
    Ok(Some((place.section, place.contents.bytes)))
}

/// What a walk over a module's headers finds, if this crate wrote the module.
struct Place {
    section: Section,
    contents: SegmentPlace,
    data: SectionPlace,
    /// Length of the file.
    end: u64,
}

impl Place {
    fn find(file: &mut (impl Read + Seek)) -> Result<Option<Self>> {
        let Sections { vfs, data, end } = Sections::walk(file)?;
        let Some(section) = vfs else { return Ok(None) };
        let Some(data) = data else {
            bail!("it has a `wasm-vfs` section but no data section: the file is damaged");
        };
        let contents = find_contents(file, data.payload.clone(), section.contents_segment.0)
            .context("looking for the contents segment")?;
        Ok(Some(Self { section, contents, data, end }))
    }

    fn check_contents_len(&self, expected: u64) -> Result<()> {
        let found = self.contents.bytes.end - self.contents.bytes.start;
        ensure!(
            found == expected,
            "its contents segment has {found} bytes but its `wasm-vfs` section says {expected}: the file is damaged"
        );
        Ok(())
    }

    /// The module without its contents, which will have `contents_len` bytes.
    fn read(&self, file: &mut (impl Read + Seek), contents_len: u64) -> Result<HollowModule> {
        let Self { contents, data, end, .. } = self;
        let head = read_range(file, 0..data.header)?;
        let before = read_range(file, data.payload.start..contents.header)?;
        let after = read_range(file, contents.bytes.end..data.payload.end)?;
        let tail = read_range(file, data.payload.end..*end)?;
        HollowModule::assemble(head, &[&before], &after, &tail, contents_len)
    }
}

/// Id and size of a data section with `data_len` bytes before the contents segment.
fn data_header(data_len: usize, contents_len: u64) -> Vec<u8> {
    let mut out = vec![DATA_SECTION];
    (data_len as u64 + contents_header(contents_len).len() as u64 + contents_len).encode(&mut out);
    out
}

/// Flag and length of the contents segment.
fn contents_header(contents_len: u64) -> Vec<u8> {
    let mut out = vec![PASSIVE];
    contents_len.encode(&mut out);
    out
}

/// Refuses contents that no data segment can hold.
///
/// # Errors
///
/// When the contents are 4 GiB or more.
pub(crate) fn check_contents_len(contents_len: u64) -> Result<()> {
    if contents_len <= u64::from(u32::MAX) {
        return Ok(());
    }
    let error = anyhow!(
        "the packed files take {contents_len} bytes ({:.1} GiB) after storing equal contents once; \
         the limit is 4 GiB: pack fewer files",
        contents_len as f64 / f64::from(1 << 30)
    );
    Err(mark(error, ErrorKind::Tree))
}

/// Counts what passes through.
struct Counting<'a> {
    out: &'a mut dyn Write,
    written: u64,
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// What a walk over a file's section headers finds.
struct Sections {
    vfs: Option<Section>,
    data: Option<SectionPlace>,
    /// Length of the file.
    end: u64,
}

/// Where a section lies in a file.
struct SectionPlace {
    /// Start of its id and size.
    header: u64,
    payload: Range<u64>,
}

impl Sections {
    fn walk(file: &mut (impl Read + Seek)) -> Result<Self> {
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
                    ensure!(found.data.is_none(), "it has two data sections: the file is damaged");
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
struct SegmentPlace {
    /// Which kind it is.
    flags: u32,
    header: u64,
    bytes: Range<u64>,
}

/// Walks the data section to segment number `wanted`.
fn find_contents(
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
    let found = segment(file, at, payload.end)?;
    ensure!(found.flags == u32::from(PASSIVE), "data segment {wanted} is no passive one");
    Ok(found)
}

fn segment(file: &mut (impl Read + Seek), at: u64, end: u64) -> Result<SegmentPlace> {
    let header = read_range(file, at..end.min(at + SEGMENT_HEADER_BYTES))?;
    let mut reader = BinaryReader::new(&header, 0);
    let flags = reader.read_var_u32()?;
    ensure!(flags <= WITH_MEMORY, "there is no data segment of kind {flags}");
    if flags == WITH_MEMORY {
        reader.read_var_u32()?;
    }
    if flags != u32::from(PASSIVE) {
        reader.read::<ConstExpr<'_>>()?;
    }
    let len = u64::from(reader.read_var_u32()?);
    let start = at + reader.original_position() as u64;
    ensure!(start + len <= end, "a data segment ends beyond the data section");
    Ok(SegmentPlace { flags, header: at, bytes: start..start + len })
}

fn read_range(file: &mut (impl Read + Seek), range: Range<u64>) -> Result<Vec<u8>> {
    let len = usize::try_from(range.end - range.start)?;
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
