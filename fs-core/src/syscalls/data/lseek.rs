//! lseek.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE, OFlags, Whence};
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `off_t lseek(int fd, off_t offset, int whence)`
    ///
    /// Moves the file offset and says where it is. In a directory an offset is a `d_off` of
    /// getdents64.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file (`PATH`).
    /// * `ESPIPE`: it cannot seek.
    /// * `EINVAL`: the result would be negative or beyond the largest file; in a directory,
    ///   anything but `Set` and `Cur`.
    /// * `ENXIO`: `Data` or `Hole` at or beyond the end, or `Data` with only a hole to come.
    pub fn lseek(
        &mut self,
        process: &Process,
        fd: Fd,
        offset: i64,
        whence: Whence,
    ) -> Result<u64, Errno> {
        self.vfs_llseek(self.fdget(process, fd)?, offset, whence)
    }

    /// [`lseek`](Self::lseek) of an open file.
    ///
    /// # Errors
    ///
    /// As [`lseek`](Self::lseek).
    pub fn vfs_llseek(
        &mut self,
        file: OpenFile,
        offset: i64,
        whence: Whence,
    ) -> Result<u64, Errno> {
        let description = self.file_inlined(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let ino = match description.kind {
            FileKind::Inode(ino) => ino,
            // noop_llseek
            FileKind::Inotify(_) | FileKind::Eventfd(_) => return Ok(description.offset),
            FileKind::Foreign(_) => return Err(Errno::ESPIPE),
        };
        let from = description.offset;
        let base = match (&self.inode_inlined(ino)?.kind, whence) {
            (InodeKind::Regular(_) | InodeKind::Directory(_), Whence::Set) => 0,
            (InodeKind::Regular(_) | InodeKind::Directory(_), Whence::Cur) => from,
            (InodeKind::Regular(contents), Whence::End) => contents.size(),
            (InodeKind::Regular(contents), Whence::Data | Whence::Hole) => {
                let start = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
                let found = contents.seek(start, whence == Whence::Data)?;
                self.file_mut(file)?.offset = found;
                return Ok(found);
            }
            (InodeKind::Directory(_), _) => return Err(Errno::EINVAL),
            // null_lseek, noop_llseek: wherever to, it stays at 0.
            (InodeKind::CharDevice(_), _) if P::DEVICES => return Ok(0),
            _ => return Err(Errno::ESPIPE),
        };
        let to = base.checked_add_signed(offset).filter(|&to| to <= MAX_LFS_FILESIZE);
        let to = to.ok_or(Errno::EINVAL)?;
        self.file_mut(file)?.offset = to;
        Ok(to)
    }
}
