//! What few inodes have: extended attributes, locks, watches, mappings.
//!
//! It is kept in a table of its own, and an inode only has a number of it, so that the many inodes
//! without stay small. The table grows as every table here does: fallibly.

use alloc::vec::Vec;

use crate::objects::flock::FlockState;
use crate::objects::inotify::Watch;
use crate::objects::record_lock::RecordLocks;
use crate::objects::xattr::Xattrs;

/// The rare parts of an inode.
#[derive(Debug, Default)]
pub(crate) struct InodeExtension {
    /// Extended attributes (`shmem_inode_info.xattrs`).
    pub(crate) xattrs: Xattrs,
    /// Locks of flock(2) (`i_flctx->flc_flock`).
    pub(crate) flock: FlockState,
    /// Record locks of fcntl(2) (`i_flctx->flc_posix`).
    pub(crate) record_locks: RecordLocks,
    /// Watches of inotify(7) (`i_fsnotify_marks`), in the order in which they were added.
    pub(crate) watches: Vec<Watch>,
    /// The address spaces that show it or did once (`i_mmap`), each once.
    pub(crate) mappings: Vec<u32>,
}

impl InodeExtension {
    pub(crate) fn is_empty(&self) -> bool {
        self.xattrs.is_empty()
            && self.flock.is_free()
            && self.record_locks.is_empty()
            && self.watches.is_empty()
            && self.mappings.is_empty()
    }
}
