//! Real programs, unmodified: each is packed with its files in both forms and run with no directory of the host, on
//! every engine that can; what it prints must be what it prints on a host directory.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod devices;
mod engines;

mod at_run_time;
mod clang;
mod cpython;
mod guests;
mod hermetic;
mod merge;
mod php;
mod policy;
mod preinit;
mod repack;
mod ruby;
mod threads;
mod toolchains;
mod wizened;
mod yosys;
