//! `pack --preinit`: a function of the program runs when it is packed.

use crate::sandbox::{Sandbox, read};
use wasm_vfs::PackedModule;

/// Counts calls in a global and in memory, opens `/a` in `init` and reads a byte of it in `_start`;
/// says the byte and the counts.
const PROGRAM: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (global $calls (mut i32) (i32.const 0x30))
      ;; 0: iovec of one byte at 96; 8: its result; 16: the descriptor
      (data (i32.const 0) "\60\00\00\00\01\00\00\00")
      (data (i32.const 64) "a")
      (func $say (param $byte i32)
        (i32.store8 (i32.const 96) (local.get $byte))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func $next
        (if (call $read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8))
          (then (call $say (i32.const 0x21))))
        (call $say (i32.load8_u (i32.const 96))))
      (func (export "init")
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (drop (memory.grow (i32.const 3)))
        (i32.store8 (i32.const 0x2ffff) (i32.const 0x6d))
        (drop (call $random (i32.const 0x20000) (i32.const 64)))
        (if (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0)
              (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16))
          (then (call $say (i32.const 0x3f))))
        (call $next))
      (func (export "fails") (call $say (i32.const 0x66)) (unreachable))
      (func (export "exits") (call $say (i32.const 0x65)) (call $exit (i32.const 3)))
      (func (export "takes") (param i32))
      (func (export "other_start") (call $say (i32.const 0x6f)))
      (func (export "_start")
        (call $next)
        (call $say (global.get $calls))
        (call $say (i32.load8_u (i32.const 0x2ffff)))
        (call $say (i32.add (memory.size) (i32.const 0x30)))))"#;

/// Packs the program and runs its `init`.
const PACK: [&str; 8] =
    ["pack", "app.wasm", "--dir", "dir::/", "--preinit", "init", "-o", "out.wasm"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", PROGRAM);
    sandbox.file("dir/a", "xyz");
    sandbox
}

#[test]
fn a_start_goes_on_where_the_function_ended() {
    let sandbox = sandbox();
    for form in [&[][..], &["--isolate"]] {
        let ran = sandbox.tool(&[&PACK[..], form].concat()).ok();
        // What it printed then is shown now.
        assert!(ran.stderr.starts_with('x'), "{}", ran.stderr);
        for _ in 0..2 {
            let ran = sandbox.tool(&["run", "out.wasm"]).ok();
            assert_eq!(
                ran.stdout(),
                "y1m4",
                "the second byte, one call, memory as it was, its size"
            );
        }
        let first = read(sandbox.path("out.wasm"));
        sandbox.tool(&[&PACK[..], form].concat()).ok();
        assert!(first == read(sandbox.path("out.wasm")), "packed twice, it is the same");
        let shown = sandbox.tool(&["inspect", "out.wasm"]).ok();
        assert!(shown.stdout().contains("\npreinit   init, "), "{}", shown.stdout());
        assert!(!shown.stdout().contains("__wizer"));
        // The contents are no longer the last segment.
        assert_eq!(sandbox.tool(&["cat", "out.wasm", "a"]).ok().stdout(), "xyz");
    }
}

#[test]
fn another_start() {
    let sandbox = sandbox();
    sandbox.file("vfs.toml", "dir = ['dir::/']\npreinit = 'init'\npreinit-start = 'other_start'\n");
    sandbox.tool(&["pack", "app.wasm", "--config", "vfs.toml", "-o", "out.wasm"]).ok();
    assert_eq!(sandbox.tool(&["run", "out.wasm"]).ok().stdout(), "o");
    // Programs written with `wizer.h` say by a name what to start with.
    sandbox.wasm("app.wasm", &PROGRAM.replace("other_start", "wizer.resume"));
    sandbox.tool(&PACK).ok();
    assert_eq!(sandbox.tool(&["run", "out.wasm"]).ok().stdout(), "o");
}

/// A reactor's own initialisation comes first, and is not there to be called again.
#[test]
fn a_reactor() {
    let sandbox = sandbox();
    let program = PROGRAM.replace(
        "(func (export \"_start\")",
        "(func (export \"_initialize\") (call $say (i32.const 0x69)))\n(func (export \"_start\")",
    );
    sandbox.wasm("app.wasm", &program);
    let ran = sandbox.tool(&PACK).ok();
    assert!(ran.stderr.starts_with("ix"), "{}", ran.stderr);
    let module = read(sandbox.path("out.wasm"));
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(&module) {
        if let wasmparser::Payload::ExportSection(exports) = payload.unwrap() {
            names.extend(exports.into_iter().map(|export| export.unwrap().name.to_owned()));
        }
    }
    assert!(names.contains(&"_start".to_owned()));
    for gone in ["init", "_initialize", "__wizer_memory_0"] {
        assert!(!names.contains(&gone.to_owned()), "{names:?}");
    }
}

