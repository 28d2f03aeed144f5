//! What a filesystem adds to a program: the ceilings, on linked programs.

use wasm_vfs::internals::bake::ADAPTER_CORE;
use wasm_vfs::{Packer, Policy, Program, TreeBuilder};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

use super::{FORMS, golden, wasm};

/// Of a program that only reads: it opens, reads, seeks, stats, lists and closes, and prints.
const READING_CEILING_BYTES: usize = 44 * 1024;
/// Of one that uses everything.
const EVERYTHING_CEILING_BYTES: usize = 70 * 1024;

/// What such a program calls.
const READING: &[&str] = &[
    "fd_close",
    "fd_fdstat_get",
    "fd_filestat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_readdir",
    "fd_seek",
    "fd_write",
    "path_filestat_get",
    "path_open",
    "path_readlink",
];

/// The adapter's functions for programs, with their parameters and results as text.
fn functions() -> Vec<(String, String, String)> {
    let (mut types, mut function_types, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    let words =
        |types: &[ValType]| types.iter().map(ValType::to_string).collect::<Vec<_>>().join(" ");
    for payload in Parser::new(0).parse_all(ADAPTER_CORE) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(Result::unwrap))
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let TypeRef::Func(ty) = import.unwrap().ty else { continue };
                    function_types.push(ty);
                }
            }
            Payload::FunctionSection(section) => {
                function_types.extend(section.into_iter().map(Result::unwrap))
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let families = [
                        "args_", "clock_", "environ_", "fd_", "path_", "poll_", "proc_", "random_",
                        "sock_",
                    ];
                    let served = families.iter().any(|family| export.name.starts_with(family));
                    if export.kind == ExternalKind::Func && served && !export.name.contains('@') {
                        let ty = &types[function_types[export.index as usize] as usize];
                        let (params, results) = (words(ty.params()), words(ty.results()));
                        functions.push((export.name.to_owned(), params, results));
                    }
                }
            }
            _ => {}
        }
    }
    functions
}

/// A program that calls the functions that are chosen, each once. Its text is a file, since the benchmarks measure the same program.
fn program(file: &str, chosen: impl Fn(&str) -> bool) -> Vec<u8> {
    let (mut imports, mut calls) = (String::new(), String::new());
    // No identifiers: they would be a `name` section, and it is kept.
    let functions = functions();
    for (number, (name, params, results)) in functions.iter().filter(|it| chosen(&it.0)).enumerate()
    {
        imports += &format!(
            "  (import \"wasi_snapshot_preview1\" \"{name}\" (func (param {params}) (result {results})))\n"
        );
        let zeros: String =
            params.split_whitespace().map(|ty| format!(" ({ty}.const 0)")).collect();
        let call = format!("(call {number}{zeros})");
        let call = if results.is_empty() { call } else { format!("(drop {call})") };
        calls += &format!("\n    {call}");
    }
    let text = format!(
        ";; Written by `BLESS=1 cargo test --package wasm-vfs-tests --test link -- size`.\n(module\n\
         {imports}  (memory (export \"memory\") 1)\n  (func (export \"_start\"){calls}))\n"
    );
    let failures = golden::compare(&golden::root().join(file), &text);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    wasm(&text)
}

/// What is added, by section.
fn sections(module: &[u8]) -> String {
    let sections = Parser::new(0).parse_all(module).filter_map(|payload| {
        let payload = payload.unwrap();
        let (id, range) = payload.as_section()?;
        Some(format!("{id}: {}", range.len()))
    });
    sections.collect::<Vec<_>>().join(", ")
}

#[test]
fn ceilings() {
    let policy = Policy::from_toml("strip-host-api = true").unwrap();
    let reading = program("reading.wat", |name| READING.contains(&name));
    let everything = program("everything.wat", |_| true);
    for form in FORMS {
        for (program, name, ceiling) in [
            (&reading, "reading", READING_CEILING_BYTES),
            (&everything, "everything", EVERYTHING_CEILING_BYTES),
        ] {
            let packer = Packer::new(TreeBuilder::new()).policy(policy.clone());
            let rootfs = packer.bake().unwrap();
            let packed = rootfs.link(Program::bytes("program", program), form).unwrap();
            // Without what is said of the packed files: here `/dev` and `/tmp`.
            let added = usize::try_from(packed.summary().added_bytes).unwrap();
            let packed = packed.to_vec().unwrap();
            println!("{form}, {name}: {added} bytes of {ceiling} ({})", sections(&packed));
            if std::env::var_os("SIZES").is_some() {
                std::fs::write(
                    std::env::temp_dir().join(format!("size-{form}-{name}.wasm")),
                    &packed,
                )
                .unwrap();
                continue;
            }
            assert!(added <= ceiling, "{form}, {name}: {added} bytes of {ceiling}");
        }
    }
}
