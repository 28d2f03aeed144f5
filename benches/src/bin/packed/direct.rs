//! Linux's calls beside their twins of preview1: one guest under wasmtime, both ways in turn.

use std::cell::RefCell;

use anyhow::{Context, Result};
use wasm_vfs::{Form, Program, TreeBuilder};
use wasm_vfs_benches::rounds::{Batch, Timing, interleaved};
use wasm_vfs_benches::table::{Table, mark, time};
use wasmtime::{Engine, Module};

use crate::engines::Guest;
use crate::engines::wasmtime::Instantiated;
use crate::{Bench, trees};

const ROUNDS: usize = 41;

/// The operations of `guest/direct/main.c`.
const OPERATIONS: [&str; 7] = [
    "stat",
    "stat, eight directories deep",
    "fstat",
    "open+close",
    "lseek+read 64 B",
    "pread 64 B",
    "read or map 16 MB, and sum it up",
];

/// The ways in: what the names of their exports begin with.
const WAYS: [&str; 2] = ["preview1", "direct"];

/// How much longer than its twin a direct call may take.
const AIM: f64 = 1.0;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("direct");
    trees::for_calls(&root)?;
    let guest = std::fs::read(&bench.direct)
        .with_context(|| format!("cannot read {}", bench.direct.display()))?;
    let engine = Engine::default();
    let mut instances = Vec::new();
    for form in [Form::Portable, Form::Isolated] {
        let packed = wasm_vfs::Packer::new(TreeBuilder::new().dir(&root, "/"))
            .form(form)
            .pack(Program::bytes("direct", &guest))?
            .to_vec()?;
        let instance = Instantiated::new(&Module::new(&engine, packed)?, None)?;
        instances.push(RefCell::new(instance));
    }
    let mut cases: Vec<Batch<'_>> = Vec::new();
    for operation in OPERATIONS {
        for instance in &instances {
            for way in WAYS {
                let export = format!("{way}: {operation}");
                cases.push(Box::new(move |count| {
                    let count = u32::try_from(count).unwrap_or(u32::MAX);
                    if let Err(error) = instance.borrow_mut().call(&export, count) {
                        panic!("{export}: {error:?}");
                    }
                }));
            }
        }
    }
    let timings = interleaved(ROUNDS, &mut cases);
    println!(
        "\nLinux's calls and their twins of preview1 under wasmtime; medians of {ROUNDS} interleaved rounds\n"
    );
    print(&timings);
    std::fs::remove_dir_all(root)?;
    Ok(())
}

/// Four timings an operation: both ways in the portable form, then in the isolated one.
fn print(timings: &[Timing]) {
    let mut table = Table::new(&[
        "operation",
        "preview1",
        "direct",
        "direct/preview1",
        "aim",
        "",
        "isolated",
        "aim",
        "",
    ]);
    for (operation, timings) in OPERATIONS.iter().zip(timings.chunks(2 * WAYS.len())) {
        let [preview1, direct, isolated @ ..] = timings else { continue };
        let ratio = |preview1: &Timing, direct: &Timing| direct.median_ns / preview1.median_ns;
        let portable = ratio(preview1, direct);
        let isolated = match isolated {
            [preview1, direct] => ratio(preview1, direct),
            _ => f64::NAN,
        };
        table.row([
            (*operation).to_owned(),
            time(preview1.median_ns),
            time(direct.median_ns),
            format!("{portable:.2}x"),
            format!("<= {AIM}x"),
            mark(portable <= AIM).to_owned(),
            format!("{isolated:.2}x"),
            format!("<= {AIM}x"),
            mark(isolated <= AIM).to_owned(),
        ]);
    }
    table.print();
}
