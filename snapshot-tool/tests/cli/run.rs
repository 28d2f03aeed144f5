//! `run`: arguments, environment, streams, exit status, traps.

use crate::sandbox::{NOTHING, Sandbox, read};

/// Writes its arguments and its environment, one to a line, then copies its input to its
/// output, and exits with the number of its arguments.
pub(crate) const ECHO: &str = r#"
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $write (param $address i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $len))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then unreachable)))
  ;; Writes a block of strings that end in NUL, with line feeds for the NULs.
  (func $write_strings (param $address i32) (param $len i32)
    (local $at i32)
    (local.set $at (local.get $address))
    (block $done
      (loop $next
        (br_if $done
          (i32.ge_u (local.get $at) (i32.add (local.get $address) (local.get $len))))
        (if (i32.eqz (i32.load8_u (local.get $at)))
          (then (i32.store8 (local.get $at) (i32.const 10))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $write (local.get $address) (local.get $len)))
  (func (export "_start")
    (local $argc i32)
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (local.set $argc (i32.load (i32.const 16)))
    (drop (call $args_get (i32.const 64) (i32.const 4096)))
    (call $write_strings (i32.const 4096) (i32.load (i32.const 20)))
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $environ_get (i32.const 64) (i32.const 4096)))
    (call $write_strings (i32.const 4096) (i32.load (i32.const 20)))
    (block $end
      (loop $more
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (i32.const 1024))
        (br_if $end (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $end (i32.eqz (i32.load (i32.const 8))))
        (call $write (i32.const 4096) (i32.load (i32.const 8)))
        (br $more)))
    (call $proc_exit (local.get $argc))))"#;

/// Writes the file `link` of the first preopened directory to its output.
const CAT: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "link")
  (func $check (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $errno)))))
  (func (export "_start")
    ;; Following a symbolic link; with the right to read.
    (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4)
      (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0)))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.const 1024))
    (call $check (call $fd_read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1)
      (i32.const 8)))
    (i32.store (i32.const 20) (i32.load (i32.const 8)))
    (call $check (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn a_program_reads_the_tree_and_no_directory_of_the_host() {
    let sandbox = Sandbox::new();
    sandbox.wasm("cat.wasm", CAT);
    sandbox.file("host/dir/f", "from the tree\n");
    std::os::unix::fs::symlink("dir/f", sandbox.path("host/link")).unwrap();
    for form in [&[][..], &["--isolate"]] {
        let pack = ["pack", "cat.wasm", "--dir", "host::/", "-o", "packed.wasm"];
        sandbox.tool(&[&pack, form].concat()).ok();
        std::fs::rename(sandbox.path("host"), sandbox.path("gone")).unwrap();
        let ran = sandbox.tool(&["run", "packed.wasm"]).ok();
        assert_eq!(ran.stdout(), "from the tree\n");
        std::fs::rename(sandbox.path("gone"), sandbox.path("host")).unwrap();
    }
}

#[test]
fn arguments_environment_streams_and_status() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    sandbox.file("host/f", "");
    let arguments = ["--env", "A=1=2", "--env", "INHERITED", "--", "-x", "--dir", "y"];
    let expected = "-x\n--dir\ny\nA=1=2\nINHERITED=yes\ninput";
    for form in [&[][..], &["--isolate"]] {
        let pack = ["pack", "echo.wasm", "--dir", "host::/", "-o", "packed.wasm"];
        sandbox.tool(&[&pack, form].concat()).ok();
        let packed = [&["run", "packed.wasm"], &arguments[..]].concat();
        let unpacked = [&["run", "echo.wasm", "--dir", "host::/"], form, &arguments[..]].concat();
        for (args, name) in [(packed, "packed.wasm"), (unpacked, "echo.wasm")] {
            let env = [("INHERITED", "yes"), ("OTHER", "no")];
            let ran = sandbox.tool_with(&args, &env, b"input");
            assert_eq!(ran.stdout(), format!("{name}\n{expected}"), "{}", ran.stderr);
            assert_eq!((ran.status, ran.stderr.as_str()), (4, ""));
        }
    }
}

#[test]
fn traps_are_told_and_have_a_status() {
    let sandbox = Sandbox::new();
    sandbox.wasm("trap.wasm", &NOTHING.replace("\"_start\"", "\"_start\") unreachable (nop"));
    let ran = sandbox.tool(&["run", "trap.wasm", "--dir", "."]);
    assert_eq!(ran.status, 134);
    let first = ran.stderr.lines().next().unwrap();
    assert!(first.starts_with("wasm-vfs: error: `trap.wasm` trapped: "), "{first}");
    assert!(first.contains("unreachable"), "{first}");
}

#[test]
fn reactors_are_initialized_and_that_is_said() {
    let sandbox = Sandbox::new();
    sandbox.wasm("reactor.wasm", &NOTHING.replace("_start", "_initialize"));
    let ran = sandbox.tool(&["run", "reactor.wasm", "--dir", "."]).ok();
    assert!(ran.stderr.contains("has no `_start`: it is a reactor"), "{}", ran.stderr);
    sandbox.wasm("neither.wasm", &NOTHING.replace("_start", "main"));
    let ran = sandbox.tool(&["run", "neither.wasm", "--dir", "."]);
    assert!(ran.error().contains("neither `_start` nor `_initialize`"), "{}", ran.stderr);
}

#[test]
fn an_unpacked_program_needs_no_directory() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    let ran = sandbox.tool_with(&["run", "echo.wasm", "--", "-x"], &[], b"input");
    assert_eq!((ran.status, ran.stdout()), (2, "echo.wasm\n-x\ninput"), "{}", ran.stderr);
    sandbox.tool(&["run", "echo.wasm", "--export", "tree.tar"]);
    assert!(sandbox.path("tree.tar").exists());
    let ran = sandbox.tool(&["run", "echo.wasm", "--env", "NO_SUCH_VARIABLE"]);
    assert!(ran.error().contains("--env NO_SUCH_VARIABLE"), "{}", ran.stderr);
}

