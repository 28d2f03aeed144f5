//! What a linker, Wizer and the person who downloads it rely on.

use wasm_vfs::internals::lower::lower;
use wasm_vfs::link::link;
use wasm_vfs::{Form, Policy};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

use super::rig::{CORE, WITH_MOUNTS};
use super::speed::imports_everything;

/// The size to design for.
const CEILING_BYTES: u64 = 64 * 1024;

/// Operands and results of every intrinsic, as DESIGN.md lists them.
const USER: &[&str] = &[
    "base",
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
const CONTENTS: &[&str] = &["contents_to_kernel", "contents_to_user"];

/// Every function of preview1 but those that the host serves as they are: they take no pointer.
const EXPORTS: &[&str] = &[
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
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
    "proc_exit",
    "random_get",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];
/// What takes their place when a policy chooses so, or for programs of the preview before.
const VARIANTS: &[&str] = &[
    "args_get@baked",
    "args_sizes_get@baked",
    "environ_get@baked",
    "environ_sizes_get@baked",
    "fd_close@traced",
    "fd_filestat_get@unstable",
    "fd_renumber@traced",
    "fd_seek@unstable",
    "path_filestat_get@unstable",
    "poll_oneoff@unstable",
    "proc_raise@denied",
    "proc_raise@traced",
    "random_get@seeded",
    "sched_yield@denied",
    "sched_yield@traced",
];
const BAKING: &[&str] = &[
    "bake_argument",
    "bake_buffer",
    "bake_failed_record",
    "bake_fixed_clock",
    "bake_host_api",
    "bake_identity",
    "bake_inherit_only_named",
    "bake_inherited_variable",
    "bake_limits",
    "bake_no_host_arguments",
    "bake_no_waiting",
    "bake_open_all",
    "bake_preopen",
    "bake_read_only",
    "bake_records",
    "bake_seed",
    "bake_stepping_clock",
    "bake_stream",
    "bake_trace",
    "bake_used_bytes",
    "bake_used_inodes",
    "bake_variable",
    "wizer-initialize",
];

/// What lowering puts around functions, where calls are traced.
const TRACING: &[&str] = &["trace_arg", "trace_begin", "trace_end"];
/// What lowering has called when a call was cut short.
const ENTERING: &[&str] = &["after_cut"];
/// What lowering puts around functions, where events are told.
const TELLING: &[&str] = &["after_call"];
/// What that calls.
const EVENTS: &[&str] = &["changed", "sync"];
/// What an embedder calls: kept in a packed program unless it is stripped.
const HOST_API: &[&str] = &[
    "wasm_vfs_allocate",
    "wasm_vfs_changes",
    "wasm_vfs_check_layer_begin",
    "wasm_vfs_culprit",
    "wasm_vfs_exit_status",
    "wasm_vfs_export",
    "wasm_vfs_export_begin",
    "wasm_vfs_export_layer_begin",
    "wasm_vfs_get",
    "wasm_vfs_import",
    "wasm_vfs_import_begin",
    "wasm_vfs_import_end",
    "wasm_vfs_import_layer_begin",
    "wasm_vfs_list",
    "wasm_vfs_mkdir",
    "wasm_vfs_put",
    "wasm_vfs_readlink",
    "wasm_vfs_remove",
    "wasm_vfs_revert",
    "wasm_vfs_seal",
    "wasm_vfs_seek",
    "wasm_vfs_stat",
    "wasm_vfs_symlink",
    "wasm_vfs_version",
];
/// What is beside them in the build that knows directories of the host.
const MOUNTS_BAKING: &[&str] = &["bake_mount", "bake_overlay", "bake_verbose"];
/// The host's functions on its directories, which no other build calls.
const ON_DIRECTORIES: &[&str] = &["fd_prestat_dir_name", "fd_prestat_get", "fd_readdir", "path_"];

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
                "contents" => assert!(CONTENTS.contains(&import.name), "{import:?}"),
                "wasi_snapshot_preview1" => host.push(import.name),
                "wasm_vfs_events" => assert!(EVENTS.contains(&import.name), "{import:?}"),
                _ => panic!("{import:?}"),
            }
        }
    }
    let on_directories = |name: &&str| ON_DIRECTORIES.iter().any(|prefix| name.starts_with(prefix));
    assert_eq!(host.iter().any(on_directories), WITH_MOUNTS, "{host:?}");
    // What is passed on has the name of what it is passed on for.
    host.retain(|name| !EXPORTS.contains(name));
    // Passed on only where calls are traced.
    assert_eq!(host, ["proc_raise", "sched_yield"]);
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
    let mut expected = [EXPORTS, VARIANTS, BAKING, HOST_API, TRACING, ENTERING, TELLING].concat();
    if WITH_MOUNTS {
        expected.extend(MOUNTS_BAKING);
    }
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
    // What a program gets that uses everything and chooses nothing, without a tree: what bakes, variants of functions, and what
    // serves `wasi_unstable` are dropped.
    let policy = Policy::from_toml("strip-host-api = true").unwrap();
    let core = if WITH_MOUNTS { CORE } else { wasm_vfs::internals::bake::ADAPTER_LEAN_CORE };
    let lowered = lower(core, 0, &[], &policy).unwrap();
    let program = imports_everything();
    let linked = link(&program, &lowered, Form::Isolated).unwrap();
    let sections = Parser::new(0).parse_all(linked.output.hollow()).filter_map(|payload| {
        let (id, range) = payload.unwrap().as_section()?;
        // Custom sections, the names of functions among them, are not run.
        (id != 0).then_some(range.len() as u64)
    });
    let bytes = sections.sum::<u64>() - program.len() as u64;
    println!("{bytes} bytes of {CEILING_BYTES}; the core module has {}", core.len());
    if !WITH_MOUNTS {
        assert!(bytes <= CEILING_BYTES, "{bytes} bytes");
    }
    // No message of a panic, no path of a source file.
    for text in ["panicked", "src/", ".rs", "called `"] {
        assert!(
            !CORE.windows(text.len()).any(|window| window == text.as_bytes()),
            "{text:?} is in it"
        );
    }
}
