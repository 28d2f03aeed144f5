//! The isolated form's self-test: engines that mishandle memory indices are imitated by rewriting a packed module as they
//! would run it. Each must be noticed before anything of the program runs; an engine that is right notices nothing.

use std::convert::Infallible;
use std::mem::discriminant;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{DataSection, DataSegment, DataSegmentMode, Instruction, MemArg};
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasmparser::{DataKind, Operator, Parser, Payload};
use wasmtime::{Config, Engine, Linker, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

use super::{bytes_of, link_text, wasm};

/// What an engine does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    /// Loads and stores are of the first memory.
    Accesses,
    /// Instructions like this one are of the first memory.
    Access(&'static str),
    /// `memory.copy` takes source for destination.
    CopyExchanged,
    CopyFirst,
    CopyFromFirst,
    CopyToFirst,
    Fill,
    Init,
    Size,
    Grow,
    SizeAndGrow,
    /// Initial data goes to the first memory.
    Data,
}

/// Rewrites a module as an engine with a bug would run it.
struct Broken {
    bug: Bug,
    /// Whether loads and stores of the instruction at hand are of the first memory.
    first: bool,
    /// How many instructions and segments mean something else now.
    changed: usize,
}

impl Broken {
    fn mistake(&mut self, memory: &mut u32) {
        self.changed += usize::from(*memory != 0);
        *memory = 0;
    }
}

impl Reencode for Broken {
    type Error = Infallible;

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, reencode::Error> {
        let mut arg = reencode::utils::mem_arg(self, arg)?;
        if self.first {
            self.mistake(&mut arg.memory_index);
        }
        Ok(arg)
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<Instruction<'a>, reencode::Error> {
        self.first = match self.bug {
            Bug::Accesses => true,
            Bug::Access(name) => is_named(&operator, name),
            _ => false,
        };
        let mut instruction = reencode::utils::instruction(self, operator)?;
        match (self.bug, &mut instruction) {
            (Bug::CopyExchanged, Instruction::MemoryCopy { src_mem, dst_mem }) => {
                self.changed += usize::from(src_mem != dst_mem);
                std::mem::swap(src_mem, dst_mem);
            }
            (Bug::CopyFirst, Instruction::MemoryCopy { src_mem, dst_mem }) => {
                self.mistake(src_mem);
                self.mistake(dst_mem);
            }
            (Bug::CopyFromFirst, Instruction::MemoryCopy { src_mem: memory, .. })
            | (Bug::CopyToFirst, Instruction::MemoryCopy { dst_mem: memory, .. })
            | (Bug::Fill, Instruction::MemoryFill(memory))
            | (Bug::Init, Instruction::MemoryInit { mem: memory, .. })
            | (Bug::Size | Bug::SizeAndGrow, Instruction::MemorySize(memory))
            | (Bug::Grow | Bug::SizeAndGrow, Instruction::MemoryGrow(memory)) => {
                self.mistake(memory);
            }
            _ => {}
        }
        Ok(instruction)
    }

    fn parse_data(
        &mut self,
        data: &mut DataSection,
        mut segment: wasmparser::Data<'_>,
    ) -> Result<(), reencode::Error> {
        if let (Bug::Data, DataKind::Active { memory_index, .. }) = (self.bug, &mut segment.kind) {
            self.mistake(memory_index);
        }
        let mode = match segment.kind {
            DataKind::Passive => DataSegmentMode::Passive,
            DataKind::Active { memory_index, offset_expr } => {
                let offset = self.const_expr(offset_expr)?;
                data.segment(DataSegment {
                    mode: DataSegmentMode::Active { memory_index, offset: &offset },
                    data: segment.data.iter().copied(),
                });
                return Ok(());
            }
        };
        data.segment(DataSegment { mode, data: segment.data.iter().copied() });
        Ok(())
    }
}

macro_rules! accesses {
    ($($name:ident)*) => {
        /// The loads and stores of integers.
        const ACCESSES: &[&str] = &[$(stringify!($name)),*];

        fn is_named(operator: &Operator<'_>, name: &str) -> bool {
            match operator {
                $(Operator::$name { .. } => name == stringify!($name),)*
                _ => false,
            }
        }
    };
}

accesses! {
    I32Load I64Load I32Load8S I32Load8U I32Load16S I32Load16U I64Load8S I64Load8U I64Load16S I64Load16U I64Load32S
    I64Load32U I32Store I64Store I32Store8 I32Store16 I64Store8 I64Store16 I64Store32
}

/// The bugs that are tried.
fn bugs() -> Vec<Bug> {
    let others = [
        Bug::Accesses,
        Bug::CopyExchanged,
        Bug::CopyFirst,
        Bug::CopyFromFirst,
        Bug::CopyToFirst,
        Bug::Fill,
        Bug::Init,
        Bug::Size,
        Bug::Grow,
        Bug::SizeAndGrow,
        Bug::Data,
    ];
    ACCESSES.iter().map(|&name| Bug::Access(name)).chain(others).collect()
}

/// The module as an engine with a bug would run it, and how much that changes.
fn broken(module: &[u8], bug: Bug) -> (Vec<u8>, usize) {
    let mut broken = Broken { bug, first: false, changed: 0 };
    let mut encoded = wasm_encoder::Module::new();
    broken.parse_core_module(&mut encoded, Parser::new(0), module).unwrap();
    (encoded.finish(), broken.changed)
}

/// How a module ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    /// `None`: by a trap.
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Instantiates a module and calls its entry, if it has one.
fn run(engine: &Engine, module: &[u8]) -> Ended {
    let module = Module::new(engine, module).unwrap();
    let (stdout, stderr) = (MemoryOutputPipe::new(1 << 16), MemoryOutputPipe::new(1 << 16));
    let mut linker: Linker<WasiP1Ctx> = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |context| context).unwrap();
    let context = WasiCtxBuilder::new().stdout(stdout.clone()).stderr(stderr.clone()).build_p1();
    let mut store = Store::new(engine, context);
    let mut start = || {
        let instance = linker.instantiate(&mut store, &module)?;
        for entry in ["_initialize", "_start"] {
            if let Ok(entry) = instance.get_typed_func::<(), ()>(&mut store, entry) {
                entry.call(&mut store, ())?;
            }
        }
        Ok::<(), wasmtime::Error>(())
    };
    let status = match start() {
        Ok(()) => Some(0),
        Err(error) => error.downcast_ref::<I32Exit>().map(|exit| exit.0),
    };
    let text = |pipe: MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    Ended { status, stdout: text(stdout), stderr: text(stderr) }
}

