//! What a program is to see: flags and the configuration file, and what `inspect` tells of them.

use crate::sandbox::Sandbox;

/// Packs an empty program with options; returns what `inspect` says.
fn inspected(sandbox: &Sandbox, options: &[&str]) -> String {
    sandbox.directory("host");
    let mut args = vec!["image", "--dir", "host::/site", "-o", "out.wasm"];
    args.extend(options);
    sandbox.tool(&args).ok();
    String::from_utf8(sandbox.tool(&["inspect", "out.wasm"]).ok().stdout.clone()).unwrap()
}

#[test]
fn inspect_tells_what_a_module_is() {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "four");
    let told = inspected(&sandbox, &[]);
    for line in ["form      rootfs module", "    preopen = [\"/=/\"]", "    clock = \"host\""] {
        assert!(told.lines().any(|it| it == line), "no {line:?} in\n{told}");
    }
    assert!(told.contains("files of 4 B"), "{told}");
    assert!(told.contains("imports   "), "{told}");
    assert!(sandbox.tool(&["inspect", "host/f"]).error().contains("`host/f`"));
}

#[test]
fn flags_and_file_say_the_same() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "conf/vfs.toml",
        "dir = ['data::/data']\nclock = 'step=5'\nenv = ['A=1']\nno-env = true\n",
    );
    sandbox.file("conf/data/f", "");
    let told = inspected(&sandbox, &["--config", "conf/vfs.toml", "--env", "B=2"]);
    assert!(told.contains("clock = \"step=5\""), "{told}");
    assert!(told.contains("env = [\"A=1\", \"B=2\"]"), "{told}");
    assert!(told.contains("inherit-env = false"), "{told}");
    // Host directories are taken from where the file is.
    assert_eq!(sandbox.tool(&["ls", "out.wasm", "/data"]).ok().stdout, b"f\n");
    // The command line goes before the file.
    let told = inspected(&sandbox, &["--config", "conf/vfs.toml", "--clock", "host"]);
    assert!(told.contains("clock = \"host\""), "{told}");
}

/// Ends with what `fd_prestat_get` says of descriptor 3, and 100 more if a directory can be opened there.
const ASKS_FOR_A_PREOPEN: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) ".")
  (func (export "_start")
    (call $exit
      (i32.add
        (call $prestat (i32.const 3) (i32.const 0))
        (i32.mul (i32.const 100)
          (i32.eqz
            (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 2)
              (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16))))))))"#;

#[test]
fn a_program_without_any_preopen() {
    const EBADF: i32 = 8;
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "");
    sandbox.wasm("asks.wasm", ASKS_FOR_A_PREOPEN);
    sandbox.file("vfs.toml", "no-preopen = true");
    let pack = ["pack", "asks.wasm", "--dir", "host::/", "-q", "-o"];
    sandbox.tool(&[&pack[..], &["with.wasm"]].concat()).ok();
    assert_eq!(sandbox.tool(&["run", "with.wasm"]).status, 100);
    for options in [&["--no-preopen"][..], &["--config", "vfs.toml"]] {
        sandbox.tool(&[&pack[..], &["none.wasm"], options].concat()).ok();
        assert_eq!(sandbox.tool(&["run", "none.wasm"]).status, EBADF, "{options:?}");
    }
    let isolated = [&pack[..], &["isolated.wasm", "--isolate", "--no-preopen"]].concat();
    sandbox.tool(&isolated).ok();
    assert_eq!(sandbox.tool(&["run", "isolated.wasm"]).status, EBADF);
    // `run` packs for it, too: a program that is not packed, and one that is.
    assert_eq!(sandbox.tool(&["run", "asks.wasm", "--no-preopen"]).status, EBADF);
    assert_eq!(sandbox.tool(&["run", "with.wasm", "--no-preopen"]).status, EBADF);
    // Its tree is there for the embedder, and `inspect` shows the choice.
    assert_eq!(sandbox.tool(&["ls", "none.wasm"]).ok().stdout, b"dev\nf\ntmp\n");
    let told = inspected(&sandbox, &["--no-preopen"]);
    assert!(told.lines().any(|line| line == "    no-preopen = true"), "{told}");
    assert!(!told.contains("    preopen"), "{told}");
    // Packing again keeps it, unless a preopen is asked for.
    sandbox.tool(&["pack", "none.wasm", "-q", "-o", "again.wasm"]).ok();
    assert_eq!(sandbox.tool(&["run", "again.wasm"]).status, EBADF);
    sandbox.tool(&["pack", "none.wasm", "--preopen", "/", "-q", "-o", "again.wasm"]).ok();
    assert_eq!(sandbox.tool(&["run", "again.wasm"]).status, 100);
    let both =
        sandbox.tool(&["pack", "asks.wasm", "--preopen", "/", "--no-preopen", "-o", "x.wasm"]);
    assert_eq!(both.status, 2, "{}", both.stderr);
}

#[test]
fn what_makes_no_sense_is_named() {
    let sandbox = Sandbox::new();
    sandbox.directory("host");
    sandbox.file("typo.toml", "preopens = ['/']");
    sandbox.file("value.toml", "clock = 'now'");
    let rows: [(&[&str], &str); 6] = [
        (&["--config", "none.toml"], "cannot read the configuration `none.toml`"),
        (
            &["--config", "typo.toml"],
            "`typo.toml`: there is no key `preopens`; did you mean `preopen`?",
        ),
        (&["--config", "value.toml"], "`now` is no clock"),
        (&["--preopen", "x=/none"], "/none is no directory of the tree"),
        (&["--stdin", "file=/none"], "/none, which is no file of the tree"),
        (&["--hermetic", "--stdout", "host"], "`stdout = host` does"),
    ];
    for (options, expected) in rows {
        let mut args = vec!["image", "--dir", "host::/", "-o", "out.wasm"];
        args.extend(options);
        let ran = sandbox.tool(&args);
        assert!(ran.error().contains(expected), "{options:?}: {}", ran.stderr);
    }
    assert_eq!(sandbox.tool(&["image", "-o", "out.wasm", "--clock", "now"]).status, 2);
    assert!(!sandbox.path("out.wasm").exists());
}

#[test]
fn a_key_that_a_command_has_no_use_for_is_an_error() {
    let sandbox = Sandbox::new();
    for key in [
        "isolate = true",
        "component = true",
        "strict = true",
        "preinit = 'init'",
        "preinit = 'init'\npreinit-start = 'go'",
    ] {
        sandbox.file("vfs.toml", key);
        let ran = sandbox.tool(&["image", "--config", "vfs.toml", "-o", "out.wasm"]);
        let name = key.split(' ').next().unwrap();
        let wants = format!("`vfs.toml`: `{name}` is about a program, and `image` has none");
        assert!(ran.error().starts_with(&wants), "{}", ran.stderr);
        assert!(!sandbox.path("out.wasm").exists());
    }
    sandbox.file("vfs.toml", "preinit-start = 'go'");
    let ran = sandbox.tool(&["image", "--config", "vfs.toml", "-o", "out.wasm"]);
    assert!(ran.error().contains("`preinit-start` says where"), "{}", ran.stderr);
}
