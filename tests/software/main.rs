//! Software that others wrote, compiled with the C SDK without a change of its sources, packed and run in both forms. What each needed
//! beside its sources is in docs/software.md.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bsdtar;
mod commits;
mod libgit2;
mod lmdb;
mod same;
mod shell;
mod sqlite;

use std::path::Path;

use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime;

/// Both.
const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// Packs a program with a tree, and runs it.
fn run(
    program: &Path,
    tree: TreeBuilder,
    form: Form,
    engine: &dyn Engine,
    invocation: &Invocation,
) -> Outcome {
    let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    let packed = Packer::new(tree).form(form).pack(Program::file(program)).unwrap();
    packed.write(file.path()).unwrap();
    engine.run(file.path(), invocation).unwrap()
}

/// As [`run`], on wasmtime; returns the tree that it leaves too, as a tar archive.
fn run_and_export(
    program: &Path,
    tree: TreeBuilder,
    form: Form,
    invocation: &Invocation,
) -> (Outcome, Vec<u8>) {
    let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    let packed = Packer::new(tree).form(form).pack(Program::file(program)).unwrap();
    packed.write(file.path()).unwrap();
    wasmtime::run_and_export(file.path(), invocation, "/").unwrap()
}
