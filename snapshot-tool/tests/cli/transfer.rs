//! `run --put`, `--get`, `--export`: what goes in before the program starts and comes out after it
//! has ended, however it ends.

use crate::sandbox::{NOTHING, Sandbox, THEN, read};
use crate::take_out::describe;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

/// Copies /input/in to /output/out; what it does then is put in the place of `END`.
pub(crate) const COPY: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 100) "input/in")
  (data (i32.const 120) "output/out")
  (func (export "_start")
    (if (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 8) (i32.const 0)
          (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16))
      (then (call $proc_exit (i32.const 99))))
    (drop (call $mkdir (i32.const 3) (i32.const 120) (i32.const 6)))
    (if (call $path_open (i32.const 3) (i32.const 1) (i32.const 120) (i32.const 10) (i32.const 9)
          (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 20))
      (then (call $proc_exit (i32.const 98))))
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $fd_read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $fd_write (i32.load (i32.const 20)) (i32.const 0) (i32.const 1) (i32.const 8)))
    END))"#;

/// A program that ends so, packed as `app.wasm`.
fn packed(sandbox: &Sandbox, end: &str, form: &[&str]) {
    sandbox.wasm("program.wasm", &COPY.replace("END", end));
    sandbox.directory("empty");
    let pack = ["pack", "program.wasm", "--dir", "empty::/", "-o", "app.wasm"];
    sandbox.tool(&[&pack, form].concat()).ok();
}

const FORMS: [&[&str]; 2] = [&[], &["--isolate"]];

#[test]
fn files_go_in_and_come_out_however_the_program_ends() {
    for form in FORMS {
        for (end, status) in [("", 0), ("(call $proc_exit (i32.const 3))", 3), ("unreachable", 134)]
        {
            let sandbox = Sandbox::new();
            packed(&sandbox, end, form);
            sandbox.file("in.txt", "from the host\n");
            sandbox.file("out.txt", "earlier");
            let ran = sandbox.tool(&[
                "run",
                "app.wasm",
                "--put",
                "in.txt::/input/in",
                "--get",
                "/output/out::out.txt",
                "--get",
                "/output::all",
                "--export",
                "tree.tar",
            ]);
            assert_eq!(ran.status, status, "{}", ran.stderr);
            assert_eq!(ran.stderr.contains("trapped"), status == 134, "{}", ran.stderr);
            assert_eq!(read(sandbox.path("out.txt")), b"from the host\n");
            assert_eq!(read(sandbox.path("all/out")), b"from the host\n");
            let tar = read(sandbox.path("tree.tar"));
            let mut archive = tar::Archive::new(&tar[..]);
            let names: Vec<String> = archive
                .entries()
                .unwrap()
                .map(|entry| entry.unwrap().path().unwrap().display().to_string())
                .collect();
            assert!(names.contains(&"output/out".to_owned()), "{names:?}");
            // Nothing temporary is left.
            let there = sandbox.names(".");
            assert!(there.iter().all(|name| !name.starts_with(".wasm-vfs-")), "{there:?}");
        }
    }
}

#[test]
fn a_directory_goes_in_as_it_is_and_comes_out_so() {
    let sandbox = Sandbox::new();
    packed(&sandbox, "", &[]);
    sandbox.file("from/in", "x");
    sandbox.file("from/sub/script", "#!\n");
    sandbox.dress("from/sub/script", 0o750);
    sandbox.file(&format!("from/{}/long", "n".repeat(120)), vec![7; 700_000]);
    std::os::unix::fs::symlink("sub/script", sandbox.path("from/link")).unwrap();
    sandbox.tool(&["run", "app.wasm", "--put", "from::/input", "--get", "/input::to"]).ok();
    assert_eq!(sandbox.names("to"), sandbox.names("from"));
    assert_eq!(std::fs::read_link(sandbox.path("to/link")).unwrap().to_str(), Some("sub/script"));
    let script = std::fs::metadata(sandbox.path("to/sub/script")).unwrap();
    assert_eq!(script.permissions().mode() & 0o7777, 0o750);
    assert_eq!(script.mtime(), i64::try_from(THEN.0).unwrap());
    assert_eq!(read(sandbox.path(&format!("to/{}/long", "n".repeat(120)))), vec![7; 700_000]);
    // Also into the root, beside what is there.
    let args = ["run", "app.wasm", "--put", "from::/", "--put", "from/in::/input/in", "--get"];
    sandbox.tool(&[&args[..], &["/::root"]].concat()).ok();
    let there = sandbox.names("root");
    for name in ["in", "input", "output", "link", "sub", "tmp"] {
        assert!(there.contains(&name.to_owned()), "{there:?}");
    }
}

