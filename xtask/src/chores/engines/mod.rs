//! `cargo xtask engines`: runs packed programs on every engine in full, and writes the README's
//! table of the results.

pub(crate) mod readme_table;

use anyhow::{Result, bail};

use crate::chores::{guests, setup};
use crate::left_out::LeftOut;
use crate::process;

/// The tests that put packed programs to every engine.
const TESTS: &[&str] = &["--test", "apps", "--test", "preview1"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run nothing: compare the README's table with the results of the last run.
    #[arg(long)]
    check: bool,
    /// Run nothing: write the README's table from the results of the last run.
    #[arg(long, conflicts_with = "check")]
    table: bool,
    /// Run only the programs that `cargo xtask test` runs: minutes instead of half an hour.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        return readme_table::check();
    }
    if options.table {
        return readme_table::write();
    }
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    guests::all(&mut left_out)?;
    readme_table::clear_record()?;
    let mut cargo = process::cargo(&["test", "--package", "wasm-vfs-tests", "--no-fail-fast"]);
    // Whole programs on all that compiles.
    cargo.args(TESTS).env("WASM_VFS_ENGINES", if options.quick { "usual" } else { "all" });
    let summary = process::run_and_read_along(&mut cargo)?;
    readme_table::note_what_cannot_be_had(&mut left_out)?;
    let nothing_left_out = left_out.conclude();
    println!("{} passed, {} failed, {} skipped", summary.passed, summary.failed, summary.ignored);
    if !summary.success {
        bail!("some engine did what it is not known to do: the README is as it was");
    }
    nothing_left_out?;
    readme_table::write()
}
