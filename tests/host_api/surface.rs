//! Which exports there are, and what they cost.

use wasm_vfs::internals::verify;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasmparser::{ExternalKind, Parser, Payload, WasmFeatures};

use crate::{FORMS, PROGRAM, pack};

/// The exports of a module whose names begin so, sorted.
fn host_api(wasm: &[u8]) -> Vec<(String, ExternalKind)> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ExportSection(exports) = payload.unwrap() else { continue };
        for export in exports {
            let export = export.unwrap();
            if export.name.starts_with("wasm_vfs_") {
                names.push((export.name.to_owned(), export.kind));
            }
        }
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    names
}

fn stripped() -> Policy {
    Policy::from_toml("strip-host-api = true").unwrap()
}

#[test]
fn it_is_there_unless_stripped() {
    let directory = tempfile::tempdir().unwrap();
    for form in FORMS {
        let kept = pack(directory.path(), form, Policy::default());
        let exports = host_api(&kept);
        let functions = exports.iter().filter(|(_, kind)| *kind == ExternalKind::Func).count();
        assert_eq!(functions, 24, "{exports:?}");
        assert!(exports.contains(&("wasm_vfs_memory".to_owned(), ExternalKind::Memory)));
        assert!(exports.contains(&("wasm_vfs_base".to_owned(), ExternalKind::Global)));
        let without = pack(directory.path(), form, stripped());
        assert_eq!(host_api(&without), []);
        println!(
            "{form}: {} bytes with the host interface, {} without: {} for it",
            kept.len(),
            without.len(),
            kept.len() - without.len()
        );
        // Half of it knows what differs from the packed tree: notes before each change, the list, the
        // layer, the way back.
        assert!(kept.len() - without.len() < 136 << 10);
        // It asks for no feature that the form did not need before.
        let needed = |wasm: &[u8]| verify::features_needed(wasm).unwrap();
        assert_eq!(needed(&kept), needed(&without), "{form}");
        assert_eq!(needed(&kept).contains(WasmFeatures::MULTI_MEMORY), form == Form::Isolated);
    }
}

#[test]
fn a_rootfs_module_has_it_and_what_is_linked_with_it_too() {
    let program = wat::parse_str(PROGRAM).unwrap();
    for (policy, expected) in [(Policy::default(), 26), (stripped(), 0)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rootfs.wasm");
        Packer::new(TreeBuilder::new())
            .policy(policy)
            .bake()
            .and_then(|rootfs| rootfs.write(&path))
            .unwrap();
        assert_eq!(host_api(&std::fs::read(&path).unwrap()).len(), expected);
        let rootfs = wasm_vfs::Rootfs::open(&path).unwrap();
        for form in FORMS {
            let linked =
                rootfs.link(Program::bytes("program", &program), form).unwrap().to_vec().unwrap();
            assert_eq!(host_api(&linked).len(), expected, "{form}");
        }
    }
}

#[test]
fn a_program_that_exports_such_a_name_is_refused_unless_it_is_stripped() {
    for (export, name) in [
        ("(func (export \"wasm_vfs_put\"))", "wasm_vfs_put"),
        ("(global (export \"wasm_vfs_base\") i32 (i32.const 0))", "wasm_vfs_base"),
    ] {
        let program = PROGRAM.replace("(func (export \"_start\"))", export);
        let program = wat::parse_str(program).unwrap();
        for form in FORMS {
            let packer = Packer::new(TreeBuilder::new()).form(form);
            let error = packer
                .pack(Program::bytes("program", &program))
                .and_then(|packed| packed.to_vec())
                .unwrap_err();
            let text = format!("{error:#}");
            assert!(text.contains(&format!("it exports `{name}`")), "{text}");
            assert!(text.contains("--strip-host-api"), "{text}");
            packer
                .policy(stripped())
                .pack(Program::bytes("program", &program))
                .and_then(|packed| packed.to_vec())
                .unwrap();
        }
    }
    // Other names of the kind are the program's own affair.
    let program = PROGRAM.replace("\"_start\"", "\"wasm_vfs_mine\"");
    let packed = Packer::new(TreeBuilder::new())
        .pack(Program::bytes("program", wat::parse_str(program).unwrap()))
        .and_then(|packed| packed.to_vec());
    assert_eq!(host_api(&packed.unwrap()).len(), 27);
}

#[test]
fn a_program_cannot_import_it() {
    let program = PROGRAM.replace(
        "(memory (export",
        "(import \"wasi_snapshot_preview1\" \"wasm_vfs_remove\"
           (func $remove (param i32 i32) (result i32)))
         (memory (export",
    );
    let program = wat::parse_str(program).unwrap();
    for form in FORMS {
        let packed = Packer::new(TreeBuilder::new())
            .form(form)
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        let imports: Vec<String> = Parser::new(0)
            .parse_all(&packed)
            .filter_map(|payload| match payload.unwrap() {
                Payload::ImportSection(imports) => Some(imports),
                _ => None,
            })
            .flat_map(|imports| imports.into_imports())
            .map(|import| import.unwrap().name.to_owned())
            .collect();
        assert!(imports.contains(&"wasm_vfs_remove".to_owned()), "{imports:?}");
    }
}
