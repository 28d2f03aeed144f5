//! The project's chores, one file each: `cargo xtask CHORE`.
//!
//! `cargo xtask demo` and `cargo xtask test` are for everybody and do all their own set-up. The others are for the
//! people who change the project.

mod adapter;
mod bench;
mod cargo_install;
mod chromium;
mod demo;
mod differential;
mod engine_drivers;
mod engine_table;
mod engines;
mod file_server;
mod fsx;
mod fuse_mount;
mod fuzz;
mod guests;
mod left_out;
mod miri;
mod npm;
mod pjdfstest;
mod process;
mod python;
mod rustup;
mod setup;
mod test;
mod web;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The chores of wasm-vfs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Pack a real program with a directory, and run the result without it.
    Demo,
    /// Set everything up, build the guest programs and run all tests.
    Test(test::Options),
    /// Build the adapter's core form into snapshot-tool/assets/adapter.wasm.
    Adapter(adapter::Options),
    /// Measure how fast it is, against the host in the same run.
    Bench(bench::Options),
    /// Compare random sequences of calls on a Linux tmpfs and on fs-core.
    Differential(differential::Options),
    /// Run packed programs on every engine, and write the README's table of what they do.
    Engines(engines::Options),
    /// Run the random exerciser fsx on fs-core, mounted by FUSE.
    Fsx(fsx::Options),
    /// Fuzz fs-core: random inputs, guided by what they reach. Wants a nightly compiler.
    Fuzz(fuzz::Options),
    /// Build the guest programs of the tests into target/guests.
    Guests,
    /// Run the unit tests of fs-core's data structures under Miri. Wants a nightly compiler.
    Miri,
    /// Run the POSIX suite pjdfstest on fs-core, mounted by FUSE, and on a tmpfs.
    Pjdfstest,
    /// Install what the other chores need; quick when nothing is missing.
    Setup,
    /// Build the page that runs programs in a browser into target/web, and serve it if asked to.
    Web(web::Options),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Demo => demo::run(),
        Chore::Test(options) => test::run(&options),
        Chore::Adapter(options) => adapter::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Differential(options) => differential::run(&options),
        Chore::Engines(options) => engines::run(&options),
        Chore::Fsx(options) => fsx::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Guests => guests::run(),
        Chore::Miri => miri::run(),
        Chore::Pjdfstest => pjdfstest::run(),
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
