//! fallocate, posix_fallocate.

use crate::base::errno::Errno;
use crate::base::flags::{FallocateMode, Fd, MAX_LFS_FILESIZE, OFlags};
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int fallocate(int fd, int mode, off_t offset, off_t len)`
    ///
    /// Without flags: allocates the range, so that writing to it later cannot run out of room, and
    /// lets the file grow over it. With `KEEP_SIZE` the size stays. With `PUNCH_HOLE | KEEP_SIZE`
    /// the range becomes a hole. tmpfs has no other mode, and neither has this.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `EINVAL`: `offset` is negative or `len` not positive.
    /// * `EOPNOTSUPP`: a mode that does not exist, or `PUNCH_HOLE` without `KEEP_SIZE`.
    /// * `EBADF`: `fd` is not open for writing.
    /// * `EISDIR`, `ESPIPE`, `ENODEV`: it is a directory, a pipe, or no regular file.
    /// * `EFBIG`: the end is beyond the largest file.
    /// * `EOPNOTSUPP`: a mode that tmpfs does not have.
    /// * `ENOSPC`: no room; nothing has changed.
    /// * `EIO`: a hole begins or ends within a page that the embedder could not read.
    pub fn fallocate(
        &mut self,
        process: &Process,
        fd: Fd,
        mode: FallocateMode,
        offset: i64,
        len: i64,
    ) -> Result<(), Errno> {
        self.vfs_fallocate(process, self.fdget(process, fd)?, mode, offset, len)
    }

    /// [`fallocate`](Self::fallocate) of an open file.
    ///
    /// # Errors
    ///
    /// As [`fallocate`](Self::fallocate).
    pub fn vfs_fallocate(
        &mut self,
        process: &Process,
        file: OpenFile,
        mode: FallocateMode,
        offset: i64,
        len: i64,
    ) -> Result<(), Errno> {
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let (kind, writable) = (description.kind, description.writable());
        let from = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
        let len = u64::try_from(len).ok().filter(|&len| len > 0).ok_or(Errno::EINVAL)?;
        let keep_size = mode.contains(FallocateMode::KEEP_SIZE);
        let action = mode - FallocateMode::KEEP_SIZE;
        let exists = match action {
            FallocateMode::PUNCH_HOLE => keep_size,
            FallocateMode::COLLAPSE_RANGE
            | FallocateMode::INSERT_RANGE
            | FallocateMode::WRITE_ZEROES => !keep_size,
            FallocateMode::ZERO_RANGE | FallocateMode::UNSHARE_RANGE => true,
            other => other.is_empty(),
        };
        if !exists {
            return Err(Errno::EOPNOTSUPP);
        }
        if !writable {
            return Err(Errno::EBADF);
        }
        let FileKind::Inode(ino) = kind else { return Err(Errno::ENODEV) };
        match self.inode(ino)?.file_type() {
            FileType::Regular => {}
            FileType::Directory => return Err(Errno::EISDIR),
            FileType::Fifo => return Err(Errno::ESPIPE),
            _ => return Err(Errno::ENODEV),
        }
        let to = from + len;
        if to > MAX_LFS_FILESIZE {
            return Err(Errno::EFBIG);
        }
        if action == FallocateMode::PUNCH_HOLE {
            self.change_contents(ino, |contents, platform, _| {
                contents.punch_hole(from, to, platform)
            })?;
            if P::USER_MEMORY {
                self.clear_placed(ino, from, to);
            }
        } else if action.is_empty() {
            self.change_contents(ino, |contents, _, free_pages| {
                contents.allocate(from, to, free_pages)?;
                if !keep_size && to > contents.size() {
                    contents.set_size(to);
                }
                Ok(())
            })?;
        } else {
            return Err(Errno::EOPNOTSUPP);
        }
        let also = self.modified(process, ino)?;
        self.notify_file_entry(file, also);
        self.notify_file(file, InotifyMask::MODIFY);
        Ok(())
    }

    /// `int posix_fallocate(int fd, off_t offset, off_t len)`
    ///
    /// [`fallocate`](Self::fallocate) without flags. C's answer is the error itself, not -1. What
    /// the C library does where the filesystem cannot allocate (it writes to each page) is never
    /// needed.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `EINVAL`: `offset` is negative or `len` not positive.
    /// * `EBADF`: `fd` is not open for writing.
    /// * `ESPIPE`, `ENODEV`: it is a pipe, or no regular file.
    /// * `EFBIG`: the end is beyond the largest file.
    /// * `ENOSPC`: no room; nothing has changed.
    pub fn posix_fallocate(
        &mut self,
        process: &Process,
        fd: Fd,
        offset: i64,
        len: i64,
    ) -> Result<(), Errno> {
        self.fallocate(process, fd, FallocateMode::empty(), offset, len)
    }
}
