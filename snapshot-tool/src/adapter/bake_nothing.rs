//! What stands in for [baking](crate::adapter::bake) in fuzz targets (`cfg(fuzzing)`, which
//! cargo-fuzz sets): the core module stays as it is. So a target tries all of packing but Wizer, in a
//! fraction of a millisecond, and no engine is compiled for it.

use crate::adapter::trace_table;
use crate::policy::Policy;
use crate::policy::values::Trace;
use crate::progress::{Progress, Stage};
use crate::tree::Tree;
use crate::tree::manifest::Manifest;
use anyhow::Result;

/// As in a real build.
pub const ADAPTER_CORE: &[u8] = include_bytes!("../../assets/adapter.wasm");

/// The core module that does not know what changed: for programs without the host interface.
pub const ADAPTER_LEAN_CORE: &[u8] = include_bytes!("../../assets/adapter-lean.wasm");

/// As in a real build.
pub const ADAPTER_MOUNTS_CORE: &[u8] = include_bytes!("../../assets/adapter-mounts.wasm");

/// The core module that serves Linux's calls: for programs that import `wasm_vfs` or `wali`.
pub const ADAPTER_CALLS_CORE: &[u8] = include_bytes!("../../assets/adapter-calls.wasm");

/// Less than in a real build, so that small trees have several chunks.
const CHUNK_BYTES: usize = 128;

/// A core module without the tree.
#[derive(Debug)]
pub struct Baked {
    /// The core module.
    pub module: Vec<u8>,
    /// The manifest that would have been baked in.
    pub manifest: Vec<u8>,
}

/// A core module.
#[derive(Debug)]
pub struct Baker<'a>(&'a [u8]);

impl<'a> Baker<'a> {
    /// Takes a core module.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn new(core: &'a [u8]) -> Result<Self> {
        Ok(Self(core))
    }

    /// Encodes the tree.
    ///
    /// # Errors
    ///
    /// When choices contradict each other.
    pub fn bake(&self, tree: &Tree, policy: &Policy, progress: &dyn Progress) -> Result<Baked> {
        let policy = policy.settle()?;
        let manifest = Manifest::of(tree)?;
        progress.begin(Stage::Baking, Some(manifest.len() as u64));
        // What the adapter would be given.
        for (_, count, _) in manifest.chunks(CHUNK_BYTES) {
            progress.advance(count as u64);
        }
        if policy.trace != Trace::Off {
            let _ = trace_table::table(policy.trace, true);
        }
        Ok(Baked { module: self.0.to_vec(), manifest: manifest.bytes })
    }
}
