//! The program's `memory.grow`, page after page, while the filesystem holds what was written to it.
//!
//! In the portable form the filesystem lies above the program's memory, so it is moved when the program grows into it. Moves leave slack
//! in proportion to what was moved: all together they should move at most twice the bytes that there are in the end.

use anyhow::{Context, Result};
use wasm_vfs_benches::rounds::summary;
use wasm_vfs_benches::table::{Table, mark, time};

use crate::engines::wasmtime::Wasmtime;
use crate::engines::{Engine, Guest, Once, Program, Variants};
use crate::{Bench, trees};

const ROUNDS: usize = 5;

/// What the filesystem holds, in MiB.
const WRITTEN: [u32; 3] = [0, 64, 512];

/// How far the program grows where that is timed: 256 MiB.
const PAGES: u32 = 4096;

/// How far it grows where moves are counted, in MiB.
const GROWN: [u32; 2] = [256, 1024];

const WASM_PAGE_BYTES: u64 = 65_536;
const PAGES_PER_MIB: u32 = 16;

const WRITE: &str = "write a MiB";
const GROW: &str = "grow by a page";

/// How many times the bytes that there are in the end may be moved in all.
const AIM: f64 = 2.0;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("growth");
    trees::for_start(&root, 1)?;
    let variants = Variants::new(bench, &bench.guest, "growth", &root)?;
    moves(&variants)?;
    times(bench, &variants)?;
    variants.remove()?;
    std::fs::remove_dir_all(root)?;
    Ok(())
}

/// Counts what is moved. The module does it, so it is the same on every engine.
fn moves(variants: &Variants) -> Result<()> {
    println!(
        "\n### The program's memory.grow\n\nA program of the portable form grows page by page: what is moved\n"
    );
    let mut table = Table::new(&[
        "filesystem holds",
        "program grows by",
        "moves",
        "moved in all",
        "size in the end",
        "moved, of that",
        "aim",
        "",
    ]);
    for written in WRITTEN {
        for grown in GROWN {
            eprintln!("counting moves of {written} MiB while the program grows by {grown} MiB");
            let moved = Moved::count(variants, written, grown * PAGES_PER_MIB)?;
            let of_size = moved.bytes as f64 / moved.size as f64;
            table.row([
                format!("{written} MiB"),
                format!("{grown} MiB"),
                moved.moves.to_string(),
                mebibytes(moved.bytes),
                mebibytes(moved.size),
                format!("{of_size:.2}x"),
                format!("<= {AIM}x"),
                mark(of_size <= AIM).to_owned(),
            ]);
        }
    }
    table.print();
    Ok(())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// What was moved while a program grew.
#[derive(Default)]
struct Moved {
    moves: u32,
    bytes: u64,
    /// The program's memory and the filesystem's in the end, without slack.
    size: u64,
}

impl Moved {
    fn count(variants: &Variants, written: u32, pages: u32) -> Result<Moved> {
        let wasmtime = Wasmtime::new();
        let mut guest = wasmtime.start(&variants.portable)?;
        guest.call(WRITE, written)?;
        let mut moved = Moved::default();
        let mut base = guest.base()?;
        for _ in 0..pages {
            guest.call(GROW, 1)?;
            let now = guest.base()?;
            if now != base {
                // It lies on top of everything: what is above its base.
                moved.moves += 1;
                moved.bytes += guest.memory_bytes()? - now;
                base = now;
            }
        }
        let filesystem = guest.memory_bytes()? - base;
        let unpacked = Program { root: None, ..variants.host.clone() };
        let began = wasmtime.start(&unpacked)?.memory_bytes()?;
        moved.size = began + u64::from(pages) * WASM_PAGE_BYTES + filesystem;
        Ok(moved)
    }
}

fn times(bench: &Bench, variants: &Variants) -> Result<()> {
    let mut heads = vec!["engine".to_owned(), "unpacked".to_owned()];
    heads.extend(WRITTEN.map(|written| format!("isolated, {written} MiB")));
    heads.extend(WRITTEN.map(|written| format!("portable, {written} MiB")));
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for engine in &bench.engines {
        let mut runs = vec![(Some(Program { root: None, ..variants.host.clone() }), 0)];
        let isolated = engine.runs_isolated().then_some(&variants.isolated);
        runs.extend(WRITTEN.map(|written| (isolated.cloned(), written)));
        runs.extend(WRITTEN.map(|written| (Some(variants.portable.clone()), written)));
        let mut samples = vec![Vec::new(); runs.len()];
        for round in 1..=ROUNDS {
            eprintln!("growing on {}, round {round} of {ROUNDS}", engine.name());
            for ((program, written), samples) in runs.iter().zip(&mut samples) {
                let Some(program) = program else { continue };
                samples.push(once(engine.as_ref(), program, *written)?);
            }
        }
        let cells = samples.into_iter().map(|samples| {
            if samples.is_empty() { "-".to_owned() } else { time(summary(samples).median_ns) }
        });
        table.row(std::iter::once(engine.name().to_owned()).chain(cells));
    }
    println!(
        "\nThe time of one page, where the program grows by {} MiB, page by page, while the filesystem holds so much; medians of \
         {ROUNDS} fresh instances\n",
        PAGES / PAGES_PER_MIB
    );
    table.print();
    Ok(())
}

/// The nanoseconds that a page takes.
fn once(engine: &dyn Engine, program: &Program, written: u32) -> Result<f64> {
    let before = [(WRITE, written)];
    let before = if written == 0 { &[][..] } else { &before[..] };
    let once = Once { program: program.clone(), before, timed: (GROW, PAGES) };
    let ns = engine.once(&once).with_context(|| format!("growing on {}", engine.name()))?;
    Ok(ns / f64::from(PAGES))
}
