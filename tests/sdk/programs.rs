//! Programs that call each family: compiled for this machine and run on its kernel, then with the SDK, packed in both
//! forms. All must print the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine as _, Invocation};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::compile::{Zig, run};

/// A program of this directory.
fn program(name: &str) -> PathBuf {
    tools::test_data("sdk/programs").join(name)
}

/// Compiles C for this machine.
fn native(source: &Path, output: &Path) -> Result<()> {
    run(Command::new("cc").args(["-O1", "-w"]).arg(source).arg("-o").arg(output)).map(drop)
}

/// Runs a program everywhere, and compares.
fn same(name: &str) -> Result<()> {
    same_with(name, Zig::all())
}

/// As [`same`], with the wasi-libc of these.
fn same_with(name: &str, zigs: impl IntoIterator<Item = Zig>) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let source = program(&format!("{name}.c"));
    let executable = directory.path().join(name);
    native(&source, &executable)?;
    let expected = String::from_utf8(run(&mut Command::new(&executable))?)?;
    assert!(expected.lines().count() > 10, "{expected}");
    for zig in zigs {
        let wasm = directory.path().join("program.wasm");
        zig.link(&source, &wasm)?;
        for form in [Form::Portable, Form::Isolated] {
            let packed = directory.path().join("packed.wasm");
            let packer = Packer::new(TreeBuilder::new()).form(form);
            packer.pack(Program::file(&wasm))?.write(packed.as_path())?;
            let outcome = Wasmtime.run(&packed, &Invocation::of(name))?;
            assert_eq!(outcome.status, Some(0), "{form:?}: {outcome:?}");
            let printed = String::from_utf8(outcome.stdout)?;
            for (expected, printed) in expected.lines().zip(printed.lines()) {
                assert_eq!(printed, expected, "{name}, {form:?}");
            }
            assert_eq!(printed, expected, "{name}, {form:?}");
        }
    }
    Ok(())
}

#[test]
fn files() -> Result<()> {
    same("files")
}

#[test]
fn names_and_the_current_directory() -> Result<()> {
    same("names")
}

#[test]
fn descriptors_and_locks() -> Result<()> {
    same("descriptors")
}

#[test]
fn data_attributes_and_events() -> Result<()> {
    same("data")
}

#[test]
fn memory() -> Result<()> {
    same("memory")
}

#[test]
fn signals() -> Result<()> {
    same("signals")
}

/// The oldest wasi-libc has no functions of threads, not even for one.
#[test]
fn threads() -> Result<()> {
    same_with("threads", Zig::newest())
}
