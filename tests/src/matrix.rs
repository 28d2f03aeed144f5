//! What engines do with packed programs, held against what they are known to do, and the record of
//! it, of which `cargo xtask engines` makes the README's table.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use wasm_vfs::Form;
use xtask::workspace::engine_record;

use crate::engine::{Engine, Outcome};
pub use crate::engines::registry::Weight;
use crate::engines::registry::{self, Entry, Expect, Spot};

/// Asks for the long run.
const LONG_RUN: &str = "WASM_VFS_ENGINES";

/// Whether this is the long run of `cargo xtask engines`.
#[must_use]
pub fn is_long_run() -> bool {
    std::env::var_os(LONG_RUN).is_some_and(|value| value == "all")
}

/// The engines and forms that a program of this weight is put to.
#[must_use]
pub fn spots(weight: Weight) -> Vec<Spot> {
    let mut spots: Vec<Spot> = registry::everywhere().collect();
    spots.retain(|spot| {
        let (always, at_most) = spot.entry.weights;
        // Engines refuse a form once and for all: the light programs have shown it.
        let refuses = matches!(spot.entry.expects(spot.form), Expect::Refuses(_));
        weight <= if is_long_run() { at_most } else { always }
            && (weight == Weight::Light || !refuses)
    });
    spots
}

/// The reference, which alone collects files, with these forms.
#[must_use]
pub fn on_wasmtime(forms: &[Form]) -> Vec<Spot> {
    let mut spots: Vec<Spot> = registry::everywhere().collect();
    spots.retain(|spot| spot.entry.id == "wasmtime" && forms.contains(&spot.form));
    spots
}

/// What a program has with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// preview1.
    Preview1,
    /// Nothing at all.
    Nothing,
}

/// What came of a program.
enum Verdict {
    Runs,
    /// The engine did not take the module.
    Refused(String),
    /// The packed program itself found that the engine is no good.
    RefusedBySelfTest(String),
    Differs(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Runs => write!(formatter, "it runs"),
            Verdict::Refused(why) => write!(formatter, "it refuses: {why}"),
            Verdict::RefusedBySelfTest(why) => write!(formatter, "our self-test refuses it: {why}"),
            Verdict::Differs(how) => write!(formatter, "it is not what it is elsewhere\n{how}"),
        }
    }
}

/// Has an engine run a packed program, by `run`; `same` says how its outcome differs from the
/// reference, if it does. An engine that refuses as it is known to is as good as one that runs it.
///
/// # Errors
///
/// What the engine did and should not have done.
pub fn put_to(
    spot: &Spot,
    world: World,
    program: &str,
    run: impl FnOnce(&dyn Engine) -> Result<Outcome>,
    same: impl FnOnce(&Outcome) -> Result<(), String>,
) -> Result<(), String> {
    let started = Instant::now();
    let ran = run(spot.engine);
    let took = started.elapsed();
    let verdict = match ran {
        Err(error) => Verdict::Refused(format!("{error:#}")),
        Ok(outcome) => match (self_test(&outcome), same(&outcome)) {
            (_, Ok(())) => Verdict::Runs,
            (Some(said), Err(_)) => Verdict::RefusedBySelfTest(said),
            (None, Err(how)) => Verdict::Differs(how),
        },
    };
    if let Some(why) = spot.entry.except(program) {
        record(spot, world, program, "excepted", why, took);
        // It is asked all the same: an exception that is none any more must go.
        return match verdict {
            Verdict::Runs => Err(format!("{program} on {spot:?}: it runs, though {why}")),
            _ => Ok(()),
        };
    }
    let (word, detail) = match &verdict {
        Verdict::Runs => ("runs", ""),
        Verdict::Refused(why) => ("refuses", why.as_str()),
        Verdict::RefusedBySelfTest(why) => ("refused by our self-test", why.as_str()),
        Verdict::Differs(how) => ("differs", how.as_str()),
    };
    record(spot, world, program, word, detail, took);
    let expected = spot.entry.expects(spot.form);
    if is_as_known(expected, &verdict) {
        return Ok(());
    }
    let (form, id) = (spot.form, spot.entry.id);
    Err(format!("{program}, {form:?} on {id}: known is {expected:?}, but {verdict}"))
}

