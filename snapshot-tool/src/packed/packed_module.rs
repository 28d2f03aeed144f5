//! Looking inside a packed program or a baked filesystem: nothing is executed, and of the file
//! only what is asked for is read.

use crate::packed::hollow;
use crate::packed::section::Section;
use crate::tree::{EntryKind, Tree, manifest};
use anyhow::{Context as _, Result, bail, ensure};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use wasmparser::{Chunk, Parser, Payload};

/// A module that this tool wrote: its tree, and its contents on demand.
///
/// ```no_run
/// use wasm_vfs::{FinalSymlink, PackedModule};
///
/// let mut packed = PackedModule::open("app-packed.wasm")?;
/// let index = packed.tree().lookup(b"/etc/version", FinalSymlink::Follow)?;
/// packed.copy_contents(index, &mut std::io::stdout())?;
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct PackedModule<R> {
    file: R,
    section: Section,
    tree: Tree,
    /// Where in the file the image is.
    image: Range<u64>,
}

impl PackedModule<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not a module that this tool wrote.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::from_reader(BufReader::new(file)).with_context(|| format!("`{}`", path.display()))
    }
}

impl PackedModule<File> {
    /// Whether a file is a module that this tool wrote.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is no core module.
    pub fn is_packed(path: impl AsRef<Path>) -> Result<bool> {
        let path = path.as_ref();
        let mut file =
            File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let found = hollow::locate(&mut file).with_context(|| format!("`{}`", path.display()))?;
        Ok(found.is_some())
    }
}

impl<R: Read + Seek> PackedModule<R> {
    /// Reads a module from anything that can be read at any place.
    ///
    /// # Errors
    ///
    /// When it is not a module that this tool wrote.
    pub fn from_reader(mut file: R) -> Result<Self> {
        let Some((section, image)) = hollow::locate(&mut file)? else {
            bail!("holds no files: it was not written by wasm-vfs; pack it first");
        };
        let tree = manifest::decode(&section.manifest)?;
        for (index, entry) in tree.entries().iter().enumerate() {
            if let EntryKind::File { offset, len } = entry.kind {
                let end = offset.checked_add(len);
                ensure!(
                    end.is_some_and(|end| end <= image.end - image.start),
                    "the contents of {} are cut short; the file is damaged",
                    tree.display_path(index)
                );
            }
        }
        Ok(Self { file, section, tree, image })
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What the module says about itself.
    #[must_use]
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// How long the module is, in bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn file_bytes(&mut self) -> Result<u64> {
        self.file.seek(SeekFrom::End(0)).context("cannot read")
    }

    /// What the module imports, as (module, name).
    ///
    /// # Errors
    ///
    /// When it cannot be read or is damaged.
    pub fn imports(&mut self) -> Result<Vec<(String, String)>> {
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

    /// A reader of a regular file's contents; a hard link gives its original's.
    ///
    /// # Errors
    ///
    /// When the entry is no regular file, or the module cannot be read.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    pub fn contents(&mut self, index: usize) -> Result<io::Take<&mut R>> {
        let original = self.tree.original(index);
        let (offset, len) = match &self.tree.entries()[original].kind {
            EntryKind::File { offset, len } => (*offset, *len),
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                bail!("{}: is a directory", self.tree.display_path(index))
            }
            EntryKind::CharDevice { .. } => {
                bail!("{}: is a device, which has no contents", self.tree.display_path(index))
            }
            EntryKind::Symlink { .. } | EntryKind::HardLink { .. } => {
                bail!("{}: is a symbolic link", self.tree.display_path(index))
            }
        };
        self.file.seek(SeekFrom::Start(self.image.start + offset)).context("cannot read")?;
        Ok(Read::by_ref(&mut self.file).take(len))
    }

    /// Copies a regular file's contents.
    ///
    /// # Errors
    ///
    /// As [`contents`](Self::contents), and when `out` cannot be written.
    ///
    /// # Panics
    ///
    /// If there is no entry of that index.
    pub fn copy_contents(&mut self, index: usize, out: &mut dyn Write) -> Result<u64> {
        let mut contents = self.contents(index)?;
        let expected = contents.limit();
        let copied = io::copy(&mut contents, out)?;
        ensure!(copied == expected, "the module ends before the contents do; it is damaged");
        Ok(copied)
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

    /// A module with the sample's manifest, whose files are bytes 0 to 3, and this image.
    fn module(image: &[u8]) -> Cursor<Vec<u8>> {
        let manifest = Manifest::of(&sample()).unwrap().bytes;
        let section = Section::for_adapter(image.len() as u64, DataIdx(1), String::new(), manifest);
        let mut data = DataSection::new();
        data.passive(*b"another").passive(image.iter().copied());
        let custom = CustomSection { name: SECTION_NAME.into(), data: section.encode().into() };
        let mut module = Module::new();
        module.section(&data).section(&custom);
        Cursor::new(module.finish())
    }

    #[test]
    fn contents_are_ranges_of_the_image() {
        let mut packed = PackedModule::from_reader(module(b"abc")).unwrap();
        for path in ["/z", "/g", "/abs/f"] {
            let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Follow).unwrap();
            let mut contents = Vec::new();
            packed.copy_contents(index, &mut contents).unwrap();
            assert_eq!(contents, b"abc", "{path}");
        }
    }

    #[test]
    fn contents_beyond_the_image_are_damage() {
        let message = PackedModule::from_reader(module(b"ab")).unwrap_err().to_string();
        assert_eq!(message, "the contents of /a/b/f are cut short; the file is damaged");
    }
}
