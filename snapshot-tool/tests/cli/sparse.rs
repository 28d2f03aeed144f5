//! Files with holes: what is taken out of a tree and put into one keeps them, and takes no more of
//! the disk than it must.

use crate::sandbox::{NOTHING, Sandbox, read};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::process::Command;

/// Makes `out/sparse`: `LEN` bytes, of which there are 5 at `AT`; and `out/plain` beside it.
const HOLES: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 100) "out/sparse")
  (data (i32.const 120) "out/plain")
  (data (i32.const 140) "bytes")
  (func $check (param i32) (if (local.get 0) (then (call $proc_exit (i32.const 99)))))
  (func $create (param i32 i32)
    (call $check (call $path_open (i32.const 3) (i32.const 0) (local.get 0) (local.get 1)
      (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 16))))
  (func $write (param i64)
    (i32.store (i32.const 0) (i32.const 140))
    (i32.store (i32.const 4) (i32.const 5))
    (call $check (call $fd_pwrite (i32.load (i32.const 16)) (i32.const 0) (i32.const 1)
      (local.get 0) (i32.const 8))))
  (func (export "_start")
    (call $check (call $mkdir (i32.const 3) (i32.const 100) (i32.const 3)))
    (call $create (i32.const 100) (i32.const 10))
    (call $check (call $set_size (i32.load (i32.const 16)) (i64.const LEN)))
    (call $write (i64.const AT))
    (call $create (i32.const 120) (i32.const 9))
    (call $write (i64.const 0))))"#;

/// A program that makes such a file, packed as `app.wasm`.
fn makes_holes(sandbox: &Sandbox, len: u64, at: u64) {
    let text = HOLES.replace("LEN", &len.to_string()).replace("AT", &at.to_string());
    sandbox.wasm("program.wasm", &text);
    sandbox.directory("empty");
    sandbox.tool(&["pack", "program.wasm", "--dir", "empty::/", "-o", "app.wasm"]).ok();
}

/// Checks that a file has this length, 5 bytes at `at`, zeros beside them, and takes little room.
#[track_caller]
fn check_sparse(path: &Path, len: u64, at: u64) {
    let file = File::open(path).unwrap();
    let found = file.metadata().unwrap();
    assert_eq!(found.len(), len, "{}", path.display());
    assert!(found.blocks() <= 64, "{}: {} blocks of 512 bytes", path.display(), found.blocks());
    let mut around = [1; 15];
    file.read_exact_at(&mut around, at - 5).unwrap();
    assert_eq!(&around, b"\0\0\0\0\0bytes\0\0\0\0\0");
}

/// Unpacks an archive with the system's tar into a directory.
fn untar(sandbox: &Sandbox, archive: &str, directory: &str) -> bool {
    sandbox.directory(directory);
    let tar = Command::new("tar")
        .args(["--no-same-owner", "-xpf"])
        .arg(sandbox.path(archive))
        .current_dir(sandbox.path(directory))
        .status();
    match tar {
        Ok(status) => {
            assert!(status.success(), "tar cannot read {archive}");
            true
        }
        Err(error) => {
            println!("no tar on this system, left out: {error}");
            false
        }
    }
}

#[test]
fn a_program_s_holes_stay_holes_in_files_directories_and_archives() {
    const LEN: u64 = 1 << 40;
    const AT: u64 = 3 << 38;
    let sandbox = Sandbox::new();
    makes_holes(&sandbox, LEN, AT);
    let args = ["run", "app.wasm", "--get", "/out/sparse::got", "--get", "/out::directory"];
    sandbox.tool(&[&args[..], &["--export", "tree.tar", "--get-limit", "1MB"]].concat()).ok();
    check_sparse(&sandbox.path("got"), LEN, AT);
    check_sparse(&sandbox.path("directory/sparse"), LEN, AT);
    assert_eq!(read(sandbox.path("directory/plain")), b"bytes");
    assert!(fs::metadata(sandbox.path("tree.tar")).unwrap().len() < 100_000);
    if untar(&sandbox, "tree.tar", "untarred") {
        check_sparse(&sandbox.path("untarred/out/sparse"), LEN, AT);
        assert_eq!(read(sandbox.path("untarred/out/plain")), b"bytes");
    }
    // And back again, with what the system's filesystem tells of holes.
    let args = ["run", "app.wasm", "--put", "got::/in/file", "--put", "directory::/in/directory"];
    sandbox.tool(&[&args[..], &["--get", "/in::again"]].concat()).ok();
    check_sparse(&sandbox.path("again/file"), LEN, AT);
    check_sparse(&sandbox.path("again/directory/sparse"), LEN, AT);
}

