//! fcntl_locking: record locks, `F_GETLK`, `F_SETLK`, `F_OFD_GETLK` and `F_OFD_SETLK`.
//!
//! Neighbours: `syscalls::descriptors::flock` locks whole files, and neither sees the other's
//! locks. [`crate::objects::record_lock`] has the rules of ranges.
//!
//! DEVIATION: nothing waits. `F_SETLKW` and `F_OFD_SETLKW` are [`Fs::fcntl_setlk`] and
//! [`Fs::fcntl_ofd_setlk`]: where Linux would wait, the answer is `EAGAIN`, for the holder cannot
//! run meanwhile. Since nobody ever waits, no deadlock is found (`EDEADLK`).

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::flock::LockKind;
use crate::objects::process::Process;
use crate::objects::record_lock::{ByteRange, LockOwner, OFFSET_MAX, RecordLock};
use crate::platform::Platform;

/// `SEEK_SET`: [`Flock::l_start`] counts from the start of the file.
const SEEK_SET: i16 = 0;

/// `SEEK_CUR`: from the file offset.
const SEEK_CUR: i16 = 1;

/// `SEEK_END`: from the end of the file.
const SEEK_END: i16 = 2;

/// What `l_pid` says of a lock that a description owns.
const NO_PID: i32 = -1;

/// A record lock: `struct flock` (fcntl(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flock {
    /// [`RDLCK`](Self::RDLCK), [`WRLCK`](Self::WRLCK) or [`UNLCK`](Self::UNLCK).
    pub l_type: i16,
    /// Where `l_start` counts from: the numbers of [`Whence`](crate::Whence), but for the last two.
    pub l_whence: i16,
    /// The first byte.
    pub l_start: i64,
    /// How many bytes from there on; 0: all, however long the file becomes; negative: so many
    /// before it.
    pub l_len: i64,
    /// The process that holds the lock; -1: an open file description does. Only an answer.
    pub l_pid: i32,
}

impl Flock {
    /// `F_RDLCK`: shared with others of this kind.
    pub const RDLCK: i16 = 0;

    /// `F_WRLCK`: exclusive.
    pub const WRLCK: i16 = 1;

    /// `F_UNLCK`: no lock.
    pub const UNLCK: i16 = 2;

    /// `None`: no lock.
    ///
    /// # Errors
    ///
    /// `EINVAL`: there is no such type.
    fn kind(&self) -> Result<Option<LockKind>, Errno> {
        match self.l_type {
            Flock::RDLCK => Ok(Some(LockKind::Shared)),
            Flock::WRLCK => Ok(Some(LockKind::Exclusive)),
            Flock::UNLCK => Ok(None),
            _ => Err(Errno::EINVAL),
        }
    }

    /// What is told of a lock that is there (`posix_lock_to_flock`).
    fn of(lock: &RecordLock) -> Flock {
        let ByteRange { start, end } = lock.range;
        Flock {
            l_type: match lock.kind {
                LockKind::Shared => Flock::RDLCK,
                LockKind::Exclusive => Flock::WRLCK,
            },
            l_whence: SEEK_SET,
            l_start: start.cast_signed(),
            l_len: if end == OFFSET_MAX { 0 } else { (end - start + 1).cast_signed() },
            l_pid: match lock.owner {
                LockOwner::Process(pid) => pid,
                LockOwner::Description(_) => NO_PID,
            },
        }
    }
}

/// What a call wants, checked (`flock_to_posix_lock`).
struct Wanted {
    ino: Ino,
    /// `None`: no lock.
    kind: Option<LockKind>,
    range: ByteRange,
}

