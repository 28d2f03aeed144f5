//! In place of the host interface, in the build for programs without it.

use wasm_vfs_core::{Errno, Fs};

use crate::platform::Host;

/// Nothing has to be prepared.
///
/// # Errors
///
/// None.
pub(crate) fn prepare(_fs: &mut Fs<Host>) -> Result<(), Errno> {
    Ok(())
}
