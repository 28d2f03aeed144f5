//! `cargo xtask setup`: what the other chores need, asked for once. Quick when nothing is missing.

use anyhow::Result;

use crate::rustup;

/// The wasm targets: the adapter's, and the Rust guests'.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1"];

pub(crate) fn run() -> Result<()> {
    rustup::ensure_components(&["clippy", "rustfmt"])?;
    rustup::ensure_targets(TARGETS)?;
    Ok(())
}
