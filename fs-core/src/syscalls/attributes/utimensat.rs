//! utimensat, futimens, and their elders utime, utimes, futimesat.

use crate::base::credentials::MAY_WRITE;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd, OFlags};
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

/// The largest `tv_nsec` and one more.
const NSEC_PER_SEC: u32 = 1_000_000_000;

/// One of the two times of utimensat(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSpecifier {
    /// The current time (`UTIME_NOW`).
    Now,
    /// Leave it (`UTIME_OMIT`).
    Omit,
    /// This time.
    At(Timespec),
}

/// Two times of utime(2) (`struct utimbuf`): whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Utimbuf {
    /// The access time, in seconds since the Epoch.
    pub actime: i64,
    /// The modification time, in seconds since the Epoch.
    pub modtime: i64,
}

/// A time of utimes(2) (`struct timeval`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeval {
    /// Whole seconds since the Epoch.
    pub tv_sec: i64,
    /// Microseconds after `tv_sec`: 0..=999,999, or the call is refused.
    pub tv_usec: i64,
}

/// One more than the largest `tv_usec`.
const USEC_PER_SEC: i64 = 1_000_000;

/// Nanoseconds in a microsecond.
const NSEC_PER_USEC: u32 = 1000;

impl Timeval {
    /// As a time to set.
    ///
    /// # Errors
    ///
    /// `EINVAL`: microseconds that are none.
    fn specifier(self) -> Result<TimeSpecifier, Errno> {
        match u32::try_from(self.tv_usec) {
            Ok(usec) if self.tv_usec < USEC_PER_SEC => {
                Ok(TimeSpecifier::At(Timespec::new(self.tv_sec, usec * NSEC_PER_USEC)))
            }
            _ => Err(Errno::EINVAL),
        }
    }
}

