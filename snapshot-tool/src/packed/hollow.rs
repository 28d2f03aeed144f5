//! A finished module without the bytes of its contents: [`HollowModule`].
//!
//! The contents are a segment of the data section, so a module is six runs of bytes:
//!
//! ```text
//! head        everything before the data section
//! before      the data section's payload up to the contents segment
//! (contents)  its header here, its bytes from a `ContentsSource`
//! after       segments behind it: only a pre-initialised module has any
//! tail        custom sections
//! digests     the section that `digests` describes, made while the contents are written
//! ```
//!
//! Without the digests, and with contents of length zero, this is a complete module of its own, the
//! *hollow* module: whether a module is valid does not depend on how long a segment is, so that is
//! what gets validated.

use std::io::{Cursor, Read, Seek, Write};
use std::ops::Range;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_encoder::Encode as _;

use crate::error::{ErrorKind, mark};
use crate::packed::contents_source::ContentsSource;
use crate::packed::digests::{ContentsDigester, Digest, Digests};
use crate::packed::places::{
    DATA_SECTION, PASSIVE, Sections, SegmentPlace, check_contents, digest_of_sections, each_segment,
};
use crate::packed::section::Section;
use crate::wasm::framing::read_range;
use crate::wasm::index::DataIdx;

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
    pub(crate) fn from_hollow(hollow: &[u8], contents_len: u64) -> Result<Self> {
        let file = &mut Cursor::new(hollow);
        let sections = Sections::walk(file)?;
        let section = sections.vfs.as_ref().context("it has no `wasm-vfs` section")?;
        let data = sections.data.as_ref().context("it has no data section")?;
        let mut contents = None;
        each_segment(file, data.payload.clone(), |segment| {
            let wanted = segment.index == section.contents_segment.0;
            contents = Some(segment).filter(|_| wanted);
            !wanted
        })?;
        let contents = contents.filter(|it| it.is_passive && it.bytes.is_empty());
        read_around(file, &sections, &contents.context("it is not hollow")?, contents_len)
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
        self.contents_range().end
            + (self.after().len() + self.tail().len()) as u64
            + Digests::section_len(self.contents_len)
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
        let mut digesting = Digesting { out, digester: ContentsDigester::default() };
        contents.write_to(&mut digesting)?;
        let digester = digesting.digester;
        ensure!(
            digester.written() == self.contents_len,
            "the contents wrote {} bytes instead of {}: did a file change while it was packed?",
            digester.written(),
            self.contents_len
        );
        out.write_all(self.after())?;
        out.write_all(self.tail())?;
        let digests = Digests { module: self.digest()?, chunks: digester.finish() };
        out.write_all(&digests.section())?;
        Ok(())
    }

    /// The digest of all but the contents and the custom sections.
    fn digest(&self) -> Result<Digest> {
        digest_of_sections(&self.hollow)
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

    /// Reads a module that this crate wrote, alone or in a component, all but the bytes of its contents, which are checked.
    /// `None` if it has no `wasm-vfs` section.
    ///
    /// # Errors
    ///
    /// When the file is not wasm, cannot be read, or its contents are not what was packed.
    pub fn read_from(file: &mut (impl Read + Seek)) -> Result<Option<ReadBack>> {
        let mut sections = Sections::walk(file)?;
        let Some(mut section) = sections.vfs.take() else { return Ok(None) };
        let contents = sections.find_contents(file, &section)?;
        ensure!(
            contents.is_passive,
            "another tool has made the contents an active segment, which is copied to memory at each start"
        );
        let module = read_around(file, &sections, &contents, section.contents_len)?;
        let (_, digests) = sections.digests.context("it has no digests")?;
        check_contents(file, &contents.bytes, &digests)?;
        section.contents_segment = DataIdx(contents.index);
        let is_untouched = module.digest()? == digests.module;
        let in_component = sections.module.in_component;
        let contents = contents.bytes;
        Ok(Some(ReadBack { module, section, contents, is_untouched, in_component }))
    }
}

/// A module that was read back from its file.
#[derive(Debug)]
pub struct ReadBack {
    /// The module, without the bytes of its contents.
    pub module: HollowModule,
    /// Its `wasm-vfs` section, which names the segment where the contents are now.
    pub section: Section,
    /// Where in the file the contents are.
    pub contents: Range<u64>,
    /// Whether the module is as it was written, but for custom sections.
    pub is_untouched: bool,
    /// Whether it is in a component.
    pub in_component: bool,
}

/// The module without its contents, which will have `contents_len` bytes, and without its digests.
fn read_around(
    file: &mut (impl Read + Seek),
    sections: &Sections,
    contents: &SegmentPlace,
    contents_len: u64,
) -> Result<HollowModule> {
    let data = sections.data.as_ref().context("it has no data section")?;
    let digests = sections.digests.as_ref().map(|(place, _)| place.header..place.payload.end);
    let mut read = |range: Range<u64>| match &digests {
        // Written last, but a tool may have put it elsewhere.
        Some(cut) if range.start <= cut.start && cut.end <= range.end => {
            let mut bytes = read_range(file, range.start..cut.start)?;
            bytes.extend(read_range(file, cut.end..range.end)?);
            Ok(bytes)
        }
        _ => read_range(file, range),
    };
    let head = read(sections.module.bytes.start..data.header)?;
    let before = read(data.payload.start..contents.header)?;
    let after = read(contents.bytes.end..data.payload.end)?;
    let tail = read(data.payload.end..sections.module.bytes.end)?;
    HollowModule::assemble(head, &[&before], &after, &tail, contents_len)
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

/// Digests what passes through.
struct Digesting<'a> {
    out: &'a mut dyn Write,
    digester: ContentsDigester,
}

impl Write for Digesting<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digester.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
