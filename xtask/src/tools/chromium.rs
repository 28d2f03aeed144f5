//! Installs Chromium, a browser engine for the tests: Debian's package, which only root on a Debian
//! machine can install.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::process;

/// Debian's package, and the program that it installs.
const CHROMIUM: &str = "chromium";

/// Installs the browser, unless it is there.
pub(crate) fn ensure() -> Result<()> {
    if answers(CHROMIUM) {
        return Ok(());
    }
    ensure!(
        answers("apt-get") && is_superuser(),
        "`{CHROMIUM}` is not installed, and only root on a Debian machine can install it here: `apt-get install {CHROMIUM}`"
    );
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    process::run(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends", CHROMIUM])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Whether a program runs at all.
fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn is_superuser() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
