//! Programs of every proposal that engines have, and of many thousand functions: linked, they do what they did.

use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasmtime::{Config, Engine, Linker, Module, OptLevel, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::{FORMS, wasm};

/// What a program needs to print numbers through a file: each is written to a file, read again and printed.
const PRELUDE: &str = r#"
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "numbers")
  (global $fd (mut i32) (i32.const 0))
  (func $must (param i32) (if (local.get 0) (then unreachable)))
  ;; Digits at 300, a vector at 200.
  (func $print (param $n i32)
    (local $at i32)
    (if (i32.eqz (global.get $fd)) (then
      (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 1)
        (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 208)))
      (global.set $fd (i32.load (i32.const 208)))))
    (local.set $at (i32.const 320))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (br_if $digit (local.tee $n (i32.div_u (local.get $n) (i32.const 10)))))
    (i32.store (i32.const 200) (local.get $at))
    (i32.store (i32.const 204) (i32.sub (i32.const 321) (local.get $at)))
    (call $must (call $fd_write (global.get $fd) (i32.const 200) (i32.const 1) (i32.const 216)))
    (call $must (call $fd_seek (global.get $fd) (i64.extend_i32_s (i32.sub (i32.const 0) (i32.load (i32.const 204))))
      (i32.const 1) (i32.const 224)))
    (i64.store (i32.const 300) (i64.const 0))
    (call $must (call $fd_read (global.get $fd) (i32.const 200) (i32.const 1) (i32.const 216)))
    (call $must (call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 216))))
"#;

