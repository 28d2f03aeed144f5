//! Tools that change a packed module afterwards: the program runs, and the tool of this project reads its files as they
//! were packed or says what happened to them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs::tree::FinalSymlink;
use wasm_vfs::{ErrorKind, Form, PackedModule, Packer, Program, Rootfs, TreeBuilder};
use wasm_vfs_tests::tools;
use wasmparser::{Parser, Payload};
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// Prints the file `/f`, up to 4096 bytes of it.
const PROGRAM: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "f")
      (data (i32.const 300) "of the program")
      (func $must (param i32) (if (local.get 0) (then unreachable)))
      (func (export "_start")
        (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
        (i32.store (i32.const 16) (i32.const 1024))
        (i32.store (i32.const 20) (i32.const 4096))
        (call $must (call $read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 24)))
        (i32.store (i32.const 20) (i32.load (i32.const 24)))
        (call $must (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))"#;

fn packed(contents: &[u8], form: Form) -> Result<Vec<u8>> {
    let tree = TreeBuilder::new().file("/f", contents.to_vec());
    let program = Program::bytes("app", wat::parse_str(PROGRAM)?);
    Ok(Packer::new(tree).form(form).pack(program)?.to_vec()?)
}

/// What the program prints.
fn run(module: &[u8]) -> Result<Vec<u8>> {
    let engine = Engine::default();
    let module = Module::new(&engine, module)?;
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    let stdout = MemoryOutputPipe::new(1 << 16);
    let wasi = WasiCtxBuilder::new().stdout(stdout.clone()).build_p1();
    let mut store = Store::new(&engine, wasi);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
    Ok(stdout.contents().to_vec())
}

/// Runs `wasm-opt` with the features that the modules need; `None` if it is not installed.
fn wasm_opt(module: &[u8], arguments: &[&str]) -> Result<Option<Vec<u8>>> {
    let Some(mut wasm_opt) = tools::binaryen("wasm-opt") else { return Ok(None) };
    let directory = TempDir::new()?;
    let (before, after) = (directory.path().join("in.wasm"), directory.path().join("out.wasm"));
    fs::write(&before, module)?;
    let output =
        wasm_opt.args(arguments).args([before.as_path(), Path::new("-o"), &after]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(fs::read(&after)?))
}

/// What the tool reads as `/f`.
fn cat(module: &[u8]) -> Result<Vec<u8>, wasm_vfs::Error> {
    let mut packed = PackedModule::from_reader(std::io::Cursor::new(module))?;
    let index = packed.tree().lookup(b"/f", FinalSymlink::Follow)?;
    let mut contents = Vec::new();
    packed.copy_contents(index, &mut contents)?;
    Ok(contents)
}

/// The lengths of a module's data segments.
fn segment_lengths(module: &[u8]) -> Result<Vec<usize>> {
    let mut lengths = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::DataSection(section) = payload? {
            for data in section {
                lengths.push(data?.data.len());
            }
        }
    }
    Ok(lengths)
}

/// After `wasm-opt` the segments have other numbers and other lengths: the contents are found all the same, also where the segment
/// that has their number now is as long as they are.
#[test]
fn contents_are_found_after_wasm_opt() -> Result<()> {
    for form in FORMS {
        let before = packed(b"hello\n", form)?;
        let Some(optimised) = wasm_opt(&before, &["-O2"])? else { return Ok(()) };
        assert_eq!(run(&optimised)?, b"hello\n", "{form}");
        assert_eq!(cat(&optimised)?, b"hello\n", "{form}");
        let number = PackedModule::from_reader(std::io::Cursor::new(&before))?;
        let number = number.section().contents_segment.index();
        let Some(&len) = segment_lengths(&optimised)?.get(number) else { continue };
        let contents = vec![b'7'; len];
        let optimised = wasm_opt(&packed(&contents, form)?, &["-O2"])?;
        let optimised = optimised.context("wasm-opt is gone")?;
        assert_eq!(cat(&optimised)?, contents, "{form}: {len} bytes");
        assert!(segment_lengths(&optimised)?.contains(&len), "{form}");
    }
    Ok(())
}

/// What `wasm-opt` has changed is not packed again: its program cannot be told from the filesystem. It is even so when
/// nothing is optimised and only the encoding differs.
#[test]
fn what_wasm_opt_changed_is_not_packed_again() -> Result<()> {
    for form in FORMS {
        for arguments in [&["--reorder-functions"][..], &[]] {
            let Some(changed) = wasm_opt(&packed(b"hello\n", form)?, arguments)? else {
                return Ok(());
            };
            let again = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", changed));
            let error = again.map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "{form} {arguments:?}");
            assert!(error.to_string().contains("another tool changed it since"), "{error}");
        }
    }
    Ok(())
}

/// A rootfs module that `wasm-opt` has changed is linked with the contents that it had.
#[test]
fn an_optimised_rootfs_module_is_linked() -> Result<()> {
    let directory = TempDir::new()?;
    let (image, optimised) =
        (directory.path().join("image.wasm"), directory.path().join("optimised.wasm"));
    Packer::new(TreeBuilder::new().file("/f", "hello\n")).bake()?.write(&image)?;
    let Some(module) = wasm_opt(&fs::read(&image)?, &["-O2"])? else { return Ok(()) };
    fs::write(&optimised, module)?;
    let rootfs = Rootfs::open(&optimised)?;
    for form in FORMS {
        let linked =
            rootfs.link(Program::bytes("app", wat::parse_str(PROGRAM)?), form)?.to_vec()?;
        assert_eq!(run(&linked)?, b"hello\n", "{form}");
        assert_eq!(cat(&linked)?, b"hello\n", "{form}");
    }
    Ok(())
}
