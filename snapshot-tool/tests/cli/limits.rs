//! `run --timeout`, `--fuel`, `--max-memory`: programs that do not end, and what they leave.

use crate::sandbox::{NOTHING, Sandbox, read};
use crate::signals::waiting;
use crate::transfer::COPY;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What is far beyond the limits of these tests, and far below a program that never ends.
const LONG: Duration = Duration::from_secs(60);

/// Runs for ever.
const FOR_EVER: &str = "(loop $again (br $again))";

/// Writes a file, and then does what is put in the place of `END`.
fn copies(sandbox: &Sandbox, end: &str) {
    sandbox.wasm("app.wasm", &COPY.replace("END", end));
    sandbox.file("in.txt", "from the host\n");
}

const TRANSFERS: [&str; 6] =
    ["--put", "in.txt::/input/in", "--get", "/output/out::out.txt", "--export", "tree.tar"];

#[test]
fn a_program_that_does_not_end_is_stopped_and_what_it_left_is_there() {
    for form in [&[][..], &["--isolate"]] {
        for (limit, wants) in [
            (["--timeout", "500ms"], "was stopped when its time was over\n"),
            (["--fuel", "10000000"], "was stopped when its fuel was used up\n"),
        ] {
            let sandbox = Sandbox::new();
            copies(&sandbox, FOR_EVER);
            let began = Instant::now();
            let run = [&["run", "app.wasm"], form, &limit[..], &TRANSFERS[..]].concat();
            let ran = sandbox.tool(&run);
            assert_eq!(ran.status, 124, "{}", ran.stderr);
            assert_eq!(ran.stderr, format!("wasm-vfs: error: `app.wasm` {wants}"));
            assert!(began.elapsed() < LONG);
            assert_eq!(read(sandbox.path("out.txt")), b"from the host\n");
            assert!(read(sandbox.path("tree.tar")).len() > 1024);
        }
    }
}

#[test]
fn a_program_within_its_limits_is_left_alone() {
    let sandbox = Sandbox::new();
    copies(&sandbox, "(call $proc_exit (i32.const 3))");
    let limits = ["--timeout", "1min", "--fuel", "10000000", "--max-memory", "64MiB"];
    let run = [&["run", "app.wasm"], &limits[..], &TRANSFERS[..]].concat();
    let ran = sandbox.tool(&run);
    assert_eq!((ran.status, ran.stderr.as_str()), (3, ""));
    assert_eq!(read(sandbox.path("out.txt")), b"from the host\n");
}

#[test]
fn limits_hold_for_start_functions_reactors_and_functions_that_are_called() {
    let sandbox = Sandbox::new();
    let hang = |export: &str| NOTHING.replace("(func (export \"_start\"))", export);
    sandbox.wasm(
        "start.wasm",
        &hang(&format!("(func $s {FOR_EVER}) (start $s) (func (export \"_start\"))")),
    );
    sandbox.wasm("reactor.wasm", &hang(&format!("(func (export \"_initialize\") {FOR_EVER})")));
    sandbox.wasm("called.wasm", &hang(&format!("(func (export \"f\") {FOR_EVER})")));
    for run in [
        &["start.wasm"][..],
        &["reactor.wasm"],
        &["reactor.wasm", "--invoke", "_initialize"],
        &["called.wasm", "--invoke", "f"],
    ] {
        for limit in [["--timeout", "0.3"], ["--fuel", "100000"]] {
            let ran = sandbox.tool(&[&["run"], &limit[..], run].concat());
            assert_eq!(ran.status, 124, "{run:?}: {}", ran.stderr);
        }
    }
    // Where there is no tree yet, nothing can be got out of it.
    let ran = sandbox.tool(&["run", "start.wasm", "--fuel", "1000", "--get", "/tmp::tmp"]);
    let wants = "was stopped when its fuel was used up, but not all that it left could be copied";
    assert!(ran.error().contains(wants), "{}", ran.stderr);
}

