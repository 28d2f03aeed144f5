//! Programs of toolchains that know threads, which start none: packed, they need no engine with threads.

use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use wasm_vfs::embed::RunTimeLinker;
use wasm_vfs::{Form, Packer, TreeBuilder};
use wasm_vfs_tests::engine::{Engine as _, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{atomics, tools, trees};
use wasmparser::{Parser, Payload, TypeRef};
use wasmtime::{Config, Engine, Linker, Module, Store};

use crate::app::{App, assert_sound, packed_equals};

/// What the program of all atomic instructions prints, with a shared memory on an engine with threads.
fn digest_of_threads(program: &[u8]) -> Result<u64> {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, program)?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let digest = instance.get_typed_func::<(), i64>(&mut store, "digest")?;
    Ok(digest.call(&mut store, ())?.cast_unsigned())
}

/// All atomic instructions on every engine.
#[test]
fn every_atomic_instruction_on_every_engine() -> Result<()> {
    let program = wat::parse_str(atomics::program(r#"(memory (export "memory") 1 2 shared)"#))?;
    let directory = TempDir::new()?;
    let path = directory.path().join("atomics.wasm");
    std::fs::write(&path, &program)?;
    let stdout = format!("{:016x}\n", digest_of_threads(&program)?).into_bytes();
    let reference = Outcome { status: Some(0), stdout, stderr: Vec::new(), files: Vec::new() };
    let app = App::new("atomics", &path, |_| Ok(()))?;
    packed_equals(&reference, &app, &Invocation::of("atomics"), &spots(Weight::Light))
}

/// The flags of the memory that a program imports.
fn imported_memory(program: &[u8]) -> Result<wasmparser::MemoryType> {
    for payload in Parser::new(0).parse_all(program) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                if let TypeRef::Memory(memory) = import?.ty {
                    return Ok(memory);
                }
            }
        }
    }
    anyhow::bail!("it imports no memory")
}

/// Packed, a program is what another build of it, which has a memory of its own, is on a host directory.
fn check(program: &Path, plain: &Path, invocation: &Invocation, status: i32) -> Result<()> {
    // By the name of the other build: engines are excepted from what that does.
    let name = plain.file_stem().context("a file has a name")?.to_string_lossy();
    let host = TempDir::new()?;
    trees::for_guests(host.path())?;
    let reference = Wasmtime.run(plain, &invocation.clone().on_host(host.path()))?;
    assert_sound(&reference, status, "");
    let app = App::new(name, program, trees::for_guests)?;
    packed_equals(&reference, &app, invocation, &spots(Weight::Light))?;
    for form in [Form::Portable, Form::Isolated] {
        let packed = std::fs::read(app.packed(form))?;
        let again = Packer::new(TreeBuilder::new().tmp(false));
        let again = again.pack(wasm_vfs::Program::bytes("program", &packed))?.to_vec()?;
        assert!(again == packed, "{form}, packed again");
    }
    Ok(())
}

fn c_fs() -> Invocation {
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    invocation
}

#[test]
fn c_with_an_imported_memory() -> Result<()> {
    let Some(program) = tools::guest("c-fs-imported-memory") else { return Ok(()) };
    let Some(plain) = tools::guest("c-fs") else { return Ok(()) };
    assert!(!imported_memory(&std::fs::read(&program)?)?.shared);
    check(&program, &plain, &c_fs(), 7)
}

#[test]
fn rust_of_the_target_with_threads() -> Result<()> {
    let Some(program) = tools::guest("rust-fs-threads") else { return Ok(()) };
    let Some(plain) = tools::guest("rust-fs") else { return Ok(()) };
    assert!(imported_memory(&std::fs::read(&program)?)?.shared);
    check(&program, &plain, &Invocation::of("rust-fs"), 0)
}

/// At run time nothing of the program is changed, so its memory stays shared.
#[test]
fn a_shared_memory_at_run_time() -> Result<()> {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    let engine = Engine::new(&config)?;
    let rootfs = Packer::new(TreeBuilder::new()).bake()?;
    let directory = TempDir::new()?;
    let path = directory.path().join("rootfs.wasm");
    rootfs.write(&path)?;
    let linker = RunTimeLinker::new(&engine, &std::fs::read(&path)?)?;
    for (memory, says) in [
        (
            r#"(import "env" "memory" (memory 1 2 shared))"#,
            "memory is shared, and linking at run time does not change the program: use `wasm-vfs pack`",
        ),
        (r#"(memory (export "memory") 1 2 shared)"#, "memory is shared"),
        (r#"(memory (export "memory") i64 1)"#, "memory has 64-bit addresses"),
    ] {
        let program = Module::new(&engine, wat::parse_str(format!("(module {memory})"))?)?;
        let mut store = Store::new(&engine, ());
        let error = linker.instantiate(&mut store, &Linker::new(&engine), &program).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    Ok(())
}
