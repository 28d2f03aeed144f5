//! What a linker, Wizer and the person who downloads it rely on.

use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

use crate::rig::CORE;

/// The size to design for.
const CEILING_BYTES: usize = 64 * 1024;

/// Operands and results of every intrinsic, as DESIGN.md lists them.
const USER: &[&str] = &[
    "clear_user",
    "copy_from_user",
    "copy_to_user",
    "grow",
    "load_u32",
    "load_u64",
    "load_u8",
    "size",
    "store_u16",
    "store_u32",
    "store_u64",
    "store_u8",
];
const IMAGE: &[&str] = &["image_to_kernel", "image_to_user"];

/// Every function of preview1 that has to do with descriptors.
const EXPORTS: &[&str] = &[
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];
const BAKING: &[&str] = &["bake_buffer", "bake_failed_record", "bake_records", "wizer-initialize"];

#[test]
fn imports_are_on_the_list() {
    let mut host = Vec::new();
    for payload in Parser::new(0).parse_all(CORE) {
        let Payload::ImportSection(imports) = payload.unwrap() else { continue };
        for import in imports.into_imports() {
            let import = import.unwrap();
            assert!(matches!(import.ty, TypeRef::Func(_)), "{import:?}");
            match import.module {
                "user" => assert!(USER.contains(&import.name), "{import:?}"),
                "image" => assert!(IMAGE.contains(&import.name), "{import:?}"),
                "wasi_snapshot_preview1" => host.push(import.name),
                _ => panic!("{import:?}"),
            }
        }
    }
    // What is passed on has the name of what it is passed on for; beside these only a clock is read.
    host.retain(|name| !EXPORTS.contains(name));
    assert_eq!(host, ["clock_time_get"]);
}

#[test]
fn exports_are_on_the_list() {
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(CORE) {
        let Payload::ExportSection(exports) = payload.unwrap() else { continue };
        for export in exports {
            let export = export.unwrap();
            match export.kind {
                ExternalKind::Func => functions.push(export.name),
                ExternalKind::Memory => assert_eq!(export.name, "memory"),
                // Where static data end and the heap begins: the linker of the toolchain exports these.
                ExternalKind::Global => {
                    assert!(["__data_end", "__heap_base"].contains(&export.name), "{export:?}");
                }
                _ => panic!("{export:?}"),
            }
        }
    }
    functions.sort_unstable();
    let mut expected = [EXPORTS, BAKING].concat();
    expected.sort_unstable();
    assert_eq!(functions, expected);
}

#[test]
fn there_is_nothing_that_wizer_or_the_linker_refuses() {
    for payload in Parser::new(0).parse_all(CORE) {
        match payload.unwrap() {
            Payload::TableSection(_) => panic!("a table"),
            Payload::ElementSection(_) => panic!("an element segment"),
            Payload::StartSection { .. } => panic!("a start function"),
            Payload::MemorySection(memories) => {
                let memories: Vec<_> = memories.into_iter().map(Result::unwrap).collect();
                assert_eq!(memories.len(), 1);
                // A shadow stack of one page, and few more.
                assert!(memories[0].initial <= 3, "{memories:?}");
                assert_eq!((memories[0].memory64, memories[0].shared), (false, false));
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader().unwrap() {
                    let operator = operator.unwrap();
                    assert!(
                        !matches!(
                            operator,
                            Operator::CallIndirect { .. }
                                | Operator::DataDrop { .. }
                                | Operator::MemoryInit { .. }
                                | Operator::TableSet { .. }
                                | Operator::RefFunc { .. }
                        ),
                        "{operator:?}"
                    );
                }
            }
            _ => {}
        }
    }
}

#[test]
fn it_is_small() {
    assert!(CORE.len() <= CEILING_BYTES, "{} bytes", CORE.len());
    // No message of a panic, no path of a source file.
    for text in ["panicked", "src/", ".rs", "called `"] {
        assert!(
            !CORE.windows(text.len()).any(|window| window == text.as_bytes()),
            "{text:?} is in it"
        );
    }
}
