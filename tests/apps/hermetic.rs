//! Hermetic programs import nothing: they run on engines that have no WASI at all, and what they leave behind is read
//! through the host interface. Each engine of the registry gets the bytes and nothing else.

use anyhow::{Context, Result};
use tempfile::TempDir;
use wasm_vfs::{ConfigFile, Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Outcome};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::matrix::{self, Weight, World};
use wasm_vfs_tests::tools;

const POLICY: &str = "hermetic = true\narg = ['world', 'one', 'exit=7']\nenv = ['A=1']";

/// What the record calls the program.
const NAME: &str = "world";

/// Packs the guest, with a file in its tree: its bytes are read in place, as in every packed program.
fn pack(form: Form, output: &std::path::Path) -> Result<Option<()>> {
    let Some(program) = tools::guest(NAME) else { return Ok(None) };
    let files = TempDir::new()?;
    std::fs::write(files.path().join("input"), "from the tree")?;
    let policy = ConfigFile::parse(POLICY)?.policy;
    let tree = TreeBuilder::new().dir(files.path(), "/work");
    Packer::new(tree)
        .form(form)
        .policy(policy)
        .pack(Program::file(program))
        .and_then(|packed| packed.write(output))?;
    Ok(Some(()))
}

#[test]
fn it_runs_on_engines_without_wasi() -> Result<()> {
    let directory = TempDir::new()?;
    let packed = |form| directory.path().join(format!("{form:?}.wasm"));
    for form in [Form::Portable, Form::Isolated] {
        if pack(form, &packed(form))?.is_none() {
            return Ok(());
        }
    }
    let expected = Wasmtime.run_hermetic(&packed(Form::Portable)).context("wasmtime")?;
    assert_eq!(expected.status, Some(7));
    assert_eq!(expected.stderr, b"to stderr\n");
    let told = String::from_utf8(expected.stdout.clone())?;
    for line in [
        r#"arguments ["world", "one", "exit=7"]"#,
        r#"environment [("A", "1")]"#,
        // Files that were written before have read the clock too: a millisecond each time.
        "realtime 946684800004000000 then 1000000",
        "slept 30 ms true",
        r#"stdin """#,
        "sched_yield 0",
        // NOTSOCK; the null device is ready, and has its end to read.
        "sock_shutdown 57",
        "poll 0 1 token 5 error 0",
    ] {
        assert!(told.lines().any(|told| told == line), "no {line:?} in\n{told}");
    }
    let mut differences = Vec::new();
    for spot in matrix::spots(Weight::Light) {
        let run = |engine: &dyn Engine| engine.run_hermetic(&packed(spot.form));
        let same = |outcome: &Outcome| {
            if *outcome == expected { Ok(()) } else { Err(format!("{outcome:?}")) }
        };
        differences.extend(matrix::put_to(&spot, World::Nothing, NAME, run, same).err());
    }
    assert!(differences.is_empty(), "expected {expected:?}\n\n{}", differences.join("\n"));
    Ok(())
}
