//! LMDB: a database that is a shared mapping of a file, which is written by pwrite(2) or through the map, with record locks.

use wasm_vfs::{Form, TreeBuilder};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::same::{natively, same};
use crate::{FORMS, run};

#[test]
fn lmdb_does_what_it_does_on_linux() {
    let Some(program) = tools::guest("lmdb") else { return };
    let expected = natively(&program);
    assert!(expected.lines().count() > 200, "{expected}");
    for form in FORMS {
        same(&program, form, &Wasmtime, &expected);
    }
    if let Some(node) = Node::find() {
        same(&program, Form::Portable, &node, &expected);
    }
}

#[test]
fn the_tests_of_lmdb_pass() {
    let Some(program) = tools::guest("lmdb-tests") else { return };
    for form in FORMS {
        let invocation = Invocation::of("tests");
        let outcome = run(&program, TreeBuilder::new(), form, &Wasmtime, &invocation);
        let printed = String::from_utf8_lossy(&outcome.stdout);
        let ends: Vec<&str> = printed.lines().filter(|line| line.starts_with("test ")).collect();
        let expected =
            [1, 2, 3, 4, 5].map(|number| format!("test {number}: status 0, files removed 0 0 0"));
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert_eq!(ends, expected, "{form}: {stderr}");
        assert_eq!(outcome.status, Some(0), "{form}: {stderr}");
    }
}

/// A copy that compacts is written by a second thread, which WebAssembly has not: an error, and no copy that lacks half.
#[test]
fn what_needs_a_thread_says_so() {
    let Some(program) = tools::guest("lmdb") else { return };
    for form in FORMS {
        let invocation = Invocation::of("lmdb /tmp compact");
        let outcome = run(&program, TreeBuilder::new(), form, &Wasmtime, &invocation);
        let printed = String::from_utf8_lossy(&outcome.stdout);
        let last =
            "mdb_env_copy2(env, \"compacted\", MDB_CP_COMPACT): Resource temporarily unavailable";
        assert_eq!(printed.lines().last(), Some(last), "{form}");
    }
}
