//! JavaScript runtimes with our own module as the host's side of preview1 (`js/wasm-vfs.js`), and what running a script in a
//! process of its own takes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::engine::{Engine, Invocation, Outcome};
use crate::tools;

/// A runtime that npm carries, with our module.
#[derive(Debug)]
pub struct Script {
    name: &'static str,
    command: PathBuf,
    /// What comes before the script's name.
    arguments: &'static [&'static str],
}

impl Script {
    /// Bun, on JavaScriptCore; if it is not there it is noted as left out.
    pub fn bun() -> Option<Self> {
        let command = tools::installed("npm/oven-bun-linux-x64/bin/bun")?;
        Some(Self { name: "bun", command, arguments: &["run"] })
    }

    /// Deno, on V8; if it is not there it is noted as left out.
    pub fn deno() -> Option<Self> {
        let command = tools::installed("npm/deno-linux-x64-glibc/deno")?;
        let arguments = &["run", "--quiet", "--no-lock", "--allow-all"];
        Some(Self { name: "deno", command, arguments })
    }
}

impl Engine for Script {
    fn name(&self) -> &'static str {
        self.name
    }

    fn runs_isolated(&self) -> bool {
        true
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.host_root.is_none(), "our module has no directories of the host");
        let mut command = Command::new(&self.command);
        command.args(self.arguments).arg(tools::test_data("engines/script.mjs"));
        run(command, wasm, invocation)
    }
}

/// Runs `command WASM ARGS...`. Its environment is the `PATH` alone; the program's is in `GUEST_ENVIRONMENT`.
pub(crate) fn run(mut command: Command, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
    ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
    command.arg(wasm).args(&invocation.args);
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    if let Some(root) = &invocation.host_root {
        command.env("HOST_ROOT", root);
    }
    let environment: Vec<String> =
        invocation.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    command.env("GUEST_ENVIRONMENT", environment.join("\n"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let mut stdin = child.stdin.take().context("the child's input was asked for")?;
    // A program may end without reading it.
    let _ = stdin.write_all(&invocation.stdin);
    drop(stdin);
    let output = child.wait_with_output()?;
    let code = output.status.code();
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(code.is_some(), "{command:?} was ended: {}\n{stderr}", output.status);
    Ok(Outcome { status: code, stdout: output.stdout, stderr: output.stderr, files: Vec::new() })
}
