//! Start-up on every engine: fresh processes that load a program, read its first file and end.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use wasm_vfs::Form;
use wasm_vfs_benches::rounds::summary;
use wasm_vfs_benches::table::{Table, mark, time};

use crate::engines::wasmtime::Memory;
use crate::engines::{Engine, Program, Variants};
use crate::{Bench, trees};

/// The trees: their sizes in MB, and how many rounds there are with each.
const TREES: [(u64, usize); 3] = [(1, 11), (100, 11), (1000, 5)];

/// The tree that the aims are for.
const WITH_AIM: usize = 1;

/// What a start took.
struct Start {
    ns: f64,
    peak_bytes: f64,
}

/// Starts a process and takes its time; it prints its peak memory in bytes.
fn start(command: &mut Command) -> Result<Start> {
    let begun = Instant::now();
    let output = command.output()?;
    let took = begun.elapsed();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    let peak_bytes = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Start { ns: took.as_secs_f64() * 1e9, peak_bytes })
}

/// What a start should take at most.
#[derive(Clone, Copy)]
struct Aim {
    milliseconds: f64,
    /// `None`: no matter.
    megabytes: Option<f64>,
}

impl Aim {
    fn met(self, took: &Start) -> bool {
        took.ns <= self.milliseconds * 1e6
            && self.megabytes.is_none_or(|megabytes| took.peak_bytes <= megabytes * 1e6)
    }
}

/// A way to start the guest.
struct Way {
    engine: String,
    /// Where its files are, and how it is loaded.
    program: String,
    aim: Option<Aim>,
    command: Command,
}

/// The ways of wasmtime, with code compiled beforehand.
fn ways_of_wasmtime(bench: &Bench, name: &str, variants: &Variants) -> Result<Vec<Way>> {
    let way = |program: &Program, place: &str, memory: Memory, aim: Option<Aim>| -> Result<Way> {
        let compiled = bench.scratch.join(format!("start-{place}.cwasm"));
        let code = memory.engine()?.precompile_module(&std::fs::read(&program.module)?)?;
        std::fs::write(&compiled, code)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["start-child", "wasmtime", memory.word()]).arg(compiled).args(&program.root);
        Ok(Way { engine: name.to_owned(), program: place.to_owned(), aim, command })
    };
    let Variants { host, portable, isolated } = variants;
    let aim = Some(Aim { milliseconds: 9.0, megabytes: Some(25.0) });
    Ok(vec![
        way(host, "host directory", Memory::CopyOnWrite, None)?,
        way(portable, "portable", Memory::CopyOnWrite, None)?,
        way(portable, "portable, without copy-on-write", Memory::Copied, aim)?,
        way(isolated, "isolated, without copy-on-write", Memory::Copied, None)?,
    ])
}

/// The ways of another engine, which compiles or translates what it loads.
fn ways_of(engine: &dyn Engine, variants: &Variants) -> Vec<Way> {
    // Of the Node that is known to have multi-memory.
    let portable_aim = (engine.name().starts_with("Node") && engine.runs_isolated())
        .then_some(Aim { milliseconds: 240.0, megabytes: None });
    let packed = engine.forms().iter().map(|&form| {
        let aim = if form == Form::Portable { portable_aim } else { None };
        (form.to_string(), variants.packed(form), aim)
    });
    std::iter::once(("host directory".to_owned(), &variants.host, None))
        .chain(packed)
        .filter_map(|(place, program, aim)| {
            let command = engine.start(program)?;
            Some(Way { engine: engine.name().to_owned(), program: place, aim, command })
        })
        .collect()
}

/// Starts all of them in turn, round after round. One that fails is not started again.
fn measure(ways: &mut [Way], megabytes: u64, rounds: usize) -> Vec<Result<Vec<Start>>> {
    let mut starts: Vec<Result<Vec<Start>>> = ways.iter().map(|_| Ok(Vec::new())).collect();
    for round in 1..=rounds {
        eprintln!("starting programs with {megabytes} MB, round {round} of {rounds}");
        for (way, starts) in ways.iter_mut().zip(&mut starts) {
            let Ok(so_far) = starts else { continue };
            match start(&mut way.command) {
                Ok(start) => so_far.push(start),
                Err(error) => {
                    eprintln!("{}, {}: {error:#}", way.engine, way.program);
                    *starts = Err(error);
                }
            }
        }
    }
    starts
}

/// The medians of a way's starts with one tree; `None` if it failed.
type Medians = Option<Start>;

fn medians(starts: Result<Vec<Start>>) -> Medians {
    let starts = starts.ok()?;
    let median = |of: fn(&Start) -> f64| summary(starts.iter().map(of).collect()).median_ns;
    Some(Start { ns: median(|start| start.ns), peak_bytes: median(|start| start.peak_bytes) })
}

fn row(table: &mut Table, way: &Way, medians: &[Medians]) {
    let mut cells = vec![way.engine.clone(), way.program.clone()];
    cells.extend(medians.iter().map(|medians| match medians {
        Some(Start { ns, peak_bytes }) => format!("{}, {:.0} MB", time(*ns), peak_bytes / 1e6),
        None => "fails".to_owned(),
    }));
    if let Some(aim) = way.aim {
        let megabytes = aim.megabytes.map_or_else(String::new, |mb| format!(", {mb} MB"));
        cells.push(format!("<= {} ms{megabytes}", aim.milliseconds));
        cells.push(mark(medians[WITH_AIM].as_ref().is_some_and(|took| aim.met(took))).to_owned());
    }
    table.row(cells);
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let mut rows: Vec<(Way, Vec<Medians>)> = Vec::new();
    for (megabytes, rounds) in TREES {
        eprintln!("packing {megabytes} MB to start programs with");
        let root = bench.scratch.join("start");
        trees::for_start(&root, megabytes)?;
        let variants = Variants::new(bench, &bench.guest, "start", &root)?;
        let mut ways = Vec::new();
        for engine in &bench.engines {
            if engine.start(&variants.host).is_some() {
                ways.extend(ways_of(engine.as_ref(), &variants));
            } else {
                ways.extend(ways_of_wasmtime(bench, engine.name(), &variants)?);
            }
        }
        let starts = measure(&mut ways, megabytes, rounds);
        // The ways are the same with every tree.
        rows.extend(ways.into_iter().skip(rows.len()).map(|way| (way, Vec::new())));
        for ((_, medians_of_trees), starts) in rows.iter_mut().zip(starts) {
            medians_of_trees.push(medians(starts));
        }
        variants.remove()?;
        std::fs::remove_dir_all(root)?;
    }
    println!(
        "\n### Start-up\n\nA fresh process that loads a program (wasmtime: code that was compiled beforehand) and reads a file; time and peak \
         memory, medians of {} rounds, {} with the largest tree\n",
        TREES[0].1, TREES[2].1
    );
    let mut heads = vec!["engine".to_owned(), "program".to_owned()];
    heads.extend(TREES.map(|(megabytes, _)| format!("{megabytes} MB")));
    heads.extend([format!("aim at {} MB", TREES[WITH_AIM].0), String::new()]);
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for (way, medians) in &rows {
        row(&mut table, way, medians);
    }
    table.print();
    Ok(())
}
