//! Python's `wasmtime`, a wheel of PyPI that carries the engine: its own WASI, reached through
//! Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use crate::engine::{Engine, Invocation, Outcome};
use crate::tools;

/// The wheel, and what compiles there.
#[derive(Debug)]
pub struct PythonWasmtime {
    packages: PathBuf,
    compiler: Compiler,
}

/// What wasmtime makes of a module.
#[derive(Clone, Copy, Debug)]
pub enum Compiler {
    /// Machine code.
    Cranelift,
    /// Machine code, in one pass.
    Winch,
    /// Code for an interpreter.
    Pulley,
}

impl Compiler {
    /// Its name in `engines/python.py`.
    fn name(self) -> &'static str {
        match self {
            Self::Cranelift => "cranelift",
            Self::Winch => "winch",
            Self::Pulley => "pulley",
        }
    }
}

impl PythonWasmtime {
    /// The wheel, if it is installed; else it is noted as left out.
    pub fn find(compiler: Compiler) -> Option<Self> {
        tools::installed("python/wasmtime")?;
        Some(Self { packages: tools::target().join("tools/python"), compiler })
    }

    fn script(&self) -> Command {
        let mut command = process::command(Path::new("python3"));
        // The next process finds what this one compiled.
        let cache = tools::target().join("wasmtime-cache");
        command.env("PYTHONPATH", &self.packages).env("WASMTIME_CACHE", cache);
        command.env("WASMTIME_COMPILER", self.compiler.name());
        command.arg("-B").arg(tools::test_data("engines/python.py"));
        command
    }
}

impl Engine for PythonWasmtime {
    fn name(&self) -> &'static str {
        match self.compiler {
            Compiler::Cranelift => "python's wasmtime",
            Compiler::Winch => "wasmtime with Winch",
            Compiler::Pulley => "wasmtime with Pulley",
        }
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        process::run(self.script(), wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.script(), wasm)
    }
}
