//! `cargo xtask bench`: how fast it is, against the host in the same run. The benchmarks themselves are in `benches/`.

use anyhow::Result;

use crate::process;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is measured.
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// fs-core natively, against system calls on a tmpfs.
    Core,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match options.what {
        What::Core => process::run(&mut process::cargo(&[
            "run",
            "--quiet",
            "--release",
            "--package",
            "wasm-vfs-benches",
            "--bin",
            "core",
        ])),
    }
}
