//! preadv2, pwritev2: reading and writing with flags for one call.
//!
//! Neighbours: `syscalls::data::read_write` has the forms without, which these are made of.

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::fs::Fs;
use crate::objects::file_description::{AnonymousFile, FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};
use crate::syscalls::data::read_write::{checked_offset, verify_area};

bitflags! {
    /// Flags of preadv2(2) and pwritev2(2) (`RWF_*`, `include/uapi/linux/fs.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RwFlags: u32 {
        /// Poll for completion. No effect.
        const HIPRI = 0x1;
        /// As `O_DSYNC`: what is written is to be stored ([`Events::SYNC`](crate::Events::SYNC)).
        const DSYNC = 0x2;
        /// As `O_SYNC`, which is more of metadata.
        const SYNC = 0x4;
        /// Do not wait. Files of tmpfs do not take it, pipes do.
        const NOWAIT = 0x8;
        /// Write at the end.
        const APPEND = 0x10;
        /// Write at the offset although the description has `APPEND`.
        const NOAPPEND = 0x20;
        /// All or nothing, even after a crash. tmpfs does not take it.
        const ATOMIC = 0x40;
        /// Keep nothing cached. tmpfs does not take it.
        const DONTCACHE = 0x80;
        /// No `SIGPIPE` (Linux 6.18). There are no signals here.
        const NOSIGNAL = 0x100;
        // Unknown bits are kept: the calls answer EOPNOTSUPP for them.
        const _ = !0;
    }
}

/// What there is for files and pipes to take (`RWF_SUPPORTED`, less what neither takes).
const SUPPORTED: RwFlags = RwFlags::HIPRI
    .union(RwFlags::DSYNC)
    .union(RwFlags::SYNC)
    .union(RwFlags::NOWAIT)
    .union(RwFlags::APPEND)
    .union(RwFlags::NOAPPEND)
    .union(RwFlags::NOSIGNAL);

/// The offset that means the file's own.
const CURRENT: i64 = -1;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

impl<P: Platform> Fs<P> {
    /// `ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)`
    ///
    /// [`preadv`](Self::preadv), or [`readv`](Self::readv) if `offset` is -1, with flags for this
    /// one call.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `offset` is less than -1.
    /// * `EBADF`, `ESPIPE`: as [`preadv`](Self::preadv) or [`readv`](Self::readv).
    /// * `EINVAL`: offset and count reach beyond the largest offset.
    /// * `EOPNOTSUPP`: flags that do not exist, or that this kind of file does not take. Not when
    ///   there is no byte to read.
    /// * `EINVAL`: `APPEND` with `NOAPPEND`.
    /// * As [`preadv`](Self::preadv) or [`readv`](Self::readv).
    pub fn preadv2(
        &mut self,
        process: &Process,
        fd: Fd,
        iov: impl UserMut<P>,
        offset: i64,
        flags: RwFlags,
    ) -> Result<usize, Errno> {
        if offset != CURRENT {
            checked_offset(offset)?;
        }
        let file = self.fdget(process, fd)?;
        if offset != CURRENT {
            self.check_positioned(file)?;
        }
        if iov.count() > 0 && !flags.is_empty() {
            if !self.file(file)?.readable() {
                return Err(Errno::EBADF);
            }
            self.verify_position(file, offset, iov.count())?;
            self.check_rw_flags(file, flags, Direction::Read)?;
        }
        if offset == CURRENT {
            self.readv(process, fd, iov)
        } else {
            self.preadv(process, fd, iov, offset)
        }
    }