impl<P: Platform> Fs<P> {
    /// `int utimensat(int dirfd, const char *pathname, const struct timespec times[2], int flags)`
    ///
    /// Sets access and modification time. Both [`TimeSpecifier::Now`] is the null pointer of C.
    ///
    /// # Errors
    ///
    /// Both [`TimeSpecifier::Omit`]: none, nothing is looked at. Else:
    ///
    /// * `EINVAL`: unknown flags.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EINVAL`: nanoseconds beyond 999,999,999.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EACCES`: both are `Now`, and the process neither owns the file nor may write it.
    /// * `EPERM`: else, and the process does not own it.
    pub fn utimensat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        times: [TimeSpecifier; 2],
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if times == [TimeSpecifier::Omit; 2] {
            return Ok(());
        }
        if !(flags - AtFlags::SYMLINK_NOFOLLOW - AtFlags::EMPTY_PATH).is_empty() {
            return Err(Errno::EINVAL);
        }
        let target = if path.is_empty() && flags.contains(AtFlags::EMPTY_PATH) {
            if self.is_anonymous(process, dirfd) {
                return Err(anon_inode_refusal(process, times));
            }
            self.target_of_fd_or_cwd(process, dirfd)?
        } else if flags.contains(AtFlags::SYMLINK_NOFOLLOW) {
            self.walk_to_target(process, dirfd, path, FollowLast::No)?
        } else {
            self.walk_to_target(process, dirfd, path, FollowLast::Yes)?
        };
        self.set_times(process, target, times)
    }

    /// `int futimens(int fd, const struct timespec times[2])`
    ///
    /// [`utimensat`](Self::utimensat) of an open file.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: nanoseconds beyond 999,999,999.
    /// * `EROFS`, `EACCES`, `EPERM`: as [`utimensat`](Self::utimensat).
    /// * `EOPNOTSUPP`: it is an inotify instance.
    pub fn futimens(
        &mut self,
        process: &Process,
        fd: Fd,
        times: [TimeSpecifier; 2],
    ) -> Result<(), Errno> {
        if times == [TimeSpecifier::Omit; 2] {
            return Ok(());
        }
        self.vfs_futimens(process, self.fdget(process, fd)?, times)
    }

    /// [`futimens`](Self::futimens) of an open file.
    ///
    /// # Errors
    ///
    /// As [`futimens`](Self::futimens).
    pub fn vfs_futimens(
        &mut self,
        process: &Process,
        file: OpenFile,
        times: [TimeSpecifier; 2],
    ) -> Result<(), Errno> {
        if times == [TimeSpecifier::Omit; 2] {
            return Ok(());
        }
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match description.kind {
            FileKind::Anonymous(_) => Err(anon_inode_refusal(process, times)),
            _ => {
                let target = Self::target_of(description).ok_or(Errno::EBADF)?;
                self.set_times(process, target, times)
            }
        }
    }

    /// `int futimesat(int dirfd, const char *pathname, const struct timeval times[2])`
    ///
    /// Sets access and modification time to the microsecond; `None`, C's null pointer, is the
    /// current time. Without a path C means the descriptor: [`futimens`](Self::futimens).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: microseconds that are negative or beyond 999,999.
    /// * As [`utimensat`](Self::utimensat).
    pub fn futimesat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        times: Option<[Timeval; 2]>,
    ) -> Result<(), Errno> {
        let times = match times {
            Some([atime, mtime]) => [atime.specifier()?, mtime.specifier()?],
            None => [TimeSpecifier::Now; 2],
        };
        self.utimensat(process, dirfd, path, times, AtFlags::empty())
    }

    /// `int utimes(const char *filename, const struct timeval times[2])`
    ///
    /// [`futimesat`](Self::futimesat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`futimesat`](Self::futimesat).
    pub fn utimes(
        &mut self,
        process: &Process,
        path: &[u8],
        times: Option<[Timeval; 2]>,
    ) -> Result<(), Errno> {
        self.futimesat(process, AT_FDCWD, path, times)
    }

    /// `int utime(const char *filename, const struct utimbuf *times)`
    ///
    /// Sets access and modification time to the second; `None`, C's null pointer, is the current
    /// time.
    ///
    /// # Errors
    ///
    /// As [`utimensat`](Self::utimensat).
    pub fn utime(
        &mut self,
        process: &Process,
        path: &[u8],
        times: Option<Utimbuf>,
    ) -> Result<(), Errno> {
        let at = |sec| TimeSpecifier::At(Timespec::new(sec, 0));
        let times = match times {
            Some(Utimbuf { actime, modtime }) => [at(actime), at(modtime)],
            None => [TimeSpecifier::Now; 2],
        };
        self.utimensat(process, AT_FDCWD, path, times, AtFlags::empty())
    }

    fn set_times(
        &mut self,
        process: &Process,
        target: ReachedInode,
        times: [TimeSpecifier; 2],
    ) -> Result<(), Errno> {
        check_times(times)?;
        self.want_write_of(target.ino)?;
        let ino = target.ino;
        let inode = self.inode(ino)?;
        if P::PERMISSIONS && !process.credentials.owns(inode.uid) {
            if times != [TimeSpecifier::Now; 2] {
                return Err(Errno::EPERM);
            }
            self.may_access(process, inode, MAY_WRITE)?;
        }
        let now = self.now();
        let pick = |time, old| match time {
            TimeSpecifier::Now => now,
            TimeSpecifier::Omit => old,
            TimeSpecifier::At(time) => time,
        };
        let inode = self.inode_to_change(ino)?;
        let [atime, mtime] = times;
        inode.set_atime(pick(atime, inode.atime()));
        inode.set_mtime(pick(mtime, inode.mtime()));
        inode.set_ctime(now);
        // fsnotify_change
        let what = match times {
            [_, TimeSpecifier::Omit] => InotifyMask::ACCESS,
            [TimeSpecifier::Omit, _] => InotifyMask::MODIFY,
            _ => InotifyMask::ATTRIB,
        };
        self.notify_target(target, what, EventData::Other);
        Ok(())
    }
}

/// Why the inode that all inotify instances share keeps its times (`may_setattr`,
/// `anon_inode_setattr`): it is the superuser's, of mode 0600.
fn anon_inode_refusal(process: &Process, times: [TimeSpecifier; 2]) -> Errno {
    match check_times(times) {
        Err(error) => error,
        Ok(()) if times == [TimeSpecifier::Now; 2] && !process.credentials.is_superuser() => {
            Errno::EACCES
        }
        Ok(()) => Errno::EOPNOTSUPP,
    }
}

fn check_times(times: [TimeSpecifier; 2]) -> Result<(), Errno> {
    let valid = |time: &TimeSpecifier| match time {
        TimeSpecifier::At(at) => at.tv_nsec < NSEC_PER_SEC,
        _ => true,
    };
    if times.iter().all(valid) { Ok(()) } else { Err(Errno::EINVAL) }
}