#[test]
fn a_program_that_asks_nothing_of_wasi_runs_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.wasm(
        "add.wasm",
        r#"(module (func (export "add") (param i32 i32) (result i32)
          (i32.add (local.get 0) (local.get 1))))"#,
    );
    let add = ["run", "add.wasm", "--invoke", "add", "40", "2"];
    assert_eq!(sandbox.tool(&add).ok().stdout(), "42\n");
    assert_eq!(
        sandbox.tool(&["run", "-v", "add.wasm", "--invoke", "add", "1", "2"]).stdout(),
        "3\n"
    );
    let ran = sandbox.tool(&["run", "add.wasm", "--get", "/tmp::x", "--invoke", "add", "1", "2"]);
    assert!(ran.error().contains("it exports no host interface"), "{}", ran.stderr);
    // One whose section another tool has dropped is packed all the same.
    sandbox.wasm("cat.wasm", CAT);
    sandbox.file("host/link", "from the tree\n");
    let packed = ["pack", "cat.wasm", "--dir", "host::/", "-o", "packed.wasm"];
    sandbox.tool(&packed).ok();
    let bytes = read(sandbox.path("packed.wasm"));
    let at = bytes.windows(9).position(|name| name == b"\x08wasm-vfs").unwrap();
    let mut renamed = bytes.clone();
    renamed[at + 1] = b'W';
    sandbox.file("renamed.wasm", renamed);
    assert_eq!(sandbox.tool(&["run", "renamed.wasm"]).ok().stdout(), "from the tree\n");
    // And one that is no program is told of.
    sandbox.image(&["--dir", "host::/"]);
    let ran = sandbox.tool(&["run", "image.wasm"]);
    assert!(ran.error().starts_with("`image.wasm`: it is a rootfs module"), "{}", ran.stderr);
}