/// Whether an engine did what it is known to do.
fn is_as_known(expected: Expect, verdict: &Verdict) -> bool {
    match (expected, verdict) {
        (Expect::Runs, Verdict::Runs) => true,
        (Expect::Refuses(text), Verdict::Refused(said) | Verdict::RefusedBySelfTest(said)) => {
            said.contains(text)
        }
        _ => false,
    }
}

/// The message by which a packed program refuses an engine, if it did that.
fn self_test(outcome: &Outcome) -> Option<String> {
    const BEGIN: &str = "wasm-vfs: ";
    let said = String::from_utf8_lossy(&outcome.stderr);
    let line = said.lines().find(|line| line.starts_with(BEGIN))?;
    (outcome.status != Some(0)).then(|| line.to_owned())
}

/// Appends a line to the record: engine, column, program, verdict, milliseconds, and the first line
/// of what there is to say.
fn record(spot: &Spot, world: World, program: &str, verdict: &str, detail: &str, took: Duration) {
    let column = match (world, spot.form) {
        (World::Preview1, Form::Portable) => "portable",
        (World::Preview1, Form::Isolated) => "isolated",
        (World::Nothing, Form::Portable) => "hermetic portable",
        (World::Nothing, Form::Isolated) => "hermetic isolated",
    };
    let detail = detail.lines().next().unwrap_or_default().replace('\t', " ");
    let (id, took) = (spot.entry.id, took.as_millis());
    let line = format!("{id}\t{column}\t{program}\t{verdict}\t{took}\t{detail}\n");
    let _ = std::fs::create_dir_all(engine_record());
    let file =
        OpenOptions::new().append(true).create(true).open(engine_record().join("results.tsv"));
    // One call, so that no two lines mix. Without the record there is no table, and that is told
    // where it is made.
    let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
}

/// Writes down the registry, a line for each row of the table: id, title, how it is had, whose
/// version it has, the version, whether it is here, and its exceptions.
///
/// # Errors
///
/// When the file cannot be written.
pub fn record_registry() -> Result<()> {
    let mut text = String::new();
    for entry in registry::ENGINES {
        let Entry { id, title, how, origin, .. } = entry;
        let version = (entry.version)().unwrap_or_default();
        let here = if registry::is_here(entry) { "here" } else { "missing" };
        let except: Vec<String> =
            entry.except.iter().map(|(program, why)| format!("{program}: {why}")).collect();
        let except = except.join("; ");
        text += &format!("{id}\t{title}\t{how}\t{origin:?}\t{version}\t{here}\t{except}\n");
    }
    for (title, why) in registry::NOT_TO_BE_HAD {
        text += &format!("{title}\t{title}\t{why}\tNone\t\tnot to be had\t\n");
    }
    std::fs::create_dir_all(engine_record())?;
    Ok(std::fs::write(engine_record().join("registry.tsv"), text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: Option<i32>, stderr: &str) -> Outcome {
        Outcome { status, stdout: Vec::new(), stderr: stderr.into(), files: Vec::new() }
    }

    #[test]
    fn a_program_that_refuses_its_engine_is_told_from_one_that_fails() {
        let said = "wasm-vfs: this engine mixes up memories";
        assert_eq!(self_test(&outcome(Some(1), said)).as_deref(), Some(said));
        assert_eq!(self_test(&outcome(None, &format!("{said}\ntrap"))).as_deref(), Some(said));
        assert_eq!(self_test(&outcome(Some(0), said)), None);
        assert_eq!(self_test(&outcome(Some(1), "1 failed")), None);
    }

    #[test]
    fn what_is_not_as_it_is_known_is_an_error() {
        let refused = |said: &str| Verdict::Refused(said.to_owned());
        let differs = Verdict::Differs(String::new());
        assert!(is_as_known(Expect::Runs, &Verdict::Runs));
        assert!(!is_as_known(Expect::Runs, &differs));
        assert!(!is_as_known(Expect::Runs, &refused("two memories")));
        let refuses = Expect::Refuses("two memories");
        assert!(is_as_known(refuses, &refused("it has two memories")));
        assert!(is_as_known(refuses, &Verdict::RefusedBySelfTest("wasm-vfs: two memories".into())));
        assert!(!is_as_known(refuses, &refused("no such file")));
        assert!(!is_as_known(refuses, &Verdict::Runs));
        assert!(!is_as_known(refuses, &differs));
    }
}
