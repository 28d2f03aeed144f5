//! QuickJS, which imports its modules when it is packed: each start goes on from there, on every engine.

use anyhow::{Result, ensure};
use tempfile::TempDir;
use wasm_vfs::{Form, Packer, Preinit, Program, TreeBuilder};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals};

/// What `init` prints: when it is packed, or at the start if it was not run then.
const AT_INIT: &[u8] = b"initialising: one\n";

fn fill(root: &std::path::Path) -> Result<()> {
    trees::copy(&tools::test_data("apps/data/quickjs/app"), &root.join("app"))
}

#[test]
fn starts_go_on_where_init_ended() -> Result<()> {
    let Some(program) = tools::guest("quickjs") else { return Ok(()) };
    let invocation = Invocation::of("quickjs /app/main.js Kim Ada");
    let plain = App::new("quickjs", &program, fill)?;
    let mut reference = plain.on_host(&invocation)?;
    assert_sound(&reference, 0, "Hello Kim and Ada\nprimes: 200 1223\nnext line: two\n");
    packed_equals(&reference, &plain, &invocation, &spots(Weight::Light))?;
    // With `init` run when it is packed, its line is all that is missing.
    ensure!(reference.stdout.starts_with(AT_INIT), "{reference:?}");
    reference.stdout.drain(..AT_INIT.len());
    let initialised = App::with("quickjs after init", &program, fill, |packer| {
        packer.preinit(Preinit::new("init"))
    })?;
    packed_equals(&reference, &initialised, &invocation, &spots(Weight::Light))
}

#[test]
fn it_is_the_same_each_time_and_what_it_printed_is_kept() -> Result<()> {
    let Some(program) = tools::guest("quickjs") else { return Ok(()) };
    let (root, elsewhere) = (TempDir::new()?, TempDir::new()?);
    fill(root.path())?;
    for form in [Form::Portable, Form::Isolated] {
        let packer = Packer::new(TreeBuilder::new().dir(root.path(), "/"))
            .form(form)
            .preinit(Preinit::new("init"));
        let output = elsewhere.path().join("packed.wasm");
        let packed = packer.pack(Program::file(&program))?;
        packed.write(&output)?;
        let report = packed.report();
        assert_eq!(report.printed.stdout, AT_INIT);
        assert!(report.printed.stderr.is_empty());
        let first = std::fs::read(&output)?;
        assert!(
            packer.pack(Program::file(&program)).and_then(|packed| packed.to_vec())? == first,
            "{form:?}"
        );
        let refused =
            packer.pack(Program::file(&output)).and_then(|packed| packed.to_vec()).unwrap_err();
        assert!(format!("{refused:#}").contains("pre-initialised by `init`"), "{refused:#}");
    }
    Ok(())
}

/// A script that fails while it is packed fails the packing, with the script's message.
#[test]
fn a_failing_script_is_told() -> Result<()> {
    let Some(program) = tools::guest("quickjs") else { return Ok(()) };
    let tree = TreeBuilder::new().file("/app/init.js", "import './missing.js';");
    let packer = Packer::new(tree).preinit(Preinit::new("init"));
    let error = format!(
        "{:#}",
        packer.pack(Program::file(&program)).and_then(|packed| packed.to_vec()).unwrap_err()
    );
    assert!(error.contains("`init` exited with status 1"), "{error}");
    assert!(error.contains("cannot load the module /app/missing.js"), "{error}");
    Ok(())
}
