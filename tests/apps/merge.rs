//! Linking with Binaryen: the README's recipe, executed as it stands there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound};

/// What comes before the recipe in the README.
const MARK: &str = "<!-- The test tests/apps/merge.rs runs this as it stands. -->";

/// The commands of the recipe, which are the shell blocks from the mark to the end of its section: one that merges, one that optimises.
fn recipe() -> Result<[String; 2]> {
    let readme = std::fs::read_to_string(tools::test_data("../README.md"))?;
    let (_, rest) = readme.split_once(MARK).context("the README has no recipe")?;
    let section = rest.split("\n### ").next().unwrap_or_default();
    let blocks: Vec<_> = section
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("```").map(|(commands, _)| commands))
        .collect();
    let [merging, optimising] = blocks[..] else { bail!("the recipe has {} blocks", blocks.len()) };
    Ok([merging.to_owned(), optimising.to_owned()])
}

/// Executes commands in a directory that has `app.wasm` and `site/`.
fn follow(commands: &str, directory: &Path, binaryen: &Path) -> Result<()> {
    // Built with the whole workspace, as `cargo xtask test` does; building it here might build all of wasmtime again.
    let tool = tools::target().join("debug/wasm-vfs");
    ensure!(tool.exists(), "there is no {}: run `cargo build -p wasm-vfs`", tool.display());
    let paths = [tools::target().join("debug"), binaryen.join("bin")];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&path)))?;
    let shell = Command::new("sh")
        .args(["-euxc", commands])
        .current_dir(directory)
        .env("PATH", path)
        .output()?;
    ensure!(shell.status.success(), "{}", String::from_utf8_lossy(&shell.stderr));
    Ok(())
}

/// A directory in which the recipe can be followed.
fn directory(program: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<TempDir> {
    let directory = TempDir::new()?;
    let site = directory.path().join("site");
    std::fs::create_dir(&site)?;
    fill(&site)?;
    std::fs::copy(program, directory.path().join("app.wasm"))?;
    Ok(directory)
}

/// Merged as the README says, a program is what it is on a host directory. `features` are those of Binaryen's flags that
/// the program needs beside the recipe's.
///
/// Large programs are not optimised then: `wasm-opt -O3` takes minutes for each. Merging takes one,
/// so most are left to the long run.
pub(crate) fn merged_equals_host(
    program: &Path,
    fill: impl Fn(&Path) -> Result<()>,
    invocation: &Invocation,
    features: &[&str],
) -> Result<Outcome> {
    let Some(binaryen) = tools::installed("npm/binaryen") else {
        bail!("Binaryen is not installed: run `cargo xtask setup`");
    };
    let directory = directory(program, &fill)?;
    let [merging, _] = recipe()?;
    let more = format!("FEATURES=\"{} ", features.join(" "));
    follow(&merging.replacen("FEATURES=\"", &more, 1), directory.path(), &binaryen)?;
    let host = TempDir::new()?;
    fill(host.path())?;
    let reference = Wasmtime.run(program, &invocation.clone().on_host(host.path()))?;
    let merged = Wasmtime.run(&directory.path().join("merged.wasm"), invocation)?;
    assert_eq!(merged, reference);
    Ok(reference)
}

/// A program of `tests/guests/`, merged and then optimised as the README says, is what it is on a host directory.
fn check(name: &'static str, invocation: &Invocation, status: i32, stdout_has: &str) -> Result<()> {
    let Some(program) = tools::guest(name) else { return Ok(()) };
    let Some(binaryen) = tools::installed("npm/binaryen") else { return Ok(()) };
    let directory = directory(&program, trees::for_guests)?;
    follow(&recipe()?.concat(), directory.path(), &binaryen)?;
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

#[test]
fn go() -> Result<()> {
    let Some(program) = tools::guest("go-fs") else { return Ok(()) };
    let invocation = Invocation::of("go-fs");
    let outcome = merged_equals_host(&program, trees::for_guests, &invocation, &[])?;
    assert_sound(&outcome, 0, "== concurrently\n160 <nil>");
    Ok(())
}