#[test]
fn errors_name_what_is_at_fault() {
    let sandbox = Sandbox::new();
    packed(&sandbox, "", &[]);
    sandbox.file("in", "x");
    sandbox.file("full/file", "x");
    std::os::unix::net::UnixListener::bind(sandbox.path("full/socket")).unwrap();
    let good = ["--put", "in::/input/in"];
    for (args, expected) in [
        (&["--put", "none::/x"][..], "--put none::/x: cannot import"),
        (&["--put", "none::/x"], "cannot read `none`: No such file or directory"),
        (&["--put", "in"], "--put in: write HOST::GUEST"),
        (&["--put", "in::x"], "--put in::x: guest path `x` is not absolute"),
        (&["--put", "in::/"], "--put in::/: `/` is a directory"),
        (&["--put", "in::/f", "--put", "in::/f/g"], "its member `f/g`: Not a directory"),
        (&["--put", "full::/x"], "`full/socket` is a device or a socket"),
        (
            &["--get", "/none::x"],
            "`app.wasm` exited with status 0, but not all that it left could be copied: --get",
        ),
        (
            &["--get", "/none::x"],
            "--get /none::x: cannot look at `/none` of the tree: No such file",
        ),
        (&["--get", "/output/out::none/x"], "cannot write `none/x`: No such file or directory"),
        (&["--get", "/output::full"], "`full` is not empty"),
        (&["--export", "none/x.tar"], "--export none/x.tar: cannot write"),
    ] {
        let ran = sandbox.tool(&[&["run", "app.wasm"], &good[..], args].concat());
        let error = ran.error();
        assert!(error.contains(expected), "{args:?}: {error}");
    }
    // What can be got is got, also if something else cannot.
    let args = ["run", "app.wasm", "--put", "in::/input/in", "--get", "/none::x", "--get"];
    let ran = sandbox.tool(&[&args[..], &["/output/out::got"]].concat());
    assert!(ran.error().contains("/none"));
    assert_eq!(read(sandbox.path("got")), b"x");
    // A trap is told in the error.
    packed(&sandbox, "unreachable", &[]);
    let ran = sandbox.tool(&["run", "app.wasm", "--put", "in::/input/in", "--get", "/none::x"]);
    assert!(ran.error().contains("`app.wasm` trapped (wasm trap: "), "{}", ran.stderr);
}

#[test]
fn a_program_without_the_interface_is_told_of() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.directory("empty");
    let pack = ["pack", "app.wasm", "--dir", "empty::/", "--strip-host-api", "-o", "packed.wasm"];
    sandbox.tool(&pack).ok();
    sandbox.tool(&["run", "packed.wasm"]).ok();
    let ran = sandbox.tool(&["run", "packed.wasm", "--get", "/x::x"]);
    assert!(ran.error().contains("exports no host interface"), "{}", ran.stderr);
}

#[test]
fn a_program_that_may_not_exit_has_its_status_too() {
    let sandbox = Sandbox::new();
    packed(&sandbox, "(call $proc_exit (i32.const 7))", &["--exit", "deny"]);
    sandbox.file("in", "sealed");
    let args = ["run", "app.wasm", "--put", "in::/input/in", "--get", "/output/out::out"];
    let ran = sandbox.tool(&args);
    assert_eq!((ran.status, ran.stderr.as_str()), (7, ""));
    assert_eq!(read(sandbox.path("out")), b"sealed");
}

/// What `extract` and `pack` keep, `--get` and `--put` keep: nanoseconds, times of directories and
/// links, modes, and several names of one file or link.
#[test]
fn everything_is_kept_both_ways() {
    let sandbox = Sandbox::new();
    sandbox.file("from/a", "a");
    sandbox.file("from/dir/x", vec![7; 10_000]);
    sandbox.file("from/closed/inside", "x");
    sandbox.dress("from/closed/inside", 0o600);
    std::os::unix::fs::symlink("a", sandbox.path("from/link")).unwrap();
    for (name, other) in [("a", "b"), ("a", "dir/c"), ("link", "dir/link")] {
        let (name, other) = (format!("from/{name}"), format!("from/{other}"));
        std::fs::hard_link(sandbox.path(&name), sandbox.path(&other)).unwrap();
    }
    let then = rustix::fs::Timespec { tv_sec: 1_000_000_000, tv_nsec: 123_456_789 };
    let times = rustix::fs::Timestamps { last_access: then, last_modification: then };
    let nofollow = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(rustix::fs::CWD, sandbox.path("from/link"), &times, nofollow).unwrap();
    for (name, mode) in
        [("a", 0o640), ("dir/x", 0o755), ("closed", 0o500), ("dir", 0o711), ("", 0o550)]
    {
        sandbox.dress(&format!("from/{name}"), mode);
    }
    sandbox.wasm("program.wasm", NOTHING);
    sandbox.directory("empty");
    sandbox.tool(&["pack", "program.wasm", "--dir", "empty::/", "-o", "app.wasm"]).ok();
    let host = describe(&sandbox.path("from"));
    assert_eq!(host.len(), 10, "{host:?}");
    sandbox.tool(&["run", "app.wasm", "--put", "from::/in", "--get", "/in::to"]).ok();
    assert_eq!(describe(&sandbox.path("to")), host);
    // The same, packed; and over an empty directory.
    sandbox.directory("got");
    let args = ["run", "program.wasm", "--dir", "from::/in", "--get", "/in::got"];
    sandbox.tool(&[&args[..], &["--export", "tree.tar"]].concat()).ok();
    assert_eq!(describe(&sandbox.path("got")), host);
    // Neither set-id bits nor the sticky bit come out.
    sandbox.dress("from/a", 0o6755);
    sandbox.dress("from/dir", 0o1777);
    sandbox.tool(&["run", "app.wasm", "--put", "from::/in", "--get", "/in::bits"]).ok();
    let mode = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().mode() & 0o7777;
    assert_eq!((mode("bits/a"), mode("bits/dir")), (0o755, 0o777));
}
