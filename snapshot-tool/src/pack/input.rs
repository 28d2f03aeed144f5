//! What is given to be packed or run: a [`Program`], which may be a module that was packed before.
//! Such a module is taken apart into its program and its tree; new directories are laid over that
//! tree, and its contents are read in place when the result is written.

use crate::disk::input::Named;
use crate::error::{ErrorKind, Marked as _};
use crate::gather::packed_tree::{PackedBytes, PackedTree};
use crate::link::program::IS_ROOTFS;
use crate::link::unlink::unlink;
#[cfg(feature = "run")]
use crate::packed::component::module_in;
use crate::packed::form::{Form, ModuleForm};
use crate::packed::hollow::{HollowModule, ReadBack};
use crate::policy::Policy;
use crate::wasm::preamble::{Kind, check_preamble, kind};
use anyhow::{Context as _, Result, anyhow};
use std::borrow::Cow;
use std::io::{Cursor, Seek as _};
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

/// The longest program: all sizes within a module are 32 bits wide.
const MAX_PROGRAM_BYTES: u64 = u32::MAX as u64;

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

    /// Reads the program whole, and checks its first bytes: no tree need be read for a file that is
    /// no program.
    ///
    /// # Errors
    ///
    /// When its file cannot be read or is no core module.
    pub(crate) fn read_module(&self) -> Result<Cow<'_, [u8]>> {
        match &self.source {
            Source::File(path) => {
                let bytes = self.read_opened(Named::open(path)?)?;
                self.blame(check_preamble(bytes.get(..8).unwrap_or(&bytes)))?;
                Ok(Cow::Owned(bytes))
            }
            Source::Bytes(bytes) => {
                check_preamble(bytes.get(..8).unwrap_or(bytes))?;
                Ok(Cow::Borrowed(bytes))
            }
        }
    }

    /// All its bytes, those of a component too.
    ///
    /// # Errors
    ///
    /// When its file cannot be read or is no module and no component.
    #[cfg(feature = "run")]
    pub(crate) fn to_bytes(&self) -> Result<Arc<[u8]>> {
        match &self.source {
            Source::File(path) => Ok(self.read_opened(Named::open(path)?)?.into()),
            Source::Bytes(bytes) => Ok(Arc::clone(bytes)),
        }
    }

    /// The same program in memory, whatever becomes of its file.
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](Self::to_bytes).
    #[cfg(feature = "run")]
    pub(crate) fn in_memory(&self) -> Result<Self> {
        Ok(Self { name: self.name.clone(), source: Source::Bytes(self.to_bytes()?) })
    }

    /// Reads its file from the start. What is no program is told by its first bytes, however long
    /// it is; a component may be one of ours.
    fn read_opened(&self, mut file: Named<'_>) -> Result<Vec<u8>> {
        let mut bytes = file.read(8)?;
        if kind(&bytes) != Some(Kind::Component) {
            self.blame(check_preamble(&bytes))?;
        }
        bytes.extend(file.read_to_end(MAX_PROGRAM_BYTES)?);
        Ok(bytes)
    }

    /// Reads the module to run: the program, or the packed module in a component of ours.
    ///
    /// # Errors
    ///
    /// As [`read_module`](Self::read_module).
    #[cfg(feature = "run")]
    pub(crate) fn read_to_run(&self) -> Result<Cow<'_, [u8]>> {
        let bytes = match &self.source {
            Source::File(path) => Cow::Owned(self.read_opened(Named::open(path)?)?),
            Source::Bytes(bytes) => Cow::Borrowed(&**bytes),
        };
        let place = self.blame(module_in(&mut Cursor::new(&bytes)))?;
        if !place.in_component {
            return Ok(bytes);
        }
        let range = usize::try_from(place.bytes.start)?..usize::try_from(place.bytes.end)?;
        Ok(match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[range]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(range.end);
                bytes.drain(..range.start);
                Cow::Owned(bytes)
            }
        })
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
    /// Whether it was a component.
    pub(crate) component: bool,
}

impl Input {
    /// Reads a program, and takes a packed one apart.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no core module, or was packed and then changed by another tool.
    pub(crate) fn read(program: &Program) -> Result<Self> {
        let bytes = match &program.source {
            Source::File(path) => {
                let mut file = Named::open(path)?;
                // What is no regular file cannot be searched, only read.
                if let Some((open, stamp)) = file.regular() {
                    let found = HollowModule::read_from(open).of_kind(ErrorKind::Damaged);
                    if let Some(found) = program.blame(found)? {
                        file.check()?;
                        return program.blame(Self::packed(found, PackedBytes::file(path, stamp)));
                    }
                    open.rewind().with_context(|| format!("cannot read {}", named(path)))?;
                }
                program.read_opened(file)?
            }
            Source::Bytes(bytes) => bytes.to_vec(),
        };
        program.blame(Self::in_memory(bytes))
    }

    fn in_memory(bytes: Vec<u8>) -> Result<Self> {
        match HollowModule::read_from(&mut Cursor::new(&bytes)).of_kind(ErrorKind::Damaged)? {
            Some(found) => Self::packed(found, PackedBytes::Memory(bytes.into())),
            None => Ok(Self { program: bytes, before: None }),
        }
    }

    fn packed(
        ReadBack { module, section, contents, is_untouched, in_component }: ReadBack,
        bytes: PackedBytes,
    ) -> Result<Self> {
        let form = match section.form {
            ModuleForm::Linked(form) => form,
            ModuleForm::Rootfs => return Err(anyhow!(IS_ROOTFS)).of_kind(ErrorKind::Unservable),
        };
        if !is_untouched {
            return Err(anyhow!(
                "another tool changed it since it was packed, so the program cannot be told from its filesystem: pack the \
                 original program with all its directories"
            ))
            .of_kind(ErrorKind::Damaged);
        }
        let program = unlink(module.hollow(), &section).of_kind(ErrorKind::Damaged)?;
        let tree = PackedTree::new(&section, bytes, contents).of_kind(ErrorKind::Damaged)?;
        let policy = section.chosen().of_kind(ErrorKind::Damaged)?;
        let tree = Arc::new(tree);
        let before = PackedWith { tree, policy, form, component: in_component };
        Ok(Self { program, before: Some(before) })
    }
}
