//! `run --invoke`, `--unknown-imports`: calling exports, and imports that nobody provides.

use crate::sandbox::{NOTHING, Sandbox};

/// A reactor, as libraries are built: its work is an export. Of its embedder it imports functions,
/// one of which is called by `ask` only.
const REACTOR: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "host" "call" (func $call (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (data (i32.const 0) "\10\00\00\00\04\00\00\00")
  (data (i32.const 16) "ran\n")
  (func (export "_initialize") (global.set $ready (i32.const 40)))
  (func (export "run") (result i32)
    (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "ask") (result i32) (call $call (i32.const 7)))
  (func (export "ready_plus") (param i32) (result i32)
    (i32.add (global.get $ready) (local.get 0)))
  (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "vector") (param v128)))"#;

/// The ways of running it: packed in both forms, and packed to be run at once.
fn packed(sandbox: &Sandbox) -> [Vec<&'static str>; 4] {
    sandbox.wasm("reactor.wasm", REACTOR);
    sandbox.tool(&["pack", "reactor.wasm", "-o", "portable.wasm"]).ok();
    sandbox.tool(&["pack", "reactor.wasm", "--isolate", "-o", "isolated.wasm"]).ok();
    [
        vec!["run", "portable.wasm"],
        vec!["run", "isolated.wasm"],
        vec!["run", "reactor.wasm"],
        vec!["run", "reactor.wasm", "--isolate"],
    ]
}

#[test]
fn exports_are_called_and_their_results_printed() {
    let sandbox = Sandbox::new();
    for run in packed(&sandbox) {
        let call = |function: &str, args: &[&str]| {
            let trap = ["--unknown-imports", "trap", "--invoke", function];
            sandbox.tool(&[&run, &trap[..], args].concat())
        };
        assert_eq!(call("run", &[]).ok().stdout(), "ran\n0\n", "{run:?}");
        // `_initialize` was called before.
        assert_eq!(call("ready_plus", &["2"]).ok().stdout(), "42\n");
        assert_eq!(call("ready_plus", &["--", "-0x29"]).ok().stdout(), "-1\n");
        assert_eq!(call("ready_plus", &["--", "0xffffffff"]).ok().stdout(), "39\n");
        let all = call("swap", &["-1", "9223372036854775807", "1.5", "-2.25e-3"]).ok();
        assert_eq!(all.stdout(), "-0.00225\n1.5\n9223372036854775807\n-1\n");
        assert_eq!(call("_initialize", &[]).ok().stdout(), "");
    }
}

#[test]
fn calls_that_do_not_fit_say_what_there_is() {
    let sandbox = Sandbox::new();
    let [run, ..] = packed(&sandbox);
    for (args, wants) in [
        (
            &["nosuch"][..],
            "cannot run `portable.wasm`: --invoke nosuch: it exports no function of this name; it \
             exports _initialize, run, ask, ready_plus, swap, vector",
        ),
        (&["memory"], "it exports no function of this name"),
        (&["ready_plus"], "it takes 1 argument (i32), and none is given"),
        (&["ready_plus", "1", "2"], "it takes 1 argument (i32), and 2 are given"),
        (&["run", "1"], "it takes no arguments, and 1 is given"),
        (&["swap", "1", "2", "3", "x"], "--invoke swap: argument 4: `x` is no f64"),
        (&["ready_plus", "4294967296"], "argument 1: `4294967296` is no i32"),
        (&["vector", "1"], "argument 1: it is a v128, which cannot be written as text"),
    ] {
        let invoke = ["--unknown-imports", "trap", "--invoke"];
        let ran = sandbox.tool(&[&run, &invoke[..], args].concat());
        assert!(ran.error().contains(wants), "{}", ran.stderr);
    }
}

#[test]
fn a_command_is_not_started_when_a_function_of_it_is_called() {
    let sandbox = Sandbox::new();
    sandbox.wasm(
        "app.wasm",
        r#"(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (global $started (mut i32) (i32.const 3))
          (func (export "_start") (global.set $started (i32.const 4)) (call $exit (i32.const 5)))
          (func (export "started") (result i32) (global.get $started))
          (func (export "stop") (call $exit (i32.const 6)))
          (func (export "trap") unreachable))"#,
    );
    let call = |function: &str| sandbox.tool(&["run", "app.wasm", "--invoke", function]);
    assert_eq!(call("started").ok().stdout(), "3\n");
    assert_eq!(call("stop").status, 6);
    assert_eq!(call("trap").status, 134);
    assert_eq!(call("_start").status, 5);
    assert_eq!(sandbox.tool(&["run", "app.wasm"]).status, 5);
    // What it leaves is there to be got.
    let get = ["--invoke", "started", "--get", "/tmp::tmp"];
    sandbox.tool(&[&["run", "app.wasm"], &get[..]].concat()).ok();
    assert!(sandbox.path("tmp").is_dir());
}

#[test]
fn imports_that_nobody_provides_are_named() {
    let sandbox = Sandbox::new();
    for run in packed(&sandbox) {
        let ran = sandbox.tool(&run);
        let wants = "it imports `host.call`, which nobody provides here: run it under its own";
        assert!(ran.error().contains(wants), "{}", ran.stderr);
        let ask = ["--unknown-imports", "trap", "--invoke", "ask"];
        let ran = sandbox.tool(&[&run, &ask[..]].concat());
        assert_eq!(ran.status, 134);
        let wants = "trapped: it called `host.call`, which nobody provides\n";
        assert!(ran.stderr.contains(wants), "{}", ran.stderr);
    }
    let more = r#"(import "env" "g" (global i32)) (import "env" "f" (func)) (memory"#;
    sandbox.wasm("more.wasm", &NOTHING.replace("(memory", more));
    let ran = sandbox.tool(&["run", "more.wasm"]);
    assert!(
        ran.error().contains("it imports `env.f`, the global `env.g`, which"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.tool(&["run", "more.wasm", "--unknown-imports", "trap"]);
    assert!(ran.error().contains("it imports the global `env.g`, which"), "{}", ran.stderr);
    let ran = sandbox.tool(&["run", "more.wasm", "--unknown-imports", "zero"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("`zero` is neither `trap` nor `error`"), "{}", ran.stderr);
}

#[test]
fn what_is_no_command_is_told_what_can_be_called() {
    let sandbox = Sandbox::new();
    sandbox.wasm("lib.wasm", &NOTHING.replace("_start", "work"));
    let ran = sandbox.tool(&["run", "lib.wasm"]);
    assert!(ran.error().contains("or call a function, as in --invoke work"), "{}", ran.stderr);
}
