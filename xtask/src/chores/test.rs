//! `cargo xtask test`: installs the tools, builds the guest programs and the page, runs all tests,
//! and reports what was left out. Without arguments it also runs the [suites], and compares the
//! README's table of engines with the results.

use std::thread;

use anyhow::{Result, bail};

use crate::chores::engines::readme_table;
use crate::chores::{guests, setup, suites, web};
use crate::left_out::LeftOut;
use crate::process;

/// What is tested. The benchmarks have no tests, and what they are compared with is much to build.
pub(crate) const PACKAGES: &[&str] =
    &["--workspace", "--exclude", "wasm-vfs-benches", "--exclude", "wasm-vfs-dependencies"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments of `cargo test`, for example `--test web`; after `--`, arguments of
    /// the test binaries.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    // A selection of tests has not run everything that the README's table claims.
    let everything = options.arguments.is_empty();
    // The page is packed with the tool as the tests have it. Its own tests bring it: built by
    // itself it would have other features, and so all of wasmtime once more.
    let mut tests = process::cargo(&["test", "--quiet"]);
    tests.args(PACKAGES).arg("--no-run").args(if everything {
        &[][..]
    } else {
        &["--test", "cli"]
    });
    // For long stretches the guests' compilers use one processor each, and so do the tests'.
    thread::scope(|scope| {
        let tests = scope.spawn(|| process::run(&mut tests));
        let guests = guests::all(&mut left_out);
        process::join(tests).and(guests)
    })?;
    web::build(&mut left_out)?;
    LeftOut::clear_those_of_the_tests()?;
    readme_table::clear_record()?;
    let mut cargo = process::cargo(&["test", "--no-fail-fast"]);
    cargo.args(PACKAGES).args(&options.arguments);
    let mut summary = process::run_and_read_along(&mut cargo)?;
    left_out.add_those_of_the_tests();
    if everything {
        // The workspace has the adapter as it is without features.
        for feature in ["host-interface,mounts", "calls,host-interface"] {
            let adapter = ["test", "--package", "wasm-vfs-adapter", "--features", feature];
            summary.extend(process::run_and_read_along(&mut process::cargo(&adapter))?);
        }
    }
    let suites = if everything { suites::both(&mut left_out) } else { Ok(()) };
    let table = if everything { table(&mut left_out) } else { Ok(()) };
    println!("\nThe slowest test binaries:");
    for (time, binary) in summary.slowest() {
        println!("{:7.1} s  {binary}", time.as_secs_f64());
    }
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

/// Compares the README's table of engines with what the tests have shown.
fn table(left_out: &mut LeftOut) -> Result<()> {
    readme_table::note_what_cannot_be_had(left_out)?;
    readme_table::check()
}
