//! The module that gives an adapter module's host functions their real names, for people who link with `wasm-merge`.
//!
//! An adapter module exports `fd_write` for the program and imports the host's from `wasi_host`: were that import named
//! `wasi_snapshot_preview1.fd_write`, `wasm-merge` would resolve it to the module's own export. A second merge with this module, as
//! `wasi_host`, puts the real name in.

use anyhow::Result;

use crate::adapter::module::AdapterModule;
use crate::adapter::run_time_shims::{Memory, host_functions};

/// The module for the host functions of `adapter`: for each an import by its real name, and an exported function that
/// calls it.
///
/// # Errors
///
/// When the adapter module is damaged.
pub fn host_shim(adapter: &AdapterModule<'_>) -> Result<Vec<u8>> {
    host_functions(adapter, Memory::None)
}