fn engine() -> Engine {
    Engine::new(compile_quickly(&mut Config::new())).unwrap()
}

/// What is said where memories are mixed up.
const MESSAGE: &str = "wasm-vfs: this engine mixes up memories: pack without --isolate\n";

/// Tries each bug on a module, and returns those that changed nothing.
fn check(engine: &Engine, module: &[u8], right: &Ended) -> Vec<Bug> {
    assert_eq!(run(engine, module), *right);
    let mut without_effect = Vec::new();
    for bug in bugs() {
        let (module, changed) = broken(module, bug);
        if changed == 0 {
            without_effect.push(bug);
            continue;
        }
        let ended = run(engine, &module);
        let noticed = Ended { status: Some(1), stdout: String::new(), stderr: MESSAGE.to_owned() };
        assert_eq!(ended, noticed, "{bug:?}");
    }
    without_effect
}

/// Opens a file, prints it, renames it, lists its directory.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 30)
  (data (i32.const 0) "these bytes are at the start.")
  (data (i32.const 100) "file")
  (func $must (param i32) (if (local.get 0) (then (call $proc_exit (i32.add (i32.const 100) (local.get 0))))))
  (func (export "_start")
    ;; iovec: 200, what is read: 300.
    (i32.store (i32.const 200) (i32.const 300)) (i32.store (i32.const 204) (i32.const 64))
    (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 208)))
    (call $must (call $fd_read (i32.load (i32.const 208)) (i32.const 200) (i32.const 1) (i32.const 204)))
    (call $must (call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 212)))
    ;; The program's own bytes are as they were.
    (i32.store (i32.const 200) (i32.const 0)) (i32.store (i32.const 204) (i32.const 29))
    (call $must (call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 212)))
    (call $must (call $rename (i32.const 3) (i32.const 100) (i32.const 4) (i32.const 3) (i32.const 6) (i32.const 5)))
    (call $must (call $readdir (i32.const 3) (i32.const 400) (i32.const 1000) (i64.const 0) (i32.const 208))))
)"#;

