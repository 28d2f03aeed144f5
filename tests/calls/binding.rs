//! Which imports are served, in which ways of linking, and what is said of the others.

use wasm_vfs::{CallsModule, ErrorKind, Packer, Program, Rootfs, TreeBuilder};
use wasm_vfs_tests::tools;

use crate::{FORMS, pack, program, run, tree};

/// Opens a file by one spelling, duplicates it by the other onto 9, reads it there by preview1, and
/// compares.
fn both_spellings() -> Vec<u8> {
    program(
        r#"(import "wali" "SYS_open" (func $open (param i32 i32 i32) (result i64)))
           (import "wasm_vfs" "mkdir" (func $mkdir (param i32 i32) (result i64)))
           (import "wali" "SYS_rename" (func $rename (param i32 i32) (result i64)))
           (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))"#,
        r"/etc/motd\00/new\00/newer\00",
        r"(local $fd i32)
            (if (i64.ne (call $mkdir (i32.const 1034) (i32.const 0x1c0)) (i64.const 0))
                (then (return (i32.const 1))))
            (if (i64.ne (call $rename (i32.const 1034) (i32.const 1039)) (i64.const 0))
                (then (return (i32.const 2))))
            (if (i64.ne (call $mkdir (i32.const 1039) (i32.const 0x1c0)) (i64.const -17))
                (then (return (i32.const 3))))
            (local.set $fd (i32.wrap_i64 (call $open (i32.const 1024) (i32.const 0) (i32.const 0))))
            (i32.store (i32.const 2048) (i32.const 3000))
            (i32.store (i32.const 2052) (i32.const 100))
            (if (call $fd_read (local.get $fd) (i32.const 2048) (i32.const 1) (i32.const 2056))
                (then (return (i32.const 4))))
            (if (i32.ne (i32.load (i32.const 2056)) (i32.const 6))
                (then (return (i32.const 5))))
            (if (i32.ne (i32.load (i32.const 3000)) (i32.const 0x6c6c6568))
                (then (return (i32.const 6))))
            (i32.const 0)",
    )
}

#[test]
fn both_spellings_and_preview1_are_one_world() {
    for form in FORMS {
        let packed = pack(&both_spellings(), form, "").unwrap();
        assert_eq!(run(&packed).status, Some(0), "{form}");
    }
}

#[test]
fn a_program_of_calls_alone_is_served() {
    let text = r#"(module
        (import "wasm_vfs" "sync" (func $sync (result i64)))
        (memory (export "memory") 1)
        (func (export "_start") (if (i64.ne (call $sync) (i64.const 0)) (then unreachable))))"#;
    let calls = wat::parse_str(text).unwrap();
    for form in FORMS {
        assert_eq!(run(&pack(&calls, form, "").unwrap()).status, Some(0));
    }
}

#[test]
fn a_program_without_calls_gets_the_adapter_without_them() {
    let program = wat::parse_str(wasm_vfs::doc::PROGRAM).unwrap();
    for form in FORMS {
        let chosen = pack(&program, form, "").unwrap();
        let packer = Packer::new(tree()).form(form);
        let core = wasm_vfs::internals::bake::ADAPTER_CORE;
        let explicit = packer.adapter_core(core).pack(Program::bytes("program", &program));
        assert!(chosen == explicit.unwrap().to_vec().unwrap(), "{form}");
    }
}

#[test]
fn packing_again_gives_the_calls_back() {
    for form in FORMS {
        let once = pack(&both_spellings(), form, "").unwrap();
        let more = TreeBuilder::new().file("/etc/issue", "more");
        let again = Packer::new(more).pack(Program::bytes("program", &once)).unwrap();
        let at_once = Packer::new(tree().file("/etc/issue", "more")).form(form);
        let at_once = at_once.pack(Program::bytes("program", both_spellings())).unwrap();
        assert!(again.to_vec().unwrap() == at_once.to_vec().unwrap(), "{form}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let import = |text: &str| program(text, "", "(i32.const 0)");
    for (text, policy, kind, message) in [
        (
            r#"(import "wali" "SYS_bpf" (func (param i32 i32 i32) (result i64)))"#,
            "",
            ErrorKind::Unservable,
            "it imports `wali.SYS_bpf`, and wasm-vfs has no such call: docs/calls.md lists those that it has",
        ),
        (
            r#"(import "wasm_vfs" "SYS_open" (func (param i32 i32 i32) (result i64)))"#,
            "",
            ErrorKind::Unservable,
            "it imports `wasm_vfs.SYS_open`, and wasm-vfs has no such call",
        ),
        (
            r#"(import "wasm_vfs" "open" (func (param i32 i32) (result i64)))"#,
            "",
            ErrorKind::Unservable,
            "it imports `wasm_vfs.open` with type (func (param i32 i32) (result i64)), but the table of Linux's calls \
             says (func (param i32 i32 i32) (result i64))",
        ),
        (
            r#"(import "wasm_vfs" "sync" (func (result i64)))"#,
            "mount = ['/data']",
            ErrorKind::Policy,
            "do not reach directories of the host",
        ),
    ] {
        for form in FORMS {
            let error = pack(&import(text), form, policy).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}

#[test]
fn a_filesystem_that_is_baked_alone_serves_them_if_that_is_chosen() {
    let program = || Program::bytes("program", both_spellings());
    let without = Packer::new(tree()).bake().unwrap();
    let error = without.link(program(), FORMS[0]).unwrap_err().to_string();
    assert!(error.contains("make it with `wasm-vfs image --calls`"), "{error}");
    assert!(without.wasm_merge_calls_shim(CallsModule::Wali).is_err());
    let with = Packer::new(tree()).calls(true).bake().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    with.write(file.path()).unwrap();
    let with = Rootfs::open(file.path()).unwrap();
    for form in FORMS {
        let linked = with.link(program(), form).unwrap();
        assert_eq!(run(&linked.to_vec().unwrap()).status, Some(0), "{form}");
    }
}

/// The recipe of the README, with a module more for each spelling.
#[test]
fn wasm_merge_links_them() {
    if tools::binaryen("wasm-merge").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let rootfs = Packer::new(tree()).calls(true).bake().unwrap();
    rootfs.write(at("rootfs.wasm")).unwrap();
    std::fs::write(at("app.wasm"), both_spellings()).unwrap();
    std::fs::write(at("shim.wasm"), rootfs.wasm_merge_shim().unwrap()).unwrap();
    for (name, module) in [("calls.wasm", CallsModule::WasmVfs), ("wali.wasm", CallsModule::Wali)] {
        std::fs::write(at(name), rootfs.wasm_merge_calls_shim(module).unwrap()).unwrap();
    }
    let merge = |modules: &[&str], output: &str| {
        let mut command = tools::binaryen("wasm-merge").unwrap();
        command.current_dir(directory.path()).arg("--rename-export-conflicts");
        let done = command.args(modules).args(["-o", output]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let first = ["app.wasm", "app", "calls.wasm", "wasm_vfs", "wali.wasm", "wali"];
    let first = [&first[..], &["rootfs.wasm", "wasi_snapshot_preview1"]].concat();
    merge(&first, "linked.wasm");
    merge(&["linked.wasm", "app", "shim.wasm", "wasi_host"], "merged.wasm");
    assert_eq!(crate::run_file(&at("merged.wasm")).status, Some(0));
}
