//! Signals while `run` has something to do after its program.

use crate::sandbox::{NOTHING, Ran, Sandbox, read};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// What is far beyond what these tests take.
const LONG: Duration = Duration::from_secs(60);

/// What tells two signals apart.
const APART: Duration = Duration::from_millis(400);

const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// Writes `/out`, says so on standard output, and then waits as `WAIT` says.
const WAITING: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 3)
  (data (i32.const 900) "out")
  (data (i32.const 904) "m/pipe")
  (data (i32.const 1000) "there\n")
  ;; Waits for an hour.
  (func $sleep
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 3600000000000))
    (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512))))
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
  (func $output (param $fd i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 131072))
    (loop $more
      (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $more)))
  ;; Opens a named pipe of the disk, which nobody writes to.
  (func $stuck
    (drop (call $open (i32.const 3) (i32.const 1) (i32.const 904) (i32.const 6) (i32.const 0)
      (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16))))
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 1) (i32.const 900) (i32.const 3) (i32.const 9)
          (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 16))
      (then unreachable))
    (i32.store (i32.const 0) (i32.const 1000))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    WAIT))"#;

/// Ways to wait that end when somebody wants them to.
const WAITS: [&str; 6] = [
    "(loop $again (br $again))",
    "(call $sleep)",
    "(call $wait)",
    "(call $input)",
    "(call $output (i32.const 1))",
    "(call $output (i32.const 2))",
];

/// A sandbox with `packed.wasm` that waits so, and a named pipe in `d`.
pub(crate) fn waiting(wait: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", &WAITING.replace("WAIT", wait));
    let fifo = sandbox.directory("d").join("pipe");
    mknodat(CWD, fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm", "--mount", "/m"]).ok();
    sandbox
}

/// The tool, with each signal as it is for a process that a person starts: what runs the tests may
/// ignore some, and what is ignored stays so. It is started by the command `by`, if that is one.
fn command(sandbox: &Sandbox, by: &[&str], args: &[&str]) -> Command {
    let tool = sandbox.command(args);
    let mut command = Command::new("env");
    command.arg("--default-signal").args(by).arg(tool.get_program()).args(tool.get_args());
    command.current_dir(sandbox.path("."));
    for (name, value) in tool.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts the tool, and returns when the program waits, or soon will.
fn start(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut child = command(sandbox, &[], args).spawn().unwrap();
    let mut said = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(&said, b"there\n");
    child
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// How it ended, and what it said. Its standard input stays open till then, and nobody reads its
/// output.
fn wait(child: &mut Child) -> (ExitStatus, String) {
    let _open = child.stdin.take();
    let _unread = child.stdout.take();
    let mut stderr = child.stderr.take().unwrap();
    // A program may have filled the pipe, and then the tool could say nothing.
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    });
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LONG {
            child.kill().unwrap();
            panic!("it does not end: {}", said.join().unwrap());
        }
        sleep(Duration::from_millis(5));
    };
    (status, said.join().unwrap())
}

fn changes(sandbox: &Sandbox) -> String {
    let Ran { stdout, stderr, .. } = sandbox.tool(&["diff", "packed.wasm", "s"]);
    assert_eq!(stderr, "");
    String::from_utf8(stdout).unwrap()
}

/// Nothing is beside the state that belongs to it.
#[track_caller]
fn is_tidy(sandbox: &Sandbox) {
    let there = sandbox.names(".");
    let hidden: Vec<_> = there.iter().filter(|it| it.starts_with('.') && *it != ".cache").collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn a_program_that_a_signal_stops_leaves_its_state() {
    for (number, wait_so) in WAITS.into_iter().enumerate() {
        let sandbox = waiting(wait_so);
        // All signals are alike, and so are the first way to wait and the others.
        for signal in if number == 0 { &SIGNALS[..] } else { &SIGNALS[..1] } {
            let began = Instant::now();
            let options = ["--state", "s", "--get", "/out::got", "--export", "tree.tar"];
            let mut child = start(&sandbox, &[&["run"], &options[..], &["packed.wasm"]].concat());
            send(&child, *signal);
            let (status, stderr) = wait(&mut child);
            assert_eq!(status.signal(), Some(signal.as_raw()), "{wait_so}: {status} {stderr}");
            let said = "wasm-vfs: error: `packed.wasm` was stopped by a signal\n";
            assert!(stderr.ends_with(said), "{wait_so}: {stderr}");
            assert!(began.elapsed() < LONG, "{wait_so}");
            is_tidy(&sandbox);
            assert_eq!(changes(&sandbox), "M /  times\nA /out\n", "{wait_so}");
            assert_eq!(read(sandbox.path("got")), b"there\n");
            for file in ["s", "got", "tree.tar"] {
                std::fs::remove_file(sandbox.path(file)).unwrap();
            }
        }
    }
}

#[test]
fn what_changed_is_listed_and_errors_are_told() {
    let sandbox = waiting("(call $sleep)");
    let mut child = start(&sandbox, &["run", "--diff", "--get", "/none::got", "packed.wasm"]);
    send(&child, Signal::INT);
    let (status, stderr) = wait(&mut child);
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()));
    let wants = "M /  times\nA /out\nwasm-vfs: error: `packed.wasm` was stopped, but not all that it left could be copied: --get /none::got: ";
    assert!(stderr.starts_with(wants), "{stderr}");
}

