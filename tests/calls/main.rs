//! Linux's calls, from programs that import them.
//!
//! * `binding`: which imports are served, in which ways of linking, and what is said of the others.
//! * `guest_crate`: the example of the Rust crate.
//! * `policy`: what a program was given when it was packed.
//! * `tracing`: the lines of `--trace`.
//! * `wali`: a program for WALI, on engines that know nothing of it.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod binding;
mod guest_crate;
mod policy;
mod tracing;
mod wali;

use std::path::Path;

use anyhow::Result;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine as _, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;

/// Both forms.
const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// A program that exits with the status that `body` leaves on the stack: 0 is good. `imports` are its
/// imports beside `proc_exit`, `data` is from address 1024 on.
fn program(imports: &str, data: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {imports}
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") 2)
            (data (i32.const 1024) "{data}")
            (func $run (result i32) {body})
            (func (export "_start") (call $proc_exit (call $run))))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A tree with `/etc/motd`.
fn tree() -> TreeBuilder {
    TreeBuilder::new().file("/etc/motd", "hello\n")
}

/// Packs a program with that tree.
fn pack(program: &[u8], form: Form, policy: &str) -> Result<Vec<u8>, wasm_vfs::Error> {
    let policy = Policy::from_toml(policy).unwrap();
    let packer = Packer::new(tree()).form(form).policy(policy);
    packer.pack(Program::bytes("program", program))?.to_vec()
}

/// Runs a module.
fn run(module: &[u8]) -> Outcome {
    let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    std::fs::write(file.path(), module).unwrap();
    run_file(file.path())
}

fn run_file(path: &Path) -> Outcome {
    Wasmtime.run(path, &Invocation::of("program")).unwrap()
}
