//! Engines that are programs: how one is started for a packed program, and how it tells what became
//! of that.
//!
//! ```text
//! PROGRAM... MODULE.wasm ARGS...
//! ```
//!
//! ARGS begin with the packed program's name. Its environment is in `GUEST_ENVIRONMENT`, a line
//! each; `HOST_ROOT` is the directory that it sees as `/`, if any. With `HERMETIC` set the module
//! gets nothing, and its streams and status are those of its tree.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::engine::{Invocation, Outcome};

/// The exit statuses by which our drivers say that the module could not be loaded, and that it
/// trapped. No program of the tests ends with them.
const CANNOT_LOAD: i32 = 111;
const TRAPPED: i32 = 134;

/// Runs `command MODULE ARGS...` to its end.
pub(crate) fn run(mut command: Command, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
    ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
    command.arg(wasm).args(&invocation.args);
    if let Some(root) = &invocation.host_root {
        command.env("HOST_ROOT", root);
    }
    let environment: Vec<String> =
        invocation.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    command.env("GUEST_ENVIRONMENT", environment.join("\n"));
    to_its_end(command, &invocation.stdin)
}

/// Runs a hermetic module to its end.
pub(crate) fn run_hermetic(mut command: Command, wasm: &Path) -> Result<Outcome> {
    command.arg(wasm);
    command.env("HERMETIC", "1");
    to_its_end(command, &[])
}

/// A command with the `PATH` for its environment, and nothing else of ours.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command
}

fn to_its_end(mut command: Command, input: &[u8]) -> Result<Outcome> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let mut stdin = child.stdin.take().context("the child's input was asked for")?;
    // A program may end without reading it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() != Some(CANNOT_LOAD), "{}", stderr.trim_end());
    let code = output.status.code();
    ensure!(code.is_some(), "{command:?} was ended: {}\n{stderr}", output.status);
    Ok(Outcome {
        status: code.filter(|&code| code != TRAPPED),
        stdout: output.stdout,
        stderr: output.stderr,
        files: Vec::new(),
    })
}
