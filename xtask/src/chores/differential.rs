//! `cargo xtask differential`: compares many random sequences of calls on a Linux tmpfs and on
//! fs-core.
//!
//! The test itself is `tests/posix/src/differential.rs`, which also runs a fixed slice in every
//! `cargo test`. This builds it optimised and asks it for more. It wants root, to mount a tmpfs.

use anyhow::Result;

use crate::process;

/// The options of `cargo xtask differential`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The number of seeds. Each seed is a sequence of about 110 calls.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// The first seed. A seed always gives the same sequence.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Runs the chore.
pub(crate) fn run(options: &Options) -> Result<()> {
    let test = ["test", "--release", "--package", "wasm-vfs-core", "--test", "posix"];
    let filter = ["--", "--nocapture", "differential"];
    let mut command = process::cargo(&[&test[..], &filter[..]].concat());
    command.env("WASM_VFS_DIFFERENTIAL_SEEDS", options.seeds.to_string());
    command.env("WASM_VFS_DIFFERENTIAL_FROM", options.from.to_string());
    process::run(&mut command)
}
