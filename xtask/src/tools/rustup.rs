//! Asks rustup for the components and targets of the compiler that are missing.
//!
//! rust-toolchain.toml names them too, and rustup installs them by itself, but only where its
//! auto-install is on.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Makes sure that the pinned toolchain can compile for `targets`.
pub(crate) fn ensure_targets(targets: &[&str]) -> Result<()> {
    let libraries = process::read(&mut rustc(&["--print", "target-libdir"]))?;
    let host_libraries = std::path::Path::new(libraries.trim_end());
    // .../lib/rustlib/HOST/lib: a target's own directory is beside HOST.
    let rustlib = host_libraries.ancestors().nth(2).context("rustc has no rustlib directory")?;
    for &target in targets {
        if !rustlib.join(target).join("lib").is_dir() {
            process::run(&mut rustup(&["target", "add", target]))?;
        }
    }
    Ok(())
}

/// Makes sure that the pinned toolchain has `components` (clippy, rustfmt).
pub(crate) fn ensure_components(components: &[&str]) -> Result<()> {
    let installed = process::read(&mut rustup(&["component", "list", "--installed"]))?;
    for &component in components {
        if !installed.lines().any(|line| line.starts_with(component)) {
            process::run(&mut rustup(&["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Makes sure that there is a nightly compiler with Miri.
pub(crate) fn ensure_nightly() -> Result<()> {
    let mut miri = Command::new("cargo");
    miri.args(["miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if with_nightly(&mut miri).status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let nightly = ["toolchain", "install", "nightly", "--profile", "minimal"];
    process::run(rustup(&nightly).args(["--component", "miri", "--component", "rust-src"]))
}

/// Lets a command, and the cargo that it runs, use the nightly compiler.
pub(crate) fn with_nightly(command: &mut Command) -> &mut Command {
    // This chore runs in the pinned compiler's environment.
    for inherited in ["CARGO", "RUSTC", "RUSTDOC", "LD_LIBRARY_PATH"] {
        command.env_remove(inherited);
    }
    command.env("RUSTUP_TOOLCHAIN", "nightly")
}

fn rustc(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustc");
    command.args(arguments).current_dir(workspace::root());
    command
}

fn rustup(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(arguments).current_dir(workspace::root());
    command
}
