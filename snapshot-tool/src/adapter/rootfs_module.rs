//! The rootfs module: a baked filesystem that no program is linked to yet.
//!
//! [`lower`](crate::adapter::lower::lower) makes it from the baked core module; `wasm-vfs image`
//! writes it, and it is read back from there. Memory 0 is the program's, imported as `app.memory`;
//! memory 1 is the filesystem's own. It imports the WASI host's functions from `wasi_host`. The
//! contents are its last data segment, a passive one, whose bytes are never in memory here.

use std::io::{Cursor, Read, Seek};
use std::ops::Range;

use anyhow::{Context, Result, bail};

use crate::adapter::rootfs_contract;
use crate::error::{ErrorKind, Marked as _};
use crate::packed::form::ModuleForm;
use crate::packed::hollow::{HollowModule, ReadBack};
use crate::packed::section::Section;

/// A rootfs module as a module, without the bytes of its contents.
#[derive(Debug, Clone)]
pub struct RootfsModule {
    /// The module, to be written together with its contents.
    pub module: HollowModule,
    /// Its `wasm-vfs` section.
    pub section: Section,
}

impl RootfsModule {
    /// Reads the rootfs module in `file`; also returns where in the file its contents are.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, holds something else, or is damaged: what is read is valid, and
    /// what [`lower`](crate::adapter::lower::lower) writes.
    pub fn read_from(file: &mut (impl Read + Seek)) -> Result<(Self, Range<u64>)> {
        let found = HollowModule::read_from(file)?;
        let found = found.context(
            "it has no `wasm-vfs` section, so it is no rootfs module: make one with \
             `wasm-vfs image`",
        );
        let ReadBack { module, section, contents, is_untouched: _, in_component: _ } =
            found.of_kind(ErrorKind::NotPacked)?;
        Self::check(&section).of_kind(ErrorKind::AlreadyPacked)?;
        rootfs_contract::check(module.hollow(), &section).of_kind(ErrorKind::Damaged)?;
        Ok((Self { module, section }, contents))
    }

    fn check(section: &Section) -> Result<()> {
        match section.form {
            ModuleForm::Rootfs => Ok(()),
            ModuleForm::Linked(form) => bail!(
                "it is a packed program ({form} form), not a rootfs module: make one with \
                 `wasm-vfs image`"
            ),
        }
    }

    /// Reads a rootfs module whose bytes, contents and all, are in memory.
    ///
    /// # Errors
    ///
    /// When the bytes hold something else.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Ok(Self::read_from(&mut Cursor::new(bytes))?.0)
    }

    /// Returns the module with contents of length zero.
    pub(crate) fn hollow(&self) -> &[u8] {
        self.module.hollow()
    }
}
