//! An entry of a directory that is gone.

use alloc::boxed::Box;

use crate::base::ids::Ino;
use crate::base::stat::FileType;

/// An entry of the sealed tree that was removed, or leads elsewhere.
#[derive(Debug)]
pub(crate) struct RemovedEntry {
    /// The directory that it was in. It may be gone too, but for its number.
    pub(crate) parent: Ino,
    pub(crate) cookie: u32,
    /// What it led to.
    pub(crate) ino: Ino,
    pub(crate) file_type: FileType,
    pub(crate) name: Box<[u8]>,
}
