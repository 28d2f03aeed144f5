//! A program that `cargo xtask guests` also built for this machine: packed, it prints what it prints here.

use std::path::Path;
use std::process::Command;

use wasm_vfs::{Form, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation};

/// Runs the build for this machine, in a directory of its own. The first argument says where it may work.
pub(crate) fn natively(program: &Path) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(program.with_extension("native"));
    let output = command.arg(".").current_dir(&directory).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it packed, and compares.
pub(crate) fn same(program: &Path, form: Form, engine: &dyn Engine, expected: &str) {
    let invocation = Invocation::of("program /tmp");
    let outcome = crate::run(program, TreeBuilder::new(), form, engine, &invocation);
    let printed = String::from_utf8_lossy(&outcome.stdout);
    let name = engine.name();
    for (number, (printed, expected)) in printed.lines().zip(expected.lines()).enumerate() {
        assert_eq!(printed, expected, "line {}, {form} on {name}", number + 1);
    }
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status, Some(0), "{form} on {name}: {stderr}");
    assert_eq!(printed, expected, "{form} on {name}");
}
