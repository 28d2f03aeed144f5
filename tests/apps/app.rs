//! How a program is tested: packed with its tree, run, and compared with itself on the tree as a host directory.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use tempfile::TempDir;
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::registry::Spot;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::matrix::{self, World};

/// A program and its tree, packed in both forms.
pub(crate) struct App {
    /// What the record calls it.
    name: String,
    /// The program as it was found.
    program: PathBuf,
    /// The host's directory. A run on it changes it, so it is packed first and run on once.
    root: TempDir,
    /// Where the packed programs are.
    packed: TempDir,
}

impl App {
    /// Packs `program` with the tree that `fill` makes.
    pub(crate) fn new(
        name: impl Into<String>,
        program: &Path,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let app = Self::unpacked(name, program, fill)?;
        let rootfs = app.packer().bake()?;
        let bytes = std::fs::read(program).with_context(|| program.display().to_string())?;
        for form in [Form::Portable, Form::Isolated] {
            let packed = rootfs.link(Program::bytes("program", &bytes), form)?;
            std::fs::write(app.packed(form), packed.to_vec()?)?;
        }
        Ok(app)
    }

    /// As [`new`](Self::new), with more chosen: what a baked tree alone cannot do.
    pub(crate) fn with(
        name: impl Into<String>,
        program: &Path,
        fill: impl FnOnce(&Path) -> Result<()>,
        choose: impl FnOnce(Packer) -> Packer,
    ) -> Result<Self> {
        let app = Self::unpacked(name, program, fill)?;
        let packer = choose(app.packer());
        for form in [Form::Portable, Form::Isolated] {
            packer
                .clone()
                .form(form)
                .pack(Program::file(program))
                .and_then(|packed| packed.write(app.packed(form)))?;
        }
        Ok(app)
    }

    fn unpacked(
        name: impl Into<String>,
        program: &Path,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let program = program.to_owned();
        let app =
            Self { name: name.into(), program, root: TempDir::new()?, packed: TempDir::new()? };
        fill(app.root.path()).context("cannot make the tree")?;
        Ok(app)
    }

    fn packer(&self) -> Packer {
        Packer::new(TreeBuilder::new().dir(self.root.path(), "/"))
    }

    /// The packed program of a form.
    pub(crate) fn packed(&self, form: Form) -> PathBuf {
        self.packed.path().join(match form {
            Form::Portable => "portable.wasm",
            Form::Isolated => "isolated.wasm",
        })
    }

    /// Runs the unpacked program on the host directory.
    pub(crate) fn on_host(&self, invocation: &Invocation) -> Result<Outcome> {
        let invocation = invocation.clone().on_host(self.root.path());
        Wasmtime.run(&self.program, &invocation).context("on the host directory")
    }

    /// Runs a packed program with no host directory.
    pub(crate) fn packed_on(
        &self,
        engine: &dyn Engine,
        form: Form,
        invocation: &Invocation,
    ) -> Result<Outcome> {
        let started = Instant::now();
        let outcome = engine
            .run(&self.packed(form), invocation)
            .with_context(|| format!("{form:?} on {}", engine.name()))?;
        println!("{form:?} on {}: {:?}", engine.name(), started.elapsed());
        Ok(outcome)
    }
}

/// Runs the program on its tree as a host directory, then packed on each engine of `spots`; all must come to the same, or refuse as they
/// are known to. Returns what that is.
///
/// # Panics
///
/// When they differ: all differences are shown, not only the first.
pub(crate) fn packed_equals_host(
    app: &App,
    invocation: &Invocation,
    spots: &[Spot],
) -> Result<Outcome> {
    let reference = app.on_host(invocation)?;
    packed_equals(&reference, app, invocation, spots)?;
    Ok(reference)
}

/// Runs the packed program on each engine of `spots`; all must come to `reference`.
///
/// # Panics
///
/// When they differ.
pub(crate) fn packed_equals(
    reference: &Outcome,
    app: &App,
    invocation: &Invocation,
    spots: &[Spot],
) -> Result<()> {
    let mut differences = String::new();
    for spot in spots {
        let run = |engine: &dyn Engine| app.packed_on(engine, spot.form, invocation);
        let same = |outcome: &Outcome| {
            if outcome == reference { Ok(()) } else { Err(first_difference(reference, outcome)) }
        };
        if let Err(what) = matrix::put_to(spot, World::Preview1, &app.name, run, same) {
            writeln!(differences, "{what}")?;
        }
    }
    assert!(
        differences.is_empty(),
        "packed, it is not what it is on a host directory\n{differences}"
    );
    Ok(())
}

/// Where two outcomes part: enough to see why.
fn first_difference(host: &Outcome, packed: &Outcome) -> String {
    let mut text = String::new();
    if host.status != packed.status {
        let _ = writeln!(text, "exit status {:?}, on the host {:?}", packed.status, host.status);
    }
    let mut streams = vec![
        ("stdout".to_owned(), &host.stdout, &packed.stdout),
        ("stderr".to_owned(), &host.stderr, &packed.stderr),
    ];
    for (number, (host, packed)) in host.files.iter().zip(&packed.files).enumerate() {
        streams.push((format!("file {number}"), host, packed));
    }
    for (name, host, packed) in streams {
        let (host, packed) = (String::from_utf8_lossy(host), String::from_utf8_lossy(packed));
        let mut lines = (host.lines(), packed.lines());
        for number in 1.. {
            match (lines.0.next(), lines.1.next()) {
                (None, None) => break,
                (host, packed) if host == packed => {}
                (host, packed) => {
                    let _ = writeln!(
                        text,
                        "{name}, line {number}:\n    host   {host:?}\n    packed {packed:?}"
                    );
                    // The lines that follow tell why it stopped.
                    for line in lines.1.take(20) {
                        let _ = writeln!(text, "           {line:?}");
                    }
                    break;
                }
            }
        }
    }
    text
}

/// Checks that a run was what it should be, before anything is compared with it.
///
/// # Panics
///
/// When the status is another one, or standard output lacks the text.
pub(crate) fn assert_sound(outcome: &Outcome, status: i32, stdout_has: &str) {
    assert_eq!(outcome.status, Some(status), "{outcome:?}");
    assert!(
        String::from_utf8_lossy(&outcome.stdout).contains(stdout_has),
        "no {stdout_has:?} in {outcome:?}"
    );
}