#[test]
fn signals_that_come_together_are_one() {
    let sandbox = waiting("(call $sleep)");
    let mut child = start(&sandbox, &["run", "--state", "s", "packed.wasm"]);
    for _ in 0..3 {
        send(&child, Signal::HUP);
        sleep(Duration::from_millis(5));
    }
    let (status, _) = wait(&mut child);
    assert_eq!(status.signal(), Some(Signal::HUP.as_raw()));
    assert_eq!(changes(&sandbox), "M /  times\nA /out\n");
}

#[test]
fn what_does_not_come_back_leaves_the_old_state() {
    let sandbox = waiting("(call $stuck)");
    sandbox.wasm("nothing.wasm", NOTHING);
    sandbox.tool(&["pack", "nothing.wasm", "-o", "other.wasm", "--mount", "/m"]).ok();
    sandbox.tool(&["run", "--state", "s", "other.wasm"]).ok();
    let before = read(sandbox.path("s"));
    let run = ["run", "--state", "s", "--host-dir", "d::/m", "packed.wasm"];
    let mut child = start(&sandbox, &run);
    sleep(APART);
    send(&child, Signal::TERM);
    let (status, stderr) = wait(&mut child);
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()), "{stderr}");
    let wants = "`packed.wasm` was stopped, but not all that it left could be copied: it is within a \
                 call of its host that does not end; the state is as it was before the run\n";
    assert!(stderr.ends_with(wants), "{stderr}");
    assert!(read(sandbox.path("s")) == before);
    // A second signal is not waited for.
    let mut child = start(&sandbox, &run);
    sleep(APART);
    send(&child, Signal::TERM);
    sleep(APART);
    send(&child, Signal::INT);
    let (status, stderr) = wait(&mut child);
    assert_eq!((status.signal(), stderr.as_str()), (Some(Signal::INT.as_raw()), ""));
    assert!(read(sandbox.path("s")) == before);
}

#[test]
fn without_anything_to_do_signals_are_what_they_were() {
    let sandbox = waiting("(call $sleep)");
    let mut child = start(&sandbox, &["run", "packed.wasm"]);
    send(&child, Signal::TERM);
    let (status, stderr) = wait(&mut child);
    assert_eq!((status.signal(), stderr.as_str()), (Some(Signal::TERM.as_raw()), ""));
}

#[test]
fn what_is_ignored_stays_ignored() {
    let sandbox = waiting("(call $sleep)");
    let by = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];
    let mut child =
        command(&sandbox, &by, &["run", "--state", "s", "packed.wasm"]).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    send(&child, Signal::HUP);
    sleep(APART);
    assert!(child.try_wait().unwrap().is_none());
    send(&child, Signal::INT);
    let (status, stderr) = wait(&mut child);
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{stderr}");
    assert_eq!(changes(&sandbox), "M /  times\nA /out\n");
}

/// Whatever the moment, there is the old state or the new one.
#[test]
fn killed_at_any_moment() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm"]).ok();
    sandbox.file("one", vec![1; 3 << 20]);
    sandbox.file("two", vec![2; 3 << 20]);
    let run = |name: &'static str| {
        let put = format!("{name}::/kept");
        let args = ["run", "--state", "s", "--put", &put, "packed.wasm"];
        command(&sandbox, &[], &args).spawn().unwrap()
    };
    let mut longest = Duration::ZERO;
    for name in ["one", "two"] {
        let began = Instant::now();
        assert!(run(name).wait().unwrap().success());
        longest = began.elapsed();
    }
    let (mut killed, mut random) = (0, std::process::id());
    for round in 0..40_u32 {
        let name = if round % 2 == 0 { "one" } else { "two" };
        let signal = if round < 20 { Signal::KILL } else { SIGNALS[round as usize % 3] };
        let before = kept(&sandbox);
        let mut child = run(name);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        sleep(longest.mul_f64(f64::from(random >> 8) / f64::from(1 << 24) * 1.1));
        send(&child, signal);
        let (status, _) = wait(&mut child);
        assert!(status.success() || status.signal() == Some(signal.as_raw()), "{status}");
        killed += u32::from(!status.success());
        let after = kept(&sandbox);
        let new = if name == "one" { 1 } else { 2 };
        assert!(after == new || (after == before && !status.success()), "round {round}: {after}");
    }
    assert!(killed > 10, "{killed} of 40");
    // Nothing is in the way of the next one.
    assert!(run("one").wait().unwrap().success());
    assert_eq!(kept(&sandbox), 1);
    is_tidy(&sandbox);
}

/// The byte that the file in the state is full of; the state is whole.
fn kept(sandbox: &Sandbox) -> u8 {
    let state = read(sandbox.path("s"));
    assert!(state.ends_with(&[0; 1024]));
    let mut archive = tar::Archive::new(&state[..]);
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut entry = entries.find(|it| it.path_bytes().ends_with(b"kept")).unwrap();
    let mut contents = Vec::new();
    entry.read_to_end(&mut contents).unwrap();
    assert!(contents.len() == 3 << 20 && contents.iter().all(|byte| *byte == contents[0]));
    contents[0]
}