#[test]
fn arguments_follow_the_program_with_and_without_dashes() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    for (args, wants) in [
        (&["one"][..], "one\n"),
        // All that follows the first is the program's, as with engines' own commands.
        (&["one", "--get", "-v", "--", "x"], "one\n--get\n-v\n--\nx\n"),
        (&["-5", "6"], "-5\n6\n"),
        (&["--", "--get"], "--get\n"),
        (&["--argv0", "sh", "one"], "one\n"),
    ] {
        let ran = sandbox.tool(&[&["run", "echo.wasm"], args].concat());
        let name = if args[0] == "--argv0" { "sh" } else { "echo.wasm" };
        assert_eq!(ran.stdout(), format!("{name}\n{wants}"), "{}", ran.stderr);
    }
    let ran = sandbox.tool(&["run", "echo.wasm", "--gte", "x"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

#[test]
fn the_environment_can_be_passed_on() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    let env = [("INHERITED", "yes"), ("CHANGED", "before")];
    let run = ["run", "echo.wasm", "--inherit-env", "--env", "CHANGED=after", "--env", "INHERITED"];
    let ran = sandbox.tool_with(&run, &env, b"");
    let count = |line: &str| ran.stdout().lines().filter(|it| *it == line).count();
    assert_eq!(["INHERITED=yes", "CHANGED=after", "CHANGED=before"].map(count), [1, 1, 0]);
    assert!(ran.stdout().contains("\nPATH="), "{}", ran.stdout());
    assert_eq!(sandbox.tool_with(&run[..2], &env, b"").stdout(), "echo.wasm\n");
}

#[test]
fn the_name_that_the_program_sees_can_be_chosen() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    sandbox.tool(&["pack", "echo.wasm", "-o", "packed.wasm"]).ok();
    for program in ["echo.wasm", "packed.wasm"] {
        let name = |name: &str| {
            let ran = sandbox.tool(&["run", program, "--argv0", name, "--", "x"]);
            ran.stdout().to_owned()
        };
        assert_eq!(name("busybox"), "busybox\nx\n");
        assert_eq!(name("-sh"), "-sh\nx\n");
        assert_eq!(name(""), "\nx\n");
    }
}

#[test]
fn programs_run_with_the_proposals_of_engines_own_commands() {
    let sandbox = Sandbox::new();
    // One thread and plain memory, as clang writes it with -matomics.
    sandbox.wasm(
        "atomics.wasm",
        r#"(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "add") (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 3))))
          (func (export "_start")
            (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 4)))
            (atomic.fence)
            (call $exit (i32.atomic.load (i32.const 64)))))"#,
    );
    // (2^64 - 1) + 1 carries into the upper half.
    sandbox.wasm(
        "wide.wasm",
        r#"(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (global $sum (mut i64) (i64.const 0))
          (func $add (param i64)
            (i64.add128 (i64.const -1) (local.get 0) (i64.const 1) (i64.const 0))
            (global.set $sum) (drop))
          (func (export "add") (call $add (i64.const 3)))
          (func (export "_start")
            (if (i64.eqz (global.get $sum)) (then (call $add (i64.const 4))))
            (call $exit (i32.wrap_i64 (global.get $sum)))))"#,
    );
    for (program, plain, initialised) in [("atomics.wasm", 4, 7), ("wide.wasm", 5, 4)] {
        for form in [&[][..], &["--isolate"]] {
            sandbox.tool(&[&["pack", program, "-o", "packed.wasm"], form].concat()).ok();
            assert_eq!(sandbox.tool(&["run", "packed.wasm"]).status, plain, "{program}");
            let run = [&["run", program], form].concat();
            assert_eq!(sandbox.tool(&run).status, plain, "{program}");
            let preinit = sandbox.tool(&[&run[..], &["--preinit", "add"]].concat());
            assert_eq!(preinit.status, initialised, "{program}: {}", preinit.stderr);
        }
    }
}

#[test]
fn a_program_can_be_traced() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    sandbox.tool(&["pack", "echo.wasm", "-o", "packed.wasm"]).ok();
    for program in ["echo.wasm", "packed.wasm"] {
        let ran = sandbox.tool(&["run", program, "--trace", "x"]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("proc_exit(2) = ?"), "{}", ran.stderr);
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_done_without() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let args = ["run", "app.wasm", "--dir", "."];
    sandbox.file("not-a-directory", "");
    let cache = sandbox.path("not-a-directory");
    let ran = sandbox.tool_with(&args, &[("XDG_CACHE_HOME", cache.to_str().unwrap())], b"").ok();
    assert_eq!(ran.stderr, "");
}