#[test]
fn errors_say_what_is_at_fault() {
    let sandbox = sandbox();
    sandbox.file("out.wasm", "as it was");
    let error = |args: &[&str]| {
        let ran = sandbox
            .tool(&[&["pack", "app.wasm", "--dir", "dir::/", "-o", "out.wasm"], args].concat());
        assert_eq!(read(sandbox.path("out.wasm")), b"as it was");
        ran.error().to_owned()
    };
    for (args, part) in [
        (
            &["--preinit", "nope"][..],
            "exports no function `nope` to run: functions that are there are `init`, `fails`",
        ),
        (&["--preinit", "fails"], "`fails` failed while it was packed, and it printed: f"),
        (
            &["--preinit", "exits"],
            "`exits` exited with status 3 while it was packed, and it printed: e",
        ),
        (&["--preinit", "takes"], "`takes` takes or gives something"),
        (
            &["--preinit", "init", "--preinit-start", "nope"],
            "`app.wasm`: it exports no function `nope` to start with",
        ),
        (&["--preinit", "init", "--mount", "/m"], "--preinit cannot be had with --mount"),
        (&["--preinit", "init", "--trace=env"], "--preinit cannot be had with --trace=env"),
    ] {
        let error = error(args);
        assert!(error.contains(part), "{args:?}: {error}");
    }
    let ran = sandbox.tool(&["pack", "app.wasm", "--preinit-start", "x", "-o", "out.wasm"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

/// What Wizer cannot keep is refused by instruction and function.
#[test]
fn instructions_whose_effect_is_lost() {
    let sandbox = sandbox();
    for (instruction, text) in [
        ("table.set", "(table.set 0 (i32.const 0) (ref.null func))"),
        ("table.grow", "(drop (table.grow 0 (ref.null func) (i32.const 1)))"),
        ("table.fill", "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))"),
        ("table.copy", "(table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 1))"),
        ("table.init", "(table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))"),
        ("elem.drop", "(elem.drop 0)"),
        ("data.drop", "(data.drop 2)"),
    ] {
        let program = PROGRAM.replace(
            "(func (export \"fails\")",
            &format!(
                "(table 1 funcref) (elem funcref (ref.null func)) (data \"passive\") (func $culprit {text})\n\
                 (func (export \"fails\")"
            ),
        );
        sandbox.wasm("app.wasm", &program);
        let ran = sandbox.tool(&PACK);
        let error = ran.error();
        assert!(error.contains(&format!("(`culprit`) has a `{instruction}`")), "{error}");
        // Without it the same program is packed.
        sandbox.tool(&["pack", "app.wasm", "--dir", "dir::/", "-o", "packed.wasm"]).ok();
    }
    sandbox.wasm(
        "app.wasm",
        &PROGRAM.replace("(memory (export", "(import \"env\" \"g\" (global i32)) (memory (export"),
    );
    let ran = sandbox.tool(&PACK);
    assert!(ran.error().contains("it imports the global `env.g`"), "{}", ran.error());
}

#[test]
fn packing_it_again_is_refused() {
    let sandbox = sandbox();
    sandbox.tool(&PACK).ok();
    let ran = sandbox.tool(&["pack", "out.wasm", "--dir", "dir::/", "-o", "again.wasm"]);
    assert!(ran.error().contains("it was pre-initialised by `init`"), "{}", ran.error());
}

/// `init` and `other` change the tree, `idle` does not; `_start` makes `/run`.
const CHANGING: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "path_create_directory"
        (func $make (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_unlink_file"
        (func $unlink (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "made")
      (data (i32.const 16) ".wh.x")
      (data (i32.const 32) "a")
      (data (i32.const 48) "run")
      (func (export "init")
        (drop (call $make (i32.const 3) (i32.const 0) (i32.const 4)))
        (drop (call $unlink (i32.const 3) (i32.const 32) (i32.const 1))))
      (func (export "other") (drop (call $make (i32.const 3) (i32.const 0) (i32.const 4))))
      (func (export "whiteout") (drop (call $make (i32.const 3) (i32.const 16) (i32.const 5))))
      (func (export "idle"))
      (func (export "_start") (drop (call $make (i32.const 3) (i32.const 48) (i32.const 3)))))"#;

/// A state is what changed since `init`, and is for the tree that `init` left.
#[test]
fn states_are_of_the_tree_that_the_function_left() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", CHANGING);
    sandbox.file("dir/a", "xyz");
    let pack = |options: &[&str]| {
        let all = ["pack", "app.wasm", "--dir", "dir::/", "--no-dev", "-o", "out.wasm"];
        sandbox.tool(&[&all[..], options].concat()).ok();
        PackedModule::open(sandbox.path("out.wasm")).unwrap().tree_digest().unwrap()
    };
    let plain = pack(&[]);
    let [idle, other, whiteout] =
        ["idle", "other", "whiteout"].map(|function| pack(&["--preinit", function]));
    assert_eq!(idle, plain, "it changed nothing");
    let names = || {
        let tar = read(sandbox.path("left.tar"));
        let mut archive = tar::Archive::new(&tar[..]);
        let entries = archive.entries().unwrap();
        let names = entries.map(|entry| entry.unwrap().path().unwrap().display().to_string());
        names.filter(|name| name != "tmp/").collect::<Vec<_>>()
    };
    for form in [&[][..], &["--isolate"]] {
        let init = pack(&[&["--preinit", "init"], form].concat());
        for (number, one) in [plain, other, whiteout, init].into_iter().enumerate() {
            for another in [plain, other, whiteout, init].into_iter().skip(number + 1) {
                assert_ne!(one, another);
            }
        }
        let run = ["run", "--state", "s", "--diff", "--export", "left.tar", "out.wasm"];
        for _ in 0..2 {
            let ran = sandbox.tool(&run);
            assert_eq!(ran.stderr, "M /  times\nA /run\n");
            assert_eq!(names(), ["./", "made/", "run/"]);
        }
        // The other form's state is this one's.
        for function in ["other", "idle", "whiteout"] {
            pack(&[&["--preinit", function], form].concat());
            let ran = sandbox.tool(&run);
            assert!(ran.error().contains("was made for another tree"), "{}", ran.stderr);
        }
    }
}
