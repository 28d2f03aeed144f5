//! What stands in for [baking](crate::adapter::bake) in fuzz targets (`cfg(fuzzing)`, which
//! cargo-fuzz sets): the core module stays as it is. So a target tries all of packing but Wizer, in a
//! fraction of a millisecond, and no engine is compiled for it.

use crate::policy::Policy;
use crate::progress::Progress;
use crate::tree::Tree;
use crate::tree::manifest::Manifest;
use anyhow::Result;

/// As in a real build.
pub const ADAPTER_CORE: &[u8] = include_bytes!("../../assets/adapter.wasm");

/// As in a real build.
pub const ADAPTER_MOUNTS_CORE: &[u8] = include_bytes!("../../assets/adapter-mounts.wasm");

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
    pub fn bake(&self, tree: &Tree, policy: &Policy, _progress: &dyn Progress) -> Result<Baked> {
        policy.settle()?;
        Ok(Baked { module: self.0.to_vec(), manifest: Manifest::of(tree)?.bytes })
    }
}
