//! The command line: reads arguments, calls the library, words errors.
//!
//! Each command is a file with its arguments and what a person at a terminal needs around the call
//! of the library; `args` and `policy_args` are what several share. Exit status: 0, 1 for an error
//! of ours (one line on standard error), 2 for a usage error, and for `run` the program's own.

mod args;
mod bar;
mod cat;
mod changes_text;
mod commit;
mod diff;
mod export;
mod extract;
mod image;
mod inspect;
#[cfg(feature = "run")]
mod limit_args;
mod link;
mod ls;
mod metadata_text;
mod oci;
mod pack;
mod packed_file;
mod policy_args;
#[cfg(feature = "registry")]
mod pull;
#[cfg(feature = "registry")]
mod push;
#[cfg(feature = "run")]
mod run;
mod say;
mod sdk;
#[cfg(feature = "run")]
mod signals;
mod stat;
mod tree;

use crate::error::find;
use anyhow::Result;
use args::TalkArgs;
use bar::Bar;
use clap::{Parser, Subcommand};
use say::say_error;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

/// A filesystem that is itself WebAssembly: packs a WASI program with its files into one .wasm
#[derive(Debug, Parser)]
#[command(name = "wasm-vfs", version, arg_required_else_help = true, subcommand_required = true)]
struct Arguments {
    #[command(flatten)]
    talk: TalkArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pack a program with directories into one module
    Pack(pack::Pack),
    /// Run a packed program, or pack one in memory and run it
    ///
    /// The program gets this process's standard streams and no directory of the disk.
    ///
    /// Exit status: the program's own (its lowest eight bits); 0 after --invoke, or after a reactor
    /// was initialised; 134 if it trapped; 124 if --timeout or --fuel stopped it; 1 if it could not
    /// be run, or --get or --export failed; 2 for a usage error.
    ///
    /// Signals: with --state, --save, --get, --export or --diff, the first SIGINT (Ctrl-C), SIGTERM or SIGHUP
    /// stops the program, and what these options ask for is done; then this process ends by the
    /// signal. A second one ends it at once.
    #[cfg(feature = "run")]
    Run(Box<run::Run>),
    /// Pack a program again with what a run of it has changed
    Commit(commit::Commit),
    /// Tell in what two packed modules, directories or archives differ
    ///
    /// A line for each difference: `A path` is only in AFTER, `D path` only in BEFORE (with all beneath
    /// it), `M path  what` in both: contents, mode, owner, times, attributes, target, links or kind.
    ///
    /// Exit status: 0 if they are equal, 1 if they differ, 2 for trouble.
    Diff(diff::Diff),
    /// Bake directories into a rootfs module, to be linked with programs later
    Image(image::Image),
    /// Link a program with a rootfs module that `image` wrote
    Link(link::Link),
    /// Show what a module is and what its program sees: form, sizes, tree, imports, policy
    Inspect(inspect::Inspect),
    /// List a directory of a packed module
    Ls(ls::Ls),
    /// Show a directory of a packed module with all beneath it
    Tree(tree::TreeCommand),
    /// Write files of a packed module to standard output
    Cat(cat::Cat),
    /// Show the metadata of files of a packed module
    Stat(stat::Stat),
    /// Write the tree of a packed module as a tar archive
    Export(export::Export),
    /// Write the tree of a packed module into a directory
    Extract(extract::Extract),
    /// Write a packed program as an OCI artifact, for registries and containers
    ///
    /// The result is an OCI image layout with one artifact, and its digest is printed. Equal programs
    /// give equal bytes; SOURCE_DATE_EPOCH dates the artifact.
    Oci(oci::Oci),
    /// Push a packed program to a registry, as an OCI artifact
    ///
    /// Prints the reference with the digest. Credentials are those of `docker login`.
    #[cfg(feature = "registry")]
    Push(push::Push),
    /// Pull a program from a registry that `push`, wkg or others have pushed
    #[cfg(feature = "registry")]
    Pull(pull::Pull),
    /// Write the C SDK: headers and a library with all of Linux's calls, for wasi-libc
    ///
    /// Prints where it is, or the options for a compiler:
    /// `clang --target=wasm32-wasip1 $(wasm-vfs sdk --cflags) app.c $(wasm-vfs sdk --libs)`.
    Sdk(sdk::Sdk),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(status) => status,
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Whether whoever read our output has gone: `wasm-vfs ls x.wasm | head` is no error to report.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    find(error).is_some_and(|cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let talk = arguments.talk.talk();
    let bar = Arc::new(Bar::new(talk));
    let done = match arguments.command {
        Command::Pack(command) => command.run(talk, &bar),
        #[cfg(feature = "run")]
        Command::Run(command) => return command.run(talk, &bar),
        Command::Image(command) => command.run(talk, &bar),
        Command::Link(command) => command.run(talk, &bar),
        Command::Commit(command) => command.run(talk, &bar),
        Command::Diff(command) => return command.run(),
        Command::Inspect(command) => command.run(),
        Command::Ls(command) => command.run(),
        Command::Tree(command) => command.run(),
        Command::Cat(command) => command.run(),
        Command::Stat(command) => command.run(),
        Command::Export(command) => command.run(talk),
        Command::Extract(command) => command.run(talk),
        Command::Oci(command) => command.run(talk),
        #[cfg(feature = "registry")]
        Command::Push(command) => command.run(talk, &bar),
        #[cfg(feature = "registry")]
        Command::Pull(command) => command.run(talk, &bar),
        Command::Sdk(command) => command.run(),
    };
    // Before anything is said of an error.
    bar.finish();
    done.map(|()| ExitCode::SUCCESS)
}
