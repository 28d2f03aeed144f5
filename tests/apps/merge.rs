//! Linking with Binaryen: the README's recipe, executed as it stands there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs_tests::engine::{Engine, Invocation};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound};

/// What comes before the recipe in the README.
const MARK: &str = "<!-- The test tests/apps/merge.rs runs this as it stands. -->";

/// The commands of the recipe: all shell blocks from the mark to the end of its section.
fn recipe() -> Result<String> {
    let readme = std::fs::read_to_string(tools::test_data("../README.md"))?;
    let (_, rest) = readme.split_once(MARK).context("the README has no recipe")?;
    let section = rest.split("\n### ").next().unwrap_or_default();
    let blocks: Vec<_> = section
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("```").map(|(commands, _)| commands))
        .collect();
    ensure!(blocks.len() == 2, "the recipe has {} blocks", blocks.len());
    Ok(blocks.concat())
}

/// Follows the recipe in a directory that has `app.wasm` and `site/`.
fn follow(directory: &Path, binaryen: &Path) -> Result<()> {
    // Built with the whole workspace, as `cargo xtask test` does; building it here might build all of wasmtime again.
    let tool = tools::target().join("debug/wasm-vfs");
    ensure!(tool.exists(), "there is no {}: run `cargo build -p wasm-vfs`", tool.display());
    let paths = [tools::target().join("debug"), binaryen.join("bin")];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&path)))?;
    let shell = Command::new("sh")
        .args(["-euxc", &recipe()?])
        .current_dir(directory)
        .env("PATH", path)
        .output()?;
    ensure!(shell.status.success(), "{}", String::from_utf8_lossy(&shell.stderr));
    Ok(())
}

/// A program of `tests/guests/`, merged and then optimised as the README says, is what it is on a host directory.
fn check(name: &'static str, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    let Some(program) = tools::guest(name) else { return Ok(()) };
    let Some(binaryen) = tools::installed("npm/binaryen") else { return Ok(()) };
    let directory = TempDir::new()?;
    let site = directory.path().join("site");
    std::fs::create_dir(&site)?;
    trees::for_guests(&site)?;
    std::fs::copy(&program, directory.path().join("app.wasm"))?;
    follow(directory.path(), &binaryen)?;
    let app = App::new(name, &program, trees::for_guests)?;
    let reference = app.on_host(invocation)?;
    assert_sound(&reference, status, stdout_has);
    let merged = directory.path().join("merged.wasm");
    let optimized = directory.path().join("optimized.wasm");
    for module in [&merged, &optimized] {
        assert_eq!(Wasmtime.run(module, invocation)?, reference, "{}", module.display());
    }
    let bytes = |path: &Path| Ok::<_, anyhow::Error>(std::fs::metadata(path)?.len());
    assert!(bytes(&optimized)? < bytes(&merged)?, "what nothing reaches is still there");
    Ok(())
}

#[test]
fn rust() -> Result<()> {
    check("rust-fs", &Invocation::of("rust-fs"), 0, "== working directory")
}

#[test]
fn c() -> Result<()> {
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    check("c-fs", &invocation, 7, "stdin: second line")
}
