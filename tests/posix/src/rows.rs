//! Tables of (setup, call, expected): `fs-core/tests/posix/rows/*.rows`.
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
//! `=> VALUE or VALUE` is where kernels differ: Linux answers one of them, the other world the first.
//!
//! `=> deviation VALUE` is what the other world answers where it differs on purpose; the kernel's answer
//! stands before it: `openat ... => EINVAL deviation ENOENT`. DEVIATIONS.md says why.

use std::fmt::Write as _;
use std::path::Path;

use crate::call::Call;
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
    /// On the other world, if that is another.
    deviation: Option<String>,
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// File and line.
    place: String,
    /// The limits of its filesystem.
    pub limits: Limits,
    steps: Vec<Step>,
}

impl Row {
    /// Its file and line.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Its calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().map(|step| &step.call)
    }
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

/// All rows.
pub fn all() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fs-core/tests/posix/rows");
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
fn run(row: &Row, world: &mut impl World, who: &str, is_linux: bool) -> Option<String> {
    let mut filled_in = Vec::new();
    let asks = row.steps.iter().any(|step| step.expected == "?");
    for step in &row.steps {
        let outcome = world.call(&step.call);
        if asks {
            filled_in.push(format!("{} => {}", step.call, outcome_text(&outcome)));
            continue;
        }
        let expected = match &step.deviation {
            Some(other) if !is_linux => other,
            _ => &step.expected,
        };
        let mut answers = expected.split(" or ").take(if is_linux { usize::MAX } else { 1 });
        if !answers.any(|answer| matches(&outcome, answer)) {
            let place = &row.place;
            let call = &step.call;
            let got = outcome_text(&outcome);
            return Some(format!("{place}: {call}: {who} answers {got}, the table {expected}"));
        }
    }
    asks.then(|| format!("{}: {}", row.place, filled_in.join("; ")))
}

/// Runs a row on both worlds; says what is wrong with it.
fn run_on_both<W: World>(
    row: &Row,
    kernel: &mut Kernel,
    who: &str,
    make: &impl Fn(Limits) -> W,
) -> Option<String> {
    kernel.reset();
    if let Some(wrong) = run(row, kernel, "Linux", true) {
        return Some(wrong);
    }
    let mut other = make(row.limits);
    if let Some(wrong) = run(row, &mut other, who, false) {
        return Some(wrong);
    }
    if let Err(broken) = other.check_invariants() {
        return Some(format!("{}: {broken}", row.place));
    }
    if row.steps.iter().any(|step| step.deviation.is_some()) {
        return None;
    }
    // The trees must be the same too: a call that fails changes nothing, one that succeeds no more
    // than it should. DEVIATIONS.md: on Linux a load through a mapping fills a hole.
    let loads = row.steps.iter().any(|step| matches!(step.call.name, "load" | "mlock"));
    let pages = if loads { Pages::Contents } else { Pages::Exact };
    let here = Recorder::new(pages).take(&mut other, 0);
    let there = Recorder::new(pages).take(kernel, 0);
    let differences = differences(&there, &here, Times::Exact, who);
    (!differences.is_empty()).then(|| format!("{}: {}", row.place, differences.join("\n    ")))
}

/// Runs rows on the kernel and on the world that `make` makes, and panics with those that are
/// wrong.
pub fn check<W: World>(rows: &[Row], who: &str, make: impl Fn(Limits) -> W + Sync) {
    // A tmpfs for each run of rows with the same limits.
    let of_same_limits = rows.chunk_by(|a, b| a.limits == b.limits).map(|rows| {
        with_kernel(rows[0].limits, |kernel| {
            rows.iter().filter_map(|row| run_on_both(row, kernel, who, &make)).collect::<Vec<_>>()
        })
    });
    let both: Result<Vec<Vec<String>>, String> = of_same_limits.collect();
    let wrong = both.map(|wrong| wrong.concat()).unwrap_or_else(|why| {
        complain("the rows are", &why);
        rows.iter().filter_map(|row| run(row, &mut make(row.limits), who, false)).collect()
    });
    println!("{} rows", rows.len());
    let mut report = String::new();
    for line in &wrong {
        let _ = writeln!(report, "{line}");
    }
    assert!(wrong.is_empty(), "{} of {} rows are wrong:\n{report}", wrong.len(), rows.len());
}