#[test]
fn verbose_lists_what_is_packed_imported_compiled_and_how_it_ends() {
    let sandbox = Sandbox::new();
    sandbox.wasm("echo.wasm", ECHO);
    sandbox.file("host/inside", "");
    sandbox.file("vfs.toml", "verbose = true\ndir = ['host::/']\n");
    let import = "import wasi_snapshot_preview1 fd_write";
    let options = ["-v", "--dir", "host::/"];
    let file = ["--config", "vfs.toml"];
    let unpacked = |options: &[&str]| {
        let ran = sandbox.tool(&[&["run", "echo.wasm"], options].concat());
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.lines().any(|line| line.ends_with(" /inside")), "{}", ran.stderr);
        assert!(ran.stderr.lines().any(|line| line == import), "{}", ran.stderr);
        let packed = "wasm-vfs: packed 1 file, 0 B, with `echo.wasm`: ";
        assert!(ran.stderr.lines().any(|line| line.starts_with(packed)), "{}", ran.stderr);
        let ended = "wasm-vfs: `echo.wasm` exited with status 1, after ";
        assert!(ran.stderr.lines().any(|line| line.starts_with(ended)), "{}", ran.stderr);
        ran.stderr
    };
    let first = unpacked(&options);
    assert!(first.contains("wasm-vfs: compiled `echo.wasm` ("), "{first}");
    assert!(first.contains(" s, for the cache in `"), "{first}");
    let again = unpacked(&options);
    assert!(again.contains("wasm-vfs: compiled code of `echo.wasm` ("), "{again}");
    assert!(again.contains("): from the cache, in "), "{again}");
    // The configuration may ask for it, and the command line forbid it.
    unpacked(&file);
    let quiet = sandbox.tool(&[&["run", "-q", "echo.wasm"], &file[..]].concat());
    assert_eq!(quiet.stderr, "");

    sandbox.tool(&["pack", "echo.wasm", "--dir", "host::/", "-o", "packed.wasm"]).ok();
    let ran = sandbox.tool(&["run", "-v", "packed.wasm"]);
    assert!(ran.stderr.lines().any(|line| line == import), "{}", ran.stderr);
    assert!(ran.stderr.contains("compiled `packed.wasm`"), "{}", ran.stderr);
    assert_eq!(sandbox.tool(&["run", "packed.wasm"]).stderr, "");
    let broken = [("XDG_CACHE_HOME", "/dev/null")];
    let ran = sandbox.tool_with(&["run", "-v", "packed.wasm"], &broken, b"");
    assert!(ran.stderr.contains("; there is no cache: "), "{}", ran.stderr);
}

#[test]
fn the_configuration_holds_for_what_is_run_at_once() {
    let sandbox = Sandbox::new();
    // Says in `_start` whether `init` ran, and whether a second memory is there.
    sandbox.wasm(
        "app.wasm",
        r#"(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (global $ran (mut i32) (i32.const 3))
          (func (export "init") (global.set $ran (i32.const 4)))
          (func (export "_start") (call $exit (global.get $ran))))"#,
    );
    sandbox.file("vfs.toml", "preinit = 'init'\nisolate = true\n");
    let run = ["run", "app.wasm", "--config", "vfs.toml"];
    assert_eq!(sandbox.tool(&run).status, 4);
    sandbox.file("vfs.toml", "isolate = true\n");
    assert_eq!(sandbox.tool(&run).status, 3);
    assert_eq!(sandbox.tool(&["run", "app.wasm", "--dir", ".", "--preinit", "init"]).status, 4);
    // An option may name the function that the file's start goes with.
    sandbox.file("start.toml", "preinit-start = '_start'\n");
    let start = ["run", "app.wasm", "--config", "start.toml"];
    assert!(sandbox.tool(&start).error().contains("`preinit-start` says where"));
    assert_eq!(sandbox.tool(&[&start[..], &["--preinit", "init"]].concat()).status, 4);
    // Without a directory too; and what was packed before is packed again.
    assert_eq!(sandbox.tool(&["run", "app.wasm", "--preinit", "init"]).status, 4);
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm"]).ok();
    assert_eq!(sandbox.tool(&["run", "packed.wasm"]).status, 3);
    assert_eq!(sandbox.tool(&["run", "packed.wasm", "--preinit", "init"]).status, 4);
    for option in [["--owner", "me:you"], ["--preinit", "nosuch"]] {
        let ran = sandbox.tool(&[&["run", "packed.wasm"], &option[..]].concat());
        assert!(ran.error().contains(option[1]), "{}", ran.stderr);
    }
}
