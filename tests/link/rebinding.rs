//! However a program refers to an imported function, it reaches the filesystem's.

use wasmtime::Ref;

use super::{FORMS, Running, link_text};

const KERNEL: &str = r#"(module
  (import "contents" "contents_to_user" (func $contents_to_user (param i32 i32 i32)))
  (import "contents" "contents_to_kernel" (func $contents_to_kernel (param i32 i32 i32)))
  (import "user" "clear_user" (func $clear_user (param i32 i32)))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func $tell (export "fd_tell") (param i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.get $calls))
  (func (export "fd_read") (param $at i32)
    (call $contents_to_user (local.get $at) (i32.const 4) (i32.const 5))
    (call $contents_to_kernel (i32.const 100) (i32.const 0) (i32.const 3))
    (call $clear_user (local.get $at) (i32.const 2)))
  (func (export "fd_pread") (result i32) (i32.load (i32.const 100)))
  ;; A tail call of an intrinsic.
  (func (export "fd_sync") (param i32 i32) (return_call $clear_user (local.get 0) (local.get 1)))
  (func (export "bake_records") (param i32) (result i32) (i32.const 0))
)"#;

const PROGRAM: &str = r#"(module
  (type $tell (func (param i32 i32) (result i32)))
  (import "env" "before" (func $before (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (type $tell)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell_again (type $tell)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32 i32)))
  (import "env" "after" (func $after (result i32)))
  (memory (export "memory") 1)
  (table $table (export "table") 4 funcref)
  (global $reference (export "reference") funcref (ref.func $fd_tell))
  (export "fd_tell" (func $fd_tell))
  (export "fd_pread" (func $fd_pread))
  (export "fd_sync" (func $fd_sync))
  (export "after" (func $after))
  (start $begin)
  (data (i32.const 0) "0123456789")
  (elem (table $table) (i32.const 0) func $fd_tell $after $own $fd_tell_again)
  (elem declare func $fd_tell)
  (func $begin (drop (call $fd_tell_again (i32.const 0) (i32.const 0))) (call $fd_read (i32.const 3)))
  (func $own (type $tell) (return_call $fd_tell (local.get 0) (local.get 1)))
  (func (export "direct") (result i32) (call $fd_tell (i32.const 0) (i32.const 0)))
  (func (export "tail") (result i32) (call $own (i32.const 0) (i32.const 0)))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect $table (type $tell) (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "through_reference") (result i32)
    (table.set $table (i32.const 1) (ref.func $fd_tell))
    (call_indirect $table (type $tell) (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "host") (result i32) (i32.add (call $before) (call $after)))
)"#;

#[test]
fn every_reference_to_an_import() {
    for form in FORMS {
        let linked = link_text(PROGRAM, KERNEL, form).unwrap();
        let left: Vec<&str> = linked.summary.imports.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(left, ["before", "after"]);
        let mut running = Running::start(&linked, (), |linker| {
            linker.func_wrap("env", "before", || 100i32).unwrap();
            linker.func_wrap("env", "after", || 11i32).unwrap();
        });
        // The start function was the first to call, and has read from the contents.
        assert_eq!(&running.memory()[..10], b"012\0\0tes89", "{form}");
        assert_eq!(running.call::<(), i32>("fd_pread", ()).to_le_bytes(), *b"the\0");
        assert_eq!(running.call::<(), i32>("direct", ()), 2, "{form}");
        assert_eq!(running.call::<(), i32>("tail", ()), 3, "{form}");
        for (at, count) in [(0, 4), (2, 5), (3, 6)] {
            assert_eq!(running.call::<i32, i32>("indirect", at), count, "{form}");
        }
        assert_eq!(running.call::<(), i32>("through_reference", ()), 7, "{form}");
        assert_eq!(running.call::<(i32, i32), i32>("fd_tell", (0, 0)), 8, "{form}");
        assert_eq!(running.call::<(), i32>("host", ()), 111, "{form}");
        assert_eq!(running.call::<(), i32>("after", ()), 11, "{form}");
        running.call::<(i32, i32), ()>("fd_sync", (7, 2));
        assert_eq!(&running.memory()[..10], b"012\0\0te\0\09", "{form}");
        let global = running.instance.get_global(&mut running.store, "reference").unwrap();
        let Ref::Func(Some(function)) = global.get(&mut running.store).ref_().unwrap() else {
            panic!("no function");
        };
        let function = function.typed::<(i32, i32), i32>(&running.store).unwrap();
        assert_eq!(function.call(&mut running.store, (0, 0)).unwrap(), 9, "{form}");
    }
}

#[test]
fn what_is_not_reached_is_not_there() {
    let only_reads = r#"(module
      (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (result i32)))
      (memory (export "memory") 1)
      (func (export "peek") (result i32) (call $fd_pread)))"#;
    let isolated = link_text(only_reads, KERNEL, FORMS[1]).unwrap();
    // The self-test stands before it.
    assert_eq!(isolated.summary.filesystem_functions, 1 + 1);
    let portable = link_text(only_reads, KERNEL, FORMS[0]).unwrap();
    assert_eq!(portable.summary.filesystem_functions, 1 + 2);
    let everything =
        link_text(&PROGRAM.replace("\"env\"", "\"wasi_snapshot_preview1\""), KERNEL, FORMS[1]);
    // And a function between it and `_start`, or a start function.
    assert_eq!(everything.unwrap().summary.filesystem_functions, 4 + 2);
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    for form in FORMS {
        let bytes = || super::bytes_of(&link_text(PROGRAM, KERNEL, form).unwrap());
        assert_eq!(bytes(), bytes());
    }
}
