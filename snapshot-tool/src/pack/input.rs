//! What is given to be packed ([`Given`]): a program, or a module that was packed before, which is taken apart into its
//! program and its tree. The new directories are laid over that tree; the old image is read in place when the result is written.

use crate::gather::packed_tree::{PackedBytes, PackedTree};
use crate::link::program::IS_ADAPTER;
use crate::link::unlink::unlink;
use crate::packed::form::{Form, ModuleForm};
use crate::packed::hollow::Output;
use crate::packed::section::Section;
use crate::policy::Policy;
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A program to be packed.
#[derive(Debug)]
pub(crate) struct Given {
    /// The program itself.
    pub(crate) program: Vec<u8>,
    /// What it was packed with before.
    pub(crate) before: Option<Before>,
}

/// What a module was packed with.
#[derive(Debug)]
pub(crate) struct Before {
    pub(crate) tree: Arc<PackedTree>,
    pub(crate) policy: Policy,
    pub(crate) form: Form,
}

impl Given {
    /// The program in a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no core module, or was packed and then changed by another tool.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let named = || format!("`{}`", path.display());
        let unreadable = || format!("cannot read {}", named());
        let mut file = File::open(path).with_context(unreadable)?;
        // What is no file cannot be searched, only read.
        if file.metadata().with_context(unreadable)?.is_file()
            && let Some(found) = Output::read_from(&mut file).with_context(named)?
        {
            return Self::packed(found, PackedBytes::file(path)?).with_context(named);
        }
        let bytes = std::fs::read(path).with_context(unreadable)?;
        Self::in_memory(bytes).with_context(named)
    }

    /// The program in these bytes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn in_memory(bytes: Vec<u8>) -> Result<Self> {
        match Output::read_from(&mut Cursor::new(&bytes)) {
            Ok(Some(found)) => Self::packed(found, PackedBytes::Memory(bytes.into())),
            Ok(None) => Ok(Self { program: bytes, before: None }),
            Err(error) => Err(error),
        }
    }

    fn packed(
        (output, section, image): (Output, Section, Range<u64>),
        module: PackedBytes,
    ) -> Result<Self> {
        let ModuleForm::Linked(form) = section.form else { bail!(IS_ADAPTER) };
        let program = unlink(output.hollow(), &section)?;
        let tree = Arc::new(PackedTree::new(&section, module, image)?);
        Ok(Self { program, before: Some(Before { tree, policy: section.chosen()?, form }) })
    }
}

/// The name that a program sees as its own: its file's, as under wasmtime.
#[must_use]
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
