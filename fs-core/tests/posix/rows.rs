//! Tables of (setup, call, expected): `rows/*.rows`.
//!
//! A row is a line `call; call; call => expected`. All calls but the last are setup and must
//! succeed, unless they have an `=>` of their own. A line that begins with a blank goes on with the
//! row before it; `#` begins a comment. A line `limits PAGES INODES` gives the rows after it a
//! filesystem of that size. Each row starts with an empty tree, a superuser, umask 022 and no
//! descriptor.
//!
//! Whoever writes a row may leave `=> ?` in it: the test fails, and prints the row as Linux answers
//! it.
//!
//! `=> deviation VALUE` is what fs-core answers where it differs on purpose; the kernel's answer
//! stands before it: `openat ... => EINVAL deviation ENOENT`. DEVIATIONS.md says why.

use std::fmt::Write as _;
use std::path::Path;

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::core_fs::CoreFs;
use crate::in_program::ProgramWorld;
use crate::kernel::{Kernel, Limits, complain, with_kernel};
use crate::outcome::{matches, outcome_text};
use crate::snapshot::{Pages, Recorder, Times, differences};
use crate::world::World;

/// A call of a row with what is expected of it.
#[derive(Debug)]
struct Step {
    call: Call,
    /// On the kernel.
    expected: String,
    /// On fs-core, if that is another.
    deviation: Option<String>,
}

/// A row.
#[derive(Debug)]
struct Row {
    /// File and line.
    place: String,
    limits: Limits,
    steps: Vec<Step>,
}

fn parse(file: &str, text: &str) -> Vec<Row> {
    let mut rows: Vec<(String, String, Limits)> = Vec::new();
    let mut limits = Limits::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split_once('#').map_or(line, |(code, _)| code);
        if line.trim().is_empty() {
            continue;
        }
        if let Some(words) = line.strip_prefix("limits ") {
            let (pages, inodes) = words.trim().split_once(' ').expect("limits PAGES INODES");
            limits = Limits { pages: pages.parse().unwrap(), inodes: inodes.parse().unwrap() };
            continue;
        }
        match rows.last_mut() {
            Some((_, row, _)) if line.starts_with(' ') => row.push_str(line),
            _ => rows.push((format!("{file}:{number}"), line.to_owned(), limits)),
        }
    }
    let step = |place: &str, text: &str| {
        let (call, expected) = text.split_once("=>").unwrap_or((text, "ok"));
        let (expected, deviation) = match expected.split_once("deviation") {
            Some((expected, other)) => (expected, Some(other.trim().to_owned())),
            None => (expected, None),
        };
        let call = Call::parse(call).unwrap_or_else(|error| panic!("{place}: {error}"));
        Step { call, expected: expected.trim().to_owned(), deviation }
    };
    rows.into_iter()
        .map(|(place, text, limits)| {
            let steps = text.split(';').map(|text| step(&place, text)).collect();
            Row { place, limits, steps }
        })
        .collect()
}

fn all_rows() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/posix/rows");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            parse(&name, &std::fs::read_to_string(file).unwrap())
        })
        .collect()
}

/// Runs a row; says where it is not as expected.
fn run(row: &Row, world: &mut impl World, who: &str, is_core: bool) -> Option<String> {
    let mut filled_in = Vec::new();
    let asks = row.steps.iter().any(|step| step.expected == "?");
    for step in &row.steps {
        let outcome = world.call(&step.call);
        if asks {
            filled_in.push(format!("{} => {}", step.call, outcome_text(&outcome)));
            continue;
        }
        let expected = match &step.deviation {
            Some(other) if is_core => other,
            _ => &step.expected,
        };
        if !matches(&outcome, expected) {
            let place = &row.place;
            let call = &step.call;
            let got = outcome_text(&outcome);
            return Some(format!("{place}: {call}: {who} answers {got}, the table {expected}"));
        }
    }
    asks.then(|| format!("{}: {}", row.place, filled_in.join("; ")))
}

