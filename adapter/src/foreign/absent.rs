//! The table of mounts of a build without the feature `mounts`: there are none.

use wasm_vfs_core::{DirectoryId, Foreign};

use crate::memory::path::{PathBuffer, Which};
use crate::memory::user::UserRange;

/// No mounts. Each function answers what the other build's answers when there are none.
#[derive(Debug)]
pub(crate) struct MountTable;

impl MountTable {
    pub(crate) const fn new() -> MountTable {
        MountTable
    }

    #[inline]
    pub(crate) fn lower_to_user(&self, _dst: UserRange, _offset: u64) -> bool {
        false
    }

    #[inline]
    pub(crate) fn lower_to_kernel(&self, _dst: &mut [u8], _offset: u64) -> bool {
        false
    }

    #[inline]
    pub(crate) fn read_failed(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn note_stop(&self, _at: DirectoryId, _foreign: Foreign, _rest: &[u8]) {}

    #[inline]
    pub(crate) fn note_rest(&self, _rest: &[u8]) {}

    #[inline]
    pub(crate) fn take_way_out(&self, _which: Which, _buffer: &mut PathBuffer) -> Option<usize> {
        None
    }
}
