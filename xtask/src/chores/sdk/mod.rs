//! `cargo xtask sdk`: writes the C SDK's generated header and builds its library, reproducibly.
//!
//! Both are checked in, in `snapshot-tool/sdk`, so that the tool carries them: who compiles a program
//! needs no network and no second compiler. The header comes from the table of calls. The library is
//! compiled by the zig that `cargo xtask setup` installs, whose version is pinned, with the flags
//! below. `--check` proves both: it makes them anew and compares.
//!
//! The library has WebAssembly of 2017 only, so that it takes no engine away from a program, and no
//! record of the compiler.

mod header;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::chores::guests::zig_of;
use crate::tools::pypi;
use crate::{process, workspace};

/// The flags that the sources are compiled with, beside the directories of headers.
const FLAGS: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-mcpu=mvp",
    "-std=c11",
    "-Os",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
    // Zig's own defaults, which programs do not have.
    "-fno-sanitize=undefined",
    "-fno-stack-protector",
    "-fno-ident",
    "-g0",
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing: fail if a checked-in file is not what the source gives.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    settle(options, "include/wasm_vfs.h", header::text().as_bytes())?;
    let library = build(&workspace::target().join("sdk"), &pypi::packages(), "zig")?;
    let library =
        fs::read(&library).with_context(|| format!("cannot read {}", library.display()))?;
    settle(options, "lib/libwasm_vfs.a", &library)
}

/// Where the SDK is checked in.
fn sdk() -> PathBuf {
    workspace::root().join("snapshot-tool/sdk")
}

/// Writes a file, or compares it.
fn settle(options: &Options, name: &str, made: &[u8]) -> Result<()> {
    let path = sdk().join(name);
    let there = fs::read(&path).ok();
    if there.as_deref() == Some(made) {
        println!("snapshot-tool/sdk/{name}: as it was, {} bytes", made.len());
        return Ok(());
    }
    if options.check {
        bail!(
            "snapshot-tool/sdk/{name} is not what the source gives: run `cargo xtask sdk` and commit the result"
        );
    }
    println!("snapshot-tool/sdk/{name}: {} bytes", made.len());
    fs::write(&path, made).with_context(|| format!("cannot write {}", path.display()))
}

/// Compiles the library into a directory, and returns where it is. `packages` has zig.
fn build(directory: &Path, packages: &Path, cache: &str) -> Result<PathBuf> {
    workspace::clear(directory)?;
    fs::create_dir_all(directory)?;
    let mut sources: Vec<PathBuf> = fs::read_dir(sdk().join("src"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    // The order of a directory is the disk's.
    sources.sort();
    let mut objects = Vec::new();
    for source in &sources {
        let object = directory.join(source.file_name().context("a source has a name")?);
        let object = object.with_extension("o");
        let mut cc = zig_of(packages, cache)?;
        // Paths in the objects, if there are any, are these.
        cc.arg("cc").args(FLAGS).current_dir(sdk()).args(["-I", "include", "-c"]);
        cc.arg(source.strip_prefix(sdk())?).arg("-o").arg(std::path::absolute(&object)?);
        process::run(&mut cc)?;
        objects.push(object);
    }
    let library = directory.join("libwasm_vfs.a");
    let mut ar = zig_of(packages, cache)?;
    process::run(ar.args(["ar", "rcsD"]).arg(&library).args(&objects))?;
    Ok(library)
}