/// Waits as `WAIT` says, for an hour.
const SLEEP: &str = r#"
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $now (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 3)
  ;; Waits for a clock: its number, and whether till a time or so long.
  (func $sleep (param $clock i32) (param $absolute i32)
    (i32.store (i32.const 80) (local.get $clock))
    (i64.store (i32.const 88) (i64.const 3600000000000))
    (i32.store16 (i32.const 104) (local.get $absolute))
    (if (local.get $absolute)
      (then
        (drop (call $now (local.get $clock) (i64.const 1) (i32.const 200)))
        (i64.store (i32.const 88)
          (i64.add (i64.load (i32.const 200)) (i64.const 3600000000000)))))
    (if (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512))
      (then unreachable)))
  ;; Waits for standard input.
  (func $wait
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store (i32.const 80) (i32.const 0))
    (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512))))
  (func $input
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 1024))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
  ;; Writes more than a pipe holds.
  (func $output
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 131072))
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $more)))
  (func (export "_start") WAIT))"#;

#[test]
fn a_program_that_waits_is_stopped_too() {
    for wait in [
        "(call $sleep (i32.const 0) (i32.const 0))",
        "(call $sleep (i32.const 1) (i32.const 0))",
        "(call $sleep (i32.const 0) (i32.const 1))",
        "(call $sleep (i32.const 1) (i32.const 1))",
        "(call $wait)",
        "(call $input)",
        "(call $output)",
    ] {
        let sandbox = Sandbox::new();
        sandbox.wasm("app.wasm", &SLEEP.replace("WAIT", wait));
        for get in [&[][..], &["--get", "/tmp::tmp"]] {
            let run = [&["run", "app.wasm", "--timeout", "500ms"], get].concat();
            let (status, stderr) = waits(&sandbox, &run);
            assert_eq!(status, Some(124), "{wait}: {stderr}");
            assert_eq!(sandbox.path("tmp").exists(), !get.is_empty(), "{wait}");
        }
    }
}

#[test]
fn a_program_that_does_not_come_back_is_given_up() {
    let sandbox = waiting("(call $stuck)");
    let run = ["run", "--timeout", "500ms", "--host-dir", "d::/m"];
    let (status, stderr) = waits(&sandbox, &[&run[..], &["packed.wasm"]].concat());
    assert_eq!(status, Some(124), "{stderr}");
    let got = ["--get", "/tmp::tmp", "packed.wasm"];
    let (status, stderr) = waits(&sandbox, &[&run[..], &got].concat());
    assert_eq!(status, Some(1), "{stderr}");
    let wants = "could be copied: it is within a call of its host that does not end\n";
    assert!(stderr.ends_with(wants), "{stderr}");
}

/// Runs the tool, whose standard input stays open and whose output nobody reads.
fn waits(sandbox: &Sandbox, args: &[&str]) -> (Option<i32>, String) {
    let began = Instant::now();
    let mut child = sandbox.command(args).spawn().unwrap();
    let _open = child.stdin.take();
    let status = child.wait().unwrap().code();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(began.elapsed() < LONG, "{args:?}");
    (status, stderr)
}

/// Waits for two clocks at once, of which one goes off, and exits with the number that tells of it.
const CLOCKS: &str = r#"
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 64) (i64.const 7))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 3600000000000))
    (i64.store (i32.const 112) (i64.const 40))
    (i32.store (i32.const 128) (i32.const 0))
    (i64.store (i32.const 136) (i64.const 20000000))
    ;; The errno and the kind of the event, which are zero, must be written.
    (i64.store (i32.const 264) (i64.const -1))
    (if (call $poll (i32.const 64) (i32.const 256) (i32.const 2) (i32.const 512))
      (then unreachable))
    (if (i32.and (i32.load (i32.const 264)) (i32.const 0xffffff)) (then unreachable))
    (call $exit (i32.add (i32.load (i32.const 256)) (i32.load (i32.const 512))))))"#;

#[test]
fn clocks_within_the_time_go_off() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", CLOCKS);
    for limits in [&[][..], &["--timeout", "1min"]] {
        let ran = sandbox.tool(&[&["run", "app.wasm"], limits].concat());
        assert_eq!((ran.status, ran.stderr.as_str()), (41, ""));
    }
}