fn packed(program: &str) -> Vec<u8> {
    let root = tempfile::TempDir::new().unwrap();
    std::fs::write(root.path().join("file"), "from the filesystem; ").unwrap();
    let packer = Packer::new(TreeBuilder::new().dir(root.path(), "/"));
    let rootfs = packer.bake().unwrap();
    rootfs.link(Program::bytes("program", wasm(program)), Form::Isolated).unwrap().to_vec().unwrap()
}

#[test]
fn each_bug_is_noticed_with_the_filesystem() {
    let right = Ended {
        status: Some(0),
        stdout: "from the filesystem; these bytes are at the start.".to_owned(),
        stderr: String::new(),
    };
    let module = packed(PROGRAM);
    let without_effect = check(&engine(), &module, &right);
    // What the adapter has none of.
    let accesses = without_effect.iter().filter(|bug| matches!(bug, Bug::Access(_))).count();
    assert_eq!(without_effect.len(), accesses, "{without_effect:?}");
    assert!(accesses < ACCESSES.len() / 2, "{without_effect:?}");
    let size = test_bytes(&module);
    println!("the self-test takes {size} bytes");
    assert!(size < 1000, "{size} bytes");
}

/// The length of the self-test: what the function behind `_start` calls first.
fn test_bytes(module: &[u8]) -> usize {
    let mut bodies = Vec::new();
    let (mut imported, mut start) = (0, None);
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => imported = section.into_imports().count(),
            Payload::ExportSection(section) => {
                let exports = section.into_iter().map(Result::unwrap);
                start = exports.filter(|it| it.name == "_start").map(|it| it.index as usize).next();
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let gate = &bodies[start.unwrap() - imported];
    let first = gate.get_operators_reader().unwrap().read().unwrap();
    let Operator::Call { function_index } = first else { panic!("{first:?}") };
    bodies[function_index as usize - imported].range().len()
}

/// A core module that uses every load and store.
fn every_access() -> String {
    let mut text = String::from(
        r#"(module
  (import "user" "copy_to_user" (func $copy_to_user (param i32 i32 i32)))
  (import "user" "load_u8" (func $load_u8 (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $host (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "state")
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32)
    (call $copy_to_user (i32.const 64) (i32.const 64) (call $load_u8 (i32.const 65)))
    (drop (memory.grow (i32.const 0)))
"#,
    );
    for (ty, loads, stores) in [
        (
            "i32",
            &["load", "load8_s", "load8_u", "load16_s", "load16_u"][..],
            &["store", "store8", "store16"][..],
        ),
        (
            "i64",
            &["load", "load8_s", "load8_u", "load16_s", "load16_u", "load32_s", "load32_u"],
            &["store", "store8", "store16", "store32"],
        ),
    ] {
        for load in loads {
            text += &format!("(drop ({ty}.{load} (i32.const 2048)))\n");
        }
        for store in stores {
            text += &format!("({ty}.{store} (i32.const 2048) ({ty}.const 0))\n");
        }
    }
    text + "(call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"
}

/// A program that prints a line when its `entry` runs.
fn prints(entry: &str, pages: u32) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") {pages})
  (data (i32.const 0) "\08\00\00\00\05\00\00\00here\n")
  (func $main
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100))))
  {entry})"#
    )
}

