//! `pack --trace`: a line for each call, and nothing of it where it was not asked for.

use crate::sandbox::{NOTHING, Sandbox, read};

/// Makes calls of every kind and looks at no answer.
const CALLS: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync" (func $fd_datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "file")
  (data (i32.const 110) "a \"b\"\n\c3\a4\01")
  (data (i32.const 130) "link")
  (data (i32.const 140) "a text that is longer than what is shown of data")
  ;; Two pieces: 140..144 and 144..188; and one that is not in memory.
  (data (i32.const 200) "\8c\00\00\00\04\00\00\00\90\00\00\00\2c\00\00\00")
  (data (i32.const 220) "\00\00\ff\ff\10\00\00\00")
  (data (i32.const 240) "\00\10\00\00\00\02\00\00")
  (func (export "_start")
    (drop (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4) (i32.const 5)
      (i64.const 0x3fffffff) (i64.const 0) (i32.const 1) (i32.const 16)))
    (drop (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 110) (i32.const 9) (i32.const 300)))
    (drop (call $path_open (i32.const 3) (i32.const 2) (i32.const 0xffff0000) (i32.const 4) (i32.const 16)
      (i64.const 66) (i64.const 0) (i32.const 64) (i32.const 16)))
    (drop (call $fd_write (i32.const 4) (i32.const 200) (i32.const 2) (i32.const 20)))
    (drop (call $fd_write (i32.const 4) (i32.const 220) (i32.const 1) (i32.const 20)))
    (drop (call $fd_write (i32.const 4) (i32.const 0x7fffffff) (i32.const 1) (i32.const 20)))
    (drop (call $fd_seek (i32.const 4) (i64.const -5) (i32.const 2) (i32.const 24)))
    (drop (call $fd_seek (i32.const 4) (i64.const 0) (i32.const 7) (i32.const 24)))
    (drop (call $fd_read (i32.const 4) (i32.const 240) (i32.const 1) (i32.const 20)))
    (drop (call $fd_read (i32.const 99) (i32.const 240) (i32.const 1) (i32.const 20)))
    (drop (call $fd_fdstat_set_flags (i32.const 4) (i32.const 5)))
    (drop (call $fd_fdstat_get (i32.const 4) (i32.const 300)))
    (drop (call $fd_filestat_set_size (i32.const 4) (i64.const 0x100000000)))
    (drop (call $path_filestat_get (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4) (i32.const 300)))
    (drop (call $path_symlink (i32.const 100) (i32.const 4) (i32.const 3) (i32.const 130) (i32.const 4)))
    (drop (call $path_readlink (i32.const 3) (i32.const 130) (i32.const 4) (i32.const 4096) (i32.const 64) (i32.const 20)))
    (drop (call $fd_sync (i32.const 4)))
    (drop (call $fd_datasync (i32.const 4)))
    (drop (call $sched_yield))
    ;; Standard error goes, and the lines still come.
    (drop (call $fd_renumber (i32.const 4) (i32.const 2)))
    (drop (call $fd_close (i32.const -1)))
    (call $proc_exit (i32.const 3))))"#;

/// What the calls are told as.
const LINES: &str = r#"path_open(3, SYMLINK_FOLLOW, "file", CREAT|EXCL, FD_DATASYNC|FD_READ|FD_SEEK|FD_FDSTAT_SET_FLAGS|FD_SYNC|..., APPEND) = 4
path_filestat_get(3, 0, "a \"b\"\nä\x01") = NOENT
path_open(3, 2, 0xffff0000, 16, FD_READ|FD_WRITE, 64) = INVAL
fd_write(4, "a text that is longer than what "..., 48) = 48
fd_write(4, "", 0) = FAULT
fd_write(4, 0x7fffffff) = FAULT
fd_seek(4, -5, END) = 43
fd_seek(4, 0, 7) = INVAL
fd_read(4, " data", 512) = 5
fd_read(99, "", 512) = BADF
fd_fdstat_set_flags(4, APPEND|NONBLOCK) = 0
fd_fdstat_get(4) = {REGULAR_FILE, APPEND|NONBLOCK, FD_DATASYNC|FD_READ|FD_SEEK|FD_FDSTAT_SET_FLAGS|FD_SYNC|...}
fd_filestat_set_size(4, 4294967296) = 0
path_filestat_get(3, SYMLINK_FOLLOW, "file") = {REGULAR_FILE, ino=INO, nlink=1, size=4294967296}
path_symlink("file", 3, "link") = 0
path_readlink(3, "link", "file", 64) = 4
fd_sync(4) = 0
fd_datasync(4) = 0
sched_yield() = 0
fd_renumber(4, 2) = 0
fd_close(-1) = BADF
proc_exit(3) = ?
"#;

