//! Packs WASI programs with their files: one `.wasm` that needs no directory of the host.
//!
//! Everything that the command `wasm-vfs` does is a function here, for build scripts and other
//! tools:
//!
//! ```no_run
//! use wasm_vfs::{Packer, TreeBuilder};
//!
//! let tree = TreeBuilder::new().dir("site", "/www").exclude("*.map");
//! Packer::new(tree).pack("server.wasm", "server-packed.wasm")?;
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! * [`TreeBuilder`] says what goes into a tree and reads it from the host, [`Packer`] packs
//!   programs with it, [`Rootfs`] is a tree baked for several programs, [`Runner`] runs the
//!   result under wasmtime.
//! * [`HostApi`] reaches the tree of a packed program under wasmtime: files in before it starts, results out after it has
//!   ended.
//! * [`RunTimeLinker`] binds a baked filesystem to a program that is instantiated under wasmtime, without linking them.
//! * [`PackedModule`] looks inside a packed module; [`export_tar`] and [`extract`] take the tree
//!   out again.
//!
//! The pipeline, and who does what:
//!
//! ```text
//! host directories --host_tree--> Tree --bake(core form)--> baked core
//!     --lower--> adapter module --link(program)--> packed program --output--> file
//! ```
//!
//! * [`tree`]: a tree as data. `host_tree` reads one from directories, with [`guest_path`] and
//!   `ignore_rules`, `packed_tree` from a packed module, `assembly` puts them together; `image_plan` finds equal contents and streams them; `manifest` encodes it.
//! * [`policy`]: what of the world the program sees, chosen when it is packed.
//! * [`bake`]: runs the adapter's core form on the manifest.
//! * [`lower`]: core form to adapter module, its contract checked on the way.
//! * [`link`]: adapter module and program to one module, in a [`Form`].
//! * `repack`: what to do with a program that is packed already; `unlink` takes it out.
//! * [`preinit`]: runs a function of the program when it is packed.
//! * [`section`]: the `wasm-vfs` custom section that a written module carries.
//! * [`hollow`]: modules without the bytes of their image; [`image`]: where those come from.
//! * [`output`] writes files by rename; [`progress`] is how the caller hears of the work.
//! * [`cli`]: the command line.
//!
//! Hosts are Unix systems: modes, owners and links are read and restored as they are there.
#![forbid(unsafe_code)]

mod adapter;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod error;
mod format;
mod gather;
#[doc(hidden)]
pub mod link;
mod output;
mod pack;
mod packed;
pub mod policy;
mod preview1;
mod progress;
#[cfg(feature = "run")]
mod run;
pub mod tree;
mod wasm;

pub use error::{Error, ErrorKind};
pub use gather::builder::{Owner, TreeBuilder};
pub use gather::ignore_rules::IGNORE_FILE;
pub use link::Summary;
pub use output::Destination;
pub use pack::Packer;
pub use pack::input::Program;
#[cfg(feature = "run")]
pub use pack::preinit::Preinit;
pub use pack::report::{Printed, Report};
pub use pack::rootfs::{Packed, Rootfs};
pub use packed::extract::Existing;
pub use packed::form::{Form, ModuleForm};
pub use packed::packed_module::PackedModule;
pub use policy::Policy;
pub use policy::file::ConfigFile;
pub use progress::{Progress, Stage};
#[cfg(feature = "run")]
pub use run::{Outcome, Runner};
pub use wasm_vfs_core::{Errno, FileType};

/// Reaching the tree of a program that runs in a wasmtime of your own.
#[cfg(feature = "run")]
pub mod embed {
    pub use crate::run::at_run_time::{Bound, RunTimeLinker};
    pub use crate::run::host_api::{DirEntry, FileStatus, HostApi};
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
    pub use crate::packed::{hollow, image_source, program_part, section};
    pub use crate::wasm::{features, index, verify};
}
