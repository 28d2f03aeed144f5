//! What cannot be linked, beyond the golden directories: files that are no text.

use wasm_vfs::internals::lower::lower;
use wasm_vfs::internals::rootfs_module::RootfsModule;
use wasm_vfs::link::link;
use wasm_vfs::{ErrorKind, Form, Packer, Policy, Program, TreeBuilder};

use super::{CONTENTS, FORMS, MANIFEST, bytes_of, link_bytes, link_text, wasm};

const KERNEL: &str = include_str!("kernel.wat");
const PROGRAM: &str = include_str!("reader/program.wat");

/// The error for a program, in one line.
fn refusal(program: &[u8]) -> String {
    let error = format!("{:#}", link_bytes(program, KERNEL, Form::Portable).unwrap_err());
    assert!(!error.contains('\n'), "{error}");
    assert!(error.starts_with(char::is_lowercase), "{error}");
    error
}

#[test]
fn not_wasm() {
    for bytes in [&b""[..], b"\0as", b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01\0\0"] {
        assert!(refusal(bytes).contains("it is not WebAssembly"));
    }
    assert!(refusal(b"(module)").contains("not the text format"));
}

#[test]
fn a_component() {
    let error = refusal(&wat::parse_str("(component)").unwrap());
    assert!(error.contains("it is a component"), "{error}");
}

#[test]
fn a_damaged_module() {
    let mut program = wasm(PROGRAM);
    program.truncate(program.len() - 3);
    let error = refusal(&program);
    assert!(error.contains("the module is damaged"), "{error}");
}

#[test]
fn programs_with_random_damage() {
    // Refused or linked, but neither a panic nor an invalid module of our making.
    const ROUNDS: u64 = 4000;
    let lowered =
        lower(&wasm(KERNEL), CONTENTS.len() as u64, MANIFEST, &Policy::default()).unwrap();
    let adapter = &lowered;
    let seeds =
        [PROGRAM, include_str!("every_section/program.wat"), include_str!("named/program.wat")]
            .map(wasm);
    let mut state = 0x5eed_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut linked = 0;
    for round in 0..ROUNDS {
        let mut program = seeds[random(seeds.len())].clone();
        for _ in 0..=random(3) {
            let at = random(program.len());
            match random(3) {
                0 => program[at] ^= 1 << random(8),
                1 => drop(program.remove(at)),
                _ => program.insert(at, random(256) as u8),
            }
        }
        match link(&program, adapter, FORMS[random(2)]) {
            Ok(_) => linked += 1,
            Err(error) => {
                let error = format!("{error:#}");
                assert!(!error.contains("please report"), "round {round}: {error}");
            }
        }
    }
    assert!(linked > 0, "no damage was harmless");
}

