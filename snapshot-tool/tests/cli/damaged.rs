//! Modules whose manifest says what no tree holds, or holds more than a stack or a disk does: each
//! command names the file and what is wrong, or does its work.
//!
//! `src/pack/damaged.rs` tries every byte of small modules, on the library.

use crate::sandbox::{NOTHING, Sandbox};
use std::fs;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasm_vfs::internals::section::{SECTION_NAME, Section};
use wasm_vfs_core::Timespec;
use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasmparser::{Parser, Payload};

const ROOT: Record<'_> = Record {
    parent: 0,
    name: b"",
    attributes: Attributes { mode: 0o755, uid: 0, gid: 0, mtime: Timespec::new(0, 0) },
    kind: RecordKind::Directory { entries: 1 },
};
const FILE: Record<'_> =
    Record { name: b"f", kind: RecordKind::Regular { contents_offset: 0, len: 3 }, ..ROOT };

/// The module with another manifest.
fn grafted(module: &[u8], records: &[Record<'_>]) -> Vec<u8> {
    let mut manifest = Vec::new();
    records.iter().for_each(|record| record.encode(&mut manifest));
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.unwrap();
        match &payload {
            Payload::CustomSection(custom) if custom.name() == SECTION_NAME => {
                let section = Section::decode(custom.data()).unwrap();
                let section = Section { manifest: manifest.clone(), ..section };
                let data = section.encode().into();
                out.section(&CustomSection { name: SECTION_NAME.into(), data });
            }
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    out.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    out.finish()
}

/// A program, and a packed module and a rootfs module with this manifest, whose contents are 3
/// bytes.
fn sandbox(records: &[Record<'_>]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "abc");
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.image(&["--dir", "host::/"]);
    sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "packed.wasm"]).ok();
    for name in ["image.wasm", "packed.wasm"] {
        let module = fs::read(sandbox.path(name)).unwrap();
        sandbox.file(name, grafted(&module, records));
    }
    sandbox
}

const LINK: &[&str] = &["link", "app.wasm", "image.wasm", "-o", "out.wasm"];
const REPACK: &[&str] = &["pack", "packed.wasm", "--dir", "host::/a", "-o", "out.wasm"];

#[test]
fn every_command_says_what_is_wrong_with_a_manifest() {
    let now = Attributes { mtime: Timespec::new(0, 0x3fff_ffff), ..ROOT.attributes };
    let beyond = RecordKind::Regular { contents_offset: u64::MAX, len: 3 };
    for (record, part) in [
        (Record { kind: beyond, ..FILE }, "the contents of /f are cut short"),
        (Record { attributes: now, ..FILE }, "\"f\": its time has 1073741823 ns"),
        (Record { parent: u32::MAX, ..FILE }, "entry 1 of the tree is not in pre-order"),
    ] {
        let sandbox = sandbox(&[ROOT, record]);
        for (module, command) in [
            ("`packed.wasm`: ", &["inspect", "packed.wasm"][..]),
            ("`packed.wasm`: ", &["ls", "packed.wasm"][..]),
            ("`packed.wasm`: ", REPACK),
            ("`image.wasm`: ", &["export", "image.wasm", "-o", "out.tar"][..]),
            ("`image.wasm`: ", &["extract", "image.wasm", "-C", "out"][..]),
            ("`image.wasm`: ", LINK),
        ] {
            let ran = sandbox.tool(command);
            let error = ran.error();
            assert!(error.starts_with(module) && error.contains(part), "{command:?}: {error}");
        }
        assert!(sandbox.names(".").iter().all(|name| !name.starts_with("out")));
    }
}

#[test]
fn a_tree_of_20_000_levels_is_linked_and_packed_again() {
    const DEPTH: u32 = 20_000;
    // What each directory claims to hold takes no memory.
    let level = |parent| Record {
        parent,
        name: b"a",
        kind: RecordKind::Directory { entries: u32::MAX },
        ..ROOT
    };
    let mut records = vec![ROOT];
    records.extend((0..DEPTH).map(level));
    let sandbox = sandbox(&records);
    for command in [LINK, REPACK] {
        sandbox.tool(command).ok();
        let shown = sandbox.tool(&["inspect", "out.wasm"]).ok();
        let tree = shown.stdout().lines().find(|line| line.starts_with("tree")).unwrap().to_owned();
        let directories = tree.split_whitespace().nth(1).unwrap().parse::<u32>().unwrap();
        assert!(directories > DEPTH, "{command:?}: {tree}");
    }
}
