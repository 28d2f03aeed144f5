//! Packing what was packed before: the trees merge, and the result is what packing everything at
//! once gives.

use crate::sandbox::{NOTHING, Ran, Sandbox, read};
use std::fs;
use std::os::unix::fs::symlink;

/// A program with names, whose memory's size it asks for and changes, and with the import that is
/// served between others.
const PROGRAM: &str = r#"
    (module $named
      (import "env" "before" (func $before))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "env" "global" (global $theirs i32))
      (import "wasi_unstable" "fd_close" (func $close (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (memory (export "memory") 1 9)
      (table 3 funcref)
      (global $own (mut i32) (i32.const 5))
      (elem (i32.const 0) func $write $close $helper)
      (data (i32.const 64) "data of the program")
      (func $helper (result i32) (i32.add (memory.size) (memory.grow (i32.const 2))))
      (func (export "_start")
        (call $before)
        (global.set $own (call $helper))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 64)))
        (drop (call $close (i32.const 1)))
        (drop (call $yield)))
      (export "write" (func $write)))"#;

/// Packs `input` and gives the bytes.
#[track_caller]
fn pack(sandbox: &Sandbox, input: &str, args: &[&str]) -> Vec<u8> {
    run(sandbox, input, args).ok();
    read(sandbox.path("out.wasm"))
}

fn run(sandbox: &Sandbox, input: &str, args: &[&str]) -> Ran {
    sandbox.tool(&[&["pack", input, "-o", "out.wasm"], args].concat())
}

/// A program, and two directories that overlap in every way that is no error.
fn overlapping() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", PROGRAM);
    for (name, contents) in [
        ("old/kept", "kept"),
        ("old/replaced", "old"),
        ("old/shared/one", "1"),
        ("old/shared/two", "2"),
        ("old/file-to-directory", "a file"),
        ("old/directory-to-file/inside", "gone"),
        ("old/same-as-new", "the same in both"),
        ("old/linked", "several names"),
        ("new/replaced", "new and longer"),
        ("new/shared/two", "zwei"),
        ("new/shared/three", "3"),
        ("new/file-to-directory/inside", "new"),
        ("new/directory-to-file", "a file now"),
        ("new/other-name-of-the-same", "the same in both"),
    ] {
        sandbox.file(name, contents);
    }
    fs::hard_link(sandbox.path("old/linked"), sandbox.path("old/linked-too")).unwrap();
    symlink("kept", sandbox.path("old/link")).unwrap();
    symlink("replaced", sandbox.path("new/link")).unwrap();
    for name in ["old/kept", "new/replaced"] {
        sandbox.dress(name, 0o640);
    }
    sandbox
}

/// Lays `new` over `old` as packing again does, in a directory `all`.
fn merge_by_hand(sandbox: &Sandbox) {
    let copy = |from: &str| {
        let from = format!("{}/.", sandbox.path(from).display());
        let all = sandbox.directory("all");
        assert!(
            std::process::Command::new("cp")
                .arg("-a")
                .arg(from)
                .arg(all)
                .status()
                .unwrap()
                .success()
        );
    };
    copy("old");
    fs::remove_file(sandbox.path("all/file-to-directory")).unwrap();
    fs::remove_dir_all(sandbox.path("all/directory-to-file")).unwrap();
    copy("new");
}

#[test]
fn it_is_what_packing_everything_at_once_is() {
    let sandbox = overlapping();
    merge_by_hand(&sandbox);
    for form in [&[][..], &["--isolate"]] {
        let once = pack(&sandbox, "app.wasm", &[&["--dir", "all::/"], form].concat());
        let old = pack(&sandbox, "app.wasm", &[&["--dir", "old::/"], form].concat());
        sandbox.file("packed.wasm", old);
        let again = pack(&sandbox, "packed.wasm", &["--dir", "new::/"]);
        assert!(again == once, "{form:?}");
        // From the other form too.
        let other = if form.is_empty() { &["--isolate"][..] } else { &[] };
        let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
        sandbox.file("packed.wasm", old);
        if !other.is_empty() {
            continue;
        }
        let again = pack(&sandbox, "packed.wasm", &["--dir", "new::/", "--isolate"]);
        assert!(again == once, "from portable to isolated");
    }
}

#[test]
fn without_anything_new_nothing_changes() {
    let sandbox = overlapping();
    for form in [&[][..], &["--isolate"]] {
        let mut last = pack(&sandbox, "app.wasm", &[&["--dir", "old::/"], form].concat());
        for _ in 0..3 {
            sandbox.file("packed.wasm", &last);
            let again = pack(&sandbox, "packed.wasm", &[]);
            assert!(again == last, "{form:?}");
            last = again;
        }
    }
}

#[test]
fn what_is_laid_over_wins() {
    let sandbox = overlapping();
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    sandbox.file("out.wasm", old);
    // In place: the old contents are read while the new ones are written.
    let ran = sandbox.tool(&["pack", "out.wasm", "--dir", "new::/", "-o", "out.wasm"]).ok();
    assert!(ran.stderr.contains("it was packed before (portable form)"), "{}", ran.stderr);
    for (path, contents) in [
        ("kept", "kept"),
        ("replaced", "new and longer"),
        ("link", "new and longer"),
        ("shared/one", "1"),
        ("shared/two", "zwei"),
        ("shared/three", "3"),
        ("file-to-directory/inside", "new"),
        ("directory-to-file", "a file now"),
        ("same-as-new", "the same in both"),
        ("other-name-of-the-same", "the same in both"),
        ("linked", "several names"),
    ] {
        assert_eq!(sandbox.tool(&["cat", "out.wasm", path]).ok().stdout(), contents, "{path}");
    }
    let stat = sandbox.tool(&["stat", "out.wasm", "linked"]).ok();
    assert!(stat.stdout().contains("Links: 2"), "{}", stat.stdout());
}

