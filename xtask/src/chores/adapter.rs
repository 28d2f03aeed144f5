//! `cargo xtask adapter`: builds the adapter's core modules, reproducibly.
//!
//! The results are checked in as `snapshot-tool/assets/adapter.wasm`, `adapter-lean.wasm`,
//! `adapter-mounts.wasm` and `adapter-calls.wasm`, so that the tool installs without a wasm target.
//! The second is for programs that are packed without the host interface, the third for those with
//! directories of the host, the fourth for those that make Linux's calls: others pay for none of
//! them. Everything that decides its bytes is here:
//! the compiler is pinned by rust-toolchain.toml, the dependencies by Cargo.lock, the profile is
//! `adapter` in the workspace's Cargo.toml, the flags are `FLAGS`, and paths of the machine that
//! builds it are remapped. What the compiler gives goes through Binaryen's `wasm-opt`, pinned by
//! npm.lock. `--check` proves it: it builds from source and compares.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::tools::{npm, rustup};
use crate::{process, workspace};

const TARGET: &str = "wasm32-unknown-unknown";

/// The flags beside those of the profile.
const FLAGS: &[&str] = &[
    // The shadow stack: rustc's default is 1 MiB, and all of it would be part of every packed
    // program's memory.
    "-Clink-arg=-zstack-size=65536",
    // A stack overflow runs off address 0 and traps, rather than into the inode tables.
    "-Clink-arg=--stack-first",
    "-Clink-arg=--no-entry",
    // Numbers in as few bytes as they need, instead of five each for the toolchain's linker to fill
    // in.
    "-Clink-arg=--compress-relocations",
    // Measured: what `opt-level = 3` inlines beyond this makes a seek and a read a fifth faster and
    // the file a sixth larger, past the ceiling.
    "-Cllvm-args=-inline-threshold=10 -inlinehint-threshold=150 -unroll-threshold=20",
];

/// What the compiler leaves to be had: a fourteenth of the bytes.
const OPTIMISER: &[&str] = &[
    // What rustc uses of WebAssembly, and no more: every engine must take the result.
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "-Oz",
    "--converge",
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing: fail if a checked-in file is not what the source gives.
    #[arg(long)]
    check: bool,
}

/// A build of the adapter.
struct Build {
    /// Its file in `snapshot-tool/assets`.
    file: &'static str,
    /// The features of the crate.
    features: &'static [&'static str],
}

const BUILDS: [Build; 4] = [
    Build { file: "adapter.wasm", features: &["host-interface"] },
    Build { file: "adapter-lean.wasm", features: &[] },
    Build { file: "adapter-mounts.wasm", features: &["host-interface", "mounts"] },
    Build { file: "adapter-calls.wasm", features: &["calls", "host-interface"] },
];

pub(crate) fn run(options: &Options) -> Result<()> {
    rustup::ensure_targets(&[TARGET])?;
    let binaryen =
        npm::ensure_one("binaryen").context("Binaryen, which makes the adapter small")?;
    let wasm_opt = &binaryen.join("bin/wasm-opt");
    // Compiling and optimising use one processor each: one is compiled while others are optimised.
    let built = thread::scope(|scope| {
        let started: Vec<_> = BUILDS
            .iter()
            .map(|build| {
                let module = build.compile()?;
                Ok(scope.spawn(move || optimise(wasm_opt, &module)))
            })
            .collect::<Result<_>>()?;
        started.into_iter().map(process::join).collect::<Result<Vec<_>>>()
    })?;
    BUILDS.iter().zip(built).try_for_each(|(build, built)| build.conclude(&built, options))
}

