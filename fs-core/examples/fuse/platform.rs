//! The clock of this machine, and baked contents in memory.

use std::time::{SystemTime, UNIX_EPOCH};

use wasm_vfs_core::{Platform, Timespec};

/// A platform whose baked contents are a whole tar file, or nothing.
#[derive(Debug, Default)]
pub(crate) struct TarContents {
    bytes: Vec<u8>,
}

impl TarContents {
    /// A platform with these baked contents.
    pub(crate) fn new(bytes: Vec<u8>) -> TarContents {
        TarContents { bytes }
    }
}

impl Platform for TarContents {
    fn current_time(&self) -> Timespec {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timespec::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
    }

    /// The manifest was made from the same bytes, so the range is always there.
    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        match self.bytes.get(from..).and_then(|rest| rest.get(..dst.len())) {
            Some(src) => dst.copy_from_slice(src),
            None => dst.fill(0),
        }
    }
}
