//! `wasi_snapshot_preview1`, served from a filesystem in wasm memory.
//!
//! This crate is compiled for `wasm32-unknown-unknown` into the adapter's *core module*: an
//! ordinary module with one memory, which a linker then joins to a program (DESIGN.md says how). It
//! exports the preview1 functions that have to do with files, and answers them from a
//! [`wasm_vfs_core::Fs`]; standard streams, clocks and waiting stay the host's.
//!
//! # Map
//!
//! Each folder uses those above it in this table, and none below.
//!
//! | module | what |
//! |---|---|
//! | `defect`, `errno`, `bytes` | what cannot be; Linux's error numbers in preview1's words; texts without `core::fmt` |
//! | `one_thread` | what outlives a call, and what becomes of a call that another one interrupts |
//! | `runtime` | what a program without a standard library brings itself: the heap, an end to panics |
//! | `memory` | the program's memory: the only code that touches its pointers |
//! | `abi` | preview1 as numbers: layouts, flags, rights, the host's functions |
//! | `foreign` | files and directories that are the host's |
//! | `platform` | how the filesystem asks the host for time, random numbers, and bytes |
//! | `kernel` | the one filesystem and the one process, and what was chosen when the program was packed |
//! | `mounts` | calls that lead to directories of the host (feature `mounts`; else its absent twin) |
//! | `exports` | the preview1 functions, a file for each family |
//! | `calls` | Linux's calls, a file for each family (feature `calls`) |
//! | `host_api` | how an embedder reaches the tree: the exports `wasm_vfs_*` |
//! | `trace` | a line for each call, where that is chosen |
//! | `events` | tells an embedder of changes and syncs, where that is chosen (feature `host-interface`) |
//! | `bake` | how a tool fills the filesystem |
//!
//! Imports: `user` and `contents`, which become instructions, `wasi_snapshot_preview1`, and where it
//! is chosen `wasm_vfs_events`. No table, no indirect call.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod abi;
mod bake;
mod bytes;
#[cfg(feature = "calls")]
mod calls;
mod defect;
mod errno;
#[cfg(feature = "host-interface")]
mod events;
mod exports;
mod foreign;
#[cfg_attr(not(feature = "host-interface"), path = "host_api/absent.rs")]
mod host_api;
mod kernel;
mod memory;
mod mounts;
mod one_thread;
mod platform;
mod runtime;
mod trace;