/// The contents that both trees have are stored once, and what was replaced is not stored.
#[test]
fn equal_contents_are_stored_once() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("old/replaced", vec![b'r'; 100_000]);
    sandbox.file("old/same", vec![b's'; 200_000]);
    sandbox.file("new/replaced", "short");
    sandbox.file("new/same-too", vec![b's'; 200_000]);
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    sandbox.file("packed.wasm", &old);
    let again = pack(&sandbox, "packed.wasm", &["--dir", "new::/"]);
    let stored =
        |wasm: &[u8]| wasm.windows(1000).filter(|bytes| bytes.iter().all(|&b| b == b's')).count();
    assert_eq!(stored(&again), stored(&old));
    assert!(again.len() < old.len() - 99_000, "{} of {}", again.len(), old.len());
}

#[test]
fn what_was_chosen_stays_and_names_are_chosen_anew() {
    let sandbox = overlapping();
    let old = [
        "--dir",
        "old::/",
        "--env",
        "A=1",
        "--env",
        "B=1",
        "--no-env",
        "--stdin",
        "null",
        "--strip-host-api",
    ];
    let old = pack(&sandbox, "app.wasm", &old);
    sandbox.file("packed.wasm", old);
    let again = pack(&sandbox, "packed.wasm", &["--env", "B=2", "--stdin", "deny"]);
    sandbox.file("again.wasm", again);
    let shown = sandbox.tool(&["inspect", "again.wasm"]).ok();
    for line in ["env = [\"A=1\", \"B=2\"]", "stdin = \"deny\"", "strip-host-api = true"] {
        let flat = shown.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
        let line = line.replace("[\"A=1\", \"B=2\"]", "[");
        assert!(flat.contains(&line), "{line}: {}", shown.stdout());
    }
    assert!(
        !shown.stdout().contains("B=1") && shown.stdout().contains("B=2"),
        "{}",
        shown.stdout()
    );
}

#[test]
fn a_directory_cannot_be_put_beneath_a_file() {
    let sandbox = overlapping();
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    sandbox.file("packed.wasm", old);
    let ran = run(&sandbox, "packed.wasm", &["--dir", "new::/kept/beneath"]);
    assert!(ran.error().contains("passes through /kept, which is a file there"), "{}", ran.error());
}

/// Another tool's work is noticed: the program can no longer be told from the filesystem.
#[test]
fn what_another_tool_changed_is_refused() {
    let sandbox = overlapping();
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    // As an optimiser would: the same sections, one body shorter by a `nop` or longer.
    let mut module = wasm_encoder::Module::new();
    for payload in wasmparser::Parser::new(0).parse_all(&old) {
        let payload = payload.unwrap();
        if let wasmparser::Payload::CodeSectionStart { .. } = payload {
            let mut code = wasm_encoder::CodeSection::new();
            for payload in wasmparser::Parser::new(0).parse_all(&old) {
                if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
                    let mut bytes = body.as_bytes().to_vec();
                    let end = bytes.len() - 1;
                    bytes.insert(end, 0x01);
                    code.raw(&bytes);
                }
            }
            module.section(&code);
        } else if let Some((id, range)) = payload.as_section() {
            module.section(&wasm_encoder::RawSection { id, data: &old[range] });
        }
    }
    sandbox.file("changed.wasm", module.finish());
    let ran = run(&sandbox, "changed.wasm", &["--dir", "new::/"]);
    assert!(ran.error().contains("another tool changed it since it was packed"), "{}", ran.error());
    // What is inside can be seen all the same.
    sandbox.tool(&["cat", "changed.wasm", "kept"]).ok();
}

#[test]
fn a_packed_module_is_run_with_more_files() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("old/a", "old");
    sandbox.file("new/b", "new");
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    sandbox.file("packed.wasm", old);
    sandbox
        .tool(&[
            "run",
            "packed.wasm",
            "--dir",
            "new::/",
            "--get",
            "/a::got-a",
            "--get",
            "/b::got-b",
        ])
        .ok();
    assert_eq!(read(sandbox.path("got-a")), b"old");
    assert_eq!(read(sandbox.path("got-b")), b"new");
}

#[test]
fn link_takes_the_original() {
    let sandbox = overlapping();
    let old = pack(&sandbox, "app.wasm", &["--dir", "old::/"]);
    sandbox.file("packed.wasm", old);
    sandbox.image(&["--dir", "new::/"]);
    let ran = sandbox.tool(&["link", "packed.wasm", "image.wasm", "-o", "out2.wasm"]);
    assert!(ran.error().contains("already packed by wasm-vfs (portable form)"), "{}", ran.error());
    let ran = run(&sandbox, "image.wasm", &["--dir", "new::/"]);
    assert!(ran.error().contains("it is a rootfs module"), "{}", ran.error());
}
