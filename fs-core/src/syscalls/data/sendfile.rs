//! sendfile, sendfile64: bytes of a file to another file or into a pipe.

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::data::transfer::{READ, WRITTEN, as_position, checked_area};

impl<P: Platform> Fs<P> {
    /// `ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count)`
    ///
    /// Copies bytes of a file to another file or into a pipe.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `in_fd` is not open for reading.
    /// * `ESPIPE`: `offset` is given, and `in_fd` is a pipe.
    /// * `EINVAL`: the offset is negative, or too large together with `count`.
    /// * `EBADF`: `out_fd` is not open for writing.
    /// * `EINVAL`: `out_fd` was opened with `APPEND`; `in_fd` is a pipe or a directory.
    /// * `EPIPE`, `EAGAIN`: `out_fd` is a pipe that nobody can read, or full.
    /// * `EFBIG`, `ENOSPC`: as for [`write`](Self::write).
    /// * `EIO`: as for [`read`](Self::read) and [`write`](Self::write).
    pub fn sendfile(
        &mut self,
        process: &Process,
        out_fd: Fd,
        in_fd: Fd,
        offset: Option<&mut i64>,
        count: usize,
    ) -> Result<usize, Errno> {
        let input = self.transfer_end(process, in_fd)?;
        if !input.readable {
            return Err(Errno::EBADF);
        }
        if offset.is_some() && !self.has_positions(&input) {
            return Err(Errno::ESPIPE);
        }
        let position = offset.as_deref().copied().unwrap_or_else(|| as_position(input.offset));
        let start = checked_area(position, count)?;
        let output = self.transfer_end(process, out_fd)?;
        if !output.writable {
            return Err(Errno::EBADF);
        }
        let moved = match output.pipe {
            Some(pipe) => self.file_to_pipe(&input, start, pipe, count)?,
            None => {
                checked_area(as_position(output.offset), count)?;
                if output.append || input.pipe.is_some() {
                    return Err(Errno::EINVAL);
                }
                let moved =
                    self.file_to_file(process, &input, start, &output, output.offset, count)?;
                self.move_offset(&output, None, output.offset, moved)?;
                moved
            }
        };
        self.move_offset(&input, offset, start, moved)?;
        self.notify_transfer([(input.file, READ), (output.file, WRITTEN)], moved);
        Ok(moved)
    }

    /// `ssize_t sendfile64(int out_fd, int in_fd, off64_t *offset, size_t count)`
    ///
    /// [`sendfile`](Self::sendfile), whose offsets have 64 bits here anyway.
    ///
    /// # Errors
    ///
    /// As [`sendfile`](Self::sendfile).
    pub fn sendfile64(
        &mut self,
        process: &Process,
        out_fd: Fd,
        in_fd: Fd,
        offset: Option<&mut i64>,
        count: usize,
    ) -> Result<usize, Errno> {
        self.sendfile(process, out_fd, in_fd, offset, count)
    }
}
