//! Drives the built `wasm-vfs` as a person does: every command, every kind of bad input.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod archives;
mod attributes;
mod changed;
mod component;
mod damaged;
mod deep;
mod devices;
mod disk;
mod errors;
mod host_dir;
mod hostile_archives;
mod hostile_zips;
mod images;
mod inside;
mod invoke;
mod layers;
mod limits;
mod names;
mod oci;
mod pack;
mod policy;
mod preinit;
mod rebase;
mod registry;
mod repack;
mod run;
mod sandbox;
mod save;
mod sdk;
mod signals;
mod sources;
mod sparse;
mod states;
mod sync;
mod take_out;
mod trace;
mod transfer;
mod tree;
mod zips;
