//! Where `cargo xtask setup` and `cargo xtask guests` put things, and the record of what is
//! missing.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::chores::guests;
use xtask::{left_out, workspace};

use crate::matrix::is_long_run;

pub use xtask::workspace::target;

/// A file of the tests themselves.
pub fn test_data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns a guest program of `tests/guests/`, or a theme of `tests/preview1/guest/`
/// (`preview1/NAME`), built by `cargo xtask guests`.
///
/// # Panics
///
/// When `cargo xtask guests` knows no such program.
pub fn guest(name: &str) -> Option<PathBuf> {
    let is_known =
        name.starts_with("preview1/") || guests::programs().any(|(known, _)| known == name);
    assert!(is_known, "xtask/src/chores/guests.rs lists no guest {name}");
    there(workspace::guests().join(format!("{name}.wasm")), "cargo xtask guests")
}

/// A file or directory that `cargo xtask setup` installs, by its path below `target/tools`.
pub fn installed(path: &str) -> Option<PathBuf> {
    there(workspace::tools().join(path), "cargo xtask setup")
}

/// A program of Debian's that is not installed, only unpacked.
pub fn debian(program: &str) -> Option<Command> {
    let root = workspace::tools().join("debian");
    let mut command = Command::new(installed(&format!("debian/usr/bin/{program}"))?);
    command.env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"));
    Some(command)
}

/// A tool of Binaryen's, which knows the features that rootfs modules need; it is given no more than
/// those, for others are written in ways that engines refuse.
pub fn binaryen(tool: &str) -> Option<Command> {
    let mut command = Command::new(installed("npm/binaryen")?.join("bin").join(tool));
    command.args([
        "--enable-multimemory",
        "--enable-bulk-memory",
        "--enable-bulk-memory-opt",
        "--enable-mutable-globals",
        "--enable-sign-ext",
        "--enable-nontrapping-float-to-int",
        "--enable-multivalue",
        "--enable-reference-types",
    ]);
    Some(command)
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

/// Says that something is not tested, and why. `cargo xtask test` repeats it at its end. On a CI
/// machine everything has to be there.
///
/// # Panics
///
/// On a CI machine (`CI=true`).
pub fn leave_out(what: &str, why: &str) {
    assert!(!left_out::is_ci(), "{what}: {why}");
    // Written past the test runner's capture: a test that did nothing must not look like one that
    // passed.
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {what}: {why}");
    append(&left_out::file(), &format!("{what}: {why}"));
}

/// Whether this run leaves something that takes minutes to `cargo xtask engines`. If so, `cargo
/// xtask test` says it at its end.
#[must_use]
pub fn is_left_to_the_long_run(what: &str) -> bool {
    let is_left = !is_long_run();
    if is_left {
        append(&left_out::file_of_the_long_run(), what);
    }
    is_left
}

fn append(file: &Path, line: &str) {
    // One call, so that no two lines mix.
    let file = OpenOptions::new().append(true).create(true).open(file);
    let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    /// Adds the text of the tests' sources below a directory that ask for guests.
    fn read(directory: &Path, texts: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, texts);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                texts.extend(text.contains("tools::guest(").then_some(text));
            }
        }
    }

    /// A program without a test would be built for nothing, and would be thought to be tested.
    #[test]
    fn every_guest_is_built_and_has_a_test() {
        let entries = fs::read_dir(test_data("guests")).unwrap();
        let directories: BTreeSet<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        // Some are examples of crates.
        let in_guests = guests::programs().filter(|(_, source)| !source.contains('/'));
        let built = in_guests.map(|(_, source)| source.to_owned()).collect();
        assert_eq!(directories, built, "tests/guests/, and the list of xtask/src/chores/guests.rs");
        let mut texts = Vec::new();
        for tests in
            ["adapter", "apps", "calls", "host_api", "hosts", "link", "mounts", "software", "web"]
        {
            read(&test_data(tests), &mut texts);
        }
        let has_a_test =
            |name: &str| texts.iter().any(|text| text.contains(&format!("\"{name}\"")));
        let idle: Vec<&str> =
            guests::programs().map(|(name, _)| name).filter(|name| !has_a_test(name)).collect();
        assert!(idle.is_empty(), "no test runs {idle:?}");
    }

    /// What is not in it is built with fewer features where it is named, and once more elsewhere.
    #[test]
    fn the_package_of_dependencies_has_all_that_are_built() {
        let read = |path: &str| -> toml::Table {
            let path = test_data(path);
            let text = fs::read_to_string(&path).unwrap();
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let workspace = read("../Cargo.toml");
        let table = workspace["workspace"]["dependencies"].as_table().unwrap();
        // Of some only the C sources are used: no feature of the tests turns them on.
        let tests = read("Cargo.toml");
        let is_built = |name: &str| {
            let ours = table[name].get("path").is_some();
            let of_tests = tests["dependencies"].get(name);
            let is_source = of_tests.is_some_and(|entry| entry.get("optional").is_some());
            !ours && !is_source
        };
        let wanted: BTreeSet<&str> =
            table.keys().map(String::as_str).filter(|name| is_built(name)).collect();
        let package = read("dependencies/Cargo.toml");
        let named = package["dependencies"].as_table().unwrap();
        assert_eq!(named.keys().map(String::as_str).collect::<BTreeSet<_>>(), wanted);
    }
}