/// Runs a row on both worlds; says what is wrong with it.
fn run_on_both(row: &Row, kernel: &mut Kernel) -> Option<String> {
    kernel.reset();
    if let Some(wrong) = run(row, kernel, "Linux", false) {
        return Some(wrong);
    }
    let mut core = CoreFs::new(row.limits);
    if let Some(wrong) = run(row, &mut core, "fs-core", true) {
        return Some(wrong);
    }
    if let Err(broken) = core.check_invariants() {
        return Some(format!("{}: {broken}", row.place));
    }
    if row.steps.iter().any(|step| step.deviation.is_some()) {
        return None;
    }
    // The trees must be the same too: a call that fails changes nothing, one that succeeds no more
    // than it should. DEVIATIONS.md: on Linux a load through a mapping fills a hole.
    let loads = row.steps.iter().any(|step| matches!(step.call.name, "load" | "mlock"));
    let pages = if loads { Pages::Contents } else { Pages::Exact };
    let here = Recorder::new(pages).take(&mut core, 0);
    let there = Recorder::new(pages).take(kernel, 0);
    let differences = differences(&there, &here, Times::Exact);
    (!differences.is_empty()).then(|| format!("{}: {}", row.place, differences.join("\n    ")))
}

/// Runs a row as fs-core answers it on the plain world and with mappings in the memory of a program;
/// says where the two differ, else how many calls cannot be had there.
fn run_in_program(row: &Row) -> Result<u64, String> {
    let (mut plain, mut core) = (CoreFs::new(row.limits), ProgramWorld::new(row.limits));
    let pages = Pages::Contents;
    let maps = row.steps.iter().any(|step| step.call.name == "mmap");
    for (number, step) in (0..).zip(&row.steps) {
        let call = &step.call;
        let expected = plain.call(call);
        let ours = core.call_first(call);
        let cannot_be_had = ours == Some(Err(Errno::ENOMEM)) && expected.is_ok();
        if cannot_be_had || (maps && call.name == "fork") {
            return Ok(core.left_out + (row.steps.len() - number) as u64);
        }
        let Some(ours) = ours.or_else(|| core.call_as(call, &expected)) else { continue };
        let (expected, ours) = (pages.comparable(&expected), pages.comparable(&ours));
        if expected != ours {
            let place = &row.place;
            return Err(format!("{place}: {call}: {expected}, in a program {ours}"));
        }
    }
    core.core.check_invariants().map_err(|broken| format!("{}: {broken}", row.place))?;
    let there = Recorder::new(pages).take(&mut plain, 0);
    let here = Recorder::new(pages).take(&mut core.core, 0);
    let differences = differences(&there, &here, Times::Ignored);
    if differences.is_empty() {
        Ok(core.left_out)
    } else {
        Err(format!("{}: {}", row.place, differences.join("\n    ")))
    }
}

#[test]
fn rows_hold_in_the_memory_of_a_program() {
    let rows = all_rows();
    let mut wrong = Vec::new();
    let (mut calls, mut left_out, mut of_mappings) = (0, 0, 0);
    for row in &rows {
        calls += row.steps.len() as u64;
        of_mappings += u64::from(row.place.starts_with("mmap"));
        match run_in_program(row) {
            Ok(more) => left_out += more,
            Err(text) => wrong.push(text),
        }
    }
    println!("{calls} calls of {} rows, {left_out} of them left out", rows.len());
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // The rule that leaves calls out must not swallow the rows.
    assert!(left_out < 5 * of_mappings, "{left_out} calls left out of {of_mappings} rows");
}

#[test]
fn rows_hold_on_linux_and_here() {
    let rows = all_rows();
    // A tmpfs for each run of rows with the same limits.
    let of_same_limits = rows.chunk_by(|a, b| a.limits == b.limits).map(|rows| {
        with_kernel(rows[0].limits, |kernel| {
            rows.iter().filter_map(|row| run_on_both(row, kernel)).collect::<Vec<_>>()
        })
    });
    let both: Result<Vec<Vec<String>>, String> = of_same_limits.collect();
    let wrong = both.map(|wrong| wrong.concat()).unwrap_or_else(|why| {
        complain("the rows are", &why);
        rows.iter()
            .filter_map(|row| run(row, &mut CoreFs::new(row.limits), "fs-core", true))
            .collect()
    });
    println!("{} rows", rows.len());
    let mut report = String::new();
    for line in &wrong {
        let _ = writeln!(report, "{line}");
    }
    assert!(wrong.is_empty(), "{} of {} rows are wrong:\n{report}", wrong.len(), rows.len());
}
