//! Where things are: the workspace, and the directories that chores write to and tests read from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Returns the workspace's root: the parent of this package.
#[must_use]
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Returns cargo's build directory, wherever the environment put it.
#[must_use]
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

/// Returns the directory that tools are installed into.
#[must_use]
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// Returns the directory that `cargo xtask guests` builds programs into.
#[must_use]
pub fn guests() -> PathBuf {
    target().join("guests")
}

/// Returns the directory of the page that `cargo xtask web` builds.
#[must_use]
pub fn page() -> PathBuf {
    target().join("web")
}

/// Returns the directory of what the tests record about engines, of which `cargo xtask engines`
/// makes the README's table.
#[must_use]
pub fn engine_record() -> PathBuf {
    target().join("engines")
}

/// Removes a directory if it is there, so that it can be made anew.
pub(crate) fn clear(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    Ok(())
}