impl<P: Platform> Fs<P> {
    /// `int fcntl(int fd, F_GETLK, struct flock *lock)`
    ///
    /// Says whether the process could have this lock: the answer is `lock` with the type `UNLCK`,
    /// or the first lock that is in the way. The process's own locks never are.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: [`Platform::LOCKS`] is off.
    /// * `EOPNOTSUPP`: `fd` is the embedder's; or it is no inode's (DEVIATION: on Linux those share
    ///   one).
    /// * `EINVAL`: the type is neither `RDLCK` nor `WRLCK`.
    /// * `EINVAL`: there is no such `l_whence`.
    /// * `EOVERFLOW`: the range begins or ends beyond the largest offset.
    /// * `EINVAL`: it begins before the file.
    pub fn fcntl_getlk(&self, process: &Process, fd: Fd, lock: Flock) -> Result<Flock, Errno> {
        let (file, ino) = self.lockable(process, fd, Errno::EINVAL)?;
        if lock.kind()?.is_none() {
            return Err(Errno::EINVAL);
        }
        let wanted = self.wanted(file, ino, &lock)?;
        Ok(self.test_lock(LockOwner::Process(process.pid), &wanted, lock))
    }

    /// `int fcntl(int fd, F_SETLK, const struct flock *lock)`
    ///
    /// Locks a range of bytes for the process, makes the locks that it has there another kind, or
    /// unlocks them. All its locks of a file go when it closes any descriptor of that file. A child
    /// does not inherit them.
    ///
    /// DEVIATION: `F_SETLKW` is the same, for nothing waits.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EACCES`: [`Platform::LOCKS`] is off.
    /// * `EOPNOTSUPP`: as [`fcntl_getlk`](Self::fcntl_getlk).
    /// * `EINVAL`: there is no such `l_whence`.
    /// * `EOVERFLOW`: the range begins or ends beyond the largest offset.
    /// * `EINVAL`: it begins before the file; there is no such type.
    /// * `EBADF`: `RDLCK`, and `fd` is not open for reading; `WRLCK`, and it is not open for
    ///   writing.
    /// * `ENOMEM` (Linux: `ENOLCK`, too): no memory.
    /// * `EAGAIN`: somebody else holds a lock that conflicts.
    pub fn fcntl_setlk(&mut self, process: &Process, fd: Fd, lock: Flock) -> Result<(), Errno> {
        let (file, ino) = self.lockable(process, fd, Errno::EACCES)?;
        let wanted = self.wanted(file, ino, &lock)?;
        self.check_mode_for_lock(file, wanted.kind)?;
        self.set_lock(LockOwner::Process(process.pid), &wanted)
    }

    /// `int fcntl(int fd, F_OFD_GETLK, struct flock *lock)`
    ///
    /// As [`fcntl_getlk`](Self::fcntl_getlk), for a lock of the open file description. With the
    /// type `UNLCK` it says which lock the description itself has in the range, if any.
    ///
    /// # Errors
    ///
    /// * `EBADF`, `EINVAL`, `EOPNOTSUPP`: as the first ones of [`fcntl_getlk`](Self::fcntl_getlk).
    /// * `EINVAL`: there is no such `l_whence`.
    /// * `EOVERFLOW`: the range begins or ends beyond the largest offset.
    /// * `EINVAL`: it begins before the file; there is no such type; `l_pid` is not 0.
    pub fn fcntl_ofd_getlk(&self, process: &Process, fd: Fd, lock: Flock) -> Result<Flock, Errno> {
        let (file, ino) = self.lockable(process, fd, Errno::EINVAL)?;
        let wanted = self.wanted(file, ino, &lock)?;
        if lock.l_pid != 0 {
            return Err(Errno::EINVAL);
        }
        Ok(self.test_lock(LockOwner::Description(file.0), &wanted, lock))
    }

    /// `int fcntl(int fd, F_OFD_SETLK, const struct flock *lock)`
    ///
    /// As [`fcntl_setlk`](Self::fcntl_setlk), but the lock belongs to the open file description: it
    /// goes with the last descriptor of that, and conflicts with the process's own locks too.
    ///
    /// DEVIATION: `F_OFD_SETLKW` is the same, for nothing waits.
    ///
    /// # Errors
    ///
    /// As [`fcntl_setlk`](Self::fcntl_setlk); `EINVAL`, before `ENOMEM`: `l_pid` is not 0.
    pub fn fcntl_ofd_setlk(&mut self, process: &Process, fd: Fd, lock: Flock) -> Result<(), Errno> {
        let (file, ino) = self.lockable(process, fd, Errno::EACCES)?;
        let wanted = self.wanted(file, ino, &lock)?;
        self.check_mode_for_lock(file, wanted.kind)?;
        if lock.l_pid != 0 {
            return Err(Errno::EINVAL);
        }
        self.set_lock(LockOwner::Description(file.0), &wanted)
    }

