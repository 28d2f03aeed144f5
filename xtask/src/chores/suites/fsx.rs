//! `cargo xtask fsx`: runs the File System eXerciser on a mount of fs-core, with memory mapping.
//!
//! fsx does random operations on one file and knows what every byte must be; the kernel's page
//! cache is between, so mappings, reads and writes meet in fs-core as they would on a disk
//! filesystem.
//!
//! fsx 0.3.2 never unmaps what it read through a mapping: each truncation then walks all mappings,
//! and after 65,530 of them the kernel refuses more. So many short runs do the operations, each
//! from a seed of its own.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::chores::suites::fuse_mount::{self, Mounted};
use crate::left_out::LeftOut;
use crate::tools::cargo_install::Program;
use crate::{process, workspace};

const FSX: Program = Program { name: "fsx", version: "0.3.2" };

/// How many operations one run of fsx does.
const RUN_OPERATIONS: u64 = 10_000;

/// All that fsx can do, at the sizes of its defaults.
const CONFIGURATION: &str = "
flen = 262144
[opsize]
max = 65536
[weights]
close_open = 1
read = 10
write = 10
mapread = 10
mapwrite = 10
invalidate = 1
truncate = 5
fsync = 1
fdatasync = 1
posix_fallocate = 2
punch_hole = 5
sendfile = 2
posix_fadvise = 1
copy_file_range = 5
";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The number of operations.
    #[arg(long, default_value_t = 1_000_000)]
    operations: u64,
    /// The seed of the first run of 10,000 operations. Each further run takes the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut left_out = LeftOut::default();
    fuse_mount::or_leave_out(&mut left_out, "fsx on fs-core", || exercise(options))?;
    left_out.conclude()
}

impl Options {
    /// As much as takes a few seconds, from a seed of its own.
    pub(crate) const SMOKE: Options = Options { operations: 5_000, seed: 2 };
}

/// Runs fsx on a fresh mount.
///
/// # Errors
///
/// fsx cannot be had or run, or a byte was not what it should be.
pub(crate) fn exercise(options: &Options) -> Result<()> {
    FSX.ensure()?;
    let configuration = workspace::tools().join("fsx.toml");
    fs::write(&configuration, CONFIGURATION)
        .with_context(|| format!("cannot write {}", configuration.display()))?;
    let mounted = Mounted::by_fuse("fsx")?;
    let mut left = options.operations;
    let mut seed = options.seed;
    while left > 0 {
        let operations = left.min(RUN_OPERATIONS);
        let mut fsx = Command::new(FSX.path());
        fsx.arg("-q").arg("-f").arg(&configuration);
        fsx.args(["-N", &operations.to_string(), "-S", &seed.to_string()]);
        // What it saves when it fails must outlive the mount.
        fsx.arg("-P").arg(workspace::tools()).arg(mounted.path().join("file"));
        // It says that all is well; the error of one that is not says which it was.
        process::read(&mut fsx)?;
        left -= operations;
        seed += 1;
    }
    println!(
        "fsx on fs-core: {} operations in {} runs from seed {}, no error",
        options.operations,
        seed - options.seed,
        options.seed
    );
    Ok(())
}
