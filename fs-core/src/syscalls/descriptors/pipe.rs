//! pipe, pipe2.
//!
//! What the other calls do on a pipe is in `fs::kinds::pipes`.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::ids::{Ino, PipeId};
use crate::fs::Fs;
use crate::objects::file_description::{FileDescription, FileKind};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::pipe::{Pipe, PipeOrigin};
use crate::objects::process::Process;
use crate::platform::Platform;

/// The permission bits of a pipe without a name (`get_pipe_inode`).
const ANONYMOUS_PIPE_MODE: u32 = 0o600;

impl<P: Platform> Fs<P> {
    /// `int pipe2(int pipefd[2], int flags)`
    ///
    /// Makes a pipe: a descriptor to read from and one to write to. With `DIRECT` each write is a
    /// packet.
    ///
    /// DEVIATION: there are no watch queues, so `O_NOTIFICATION_PIPE` (the bit of `EXCL`) is
    /// `EINVAL`.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::PIPES`] is off.
    /// * `EINVAL`: flags but `CLOEXEC`, `NONBLOCK` and `DIRECT`.
    /// * `ENFILE`: no memory for the pipe.
    /// * `EMFILE`, `ENOMEM`: not two descriptors left, or no memory for them.
    pub fn pipe2(&mut self, process: &mut Process, flags: OFlags) -> Result<[Fd; 2], Errno> {
        if !P::PIPES {
            return Err(Errno::ENOSYS);
        }
        if !(flags - OFlags::CLOEXEC - OFlags::NONBLOCK - OFlags::DIRECT).is_empty() {
            return Err(Errno::EINVAL);
        }
        let id = self.pipes.insert(Pipe::new(PipeOrigin::Anonymous)).map_err(|_| Errno::ENFILE)?;
        let who = &process.credentials;
        let kind = InodeKind::Fifo(Some(PipeId(id)));
        // No name, so no link, and not one of the inodes that the limit counts.
        let inode = Inode::new(kind, ANONYMOUS_PIPE_MODE, who.euid, who.egid, self.now());
        let Ok(ino) = self.inodes.insert(inode).map(Ino) else {
            self.pipes.remove(id);
            return Err(Errno::ENFILE);
        };
        self.anonymous_inodes += 1;
        self.hold(ino);
        let ends = self.open_ends(process, ino, flags);
        self.release(ino);
        ends
    }

    /// `int pipe(int pipefd[2])`
    ///
    /// [`pipe2`](Self::pipe2) without flags.
    ///
    /// # Errors
    ///
    /// As [`pipe2`](Self::pipe2).
    pub fn pipe(&mut self, process: &mut Process) -> Result<[Fd; 2], Errno> {
        self.pipe2(process, OFlags::empty())
    }

    /// Opens both ends of a new pipe.
    fn open_ends(
        &mut self,
        process: &mut Process,
        ino: Ino,
        flags: OFlags,
    ) -> Result<[Fd; 2], Errno> {
        let cloexec = flags.contains(OFlags::CLOEXEC);
        let kept = flags & (OFlags::NONBLOCK | OFlags::DIRECT);
        let reader = FileDescription::new(FileKind::Inode(ino), kept & OFlags::NONBLOCK);
        let writer = FileDescription::new(FileKind::Inode(ino), OFlags::WRONLY | kept);
        if let Some(pipe) = self.pipe_of(ino).and_then(|id| self.pipes.get_mut(id.0)) {
            pipe.add_description(&reader);
            pipe.add_description(&writer);
            // The reader has seen this writer: once it is gone, that is an end of file (`f_pipe`).
            pipe.times_opened_for_writing += 1;
        }
        let read_end = self.install(process, reader.clone(), cloexec);
        let write_end = read_end.and_then(|_| self.install(process, writer.clone(), cloexec));
        match (read_end, write_end) {
            (Ok(read_end), Ok(write_end)) => return Ok([read_end, write_end]),
            (Ok(read_end), Err(_)) => self.close(process, read_end)?,
            (Err(_), _) => self.close_pipe_end(ino, &reader),
        }
        self.close_pipe_end(ino, &writer);
        Err(write_end.err().unwrap_or(Errno::ENOMEM))
    }
}
