//! Installs programs from crates.io that chores run, pinned, into `target/tools/bin`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// A program, and the version to install.
#[derive(Debug)]
pub(crate) struct Program {
    /// The crate, and the program in it.
    pub(crate) name: &'static str,
    /// Its exact version; its own lock file pins the rest.
    pub(crate) version: &'static str,
}

impl Program {
    /// Returns the path of the installed program.
    pub(crate) fn path(&self) -> PathBuf {
        workspace::tools().join("bin").join(self.name)
    }

    /// Installs it, unless this version is there already.
    pub(crate) fn ensure(&self) -> Result<()> {
        let installed = workspace::tools().join(".crates.toml");
        let wanted = format!("\"{} {} ", self.name, self.version);
        let list = fs::read_to_string(&installed).unwrap_or_default();
        if list.contains(&wanted) && self.path().exists() {
            return Ok(());
        }
        eprintln!("xtask: installing {} {}", self.name, self.version);
        let mut cargo = process::cargo(&["install", "--quiet", "--locked", "--root"]);
        cargo.arg(workspace::tools()).args(["--version", self.version, self.name]);
        // Not into the workspace's own build directory: those are other profiles and features.
        cargo.env("CARGO_TARGET_DIR", workspace::target().join("tools-build"));
        process::run(&mut cargo)
            .with_context(|| format!("cannot install {} {}", self.name, self.version))
    }
}
