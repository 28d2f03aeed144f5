//! Drives the built `wasm-vfs` as a person does: every command, every kind of bad input.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod devices;
mod errors;
mod host_dir;
mod inside;
mod invoke;
mod limits;
mod pack;
mod policy;
mod preinit;
mod repack;
mod run;
mod sandbox;
mod take_out;
mod trace;
mod transfer;
mod tree;
