//! A program that computes and makes no file calls, packed and as it was, on every engine. Packing must not slow it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use wasm_vfs_benches::rounds::{ratio, summary};
use wasm_vfs_benches::table::{Table, mark, time};

use crate::engines::{Case, Engine, Plan, Program, Variants};
use crate::{Bench, trees};

/// Each time with new instances: where an instance's memory and code happen to lie makes a difference that no rounds take out.
const INSTANCES: usize = 5;
/// Of each instance.
const ROUNDS: usize = 15;
const BATCH: Duration = Duration::from_millis(4);
const WARM_UP: Duration = Duration::from_millis(50);

/// The exports of `guest/compute/main.c`.
const KERNELS: [&str; 5] = [
    // The first finds the caches full of another program, so it is the one that goes through the least memory; the last goes through the most.
    "sort 4,096 numbers",
    "multiply 48x48 matrices",
    "build and free a tree of 2,048 nodes",
    "allocate 4,096 times, asking memory.size",
    "hash 256 KiB",
];

/// How much longer than unpacked it may take.
const AIM: f64 = 1.02;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("compute");
    trees::for_start(&root, 1)?;
    let variants = Variants::new(bench, &bench.compute, "compute", &root)?;
    let mut table =
        Table::new(&["kernel", "engine", "unpacked", "portable", "isolated", "aim", ""]);
    for engine in &bench.engines {
        eprintln!("computing on {}", engine.name());
        on_engine(engine.as_ref(), &variants, &mut table)?;
    }
    println!(
        "\n### A program that makes no file calls\n\nIts time unpacked, and as a multiple of that when packed; medians of {} rounds\n",
        INSTANCES * ROUNDS
    );
    table.print();
    variants.remove()?;
    std::fs::remove_dir_all(root)?;
    Ok(())
}

fn on_engine(engine: &dyn Engine, variants: &Variants, table: &mut Table) -> Result<()> {
    let unpacked = Program { root: None, ..variants.host.clone() };
    let packed = engine.forms().iter().map(|&form| variants.packed(form).clone());
    let programs: Vec<Program> = std::iter::once(unpacked).chain(packed).collect();
    let each = programs.len();
    // All kernels of one program, then of the next: so each finds the caches as the same kernel of the same program left them, whichever
    // program it is.
    let cases: Vec<_> = (0..each)
        .flat_map(|program| KERNELS.map(|operation| Case { program, operation }))
        .collect();
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    let plan = Plan { programs, cases, rounds: ROUNDS, batch: BATCH, warm_up: WARM_UP };
    for _ in 0..INSTANCES {
        let found = engine.samples(&plan).with_context(|| format!("on {}", engine.name()))?;
        for ((samples, found), case) in samples.iter_mut().zip(found).zip(&plan.cases) {
            match found {
                Ok(found) => samples.extend(found),
                Err(error) => bail!("{} on {}: {error}", case.operation, engine.name()),
            }
        }
    }
    let (unpacked, packed) = samples.split_at(KERNELS.len());
    for (number, (kernel, unpacked)) in KERNELS.iter().zip(unpacked).enumerate() {
        let ratios: Vec<f64> =
            packed.chunks(KERNELS.len()).map(|of| ratio(&of[number], unpacked)).collect();
        let cell = |form: usize| {
            ratios.get(form).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}x"))
        };
        table.row([
            (*kernel).to_owned(),
            engine.name().to_owned(),
            time(summary(unpacked.clone()).median_ns),
            cell(0),
            cell(1),
            format!("<= {AIM}x"),
            mark(ratios.iter().all(|&ratio| ratio <= AIM)).to_owned(),
        ]);
    }
    Ok(())
}
