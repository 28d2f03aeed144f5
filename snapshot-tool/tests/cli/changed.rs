//! Modules that another tool changed after they were packed: each command finds what is there, or
//! names the cause. Also the module that engines of the Web do not take.

use crate::sandbox::{NOTHING, Sandbox, read};
use std::fs;
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};

/// The sections of a module: id, name (of a custom one) and payload.
fn sections(module: &[u8]) -> Vec<(u8, String, Vec<u8>)> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.unwrap();
        if let Some((id, range)) = payload.as_section() {
            let name = match &payload {
                Payload::CustomSection(custom) => custom.name().to_owned(),
                _ => String::new(),
            };
            sections.push((id, name, module[range].to_vec()));
        }
    }
    sections
}

fn module(sections: &[(u8, String, Vec<u8>)]) -> Vec<u8> {
    let mut module = Module::new();
    for (id, _, data) in sections {
        module.section(&RawSection { id: *id, data });
    }
    module.finish()
}

/// A sandbox with a packed program, and the program's module.
fn packed() -> (Sandbox, Vec<u8>) {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("dir/a", "contents of a");
    sandbox.file("dir/b", "contents of b");
    sandbox.tool(&["pack", "app.wasm", "--dir", "dir::/", "-o", "packed.wasm"]).ok();
    let bytes = read(sandbox.path("packed.wasm"));
    (sandbox, bytes)
}

/// The packed module without a custom section.
fn without(packed: &[u8], name: &str) -> Vec<u8> {
    let mut sections = sections(packed);
    let before = sections.len();
    sections.retain(|(_, it, _)| it != name);
    assert_eq!(sections.len(), before - 1);
    module(&sections)
}

#[test]
fn the_section_is_gone() {
    let (sandbox, packed) = packed();
    sandbox.file("x.wasm", without(&packed, "wasm-vfs"));
    for command in ["ls", "tree", "stat", "inspect"] {
        let ran = sandbox.tool(&[command, "x.wasm"]);
        assert!(
            ran.error().contains("another tool has removed its section `wasm-vfs`"),
            "{command}"
        );
    }
    // It is told by its exports that it is packed, and running it needs no section.
    sandbox.tool(&["run", "x.wasm"]).ok();
}

#[test]
fn the_digests_are_gone() {
    let (sandbox, packed) = packed();
    sandbox.file("x.wasm", without(&packed, "wasm-vfs-digests"));
    // What needs no contents works.
    assert!(sandbox.tool(&["ls", "x.wasm"]).ok().stdout().contains("a\nb\n"));
    sandbox.tool(&["run", "x.wasm"]).ok();
    for args in [
        &["cat", "x.wasm", "a"][..],
        &["export", "x.wasm", "-o", "x.tar"],
        &["extract", "x.wasm", "-C", "x"],
        &["pack", "x.wasm", "-o", "again.wasm"],
    ] {
        let ran = sandbox.tool(args);
        let cause = "another tool has removed its section `wasm-vfs-digests`";
        assert!(ran.error().contains(cause), "{args:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn the_contents_are_changed() {
    let (sandbox, mut packed) = packed();
    let at = packed.windows(13).position(|bytes| bytes == b"contents of b").unwrap();
    packed[at] = b'C';
    sandbox.file("x.wasm", packed);
    sandbox.tool(&["ls", "x.wasm"]).ok();
    sandbox.tool(&["run", "x.wasm"]).ok();
    for args in [
        &["cat", "x.wasm", "b"][..],
        &["export", "x.wasm", "-o", "x.tar"],
        &["extract", "x.wasm", "-C", "x"],
        &["pack", "x.wasm", "-o", "again.wasm"],
    ] {
        let ran = sandbox.tool(args);
        assert!(ran.error().contains("its contents are not what was packed"), "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
}

/// Sections that are custom have no order: wherever a tool puts them, nothing is lost.
#[test]
fn sections_are_sorted_otherwise() {
    let (sandbox, packed) = packed();
    let once = {
        sandbox.tool(&["pack", "packed.wasm", "-o", "again.wasm"]).ok();
        read(sandbox.path("again.wasm"))
    };
    let mut sorted = sections(&packed);
    let digests = sorted.pop().unwrap();
    assert_eq!(digests.1, "wasm-vfs-digests");
    sorted.insert(0, digests);
    sandbox.file("x.wasm", module(&sorted));
    assert_eq!(sandbox.tool(&["cat", "x.wasm", "a"]).ok().stdout(), "contents of a");
    sandbox.tool(&["pack", "x.wasm", "-o", "again.wasm"]).ok();
    assert!(read(sandbox.path("again.wasm")) == once);
}

/// Code of the same length that says something else: the program is not taken for what it was.
#[test]
fn code_of_the_same_length_is_changed() {
    let (sandbox, packed) = packed();
    let mut changed = sections(&packed);
    let code = changed.iter_mut().find(|(id, _, _)| *id == 10).unwrap();
    // Two of the last function's instructions change places, or all of it: the module stays as long.
    let last = code.2.len() - 2;
    code.2[last] ^= 1;
    sandbox.file("x.wasm", module(&changed));
    let ran = sandbox.tool(&["pack", "x.wasm", "-o", "again.wasm"]);
    assert!(ran.error().contains("another tool changed it since it was packed"), "{}", ran.stderr);
    assert_eq!(sandbox.tool(&["cat", "x.wasm", "a"]).ok().stdout(), "contents of a");
}

/// Engines of the Web take modules of 1 GiB: a longer one is written, and said to be.
#[test]
fn longer_than_1_gib() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let file = fs::File::create(sandbox.file("dir/large", "")).unwrap();
    for (len, is_said) in [(1_u64 << 30, true), ((1 << 30) - (1 << 20), false)] {
        // Holes: it takes no space. Nor does what is written.
        file.set_len(len).unwrap();
        for command in [
            &["pack", "app.wasm", "--dir", "dir::/", "-o", "/dev/null"][..],
            &["image", "--dir", "dir::/", "-o", "/dev/null"],
        ] {
            let ran = sandbox.tool(command).ok();
            let said = ran.stderr.contains("more than the 1,073,741,824 (1 GiB) that V8");
            assert_eq!(said, is_said, "{}", ran.stderr);
        }
    }
}