#[test]
fn input_within_the_time_arrives() {
    let sandbox = Sandbox::new();
    // Exits with the number of bytes that it read.
    let app = SLEEP
        .replace("WAIT", "(call $wait) (call $input) (call $exit (i32.load (i32.const 8)))")
        .replace(
            "(memory",
            "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32))) (memory",
        );
    sandbox.wasm("app.wasm", &app);
    let run = ["run", "app.wasm", "--timeout", "1min"];
    assert_eq!(sandbox.tool_with(&run, &[], b"seven b").status, 7);
    let nothing = sandbox.command(&run).stdin(Stdio::null()).status().unwrap();
    assert_eq!(nothing.code(), Some(0));
}

/// Exits with the number of pages by which its memory grew, of 200.
const GROW: &str = r#"
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $mkdir (param i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (table $t 1 funcref)
  (func (export "_start") (local $grown i32)
    (block $full
      (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (local.set $grown (i32.add (local.get $grown) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $grown) (i32.const 200)))))
    (call $exit (local.get $grown)))
  (func (export "table") (result i32)
    (table.grow $t (ref.null func) (i32.const 1000000))))"#;

#[test]
fn memory_beyond_the_limit_is_refused_as_an_engine_does() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", GROW);
    for form in [&[][..], &["--isolate"]] {
        let run = |more: &[&str]| sandbox.tool(&[&["run", "app.wasm"], form, more].concat());
        assert_eq!(run(&[]).status, 200);
        assert_eq!(run(&["--max-memory", "1GiB"]).status, 200);
        // 64 pages, of which the program has two and the filesystem some.
        let status = run(&["--max-memory", "4MiB"]).status;
        assert!((1..62).contains(&status), "{form:?}: {status}");
        let verbose = run(&["--max-memory", "4MiB", "-v"]);
        assert!(verbose.stderr.contains("it was refused memory: "), "{}", verbose.stderr);
        // Tables take memory, too: eight bytes an element.
        let table = ["--invoke", "table"];
        assert_eq!(run(&table).ok().stdout(), "1\n");
        let limited = run(&[&table[..], &["--max-memory", "4MiB"]].concat());
        assert_eq!(limited.ok().stdout(), "-1\n");
        let ran = run(&["--max-memory", "65536"]);
        assert!(
            ran.error().contains("of memory to start, and the limit is 65536"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn recursion_may_be_deeper() {
    let sandbox = Sandbox::new();
    sandbox.wasm(
        "app.wasm",
        r#"(module
          (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
              (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
              (else (i32.const 0)))))"#,
    );
    let run = |depth: &str, more: &[&str]| {
        let invoke = ["--invoke", "deep", depth];
        sandbox.tool(&[&["run", "app.wasm"], more, &invoke].concat())
    };
    assert_eq!(run("1000", &[]).ok().stdout(), "1000\n");
    let ran = run("500000", &[]);
    assert_eq!(ran.status, 134);
    assert!(ran.stderr.contains("call stack exhausted"), "{}", ran.stderr);
    assert_eq!(run("500000", &["--max-stack", "64MiB"]).ok().stdout(), "500000\n");
    assert_eq!(run("500000", &["--max-stack", "1MiB"]).status, 134);
    let all = ["--max-stack", "64MiB", "--timeout", "1min", "--fuel", "100000000"];
    assert_eq!(run("500000", &all).ok().stdout(), "500000\n");
    assert_eq!(run("9", &["--max-stack", "16EiB"]).status, 2);
    for bytes in ["15EiB", "0"] {
        let ran = run("9", &["--max-stack", bytes]);
        assert!(ran.error().starts_with("cannot run `app.wasm`: "), "{}", ran.stderr);
    }
}

#[test]
fn limits_that_are_none_are_usage_errors() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    for (option, value, wants) in [
        ("--timeout", "soon", "`soon` is no duration like 10, 0.5, 500ms or 2min"),
        ("--timeout", "0", "`0`: no program runs in no time"),
        ("--timeout", "NaN", "`NaN` is no duration"),
        ("--fuel", "much", "invalid value 'much'"),
        ("--max-memory", "all", "`all` is no size"),
    ] {
        let ran = sandbox.tool(&["run", "app.wasm", option, value]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(wants), "{}", ran.stderr);
    }
    let help = sandbox.tool(&["run", "--help"]).ok();
    assert!(help.stdout().contains("124 if --timeout or --fuel stopped it"), "{}", help.stdout());
}
