//! truncate, ftruncate.

use crate::base::credentials::MAY_WRITE;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, OFlags};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int ftruncate(int fd, off_t length)`
    ///
    /// Sets the size of an open file. What lies beyond it goes; what is added is a hole.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `length` is negative.
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: it is not a regular file, or not open for writing.
    pub fn ftruncate(&mut self, process: &Process, fd: Fd, length: i64) -> Result<(), Errno> {
        u64::try_from(length).map_err(|_| Errno::EINVAL)?;
        self.vfs_ftruncate(process, self.fdget(process, fd)?, length)
    }

    /// [`ftruncate`](Self::ftruncate) of an open file (`do_ftruncate`).
    ///
    /// # Errors
    ///
    /// As [`ftruncate`](Self::ftruncate).
    pub fn vfs_ftruncate(
        &mut self,
        process: &Process,
        file: OpenFile,
        length: i64,
    ) -> Result<(), Errno> {
        let length = u64::try_from(length).map_err(|_| Errno::EINVAL)?;
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let FileKind::Inode(ino) = description.kind else { return Err(Errno::EINVAL) };
        if !description.writable() || self.inode(ino)?.file_type() != FileType::Regular {
            return Err(Errno::EINVAL);
        }
        self.set_size(ino, length)?;
        let also = self.modified(process, ino)?;
        self.notify_file_entry(file, InotifyMask::MODIFY | also);
        Ok(())
    }

    /// `int truncate(const char *path, off_t length)`
    ///
    /// Sets the size of a file.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `length` is negative.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EISDIR`, `EINVAL`: it is a directory, or no regular file.
    /// * `EROFS`, `EACCES`: it may not be written.
    pub fn truncate(&mut self, process: &Process, path: &[u8], length: i64) -> Result<(), Errno> {
        let length = u64::try_from(length).map_err(|_| Errno::EINVAL)?;
        let target = self.walk_to_target(process, AT_FDCWD, path, FollowLast::Yes)?;
        let ino = target.ino;
        let inode = self.inode(ino)?;
        match &inode.kind {
            InodeKind::Directory(_) => return Err(Errno::EISDIR),
            InodeKind::Regular(_) => {}
            _ => return Err(Errno::EINVAL),
        }
        self.may_access(process, inode, MAY_WRITE)?;
        let now = self.now();
        let changed = self.set_size(ino, length)?;
        let also = self.drop_set_ids(process, ino)?;
        if changed || self.inode(ino)?.pages() > 0 {
            // truncate(2) of the same size is no change, unlike ftruncate(2) (`do_truncate`'s
            // `time_attrs`), as long as there is no page that it might have to cut
            // (`shmem_setattr`, `shmem_truncate_range`).
            self.touch(ino, now)?;
        }
        self.notify_target(target, InotifyMask::MODIFY | also, EventData::Other);
        Ok(())
    }

    /// Cuts a file that is opened with `TRUNC` (`handle_truncate`). Anything but a regular file is
    /// left alone.
    pub(crate) fn truncate_on_open(
        &mut self,
        process: &Process,
        target: ReachedInode,
    ) -> Result<(), Errno> {
        let ino = target.ino;
        if self.inode(ino)?.file_type() == FileType::Regular {
            self.set_size(ino, 0)?;
            let also = self.modified(process, ino)?;
            self.notify_target(target, InotifyMask::MODIFY | also, EventData::Other);
        }
        Ok(())
    }

    /// Sets the size; says whether it was another.
    fn set_size(&mut self, ino: Ino, size: u64) -> Result<bool, Errno> {
        self.truncate_mappings(ino, size);
        self.change_contents(ino, |contents, _, _| {
            let changed = contents.size() != size;
            contents.set_size(size);
            Ok(changed)
        })
    }
}
