//! Looking inside a packed program or a rootfs module: nothing is executed, and of the file
//! only what is asked for is read.

use crate::disk::input::{FinalLink, open_regular};
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::checked_contents::{CheckedContents, CheckedRuns, ContentsReader};
use crate::packed::component::Interfaces;
use crate::packed::form::ModuleForm;
use crate::packed::places::Sections;
use crate::packed::section::Section;
use crate::policy::Policy;
use crate::tree::{EntryKind, Tree};
use anyhow::{Context as _, bail, ensure};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use wasmparser::{Chunk, Parser, Payload};

/// How much of a file is copied at a time.
const COPY_BYTES: usize = 1 << 18;

/// A module that wasm-vfs wrote: its tree, and its contents on demand. Nothing of it is executed,
/// and only what you ask for is read.
///
/// ```
/// use wasm_vfs::tree::FinalSymlink;
/// use wasm_vfs::{PackedModule, Packer, Program, TreeBuilder};
///
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// let tree = TreeBuilder::new().file("/etc/version", "1.2\n");
/// let bytes = Packer::new(tree).pack(Program::bytes("app", program))?.to_vec()?;
///
/// let mut packed = PackedModule::from_reader(std::io::Cursor::new(bytes))?;
/// let index = packed.tree().lookup(b"/etc/version", FinalSymlink::Follow)?;
/// let mut contents = Vec::new();
/// packed.copy_contents(index, &mut contents)?;
/// assert_eq!(contents, b"1.2\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PackedModule<R> {
    file: R,
    section: Section,
    tree: Tree,
    sections: Sections,
    /// Found when the first byte is wanted: what needs none works although they are gone.
    contents: Option<CheckedContents>,
}

impl PackedModule<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or wasm-vfs did not write it
    /// ([`NotPacked`](ErrorKind::NotPacked)).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let (file, _) = open_regular(path, FinalLink::Follow)?;
        Ok(Self::read(BufReader::new(file)).about(|| format!("`{}`", path.display()))?)
    }
}

impl PackedModule<File> {
    /// Returns whether a file is a module that wasm-vfs wrote.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no core module.
    pub fn is_packed(path: impl AsRef<Path>) -> Result<bool, Error> {
        Ok(Self::form_of(path.as_ref())?.is_some())
    }

    /// The form of a module that wasm-vfs wrote; `None` for any other.
    ///
    /// # Errors
    ///
    /// As [`is_packed`](Self::is_packed).
    pub(crate) fn form_of(path: &Path) -> InnerResult<Option<ModuleForm>> {
        let (mut file, _) = open_regular(path, FinalLink::Follow)?;
        let found = Sections::walk(&mut file).of_kind(ErrorKind::Damaged);
        let found = found.about(|| format!("`{}`", path.display()))?;
        Ok(found.vfs.map(|section| section.form))
    }
}

impl<R: Read + Seek> PackedModule<R> {
    /// Reads a module from anything that can be read at any place.
    ///
    /// # Errors
    ///
    /// If the bytes cannot be read, or wasm-vfs did not write them
    /// ([`NotPacked`](ErrorKind::NotPacked)).
    pub fn from_reader(file: R) -> Result<Self, Error> {
        Ok(Self::read(file)?)
    }

    fn read(mut file: R) -> InnerResult<Self> {
        let mut sections = Sections::walk(&mut file).of_kind(ErrorKind::Damaged)?;
        let section = sections.vfs.take().context(
            "holds no files: it was not written by wasm-vfs, or another tool has removed its section `wasm-vfs`; pack it first",
        );
        let section = section.of_kind(ErrorKind::NotPacked)?;
        let tree = section.tree().of_kind(ErrorKind::Damaged)?;
        Ok(Self { file, section, tree, sections, contents: None })
    }

    /// Returns the tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Returns which kind of module it is.
    #[must_use]
    pub fn form(&self) -> ModuleForm {
        self.section.form
    }

    /// Returns the version of the wasm-vfs that wrote it.
    #[must_use]
    pub fn tool_version(&self) -> &str {
        &self.section.tool_version
    }

    /// Returns what was chosen for the program to see.
    ///
    /// # Errors
    ///
    /// If this version does not understand the choices: [`Damaged`](ErrorKind::Damaged).
    pub fn policy(&self) -> Result<Policy, Error> {
        Ok(self.section.chosen().of_kind(ErrorKind::Damaged)?)
    }

    /// What the module says about itself, undigested.
    #[doc(hidden)]
    #[must_use]
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The digests of the contents, one after the other.
    ///
    /// # Errors
    ///
    /// When there are contents, and another tool has removed their digests.
    pub(crate) fn contents_digests(&self) -> InnerResult<Vec<u8>> {
        match &self.sections.digests {
            Some((_, digests)) => Ok(digests.chunks.as_flattened().to_vec()),
            None if self.section.contents_len == 0 => Ok(Vec::new()),
            None => bail!(
                "another tool has removed its section `{}`, by which the tree is known",
                crate::packed::digests::SECTION_NAME
            ),
        }
    }

