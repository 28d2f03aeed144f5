//! The command line: reads arguments, calls the library, words errors.
//!
//! Each command is a function of the library; here is only what a person at a terminal needs
//! around it. Exit status: 0, 1 for an error of ours (one line on standard error), 2 for a usage
//! error, and for `run` the program's own.

mod args;
mod bar;
mod show;

use crate::packed::export::export_tar;
use crate::format::human_bytes;
use crate::output::Destination;
use crate::pack::{Packer, Report, link_files};
use crate::packed::extract::extract;
use crate::packed::packed_module::PackedModule;
use crate::policy::Policy;
use crate::policy::file::ConfigFile;
use crate::progress::{Progress as _, Silent};
use crate::pack::input::file_name;
use crate::run::{Outcome, Runner};
use anyhow::{Context as _, Result, bail};
use args::{Arguments, Command, FormArgs, ProgramArgs, Talk, TreeArgs};
use bar::Bar;
use clap::Parser as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// What a shell reports for a program that aborted: 128 + SIGABRT. A trap is that, as under
/// wasmtime's own command line.
const TRAPPED: u8 = 134;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(status) => status,
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            // Causes may have several lines; an error has one.
            let text = format!("{error:#}");
            let line: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
            eprintln!("wasm-vfs: error: {}", line.join(" "));
            ExitCode::FAILURE
        }
    }
}

/// Whether whoever read our output has gone: `wasm-vfs ls x.wasm | head` is no error to report.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref().is_some_and(|e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(pipe)
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let talk = arguments.talk.talk();
    let bar = Bar::new(talk);
    match arguments.command {
        Command::Pack { program, tree, form, preinit, output, policy } => {
            let config = tree.config()?;
            let mut packer = packer(&tree, &config, form, *policy, talk)?;
            if let Some(preinit) = preinit.chosen(&config) {
                packer = packer.preinit(preinit);
            }
            let destination = Destination::from_option(&output);
            let report = packer.pack_with(&program, &destination, &bar);
            bar.end();
            report_packed(&report?, talk);
        }
        Command::Image { tree, output, host_shim, policy } => {
            let destination = Destination::from_option(&output);
            let config = tree.config()?;
            let mut packer = packer(&tree, &config, FormArgs::default(), *policy, talk)?;
            if let Some(path) = host_shim {
                packer = packer.host_shim(path);
            }
            let report = packer.write_image_with(&destination, &bar);
            bar.end();
            report_packed(&report?, talk);
        }
        Command::Link { program, rootfs, form, output } => {
            let destination = Destination::from_option(&output);
            let report = link_files(
                &program,
                &rootfs,
                form.form(&ConfigFile::default()).unwrap_or_default(),
                &destination,
                &bar,
            );
            bar.end();
            report_packed(&report?, talk);
        }
        Command::Run { program, tree, form, how } => {
            return run_program(&program, &tree, form, &how, &bar);
        }
        Command::Inspect { file } => show::inspect(&file)?,
        Command::Ls { file, path, long } => show::ls(&file, path.as_deref(), long)?,
        Command::Tree { file, path } => show::tree(&file, path.as_deref())?,
        Command::Cat { file, paths } => show::cat(&file, &paths)?,
        Command::Stat { file, paths } => show::stat(&file, &paths)?,
        Command::Export { file, output } => {
            let mut packed = PackedModule::open(&file)?;
            let destination = Destination::from_option(&output);
            let written = destination.write(&Silent, |out| export_tar(&mut packed, out))?;
            if talk != Talk::Quiet {
                let entries = packed.tree().entries().len();
                let size = human_bytes(written);
                eprintln!("exported {entries} entries to {destination}: {size}");
            }
        }
        Command::Extract { file, directory, existing } => {
            let mut packed = PackedModule::open(&file)?;
            extract(&mut packed, &directory, existing.existing())?;
            if talk != Talk::Quiet {
                let entries = packed.tree().entries().len();
                eprintln!("extracted {entries} entries to {}", directory.display());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the options and the configuration file say.
fn packer(
    args: &TreeArgs,
    config: &ConfigFile,
    form: FormArgs,
    mut policy: Policy,
    talk: Talk,
) -> Result<Packer> {
    policy.verbose = talk == Talk::Verbose;
    let form = form.form(config);
    let mut packer =
        Packer::new(args.builder(config)?).policy(config.policy.clone().overridden_by(policy));
    if let Some(form) = form {
        packer = packer.form(form);
    }
    if let Some(path) = &args.adapter {
        let core =
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        packer = packer.adapter_core(core);
    }
    Ok(packer)
}

fn report_packed(report: &Report, talk: Talk) {
    if talk == Talk::Quiet {
        return;
    }
    // What the program would have shown, had it been watched.
    for bytes in [&report.printed.stdout, &report.printed.stderr] {
        let _ = io::stderr().write_all(bytes);
    }
    if let Some(link) = &report.link {
        for note in &link.notes {
            eprintln!("wasm-vfs: note: {note}");
        }
        if talk == Talk::Verbose {
            for (module, name) in &link.imports {
                eprintln!("import {module} {name}");
            }
        }
    }
    eprintln!("{report}");
}

fn run_program(
    program: &Path,
    tree: &TreeArgs,
    form: FormArgs,
    how: &ProgramArgs,
    bar: &Bar,
) -> Result<ExitCode> {
    let mut runner = Runner::new().args(how.args.iter().cloned());
    for directory in &how.host_dir {
        let (host, name) = directory.split_once("::").unwrap_or((directory, directory));
        runner = runner.host_directory(host, name);
    }
    for variable in &how.env {
        // A name alone passes the variable on, as wasmtime does.
        match variable.split_once('=') {
            Some((name, value)) => runner = runner.env(name, value),
            None => match std::env::var(variable) {
                Ok(value) => runner = runner.env(variable, value),
                Err(_) => bail!("--env {variable}: there is no such variable; write NAME=VALUE"),
            },
        }
    }
    for text in &how.put {
        let put = text.split_once("::").filter(|(host, _)| !host.is_empty());
        let (host, guest) = put.with_context(|| format!("--put {text}: write HOST::GUEST"))?;
        runner = runner.put(host, guest.parse().with_context(|| format!("--put {text}"))?);
    }
    for text in &how.get {
        let get = text.split_once("::").filter(|(_, host)| !host.is_empty());
        let (guest, host) = get.with_context(|| format!("--get {text}: write GUEST::HOST"))?;
        runner = runner.get(guest.parse().with_context(|| format!("--get {text}"))?, host);
    }
    if let Some(path) = &how.export {
        runner = runner.export(Destination::from_option(path));
    }
    let outcome = if tree.is_given() {
        let config = tree.config()?;
        let packed = packer(tree, &config, form, Policy::default(), Talk::Normal)?;
        let packed = packed.pack_file_with(program, bar)?;
        runner.run_bytes_with(&file_name(program), &packed, bar)?
    } else {
        if !PackedModule::is_packed(program)? {
            bail!(
                "`{}` is not packed; give it a directory with --dir, or pack it first",
                program.display()
            );
        }
        runner.run_file_with(program, bar)?
    };
    Ok(match outcome {
        // The host keeps eight bits of a status.
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
    })
}
