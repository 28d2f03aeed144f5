//! The tests of `adapter` on its other build, the one that knows directories of the host.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a harness")]

#[path = "../adapter/main.rs"]
mod adapter;
