//! `cargo xtask test`: sets everything up, builds the guests and the page, runs all tests, says what was left out, and whether the
//! README's table of engines is what the tests have shown.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::left_out::LeftOut;
use crate::{engine_table, fsx, fuse_mount, guests, pjdfstest, process, setup, web};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`: what to select, and after `--` what the tests' runner gets.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    guests::all(&mut left_out)?;
    // The page is packed with the tool as the tests have it. Its own tests bring it: built by itself it would have other
    // features, and so all of wasmtime once more.
    process::run(&mut process::cargo(&[
        "test",
        "--quiet",
        "--workspace",
        "--no-run",
        "--test",
        "cli",
    ]))?;
    web::build(&mut left_out)?;
    let list = LeftOut::file();
    fs::write(&list, "").with_context(|| format!("cannot write {}", list.display()))?;
    engine_table::clear_record()?;
    let mut cargo = process::cargo(&["test", "--workspace", "--no-fail-fast"]);
    cargo.args(&options.arguments);
    let summary = process::run_and_read_along(&mut cargo)?;
    left_out.add_those_of_the_tests();
    // Whoever selects tests wants no others, and has not run all that the README's table claims.
    let everything = options.arguments.is_empty();
    let suites = if everything { suites(&mut left_out) } else { Ok(()) };
    let table = if everything { table(&mut left_out) } else { Ok(()) };
    let nothing_left_out = left_out.conclude();
    println!("{} passed, {} failed, {} skipped", summary.passed, summary.failed, summary.ignored);
    nothing_left_out?;
    suites?;
    table?;
    if !summary.success {
        bail!("some tests failed");
    }
    if summary.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Whether the README's table of engines is what the tests have shown.
fn table(left_out: &mut LeftOut) -> Result<()> {
    engine_table::note_what_cannot_be_had(left_out)?;
    engine_table::check()
}

/// What others wrote to test filesystems, run on a mount of fs-core.
fn suites(left_out: &mut LeftOut) -> Result<()> {
    let posix = fuse_mount::or_leave_out(left_out, "pjdfstest on fs-core", pjdfstest::compare);
    let exerciser = fuse_mount::or_leave_out(left_out, "fsx on fs-core", || {
        fsx::exercise(&fsx::Options::SMOKE)
    });
    match (posix, exerciser) {
        (Err(first), Err(second)) => bail!("{first:#}; {second:#}"),
        (posix, exerciser) => posix.and(exerciser),
    }
}
