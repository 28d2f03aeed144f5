//! The two forms of a packed program, and which kind of module carries the section `wasm-vfs`.

use anyhow::{Result, bail};

/// How the program and the filesystem share the linked module.
///
/// ```
/// assert_eq!(wasm_vfs::Form::default().to_string(), "portable");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One memory: the filesystem's lies above the program's. Runs on every engine.
    #[default]
    Portable,
    /// Two memories: nothing that the program does reaches the filesystem's. Needs an engine with
    /// multi-memory.
    Isolated,
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ModuleForm::Linked(*self).fmt(f)
    }
}

/// Which kind of module carries the section `wasm-vfs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleForm {
    /// A baked filesystem that no program is linked to yet: what `wasm-vfs image` writes.
    Rootfs,
    /// A program with its filesystem.
    Linked(Form),
}

impl ModuleForm {
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Rootfs => 0,
            Self::Linked(Form::Portable) => 1,
            Self::Linked(Form::Isolated) => 2,
        }
    }

    pub(crate) fn from_code(code: u32) -> Result<Self> {
        Ok(match code {
            0 => Self::Rootfs,
            1 => Self::Linked(Form::Portable),
            2 => Self::Linked(Form::Isolated),
            other => bail!("form {other} is unknown to this version of wasm-vfs"),
        })
    }
}

impl std::fmt::Display for ModuleForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rootfs => "rootfs module",
            Self::Linked(Form::Portable) => "portable",
            Self::Linked(Form::Isolated) => "isolated",
        })
    }
}
