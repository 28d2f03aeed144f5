//! `wasm-vfs run`: runs a packed program, or packs one in memory and runs it.

use super::args::{FormArgs, PreinitArgs, Talk, TreeArgs};
use super::bar::Bar;
use super::changes_text::{Listing, list};
use super::limit_args::LimitArgs;
use super::pack::{notes, printed};
use super::say::{say, say_error};
use super::signals::Signals;
use crate::adapter::names::HOST_API_MEMORY;
use crate::error::{ErrorKind, Marked as _};
use crate::gather::builder::TreeBuilder;
use crate::gather::owner::Owner;
use crate::link::program::{IS_ROOTFS, imports_wasi};
use crate::output::Destination;
use crate::pack::Packer;
use crate::pack::input::{Program, named};
use crate::packed::form::ModuleForm;
use crate::packed::packed_module::PackedModule;
use crate::policy::Policy;
use crate::policy::file::ConfigFile;
use crate::policy::values::{ByteCount, Trace};
use crate::progress::Progress as _;
use crate::run::Runner;
use crate::run::imports::UnknownImports;
use crate::run::limits::stop_handle::StopHandle;
use crate::run::outcome::Outcome;
use crate::tree::guest_path::split_pair;
use crate::wasm::module::Module;
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// What a shell reports for a program that aborted: 128 + SIGABRT. A trap is that, as under
/// wasmtime's own command line.
const TRAPPED: u8 = 134;

/// What timeout(1) reports for a program that it stopped. Fuel is another measure of time.
const STOPPED: u8 = 124;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// A program: one that is packed, or any other, which is packed in memory
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
    /// Pass on all variables of this process; --env sets others
    #[arg(long)]
    inherit_env: bool,
    /// Put a file or directory of the disk into the tree before the program starts; may be
    /// repeated
    ///
    /// A `::` that belongs to a name is written `\::`.
    #[arg(long, value_name = "HOST::GUEST")]
    put: Vec<String>,
    /// Copy a file or directory of the tree to the disk after the program has ended, also by a
    /// trap or a limit; may be repeated
    ///
    /// A `::` that belongs to a name is written `\::`.
    #[arg(long, value_name = "GUEST::HOST")]
    get: Vec<String>,
    /// How much --get and --export write in all, holes not counted, as in `500MB` or `8GiB` [default:
    /// 4GiB]
    #[arg(long, value_name = "BYTES")]
    get_limit: Option<ByteCount>,
    /// Write the tree as a tar archive after the program has ended, also by a trap or a
    /// limit
    #[arg(long, value_name = "OUT.tar")]
    export: Option<PathBuf>,
    /// Pack the program again with what it has changed, after it has ended, also by a trap or a limit
    ///
    /// The result is what `commit` makes of the packed program and the state of this run. It may be
    /// the program's own file.
    #[arg(long, value_name = "OUT.wasm")]
    save: Option<PathBuf>,
    /// Start from this state, if the file is there, and write what has changed to it after the
    /// program has ended, also by a trap or a limit
    ///
    /// The file is replaced as a whole. It is an OCI image layer that says which tree it is for; a
    /// state of another tree is refused.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Keep the state in step: what the program has written is on the disk when its fsync, fdatasync,
    /// sync or syncfs returns, so that a killed run loses nothing of it
    ///
    /// The program is packed again in memory if it was packed without --events. What it changed becomes
    /// a program of its own by `commit`.
    #[arg(long, requires = "state", conflicts_with = "save")]
    sync: bool,
    /// Apply the state, or a layer of a container image, although it was made for another tree; notes
    /// name what does not fit
    #[arg(long, requires = "state")]
    rebase: bool,
    /// List what has changed since the program was packed, on standard error, after it has ended: a
    /// line for each, `A` for added, `D` for removed, `M` for modified, and what
    #[arg(long)]
    diff: bool,
    /// List changes as objects of JSON, one a line
    #[arg(long, requires = "diff")]
    json: bool,
    /// Preopen a directory of the disk under a name, for a program packed with --mount or
    /// --overlay; may be repeated
    ///
    /// HOST alone is also the name.
    #[arg(long, value_name = "HOST[::NAME]")]
    host_dir: Vec<String>,
    /// The name that the program sees as its own [default: that of its file]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    argv0: Option<String>,
    /// Call an exported function in place of `_start`, with ARGS, and print its results, one a
    /// line
    ///
    /// A reactor's `_initialize` is called before. ARGS are read by the types of the function
    /// (i32, i64, f32, f64); integers may be hexadecimal.
    #[arg(long, value_name = "FUNC")]
    invoke: Option<String>,
    /// What becomes of functions that the program imports and nobody provides: `error`: it is not
    /// run; `trap`: it runs until it calls one
    #[arg(long, value_name = "trap|error", default_value = "error", hide_default_value = true)]
    unknown_imports: UnknownImports,
    /// Write each call of the program to standard error, as `pack --trace` does
    #[arg(long, value_name = "always|env|off", num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    trace: Option<Trace>,
    /// Arguments of the program: the first that is no option, and all after it; or all after `--`
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_negative_numbers = true)]
    args: Vec<String>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    tree: TreeArgs,
}

