//! Trees that are deeper than paths, descriptors and stacks are: the tool goes through them in time
//! that grows with their size, with a few descriptors.

use crate::sandbox::{NOTHING, Ran, Sandbox};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, statat};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How deep the trees are that the disk and the tool hold; a path of so many names has 40,000
/// bytes.
const DEPTH: usize = 20_000;

/// A program, packed as `app.wasm` with a tree of this depth and a file at its end.
fn deep(sandbox: &Sandbox, depth: usize) {
    sandbox.wasm("program.wasm", NOTHING);
    sandbox.file("host/file", "deep");
    let mapping = format!("host::{}", "/d".repeat(depth));
    // How packing goes so deep is for other tests.
    let packed = Command::new("sh")
        .args(["-c", "ulimit -s unlimited; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_wasm-vfs")])
        .args(["pack", "program.wasm", "--no-dev", "--no-tmp", "--dir", &mapping])
        .args(["-o", "app.wasm"])
        .current_dir(sandbox.path("."))
        .output()
        .unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
}

fn open(from: &OwnedFd, name: &str) -> OwnedFd {
    openat(from, name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap()
}

/// Checks what is so deep in a directory.
#[track_caller]
fn check_deep(top: &Path, depth: usize) {
    let mut at = OwnedFd::from(std::fs::File::open(top).unwrap());
    for _ in 0..depth {
        at = open(&at, "d");
    }
    assert_eq!(statat(&at, "file", AtFlags::empty()).unwrap().st_size, 4);
}

/// Removes what std's `remove_dir_all`, at the end of a test, has not the descriptors for.
fn remove(sandbox: &Sandbox, name: &str) {
    let ran = Command::new("rm").args(["-rf"]).arg(sandbox.path(name)).status().unwrap();
    assert!(ran.success());
}

/// Runs the tool with few descriptors, in seconds.
#[track_caller]
fn tool(sandbox: &Sandbox, args: &str) -> Ran {
    let tool = env!("CARGO_BIN_EXE_wasm-vfs");
    let began = Instant::now();
    let ran = Command::new("sh")
        .args(["-c", &format!("ulimit -n 64; exec {tool} {args}")])
        .current_dir(sandbox.path("."))
        .env("XDG_CACHE_HOME", sandbox.path(".cache"))
        .output()
        .unwrap();
    // Quadratic, this took half an hour.
    assert!(began.elapsed() < Duration::from_secs(120), "{args}: {:?}", began.elapsed());
    let stderr = String::from_utf8(ran.stderr).unwrap();
    Ran { status: ran.status.code().unwrap_or(-1), stdout: ran.stdout, stderr }.ok()
}

#[test]
fn extract_goes_down_and_up_again() {
    let sandbox = Sandbox::new();
    deep(&sandbox, DEPTH);
    tool(&sandbox, "extract app.wasm -C out");
    check_deep(&sandbox.path("out"), DEPTH);
    // And over what is there.
    tool(&sandbox, "extract --force app.wasm -C out");
    remove(&sandbox, "out");
}

#[test]
fn get_goes_as_deep() {
    const DEPTH: usize = 5000;
    let sandbox = Sandbox::new();
    deep(&sandbox, DEPTH);
    tool(&sandbox, "run app.wasm --get /::out");
    check_deep(&sandbox.path("out"), DEPTH);
    remove(&sandbox, "out");
    // What is cut short goes away, too.
    sandbox.directory(".cache");
    let before = sandbox.names(".");
    let ran = sandbox.tool(&["run", "app.wasm", "--get", "/::out", "--get-limit", "5MB"]);
    assert!(ran.error().contains("--get-limit"), "{}", ran.stderr);
    assert_eq!(sandbox.names("."), before);
}

#[test]
fn put_goes_as_deep_as_the_tree_s_paths() {
    const DEPTH: usize = 1500;
    let sandbox = Sandbox::new();
    let mut at = OwnedFd::from(std::fs::File::open(sandbox.directory("in")).unwrap());
    for _ in 0..DEPTH {
        mkdirat(&at, "d", Mode::RWXU).unwrap();
        at = open(&at, "d");
    }
    let flags = OFlags::WRONLY | OFlags::CREATE;
    let file = std::fs::File::from(openat(&at, "file", flags, Mode::RUSR).unwrap());
    std::io::Write::write_all(&mut &file, b"deep").unwrap();
    deep(&sandbox, 1);
    tool(&sandbox, "run app.wasm --put in::/in --get /in::out");
    check_deep(&sandbox.path("out"), DEPTH);
    remove(&sandbox, "out");
    remove(&sandbox, "in");
}

#[test]
fn tree_prints_lines_that_one_reads() {
    let sandbox = Sandbox::new();
    deep(&sandbox, DEPTH);
    let shown = tool(&sandbox, "tree app.wasm");
    let lines: Vec<&str> = shown.stdout().lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 200));
    assert_eq!(lines[1], "└── d");
    assert_eq!(lines[32], format!("{}└── d", " ".repeat(31 * 4)));
    assert_eq!(lines[33], format!("{}[33] └── d", " ".repeat(31 * 4)));
    assert_eq!(lines[DEPTH + 1], format!("{}[20001] └── file", " ".repeat(31 * 4)));
    assert_eq!(lines[DEPTH + 3], "[N] is the level of an entry: more than 32 are not indented");
    assert_eq!(lines[DEPTH + 5], "20000 directories, 1 file");
}