#[test]
fn an_export_of_a_memory_that_is_not_there() {
    // The export section's last byte is the memory's index.
    let text =
        "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))
       (memory 1) (export \"memory\" (memory 0)))";
    let mut program = wasm(text);
    assert_eq!(program.pop(), Some(0));
    program.push(7);
    let error = refusal(&program);
    assert!(error.contains("it exports memory 7, which it does not have"), "{error}");
}

#[test]
fn an_invalid_program_is_named_as_the_culprit() {
    let text = "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))
       (memory (export \"memory\") 1) (func (export \"_start\") (drop (f32.add (i32.const 1) (f32.const 1)))))";
    let error = refusal(&wasm(text));
    assert!(error.contains("the program is not valid WebAssembly"), "{error}");
}

#[test]
fn already_packed() {
    for form in FORMS {
        let packed = bytes_of(&link_text(PROGRAM, KERNEL, form).unwrap());
        let error = refusal(&packed);
        assert!(error.contains(&format!("already packed by wasm-vfs ({form} form)")), "{error}");
    }
}

#[test]
fn a_filesystem_as_the_program_and_the_reverse() {
    let lowered =
        lower(&wasm(KERNEL), CONTENTS.len() as u64, MANIFEST, &Policy::default()).unwrap();
    let mut rootfs = Vec::new();
    lowered.module.write_to(&CONTENTS.to_vec(), &mut rootfs).unwrap();
    assert!(refusal(&rootfs).contains("it is a rootfs module"));

    let error = RootfsModule::parse(&wasm(PROGRAM)).unwrap_err().to_string();
    assert!(error.contains("no `wasm-vfs` section"), "{error}");
    let packed = bytes_of(&link_text(PROGRAM, KERNEL, Form::Portable).unwrap());
    let error = RootfsModule::parse(&packed).unwrap_err().to_string();
    assert!(error.contains("packed program (portable form)"), "{error}");
}

#[test]
fn a_filesystem_read_back_from_its_file_links_the_same() {
    let lowered =
        lower(&wasm(KERNEL), CONTENTS.len() as u64, MANIFEST, &Policy::default()).unwrap();
    let mut file = Vec::new();
    lowered.module.write_to(&CONTENTS.to_vec(), &mut file).unwrap();
    let (adapter, contents) = RootfsModule::read_from(&mut std::io::Cursor::new(&file)).unwrap();
    assert_eq!(file[contents.start as usize..contents.end as usize], *CONTENTS);
    assert_eq!(&adapter.section, &lowered.section);
    for form in FORMS {
        let direct = bytes_of(&link_text(PROGRAM, KERNEL, form).unwrap());
        assert_eq!(bytes_of(&link(&wasm(PROGRAM), &adapter, form).unwrap()), direct);
    }
}

#[test]
fn an_image_beyond_4_gib() {
    let error =
        lower(&wasm(KERNEL), 1 << 32, MANIFEST, &Policy::default()).unwrap_err().to_string();
    assert!(error.contains("4294967296 bytes (4.0 GiB)"), "{error}");
    // One that fits alone, but not beside the program's own data.
    let lowered = lower(&wasm(KERNEL), (1 << 32) - 200, MANIFEST, &Policy::default()).unwrap();
    let data = "x".repeat(1000);
    let program =
        PROGRAM.replace("(func $_start", &format!("(data (i32.const 0) \"{data}\") (func $_start"));
    let error = link(&wasm(&program), &lowered, Form::Portable).unwrap_err();
    assert!(error.to_string().contains("beside the program's own data"), "{error}");
}

#[test]
fn contents_of_another_length_than_linked() {
    let linked = link_text(PROGRAM, KERNEL, Form::Portable).unwrap();
    let error = linked.output.write_to(&vec![0; 3], &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("the contents have 3 bytes but 9 were linked"), "{error}");
}

#[test]
fn memories_that_do_not_fit_into_one() {
    let program =
        PROGRAM.replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 65535)");
    let error = format!("{:#}", link_text(&program, KERNEL, Form::Portable).unwrap_err());
    assert!(error.contains("use --isolate"), "{error}");
    assert!(link_text(&program, KERNEL, Form::Isolated).is_ok());
}

#[test]
fn a_core_form_with_atomics_has_no_portable_form() {
    let kernel = r#"(module (memory (export "memory") 1)
      (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.atomic.load (i32.const 0))))"#;
    let error = format!("{:#}", link_text(PROGRAM, kernel, Form::Portable).unwrap_err());
    assert!(error.contains("cannot be made portable"), "{error}");
}

/// What a hermetic program would still import is named.
#[test]
fn a_hermetic_program_imports_nothing() {
    let policy = Policy::from_toml("hermetic = true").unwrap();
    let lowered = lower(&wasm(KERNEL), CONTENTS.len() as u64, MANIFEST, &policy).unwrap();
    let program = r#"
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
          (import "env" "ask" (func))
          (memory (export "memory") 1)
          (func (export "_start") (call 1)))"#;
    let rootfs = &lowered;
    for form in FORMS {
        let error = link(&wasm(program), rootfs, form).unwrap_err().to_string();
        assert!(error.contains("`env.ask`") && error.contains("hermetic"), "{error}");
    }
}

/// Imports that nobody answers are named; with `strict` they are an error.
#[test]
fn imports_that_nobody_answers() {
    let program = r#"
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
          (import "env" "ask" (func))
          (import "env" "__syscall_openat" (func))
          (import "wasi_unstable" "sock_open" (func))
          (memory (export "memory") 1))"#;
    let packer = |strict| Packer::new(TreeBuilder::new()).strict(strict);
    let program = || Program::bytes("app", wasm(program));
    let report = packer(false).pack(program()).unwrap().report();
    let notes = report.notes();
    let link = report.link.unwrap();
    let said = "it has 2 imports that neither the filesystem nor a WASI host answers, and most engines refuse a module for \
                them: `env.__syscall_openat` (Emscripten; build it with -sSTANDALONE_WASM); \
                `wasi_snapshot_preview1.sock_open` (no function of preview1)";
    assert_eq!(notes, [said]);
    assert!(link.unanswered_imports.iter().all(|import| link.imports.contains(import)));
    let error = packer(true).pack(program()).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Unservable, said.to_owned()));
    // One that is linked with what was baked before.
    let rootfs = packer(false).bake().unwrap();
    assert!(rootfs.link(program(), Form::Portable).is_ok());
    let error = rootfs.strict(true).link(program(), Form::Portable).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unservable);
    let rootfs = packer(true).bake().unwrap();
    assert!(rootfs.link(program(), Form::Portable).is_err());
    // What an embedder may well have is nothing to say.
    let quiet = Program::bytes("app", wasm(PROGRAM));
    assert!(packer(true).pack(quiet).unwrap().report().notes().is_empty());
}
