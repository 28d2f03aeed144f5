//! SQLite, with the VFS that it has on Linux: a write-ahead log with its shared index, record locks, and mapped databases.

use wasm_vfs::{Form, TreeBuilder};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::same::{natively, same};
use crate::{FORMS, run};

#[test]
fn sqlite_does_what_it_does_on_linux() {
    let Some(program) = tools::guest("sqlite") else { return };
    let expected = natively(&program);
    assert!(expected.lines().count() > 500, "{expected}");
    for form in FORMS {
        same(&program, form, &Wasmtime, &expected);
    }
    if let Some(node) = Node::find() {
        same(&program, Form::Portable, &node, &expected);
    }
}

/// The same source knows preview1, and leaves out what wasi-libc lacks. With the SDK it needs to leave out nothing.
#[test]
fn what_preview1_lacks_is_there() {
    let Some(plain) = tools::guest("sqlite-plain") else { return };
    let Some(program) = tools::guest("sqlite") else { return };
    let answers = |program, arguments: &str| {
        let invocation = Invocation::of(arguments);
        let outcome = run(program, TreeBuilder::new(), Form::Portable, &Wasmtime, &invocation);
        assert_eq!(outcome.status, Some(0), "{outcome:?}");
        String::from_utf8(outcome.stdout).unwrap()
    };
    assert_eq!(
        answers(&plain, "plain"),
        "VFS: unix-dotfile\njournal_mode=WAL: delete\nmmap_size=1000000: 0\nlocking_mode: normal\n"
    );
    assert_eq!(
        answers(&program, "sqlite /tmp probe"),
        "VFS: unix\njournal_mode=WAL: wal\nmmap_size=1000000: 1000000\nlocking_mode: normal\n"
    );
}