#[test]
fn each_access_is_tried_wherever_the_program_starts() {
    let engine = engine();
    let right = Ended { status: Some(0), stdout: "here\n".to_owned(), stderr: String::new() };
    for entry in [
        "(export \"_start\" (func $main))",
        "(export \"_initialize\" (func $main))",
        "(start $main)",
        "(func (export \"_start\")) (start $main)",
        "(export \"_start\" (func $main)) (export \"other\" (func $main)) (func (export \"_initialize\"))",
    ] {
        let linked = link_text(&prints(entry, 1), &every_access(), Form::Isolated).unwrap();
        let without_effect = check(&engine, &bytes_of(&linked), &right);
        let kinds = [Bug::Fill, Bug::Init].map(|bug| discriminant(&bug));
        let expected = |bug: &Bug| kinds.contains(&discriminant(bug)) || *bug == Bug::CopyToFirst;
        assert!(without_effect.iter().all(expected), "{entry}: {without_effect:?}");
    }
}

/// A module with neither entry is tested when it is instantiated; so is one whose memories are of one size.
#[test]
fn equal_sizes_and_no_entry() {
    let engine = engine();
    let right = Ended { status: Some(0), stdout: String::new(), stderr: String::new() };
    for pages in [1, 2, 3] {
        let program = prints("(export \"run\" (func $main))", pages);
        let linked = link_text(&program, &every_access(), Form::Isolated).unwrap();
        check(&engine, &bytes_of(&linked), &right);
    }
}

/// Nothing of a memory without a page is touched.
#[test]
fn a_memory_without_pages() {
    let engine = engine();
    let program = prints("(export \"run\" (func $main))", 0).replace("(data", ";; (data");
    let linked = link_text(&program, &every_access(), Form::Isolated).unwrap();
    let module = bytes_of(&linked);
    let ended = run(&engine, &module);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    let ended = run(&engine, &broken(&module, Bug::Data).0);
    assert_eq!(ended.status, None);
}

/// The program's memory is not always the first.
#[test]
fn a_second_memory() {
    let engine = engine();
    let program = prints("(export \"_start\" (func $main))", 1)
        .replace("(memory (export \"memory\") 1)", "(memory 1) (memory $own (export \"memory\") 1)")
        .replace("(data (i32.const 0)", "(data (memory $own) (i32.const 0)");
    let linked = link_text(&program, &every_access(), Form::Isolated).unwrap();
    let module = bytes_of(&linked);
    let right = Ended { status: Some(0), stdout: "here\n".to_owned(), stderr: String::new() };
    assert_eq!(run(&engine, &module), right);
    for bug in bugs() {
        let (module, changed) = broken(&module, bug);
        if changed > 0 {
            let ended = run(&engine, &module);
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""), "{bug:?}");
        }
    }
}

/// Where the host can be told nothing, it is a trap.
#[test]
fn without_imports() {
    let engine = engine();
    let program = r#"(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (drop (call $fd_write (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))"#;
    let kernel = every_access()
        .replace(r#"(import "wasi_snapshot_preview1" "fd_write" (func $host (param i32 i32 i32 i32) (result i32)))"#, "")
        .replace("(call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3))", "(i32.const 0)");
    let module = bytes_of(&link_text(program, &kernel, Form::Isolated).unwrap());
    assert_eq!(run(&engine, &module).status, Some(0));
    for bug in [Bug::Accesses, Bug::CopyExchanged, Bug::Size, Bug::Grow, Bug::Data] {
        assert_eq!(run(&engine, &broken(&module, bug).0).status, None, "{bug:?}");
    }
}