const FORMS: [&[&str]; 2] = [&[], &["--isolate"]];

/// Packs the program as `app.wasm`.
fn packed(sandbox: &Sandbox, options: &[&str]) {
    sandbox.wasm("program.wasm", CALLS);
    sandbox.directory("empty");
    let pack = ["pack", "program.wasm", "--dir", "empty::/", "-o", "app.wasm"];
    sandbox.tool(&[&pack, options].concat()).ok();
}

/// Lines with inode numbers taken out, which are not what is looked at.
fn without_inodes(lines: &str) -> String {
    let mut parts = lines.split("ino=");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "ino=INO" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

#[test]
fn each_call_is_a_line() {
    for form in FORMS {
        let sandbox = Sandbox::new();
        packed(&sandbox, &[form, &["--trace"]].concat());
        let ran = sandbox.tool(&["run", "app.wasm"]);
        assert_eq!(without_inodes(&ran.stderr), LINES);
        assert_eq!((ran.status, ran.stdout()), (3, ""));
    }
}

#[test]
fn where_the_environment_decides() {
    for form in FORMS {
        let sandbox = Sandbox::new();
        packed(&sandbox, &[form, &["--trace=env"]].concat());
        for (variable, expected) in [
            ("OTHER=1", ""),
            ("WASM_VFS_TRACE=0", ""),
            ("WASM_VFS_TRACE=11", ""),
            ("WASM_VFS_TRACE=1", LINES),
        ] {
            let ran = sandbox.tool(&["run", "app.wasm", "--env", "A=b", "--env", variable]);
            assert_eq!(without_inodes(&ran.stderr), expected, "{variable}");
            assert_eq!(ran.status, 3);
        }
    }
}

#[test]
fn lines_go_where_standard_error_went() {
    for form in FORMS {
        let sandbox = Sandbox::new();
        packed(&sandbox, &[form, &["--trace", "--stderr", "file=/log"]].concat());
        let ran = sandbox.tool(&["run", "app.wasm", "--get", "/log::log"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (3, ""));
        assert_eq!(without_inodes(&String::from_utf8(read(sandbox.path("log"))).unwrap()), LINES);
    }
}

#[test]
fn what_is_not_traced_has_nothing_of_it() {
    let sandbox = Sandbox::new();
    let words = |module: &str| {
        let bytes = read(sandbox.path(module));
        ["SYMLINK_FOLLOW", "::around_", "WASM_VFS_TRACE"]
            .map(|word| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    for form in FORMS {
        packed(&sandbox, &[form, &["--trace=env"]].concat());
        assert_eq!(words("app.wasm"), [true; 3]);
        packed(&sandbox, form);
        assert_eq!(words("app.wasm"), [false; 3]);
    }
    // A rootfs module says it for the programs that are linked with it.
    sandbox.wasm("nothing.wasm", NOTHING);
    sandbox.tool(&["image", "--dir", "empty::/", "--trace", "-o", "image.wasm"]).ok();
    sandbox.tool(&["link", "program.wasm", "image.wasm", "-o", "app.wasm"]).ok();
    let ran = sandbox.tool(&["run", "app.wasm"]);
    assert_eq!(without_inodes(&ran.stderr), LINES);
}