/// Programs behind the prelude, and what they print.
fn programs() -> Vec<(&'static str, String, String)> {
    let program = |name, text: &str, prints: &[u32]| {
        let lines = prints.iter().map(|n| format!("{n}\n")).collect::<String>();
        (name, format!("(module {PRELUDE} {text})"), lines)
    };
    vec![
        program(
            "a start function, passive segments, data.drop, memory that grows",
            r#"(data $text "12345678")
            (func $first
              (memory.init $text (i32.const 1024) (i32.const 2) (i32.const 4))
              (data.drop $text)
              (call $print (i32.load8_u (i32.const 1024)))
              (call $print (memory.grow (i32.const 20)))
              (call $print (memory.size)))
            (start $first)
            (func (export "_start")
              (memory.fill (i32.const 1300000) (i32.const 7) (i32.const 9))
              (memory.copy (i32.const 1200000) (i32.const 1300000) (i32.const 9))
              (call $print (i32.load8_u (i32.const 1200008)))
              (call $print (memory.grow (i32.const 100)))
              (call $print (memory.size)))"#,
            &[51, 1, 21, 7, 21, 121],
        ),
        program(
            "several tables, their instructions, references",
            r#"(table $numbers 4 funcref)
            (table $others 2 8 funcref)
            (table $foreign 3 externref)
            (type $number (func (result i32)))
            (func $one (result i32) (i32.const 1))
            (func $two (result i32) (i32.const 2))
            (func $three (result i32) (i32.const 3))
            (elem (table $numbers) (i32.const 0) func $one $two)
            (elem $passive func $three $two $one)
            (elem declare func $fd_read)
            (global $reference (mut funcref) (ref.func $three))
            (func (export "_start")
              (table.init $others $passive (i32.const 0) (i32.const 0) (i32.const 2))
              (elem.drop $passive)
              (table.copy $numbers $others (i32.const 2) (i32.const 0) (i32.const 2))
              (call $print (call_indirect $numbers (type $number) (i32.const 2)))
              (call $print (call_indirect $others (type $number) (i32.const 1)))
              (call $print (table.grow $others (ref.func $one) (i32.const 3)))
              (call $print (call_indirect $others (type $number) (i32.const 4)))
              (table.set $others (i32.const 0) (global.get $reference))
              (table.fill $foreign (i32.const 0) (ref.null extern) (i32.const 3))
              (call $print (ref.is_null (table.get $foreign (i32.const 1))))
              ;; An import that the filesystem serves, as a reference.
              (table.set $others (i32.const 1) (ref.func $fd_read))
              (call $print (call_indirect $others (param i32 i32 i32 i32) (result i32)
                (i32.const 99) (i32.const 200) (i32.const 1) (i32.const 216) (i32.const 1)))
              (call $print (table.size $others)))"#,
            &[3, 2, 2, 1, 1, 8, 5],
        ),
        program(
            "atomics on plain memory",
            r#"(func (export "_start")
              (i32.atomic.store (i32.const 1024) (i32.const 40))
              (call $print (i32.atomic.rmw.add (i32.const 1024) (i32.const 2)))
              (atomic.fence)
              (call $print (i32.atomic.rmw8.cmpxchg_u (i32.const 1024) (i32.const 42) (i32.const 7)))
              (call $print (memory.atomic.notify (i32.const 1024) (i32.const 1)))
              (call $print (i32.atomic.load (i32.const 1024))))"#,
            &[40, 42, 0, 7],
        ),
        program(
            "wide arithmetic",
            r#"(func (export "_start") (local $low i64)
              (local.set $low
                (call $print_wide
                  (i64.add128 (i64.const -1) (i64.const 4) (i64.const 8) (i64.const 5))))
              (call $print (i32.wrap_i64 (local.get $low)))
              (drop (call $print_wide (i64.mul_wide_u (i64.const -1) (i64.const 10)))))
            ;; Prints the upper half and returns the lower.
            (func $print_wide (param $low i64) (param $high i64) (result i64)
              (call $print (i32.wrap_i64 (local.get $high)))
              (local.get $low))"#,
            &[10, 7, 9],
        ),
        program(
            "SIMD",
            r#"(func (export "_start")
              (v128.store (i32.const 1040) (i32x4.mul (v128.const i32x4 1 2 3 4) (i32x4.splat (i32.const 10))))
              (call $print (i32.load (i32.const 1052)))
              (call $print (i32x4.extract_lane 2 (v128.load8_splat (i32.const 1040))))
              (v128.store32_lane 3 (i32.const 1024) (v128.load (i32.const 1040)))
              (call $print (i32.load (i32.const 1024)))
              (call $print (i8x16.bitmask (i8x16.eq (v128.load (i32.const 1040)) (i8x16.splat (i32.const 0))))))"#,
            &[40, 168430090, 40, 61166],
        ),
        program(
            "tail calls",
            r#"(table 1 funcref)
            (elem (i32.const 0) $down)
            (type $down_type (func (param i32 i32) (result i32)))
            (func $down (param $n i32) (param $sum i32) (result i32)
              (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
              (if (i32.and (local.get $n) (i32.const 1)) (then
                (return_call_indirect (type $down_type)
                  (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $sum) (i32.const 1)) (i32.const 0))))
              (return_call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $sum)))
            (func $seek (param i32) (result i32)
              (return_call $fd_seek (local.get 0) (i64.const 0) (i32.const 0) (i32.const 1024)))
            (func (export "_start")
              (call $print (call $down (i32.const 2000000) (i32.const 0)))
              (call $print (call $seek (i32.const 77))))"#,
            &[1_000_000, 8],
        ),
        program(
            "typed references and their tail calls",
            r#"(type $number (func (param i32) (result i32)))
            (elem declare func $double $seek)
            (func $double (type $number) (i32.mul (local.get 0) (i32.const 2)))
            (func $seek (type $number) (call $fd_seek (local.get 0) (i64.const 0) (i32.const 0) (i32.const 1024)))
            (func $apply (param i32 (ref $number)) (result i32)
              (return_call_ref $number (local.get 0) (local.get 1)))
            (func (export "_start")
              (call $print (call $apply (i32.const 21) (ref.func $double)))
              (call $print (call_ref $number (i32.const 55) (ref.func $seek))))"#,
            &[42, 8],
        ),
        program(
            "exceptions",
            r#"(tag $failure (param i32 i32))
            (func $thrower (param i32)
              (call $print (local.get 0))
              (throw $failure (local.get 0) (i32.add (local.get 0) (i32.const 1))))
            (func (export "_start")
              (local $n i32)
              (block $caught (result i32 i32)
                (try_table (catch $failure $caught)
                  (call $thrower (i32.const 5)))
                unreachable)
              (local.set $n)
              (drop)
              (call $print (local.get $n))
              (block $all (result exnref)
                (try_table (catch_all_ref $all) (call $thrower (i32.const 9)))
                unreachable)
              (drop))"#,
            &[5, 6, 9],
        ),
        program(
            "multi-value and extended constants",
            r#"(global $base i32 (i32.const 1000))
            (global $place i32 (i32.add (global.get $base) (i32.mul (i32.const 4) (i32.const 10))))
            (data (offset (i32.add (global.get $base) (i32.const 40))) "\2a\00\00\00")
            (func $pair (param i32) (result i32 i32) (local.get 0) (i32.add (local.get 0) (i32.const 1)))
            (func (export "_start")
              (call $pair (i32.const 3))
              (block (param i32 i32) (result i32) (i32.mul))
              (call $print)
              (call $print (i32.load (global.get $place))))"#,
            &[12, 42],
        ),
        program(
            "garbage-collected types",
            r#"(rec (type $node (struct (field $value i32) (field $next (ref null $node)))))
            (func $list (param $n i32) (result (ref null $node))
              (if (result (ref null $node)) (local.get $n)
                (then (struct.new $node (local.get $n) (call $list (i32.sub (local.get $n) (i32.const 1)))))
                (else (ref.null $node))))
            (func $sum (param $node (ref null $node)) (result i32)
              (if (result i32) (ref.is_null (local.get $node))
                (then (i32.const 0))
                (else (i32.add (struct.get $node $value (local.get $node))
                  (call $sum (struct.get $node $next (local.get $node)))))))
            (func (export "_start") (call $print (call $sum (call $list (i32.const 100)))))"#,
            &[5050],
        ),
    ]
}

