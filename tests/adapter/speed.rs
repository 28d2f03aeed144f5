//! How long calls take in a packed program, and what the parts of it weigh. Not run by default: figures, not facts.
//!
//! `ADAPTER_CORE=path cargo test -p wasm-vfs-tests --test adapter speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasmtime::{Engine, Linker, Module, Store};

use super::rig::CORE;

const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 0x2000) "dir/file-with-a-name")
  (data (i32.const 0x6000) "\00\00\01\00\40\00\00\00")
  (func $check (param i32) (if (local.get 0) (then unreachable)))
  (func (export "stat") (call $check
    (call $stat (i32.const 3) (i32.const 1) (i32.const 0x2000) (i32.const 20) (i32.const 0x8000))))
  (func $opened (export "open") (call $check
    (call $open (i32.const 3) (i32.const 1) (i32.const 0x2000) (i32.const 20) (i32.const 0) (i64.const 2) (i64.const 2)
      (i32.const 0) (i32.const 0x8000))))
  (func (export "open_close")
    (call $opened)
    (call $check (call $close (i32.load (i32.const 0x8000)))))
  (func (export "seek_read")
    (call $check (call $seek (i32.const 4) (i64.const 100) (i32.const 0) (i32.const 0x8000)))
    (call $check (call $read (i32.const 4) (i32.const 0x6000) (i32.const 1) (i32.const 0x8000))))
  LOOPS)"#;

/// A program that imports every function that the core module exports and calls none.
pub(crate) fn imports_everything() -> Vec<u8> {
    let module = Module::new(&Engine::default(), CORE).unwrap();
    let mut text = String::from("(module");
    for (n, export) in module.exports().enumerate() {
        let of_preview1 =
            ["args_", "clock_", "environ_", "fd_", "path_", "poll_", "proc_", "random_", "sock_"];
        if !of_preview1.iter().any(|family| export.name().starts_with(family))
            || export.name().contains('@')
        {
            continue;
        }
        let ty = export.ty().unwrap_func().clone();
        let params: Vec<String> = ty.params().map(|param| param.to_string()).collect();
        let params = params.join(" ");
        let results: Vec<String> = ty.results().map(|result| result.to_string()).collect();
        let results = results.join(" ");
        let name = export.name();
        text += &format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func $f{n} (param {params}) (result {results})))"#
        );
    }
    wat::parse_str(text + r#"(memory (export "memory") 1))"#).unwrap()
}

#[test]
#[ignore = "measures"]
fn what_everything_weighs() {
    let program = imports_everything();
    for form in [Form::Portable, Form::Isolated] {
        let packer = Packer::new(TreeBuilder::new()).form(form);
        let packed = packer
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        println!("{form:?}: {} bytes added", packed.len() - program.len());
    }
}

#[test]
#[ignore = "measures"]
fn speed() {
    let names = ["stat", "open_close", "seek_read"];
    let loops: String = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            format!(
                r#"(func (export "loop_{name}") (param i32)
                  (loop (call {}) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"#,
                [5 + 1, 5 + 3, 5 + 4][n]
            )
        })
        .collect();
    let program = wat::parse_str(PROGRAM.replace("LOOPS", &loops)).unwrap();
    let tree = TreeBuilder::new().file("/dir/file-with-a-name", vec![7; 10_000]);
    let engine = Engine::default();
    for form in [Form::Portable, Form::Isolated] {
        let mut packer = Packer::new(tree.clone()).form(form);
        if let Some(core) = std::env::var_os("ADAPTER_CORE") {
            packer = packer.adapter_core(std::fs::read(core).unwrap());
        }
        let packed = packer
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        println!("{form:?}: {} bytes added", packed.len() - program.len() - 10_000);
        let module = Module::new(&engine, &packed).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let open = instance.get_typed_func::<(), ()>(&mut store, "open").unwrap();
        open.call(&mut store, ()).unwrap();
        for name in names {
            let function =
                instance.get_typed_func::<i32, ()>(&mut store, &format!("loop_{name}")).unwrap();
            let mut best = Duration::MAX;
            for _ in 0..15 {
                let start = Instant::now();
                function.call(&mut store, 20_000).unwrap();
                best = best.min(start.elapsed());
            }
            println!("  {name}: {} ns", best.as_nanos() / 20_000);
        }
    }
}
