//! Drives the built `wasm-vfs` as a person does: every command, every kind of bad input.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod archives;
mod changed;
mod component;
mod damaged;
mod deep;
mod devices;
mod disk;
mod errors;
mod host_dir;
mod hostile_archives;
mod inside;
mod invoke;
mod limits;
mod names;
mod pack;
mod policy;
mod preinit;
mod repack;
mod run;
mod sandbox;
mod sdk;
mod sources;
mod sparse;
mod take_out;
mod trace;
mod transfer;
mod tree;