impl Run {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<ExitCode> {
        let config = self.tree.config()?;
        // The file may ask for more than the command line.
        let verbose = config.policy.verbose && talk == Talk::Normal;
        let talk = if verbose { Talk::Verbose } else { talk };
        let bar = if verbose { Arc::new(Bar::new(talk)) } else { Arc::clone(bar) };
        let runner = self.runner(talk)?.progress(Arc::clone(&bar));
        let asked = self.tree.is_given() || self.form.is_given() || self.preinit.is_given();
        let packs = asked || self.trace.is_some() || self.no_preopen;
        let program = if packs || !self.runs_as_it_is()? {
            self.packed(&config, talk, &bar)?
        } else if self.lacks_events()? {
            self.packed_with_events()?
        } else {
            self.show_imports(talk)?;
            Program::file(&self.program)
        };
        if !self.leaves_something() {
            return status(runner.run(&program)?, &self.program);
        }
        let handle = StopHandle::new();
        let signals = Signals::stop(&handle)?;
        let ended = runner.stop(&handle).run(&program);
        let ended = ended.map_err(Into::into).and_then(|outcome| status(outcome, &self.program));
        if let Err(error) = &ended
            && signals.is_caught()
        {
            say_error(error);
        }
        signals.end();
        ended
    }

    /// Whether there is something to do after the program, which a signal must not prevent.
    fn leaves_something(&self) -> bool {
        let leaves_files = self.save.is_some() || self.export.is_some() || !self.get.is_empty();
        leaves_files || self.state.is_some() || self.diff
    }

    /// Whether the program is to tell of its syncs and was packed so that it does not.
    fn lacks_events(&self) -> Result<bool> {
        Ok(self.sync && !PackedModule::open(&self.program)?.policy()?.events)
    }

    /// The packed program with the same tree, to which its states belong, but so that it tells of its
    /// syncs.
    fn packed_with_events(&self) -> Result<Program> {
        let policy = Policy { events: true, ..Policy::default() };
        let tree = TreeBuilder::new().bare().owner(Owner::Host);
        let program = Program::file(&self.program);
        let name = program.name().to_owned();
        let packed = Packer::new(tree).policy(policy).pack(program)?;
        Ok(Program::bytes(name, packed.to_vec()?))
    }

    /// Whether the program need not be packed: it is already, or has no use for a filesystem.
    fn runs_as_it_is(&self) -> Result<bool> {
        match PackedModule::form_of(&self.program)? {
            Some(ModuleForm::Linked(_)) => return Ok(true),
            Some(ModuleForm::Rootfs) => {
                let error = Err(anyhow!(IS_ROOTFS)).of_kind(ErrorKind::Unservable);
                return error.about(|| named(&self.program));
            }
            None => {}
        }
        let program = Program::file(&self.program);
        let bytes = program.read_module()?;
        let module = program.blame(Module::parse(&bytes))?;
        // Another tool may have dropped the section of a packed program.
        let has_host_api = module.exports.iter().any(|it| it.name == HOST_API_MEMORY);
        Ok(has_host_api || !imports_wasi(&module))
    }

