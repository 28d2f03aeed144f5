//! What few inodes have: extended attributes, locks, watches, mappings.
//!
//! It is kept in a table of its own, and an inode only has a number of it, so that the many inodes without stay small.
//! The table grows as every table here does: fallibly.

use alloc::vec::Vec;

use crate::errno::Errno;
use crate::fs::Fs;
use crate::inode::Ino;
use crate::lock::FlockState;
use crate::notify::Watch;
use crate::platform::Platform;
use crate::xattr::Xattrs;

/// The number of an extension in the table of [`Fs`]; or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExtensionId(u32);

impl ExtensionId {
    /// No extension.
    pub(crate) const NONE: ExtensionId = ExtensionId(u32::MAX);

    /// Whether there is one.
    pub(crate) fn is_some(self) -> bool {
        self != ExtensionId::NONE
    }
}

/// The rare parts of an inode.
#[derive(Debug, Default)]
pub(crate) struct InodeExtension {
    /// Extended attributes (`shmem_inode_info.xattrs`).
    pub(crate) xattrs: Xattrs,
    /// Locks of flock(2) (`i_flctx->flc_flock`).
    pub(crate) flock: FlockState,
    /// Watches of inotify(7) (`i_fsnotify_marks`), in the order in which they were added.
    pub(crate) watches: Vec<Watch>,
    /// The address spaces that show it or did once (`i_mmap`), each once.
    pub(crate) mappings: Vec<u32>,
}

impl InodeExtension {
    fn is_empty(&self) -> bool {
        self.xattrs.is_empty()
            && self.flock.is_free()
            && self.watches.is_empty()
            && self.mappings.is_empty()
    }
}

impl<P: Platform> Fs<P> {
    /// Whether any embedder's inode has an extension at all.
    const EXTENSIONS: bool = P::XATTRS || P::LOCKS || P::NOTIFY || P::MAPPINGS;

    /// The extension of an inode, if it has one.
    #[inline]
    pub(crate) fn extension(&self, ino: Ino) -> Option<&InodeExtension> {
        let id = self.inodes.get(ino.0)?.extension;
        if Self::EXTENSIONS && id.is_some() { self.extensions.get(id.0) } else { None }
    }

    /// As [`extension`](Self::extension).
    #[inline]
    pub(crate) fn extension_mut(&mut self, ino: Ino) -> Option<&mut InodeExtension> {
        let id = self.inodes.get(ino.0)?.extension;
        if Self::EXTENSIONS && id.is_some() { self.extensions.get_mut(id.0) } else { None }
    }

    /// The extension of an inode, which gets one if it has none.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn extend(&mut self, ino: Ino) -> Result<&mut InodeExtension, Errno> {
        let inode = self.inodes.get_mut(ino.0).ok_or(Errno::EIO)?;
        if !inode.extension.is_some() {
            inode.extension = ExtensionId(self.extensions.insert(InodeExtension::default())?);
        }
        self.extensions.get_mut(inode.extension.0).ok_or(Errno::EIO)
    }

    /// Gives the extension back if nothing is in it any more.
    pub(crate) fn trim_extension(&mut self, ino: Ino) {
        if self.extension(ino).is_some_and(InodeExtension::is_empty) {
            self.remove_extension(ino);
        }
    }

    /// Takes the extension of an inode that goes.
    #[inline]
    pub(crate) fn remove_extension(&mut self, ino: Ino) {
        if !Self::EXTENSIONS {
            return;
        }
        let Some(inode) = self.inodes.get_mut(ino.0) else { return };
        let id = inode.extension;
        if !id.is_some() {
            return;
        }
        inode.extension = ExtensionId::NONE;
        if let Some(extension) = self.extensions.remove(id.0) {
            self.xattr_space -= extension.xattrs.space_bytes();
        }
    }
}
