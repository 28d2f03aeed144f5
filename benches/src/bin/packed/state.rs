//! What a program changed: listing it, writing it as a state, starting with one, and undoing it, in trees of ten to a
//! million files.
//!
//! A state holds what differs, so it should cost what was changed, whatever the size of the tree.

use std::io::{Read as _, repeat};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use wasm_vfs::Form;
use wasm_vfs::embed::HostApi;
use wasm_vfs_benches::rounds::summary;
use wasm_vfs_benches::table::{Table, mark, time};
use wasmtime::Module;

use crate::engines::wasmtime::Instantiated;
use crate::{Bench, trees};

const ROUNDS: usize = 7;

/// How many files the trees have: a directory for each thousand.
const TREES: [u64; 3] = [10, 10_000, 1_000_000];

const FILES_PER_DIRECTORY: u64 = 1000;

/// What is written into new files.
struct Written {
    title: &'static str,
    files: u64,
    bytes_each: u64,
}

const WRITTEN: [Written; 2] = [
    Written { title: "10 changes", files: 10, bytes_each: 100 },
    Written { title: "100 MB written", files: 100, bytes_each: 1_000_000 },
];

/// How much longer ten changes may take in the largest tree than in the smallest.
const AIM: f64 = 2.0;

/// What one operation took, in nanoseconds, round after round.
#[derive(Default)]
struct Taken {
    list: Vec<f64>,
    write: Vec<f64>,
    start: Vec<f64>,
    start_with_state: Vec<f64>,
    revert: Vec<f64>,
    state_bytes: usize,
}

impl Taken {
    /// The median of listing and writing together: what grows with the tree if the tree is walked.
    fn of_writing(&self) -> f64 {
        summary(self.write.clone()).median_ns
    }
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    println!(
        "\n## What a program changed\n\nPortable form, under wasmtime, code compiled beforehand; medians of {ROUNDS} rounds\n"
    );
    let mut table = Table::new(&[
        "files in the tree",
        "changed",
        "list",
        "write the state",
        "its bytes",
        "start",
        "start with the state",
        "undo",
    ]);
    let mut few = Vec::new();
    for files in TREES {
        let root = bench.scratch.join("state");
        for directory in 0..files.div_ceil(FILES_PER_DIRECTORY) {
            let files = FILES_PER_DIRECTORY.min(files);
            trees::many(&root.join(format!("directory-{directory}")), files, 0)?;
        }
        let module = compiled(bench, &root)?;
        std::fs::remove_dir_all(&root)?;
        for written in &WRITTEN {
            eprintln!("{} in a tree of {files} files", written.title);
            let taken = measure(&module, written)?;
            table.row(row(files, written, &taken));
            if written.title == WRITTEN[0].title {
                few.push(taken.of_writing());
            }
        }
    }
    table.print();
    let ratio = few[few.len() - 1] / few[0];
    println!(
        "\nWriting the state of 10 changes in the largest tree takes {ratio:.2}x of that in the smallest (aim: <= {AIM}x, {}).",
        mark(ratio <= AIM)
    );
    Ok(())
}

fn compiled(bench: &Bench, root: &Path) -> Result<Module> {
    let packed = crate::packed(bench, root, Form::Portable)?;
    Ok(Module::new(&wasmtime::Engine::default(), packed)?)
}

fn row(files: u64, written: &Written, taken: &Taken) -> Vec<String> {
    let median = |samples: &[f64]| time(summary(samples.to_vec()).median_ns);
    vec![
        files.to_string(),
        written.title.to_owned(),
        median(&taken.list),
        median(&taken.write),
        taken.state_bytes.to_string(),
        median(&taken.start),
        median(&taken.start_with_state),
        median(&taken.revert),
    ]
}

fn measure(module: &Module, written: &Written) -> Result<Taken> {
    let mut taken = Taken::default();
    for _ in 0..ROUNDS {
        let (mut changed, took) = timed(|| Instantiated::new(module, None))?;
        taken.start.push(took);
        let tree = HostApi::new(&mut changed.store, &changed.instance)?;
        for number in 0..written.files {
            let contents = repeat(b'x').take(written.bytes_each);
            tree.put(&mut changed.store, &format!("/written/{number}"), 0o644, contents)?;
        }
        let (changes, took) = timed(|| Ok(tree.changes(&mut changed.store)?))?;
        anyhow::ensure!(changes.len() as u64 > written.files, "{} changes", changes.len());
        taken.list.push(took);
        let (state, took) = timed(|| Ok(tree.snapshot(&mut changed.store)?))?;
        taken.write.push(took);
        taken.state_bytes = state.len();
        let (mut restored, took) = timed(|| {
            let mut fresh = Instantiated::new(module, None)?;
            let tree = HostApi::new(&mut fresh.store, &fresh.instance)?;
            tree.restore(&mut fresh.store, &state)?;
            Ok(fresh)
        })?;
        taken.start_with_state.push(took);
        let tree = HostApi::new(&mut restored.store, &restored.instance)?;
        let again = tree.snapshot(&mut restored.store)?;
        anyhow::ensure!(again == state, "what was restored has another state");
        taken.revert.push(timed(|| Ok(tree.revert(&mut restored.store)?))?.1);
        let left = tree.changes(&mut restored.store).context("after what was changed is undone")?;
        anyhow::ensure!(left.is_empty(), "{} changes are left", left.len());
    }
    Ok(taken)
}

/// What `work` returns, and how many nanoseconds it took.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let begun = Instant::now();
    let result = work()?;
    let took: Duration = begun.elapsed();
    Ok((result, took.as_secs_f64() * 1e9))
}
