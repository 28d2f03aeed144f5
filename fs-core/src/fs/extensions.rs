//! Finding, adding and removing the rare parts of inodes.
//!
//! The parts themselves are in [`crate::objects::extension`].

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::{ExtensionId, Ino};
use crate::fs::Fs;
use crate::objects::extension::InodeExtension;
use crate::platform::Platform;

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
        let inode = self.inodes.get_mut(ino.0).or_defect()?;
        if !inode.extension.is_some() {
            inode.extension = ExtensionId(self.extensions.insert(InodeExtension::default())?);
        }
        self.extensions.get_mut(inode.extension.0).or_defect()
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
            if P::MAPPINGS && P::USER_MEMORY {
                self.forget_placed(&extension.placed);
            }
        }
    }
}
