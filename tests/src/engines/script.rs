//! JavaScript runtimes with our own module as the host's side of preview1 (`js/wasm-vfs.js`).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::process;
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

    fn script(&self) -> Command {
        let mut command = process::command(&self.command);
        command.args(self.arguments).arg(tools::test_data("engines/script.mjs"));
        command
    }
}

impl Engine for Script {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.host_root.is_none(), "our module has no directories of the host");
        process::run(self.script(), wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.script(), wasm)
    }
}
