//! What is being written: an archive of a directory, or a layer.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fs};

use super::export::Export;
use super::layer::Layer;
use crate::host_api::embedder::Embedder;
use crate::platform::Host;

/// What is being written.
pub(in crate::host_api) enum Outgoing {
    /// A directory.
    Archive(Export),
    /// What differs from the tree that was baked.
    Layer(Layer),
}

impl Outgoing {
    /// Fills in the next bytes; 0: there are no more.
    ///
    /// # Errors
    ///
    /// As [`Export::fill`] or [`Layer::fill`].
    pub(in crate::host_api) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        match self {
            Outgoing::Archive(export) => export.fill(fs, embedder, out),
            Outgoing::Layer(layer) => layer.fill(fs, embedder, out),
        }
    }

    /// Lets go of everything; what could not be written.
    pub(in crate::host_api) fn give_up(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Vec<u8> {
        match self {
            Outgoing::Archive(export) => {
                export.close(fs, embedder);
                Vec::new()
            }
            Outgoing::Layer(layer) => {
                layer.close(fs, embedder);
                layer.culprit()
            }
        }
    }
}
