//! `run --state FILE --sync`: what was synced is there when the run was killed.

use crate::sandbox::{Sandbox, read};
use std::io::Read as _;
use std::process::Stdio;

/// Appends `x` to `/log` and syncs, appends `y` and does not, says so, and goes on for ever.
const PROGRAM: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "path_open"
        (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 100) "log")
      (data (i32.const 110) "xy\n")
      (func $write (param $fd i32) (param $at i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (i32.const 1))
        (if (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))
          (then unreachable)))
      (func (export "_start")
        (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 1)
              (i64.const 0xffffff) (i64.const 0) (i32.const 1) (i32.const 16))
          (then unreachable))
        (call $write (i32.const 4) (i32.const 110))
        (if (call $fd_sync (i32.const 4)) (then unreachable))
        (call $write (i32.const 4) (i32.const 111))
        (call $write (i32.const 1) (i32.const 112))
        (loop (br 0))))"#;

/// Runs it until it has said that it is so far, and kills it.
fn killed(sandbox: &Sandbox, args: &[&str]) {
    let all = [&["run", "--state", "s", "--sync"], args].concat();
    let mut command = sandbox.command(&all);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What the next run finds in `/log`.
fn log(sandbox: &Sandbox) -> String {
    sandbox.tool(&["commit", "packed.wasm", "s", "-o", "later.wasm"]).ok();
    sandbox.tool(&["cat", "later.wasm", "/log"]).ok().stdout().to_owned()
}

#[test]
fn what_was_synced_outlives_a_kill() {
    for events in [&[][..], &["--events"]] {
        let sandbox = Sandbox::new();
        sandbox.wasm("app.wasm", PROGRAM);
        let pack = ["pack", "app.wasm", "-o", "packed.wasm", "--no-dev", "--no-tmp"];
        sandbox.tool(&[&pack[..], events].concat()).ok();
        for expected in ["x", "xx", "xxx"] {
            killed(&sandbox, &["packed.wasm"]);
            assert_eq!(log(&sandbox), expected);
            // A record was appended to what the run began with.
            let file = read(sandbox.path("s"));
            assert!(file.windows(8).any(|bytes| bytes == b"wvfs-rec"), "{expected}");
            let told = sandbox.tool(&["diff", "packed.wasm", "s"]);
            assert!(told.stdout().contains("A /log\n"), "{}", told.stdout());
        }
        // The end of the last record is not there: the one before counts, which is the start of that run.
        let file = read(sandbox.path("s"));
        sandbox.file("s", &file[..file.len() - 1]);
        assert_eq!(log(&sandbox), "xx");
        // A run that ends in its own way leaves a plain archive, with what was not synced.
        let run = ["run", "--state", "s", "--sync", "--timeout", "500ms", "packed.wasm"];
        assert_eq!(sandbox.tool(&run).status, 124);
        assert_eq!(log(&sandbox), "xxxy");
        let file = read(sandbox.path("s"));
        assert!(!file.windows(8).any(|bytes| bytes == b"wvfs-rec"));
    }
}

/// A program that is not packed yet, and a state without records in a run without `--sync`.
#[test]
fn records_are_read_by_runs_that_write_none() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", PROGRAM);
    killed(&sandbox, &["app.wasm"]);
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm"]).ok();
    assert_eq!(log(&sandbox), "x");
    let run = ["run", "--state", "s", "--timeout", "500ms", "packed.wasm"];
    assert_eq!(sandbox.tool(&run).status, 124);
    assert_eq!(log(&sandbox), "xxy");
}

#[test]
fn what_cannot_be_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", PROGRAM);
    let alone = sandbox.tool(&["run", "--sync", "app.wasm"]);
    assert!(alone.stderr.contains("--state"), "{}", alone.stderr);
    let both = sandbox.tool(&["run", "--sync", "--state", "s", "--save", "o.wasm", "app.wasm"]);
    assert!(both.stderr.contains("--save"), "{}", both.stderr);
}
