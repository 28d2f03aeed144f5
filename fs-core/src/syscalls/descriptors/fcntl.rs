//! fcntl, but for record locks.
//!
//! Neighbours: `syscalls::descriptors::fcntl_locking` has those.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile, SETFL_MASK};
use crate::objects::process::Process;
use crate::platform::Platform;

/// `FD_CLOEXEC`: the only descriptor flag (fcntl(2)).
pub(crate) const FD_CLOEXEC: u32 = 1;

/// The commands of fcntl(2), with their arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fcntl {
    /// `F_DUPFD`: the lowest free descriptor not below this one.
    DupFd(Fd),
    /// `F_DUPFD_CLOEXEC`: the same, closed on exec.
    DupFdCloexec(Fd),
    /// `F_GETFD`: the descriptor's flags.
    GetFd,
    /// `F_SETFD`: sets them.
    SetFd(u32),
    /// `F_GETFL`: access mode and status flags.
    GetFl,
    /// `F_SETFL`: sets the status flags that can be set; others are ignored.
    SetFl(OFlags),
    /// `F_SETPIPE_SZ`: makes room for so many bytes in a pipe, or some more; says how many.
    SetPipeSz(u32),
    /// `F_GETPIPE_SZ`: how many bytes a pipe has room for.
    GetPipeSz,
}

impl<P: Platform> Fs<P> {
    /// `int fcntl(int fd, int cmd, ...)`
    ///
    /// Duplicates a descriptor, or gets or sets its flags.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file and the command is `SetFl`.
    /// * `EINVAL`: the lowest descriptor wanted is negative or too high.
    /// * `EMFILE`: no descriptor left.
    /// * `EPERM`: `NOATIME` on somebody else's file.
    /// * `EINVAL`: `DIRECT` on what is neither a regular file nor a pipe.
    /// * `EBADF`: the command is about a pipe, and `fd` is none.
    /// * `EINVAL`, `EPERM`, `EBUSY`: the size of the pipe is beyond 2 GiB, beyond what this process
    ///   may ask for (1 MiB), or too small for what is in the pipe.
    pub fn fcntl(&mut self, process: &mut Process, fd: Fd, command: Fcntl) -> Result<u32, Errno> {
        let file = self.fdget(process, fd)?;
        match command {
            Fcntl::DupFd(from) | Fcntl::DupFdCloexec(from) => {
                let lowest = u32::try_from(from).map_err(|_| Errno::EINVAL)?;
                if lowest >= process.max_fds {
                    return Err(Errno::EINVAL);
                }
                let cloexec = matches!(command, Fcntl::DupFdCloexec(_));
                let new = self.dup_from(process, file.0, lowest as usize, cloexec)?;
                Ok(new.cast_unsigned())
            }
            Fcntl::GetFd => Ok(if process.fds.cloexec(fd)? { FD_CLOEXEC } else { 0 }),
            Fcntl::SetFd(flags) => {
                process.fds.set_cloexec(fd, flags & FD_CLOEXEC != 0)?;
                Ok(0)
            }
            Fcntl::GetFl => Ok(self.file(file)?.flags.bits()),
            Fcntl::SetFl(flags) => {
                self.setfl(process, file, flags)?;
                Ok(0)
            }
            Fcntl::SetPipeSz(bytes) => {
                let privileged = process.credentials.is_superuser();
                let (_, pipe) = self.pipe_of_fd(process, fd)?;
                let pipe = self.pipes.get_mut(pipe.0).ok_or(Errno::EBADF)?;
                pipe.set_capacity(bytes, privileged)?;
                u32::try_from(pipe.capacity_bytes()).map_err(|_| Errno::EINVAL)
            }
            Fcntl::GetPipeSz => {
                let (_, pipe) = self.pipe_of_fd(process, fd)?;
                let pipe = self.pipes.get(pipe.0).ok_or(Errno::EBADF)?;
                u32::try_from(pipe.capacity_bytes()).map_err(|_| Errno::EINVAL)
            }
        }
    }

    /// [`fcntl`](Self::fcntl) of an open file with [`SetFl`](Fcntl::SetFl).
    ///
    /// # Errors
    ///
    /// * `EBADF`: it only names a file.
    /// * `EPERM`: `NOATIME` on somebody else's file.
    /// * `EINVAL`: `DIRECT` on what is neither a regular file nor a pipe.
    pub fn setfl(&mut self, process: &Process, file: OpenFile, flags: OFlags) -> Result<(), Errno> {
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let added = flags - description.flags;
        let is_anonymous = Self::ANONYMOUS && description.kind.is_anonymous();
        let owner = match description.kind {
            FileKind::Inode(ino) if P::PERMISSIONS => Some(self.inode(ino)?.uid),
            // The inode that all of these share is the superuser's.
            _ if is_anonymous => Some(0),
            _ => None,
        };
        if added.contains(OFlags::NOATIME)
            && owner.is_some_and(|owner| !process.credentials.owns(owner))
        {
            return Err(Errno::EPERM);
        }
        if flags.contains(OFlags::DIRECT)
            && let FileKind::Inode(ino) = description.kind
            && !matches!(self.inode(ino)?.file_type(), FileType::Regular | FileType::Fifo)
        {
            return Err(Errno::EINVAL);
        }
        if flags.contains(OFlags::DIRECT) && is_anonymous {
            return Err(Errno::EINVAL);
        }
        let description = self.file_mut(file)?;
        description.flags = (description.flags - SETFL_MASK) | (flags & SETFL_MASK);
        Ok(())
    }
}
