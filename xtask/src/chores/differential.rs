//! `cargo xtask differential`: compares many random sequences of calls on a Linux tmpfs and on
//! fs-core, or in packed programs.
//!
//! The comparison is `tests/posix/src/differential.rs`; every `cargo test` runs a fixed slice, of
//! fs-core in `fs-core/tests/posix` and of programs in `tests/linux`. This builds the test optimised
//! and asks it for more. It wants root, to mount a tmpfs.

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
    /// Make the calls in packed programs, in both forms, instead of in fs-core.
    #[arg(long)]
    packed: bool,
}

/// Runs the chore.
pub(crate) fn run(options: &Options) -> Result<()> {
    let test: &[&str] = if options.packed {
        &["test", "--release", "--workspace", "--exclude", "wasm-vfs-adapter", "--test", "linux"]
    } else {
        &["test", "--release", "--package", "wasm-vfs-core", "--test", "posix"]
    };
    let filter = ["--", "--nocapture", "random_sequences"];
    let mut command = process::cargo(&[test, &filter[..]].concat());
    command.env("WASM_VFS_DIFFERENTIAL_SEEDS", options.seeds.to_string());
    command.env("WASM_VFS_DIFFERENTIAL_FROM", options.from.to_string());
    process::run(&mut command)
}
