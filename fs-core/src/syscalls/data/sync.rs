//! sync, syncfs, fsync, fdatasync: memory is always in step, so only the descriptor is checked; and
//! the embedder can ask whether one was called ([`Events::SYNC`](crate::Events::SYNC)).

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int fsync(int fd)`
    ///
    /// Waits until a file is stored. tmpfs has nothing to wait for (`noop_fsync`).
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: it cannot be synchronised.
    pub fn fsync(&mut self, process: &Process, fd: Fd) -> Result<(), Errno> {
        self.vfs_fsync(self.fdget(process, fd)?)
    }

    /// [`fsync`](Self::fsync) of an open file.
    ///
    /// # Errors
    ///
    /// As [`fsync`](Self::fsync).
    pub fn vfs_fsync(&mut self, file: OpenFile) -> Result<(), Errno> {
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match description.kind {
            FileKind::Inode(ino)
                if P::DEVICES && matches!(self.inode(ino)?.kind, InodeKind::CharDevice(_)) =>
            {
                Err(Errno::EINVAL)
            }
            FileKind::Inode(ino) if !P::PIPES || self.pipe_of(ino).is_none() => {
                self.note_sync();
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// `int fdatasync(int fd)`
    ///
    /// As [`fsync`](Self::fsync).
    ///
    /// # Errors
    ///
    /// As [`fsync`](Self::fsync).
    pub fn fdatasync(&mut self, process: &Process, fd: Fd) -> Result<(), Errno> {
        self.fsync(process, fd)
    }

    /// `void sync(void)`
    ///
    /// Waits until everything is stored, which it is.
    pub fn sync(&mut self) {
        self.note_sync();
    }

    /// `int syncfs(int fd)`
    ///
    /// Waits until the whole filesystem is stored, which it is.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or only names a file.
    pub fn syncfs(&mut self, process: &Process, fd: Fd) -> Result<(), Errno> {
        if self.description(process, fd)?.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        self.note_sync();
        Ok(())
    }
}