    /// The open file and inode that are to be locked.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `without`: [`Platform::LOCKS`] is off.
    /// * `EOPNOTSUPP`: there is no inode.
    fn lockable(
        &self,
        process: &Process,
        fd: Fd,
        without: Errno,
    ) -> Result<(OpenFile, Ino), Errno> {
        let file = self.fdget(process, fd)?;
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        if !P::LOCKS {
            return Err(without);
        }
        let FileKind::Inode(ino) = description.kind else { return Err(Errno::EOPNOTSUPP) };
        Ok((file, ino))
    }

    /// Where and what a lock is to be (`flock_to_posix_lock`).
    ///
    /// # Errors
    ///
    /// As listed at [`fcntl_setlk`](Self::fcntl_setlk).
    fn wanted(&self, file: OpenFile, ino: Ino, lock: &Flock) -> Result<Wanted, Errno> {
        let base = match lock.l_whence {
            SEEK_SET => 0,
            // The field counts something else in a pipe, which has no offset.
            SEEK_CUR if self.pipe_of(ino).is_some() => 0,
            SEEK_CUR => self.file(file)?.offset,
            SEEK_END => self.vfs_fstat(file)?.st_size,
            _ => return Err(Errno::EINVAL),
        };
        let base = i64::try_from(base).map_err(|_| Errno::EOVERFLOW)?;
        let start = base.checked_add(lock.l_start).ok_or(Errno::EOVERFLOW)?;
        let first = u64::try_from(start).map_err(|_| Errno::EINVAL)?;
        let range = match lock.l_len {
            0 => ByteRange { start: first, end: OFFSET_MAX },
            len @ 1.. => {
                let end = start.checked_add(len - 1).ok_or(Errno::EOVERFLOW)?;
                ByteRange { start: first, end: end.cast_unsigned() }
            }
            len => {
                let before = start.checked_add(len).and_then(|at| u64::try_from(at).ok());
                // Not empty, so its end is not below 0.
                ByteRange { start: before.ok_or(Errno::EINVAL)?, end: first.saturating_sub(1) }
            }
        };
        Ok(Wanted { ino, kind: lock.kind()?, range })
    }

    /// Checks that a file is open for what its lock is for (`check_fmode_for_setlk`).
    ///
    /// # Errors
    ///
    /// `EBADF`: it is not.
    fn check_mode_for_lock(&self, file: OpenFile, kind: Option<LockKind>) -> Result<(), Errno> {
        let description = self.file(file)?;
        let is_open = match kind {
            Some(LockKind::Shared) => description.readable(),
            Some(LockKind::Exclusive) => description.writable(),
            None => true,
        };
        if is_open { Ok(()) } else { Err(Errno::EBADF) }
    }

    /// What is in the way of a lock; of none, what `owner` has there (`posix_test_lock`).
    fn test_lock(&self, owner: LockOwner, wanted: &Wanted, lock: Flock) -> Flock {
        let found = self.extension(wanted.ino).and_then(|extension| match wanted.kind {
            Some(kind) => extension.record_locks.conflict(owner, kind, wanted.range),
            None => extension.record_locks.own(owner, wanted.range),
        });
        found.map_or(Flock { l_type: Flock::UNLCK, ..lock }, Flock::of)
    }

    /// # Errors
    ///
    /// As [`RecordLocks::set`](crate::objects::record_lock::RecordLocks::set).
    fn set_lock(&mut self, owner: LockOwner, wanted: &Wanted) -> Result<(), Errno> {
        let &Wanted { ino, kind, range } = wanted;
        if kind.is_none() && self.extension(ino).is_none() {
            return Ok(());
        }
        let result = self.extend(ino)?.record_locks.set(owner, kind, range);
        self.trim_extension(ino);
        result
    }
}
