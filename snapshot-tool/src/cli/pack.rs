//! `wasm-vfs pack`: a program with directories into one module. Also what `image` and `link` say
//! about their result.

use super::args::{FormArgs, PreinitArgs, StrictArgs, Talk, TreeArgs};
use super::bar::Bar;
use super::policy_args::PolicyArgs;
use super::say::say;
use crate::output::Destination;
use crate::pack::input::Program;
use crate::pack::report::Report;
use anyhow::Result;
use clap::Args;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Pack {
    /// The program: a core module that imports wasi_snapshot_preview1, or one that was packed
    /// before
    #[arg(value_name = "APP.wasm")]
    program: PathBuf,
    #[command(flatten)]
    form: FormArgs,
    /// Make a component of WASI 0.2, for hosts that run components only
    ///
    /// Its host learns whether the exit status is 0, no more. `run` takes it as well.
    #[arg(long)]
    component: bool,
    #[command(flatten)]
    strict: StrictArgs,
    #[command(flatten)]
    preinit: PreinitArgs,
    /// Where to write the result; - for standard output
    #[arg(short, long, value_name = "OUT.wasm")]
    output: PathBuf,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    policy: Box<PolicyArgs>,
}

impl Pack {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let started = Instant::now();
        let Self { program, form, component, strict, preinit, output, tree, policy } = self;
        let destination = Destination::from_option(&output);
        let config = tree.config()?;
        let packer = tree.packer(&config, &[&destination], policy.policy(talk.is_verbose()))?;
        let packer = form.apply(&config, preinit.apply(&config, packer)?);
        let packer = if strict.strict { packer.strict(true) } else { packer };
        let component = component || config.tree.component;
        let packer = if component { packer.component(true) } else { packer };
        let packed = packer.progress(Arc::clone(bar)).pack(Program::file(program))?;
        packed.write(destination.clone())?;
        bar.finish();
        let report = packed.report();
        notes(&report, talk);
        summary(&report, &destination, started, talk);
        Ok(())
    }
}

/// What a person should know of what was packed, on standard error.
pub(super) fn notes(report: &Report, talk: Talk) {
    if talk == Talk::Quiet {
        return;
    }
    printed(report);
    for note in report.notes() {
        say(format_args!("wasm-vfs: note: {note}"));
    }
    if let Some(link) = report.link.as_ref().filter(|_| talk == Talk::Verbose) {
        match &report.component_imports {
            None => {
                for (module, name) in &link.imports {
                    say(format_args!("import {module} {name}"));
                }
            }
            Some(interfaces) => {
                interfaces.iter().for_each(|it| say(format_args!("import {it}")));
            }
        }
    }
}

/// What the program would have shown, had it been watched when its function ran.
pub(super) fn printed(report: &Report) {
    for bytes in [&report.printed.stdout, &report.printed.stderr] {
        // If standard error is gone, nobody reads it.
        let _ = io::stderr().write_all(bytes);
    }
}

/// The line at the end.
pub(super) fn summary(report: &Report, destination: &Destination, started: Instant, talk: Talk) {
    if talk != Talk::Quiet {
        let (packed, result) = (report.packed(), report.result());
        let seconds = started.elapsed().as_secs_f64();
        say(format_args!("{packed}, into {destination}: {result}, {seconds:.2} s"));
    }
}
