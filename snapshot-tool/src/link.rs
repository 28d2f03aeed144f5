//! Joins a program with a baked filesystem into one module.

use anyhow::{Result, bail};

pub use crate::adapter_module::{AdapterModule, Lowered};
pub use crate::hollow::Output;
pub use crate::image::{FileRange, ImageSource};
pub use crate::lower::lower;

/// How the program and the filesystem share the linked module.
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
        crate::section::ModuleForm::Linked(*self).fmt(f)
    }
}

/// A linked module and what can be said about it.
#[derive(Debug)]
pub struct Linked {
    /// To be written with the image.
    pub output: Output,
    /// What happened.
    pub summary: Summary,
}

/// What linking did, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The form of the result.
    pub form: Form,
    /// By how many bytes the result is longer than the program, not counting image and manifest.
    /// Negative when dropped debug information outweighs what was added.
    pub added_bytes: i64,
    /// How many functions of the filesystem are in the result.
    pub filesystem_functions: usize,
    /// The imports of the result, as (module, name).
    pub imports: Vec<(String, String)>,
    /// What a person should know, one line each: sections dropped and why.
    pub notes: Vec<String>,
}

/// Links `program` with the filesystem `rootfs`.
///
/// # Errors
///
/// When the program cannot be served; the message says why and what to do, in one line.
pub fn link(program: &[u8], rootfs: &AdapterModule<'_>, form: Form) -> Result<Linked> {
    let _ = (program, rootfs, form);
    bail!("linking is not written yet")
}