    /// `ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)`
    ///
    /// [`pwritev`](Self::pwritev), or [`writev`](Self::writev) if `offset` is -1, with flags for
    /// this one call: `APPEND` writes at the end, and moves the file offset only if `offset` is -1;
    /// `NOAPPEND` writes at the offset in any case.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `offset` is less than -1.
    /// * `EBADF`, `ESPIPE`: as [`pwritev`](Self::pwritev) or [`writev`](Self::writev).
    /// * `EINVAL`: offset and count reach beyond the largest offset.
    /// * `EOPNOTSUPP`: flags that do not exist, or that this kind of file does not take. Not when
    ///   there is no byte to write.
    /// * `EINVAL`: `APPEND` with `NOAPPEND`.
    /// * As [`pwritev`](Self::pwritev) or [`writev`](Self::writev).
    pub fn pwritev2(
        &mut self,
        process: &Process,
        fd: Fd,
        mut iov: impl UserRef,
        offset: i64,
        flags: RwFlags,
    ) -> Result<usize, Errno> {
        let place = if offset == CURRENT { None } else { Some(checked_offset(offset)?) };
        let file = self.fdget(process, fd)?;
        if place.is_some() {
            self.check_positioned(file)?;
        }
        if P::PIPES
            && matches!(self.file(file)?.kind, FileKind::Anonymous(AnonymousFile::Eventfd(_)))
        {
            if iov.count() > 0 {
                self.check_rw_flags(file, flags, Direction::Write)?;
            }
            return self.writev(process, fd, iov);
        }
        let (ino, current, mut status) = self.writable(file)?;
        if iov.count() > 0 && !flags.is_empty() {
            self.verify_position(file, offset, iov.count())?;
            self.check_rw_flags(file, flags, Direction::Write)?;
        }
        if P::PIPES && self.pipe_of(ino).is_some() {
            return self.writev(process, fd, iov);
        }
        if flags.contains(RwFlags::APPEND) {
            status |= OFlags::APPEND;
        } else if flags.contains(RwFlags::NOAPPEND) {
            status -= OFlags::APPEND;
        }
        if flags.intersects(RwFlags::DSYNC | RwFlags::SYNC) {
            status |= OFlags::DSYNC;
        }
        let start = place.unwrap_or(current);
        let (written, end) = self.write_inode(process, file, ino, start, status, &mut iov)?;
        if place.is_none() && written > 0 {
            self.file_mut(file)?.offset = end;
        }
        Ok(written)
    }

    /// Checks where a transfer would end, before its flags are looked at (`rw_verify_area`). Pipes
    /// have no positions.
    ///
    /// # Errors
    ///
    /// `EINVAL`: beyond the largest offset.
    fn verify_position(&self, file: OpenFile, offset: i64, bytes: usize) -> Result<(), Errno> {
        let description = self.file(file)?;
        match description.kind {
            FileKind::Inode(ino) if self.pipe_of(ino).is_none() => {
                verify_area(u64::try_from(offset).unwrap_or(description.offset), bytes)
            }
            _ => Ok(()),
        }
    }

    /// Checks flags against the kind of an open file (`kiocb_set_rw_flags`,
    /// `do_loop_readv_writev`).
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: there are some that it does not take.
    /// * `EINVAL`: `APPEND` with `NOAPPEND`.
    fn check_rw_flags(
        &self,
        file: OpenFile,
        flags: RwFlags,
        direction: Direction,
    ) -> Result<(), Errno> {
        let taken = match self.file(file)?.kind {
            FileKind::Inode(ino) => match &self.inode(ino)?.kind {
                InodeKind::Fifo(_) if self.is_anonymous_pipe(self.inode(ino)?) => SUPPORTED,
                InodeKind::Regular(_) | InodeKind::Fifo(_) => SUPPORTED - RwFlags::NOWAIT,
                // Read without an iterator.
                _ => RwFlags::HIPRI,
            },
            // It is written without an iterator.
            FileKind::Anonymous(AnonymousFile::Eventfd(_)) if direction == Direction::Read => {
                SUPPORTED
            }
            FileKind::Anonymous(_) | FileKind::Foreign(_) => RwFlags::HIPRI,
        };
        if !(flags - taken).is_empty() {
            return Err(Errno::EOPNOTSUPP);
        }
        if flags.contains(RwFlags::APPEND | RwFlags::NOAPPEND) {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }
}
