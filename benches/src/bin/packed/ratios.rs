//! Calls on every engine: the guest packed in both forms, against the guest on a directory of the host.

use std::time::Duration;

use anyhow::{Context, Result};
use wasm_vfs_benches::rounds::{ratio, summary};
use wasm_vfs_benches::table::{Table, mark, time, times};

use crate::engines::{Case, Engine, Plan, Samples, Variants};
use crate::{Bench, trees};

const ROUNDS: usize = 21;
const BATCH: Duration = Duration::from_millis(3);
const WARM_UP: Duration = Duration::from_millis(100);

/// Exports of the guest. `calls.rs` has more of them, for one engine.
const OPERATIONS: [&str; 12] = [
    "stat in a directory of 1",
    "stat in a directory of 1,000",
    "stat, eight directories deep",
    "fstat",
    "open+close",
    "open+read 4 KiB+close",
    "lseek+read 64 B",
    "sequential read, 64 KiB",
    "create+write 4 KiB+close+unlink",
    "append 4 KiB",
    "rename",
    "readdir of 1,000",
];

/// How many times faster than on the host's directory each operation should be at least.
const AIM: f64 = 1.0;

/// The programs of a plan.
const HOST: usize = 0;
const PORTABLE: usize = 1;
const ISOLATED: usize = 2;

/// What an operation took on an engine, in each of the programs that it runs.
struct Row {
    host: Samples,
    portable: Samples,
    isolated: Option<Samples>,
}

/// An engine and its rows, in the order of [`OPERATIONS`].
struct Column {
    engine: String,
    rows: Vec<Row>,
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("ratios");
    trees::for_calls(&root)?;
    let variants = Variants::new(bench, &bench.guest, "ratios", &root)?;
    let mut columns = Vec::new();
    for engine in &bench.engines {
        eprintln!("calls on {}", engine.name());
        columns.push(column(engine.as_ref(), &variants)?);
    }
    print_times(&columns);
    print_isolated(&columns);
    print_summary(&columns);
    variants.remove()?;
    std::fs::remove_dir_all(root)?;
    Ok(())
}

fn column(engine: &dyn Engine, variants: &Variants) -> Result<Column> {
    let mut programs = vec![variants.host.clone(), variants.portable.clone()];
    if engine.runs_isolated() {
        programs.push(variants.isolated.clone());
    }
    // All operations of one program, then of the next: each follows the same one whichever program it is.
    let cases: Vec<_> = (0..programs.len())
        .flat_map(|program| OPERATIONS.map(|operation| Case { program, operation }))
        .collect();
    let plan = Plan { cases, programs, rounds: ROUNDS, batch: BATCH, warm_up: WARM_UP };
    let samples = engine.samples(&plan).with_context(|| format!("calls on {}", engine.name()))?;
    let rows = (0..OPERATIONS.len())
        .map(|operation| {
            let sample = |program: usize| samples.get(program * OPERATIONS.len() + operation);
            let missing = "the engine's answer is too short";
            Ok(Row {
                host: sample(HOST).cloned().context(missing)?,
                portable: sample(PORTABLE).cloned().context(missing)?,
                isolated: sample(ISOLATED).cloned(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Column { engine: engine.name().to_owned(), rows })
}

impl Row {
    fn times_faster(&self) -> Option<f64> {
        Some(ratio(self.host.as_ref().ok()?, self.portable.as_ref().ok()?))
    }

    fn isolated_of_portable(&self) -> Option<f64> {
        Some(ratio(self.isolated.as_ref()?.as_ref().ok()?, self.portable.as_ref().ok()?))
    }
}

fn median(samples: &Samples) -> Option<f64> {
    samples.as_ref().ok().map(|samples| summary(samples.clone()).median_ns)
}

/// A table with an operation in each row and an engine in each column.
fn matrix(columns: &[Column], cell: impl Fn(&Row) -> String) {
    let heads = std::iter::once("operation").chain(columns.iter().map(|c| c.engine.as_str()));
    let mut table = Table::new(&heads.collect::<Vec<_>>());
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let cells = columns.iter().map(|column| cell(&column.rows[number]));
        table.row(std::iter::once((*operation).to_owned()).chain(cells));
    }
    table.print();
}

fn print_times(columns: &[Column]) {
    println!(
        "\n### Calls\n\nThe portable form: the time of an operation, and how many times faster that is than on a directory of the host; medians of \
         {ROUNDS} rounds\n"
    );
    matrix(columns, |row| {
        let portable = median(&row.portable).map_or_else(|| "fails".to_owned(), time);
        let faster = row.times_faster().map_or_else(|| "-".to_owned(), times);
        format!("{portable}, {faster}")
    });
    for column in columns {
        let failed = OPERATIONS.iter().zip(&column.rows).filter_map(|(operation, row)| {
            row.host.as_ref().err().map(|error| format!("{operation} ({error})"))
        });
        let failed: Vec<String> = failed.collect();
        if !failed.is_empty() {
            println!(
                "\nOn a directory of the host {} itself fails: {}.",
                column.engine,
                failed.join(", ")
            );
        }
    }
}

fn print_isolated(columns: &[Column]) {
    println!("\nThe isolated form: its time as a multiple of the portable form's\n");
    matrix(columns, |row| {
        row.isolated_of_portable().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x"))
    });
}

fn print_summary(columns: &[Column]) {
    println!("\nAll of these operations\n");
    let mut table = Table::new(&[
        "engine",
        "compared",
        "least faster than host",
        "mean",
        "most",
        "aim for the least",
        "",
        "isolated of portable, mean",
    ]);
    for column in columns {
        let faster: Vec<f64> = column.rows.iter().filter_map(Row::times_faster).collect();
        let isolated: Vec<f64> = column.rows.iter().filter_map(Row::isolated_of_portable).collect();
        let least = faster.iter().copied().fold(f64::INFINITY, f64::min);
        let most = faster.iter().copied().fold(0.0, f64::max);
        let isolated = geometric_mean(&isolated).map(|mean| format!("{mean:.2}x"));
        table.row([
            column.engine.clone(),
            format!("{} of {}", faster.len(), OPERATIONS.len()),
            times(least),
            geometric_mean(&faster).map_or_else(String::new, times),
            times(most),
            format!(">= {AIM}x"),
            mark(least >= AIM).to_owned(),
            isolated.unwrap_or_else(|| "has no multi-memory".to_owned()),
        ]);
    }
    table.print();
}

fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (logarithms / ratios.len() as f64).exp())
}