impl Build {
    /// Writes what was built, or compares it with what is checked in.
    fn conclude(&self, built: &[u8], options: &Options) -> Result<()> {
        let asset = assets().join(self.file);
        println!("{}: {} bytes", self.file, built.len());
        if options.check {
            let checked_in =
                fs::read(&asset).with_context(|| format!("cannot read {}", asset.display()))?;
            if checked_in != built {
                bail!(
                    "snapshot-tool/assets/{} ({} bytes) is not what the source gives ({} bytes): run `cargo xtask \
                     adapter` and commit the result",
                    self.file,
                    checked_in.len(),
                    built.len()
                );
            }
            println!("snapshot-tool/assets/{} equals the fresh build, byte for byte", self.file);
            return Ok(());
        }
        fs::create_dir_all(assets())?;
        // Cargo rebuilds the tool when the file's time changes, so an equal file is left alone.
        if fs::read(&asset).ok().as_deref() != Some(built) {
            fs::write(&asset, built)
                .with_context(|| format!("cannot write {}", asset.display()))?;
        }
        Ok(())
    }
}

/// Where the core modules are checked in.
fn assets() -> PathBuf {
    workspace::root().join("snapshot-tool/assets")
}

impl Build {
    /// Compiles the adapter; where the module is.
    fn compile(&self) -> Result<PathBuf> {
        let mut flags: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        flags.push(format!("--remap-path-prefix={}=wasm-vfs", workspace::root().display()));
        flags.push(format!("--remap-path-prefix={}=cargo", cargo_home()?.display()));
        let features = self.features.join(",");
        let mut cargo = process::cargo(&[
            "build",
            "--quiet",
            "--package",
            "wasm-vfs-adapter",
            "--profile",
            "adapter",
            "--target",
            TARGET,
            "--features",
            &features,
        ]);
        // The encoded form allows blanks in paths, and it wins over RUSTFLAGS and configuration
        // files of the user.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        process::run(&mut cargo)?;
        let built = workspace::target().join(TARGET).join("adapter/wasm_vfs_adapter.wasm");
        // The next build has the same name.
        let module = built.with_file_name(self.file);
        fs::copy(&built, &module).with_context(|| format!("cannot copy {}", built.display()))?;
        Ok(module)
    }
}

/// Runs a module through `wasm-opt` and takes the custom sections out.
fn optimise(wasm_opt: &Path, module: &Path) -> Result<Vec<u8>> {
    let optimised = module.with_extension("optimised.wasm");
    process::run(Command::new(wasm_opt).args(OPTIMISER).arg(module).arg("-o").arg(&optimised))?;
    let module =
        fs::read(&optimised).with_context(|| format!("cannot read {}", optimised.display()))?;
    without_custom_sections(&module)
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::home_dir().context("no home directory: set CARGO_HOME")?;
    Ok(home.join(".cargo"))
}

/// The bytes before a module's first section: magic number and version.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";

/// Copies a module without its custom sections (names, producers, target features): only what runs
/// is left.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let mut rest =
        module.strip_prefix(PREAMBLE).context("cargo did not build a core wasm module")?;
    let mut lean = PREAMBLE.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, contents) = leb128_u32(after_id).context("a section's size is cut off")?;
        let (_, after) = contents.split_at_checked(size).context("a section is cut off")?;
        let section_bytes = rest.len() - after.len();
        if id != 0 {
            lean.extend_from_slice(&rest[..section_bytes]);
        }
        rest = after;
    }
    Ok(lean)
}

/// Reads an unsigned LEB128 number of at most 32 bits; returns it and what follows.
fn leb128_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (position, &byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[position + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_and_the_rest_stays() {
        let mut module = PREAMBLE.to_vec();
        module.extend_from_slice(&[0, 3, 1, b'x', 7]); // custom "x"
        module.extend_from_slice(&[1, 0x81, 0x80, 0, 0]); // types, none; its size padded as linkers do
        module.extend_from_slice(&[0, 2, 1, b'y']); // custom "y"
        let lean = without_custom_sections(&module).expect("the module is well formed");
        assert_eq!(&lean[PREAMBLE.len()..], &[1, 0x81, 0x80, 0, 0]);
    }

    #[test]
    fn a_cut_off_section_is_an_error() {
        let mut module = PREAMBLE.to_vec();
        module.extend_from_slice(&[1, 4, 0]);
        assert!(without_custom_sections(&module).is_err());
    }
}
