//! The engines that the guests run on: two in this process, the others, which are JavaScript's, as processes.
//!
//! What is to be timed is a [`Plan`] or a [`Once`], so that each engine times it in the same way, itself, by processor time.

mod in_process;
mod javascript;
mod wasmi;
pub(crate) mod wasmtime;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde::{Serialize, Serializer};
use wasm_vfs::Form;

pub(crate) use self::in_process::Guest;
pub(crate) use self::wasmi::child as wasmi_child;
use crate::Bench;

/// A module in a file, and the directory of the host that it sees as `/`, if any.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Program {
    pub(crate) module: PathBuf,
    pub(crate) root: Option<PathBuf>,
}

/// An operation of a program: an export that takes how many times to do it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Case<'a> {
    /// Which of the plan's programs.
    pub(crate) program: usize,
    pub(crate) operation: &'a str,
}

/// Cases that are timed in turn, round after round.
#[derive(Debug, Serialize)]
pub(crate) struct Plan<'a> {
    pub(crate) programs: Vec<Program>,
    pub(crate) cases: Vec<Case<'a>>,
    pub(crate) rounds: usize,
    /// How long a case runs in one round, about.
    #[serde(rename = "batch_ns", serialize_with = "nanoseconds")]
    pub(crate) batch: Duration,
    /// How long a case runs before, twice, where code gets better while it runs.
    #[serde(rename = "warm_up_ns", serialize_with = "nanoseconds")]
    pub(crate) warm_up: Duration,
}

/// An export that is called once, with a number, of a fresh instance.
#[derive(Debug, Serialize)]
pub(crate) struct Once<'a> {
    pub(crate) program: Program,
    /// What is called before, untimed.
    pub(crate) before: &'a [(&'a str, u32)],
    pub(crate) timed: (&'a str, u32),
}

fn nanoseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// What a case of a plan took: the nanoseconds of one operation in each round, or why it does not run.
pub(crate) type Samples = Result<Vec<f64>, String>;

/// An engine.
pub(crate) trait Engine {
    /// Its name and version.
    fn name(&self) -> &str;

    /// Whether it runs modules of two memories.
    fn runs_isolated(&self) -> bool;

    /// Times the cases of a plan in turn.
    fn samples(&self, plan: &Plan<'_>) -> Result<Vec<Samples>>;

    /// Times a call; in nanoseconds.
    fn once(&self, once: &Once<'_>) -> Result<f64>;

    /// What starts a program in a fresh process that reads a file in it and prints its peak memory in bytes. `None` for wasmtime, which
    /// loads compiled code and can do that in several ways.
    fn start(&self, program: &Program) -> Option<Command>;

    /// The forms of a packed program that it runs.
    fn forms(&self) -> &'static [Form] {
        if self.runs_isolated() { &[Form::Portable, Form::Isolated] } else { &[Form::Portable] }
    }
}

/// All engines that are there. What is not, and why, is said on both standard streams.
pub(crate) fn all(tools: &Path) -> Vec<Box<dyn Engine>> {
    let mut engines: Vec<Box<dyn Engine>> =
        vec![Box::new(wasmtime::Wasmtime::new()), Box::new(wasmi::Wasmi::new())];
    for candidate in javascript::candidates(tools) {
        match candidate.find() {
            Ok(engine) => engines.push(Box::new(engine)),
            Err(error) => {
                let line = format!("LEFT OUT: {}: {error:#}", candidate.what);
                eprintln!("{line}");
                println!("\n{line}");
            }
        }
    }
    engines
}

/// The version of a crate that this program was built with.
fn version_of(name: &str) -> &'static str {
    const LOCK: &str = include_str!("../../../../Cargo.lock");
    let of_package = format!("name = \"{name}\"\nversion = \"");
    let version = LOCK.split_once(&of_package).and_then(|(_, rest)| rest.split_once('"'));
    version.map_or("of an unknown version", |(version, _)| version)
}

/// One of the guests with one tree: as it is on that tree, and packed with it, in a file for each form.
pub(crate) struct Variants {
    pub(crate) host: Program,
    pub(crate) portable: Program,
    pub(crate) isolated: Program,
}

impl Variants {
    /// Packs the guest with the tree; the files go to the scratch directory, their names start with `name`.
    pub(crate) fn new(bench: &Bench, guest: &Path, name: &str, tree: &Path) -> Result<Variants> {
        let pack = |form: Form| -> Result<Program> {
            let module = bench.scratch.join(format!("{name}-{form}.wasm"));
            let tree = wasm_vfs::TreeBuilder::new().dir(tree, "/");
            crate::packer(tree)?
                .form(form)
                .pack(wasm_vfs::Program::file(guest))
                .and_then(|packed| packed.write(&module))?;
            Ok(Program { module, root: None })
        };
        Ok(Variants {
            host: Program { module: guest.to_owned(), root: Some(tree.to_owned()) },
            portable: pack(Form::Portable)?,
            isolated: pack(Form::Isolated)?,
        })
    }

    /// The packed program in that form.
    pub(crate) fn packed(&self, form: Form) -> &Program {
        match form {
            Form::Portable => &self.portable,
            Form::Isolated => &self.isolated,
        }
    }

    /// Removes the packed files.
    pub(crate) fn remove(self) -> Result<()> {
        for program in [self.portable, self.isolated] {
            std::fs::remove_file(program.module)?;
        }
        Ok(())
    }
}