    /// Returns whether the module is in a component, as [`Packer::component`] makes it.
    ///
    /// [`Packer::component`]: crate::Packer::component
    #[must_use]
    pub fn is_component(&self) -> bool {
        self.sections.module.in_component
    }

    /// Returns what the component around the module imports and exports; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is damaged.
    pub fn interfaces(&mut self) -> Result<Option<Interfaces>, Error> {
        if !self.is_component() {
            return Ok(None);
        }
        Ok(Some(Interfaces::of(&mut self.file).of_kind(ErrorKind::Damaged)?))
    }

    /// Returns how long the file is, in bytes: the module, and the component around it if there is
    /// one.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn file_bytes(&mut self) -> Result<u64, Error> {
        let end = self.file.seek(SeekFrom::End(0)).context("cannot read");
        Ok(end.of_kind(ErrorKind::Io)?)
    }

    /// Returns what the module imports, as (module, name); of a module in a component, most is
    /// served within that.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is damaged.
    pub fn imports(&mut self) -> Result<Vec<(String, String)>, Error> {
        Ok(self.read_imports().of_kind(ErrorKind::Damaged)?)
    }

    fn read_imports(&mut self) -> InnerResult<Vec<(String, String)>> {
        let start = SeekFrom::Start(self.sections.module.bytes.start);
        self.file.seek(start).context("cannot read")?;
        let (mut parser, mut bytes) = (Parser::new(0), Vec::new());
        loop {
            // Imports come before anything that is long; nothing beyond them is read.
            match parser.parse(&bytes, false)? {
                Chunk::NeedMoreData(more) => {
                    let read = Read::by_ref(&mut self.file).take(more).read_to_end(&mut bytes)?;
                    ensure!(read > 0, "the module ends before its code; it is damaged");
                }
                Chunk::Parsed { consumed, payload } => {
                    match payload {
                        Payload::ImportSection(section) => {
                            return section
                                .into_imports()
                                .map(|import| {
                                    let import = import?;
                                    Ok((import.module.to_owned(), import.name.to_owned()))
                                })
                                .collect();
                        }
                        Payload::Version { .. }
                        | Payload::TypeSection(_)
                        | Payload::CustomSection(_) => {}
                        _ => return Ok(Vec::new()),
                    }
                    bytes.drain(..consumed);
                }
            }
        }
    }

    /// Returns a reader of a regular file's contents; a hard link gives its original's. What it
    /// reads is what was packed: if another tool has changed it, reading fails
    /// ([`InvalidData`](io::ErrorKind::InvalidData)).
    ///
    /// # Errors
    ///
    /// If the entry is no regular file ([`Tree`](ErrorKind::Tree)), the module cannot be read, or
    /// another tool has removed the contents ([`Damaged`](ErrorKind::Damaged)).
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    pub fn contents(&mut self, index: usize) -> Result<impl Read, Error> {
        Ok(self.reader(index)?)
    }

    fn reader(&mut self, index: usize) -> InnerResult<ContentsReader<'_, R>> {
        let (offset, len) = self.range(index).of_kind(ErrorKind::Tree)?;
        let (contents, file) = self.checked()?;
        Ok(contents.reader(file, offset, len))
    }

    /// The contents, found now if they were not before, and the file that they are in.
    fn checked(&mut self) -> InnerResult<(&mut CheckedContents, &mut R)> {
        let contents = match self.contents.take() {
            Some(contents) => contents,
            None => CheckedContents::find(&mut self.file, &self.sections, &self.section)
                .of_kind(ErrorKind::Damaged)?,
        };
        Ok((self.contents.insert(contents), &mut self.file))
    }

    /// A reader of some runs of a regular file's contents, one after the other.
    pub(crate) fn runs<'a>(
        &'a mut self,
        index: usize,
        runs: &'a [(u64, u64)],
    ) -> InnerResult<CheckedRuns<'a, R>> {
        let (offset, _) = self.range(index)?;
        let (contents, file) = self.checked()?;
        Ok(CheckedRuns::new(contents, file, offset, runs))
    }

    /// Where among the contents a file's are, and how long.
    fn range(&self, index: usize) -> InnerResult<(u64, u64)> {
        let original = self.tree.original(index);
        match &self.tree.entries()[original].kind {
            EntryKind::File { offset, len } => Ok((*offset, *len)),
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                bail!("{}: is a directory", self.tree.display_path(index))
            }
            EntryKind::CharDevice { .. } => {
                bail!("{}: is a device, which has no contents", self.tree.display_path(index))
            }
            EntryKind::Fifo => {
                bail!("{}: is a named pipe, which has no contents", self.tree.display_path(index))
            }
            EntryKind::Symlink { .. } | EntryKind::HardLink { .. } => {
                bail!("{}: is a symbolic link", self.tree.display_path(index))
            }
        }
    }

    /// Copies a regular file's contents. Returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// As [`contents`](Self::contents), and if `out` cannot be written.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    pub fn copy_contents(&mut self, index: usize, out: &mut dyn Write) -> Result<u64, Error> {
        let mut contents = self.reader(index)?;
        Ok(copy_all(&mut contents, out).of_kind(ErrorKind::Damaged)?)
    }
}

