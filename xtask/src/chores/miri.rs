//! `cargo xtask miri`: runs the unit tests of fs-core's data structures under Miri, which
//! interprets them and watches every access.
//!
//! fs-core has no unsafe code of its own. Miri watches its use of `alloc` and `core`, arithmetic
//! that would overflow, and allocations that nobody frees.

use std::process::Command;

use anyhow::Result;

use crate::tools::rustup;
use crate::{process, workspace};

/// The modules whose data structures the rest stands on.
const SUBTLE: &[&str] = &[
    "base::slab::",
    "base::time::",
    "fs::kinds::descriptor_directory::",
    "fs::populate::",
    "manifest::",
    "objects::",
    "platform::user_memory::",
];

pub(crate) fn run() -> Result<()> {
    rustup::ensure_nightly()?;
    let mut miri = Command::new("cargo");
    miri.args(["miri", "test", "--package", "wasm-vfs-core", "--lib", "--target-dir"]);
    miri.arg(workspace::target().join("miri"))
        .args(["--", "-Zunstable-options", "--report-time"])
        .args(SUBTLE);
    miri.current_dir(workspace::root());
    process::run(rustup::with_nightly(&mut miri))
}
