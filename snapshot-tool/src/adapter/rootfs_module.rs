//! The adapter module: a baked filesystem ready to be linked ([`AdapterModule`]).
//!
//! Made by [`lower`](crate::adapter::lower::lower) from the baked core form, or read back from a file that
//! `wasm-vfs image` wrote. Memory 0 is the program's (imported as `app.memory`), memory 1 the
//! filesystem's own, host functions come from `wasi_host`, and the image is the last data segment,
//! passive. It is held hollow: its image's bytes are never in memory.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};
use std::ops::Range;

use anyhow::{Context, Result, ensure};

use crate::packed::form::ModuleForm;
use crate::packed::hollow::Output;
use crate::packed::section::Section;

/// A baked filesystem as a module, without the bytes of its image.
#[derive(Debug, Clone)]
pub struct AdapterModule<'a> {
    /// The module with an image of length zero.
    pub(crate) hollow: Cow<'a, [u8]>,
    pub(crate) section: Cow<'a, Section>,
}

impl AdapterModule<'static> {
    /// Reads the adapter module in `file`, and where in the file its image is.
    ///
    /// # Errors
    ///
    /// When the file is not an adapter module or cannot be read.
    pub fn read_from(file: &mut (impl Read + Seek)) -> Result<(Self, Range<u64>)> {
        let (output, section, image) = Output::read_from(file)?.context(
            "it has no `wasm-vfs` section, so it is no baked filesystem: make one with \
             `wasm-vfs image`",
        )?;
        ensure!(
            section.form == ModuleForm::Adapter,
            "it is a packed program ({} form), not a baked filesystem: make one with \
             `wasm-vfs image`",
            section.form
        );
        Ok((Self { hollow: output.hollow().to_vec().into(), section: Cow::Owned(section) }, image))
    }

    /// Reads an adapter module whose bytes, image and all, are in memory.
    ///
    /// # Errors
    ///
    /// When the bytes are not an adapter module.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Ok(Self::read_from(&mut Cursor::new(bytes))?.0)
    }
}

impl AdapterModule<'_> {
    /// What the module says about itself.
    #[must_use]
    pub fn section(&self) -> &Section {
        &self.section
    }
}

impl From<&Lowered> for AdapterModule<'static> {
    fn from(lowered: &Lowered) -> Self {
        Self {
            hollow: lowered.output.hollow().to_vec().into(),
            section: Cow::Owned(lowered.section.clone()),
        }
    }
}

/// What lowering gives: an adapter module to write or to link.
#[derive(Debug)]
pub struct Lowered {
    /// To be written with the image: the file of `wasm-vfs image`.
    pub output: Output,
    /// Its `wasm-vfs` section.
    pub section: Section,
}
