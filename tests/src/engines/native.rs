//! Engines that `cargo xtask engines` builds as programs, each with a driver of ours: WAMR and
//! Wasm3, which are C and have their own WASI (`native/`), and Wasmer (`wasmer_driver/`), whose
//! crates are many.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use crate::engine::{Engine, Invocation, Outcome};
use crate::tools;

/// An engine with its driver.
#[derive(Debug)]
pub struct Native {
    name: &'static str,
    driver: PathBuf,
}

impl Native {
    /// The one of this name; if its driver was not built it is noted as left out.
    pub fn find(name: &'static str) -> Option<Self> {
        let driver = tools::installed(&format!("engines/{name}"))?;
        Some(Self { name, driver })
    }

    fn driver(&self) -> Command {
        process::command(&self.driver)
    }
}

impl Engine for Native {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        process::run(self.driver(), wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        process::run_hermetic(self.driver(), wasm)
    }
}
