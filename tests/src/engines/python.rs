//! Python's `wasmtime`, a wheel of PyPI that carries the engine: its own WASI, reached through
//! Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use crate::engine::{Engine, Invocation, Outcome};
use crate::tools;

/// The wheel.
#[derive(Debug)]
pub struct PythonWasmtime {
    packages: PathBuf,
}

impl PythonWasmtime {
    /// The wheel, if it is installed; else it is noted as left out.
    pub fn find() -> Option<Self> {
        tools::installed("python/wasmtime")?;
        Some(Self { packages: tools::target().join("tools/python") })
    }

    fn script(&self) -> Command {
        let mut command = process::command(Path::new("python3"));
        // The next process finds what this one compiled.
        let cache = tools::target().join("wasmtime-cache");
        command.env("PYTHONPATH", &self.packages).env("WASMTIME_CACHE", cache);
        command.arg("-B").arg(tools::test_data("engines/python.py"));
        command
    }
}

impl Engine for PythonWasmtime {
    fn name(&self) -> &'static str {
        "python's wasmtime"
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        process::run(self.script(), wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.script(), wasm)
    }
}
