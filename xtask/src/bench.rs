//! `cargo xtask bench`: how fast it is, against the host in the same run. The benchmarks themselves are in `benches/`.

use std::fs;

use anyhow::{Context, Result};

use crate::{guests, process, python, workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is measured; nothing: all of it.
    #[arg(value_enum)]
    what: Vec<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// fs-core natively, against system calls on a tmpfs.
    Core,
    /// The calls of a packed program, against the same program on a host tmpfs and on an adapter that does nothing.
    Calls,
    /// Start-up time and memory, with trees of 1 MB to 1 GB.
    Start,
    /// Packing: its time and memory, and what it adds to a program.
    Pack,
}

impl What {
    /// What the benchmark of packed programs calls it; `None` for the one that needs no wasm.
    fn part(self) -> Option<&'static str> {
        match self {
            What::Core => None,
            What::Calls => Some("calls"),
            What::Start => Some("start"),
            What::Pack => Some("pack"),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let everything = [What::Core, What::Calls, What::Start, What::Pack];
    let what = if options.what.is_empty() { &everything[..] } else { &options.what };
    if what.contains(&What::Core) {
        benchmark("core", &["--no-default-features"], &[])?;
    }
    let parts: Vec<&str> = what.iter().filter_map(|what| what.part()).collect();
    if parts.is_empty() {
        return Ok(());
    }
    python::ensure()?;
    let guest = workspace::target().join("guests/bench.wasm");
    fs::create_dir_all(workspace::target().join("guests"))?;
    guests::zig_cc(&workspace::root().join("benches/guest"), &guest, &["-mexec-model=reactor"])
        .context("cannot build the guest of the benchmarks")?;
    let guest = guest.to_str().context("the build directory's path is not UTF-8")?;
    benchmark("packed", &[], &[&[guest], parts.as_slice()].concat())
}

/// Builds and runs a benchmark. Everything is optimised: the engine's own part of a call to the host counts too.
fn benchmark(name: &str, options: &[&str], arguments: &[&str]) -> Result<()> {
    let mut cargo =
        process::cargo(&["run", "--quiet", "--release", "--package", "wasm-vfs-benches"]);
    cargo.args(options).args(["--bin", name, "--"]).args(arguments);
    process::run(&mut cargo)
}
