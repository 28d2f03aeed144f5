//! What `pack --preinit` saves: QuickJS starts and loads a program's modules, at each start or once when it is packed.
//!
//! A start is a fresh instance of compiled code under wasmtime, run to its end.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_vfs::{Form, Preinit, Program, TreeBuilder};
use wasm_vfs_benches::rounds::{Batch, interleaved};
use wasm_vfs_benches::table::{Table, time};
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::Bench;

/// How many modules the program has, and how many functions each of them.
const MODULES: u32 = 50;
const FUNCTIONS: u32 = 100;

const ROUNDS: usize = 21;

/// What the program prints at its end.
const ANSWER: &str = "4950\n";

/// `/app/init.js`, which imports the modules, and `/app/main.js`, which uses one.
fn program(root: &Path) -> Result<()> {
    let app = root.join("app");
    std::fs::create_dir_all(&app)?;
    let mut init = String::new();
    for module in 0..MODULES {
        writeln!(
            init,
            "import * as m{module} from './m{module}.js';\nglobalThis.m{module} = m{module};"
        )?;
        let mut text = String::new();
        for function in 0..FUNCTIONS {
            writeln!(
                text,
                "export function f{function}(x) {{ return {{ sum: x + {function}, of: [x, '{module}'] }}; }}"
            )?;
        }
        std::fs::write(app.join(format!("m{module}.js")), text)?;
    }
    std::fs::write(app.join("init.js"), init)?;
    let main = format!(
        "let sum = 0;\nfor (let n = 0; n < {FUNCTIONS}; n++) sum += m7['f' + n](0).sum;\nprint(sum);\n"
    );
    Ok(std::fs::write(app.join("main.js"), main)?)
}

/// Instantiates the program, runs it, and checks what it said.
fn start(module: &Module, linker: &Linker<WasiP1Ctx>, root: Option<&Path>) -> Result<()> {
    let stdout = MemoryOutputPipe::new(4096);
    let mut wasi = WasiCtxBuilder::new();
    wasi.allow_blocking_current_thread(true).args(&["quickjs", "/app/main.js"]);
    wasi.stdout(stdout.clone()).inherit_stderr();
    if let Some(root) = root {
        wasi.preopened_dir(root, "/", FsPerms::ReadWrite)?;
    }
    let mut store = Store::new(module.engine(), wasi.build_p1());
    let instance = linker.instantiate(&mut store, module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
    drop(store);
    let said = stdout.contents();
    anyhow::ensure!(said == ANSWER, "it said {:?}", String::from_utf8_lossy(&said));
    Ok(())
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("preinit");
    program(&root)?;
    let program = std::fs::read(&bench.quickjs).context("cannot read the guest QuickJS")?;
    let packer = || crate::packer(TreeBuilder::new().dir(&root, "/"));
    let packed = |form| {
        packer()?
            .form(form)
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
    };
    let initialised = |form| {
        packer()?
            .form(form)
            .preinit(Preinit::new("init"))
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
    };
    let ways = [
        ("on a host directory", program.clone(), Some(root.as_path())),
        ("packed, portable", packed(Form::Portable)?, None),
        ("packed, isolated", packed(Form::Isolated)?, None),
        ("packed after init, portable", initialised(Form::Portable)?, None),
        ("packed after init, isolated", initialised(Form::Isolated)?, None),
    ];
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    let mut cases: Vec<Batch<'_>> = Vec::new();
    for (name, bytes, root) in &ways {
        let module = Module::new(&engine, bytes)?;
        start(&module, &linker, *root).with_context(|| format!("QuickJS {name}"))?;
        let linker = &linker;
        cases.push(Box::new(move |count| {
            for _ in 0..count {
                // It was seen to work.
                let _ = start(&module, linker, *root);
            }
        }));
    }
    eprintln!("starting QuickJS in {} ways, {ROUNDS} rounds", ways.len());
    let timings = interleaved(ROUNDS, &mut cases);
    let mut table = Table::new(&["QuickJS", "time", "of the start packed", "module"]);
    let reference = timings[1].median_ns;
    for ((name, bytes, _), timing) in ways.iter().zip(&timings) {
        table.row([
            (*name).to_owned(),
            time(timing.median_ns),
            format!("{:.3}x", timing.median_ns / reference),
            format!("{:.2} MB", bytes.len() as f64 / 1e6),
        ]);
    }
    println!(
        "\nStarting QuickJS with {MODULES} modules of {FUNCTIONS} functions each: instance, start and end under wasmtime, code compiled \
         beforehand; medians of {ROUNDS} interleaved rounds\n"
    );
    table.print();
    Ok(())
}
