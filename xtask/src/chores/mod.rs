//! The chores, a file each, and the command line that chooses among them.

mod adapter;
mod bench;
mod calls;
mod demo;
mod differential;
mod engines;
mod fuzz;
pub mod guests;
mod miri;
mod setup;
mod suites;
mod test;
mod web;

use std::process::ExitCode;

use clap::Parser;

/// The chores of wasm-vfs.
///
/// `demo` and `test` install what they need. The other chores are for people who change the
/// project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Pack a real program with a directory, then run the result without the directory.
    Demo,
    /// Install the tools, build the guest programs and run all tests.
    Test(test::Options),
    /// Build the adapter into snapshot-tool/assets.
    Adapter(adapter::Options),
    /// Measure speed and size, beside Linux's own filesystem in the same run.
    Bench(bench::Options),
    /// Write docs/calls.md, the page of Linux's calls.
    Calls(calls::Options),
    /// Compare random sequences of calls on a Linux tmpfs and on fs-core. Needs root.
    Differential(differential::Options),
    /// Run packed programs on every engine, then write the README's table of the results.
    Engines(engines::Options),
    /// Run the file system exerciser fsx on fs-core, mounted by FUSE. Needs root.
    Fsx(suites::fsx::Options),
    /// Fuzz fs-core with inputs that coverage guides. Needs a nightly compiler.
    Fuzz(fuzz::Options),
    /// Build the guest programs of the tests into target/guests.
    Guests,
    /// Run the unit tests of fs-core's data structures under Miri. Needs a nightly compiler.
    Miri,
    /// Run the POSIX test suite pjdfstest on fs-core, mounted by FUSE, and on a tmpfs. Needs root.
    Pjdfstest,
    /// Install what the other chores need. Quick if nothing is missing.
    Setup,
    /// Build the page that runs programs in a browser into target/web.
    Web(web::Options),
}

/// Runs the chore that the command line names, and reports its error.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Demo => demo::run(),
        Chore::Test(options) => test::run(&options),
        Chore::Adapter(options) => adapter::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Calls(options) => calls::run(&options),
        Chore::Differential(options) => differential::run(&options),
        Chore::Engines(options) => engines::run(&options),
        Chore::Fsx(options) => suites::fsx::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Guests => guests::run(),
        Chore::Miri => miri::run(),
        Chore::Pjdfstest => suites::pjdfstest::run(),
        Chore::Setup => setup::run(),
        Chore::Web(options) => web::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