/// Copies contents to their end, in large pieces.
fn copy_all<R: Read + Seek>(
    contents: &mut ContentsReader<'_, R>,
    out: &mut dyn Write,
) -> InnerResult<u64> {
    let expected = contents.left();
    let room = usize::try_from(expected).map_or(COPY_BYTES, |len| len.min(COPY_BYTES));
    let mut buffer = vec![0; room];
    while contents.left() > 0 {
        let read = match contents.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => bail!("{error}"),
            read => read?,
        };
        ensure!(read > 0, "the module ends before the contents do; it is damaged");
        out.write_all(&buffer[..read])?;
    }
    Ok(expected)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::packed::digests::{ContentsDigester, Digests};
    use crate::packed::section::SECTION_NAME;
    use crate::tree::FinalSymlink;
    use crate::tree::manifest::Manifest;
    use crate::tree::tests::sample;
    use crate::wasm::index::DataIdx;
    use std::io::Cursor;
    use wasm_encoder::{CustomSection, DataSection, Module};

    /// A module with the sample's manifest, whose files are bytes 0 to 3, for these contents, and
    /// with these data segments, of which it says that number 1 holds the contents.
    fn module(contents: &[u8], segments: &[&[u8]]) -> Cursor<Vec<u8>> {
        let manifest = Manifest::of(&sample()).unwrap().bytes;
        let section =
            Section::for_rootfs(contents.len() as u64, DataIdx(1), String::new(), manifest);
        let mut data = DataSection::new();
        for segment in segments {
            data.passive(segment.iter().copied());
        }
        let custom = CustomSection { name: SECTION_NAME.into(), data: section.encode().into() };
        let mut module = Module::new();
        module.section(&data).section(&custom);
        let mut digester = ContentsDigester::default();
        digester.update(contents);
        let digests = Digests { module: [0; 16], chunks: digester.finish() };
        Cursor::new([module.finish(), digests.section()].concat())
    }

    /// What the file `/z` reads as.
    fn read(module: Cursor<Vec<u8>>, path: &str) -> Result<Vec<u8>, Error> {
        let mut packed = PackedModule::from_reader(module).unwrap();
        let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Follow).unwrap();
        let mut contents = Vec::new();
        packed.copy_contents(index, &mut contents)?;
        Ok(contents)
    }

    #[test]
    fn files_are_ranges_of_the_contents() {
        for path in ["/z", "/g", "/abs/f"] {
            let found = read(module(b"abc", &[b"another", b"abc"]), path).unwrap();
            assert_eq!(found, b"abc", "{path}");
        }
    }

    #[test]
    fn contents_are_found_by_what_they_are() {
        // Of the same length, before and behind, and with fewer segments than the number says.
        for segments in [&[&b"abc"[..], b"xyz"][..], &[b"xyz", b"zyx", b"abc"], &[b"abc"]] {
            assert_eq!(read(module(b"abc", segments), "/z").unwrap(), b"abc", "{segments:?}");
        }
        for (segments, cause) in [
            (&[&b"xyz"[..], b"zyx"][..], "its contents are not what was packed"),
            (&[b"abcabc", b"ab"], "no data segment has the 3 bytes of its contents"),
            (&[], "no data segment has the 3 bytes of its contents"),
        ] {
            let error = read(module(b"abc", segments), "/z").unwrap_err();
            assert!(error.to_string().contains(cause), "{segments:?}: {error}");
            assert_eq!(error.kind(), ErrorKind::Damaged);
        }
    }

    #[test]
    fn each_chunk_is_checked_that_is_read() {
        let mut contents = vec![7; 3 << 20];
        contents[..3].copy_from_slice(b"abc");
        let mut changed = contents.clone();
        changed[2 << 20] = 8;
        let module = || module(&contents, &[&changed]);
        assert_eq!(read(module(), "/z").unwrap(), b"abc");
        let mut packed = PackedModule::from_reader(module()).unwrap();
        let found = CheckedContents::find(&mut packed.file, &packed.sections, &packed.section);
        let mut found = found.unwrap();
        let mut all = Vec::new();
        let error = found.reader(&mut packed.file, 5, 3 << 20).read_to_end(&mut all).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(all, contents[5..2 << 20]);
        // Across a border of chunks.
        let mut some = Vec::new();
        found.reader(&mut packed.file, (1 << 20) - 2, 4).read_to_end(&mut some).unwrap();
        assert_eq!(some, [7; 4]);
    }

    #[test]
    fn files_beyond_the_contents_are_damage() {
        let message =
            PackedModule::from_reader(module(b"ab", &[b"", b"ab"])).unwrap_err().to_string();
        assert_eq!(message, "the contents of /a/b/f are cut short; the file is damaged");
    }
}
