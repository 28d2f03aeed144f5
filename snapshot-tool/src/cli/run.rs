//! `wasm-vfs run`: runs a packed program, or packs one in memory and runs it.

use super::args::{FormArgs, PreinitArgs, Talk, TreeArgs};
use super::bar::Bar;
use super::pack::{notes, printed};
use crate::output::Destination;
use crate::pack::input::Program;
use crate::packed::packed_module::PackedModule;
use crate::policy::Policy;
use crate::run::{Outcome, Runner};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What a shell reports for a program that aborted: 128 + SIGABRT. A trap is that, as under
/// wasmtime's own command line.
const TRAPPED: u8 = 134;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// A packed program, or any program together with an option that says how to pack it, such as
    /// --dir
    #[arg(value_name = "FILE.wasm")]
    program: PathBuf,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    preinit: PreinitArgs,
    /// Preopen no directory: descriptor 3 is not open, and no path leads anywhere
    #[arg(long)]
    no_preopen: bool,
    /// Set an environment variable; NAME alone passes it on; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Put a file or directory of the disk into the tree before the program starts; may be
    /// repeated
    #[arg(long, value_name = "HOST::GUEST")]
    put: Vec<String>,
    /// Copy a file or directory of the tree to the disk after the program has ended, also by a
    /// trap; may be repeated
    #[arg(long, value_name = "GUEST::HOST")]
    get: Vec<String>,
    /// Write the tree as a tar archive after the program has ended, also by a trap
    #[arg(long, value_name = "OUT.tar")]
    export: Option<PathBuf>,
    /// Preopen a directory of the disk under a name, for a program packed with --mount or
    /// --overlay; may be repeated
    ///
    /// HOST alone is also the name.
    #[arg(long, value_name = "HOST[::NAME]")]
    host_dir: Vec<String>,
    /// Arguments of the program
    #[arg(last = true)]
    args: Vec<String>,
    #[command(flatten)]
    tree: TreeArgs,
}

impl Run {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<ExitCode> {
        let runner = self.runner()?.progress(Arc::clone(bar));
        let packs = self.tree.is_given()
            || self.form.is_given()
            || self.preinit.is_given()
            || self.no_preopen;
        let program = if packs {
            self.packed(talk, bar)?
        } else {
            self.check_packed(talk)?;
            Program::file(&self.program)
        };
        Ok(status(runner.run(&program)?, &self.program))
    }

    /// What the program is run with.
    fn runner(&self) -> Result<Runner> {
        let mut runner = Runner::new().args(self.args.iter().cloned());
        for directory in &self.host_dir {
            let (host, name) = directory.split_once("::").unwrap_or((directory, directory));
            runner = runner.host_directory(host, name);
        }
        for variable in &self.env {
            // A name alone passes the variable on, as wasmtime does.
            match variable.split_once('=') {
                Some((name, value)) => runner = runner.env(name, value),
                None => match std::env::var(variable) {
                    Ok(value) => runner = runner.env(variable, value),
                    Err(_) => {
                        bail!("--env {variable}: there is no such variable; write NAME=VALUE")
                    }
                },
            }
        }
        for text in &self.put {
            let put = text.split_once("::").filter(|(host, _)| !host.is_empty());
            let (host, guest) = put.with_context(|| format!("--put {text}: write HOST::GUEST"))?;
            runner = runner.put(host, guest.parse().with_context(|| format!("--put {text}"))?);
        }
        for text in &self.get {
            let get = text.split_once("::").filter(|(_, host)| !host.is_empty());
            let (guest, host) = get.with_context(|| format!("--get {text}: write GUEST::HOST"))?;
            runner = runner.get(guest.parse().with_context(|| format!("--get {text}"))?, host);
        }
        if let Some(path) = &self.export {
            runner = runner.export(Destination::from_option(path));
        }
        Ok(runner)
    }

    /// The program packed with the tree of the options.
    fn packed(&self, talk: Talk, bar: &Arc<Bar>) -> Result<Program> {
        let config = self.tree.config()?;
        let (verbose, no_preopen) = (talk.is_verbose(), self.no_preopen);
        let policy = Policy { verbose, no_preopen, ..Policy::default() };
        let packer = self.tree.packer(&config, &[], policy)?;
        let packer = self.form.apply(&config, self.preinit.clone().apply(&config, packer)?);
        let program = Program::file(&self.program);
        let name = program.name().to_owned();
        let packed = packer.progress(Arc::clone(bar)).pack(program)?;
        let bytes = packed.to_vec()?;
        bar.finish();
        let report = packed.report();
        // What is packed to be run at once is of no interest unless somebody asks, but for what its
        // function printed.
        match talk {
            Talk::Quiet => {}
            Talk::Normal => printed(&report),
            Talk::Verbose => notes(&report, talk),
        }
        Ok(Program::bytes(name, bytes))
    }

    /// Checks that the program is packed, where nothing is given to pack it with.
    fn check_packed(&self, talk: Talk) -> Result<()> {
        if !PackedModule::is_packed(&self.program)? {
            bail!(
                "`{}` is not packed; give it a directory with --dir or another option that says how to pack it, or pack it first",
                self.program.display()
            );
        }
        if talk == Talk::Verbose {
            for (module, name) in PackedModule::open(&self.program)?.imports()? {
                eprintln!("import {module} {name}");
            }
        }
        Ok(())
    }
}

/// What the process ends with, and why on standard error.
fn status(outcome: Outcome, program: &Path) -> ExitCode {
    match outcome {
        // The system keeps eight bits of a status.
        Outcome::Exited(status) => ExitCode::from(status.to_le_bytes()[0]),
        Outcome::Initialized => {
            eprintln!(
                "wasm-vfs: note: `{}` has no `_start`: it is a reactor, so its `_initialize` was \
                 called and nothing more",
                program.display()
            );
            ExitCode::SUCCESS
        }
        Outcome::Trapped { reason, backtrace } => {
            eprintln!("wasm-vfs: error: `{}` trapped: {reason}", program.display());
            eprint!("{backtrace}");
            ExitCode::from(TRAPPED)
        }
    }
}
