//! utimensat, futimens.

use crate::clock::Timespec;
use crate::credentials::MAY_WRITE;
use crate::errno::Errno;
use crate::flags::{AtFlags, Fd, OFlags};
use crate::fs::Fs;
use crate::fsnotify::{EventData, ReachedInode};
use crate::notify::InotifyMask;
use crate::path_walk::FollowLast;
use crate::platform::Platform;
use crate::process::Process;

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
    /// * `EACCES`, `EPERM`: as [`utimensat`](Self::utimensat).
    pub fn futimens(
        &mut self,
        process: &Process,
        fd: Fd,
        times: [TimeSpecifier; 2],
    ) -> Result<(), Errno> {
        if times == [TimeSpecifier::Omit; 2] {
            return Ok(());
        }
        if self.description(process, fd)?.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let target = Self::target_of(self.description(process, fd)?).ok_or(Errno::EBADF)?;
        self.set_times(process, target, times)
    }

    fn set_times(
        &mut self,
        process: &Process,
        target: ReachedInode,
        times: [TimeSpecifier; 2],
    ) -> Result<(), Errno> {
        check_times(times)?;
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
        let inode = self.inode_mut(ino)?;
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

fn check_times(times: [TimeSpecifier; 2]) -> Result<(), Errno> {
    let valid = |time: &TimeSpecifier| match time {
        TimeSpecifier::At(at) => at.tv_nsec < NSEC_PER_SEC,
        _ => true,
    };
    if times.iter().all(valid) { Ok(()) } else { Err(Errno::EINVAL) }
}