    /// What the program is run with.
    fn runner(&self, talk: Talk) -> Result<Runner> {
        let mut runner = Runner::new().unknown_imports(self.unknown_imports);
        runner = match &self.invoke {
            // They are its arguments, too: as wasmtime's own command has it.
            Some(function) => runner.invoke(function, self.args.iter().cloned()),
            None => runner,
        };
        runner = runner.args(self.args.iter().cloned());
        if let Some(name) = &self.argv0 {
            runner = runner.argv0(name);
        }
        runner = self.limits.apply(runner);
        for directory in &self.host_dir {
            let (host, name) = split_pair(directory);
            runner = runner.host_directory(&host, name.unwrap_or_else(|| host.clone()));
        }
        for (name, value) in std::env::vars_os().filter(|_| self.inherit_env) {
            let text = name.into_string().ok().zip(value.into_string().ok());
            // A program of WASI takes text; and what --env sets comes once.
            if let Some((name, value)) = text
                && !self.env.iter().any(|set| set.split('=').next() == Some(&name))
            {
                runner = runner.env(name, value);
            }
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
            let (host, guest) = match split_pair(text) {
                (host, Some(guest)) if !host.is_empty() => (host, guest),
                _ => bail!("--put {text}: write HOST::GUEST"),
            };
            runner = runner.put(host, guest.parse().with_context(|| format!("--put {text}"))?);
        }
        for text in &self.get {
            let (guest, host) = match split_pair(text) {
                (guest, Some(host)) if !host.is_empty() => (guest, host),
                _ => bail!("--get {text}: write GUEST::HOST"),
            };
            runner = runner.get(guest.parse().with_context(|| format!("--get {text}"))?, host);
        }
        if let Some(limit) = self.get_limit {
            runner = runner.get_limit(limit.0);
        }
        if let Some(path) = &self.export {
            runner = runner.export(Destination::from_option(path));
        }
        if let Some(path) = &self.save {
            runner = runner.save(Destination::from_option(path));
        }
        if let Some(state) = &self.state {
            runner = runner.state(state);
        }
        if self.sync {
            runner = runner.sync();
        }
        if self.rebase {
            runner = runner.rebase(move |line| {
                if talk != Talk::Quiet {
                    say(format_args!("wasm-vfs: note: {line}"));
                }
            });
        }
        if self.diff {
            let listing = if self.json { Listing::Json } else { Listing::Lines };
            runner = runner.changes(move |changes| {
                let mut out = io::stderr().lock();
                for change in changes {
                    // Nobody is there to be told if this fails.
                    let _ = list(change, listing, &mut out);
                }
            });
        }
        Ok(runner)
    }

    /// The program packed with the tree of the options.
    fn packed(&self, config: &ConfigFile, talk: Talk, bar: &Arc<Bar>) -> Result<Program> {
        let began = Instant::now();
        let (verbose, no_preopen) = (talk.is_verbose(), self.no_preopen);
        let policy = Policy {
            verbose,
            no_preopen,
            trace: self.trace,
            events: self.sync,
            ..Policy::default()
        };
        let packer = self.tree.packer(config, &[], policy)?;
        let packer = self.form.apply(config, self.preinit.clone().apply(config, packer)?);
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
        let (packed, result) = (report.packed(), report.result());
        let seconds = began.elapsed().as_secs_f64();
        bar.detail(&format!("{packed}, with `{name}`: {result}, {seconds:.2} s"));
        Ok(Program::bytes(name, bytes))
    }

    /// Lists what a packed program imports, for somebody who wants to know.
    fn show_imports(&self, talk: Talk) -> Result<()> {
        if talk == Talk::Verbose {
            if !PackedModule::is_packed(&self.program)? {
                return Ok(());
            }
            for (module, name) in PackedModule::open(&self.program)?.imports()? {
                say(format_args!("import {module} {name}"));
            }
        }
        Ok(())
    }
}

/// What the process ends with, and why on standard error.
fn status(outcome: Outcome, program: &Path) -> Result<ExitCode> {
    let program = program.display();
    Ok(match outcome {
        // The system keeps eight bits of a status.
        Outcome::Exited(status) => ExitCode::from(status.to_le_bytes()[0]),
        Outcome::Initialized => {
            say(format_args!(
                "wasm-vfs: note: `{program}` has no `_start`: it is a reactor, so its \
                 `_initialize` was called and nothing more; --invoke FUNC calls a function of it"
            ));
            ExitCode::SUCCESS
        }
        Outcome::Returned(results) => {
            let mut out = io::stdout().lock();
            for result in results {
                writeln!(out, "{result}").context("cannot write to standard output")?;
            }
            ExitCode::SUCCESS
        }
        Outcome::Trapped { reason, backtrace } => {
            say(format_args!("wasm-vfs: error: `{program}` trapped: {reason}"));
            // The names in it are the program's.
            backtrace.lines().for_each(say);
            ExitCode::from(TRAPPED)
        }
        Outcome::OutOfFuel | Outcome::TimedOut => {
            say(format_args!("wasm-vfs: error: `{program}` {outcome}"));
            ExitCode::from(STOPPED)
        }
        // By a signal, which ends this process too, when all else is done.
        Outcome::Stopped => {
            say(format_args!("wasm-vfs: error: `{program}` {outcome} by a signal"));
            ExitCode::FAILURE
        }
    })
}