#[test]
fn the_longest_file_that_there_is_fills_no_disk() {
    let sandbox = Sandbox::new();
    makes_holes(&sandbox, 0x7fff_ffff_ffff_f000, 4096);
    for args in [["--get", "/out/sparse::got"], ["--get", "/out::got"]] {
        let ran = sandbox.tool(&[&["run", "app.wasm"], &args[..]].concat());
        // Some filesystems take so long a file.
        if ran.status == 0 {
            let got = sandbox.path("got");
            let file = if got.is_dir() { got.join("sparse") } else { got };
            check_sparse(&file, 0x7fff_ffff_ffff_f000, 4096);
        } else {
            assert!(ran.error().contains("File too large"), "{}", ran.stderr);
            assert!(ran.error().contains("sparse"), "{}", ran.stderr);
        }
        let left = sandbox.names(".");
        assert!(left.iter().all(|name| !name.contains(".wasm-vfs-")), "{left:?}");
        let got = sandbox.path("got");
        let _ = if got.is_dir() { fs::remove_dir_all(got) } else { fs::remove_file(got) };
    }
    sandbox.tool(&["run", "app.wasm", "--export", "tree.tar"]).ok();
    assert!(fs::metadata(sandbox.path("tree.tar")).unwrap().len() < 100_000);
}

#[test]
fn what_comes_out_is_limited() {
    let sandbox = Sandbox::new();
    makes_holes(&sandbox, 1 << 30, 4096);
    // The engine's cache.
    sandbox.directory(".cache");
    let before = sandbox.names(".");
    for (args, what) in [
        (["--get", "/out/sparse::got"], "--get /out/sparse::got: "),
        (["--get", "/out::got"], "--get /out::got: cannot write `got`: "),
        (["--export", "tree.tar"], "--export tree.tar: "),
        // Holes of a pipe are zeros.
        (["--get", "/out/sparse::/dev/stdout"], "--get /out/sparse::/dev/stdout: "),
    ] {
        let ran = sandbox.tool(&[&["run", "app.wasm", "--get-limit", "3"], &args[..]].concat());
        let error = ran.error();
        assert!(error.contains(what), "{error}");
        assert!(error.contains("more than 3 bytes in all; allow more with --get-limit"), "{error}");
        assert_eq!(sandbox.names("."), before);
    }
    let ran = sandbox.tool(&["run", "app.wasm", "--get-limit", "much"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

#[test]
fn a_limit_of_the_process_kills_nothing() {
    let sandbox = Sandbox::new();
    makes_holes(&sandbox, 1 << 30, 4096);
    sandbox.directory(".cache");
    let before = sandbox.names(".");
    for args in ["--get /out/sparse::got", "--get /out::got", "--get /out/sparse::a/../got"] {
        let tool = env!("CARGO_BIN_EXE_wasm-vfs");
        let ran = Command::new("sh")
            .args(["-c", &format!("ulimit -f 2000; exec {tool} run app.wasm {args}")])
            .current_dir(sandbox.path("."))
            .env("XDG_CACHE_HOME", sandbox.path(".cache"))
            .output()
            .unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{stderr}");
        if !args.contains("..") {
            assert!(stderr.contains("`ulimit -f`"), "{stderr}");
        }
        assert_eq!(sandbox.names("."), before);
    }
}

#[test]
fn zeros_of_a_packed_file_become_holes() {
    const LEN: u64 = 8 << 20;
    let sandbox = Sandbox::new();
    sandbox.wasm("program.wasm", NOTHING);
    let file = File::create(sandbox.file("host/d/sparse", "")).unwrap();
    file.set_len(LEN).unwrap();
    file.write_all_at(b"bytes", 3 << 20).unwrap();
    sandbox.file("host/small", [0; 5000]);
    sandbox.file(&format!("host/{}", "long".repeat(30)), vec![0; 2 << 20]);
    sandbox.tool(&["pack", "program.wasm", "--dir", "host::/", "-o", "app.wasm"]).ok();
    sandbox.tool(&["extract", "app.wasm", "-C", "extracted"]).ok();
    check_sparse(&sandbox.path("extracted/d/sparse"), LEN, 3 << 20);
    assert_eq!(read(sandbox.path("extracted/small")), [0; 5000]);
    sandbox.tool(&["export", "app.wasm", "-o", "tree.tar"]).ok();
    assert!(fs::metadata(sandbox.path("tree.tar")).unwrap().len() < 100_000);
    if untar(&sandbox, "tree.tar", "untarred") {
        check_sparse(&sandbox.path("untarred/d/sparse"), LEN, 3 << 20);
        assert_eq!(read(sandbox.path("untarred/small")), [0; 5000]);
        let long = fs::metadata(sandbox.path(&format!("untarred/{}", "long".repeat(30)))).unwrap();
        assert_eq!((long.len(), long.blocks()), (2 << 20, 0));
    }
}
