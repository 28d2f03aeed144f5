//! A packed program against the same program on a directory of the host, and on an adapter that does nothing, in one
//! run: `cargo xtask bench calls`, `pack`, `state`, `engines` or `start`.
//!
//! * `calls`: one guest under wasmtime, operation after operation, on every variant in turn.
//! * `direct`: Linux's calls beside their twins of preview1.
//! * `pack`: packing itself, and what it adds to a program.
//! * `state`: what a program changed: listed, written, started with, and undone.
//! * `ratios`: the same guest on every engine, packed and on a directory of the host.
//! * `compute`: a program that makes no file calls, on every engine, packed and as it was.
//! * `growth`: the program's `memory.grow`, while the filesystem holds much.
//! * `preinit`: starting an interpreter that ran when it was packed.
//! * `start`: start-up time and memory of fresh processes on every engine, with trees of 1 MB to 1 GB.
//!
//! wasmtime is built like the rest of a release: its compiler makes the same code however it was built itself, but the calls to the host
//! that the tmpfs variant makes would be slow in a debug build.

mod calls;
mod compute;
mod direct;
mod engines;
mod growth;
mod pack;
mod preinit;
mod ratios;
mod start;
mod state;
mod trees;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The parts that are about every engine.
const ON_EVERY_ENGINE: [&str; 4] = ["ratios", "compute", "growth", "start"];

/// Where everything is.
struct Bench {
    /// The guest program, `guest/main.c`.
    guest: PathBuf,
    /// The guest that computes, `guest/compute/main.c`.
    compute: PathBuf,
    /// The guest that makes Linux's calls, `guest/direct/main.c`.
    direct: PathBuf,
    /// The guest that runs JavaScript, of the tests.
    quickjs: PathBuf,
    /// The engines that are there; none if no part asks for them.
    engines: Vec<Box<dyn engines::Engine>>,
    /// A directory on a tmpfs that goes when the run ends.
    scratch: PathBuf,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        // This program starts itself where something is to be seen in a fresh process.
        ["start-child", "wasmtime", memory, module, root @ ..] => {
            engines::wasmtime::child(module, memory, root)
        }
        ["start-child", "wasmi", module, root @ ..] => engines::wasmi_child(module, root),
        ["pack-child", guest, tree, output] => pack::child(guest, tree, output),
        [guests, tools, parts @ ..] if !parts.is_empty() => all(guests, tools, parts),
        _ => bail!(
            "usage: packed GUESTS-DIRECTORY TOOLS-DIRECTORY calls|direct|pack|state|preinit|ratios|compute|growth|start ..."
        ),
    }
}

fn all(guests: &str, tools: &str, parts: &[&str]) -> Result<()> {
    let scratch = tempfile::tempdir_in("/dev/shm").context("a tmpfs at /dev/shm is needed")?;
    let guests = Path::new(guests);
    let bench = Bench {
        guest: guests.join("bench.wasm"),
        compute: guests.join("bench-compute.wasm"),
        direct: guests.join("bench-direct.wasm"),
        quickjs: guests.join("quickjs.wasm"),
        engines: if parts.iter().any(|part| ON_EVERY_ENGINE.contains(part)) {
            engines::all(Path::new(tools))
        } else {
            Vec::new()
        },
        scratch: scratch.path().to_owned(),
    };
    for &part in parts {
        match part {
            "calls" => calls::run(&bench)?,
            "direct" => direct::run(&bench)?,
            "pack" => pack::run(&bench)?,
            "state" => state::run(&bench)?,
            "ratios" => ratios::run(&bench)?,
            "compute" => compute::run(&bench)?,
            "growth" => growth::run(&bench)?,
            "preinit" => preinit::run(&bench)?,
            "start" => start::run(&bench)?,
            other => bail!("no part is called {other}"),
        }
    }
    Ok(())
}

/// The high-water mark of this process's resident memory, in bytes.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kib * 1024)
}

/// What packs a tree: with the adapter of the tool, or with another build of it, which this variable names.
fn packer(tree: wasm_vfs::TreeBuilder) -> Result<wasm_vfs::Packer> {
    let packer = wasm_vfs::Packer::new(tree);
    match std::env::var_os("WASM_VFS_BENCH_ADAPTER") {
        Some(path) => Ok(packer.adapter_core(std::fs::read(path)?)),
        None => Ok(packer),
    }
}

/// The guest, packed with a tree.
fn packed(bench: &Bench, tree: &Path, form: wasm_vfs::Form) -> Result<Vec<u8>> {
    let tree = wasm_vfs::TreeBuilder::new().dir(tree, "/");
    Ok(packer(tree)?.form(form).pack(wasm_vfs::Program::file(&bench.guest))?.to_vec()?)
}
