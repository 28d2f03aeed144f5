//! What the builds of guests share: Zig's C compiler, where sources come from, where compilers keep
//! their caches.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::pypi;
use crate::{process, workspace};

/// The compiler of a guest's language is not installed.
#[derive(Debug)]
pub(super) struct NoCompiler(pub(super) &'static str);

impl std::fmt::Display for NoCompiler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "its compiler {} is not installed", self.0)
    }
}

impl std::error::Error for NoCompiler {}

/// For a program that wants no options of its own.
pub(super) const NO_OPTIONS: &[&str] = &[];

/// Compiles `main.c` in `source` with Zig's C compiler: for size, unless the options say something
/// else, for of what it has that is the quickest. It builds its libc once for all that say the same.
pub(crate) fn zig_cc(source: &Path, output: &Path, options: &[impl AsRef<OsStr>]) -> Result<()> {
    zig_cc_of(&pypi::packages(), "zig", source, output, options)
}

/// As [`zig_cc`], with the Zig among these packages.
pub(super) fn zig_cc_of(
    packages: &Path,
    cache: &str,
    source: &Path,
    output: &Path,
    options: &[impl AsRef<OsStr>],
) -> Result<()> {
    let mut cc = zig_of(packages, cache)?;
    cc.args(["cc", "-target", "wasm32-wasi", "-Os", "-Wall", "-Wextra"]);
    cc.args(options).arg(source.join("main.c")).arg("-o").arg(output);
    process::run(&mut cc)
}

/// The Zig among these packages, with a cache of its own.
pub(crate) fn zig_of(packages: &Path, cache: &str) -> Result<Command> {
    if !packages.join("ziglang").is_dir() {
        return Err(NoCompiler("ziglang").into());
    }
    let mut zig = pypi::python(&["-m", "ziglang"]);
    zig.env("PYTHONPATH", packages);
    zig.env("ZIG_GLOBAL_CACHE_DIR", scratch(cache)).env("ZIG_LOCAL_CACHE_DIR", scratch(cache));
    Ok(zig)
}

/// Where cargo has the sources of a crate of the lock file that only `feature` asks for.
pub(super) fn crate_source(name: &str, feature: &str) -> Result<PathBuf> {
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

/// Where a compiler keeps what it made on the way.
pub(super) fn scratch(compiler: &str) -> PathBuf {
    workspace::guests().join("build").join(compiler)
}
