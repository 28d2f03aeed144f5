//! ioctl: the few requests that every kind of descriptor knows.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::stat::Dev;
use crate::fs::Fs;
use crate::objects::file_description::FileKind;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// The requests of ioctl(2), with their arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ioctl {
    /// `FIOCLEX`: close the descriptor on exec.
    FioClex,
    /// `FIONCLEX`: do not.
    FioNClex,
    /// `FIONBIO`: sets (not 0) or clears `NONBLOCK`.
    FioNBio(i32),
    /// `FIONREAD`: how many bytes can be read. Of a regular file: how far its end is from the
    /// offset, as a C `int`.
    FioNRead,
}

impl<P: Platform> Fs<P> {
    /// `int ioctl(int fd, unsigned long request, ...)`
    ///
    /// Answers what the request asks for, else 0.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `ENOTTY`: `fd` does not know the request.
    pub fn ioctl(&mut self, process: &mut Process, fd: Fd, request: Ioctl) -> Result<i32, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match request {
            Ioctl::FioClex => process.fds.set_cloexec(fd, true)?,
            Ioctl::FioNClex => process.fds.set_cloexec(fd, false)?,
            Ioctl::FioNBio(on) => {
                self.description_mut(process, fd)?.flags.set(OFlags::NONBLOCK, on != 0);
            }
            Ioctl::FioNRead => return self.readable_bytes(process, fd),
        }
        Ok(0)
    }

    fn readable_bytes(&self, process: &Process, fd: Fd) -> Result<i32, Errno> {
        let description = self.description(process, fd)?;
        let ino = match description.kind {
            FileKind::Inode(ino) => ino,
            FileKind::Inotify(id) => {
                let bytes = self.inotifies.get(id.0).map_or(0, |inotify| inotify.unread_bytes());
                return Ok(i32::try_from(bytes).unwrap_or(i32::MAX));
            }
            FileKind::Eventfd(_) | FileKind::Foreign(_) => return Err(Errno::ENOTTY),
        };
        let bytes = match &self.inode(ino)?.kind {
            InodeKind::Regular(contents) => contents.size().wrapping_sub(description.offset),
            InodeKind::Fifo(Some(id)) => {
                self.pipes.get(id.0).map_or(0, |pipe| pipe.unread_bytes() as u64)
            }
            // random_ioctl
            InodeKind::CharDevice(Dev::RANDOM | Dev::URANDOM) => return Err(Errno::EINVAL),
            _ => return Err(Errno::ENOTTY),
        };
        #[expect(clippy::cast_possible_truncation, reason = "Linux stores the low half, as an int")]
        Ok(bytes as i32)
    }
}
