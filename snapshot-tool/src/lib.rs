//! Packs WASI programs with their files: one `.wasm` that needs no directory where it runs.
//!
//! ```
//! use wasm_vfs::{Packer, Program, TreeBuilder};
//!
//! # let directory = tempfile::tempdir()?;
//! # std::env::set_current_dir(&directory)?;
//! # std::fs::create_dir("site")?;
//! # std::fs::write("server.wasm", wat::parse_str(wasm_vfs::doc::PROGRAM)?)?;
//! let tree = TreeBuilder::new().dir("site", "/www").exclude("*.map");
//! Packer::new(tree).pack(Program::file("server.wasm"))?.write("server-packed.wasm")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that the command `wasm-vfs` does is here, for build scripts and other tools:
//!
//! * [`TreeBuilder`] says what goes into the tree and reads it from the disk. [`Policy`] says what else the program sees. [`Packer`]
//!   packs a [`Program`] with both, in a [`Form`], as a module or a component; [`Packed`] is the result, to be written.
//! * [`Rootfs`] is a tree that is baked once and linked with several programs.
//! * [`PackedModule`] looks into a packed module, and takes the tree out again.
//! * [`oci`] makes an OCI artifact of a packed program, for registries and containers.
//! * [`compare`] finds the differences of two trees, and [`Commit`] packs a program again with the state that a run has left.
//! * [`Runner`] runs a packed program under wasmtime. [`embed`] is for a wasmtime of your own: [`embed::HostApi`] puts files
//!   into the tree before the program starts and gets results out after it has ended; [`embed::RunTimeLinker`] binds a baked
//!   filesystem to a program without linking them.
//! * [`Error`] has an [`ErrorKind`] for programs and a text for people. [`Progress`] hears of the work.
//!
//! # Features
//!
//! All are on by default; a library that only packs needs none (`default-features = false`).
//!
//! | feature | what it adds |
//! |---|---|
//! | `run` | [`Runner`], [`embed`] and [`Preinit`], with the crate `wasmtime-wasi` |
//! | `registry` | [`oci::Registry`], with the crates `oci-client` and `rustls` |
//! | `cli` | the command `wasm-vfs`, with the crates `clap` and `indicatif` |
//!
//! # How it is made
//!
//! ```text
//! directories of the disk --gather--> tree --bake (core module)--> baked core module
//!     --lower--> rootfs module --link (program)--> packed program --output--> file
//! ```
//!
//! Packing works on Unix systems: modes, owners and links are read and restored as they are there.
#![forbid(unsafe_code)]

// A folder uses only the folders above it:
//
// | folder | what |
// |---|---|
// | `preview1` | WASI as data |
// | `wasm` | WebAssembly, nothing of ours |
// | `tree` | a tree as data, and the manifest that encodes it |
// | `disk` | files and directories of the disk: opening, watching, filling, replacing |
// | `policy` | what the program may see: what was asked, and what holds |
// | `packed` | the written file, and reading it back |
// | `oci` | programs as artifacts of registries |
// | `adapter` | the filesystem's module until it can be linked |
// | `gather` | directories, archives and packed modules become a tree and the plan of its contents |
// | `host_api` | the tree of a program that runs under wasmtime |
// | `link` | program and rootfs module become one module |
// | `pack` | from end to end |
// | `state` | trees compared, and layers that were made for one tree |
// | `run`, `sdk` | what wasmtime runs; headers and a library for C |
// | `cli` | the command line |

mod adapter;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod disk;
mod error;
mod format;
mod gather;
#[cfg(feature = "run")]
mod host_api;
#[doc(hidden)]
pub mod link;
mod linux_calls;
pub mod oci;
mod output;
mod pack;
mod packed;
pub mod policy;
mod preview1;
mod progress;
mod quote;
#[cfg(feature = "run")]
mod run;
#[cfg(feature = "cli")]
mod sdk;
mod state;
pub mod tree;
mod wasm;

pub use disk::new_entry::Existing;
pub use error::{Error, ErrorKind};
pub use gather::builder::TreeBuilder;
pub use gather::ignore_rules::IGNORE_FILE;
pub use gather::image::source::OciImage;
pub use gather::owner::Owner;
pub use link::Summary;
pub use output::Destination;
pub use pack::Packer;
pub use pack::input::Program;
#[cfg(feature = "run")]
pub use pack::preinit::Preinit;
pub use pack::report::{Printed, Report};
pub use pack::rootfs::{CallsModule, Packed, Rootfs, RunTimeShims};
pub use packed::component::Interfaces;
pub use packed::form::{Form, ModuleForm};
pub use packed::packed_module::PackedModule;
#[doc(inline)]
pub use policy::Policy;
pub use policy::file::{ConfigFile, TreeKeys};
pub use progress::{Progress, Stage};
#[cfg(feature = "run")]
pub use run::Runner;
#[cfg(feature = "run")]
pub use run::imports::UnknownImports;
#[cfg(feature = "run")]
pub use run::limits::stop_handle::StopHandle;
#[cfg(feature = "run")]
pub use run::outcome::Outcome;
pub use state::change::{Aspect, Change, ChangeKind};
pub use state::commit::Commit;
pub use state::compare::compare;
pub use state::tree_digest::TreeDigest;
pub use wasm_vfs_core::{Errno, FileType};

/// Reaching the tree of a program that runs in a wasmtime of your own.
#[cfg(feature = "run")]
pub mod embed {
    pub use wasm_vfs_core::{Change, ChangeKind, Differences};

    pub use crate::host_api::{DirEntry, FileStatus, HostApi};
    pub use crate::run::at_run_time::{Bound, RunTimeLinker};
    pub use crate::run::events::add_events_to_linker;
}

/// What the examples of these pages pack.
#[doc(hidden)]
pub mod doc {
    /// A program that opens nothing and returns.
    pub const PROGRAM: &str = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")))"#;
}

/// The parts behind the public items, for the project's own tests and benchmarks. No promise is made of them.
#[doc(hidden)]
pub mod internals {
    pub use crate::adapter::{bake, lower, rootfs_module, shims};
    pub use crate::packed::{contents_source, hollow, program_part, section};
    pub use crate::wasm::{features, index, verify};
}
