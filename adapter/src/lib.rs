//! `wasi_snapshot_preview1`, served from a filesystem in wasm memory.
//!
//! This crate is compiled for `wasm32-unknown-unknown` into the adapter's *core form*: an ordinary module with one
//! memory, which a linker then joins to a program (DESIGN.md says how). It exports the preview1 functions that have to do with
//! files, and answers them from a [`wasm_vfs_core::Fs`]; standard streams, clocks and waiting stay the host's.
//!
//! # Map
//!
//! | module | what |
//! |---|---|
//! | `exports` | the preview1 functions, a file for each family |
//! | `user` | the program's memory: the only code that touches its pointers |
//! | `host` | what the host still provides |
//! | `state` | the filesystem, the process, and what was chosen when the program was packed |
//! | `settings`, `clock` | those choices |
//! | `host_api` | how an embedder reaches the tree: the exports `wasm_vfs_*` |
//! | `errno`, `convert`, `rights` | Linux's words to preview1's |
//! | `preopens` | what a program finds open |
//! | `mounts` | directories of the host beside the tree (only with the feature of that name) |
//! | `trace` | a line for each call, where that is chosen |
//! | `bake` | how a tool fills the filesystem |
//! | `runtime` | memory and panics |
//!
//! Imports: `user` and `image`, which become instructions, and `wasi_snapshot_preview1`. No table, no indirect call.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod bake;
mod clock;
mod convert;
mod errno;
mod exports;
mod host;
mod host_api;
#[cfg(feature = "mounts")]
mod mounts;
mod preopens;
mod random;
mod rights;
mod runtime;
mod settings;
mod state;
mod text;
mod trace;
mod user;
