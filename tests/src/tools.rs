//! Where `cargo xtask setup` and `cargo xtask guests` put things, and the record of what is missing.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use xtask::{left_out, workspace};

pub use xtask::workspace::target;

/// A file of the tests themselves.
pub fn test_data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A guest program of `tests/guests/`, or a theme of `tests/preview1/guest/` (`preview1/NAME`), built by `cargo xtask guests`.
pub fn guest(name: &str) -> Option<PathBuf> {
    there(workspace::guests().join(format!("{name}.wasm")), "cargo xtask guests")
}

/// A file or directory that `cargo xtask setup` installs, by its path below `target/tools`.
pub fn installed(path: &str) -> Option<PathBuf> {
    there(workspace::tools().join(path), "cargo xtask setup")
}

/// The page that `cargo xtask web` builds.
pub fn page() -> Option<PathBuf> {
    there(workspace::page(), "cargo xtask web")
}

/// The path, if something is there; else it is noted as left out.
fn there(path: PathBuf, made_by: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let missing = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    leave_out(&test, &format!("{missing} is missing: run `{made_by}`"));
    None
}

/// Says that something is not tested, and why. `cargo xtask test` repeats it at its end. On a CI machine everything has
/// to be there.
///
/// # Panics
///
/// On a CI machine (`CI=true`).
pub fn leave_out(what: &str, why: &str) {
    assert!(!left_out::is_ci(), "{what}: {why}");
    // Written past the test runner's capture: a test that did nothing must not look like one that passed.
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {what}: {why}");
    let list = OpenOptions::new().append(true).create(true).open(left_out::file());
    if let Ok(mut list) = list {
        let _ = writeln!(list, "{what}: {why}");
    }
}
