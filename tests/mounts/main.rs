//! Directories of the host beside the baked tree: `--mount` and `--overlay`, in both forms, under wasmtime.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a harness that speaks the ABI"
)]

mod mount;
mod overlay;
mod puppet;
mod reentry;
