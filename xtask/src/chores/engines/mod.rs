//! `cargo xtask engines`: runs the matrix of engines in full, and writes the README's table of what it has shown.

use anyhow::{Result, bail};

use crate::left_out::LeftOut;
use crate::{engine_table, guests, process, setup};

/// The tests that put packed programs to every engine.
const TESTS: &[&str] = &["--test", "apps", "--test", "preview1"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs nothing: compares the README's table with what the last run of the tests has shown.
    #[arg(long)]
    check: bool,
    /// Runs nothing: writes the README's table of what the last run of the tests has shown.
    #[arg(long, conflicts_with = "check")]
    table: bool,
    /// Gives the engines no more than `cargo xtask test` does: minutes instead of half an hour.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        return engine_table::check();
    }
    if options.table {
        return engine_table::write();
    }
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    guests::all(&mut left_out)?;
    engine_table::clear_record()?;
    let mut cargo = process::cargo(&["test", "--package", "wasm-vfs-tests", "--no-fail-fast"]);
    // Whole programs on all that compiles.
    cargo.args(TESTS).env("WASM_VFS_ENGINES", if options.quick { "usual" } else { "all" });
    let summary = process::run_and_read_along(&mut cargo)?;
    engine_table::note_what_cannot_be_had(&mut left_out)?;
    let nothing_left_out = left_out.conclude();
    println!("{} passed, {} failed, {} skipped", summary.passed, summary.failed, summary.ignored);
    if !summary.success {
        bail!("some engine did what it is not known to do: the README is as it was");
    }
    nothing_left_out?;
    engine_table::write()
}