/// Runs a module, on a host directory if it is given one; what it printed.
fn run(module: &[u8], root: Option<&std::path::Path>) -> String {
    let mut config = Config::new();
    config.wasm_tail_call(true).wasm_function_references(true).wasm_gc(true).wasm_exceptions(true);
    config.wasm_threads(true).wasm_wide_arithmetic(true);
    config.cranelift_opt_level(OptLevel::None);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, module).unwrap_or_else(|error| panic!("{error:?}"));
    let stdout = MemoryOutputPipe::new(1 << 20);
    let mut context = WasiCtxBuilder::new();
    context.stdout(stdout.clone());
    if let Some(root) = root {
        context.preopened_dir(root, "/", FsPerms::ReadWrite).unwrap();
    }
    let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |context| context).unwrap();
    let mut store = Store::new(&engine, context.build_p1());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    start.call(&mut store, ()).unwrap_or_else(|error| panic!("{error:?}"));
    drop(store);
    String::from_utf8(stdout.contents().to_vec()).unwrap()
}

fn check(name: &str, program: &[u8], prints: &str) {
    let root = tempfile::TempDir::new().unwrap();
    let rootfs = Packer::new(TreeBuilder::new().dir(root.path(), "/")).bake().unwrap();
    assert_eq!(run(program, Some(root.path())), prints, "{name}, on the host");
    for form in FORMS {
        let linked = rootfs
            .link(Program::bytes("program", program), form)
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(run(&linked.to_vec().unwrap(), None), prints, "{name}, {form}");
    }
}

#[test]
fn each_proposal() {
    for (name, text, prints) in programs() {
        check(name, &wasm(&text), &prints);
    }
}

/// Functions and types beyond what two bytes of an index hold, each called by the next; half of them by a table.
#[test]
fn many_thousand_functions() {
    const COUNT: usize = 17_000;
    let mut text = format!(
        "(module {PRELUDE} (table {COUNT} funcref) (type $f (func (param i32) (result i32)))\n"
    );
    text += "(func $f0 (type $f) (local.get 0))\n";
    for at in 1..COUNT {
        let before = at - 1;
        let call = match at % 50 {
            0 => format!("(call $f{before} (i32.add (local.get 0) (i32.const 1)))"),
            1 => "(i32.const 0) (drop) (local.get 0)".to_owned(),
            _ if at % 2 == 0 => format!("(call $f{before} (local.get 0))"),
            _ => format!("(call_indirect (type $f) (local.get 0) (i32.const {before}))"),
        };
        text += &format!("(func $f{at} (type $f) {call})\n");
    }
    text += "(elem (i32.const 0) func";
    for at in 0..COUNT {
        text += &format!(" $f{at}");
    }
    text += &format!(
        ")\n(func (export \"_start\") (call $print (call $f{} (i32.const 7))) (call $print (call_indirect (type $f) \
         (i32.const 9) (i32.const 16950)))))",
        COUNT - 1
    );
    // From the last down to the nearest whose number leaves 1, which is the end: once through no multiple of 50.
    check("many functions", &wasm(&text), "7\n10\n");
}

/// Legacy exceptions, which the reference engine has not: the linked module is valid, with just that feature more.
#[test]
fn legacy_exceptions_stay_legacy() {
    let text = format!(
        r#"(module {PRELUDE} (tag $failure (param i32))
          (func (export "_start")
            try
              (call $print (i32.const 1))
              (throw $failure (i32.const 2))
            catch $failure
              call $print
            end))"#
    );
    let program = wasm(&text);
    let root = tempfile::TempDir::new().unwrap();
    let rootfs = Packer::new(TreeBuilder::new().dir(root.path(), "/")).bake().unwrap();
    let needs = wasm_vfs::internals::verify::features_needed(&program).unwrap();
    assert!(needs.contains(wasmparser::WasmFeatures::LEGACY_EXCEPTIONS));
    for form in FORMS {
        let linked =
            rootfs.link(Program::bytes("program", &program), form).unwrap().to_vec().unwrap();
        let mut allowed = needs
            | wasm_vfs::internals::verify::features_needed(&rootfs_alone(form)).unwrap()
            | wasmparser::WasmFeatures::BULK_MEMORY;
        assert_eq!(
            wasm_vfs::internals::verify::features_needed(&linked).unwrap(),
            allowed,
            "{form}"
        );
        allowed.remove(wasmparser::WasmFeatures::LEGACY_EXCEPTIONS);
        assert!(wasm_vfs::internals::verify::validate(&linked, allowed).is_err());
    }
}

/// A program without any feature of its own, linked: what the filesystem needs.
fn rootfs_alone(form: Form) -> Vec<u8> {
    let root = tempfile::TempDir::new().unwrap();
    let rootfs = Packer::new(TreeBuilder::new().dir(root.path(), "/")).bake().unwrap();
    let program =
        wasm(&format!("(module {PRELUDE} (func (export \"_start\") (call $print (i32.const 1))))"));
    rootfs.link(Program::bytes("program", &program), form).unwrap().to_vec().unwrap()
}
