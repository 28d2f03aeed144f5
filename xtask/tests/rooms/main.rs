//! The order of the rooms: within a crate, a folder uses only folders above it in the crate's list.
//!
//! Each test reads the sources of one crate and fails with the names of both files. The lists and
//! the exceptions are the constants below, and every exception says why it is one; an exception
//! that nothing needs any more fails too. CONTRIBUTING.md explains the order to people.
//!
//! * [`source`] parses a file: its modules, its imports, the paths in its code.
//! * [`graph`] resolves these paths: which file uses which.
//! * [`rules`] holds files and folders to the rules.
//! * `made_up` shows on small sources that each rule can fail.
//!
//! What is not here: uses without a path (a method of an `impl` in another file), and code under
//! `#[cfg(test)]`.

mod graph;
mod made_up;
mod rules;
mod source;

use std::path::{Path, PathBuf};

use graph::Graph;
use rules::{Exception, Pair};
use source::Source;

/// The rooms of fs-core, the ground floor first.
const FS_CORE: &[&str] = &["base/", "manifest.rs", "platform/", "objects/", "fs/", "syscalls/"];

/// The rooms of the adapter, the ground floor first.
const ADAPTER: &[&str] = &[
    "defect.rs",
    "errno.rs",
    "bytes.rs",
    "one_thread.rs",
    "runtime/",
    "memory/",
    "abi/",
    "foreign/",
    "platform/",
    "kernel/",
    "mounts/",
    "exports/",
    "calls/",
    "host_api/",
    "trace/",
    "events.rs",
    "bake/",
];

/// The rooms of the tool, the ground floor first.
const SNAPSHOT_TOOL: &[&str] = &[
    "quote.rs",
    "error.rs",
    "preview1.rs",
    "linux_calls.rs",
    "wasm/",
    "tree/",
    "progress.rs",
    "format.rs",
    "disk/",
    "output.rs",
    "policy/",
    "packed/",
    "oci/",
    "adapter/",
    "gather/",
    "host_api/",
    "link/",
    "pack/",
    "state/",
    "run/",
    "sdk/",
    "cli/",
];

/// The rooms of the chores, the ground floor first.
const XTASK: &[&str] =
    &["workspace.rs", "process.rs", "left_out.rs", "file_server.rs", "tools/", "chores/"];

/// Pairs of files in one folder that use each other, because they are two halves of one idea.
const TWO_HALVES: &[Pair] = &[];

/// The longest file, in lines.
const MAX_LINES: usize = 600;
/// The longer ones.
const LONG_FILES: &[Exception] = &[];

/// How many source files a folder of a crate holds at most. Folders of tests are not counted: they
/// are lists, a file a case.
const MAX_FILES: usize = 15;
/// The folders that hold more.
const FULL_FOLDERS: &[Exception] = &[
    Exception {
        path: "fs-core/src/objects",
        why: "a list: a file for each object of a kernel, and its reader looks for a name",
    },
    Exception { path: "snapshot-tool/src/cli", why: "a list: a file for each command" },
];

/// Files that `#[path]` includes from another package.
const FOREIGN_MODULES: &[Exception] = &[Exception {
    path: "fuzz/fuzz_targets/calls.rs",
    why: "cargo-fuzz wants a package of its own, and every `cargo test` runs the same calls from random bytes",
}];

/// Whose sources must be short and must say what they are for: all packages that people write.
const PACKAGES: &[&str] =
    &["adapter", "benches", "fs-core", "fuzz", "snapshot-tool", "tests", "xtask"];

#[test]
fn fs_core() {
    hold("fs-core", FS_CORE);
}

#[test]
fn adapter() {
    hold("adapter", ADAPTER);
}

#[test]
fn snapshot_tool() {
    hold("snapshot-tool", SNAPSHOT_TOOL);
}

#[test]
fn xtask() {
    hold("xtask", XTASK);
}

#[test]
fn files_are_short() {
    told(&rules::long_files(&sources(PACKAGES), MAX_LINES, LONG_FILES));
}

#[test]
fn files_say_what_they_are_for() {
    told(&rules::without_opening(&sources(PACKAGES)));
}

#[test]
fn modules_stay_in_their_package() {
    let sources = sources(PACKAGES);
    let package = |path: &Path| {
        let mut above = path.ancestors().skip(1);
        above.find(|above| workspace().join(above).join("Cargo.toml").exists()).map(Path::to_owned)
    };
    told(&rules::foreign_modules(&sources, package, FOREIGN_MODULES));
}

/// Holds a crate to the order of its rooms.
fn hold(package: &str, order: &[&str]) {
    let sources = sources(&[package]);
    let root = format!("{package}/src");
    let of_this_crate = |path: &str| path.starts_with(&format!("{root}/"));
    let halves: Vec<Pair> =
        TWO_HALVES.iter().filter(|pair| of_this_crate(pair.files[0])).copied().collect();
    let full: Vec<Exception> = FULL_FOLDERS
        .iter()
        .filter(|folder| of_this_crate(&format!("{}/", folder.path)))
        .copied()
        .collect();
    let graph = Graph::of_crate(&root, &sources);
    let mut wrong = rules::uses_of_rooms_below(&graph, order);
    wrong.extend(rules::circles(&graph, &halves));
    wrong.extend(rules::full_folders(&graph, MAX_FILES, &full));
    told(&wrong);
}

/// Fails with everything that is wrong.
fn told(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}

/// The workspace's root. Cargo says where this package is; with another value the same binary reads
/// another checkout.
fn workspace() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).join("..")
}

/// The Rust sources of packages, by their paths from the workspace's root.
fn sources(packages: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for package in packages {
        walk(Path::new(package), &mut found);
    }
    assert!(!found.is_empty(), "no sources in {}", workspace().display());
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn walk(directory: &Path, found: &mut Vec<Source>) {
    let entries = std::fs::read_dir(workspace().join(directory));
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let path = directory.join(entry.file_name());
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && entry.file_name() != "target" && entry.file_name() != "node_modules" {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(workspace().join(&path));
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push(Source::parse(&path.to_string_lossy(), &text));
        }
    }
}
