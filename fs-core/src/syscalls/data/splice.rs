//! splice, tee: bytes from a pipe or into one, without a copy where both are pipes.
//!
//! vmsplice, which has the caller's memory at one end, is in `vmsplice.rs`.

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::base::ids::{Ino, PipeId};
use crate::fs::Fs;
use crate::objects::pipe::{Pipe, PipeOrigin};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::data::transfer::{End, READ, WRITTEN, as_position, checked_area};

bitflags! {
    /// Flags of splice(2), vmsplice(2) and tee(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct SpliceFlags: u32 {
        /// Move pages if that is possible. A hint.
        const MOVE = 1;
        /// Do not wait. Nothing here ever does.
        const NONBLOCK = 2;
        /// More will come. A hint, for sockets.
        const MORE = 4;
        /// The pages are given away. A hint.
        const GIFT = 8;
        // Unknown bits are kept: the calls answer EINVAL for them.
        const _ = !0;
    }
}

impl SpliceFlags {
    /// # Errors
    ///
    /// `EINVAL`: there are unknown ones.
    pub(super) fn check(self) -> Result<(), Errno> {
        let known =
            SpliceFlags::MOVE | SpliceFlags::NONBLOCK | SpliceFlags::MORE | SpliceFlags::GIFT;
        if (self - known).is_empty() { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

impl<P: Platform> Fs<P> {
    /// `ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned int flags)`
    ///
    /// Moves bytes from a pipe or to a pipe.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags. (Not when `len` is 0: then nothing is looked at.)
    /// * `EBADF`: one of the descriptors is not open.
    /// * `ESPIPE`: an offset is given for a pipe.
    /// * `EBADF`: `fd_in` is not open for reading, or `fd_out` not for writing.
    /// * `EINVAL`: neither is a pipe, or both are the same one; the file to write was opened with
    ///   `APPEND`; the file to read is a directory; an offset is negative, or too large together
    ///   with `len`.
    /// * `EAGAIN`: the pipe to read is empty and may still be written to.
    /// * `EPIPE`, `EAGAIN`: the pipe to write is one that nobody can read, or full.
    /// * `EFBIG`, `ENOSPC`: as for [`write`](Self::write).
    /// * `EIO`: as for [`read`](Self::read) and [`write`](Self::write).
    #[expect(clippy::too_many_arguments, reason = "splice(2) has six, and the process comes first")]
    pub fn splice(
        &mut self,
        process: &Process,
        fd_in: Fd,
        off_in: Option<&mut i64>,
        fd_out: Fd,
        off_out: Option<&mut i64>,
        len: usize,
        flags: SpliceFlags,
    ) -> Result<usize, Errno> {
        if len == 0 {
            return Ok(0);
        }
        flags.check()?;
        let input = self.transfer_end(process, fd_in)?;
        let output = self.transfer_end(process, fd_out)?;
        let misplaced =
            |end: &End, offset: &Option<&mut i64>| end.pipe.is_some() && offset.is_some();
        if misplaced(&input, &off_in) || misplaced(&output, &off_out) {
            return Err(Errno::ESPIPE);
        }
        if !input.readable || !output.writable {
            return Err(Errno::EBADF);
        }
        let moved = match (input.pipe, output.pipe) {
            (Some(from), Some(to)) => self.pipe_to_pipe(from, to, len, Pipe::splice_to)?,
            (Some(from), None) => {
                if off_out.is_some() && !self.has_positions(&output) {
                    return Err(Errno::EINVAL);
                }
                if output.append {
                    return Err(Errno::EINVAL);
                }
                let position =
                    off_out.as_deref().copied().unwrap_or_else(|| as_position(output.offset));
                let start = checked_area(position, len)?;
                let moved = self.pipe_to_file(process, from, &output, start, len)?;
                self.move_offset(&output, off_out, start, moved)?;
                moved
            }
            (None, Some(to)) => {
                if off_in.is_some() && !self.has_positions(&input) {
                    return Err(Errno::EINVAL);
                }
                let position =
                    off_in.as_deref().copied().unwrap_or_else(|| as_position(input.offset));
                let start = checked_area(position, len)?;
                let moved = self.file_to_pipe(&input, start, to, len)?;
                self.move_offset(&input, off_in, start, moved)?;
                moved
            }
            (None, None) => return Err(Errno::EINVAL),
        };
        self.notify_transfer([(output.file, WRITTEN), (input.file, READ)], moved);
        Ok(moved)
    }

    /// `ssize_t tee(int fd_in, int fd_out, size_t len, unsigned int flags)`
    ///
    /// Copies what waits in one pipe to another, and leaves it there.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags.
    /// * `EBADF`: `fd_in` is not open for reading, or `fd_out` not for writing.
    /// * `EINVAL`: they are not two different pipes.
    /// * `EAGAIN`: the pipe to read is empty and may still be written to.
    /// * `EPIPE`, `EAGAIN`: the pipe to write is one that nobody can read, or full.
    pub fn tee(
        &mut self,
        process: &Process,
        fd_in: Fd,
        fd_out: Fd,
        len: usize,
        flags: SpliceFlags,
    ) -> Result<usize, Errno> {
        flags.check()?;
        if len == 0 {
            return Ok(0);
        }
        let input = self.transfer_end(process, fd_in)?;
        let output = self.transfer_end(process, fd_out)?;
        if !input.readable || !output.writable {
            return Err(Errno::EBADF);
        }
        let (Some(from), Some(to)) = (input.pipe, output.pipe) else { return Err(Errno::EINVAL) };
        let copied = self.pipe_to_pipe(from, to, len, |from, to, len| from.tee_to(to, len))?;
        self.notify_transfer([(input.file, READ), (output.file, WRITTEN)], copied);
        Ok(copied)
    }

    /// Lets `transfer` move or copy bytes between two pipes.
    ///
    /// # Errors
    ///
    /// As `splice_pipe_to_pipe`: `EINVAL`, `EAGAIN`, `EPIPE`, `EAGAIN`, `ENOMEM`.
    fn pipe_to_pipe(
        &mut self,
        from: PipeId,
        to: PipeId,
        len: usize,
        transfer: impl FnOnce(&mut Pipe, &mut Pipe, usize) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        if from == to {
            return Err(Errno::EINVAL);
        }
        let source = self.pipes.get(from.0).ok_or(Errno::EBADF)?;
        if source.is_empty() && source.writers > 0 {
            return Err(Errno::EAGAIN);
        }
        self.pipe_with_room(to)?;
        // Out of the table for a moment, for the two cannot be borrowed at once.
        let mut target = self.take_pipe(to)?;
        let result = match self.pipes.get_mut(from.0) {
            Some(source) => transfer(source, &mut target, len),
            None => Err(Errno::EBADF),
        };
        self.put_pipe(to, target);
        result
    }

    fn take_pipe(&mut self, id: PipeId) -> Result<Pipe, Errno> {
        let pipe = self.pipes.get_mut(id.0).ok_or(Errno::EBADF)?;
        Ok(core::mem::replace(pipe, Pipe::new(PipeOrigin::Named)))
    }

    fn put_pipe(&mut self, id: PipeId, pipe: Pipe) {
        if let Some(place) = self.pipes.get_mut(id.0) {
            *place = pipe;
        }
    }

    /// Writes what waits in a pipe to a file (`iter_file_splice_write`).
    ///
    /// # Errors
    ///
    /// * `EAGAIN`: the pipe is empty and may still be written to.
    /// * `EFBIG`, `ENOSPC`: not even the first byte could be stored.
    fn pipe_to_file(
        &mut self,
        process: &Process,
        from: PipeId,
        output: &End,
        start: u64,
        len: usize,
    ) -> Result<usize, Errno> {
        let ino = output.ino.ok_or(Errno::EINVAL)?;
        let mut pipe = self.take_pipe(from)?;
        let result = if pipe.is_empty() && pipe.writers > 0 {
            Err(Errno::EAGAIN)
        } else {
            self.drain_pipe(&mut pipe, ino, start, len)
        };
        self.put_pipe(from, pipe);
        let moved = result?;
        if moved > 0 {
            let also = self.modified(process, ino)?;
            self.notify_file_entry(output.file, also);
        }
        Ok(moved)
    }

    fn drain_pipe(
        &mut self,
        pipe: &mut Pipe,
        ino: Ino,
        start: u64,
        len: usize,
    ) -> Result<usize, Errno> {
        let mut moved = 0;
        while moved < len && !pipe.is_empty() {
            let written = pipe.consume_front(|bytes| {
                let mut bytes = bytes.get(..len - moved).unwrap_or(bytes);
                self.write_contents(ino, start + moved as u64, &mut bytes)
            });
            match written {
                Ok(0) => break,
                Ok(written) => moved += written,
                Err(error) if moved == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(moved)
    }
}
