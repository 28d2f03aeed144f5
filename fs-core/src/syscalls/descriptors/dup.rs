//! dup, dup2, dup3.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::ids::DescriptionId;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int dup(int oldfd)`
    ///
    /// The lowest free descriptor, for the same description.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `oldfd` is not open.
    /// * `EMFILE`: no descriptor left.
    pub fn dup(&mut self, process: &mut Process, oldfd: Fd) -> Result<Fd, Errno> {
        let id = process.fds.get(oldfd)?;
        self.dup_from(process, id, 0, false)
    }

    /// `int dup2(int oldfd, int newfd)`
    ///
    /// Makes `newfd` a descriptor for the same description, closing what it was.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `oldfd` is not open, or `newfd` is negative or too high.
    pub fn dup2(&mut self, process: &mut Process, oldfd: Fd, newfd: Fd) -> Result<Fd, Errno> {
        if oldfd == newfd {
            process.fds.get(oldfd)?;
            return Ok(newfd);
        }
        self.dup3(process, oldfd, newfd, OFlags::empty())
    }

    /// `int dup3(int oldfd, int newfd, int flags)`
    ///
    /// As [`dup2`](Self::dup2), with `CLOEXEC` if wanted.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `CLOEXEC`, or the two descriptors are equal.
    /// * `EBADF`: `newfd` is negative or too high, or `oldfd` is not open.
    pub fn dup3(
        &mut self,
        process: &mut Process,
        oldfd: Fd,
        newfd: Fd,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        if !(flags - OFlags::CLOEXEC).is_empty() || oldfd == newfd {
            return Err(Errno::EINVAL);
        }
        if u32::try_from(newfd).map_or(true, |fd| fd >= process.max_fds) {
            return Err(Errno::EBADF);
        }
        let id = process.fds.get(oldfd)?;
        process.fds.reserve(newfd)?;
        self.refer(id);
        let before = process.fds.install(newfd, id, flags.contains(OFlags::CLOEXEC));
        if let Some(before) = before {
            if P::LOCKS {
                self.remove_process_locks(process, before);
            }
            self.release_description(before);
        }
        Ok(newfd)
    }

    pub(super) fn dup_from(
        &mut self,
        process: &mut Process,
        id: DescriptionId,
        from: usize,
        cloexec: bool,
    ) -> Result<Fd, Errno> {
        let fd = self.reserve_fd(process, from)?;
        self.refer(id);
        process.fds.install(fd, id, cloexec);
        Ok(fd)
    }
}
