//! `cargo xtask setup`: what the other chores need, asked for once. Quick when nothing is missing.
//!
//! The compiler's targets come from rustup, the rest from PyPI (`python.rs`) and npm (`npm.rs`), pinned by version and
//! checksum, into `target/tools`. Nothing outside the build directory changes, but that the superuser of a Debian machine gets its
//! Chromium (`chromium.rs`).

use std::fmt;
use std::path::PathBuf;

use anyhow::{Error, Result};

use crate::left_out::LeftOut;
use crate::{chromium, engine_drivers, npm, python, rustup, workspace};

/// The wasm targets: the adapter's, and the Rust guests'.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1"];

pub(crate) fn run() -> Result<()> {
    let mut left_out = LeftOut::default();
    everything(&mut left_out)?;
    left_out.conclude()
}

/// Installs all of it. Without the toolchain nothing works, so its failure is an error; of the rest, what cannot be had
/// is noted in `left_out`, since everything else can still be tested.
pub(crate) fn everything(left_out: &mut LeftOut) -> Result<()> {
    rustup::ensure_components(&["clippy", "rustfmt"])?;
    rustup::ensure_targets(TARGETS)?;
    attempt(left_out, "PyPI's packages (Go, Zig's C compiler, Yosys, wasmtime)", python::ensure);
    attempt(left_out, "an older Zig from PyPI", python::ensure_old);
    attempt(left_out, "npm's packages (CPython, Ruby, PHP, a new Node)", npm::ensure);
    attempt(left_out, "engines that are built here (WAMR, Wasm3, Wasmer)", engine_drivers::ensure);
    attempt(left_out, "Chromium", chromium::ensure);
    Ok(())
}

/// Installs something; a failure is noted in `left_out`.
pub(crate) fn attempt(
    left_out: &mut LeftOut,
    what: impl fmt::Display,
    install: impl FnOnce() -> Result<()>,
) {
    if let Err(error) = install() {
        left_out.note(what, one_line(&error));
    }
}

/// An error and its causes, on the one line that a summary has for it.
pub(crate) fn one_line(error: &Error) -> String {
    format!("{error:#}")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// Where the tools are installed. The tests look here too (`tests/src/tools.rs`).
pub(crate) fn tools() -> PathBuf {
    workspace::target().join("tools")
}
