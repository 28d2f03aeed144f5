//! What is given to be packed or run: a [`Program`], which may be a module that was packed before.
//! Such a module is taken apart into its program and its tree; new directories are laid over that
//! tree, and its contents are read in place when the result is written.

use crate::error::{ErrorKind, Marked as _};
use crate::gather::packed_tree::{PackedBytes, PackedTree};
use crate::link::program::IS_ROOTFS;
use crate::link::unlink::unlink;
use crate::packed::form::{Form, ModuleForm};
use crate::packed::hollow::HollowModule;
use crate::packed::section::Section;
use crate::policy::Policy;
use crate::wasm::preamble::check_preamble;
use anyhow::{Context as _, Result, anyhow};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A WASI program: a core module in a file or in memory.
///
/// ```
/// use wasm_vfs::Program;
///
/// let from_disk = Program::file("app.wasm");
/// # let bytes = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// let in_memory = Program::bytes("app.wasm", bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Program {
    /// What the program sees as its own name.
    name: String,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

impl Program {
    /// Names the program in a file. The program sees the file's name as its own. Nothing is read
    /// yet.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, source: Source::File(path) }
    }

    /// Takes a program that is in memory, and the name that it sees as its own.
    #[must_use]
    pub fn bytes(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), source: Source::Bytes(bytes.as_ref().into()) }
    }

    /// Returns the name that the program sees as its own.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the program's file, unless it is in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Bytes(_) => None,
        }
    }

    /// Reads the program whole.
    ///
    /// # Errors
    ///
    /// When its file cannot be read.
    pub(crate) fn read(&self) -> Result<Cow<'_, [u8]>> {
        match &self.source {
            Source::File(path) => {
                let bytes = fs::read(path);
                Ok(Cow::Owned(bytes.with_context(|| format!("cannot read {}", named(path)))?))
            }
            Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// Reads the program whole, and checks its first bytes: no tree need be read for a file that is
    /// no program.
    ///
    /// # Errors
    ///
    /// When its file cannot be read or is no core module.
    pub(crate) fn read_module(&self) -> Result<Cow<'_, [u8]>> {
        let bytes = self.read()?;
        self.blame(check_preamble(bytes.get(..8).unwrap_or(&bytes)))?;
        Ok(bytes)
    }

    /// The result, whose error names the program's file.
    pub(crate) fn blame<T>(&self, result: Result<T>) -> Result<T> {
        match self.path() {
            Some(path) => result.about(|| named(path)),
            None => result,
        }
    }
}

/// A path as messages show it.
pub(crate) fn named(path: &Path) -> String {
    format!("`{}`", path.display())
}

/// Opens a file for reading.
///
/// # Errors
///
/// When that fails; the message names the file.
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", named(path)))
}

/// A program to be packed.
#[derive(Debug)]
pub(crate) struct Input {
    /// The program itself.
    pub(crate) program: Vec<u8>,
    /// What it was packed with before.
    pub(crate) before: Option<PackedWith>,
}

/// What a module was packed with.
#[derive(Debug)]
pub(crate) struct PackedWith {
    pub(crate) tree: Arc<PackedTree>,
    pub(crate) policy: Policy,
    pub(crate) form: Form,
}

impl Input {
    /// Reads a program, and takes a packed one apart.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no core module, or was packed and then changed by another tool.
    pub(crate) fn read(program: &Program) -> Result<Self> {
        if let Source::File(path) = &program.source {
            let mut file = open(path)?;
            let found = file.metadata().with_context(|| format!("cannot read {}", named(path)))?;
            // What is no file cannot be searched, only read.
            if found.is_file() {
                let found = program
                    .blame(HollowModule::read_from(&mut file).of_kind(ErrorKind::Damaged))?;
                if let Some(found) = found {
                    return program.blame(Self::packed(found, PackedBytes::file(path)?));
                }
            }
        }
        program.blame(Self::in_memory(program.read()?.into_owned()))
    }

    fn in_memory(bytes: Vec<u8>) -> Result<Self> {
        match HollowModule::read_from(&mut Cursor::new(&bytes)).of_kind(ErrorKind::Damaged)? {
            Some(found) => Self::packed(found, PackedBytes::Memory(bytes.into())),
            None => Ok(Self { program: bytes, before: None }),
        }
    }

    fn packed(
        (module, section, contents): (HollowModule, Section, Range<u64>),
        bytes: PackedBytes,
    ) -> Result<Self> {
        let form = match section.form {
            ModuleForm::Linked(form) => form,
            ModuleForm::Rootfs => return Err(anyhow!(IS_ROOTFS)).of_kind(ErrorKind::Unservable),
        };
        let program = unlink(module.hollow(), &section).of_kind(ErrorKind::Damaged)?;
        let tree = PackedTree::new(&section, bytes, contents).of_kind(ErrorKind::Damaged)?;
        let policy = section.chosen().of_kind(ErrorKind::Damaged)?;
        Ok(Self { program, before: Some(PackedWith { tree: Arc::new(tree), policy, form }) })
    }
}
