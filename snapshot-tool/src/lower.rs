//! Core form to adapter module.

use anyhow::{Result, bail};

use crate::adapter_module::Lowered;

/// Turns the baked core form into the adapter module.
///
/// `manifest` is what was baked, `image_len` how long the image will be.
///
/// # Errors
///
/// When the core form breaks its contract or the image is too long.
pub fn lower(baked_core: &[u8], image_len: u64, manifest: &[u8]) -> Result<Lowered> {
    let _ = (baked_core, image_len, manifest);
    bail!("lowering is not written yet")
}
