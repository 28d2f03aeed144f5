//! `cargo xtask fuzz`: the coverage-guided fuzz targets in `fuzz/`, each for a while.
//!
//! It installs cargo-fuzz and a nightly compiler. fs-core and the tool have no unsafe code, so there
//! is no sanitizer: the targets look for panics, overflows, broken invariants, endless loops and
//! memory taken for what an input only claims. An input that fails stays in `fuzz/artifacts`, the
//! corpus in `fuzz/corpus` for the next run.

use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use crate::tools::cargo_install::Program;
use crate::tools::rustup;
use crate::{process, workspace};

const CARGO_FUZZ: Program = Program { name: "cargo-fuzz", version: "0.13.2" };

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to fuzz [default: all targets, one after the other].
    #[arg(value_enum)]
    target: Vec<Target>,
    /// How long to fuzz each target, in seconds.
    #[arg(long, default_value_t = 300)]
    seconds: u32,
}

#[derive(Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Target {
    /// Sequences of calls by several processes.
    Calls,
    /// Manifests.
    Manifest,
    /// Paths and symbolic links.
    PathWalk,
    /// Packed modules, looked into.
    Inspect,
    /// Packed modules, listed.
    Ls,
    /// Packed modules, written as archives.
    Export,
    /// Packed modules, written to the disk.
    Extract,
    /// Programs, to be packed.
    Pack,
    /// Rootfs modules, to be linked with a program.
    Link,
    /// Packed modules, to be packed again.
    Repack,
}

impl Target {
    /// Its name in `fuzz/`, which is that of the command line.
    fn name(self) -> Result<String> {
        let value = self.to_possible_value().context("a target has no name")?;
        Ok(value.get_name().to_owned())
    }

    /// The longest input in bytes: modules begin with a few kB, and libFuzzer gives no more by itself.
    fn most_bytes(self) -> u32 {
        match self {
            Target::Calls | Target::Manifest | Target::PathWalk => 4 << 10,
            _ => 32 << 10,
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    rustup::ensure_nightly()?;
    CARGO_FUZZ.ensure()?;
    let all = Target::value_variants();
    let targets = if options.target.is_empty() { all } else { &options.target };
    for target in targets {
        let name = target.name()?;
        let mut fuzz = Command::new(CARGO_FUZZ.path());
        fuzz.args(["run", "--sanitizer", "none", "--target-dir"]);
        fuzz.arg(workspace::target().join("fuzz")).arg(&name).arg("--");
        fuzz.arg(format!("-max_total_time={}", options.seconds));
        fuzz.arg(format!("-max_len={}", target.most_bytes()));
        // Seconds for one input, and a line less for each that is new.
        fuzz.args(["-timeout=20", "-print_final_stats=1", "-verbosity=0"]);
        fuzz.current_dir(workspace::root());
        process::run(rustup::with_nightly(&mut fuzz))?;
        println!("fuzz: {name} for {} s, nothing found", options.seconds);
    }
    Ok(())
}
