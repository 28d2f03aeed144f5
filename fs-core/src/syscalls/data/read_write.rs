//! read, write, their positioned and vector forms.
//!
//! Neighbours: `syscalls::data::preadv2` has the forms with flags.
//!
//! The vector calls are the plain ones with a buffer of several pieces:
//! [`IoVecMut`](crate::platform::user_memory::IoVecMut),
//! [`IoVec`](crate::platform::user_memory::IoVec).

use crate::base::defect::{OrDefect, defect};
use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE, OFlags};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::objects::file_description::{AnonymousFile, FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};

/// Checks that a transfer of `bytes` from `offset` on would end within the largest offset
/// (`rw_verify_area`).
///
/// # Errors
///
/// `EINVAL`: it would not.
#[inline]
pub(super) fn verify_area(offset: u64, bytes: usize) -> Result<(), Errno> {
    match offset.checked_add(bytes as u64) {
        Some(end) if end <= MAX_LFS_FILESIZE => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

/// A file offset that a caller gave.
///
/// # Errors
///
/// `EINVAL`: it is negative.
pub(super) fn checked_offset(offset: i64) -> Result<u64, Errno> {
    u64::try_from(offset).map_err(|_| Errno::EINVAL)
}

/// Bytes that a call moved, as an offset.
fn advance(offset: u64, bytes: usize) -> u64 {
    // Both are within a file, so the sum is at most MAX_LFS_FILESIZE.
    offset + bytes as u64
}

impl<P: Platform> Fs<P> {
    /// `ssize_t read(int fd, void *buf, size_t count)`
    ///
    /// Reads from the file offset and moves it. At the end of the file the answer is 0.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open for reading.
    /// * `EINVAL`: offset and count reach beyond the largest offset.
    /// * `EISDIR`: it is a directory.
    /// * `EINVAL`: it is an [eventfd](Self::eventfd2), and there is no room for 8 bytes.
    /// * `EAGAIN`: it is an empty pipe that somebody may still write to, or an eventfd whose count
    ///   is 0.
    /// * `ENODEV`: it is a random device, and the [`Platform`] has no random numbers.
    /// * `EIO`: the embedder could not read the file's bytes ([`Platform::contents_failed`]).
    pub fn read(
        &mut self,
        process: &Process,
        fd: Fd,
        buf: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        self.vfs_read(self.fdget(process, fd)?, buf)
    }

    /// [`read`](Self::read) from an open file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn vfs_read(&mut self, file: OpenFile, mut buf: impl UserMut<P>) -> Result<usize, Errno> {
        let (ino, offset) = match self.readable(file) {
            Ok(found) => found,
            Err(error) if Self::ANONYMOUS => return self.read_anonymous(file, &mut buf, error),
            Err(error) => return Err(error),
        };
        if P::PIPES && self.pipe_of(ino).is_some() {
            let read = self.read_pipe(file, ino, &mut buf)?;
            if read > 0 {
                self.notify_file(file, InotifyMask::ACCESS);
            }
            return Ok(read);
        }
        if P::USER_MEMORY && self.placed(ino).is_some() {
            let read = self.read_placed(file, ino, offset, &mut buf)?;
            self.file_mut(file)?.offset = advance(offset, read);
            return Ok(read);
        }
        let read = self.read_inode(ino, offset, &mut buf)?;
        if read > 0 {
            self.file_mut(file)?.offset = advance(offset, read);
            self.notify_file(file, InotifyMask::ACCESS);
        }
        self.accessed(file, ino)?;
        Ok(read)
    }

    /// `ssize_t readv(int fd, const struct iovec *iov, int iovcnt)`
    ///
    /// [`read`](Self::read) into several pieces.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); but without a byte to read, a directory is none (`vfs_readv`).
    pub fn readv(
        &mut self,
        process: &Process,
        fd: Fd,
        iov: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let file = self.fdget(process, fd)?;
        if iov.count() == 0 {
            if Self::ANONYMOUS && self.file(file)?.kind.is_anonymous() {
                return Ok(0);
            }
            self.readable(file)?;
            self.notify_file(file, InotifyMask::ACCESS);
            return Ok(0);
        }
        let read = self.vfs_read(file, iov)?;
        if read == 0 {
            // vfs_readv tells of reading nothing, too.
            self.notify_file(file, InotifyMask::ACCESS);
        }
        Ok(read)
    }

    /// `ssize_t pread64(int fd, void *buf, size_t count, off_t offset)`
    ///
    /// Reads from `offset`; the file offset stays.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `offset` is negative.
    /// * `ESPIPE`: `fd` is a pipe, or has no position for another reason.
    /// * `EBADF`, `EINVAL`, `EISDIR`, `ENODEV`, `EIO`: as [`read`](Self::read).
    pub fn pread64(
        &mut self,
        process: &Process,
        fd: Fd,
        buf: impl UserMut<P>,
        offset: i64,
    ) -> Result<usize, Errno> {
        checked_offset(offset)?;
        self.vfs_pread(self.fdget(process, fd)?, buf, offset)
    }

    /// [`pread64`](Self::pread64) from an open file.
    ///
    /// # Errors
    ///
    /// As [`pread64`](Self::pread64).
    pub fn vfs_pread(
        &mut self,
        file: OpenFile,
        mut buf: impl UserMut<P>,
        offset: i64,
    ) -> Result<usize, Errno> {
        let offset = checked_offset(offset)?;
        self.check_positioned(file)?;
        let (ino, _) = self.readable(file)?;
        if P::USER_MEMORY && self.placed(ino).is_some() {
            return self.read_placed(file, ino, offset, &mut buf);
        }
        let read = self.read_inode(ino, offset, &mut buf)?;
        if read > 0 {
            self.notify_file(file, InotifyMask::ACCESS);
        }
        self.accessed(file, ino)?;
        Ok(read)
    }

    /// `ssize_t preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)`
    ///
    /// [`pread64`](Self::pread64) into several pieces.
    ///
    /// # Errors
    ///
    /// As [`pread64`](Self::pread64); but without a byte to read, a directory is none
    /// (`vfs_readv`).
    pub fn preadv(
        &mut self,
        process: &Process,
        fd: Fd,
        iov: impl UserMut<P>,
        offset: i64,
    ) -> Result<usize, Errno> {
        checked_offset(offset)?;
        let file = self.fdget(process, fd)?;
        if iov.count() == 0 {
            self.check_positioned(file)?;
            self.readable(file)?;
            self.notify_file(file, InotifyMask::ACCESS);
            return Ok(0);
        }
        let read = self.vfs_pread(file, iov, offset)?;
        if read == 0 {
            self.notify_file(file, InotifyMask::ACCESS);
        }
        Ok(read)
    }

    /// `ssize_t write(int fd, const void *buf, size_t count)`
    ///
    /// Writes at the file offset, or with `APPEND` at the end of the file, and moves the offset.
    /// Fewer bytes than asked for are written when room runs out on the way.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open for writing.
    /// * `EINVAL`: offset and count reach beyond the largest offset.
    /// * `EFBIG`: `APPEND`, and the file has the largest size.
    /// * `ENOSPC`: no room for even one byte. Where a limit says so, the times are set all the
    ///   same, as on Linux.
    /// * `EPIPE`: it is a pipe that nobody can read any more. No signal is raised.
    /// * `EAGAIN`: it is a pipe that is too full.
    /// * `EINVAL`, `EAGAIN`: it is an [eventfd](Self::eventfd2), and what is written are not 8
    ///   bytes, or the largest number; or the count would be too high.
    /// * `ENOSPC`: it is `/dev/full`, even for no byte.
    /// * `EIO`: a page is written in part, and the embedder could not read the rest of it.
    pub fn write(&mut self, process: &Process, fd: Fd, buf: impl UserRef) -> Result<usize, Errno> {
        self.vfs_write(process, self.fdget(process, fd)?, buf)
    }

    /// [`write`](Self::write) to an open file.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn vfs_write(
        &mut self,
        process: &Process,
        file: OpenFile,
        mut buf: impl UserRef,
    ) -> Result<usize, Errno> {
        let (ino, offset, flags) = match self.writable(file) {
            Ok(found) => found,
            Err(error) if P::PIPES => return self.write_eventfd(file, &mut buf, error),
            Err(error) => return Err(error),
        };
        if P::PIPES && self.pipe_of(ino).is_some() {
            let written = self.write_pipe(file, ino, &mut buf)?;
            if written > 0 {
                self.notify_file(file, InotifyMask::MODIFY);
            }
            return Ok(written);
        }
        let (written, end) = self.write_inode(process, file, ino, offset, flags, &mut buf)?;
        if written > 0 {
            self.file_mut(file)?.offset = end;
        }
        Ok(written)
    }

    /// `ssize_t writev(int fd, const struct iovec *iov, int iovcnt)`
    ///
    /// [`write`](Self::write) from several pieces.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); but without a byte to write no device is asked (`vfs_writev`).
    pub fn writev(&mut self, process: &Process, fd: Fd, iov: impl UserRef) -> Result<usize, Errno> {
        let file = self.fdget(process, fd)?;
        if P::DEVICES && iov.count() == 0 {
            if !P::PIPES
                || !matches!(self.file(file)?.kind, FileKind::Anonymous(AnonymousFile::Eventfd(_)))
            {
                self.writable(file)?;
            }
            return Ok(0);
        }
        self.vfs_write(process, file, iov)
    }

    /// `ssize_t pwrite64(int fd, const void *buf, size_t count, off_t offset)`
    ///
    /// Writes at `offset`; the file offset stays. With `APPEND`, Linux writes at the end all the
    /// same (pwrite(2), BUGS), and so does this.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `offset` is negative.
    /// * `ESPIPE`: as [`pread64`](Self::pread64).
    /// * As [`write`](Self::write).
    pub fn pwrite64(
        &mut self,
        process: &Process,
        fd: Fd,
        buf: impl UserRef,
        offset: i64,
    ) -> Result<usize, Errno> {
        checked_offset(offset)?;
        self.vfs_pwrite(process, self.fdget(process, fd)?, buf, offset)
    }

    /// [`pwrite64`](Self::pwrite64) to an open file.
    ///
    /// # Errors
    ///
    /// As [`pwrite64`](Self::pwrite64).
    pub fn vfs_pwrite(
        &mut self,
        process: &Process,
        file: OpenFile,
        mut buf: impl UserRef,
        offset: i64,
    ) -> Result<usize, Errno> {
        let offset = checked_offset(offset)?;
        self.check_positioned(file)?;
        let (ino, _, flags) = self.writable(file)?;
        let (written, _) = self.write_inode(process, file, ino, offset, flags, &mut buf)?;
        Ok(written)
    }

    /// `ssize_t pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)`
    ///
    /// [`pwrite64`](Self::pwrite64) from several pieces.
    ///
    /// # Errors
    ///
    /// As [`pwrite64`](Self::pwrite64).
    pub fn pwritev(
        &mut self,
        process: &Process,
        fd: Fd,
        iov: impl UserRef,
        offset: i64,
    ) -> Result<usize, Errno> {
        checked_offset(offset)?;
        let file = self.fdget(process, fd)?;
        if P::DEVICES && iov.count() == 0 {
            self.check_positioned(file)?;
            self.writable(file)?;
            return Ok(0);
        }
        self.vfs_pwrite(process, file, iov, offset)
    }

    /// Reads from a descriptor that is no inode's: an inotify instance or a counter, or else the
    /// error stays.
    #[cold]
    fn read_anonymous(
        &mut self,
        file: OpenFile,
        buf: &mut impl UserMut<P>,
        otherwise: Errno,
    ) -> Result<usize, Errno> {
        match self.file(file)?.kind {
            FileKind::Anonymous(AnonymousFile::Inotify(id)) if P::NOTIFY => {
                self.read_events(id, buf)
            }
            FileKind::Anonymous(AnonymousFile::Eventfd(_)) if P::PIPES => {
                self.read_eventfd(file, buf)
            }
            _ => Err(otherwise),
        }
    }

    /// Checks that an open file has positions (`FMODE_PREAD`, `FMODE_PWRITE`).
    ///
    /// # Errors
    ///
    /// * `EBADF`: it only names a file.
    /// * `ESPIPE`: it has none.
    pub(super) fn check_positioned(&self, file: OpenFile) -> Result<(), Errno> {
        let description = self.file(file)?;
        match description.kind {
            _ if description.flags.contains(OFlags::PATH) => Err(Errno::EBADF),
            FileKind::Inode(ino) if P::PIPES && self.pipe_of(ino).is_some() => Err(Errno::ESPIPE),
            FileKind::Anonymous(_) => Err(Errno::ESPIPE),
            FileKind::Inode(_) | FileKind::Foreign(_) => Ok(()),
        }
    }

    /// The inode and offset of an open file that may be read.
    pub(super) fn readable(&self, file: OpenFile) -> Result<(Ino, u64), Errno> {
        let description = self.file_inlined(file)?;
        match description.kind {
            FileKind::Inode(ino) if description.readable() => Ok((ino, description.offset)),
            _ => Err(Errno::EBADF),
        }
    }

    /// The inode, offset and flags of an open file that may be written.
    pub(super) fn writable(&self, file: OpenFile) -> Result<(Ino, u64, OFlags), Errno> {
        let description = self.file_inlined(file)?;
        match description.kind {
            FileKind::Inode(ino) if description.writable() => {
                Ok((ino, description.offset, description.flags))
            }
            _ => Err(Errno::EBADF),
        }
    }

    /// Writes at `offset`, or at the end if `flags`, the status flags that count, have `APPEND`;
    /// says how much and where that ended.
    pub(super) fn write_inode(
        &mut self,
        process: &Process,
        file: OpenFile,
        ino: Ino,
        offset: u64,
        flags: OFlags,
        buf: &mut impl UserRef,
    ) -> Result<(usize, u64), Errno> {
        let bytes = buf.count();
        let append = flags.contains(OFlags::APPEND);
        let changed = if bytes == 0 {
            Err(Ok(0))
        } else {
            verify_area(offset, bytes)?;
            let changed = if P::USER_MEMORY && self.placed(ino).is_some() {
                self.change_placed(ino, |contents, placed, platform, free_pages| {
                    let start = if append { contents.size() } else { offset };
                    Ok((placed.write(contents, start, platform, free_pages, buf)?, start))
                })
            } else {
                self.change_contents(ino, |contents, platform, free_pages| {
                    let start = if append { contents.size() } else { offset };
                    Ok((contents.write(start, platform, free_pages, buf)?, start))
                })
            };
            changed.map_err(Err)
        };
        let (written, start) = match changed {
            Ok(changed) => changed,
            Err(otherwise) => {
                if let Err(error) = otherwise {
                    self.modified_in_vain(process, file, ino, error)?;
                }
                let written =
                    if P::DEVICES { self.write_device(ino, bytes, otherwise)? } else { otherwise? };
                if written > 0 {
                    self.notify_file(file, InotifyMask::MODIFY);
                }
                return Ok((written, offset));
            }
        };
        let also = self.modified(process, ino)?;
        self.notify_file_entry(file, also);
        if written > 0 {
            self.notify_file(file, InotifyMask::MODIFY);
        }
        // `O_SYNC` has the bit of `O_DSYNC` (`generic_write_sync`).
        if flags.contains(OFlags::DSYNC) {
            self.note_sync();
        }
        Ok((written, advance(start, written)))
    }

    /// Reads from a regular file that has pages in the memory of the embedder's program.
    fn read_placed(
        &mut self,
        file: OpenFile,
        ino: Ino,
        offset: u64,
        buf: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        verify_area(offset, buf.count())?;
        let placed = self.placed(ino).or_defect()?;
        let InodeKind::Regular(contents) = &self.inode(ino)?.kind else { return Err(defect()) };
        let read = placed.read(contents, offset, &self.platform, buf)?;
        if read > 0 {
            self.notify_file(file, InotifyMask::ACCESS);
        }
        self.accessed(file, ino)?;
        Ok(read)
    }

    fn read_inode(&self, ino: Ino, offset: u64, buf: &mut impl UserMut<P>) -> Result<usize, Errno> {
        verify_area(offset, buf.count())?;
        match &self.inode_inlined(ino)?.kind {
            InodeKind::Regular(contents) => contents.read(offset, &self.platform, buf),
            InodeKind::Directory(_) => Err(Errno::EISDIR),
            InodeKind::CharDevice(dev) if P::DEVICES => self.read_device(*dev, buf),
            _ => Err(Errno::EINVAL),
        }
    }
}
