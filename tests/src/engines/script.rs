//! JavaScript runtimes with our own package as their host of preview1.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::process;
use crate::engine::{Engine, Invocation, Outcome};
use crate::{npm_package, tools};

/// A runtime that npm carries, with our package.
#[derive(Debug)]
pub struct Script {
    name: &'static str,
    command: PathBuf,
    /// What comes before the script's name.
    arguments: &'static [&'static str],
}

impl Script {
    /// Bun, on JavaScriptCore; if it, or npm, is not there it is noted as left out.
    pub fn bun() -> Option<Self> {
        npm_package::project()?;
        let command = tools::installed("npm/oven-bun-linux-x64/bin/bun")?;
        Some(Self { name: "bun", command, arguments: &["run"] })
    }

    /// Deno, on V8; if it, or npm, is not there it is noted as left out.
    pub fn deno() -> Option<Self> {
        npm_package::project()?;
        let command = tools::installed("npm/deno-linux-x64-glibc/deno")?;
        let arguments = &["run", "--quiet", "--no-lock", "--allow-all"];
        Some(Self { name: "deno", command, arguments })
    }

    fn script(&self) -> Result<Command> {
        let project = npm_package::project().context("the script needs our package")?;
        let mut command = process::command(&self.command);
        command.args(self.arguments).arg(project.join("script.mjs"));
        Ok(command)
    }
}

impl Engine for Script {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.host_root.is_none(), "our package has no directories of the host");
        process::run(self.script()?, wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.script()?, wasm)
    }
}
