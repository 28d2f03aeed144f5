//! What an embedder asks of descriptors, beside the system calls: whose they are, and a word of its
//! own in each.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::stat::{Dev, FileType};
use crate::fs::Fs;
use crate::objects::device::Device;
use crate::objects::file_description::{FileDescription, FileKind, OpenFile};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// What a descriptor is open on, as [`Fs::descriptor`] tells an embedder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of this filesystem.
    Inode,
    /// Something of the embedder's, with its token.
    Foreign(u64),
}

/// An open descriptor, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What it is open on.
    pub target: Target,
    /// Access mode and status flags (`F_GETFL`).
    pub flags: OFlags,
    /// The embedder's word.
    pub private_data: u64,
}

impl<P: Platform> Fs<P> {
    /// Opens a descriptor for something of the embedder's, which `token` names.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    pub fn open_foreign(
        &mut self,
        process: &mut Process,
        token: u64,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        self.install(process, FileDescription::new(FileKind::Foreign(token), flags), false)
    }

    /// What an embedder wants to know of a descriptor before it calls on it.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn descriptor(&self, process: &Process, fd: Fd) -> Result<Descriptor, Errno> {
        self.described(self.fdget(process, fd)?)
    }

    /// [`descriptor`](Self::descriptor) of an open file.
    ///
    /// # Errors
    ///
    /// `EBADF`: it was closed.
    #[inline]
    pub fn described(&self, file: OpenFile) -> Result<Descriptor, Errno> {
        let description = self.file_inlined(file)?;
        Ok(Descriptor {
            target: match description.kind {
                FileKind::Foreign(token) => Target::Foreign(token),
                FileKind::Inode(_) | FileKind::Inotify(_) | FileKind::Eventfd(_) => Target::Inode,
            },
            flags: description.flags,
            private_data: description.private_data,
        })
    }

    /// The type of file behind a descriptor of this filesystem.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or is the embedder's.
    #[inline]
    pub fn file_type(&self, process: &Process, fd: Fd) -> Result<FileType, Errno> {
        self.file_type_of(self.fdget(process, fd)?)
    }

    /// [`file_type`](Self::file_type) of an open file.
    ///
    /// # Errors
    ///
    /// `EBADF`: it is the embedder's, or was closed.
    #[inline]
    pub fn file_type_of(&self, file: OpenFile) -> Result<FileType, Errno> {
        match self.file_inlined(file)?.kind {
            FileKind::Inode(ino) => Ok(self.inode_inlined(ino)?.file_type()),
            FileKind::Foreign(_) | FileKind::Inotify(_) | FileKind::Eventfd(_) => Err(Errno::EBADF),
        }
    }

    /// The token of a descriptor that is the embedder's, or `None` for one of this filesystem.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn foreign(&self, process: &Process, fd: Fd) -> Result<Option<u64>, Errno> {
        Ok(match self.description(process, fd)?.kind {
            FileKind::Foreign(token) => Some(token),
            FileKind::Inode(_) | FileKind::Inotify(_) | FileKind::Eventfd(_) => None,
        })
    }

    /// The embedder's word in the description behind `fd`. Descriptors made by dup(2) share it.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn private_data(&self, process: &Process, fd: Fd) -> Result<u64, Errno> {
        Ok(self.description(process, fd)?.private_data)
    }

    /// Sets the embedder's word in the description behind `fd`.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub fn set_private_data(&mut self, process: &Process, fd: Fd, word: u64) -> Result<(), Errno> {
        self.set_private_data_of(self.fdget(process, fd)?, word)
    }

    /// [`set_private_data`](Self::set_private_data) of an open file.
    ///
    /// # Errors
    ///
    /// `EBADF`: it was closed.
    #[inline]
    pub fn set_private_data_of(&mut self, file: OpenFile, word: u64) -> Result<(), Errno> {
        self.file_mut(file)?.private_data = word;
        Ok(())
    }

    /// Whether any description is open on something of the embedder's whose token is one of these.
    pub fn is_foreign_open(&self, is_it: impl Fn(u64) -> bool) -> bool {
        (0..self.descriptions.bound()).any(|number| {
            self.descriptions.get(number).is_some_and(
                |description| matches!(description.kind, FileKind::Foreign(token) if is_it(token)),
            )
        })
    }

    /// Opens a device without a node for it in the tree: the inode has no name, and goes with its
    /// last description.
    ///
    /// # Errors
    ///
    /// * `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    /// * `ENOSPC`: no room for the inode.
    /// * `ENXIO`: there is no driver for the device.
    pub fn open_device(
        &mut self,
        process: &mut Process,
        dev: Dev,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        if !P::DEVICES || Device::of(dev).is_none() {
            return Err(Errno::ENXIO);
        }
        self.reserve_description(process)?;
        let now = self.now();
        let inode = Inode::new(InodeKind::CharDevice(dev), 0o666, 0, 0, now);
        let ino = self.add_inode(inode)?;
        let opened =
            self.install(process, FileDescription::new(FileKind::Inode(ino), flags), false);
        self.free_if_unused(ino);
        opened
    }
}
