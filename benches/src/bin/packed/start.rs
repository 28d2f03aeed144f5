//! Start-up: fresh processes that load a packed program, read its first file and end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use wasm_vfs::Form;
use wasm_vfs_benches::rounds::summary;
use wasm_vfs_benches::table::{Table, mark, time};
use wasmtime::{Config, Engine, Linker, Module, Store};
use wasmtime_wasi::p1;

use crate::{Bench, trees};

/// Sizes of the trees, in MB.
const TREES: [u64; 3] = [1, 100, 1000];

const ROUNDS: usize = 11;

/// The program that starts the guest under Node.
const NODE: &str = include_str!("../../../guest/start.mjs");

/// What a start took.
struct Start {
    ns: f64,
    peak_bytes: f64,
}

fn engine(memory: &str) -> Result<Engine> {
    let mut config = Config::new();
    config.memory_init_cow(match memory {
        "cow" => true,
        "no-cow" => false,
        other => bail!("no kind of memory is called {other}"),
    });
    Ok(Engine::new(&config)?)
}

/// What the fresh process does: load, instantiate, read a file, and say how much memory that took.
pub(crate) fn child(module: &str, memory: &str, root: &[&str]) -> Result<()> {
    let engine = engine(memory)?;
    // SAFETY: `run` has just made the file by `Engine::precompile_module`.
    let module = unsafe { Module::deserialize_file(&engine, module)? };
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    let root = root.first().map(Path::new);
    let mut store = Store::new(&engine, crate::calls::context(root)?);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_initialize")?.call(&mut store, ())?;
    instance.get_typed_func::<u32, ()>(&mut store, "read a file")?.call(&mut store, 1)?;
    println!("{}", crate::peak_memory()?);
    Ok(())
}

/// Starts a process and takes its time; it prints its peak memory in bytes.
fn start(command: &mut Command) -> Result<Start> {
    let begun = Instant::now();
    let output = command.stderr(Stdio::inherit()).output()?;
    let took = begun.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    let peak_bytes = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Start { ns: took.as_secs_f64() * 1e9, peak_bytes })
}

/// A way to start the guest: its name, its aims at 100 MB (milliseconds and MB), and the command.
struct Way {
    name: &'static str,
    aim: Option<(f64, f64)>,
    command: Command,
}

fn way(name: &'static str, aim: Option<(f64, f64)>, program: &Path, arguments: &[&Path]) -> Way {
    let mut command = Command::new(program);
    command.args(arguments);
    Way { name, aim, command }
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let this = std::env::current_exe()?;
    let node_script = bench.scratch.join("start.mjs");
    std::fs::write(&node_script, NODE)?;
    let mut table = Table::new(&["start", "tree", "time", "peak memory", "aim", ""]);
    for megabytes in TREES {
        let root = bench.scratch.join(format!("tree-{megabytes}"));
        trees::for_start(&root, megabytes)?;
        let guest = std::fs::read(&bench.guest)?;
        let file = |name: &str| bench.scratch.join(format!("{name}-{megabytes}"));
        let (wasm, host) = (file("packed.wasm"), file("host.cwasm"));
        let (cow, no_cow) = (file("cow.cwasm"), file("no-cow.cwasm"));
        let isolated = file("isolated.cwasm");
        let packed = crate::packed(bench, &root, Form::Portable)?;
        std::fs::write(&wasm, &packed)?;
        std::fs::write(&host, engine("cow")?.precompile_module(&guest)?)?;
        std::fs::write(&cow, engine("cow")?.precompile_module(&packed)?)?;
        std::fs::write(&no_cow, engine("no-cow")?.precompile_module(&packed)?)?;
        drop(packed);
        let packed = crate::packed(bench, &root, Form::Isolated)?;
        std::fs::write(&isolated, engine("no-cow")?.precompile_module(&packed)?)?;
        drop(packed);
        let [child, with_cow, without] = ["start-child", "cow", "no-cow"].map(Path::new);
        let mut ways = [
            way("wasmtime on a host directory", None, &this, &[child, &host, with_cow, &root]),
            way("wasmtime, portable", None, &this, &[child, &cow, with_cow]),
            way(
                "wasmtime without copy-on-write, portable",
                (megabytes == 100).then_some((9.0, 25.0)),
                &this,
                &[child, &no_cow, without],
            ),
            way(
                "wasmtime without copy-on-write, isolated",
                None,
                &this,
                &[child, &isolated, without],
            ),
            way(
                "Node, portable",
                (megabytes == 100).then_some((240.0, f64::INFINITY)),
                Path::new("node"),
                &[Path::new("--no-warnings"), &node_script, &wasm],
            ),
        ];
        let mut samples: Vec<(Vec<f64>, Vec<f64>)> =
            ways.iter().map(|_| Default::default()).collect();
        for _ in 0..ROUNDS {
            for (way, (ns, bytes)) in ways.iter_mut().zip(&mut samples) {
                let start = start(&mut way.command).with_context(|| way.name)?;
                ns.push(start.ns);
                bytes.push(start.peak_bytes);
            }
        }
        for (way, (ns, bytes)) in ways.iter().zip(samples) {
            let (ns, bytes) = (summary(ns).median_ns, summary(bytes).median_ns);
            let met = way.aim.map(|(ms, mb)| ns <= ms * 1e6 && bytes <= mb * 1e6);
            table.row([
                way.name.to_owned(),
                format!("{megabytes} MB"),
                time(ns),
                format!("{:.0} MB", bytes / 1e6),
                way.aim.map_or_else(String::new, |(ms, mb)| {
                    if mb.is_finite() {
                        format!("<= {ms} ms, {mb} MB")
                    } else {
                        format!("<= {ms} ms")
                    }
                }),
                met.map_or("", mark).to_owned(),
            ]);
        }
        for path in [wasm, host, cow, no_cow, isolated] {
            std::fs::remove_file(path)?;
        }
        std::fs::remove_dir_all(root)?;
    }
    println!(
        "\nStart-up: a fresh process that loads compiled code and reads a file; medians of {ROUNDS} rounds\n"
    );
    table.print();
    Ok(())
}
