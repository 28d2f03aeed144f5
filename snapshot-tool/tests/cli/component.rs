//! `--component`: every command takes a component as it takes the module within. That hosts of
//! components run them is in `tests/hosts/component.rs`.

use crate::run::ECHO;
use crate::sandbox::{NOTHING, Sandbox, read};

/// A sandbox with `module.wasm` and `component.wasm` of one program and tree.
fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/dir/f", "hello");
    // Longer than any one write, so that the component's sizes are of other lengths.
    sandbox.file("host/large", vec![b'x'; 3_000_000]);
    sandbox.wasm("app.wasm", ECHO);
    sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "module.wasm"]).ok();
    let pack = ["pack", "app.wasm", "--dir", "host::/", "--component", "-o", "component.wasm"];
    let ran = sandbox.tool(&pack).ok();
    assert!(ran.stderr.contains("every exit status but 0 is 1"), "{}", ran.stderr);
    assert!(ran.stderr.contains(", component of WASI 0.2 (portable form), "), "{}", ran.stderr);
    sandbox
}

#[test]
fn commands_look_into_a_component() {
    let sandbox = sample();
    for command in [
        &["ls", "-l", "FILE", "/dir"][..],
        &["tree", "FILE"],
        &["cat", "FILE", "/dir/f", "/large"],
        &["stat", "FILE", "/large"],
    ] {
        let of = |file: &str| {
            let args: Vec<&str> =
                command.iter().map(|&arg| if arg == "FILE" { file } else { arg }).collect();
            sandbox.tool(&args).ok().stdout
        };
        assert!(of("component.wasm") == of("module.wasm"), "{command:?}");
    }
    for file in ["module", "component"] {
        let (wasm, tar) = (format!("{file}.wasm"), format!("{file}.tar"));
        sandbox.tool(&["export", &wasm, "-o", &tar]).ok();
        sandbox.tool(&["extract", &wasm, "-C", file]).ok();
    }
    assert!(read(sandbox.path("module.tar")) == read(sandbox.path("component.tar")));
    assert!(read(sandbox.path("component/large")) == read(sandbox.path("host/large")));
    let shown = sandbox.tool(&["inspect", "component.wasm"]).ok();
    let shown = shown.stdout();
    assert!(shown.contains("\ncomponent of WASI 0.2, exports wasi:cli/run@0.2."), "{shown}");
    assert!(shown.contains("\n    wasi:cli/environment@0.2."), "{shown}");
    assert!(!shown.contains("wasi_snapshot_preview1"), "{shown}");
}

#[test]
fn run_gives_the_whole_exit_status() {
    let sandbox = sample();
    let ran = sandbox.tool_with(
        &["run", "--env", "A=b", "--get", "/dir/f::got", "component.wasm", "--", "one", "two"],
        &[],
        b"input",
    );
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(ran.stdout(), "component.wasm\none\ntwo\nA=b\ninput");
    assert_eq!(read(sandbox.path("got")), b"hello");
}

#[test]
fn link_and_configuration_make_the_same_component() {
    let sandbox = sample();
    let component = read(sandbox.path("component.wasm"));
    sandbox.image_with_dev(&["--dir", "host::/"]);
    sandbox.tool(&["link", "app.wasm", "image.wasm", "--component", "-o", "linked.wasm"]).ok();
    assert!(read(sandbox.path("linked.wasm")) == component);
    sandbox.file("vfs.toml", "component = true\ndir = ['host::/']\n");
    sandbox.tool(&["pack", "app.wasm", "--config", "vfs.toml", "-o", "by-file.wasm"]).ok();
    assert!(read(sandbox.path("by-file.wasm")) == component);
    // What is packed to be run is the same program.
    let ran = sandbox.tool(&["run", "app.wasm", "--config", "vfs.toml"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.stdout(), "app.wasm\n");
}

#[test]
fn verbose_lists_interfaces() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let ran = sandbox.tool(&["pack", "-v", "app.wasm", "--component", "-o", "out.wasm"]).ok();
    assert!(ran.stderr.contains("import wasi:io/streams@0.2."), "{}", ran.stderr);
    assert!(!ran.stderr.contains("import wasi_snapshot_preview1"), "{}", ran.stderr);
    // It never asks for a status, so nothing is lost.
    assert!(!ran.stderr.contains("every exit status"), "{}", ran.stderr);
}

#[test]
fn what_makes_no_sense_is_an_error_and_writes_nothing() {
    let sandbox = sample();
    sandbox.wasm(
        "imports.wasm",
        &NOTHING.replacen("(memory", "(import \"env\" \"f\" (func)) (memory", 1),
    );
    for (args, expected) in [
        (&["pack", "app.wasm", "--component", "--hermetic"][..], "without --component"),
        (&["pack", "imports.wasm", "--component"], "it imports `env.f`"),
        (&["link", "component.wasm", "component.wasm"], "`component.wasm`: it is a component"),
    ] {
        let ran = sandbox.tool(&[args, &["-o", "out.wasm"]].concat());
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!sandbox.path("out.wasm").exists());
    }
    // Cut short anywhere, it is an error and no panic.
    let component = read(sandbox.path("component.wasm"));
    let ends = section_ends(&component);
    for len in (0..component.len()).step_by(component.len() / 97) {
        // Without its last section, a custom one, it is still a component.
        let len = if ends.contains(&len) { len - 1 } else { len };
        sandbox.file("cut.wasm", &component[..len]);
        for command in ["ls", "inspect", "run"] {
            let ran = sandbox.tool(&[command, "cut.wasm"]);
            assert_eq!(ran.status, 1, "{command} of {len} bytes: {}", ran.stderr);
        }
    }
}

/// Where the sections of a component end.
fn section_ends(component: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 8;
    while at < component.len() {
        // A byte that says its kind, and the length in LEB128.
        let digits = component[at + 1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
        let number = component[at + 1..][..digits].iter().rev();
        let len = number.fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
        at += 1 + digits + len;
        ends.push(at);
    }
    assert_eq!(at, component.len());
    ends
}
