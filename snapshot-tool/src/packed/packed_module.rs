//! Looking inside a packed program or a rootfs module: nothing is executed, and of the file
//! only what is asked for is read.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::form::ModuleForm;
use crate::packed::hollow;
use crate::packed::section::Section;
use crate::policy::Policy;
use crate::tree::{EntryKind, Tree, manifest};
use anyhow::{Context as _, anyhow, bail, ensure};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use wasmparser::{Chunk, Parser, Payload};

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
    /// Where in the file the contents are.
    contents: Range<u64>,
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
        let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
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
        let mut file =
            File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let found = hollow::locate(&mut file).of_kind(ErrorKind::Damaged);
        let found = found.about(|| format!("`{}`", path.display()))?;
        Ok(found.map(|(section, _)| section.form))
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
        let found = hollow::locate(&mut file).of_kind(ErrorKind::Damaged)?;
        let found = found.context("holds no files: it was not written by wasm-vfs; pack it first");
        let (section, contents) = found.of_kind(ErrorKind::NotPacked)?;
        let tree = Self::checked_tree(&section, contents.end - contents.start);
        Ok(Self { tree: tree.of_kind(ErrorKind::Damaged)?, file, section, contents })
    }

    /// The tree of the manifest, whose files all lie in the contents.
    fn checked_tree(section: &Section, contents_len: u64) -> InnerResult<Tree> {
        let tree = manifest::decode(&section.manifest)?;
        for (index, entry) in tree.entries().iter().enumerate() {
            if let EntryKind::File { offset, len } = entry.kind {
                let end = offset.checked_add(len);
                ensure!(
                    end.is_some_and(|end| end <= contents_len),
                    "the contents of {} are cut short; the file is damaged",
                    tree.display_path(index)
                );
            }
        }
        Ok(tree)
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

    /// Returns how long the module is, in bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn file_bytes(&mut self) -> Result<u64, Error> {
        let end = self.file.seek(SeekFrom::End(0)).context("cannot read");
        Ok(end.of_kind(ErrorKind::Io)?)
    }

    /// Returns what the module imports, as (module, name).
    ///
    /// # Errors
    ///
    /// If it cannot be read or is damaged.
    pub fn imports(&mut self) -> Result<Vec<(String, String)>, Error> {
        Ok(self.read_imports().of_kind(ErrorKind::Damaged)?)
    }

    fn read_imports(&mut self) -> InnerResult<Vec<(String, String)>> {
        self.file.seek(SeekFrom::Start(0)).context("cannot read")?;
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

    /// Returns a reader of a regular file's contents; a hard link gives its original's.
    ///
    /// # Errors
    ///
    /// If the entry is no regular file ([`Tree`](ErrorKind::Tree)), or the module cannot be read.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    pub fn contents(&mut self, index: usize) -> Result<io::Take<&mut R>, Error> {
        let (offset, len) = self.range(index).of_kind(ErrorKind::Tree)?;
        let start = SeekFrom::Start(self.contents.start + offset);
        self.file.seek(start).context("cannot read")?;
        Ok(Read::by_ref(&mut self.file).take(len))
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
        let mut contents = self.contents(index)?;
        let expected = contents.limit();
        let copied = io::copy(&mut contents, out).map_err(anyhow::Error::from)?;
        let all = if copied == expected {
            Ok(copied)
        } else {
            Err(anyhow!("the module ends before the contents do; it is damaged"))
        };
        Ok(all.of_kind(ErrorKind::Damaged)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::packed::section::SECTION_NAME;
    use crate::tree::FinalSymlink;
    use crate::tree::manifest::Manifest;
    use crate::tree::tests::sample;
    use crate::wasm::index::DataIdx;
    use std::io::Cursor;
    use wasm_encoder::{CustomSection, DataSection, Module};

    /// A module with the sample's manifest, whose files are bytes 0 to 3, and these contents.
    fn module(contents: &[u8]) -> Cursor<Vec<u8>> {
        let manifest = Manifest::of(&sample()).unwrap().bytes;
        let section =
            Section::for_rootfs(contents.len() as u64, DataIdx(1), String::new(), manifest);
        let mut data = DataSection::new();
        data.passive(*b"another").passive(contents.iter().copied());
        let custom = CustomSection { name: SECTION_NAME.into(), data: section.encode().into() };
        let mut module = Module::new();
        module.section(&data).section(&custom);
        Cursor::new(module.finish())
    }

    #[test]
    fn files_are_ranges_of_the_contents() {
        let mut packed = PackedModule::from_reader(module(b"abc")).unwrap();
        for path in ["/z", "/g", "/abs/f"] {
            let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Follow).unwrap();
            let mut contents = Vec::new();
            packed.copy_contents(index, &mut contents).unwrap();
            assert_eq!(contents, b"abc", "{path}");
        }
    }

    #[test]
    fn files_beyond_the_contents_are_damage() {
        let message = PackedModule::from_reader(module(b"ab")).unwrap_err().to_string();
        assert_eq!(message, "the contents of /a/b/f are cut short; the file is damaged");
    }
}
