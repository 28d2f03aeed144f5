//! fs-core against the running Linux kernel: the tables in `rows/`, random sequences, and listings
//! of directories that change.
//!
//! How calls are written, and the worlds that make them, is the package `tests/posix`. It needs no
//! engine, so these are tests of fs-core, which build in seconds; `tests/linux` holds packed
//! programs to the same tables. All but the listings also runs with mappings in the memory of a
//! program ([`in_program`]).

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "`pub` is what a test's own modules show each other")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of calls are words that are read one way or the other"
)]

mod directories;
mod in_program;
#[path = "../program/mod.rs"]
mod program;

use wasm_vfs_test_posix::core_fs::CoreFs;
use wasm_vfs_test_posix::differential::{self, Other, limit_memory};
use wasm_vfs_test_posix::rows;

/// How many seeds there are.
const SEEDS: u64 = 240;

#[test]
fn rows_hold_on_linux_and_here() {
    rows::check(&rows::all(), "fs-core", CoreFs::new);
}

#[test]
fn random_sequences_do_the_same_on_linux_and_here() {
    limit_memory();
    differential::compare(SEEDS, &Other { name: "fs-core", make: CoreFs::new, can: |_| true });
}
