//! The first eight bytes of a file: whether it is a core module at all, and what it is if not.
//!
//! [`module`](crate::wasm::module) parses everything behind them.

use anyhow::{Result, anyhow};

use crate::error::{ErrorKind, Marked as _};

/// `\0asm`.
const MAGIC: &[u8] = b"\0asm";
/// Version 1, layer 0: a core module.
const CORE_MODULE: &[u8] = &[1, 0, 0, 0];

/// What the first eight bytes of a wasm file announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// Returns what the first eight bytes of a file announce; `None` if neither of the two.
pub(crate) fn kind(bytes: &[u8]) -> Option<Kind> {
    match bytes.strip_prefix(MAGIC)? {
        CORE_MODULE => Some(Kind::Module),
        [_, _, 1, 0] => Some(Kind::Component),
        _ => None,
    }
}

/// Checks the first eight bytes of a file.
///
/// # Errors
///
/// When they do not start a core module.
pub(crate) fn check_preamble(bytes: &[u8]) -> Result<()> {
    let Some(version) = bytes.strip_prefix(MAGIC) else {
        let text = if bytes.starts_with(b"(") { ", not the text format" } else { "" };
        let error =
            anyhow!("it is not WebAssembly (no `\\0asm` at its start): give a .wasm file{text}");
        return Err(error).of_kind(ErrorKind::NotWasm);
    };
    match kind(bytes) {
        Some(Kind::Module) => Ok(()),
        Some(Kind::Component) => Err(anyhow!(
            "it is a component: wasm-vfs packs core modules that import \
             `wasi_snapshot_preview1`; build for wasm32-wasip1, or take the core module out of it"
        ))
        .of_kind(ErrorKind::Component),
        None => Err(anyhow!("its WebAssembly version {version:?} is not supported"))
            .of_kind(ErrorKind::NotWasm),
    }
}
