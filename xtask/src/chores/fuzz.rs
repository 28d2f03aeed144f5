//! `cargo xtask fuzz`: the coverage-guided fuzz targets in `fuzz/`, each for a while.
//!
//! It installs cargo-fuzz and a nightly compiler. fs-core has no unsafe code, so there is no
//! sanitizer: the targets look for panics, overflows, broken invariants and endless loops. An input
//! that fails stays in `fuzz/artifacts`, the corpus in `fuzz/corpus` for the next run.

use std::process::Command;

use anyhow::Result;

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
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Calls => "calls",
            Target::Manifest => "manifest",
            Target::PathWalk => "path_walk",
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    rustup::ensure_nightly()?;
    CARGO_FUZZ.ensure()?;
    let all = [Target::Calls, Target::Manifest, Target::PathWalk];
    let targets = if options.target.is_empty() { &all[..] } else { &options.target };
    for target in targets {
        let mut fuzz = Command::new(CARGO_FUZZ.path());
        fuzz.args(["run", "--sanitizer", "none", "--target-dir"]);
        fuzz.arg(workspace::target().join("fuzz")).arg(target.name()).arg("--");
        fuzz.arg(format!("-max_total_time={}", options.seconds));
        // Seconds for one input, and a line less for each that is new.
        fuzz.args(["-timeout=20", "-print_final_stats=1", "-verbosity=0"]);
        fuzz.current_dir(workspace::root());
        process::run(rustup::with_nightly(&mut fuzz))?;
        println!("fuzz: {} for {} s, nothing found", target.name(), options.seconds);
    }
    Ok(())
}
