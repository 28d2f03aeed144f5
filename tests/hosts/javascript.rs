//! What `memory` and `cut_short` test, by an embedder in JavaScript: on Node, Bun and Deno. There, an engine's stack that is
//! exhausted is an exception, and the embedder goes on.

use std::path::PathBuf;
use std::process::Command;

use wasm_vfs::{Form, TreeBuilder};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::tools;

use crate::guest::packed;

const SCRIPT: &str = include_str!("embedder.mjs");

/// Runs the script in a runtime.
fn run(program: PathBuf, arguments: &[&str], form: Form) {
    let directory = tempfile::tempdir().unwrap();
    let (script, module) = (directory.path().join("embedder.mjs"), directory.path().join("p.wasm"));
    std::fs::write(&script, SCRIPT).unwrap();
    std::fs::write(&module, packed(TreeBuilder::new(), "", form)).unwrap();
    let output = Command::new(&program)
        .args(arguments)
        .args([script, module])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"all of it holds\n", "{}, {form}:\n{text}", program.display());
}

/// The machine's own Node has no multi-memory.
#[test]
fn on_node_portable() {
    if let Some(node) = Node::find() {
        run(node.command().to_owned(), &[], Form::Portable);
    }
}

#[test]
fn on_node() {
    if let Some(node) = Node::with_multi_memory() {
        run(node.command().to_owned(), &[], Form::Portable);
        run(node.command().to_owned(), &[], Form::Isolated);
    }
}

#[test]
fn on_bun() {
    if let Some(bun) = tools::installed("npm/oven-bun-linux-x64/bin/bun") {
        run(bun, &["run"], Form::Portable);
    }
}

#[test]
fn on_deno() {
    if let Some(deno) = tools::installed("npm/deno-linux-x64-glibc/deno") {
        let arguments = ["run", "--quiet", "--no-lock", "--allow-all"];
        run(deno.clone(), &arguments, Form::Portable);
        run(deno, &arguments, Form::Isolated);
    }
}
