//! vmsplice: bytes of the caller's memory into a pipe, or from a pipe to there.

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::base::ids::PipeId;
use crate::fs::Fs;
use crate::objects::file_description::OpenFile;
use crate::objects::pipe::BufferKind;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};
use crate::syscalls::data::splice::SpliceFlags;
use crate::syscalls::data::transfer::{End, READ, WRITTEN};

impl<P: Platform> Fs<P> {
    /// `ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned int flags)`, of
    /// the end to write
    ///
    /// Puts the caller's memory into a pipe, page by page: nothing is added to such a page later.
    ///
    /// DEVIATION: bytes are copied, so what the caller stores later is not seen by the reader.
    /// Pages are counted from the start of the buffer, for its address is not known.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags.
    /// * `EBADF`: `fd` is not open for writing; it is not a pipe (unless the buffer is empty).
    /// * `EPIPE`, `EAGAIN`: nobody can read the pipe, or it is full.
    pub fn vmsplice(
        &mut self,
        process: &Process,
        fd: Fd,
        mut iov: impl UserRef,
        flags: SpliceFlags,
    ) -> Result<usize, Errno> {
        let pipe = self.vmsplice_pipe(process, fd, iov.count(), flags, |end| end.writable)?;
        let Some((file, id)) = pipe else { return Ok(0) };
        let moved = self.pipe_with_room(id)?.write(&mut iov, BufferKind::Whole)?;
        self.notify_transfer([(file, WRITTEN)], moved);
        Ok(moved)
    }

    /// `ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned int flags)`, of
    /// the end to read
    ///
    /// Moves what waits in a pipe to the caller's memory.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags.
    /// * `EBADF`: `fd` is not open for reading; it is not a pipe (unless the buffer is empty).
    /// * `EAGAIN`: the pipe is empty and may still be written to.
    pub fn vmsplice_to_user(
        &mut self,
        process: &Process,
        fd: Fd,
        mut iov: impl UserMut<P>,
        flags: SpliceFlags,
    ) -> Result<usize, Errno> {
        let pipe = self.vmsplice_pipe(process, fd, iov.count(), flags, |end| end.readable)?;
        let Some((file, id)) = pipe else { return Ok(0) };
        let pipe = self.pipes.get_mut(id.0).ok_or(Errno::EBADF)?;
        if pipe.is_empty() && pipe.writers > 0 {
            return Err(Errno::EAGAIN);
        }
        let moved = pipe.splice_to_user(&mut iov);
        self.notify_transfer([(file, READ)], moved);
        Ok(moved)
    }

    /// The pipe that one of the two directions is about; `None` if the caller's buffer is empty,
    /// when there is nothing to do.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags.
    /// * `EBADF`: `fd` is not open as `permitted` wants it; it is not a pipe (unless the buffer is
    ///   empty).
    fn vmsplice_pipe(
        &self,
        process: &Process,
        fd: Fd,
        bytes: usize,
        flags: SpliceFlags,
        permitted: impl FnOnce(&End) -> bool,
    ) -> Result<Option<(OpenFile, PipeId)>, Errno> {
        flags.check()?;
        let end = self.transfer_end(process, fd)?;
        if !permitted(&end) {
            return Err(Errno::EBADF);
        }
        if bytes == 0 {
            return Ok(None);
        }
        end.pipe.map(|pipe| Some((end.file, pipe))).ok_or(Errno::EBADF)
    }
}
