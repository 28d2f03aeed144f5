//! sendfile, splice, vmsplice, tee, copy_file_range: bytes from descriptor to descriptor.
//!
//! Between two pipes whole buffers change hands; to and from a file a page is copied once.
//!
//! An `Option<&mut i64>` is C's `off_t *`: `None` is the null pointer, for which the file offset is used and moved.

use bitflags::bitflags;

use crate::errno::Errno;
use crate::file_description::FileKind;
use crate::flags::{Fd, MAX_LFS_FILESIZE, OFlags};
use crate::fs::Fs;
use crate::inode::{Ino, InodeKind};
use crate::notify::InotifyMask;
use crate::pages::FS_PAGE_BYTES;
use crate::pipe::{BufferKind, Pipe, PipeId, PipeOrigin};
use crate::platform::Platform;
use crate::process::Process;
use crate::stat::FileType;
use crate::user_memory::{UserMut, UserRef};

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
    fn check(self) -> Result<(), Errno> {
        let known =
            SpliceFlags::MOVE | SpliceFlags::NONBLOCK | SpliceFlags::MORE | SpliceFlags::GIFT;
        if (self - known).is_empty() { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

/// What is told of the descriptor that bytes come from.
const READ: InotifyMask = InotifyMask::ACCESS;

/// What is told of the one that they go to.
const WRITTEN: InotifyMask = InotifyMask::MODIFY;

/// A descriptor that takes part in a transfer (`struct fd`).
#[derive(Clone, Copy)]
struct End {
    fd: Fd,
    /// Its inode, unless it is of another kind.
    ino: Option<Ino>,
    /// The pipe that it is, if it is one.
    pipe: Option<PipeId>,
    readable: bool,
    writable: bool,
    append: bool,
    /// Its file offset.
    offset: u64,
}

/// Checks a position and a length that a transfer was given (`rw_verify_area`).
///
/// # Errors
///
/// `EINVAL`: the position is negative, or the sum is beyond the largest offset.
fn checked_area(position: i64, len: usize) -> Result<u64, Errno> {
    let start = u64::try_from(position).map_err(|_| Errno::EINVAL)?;
    let end = start.checked_add(len as u64).filter(|&end| end <= MAX_LFS_FILESIZE);
    end.map(|_| start).ok_or(Errno::EINVAL)
}

/// How many bytes are left in the page that `offset` is in.
#[expect(clippy::cast_possible_truncation, reason = "at most the size of a page")]
fn page_left(offset: u64) -> usize {
    FS_PAGE_BYTES - (offset % FS_PAGE_BYTES as u64) as usize
}

/// An offset within a file as callers see it.
fn as_position(offset: u64) -> i64 {
    // At most MAX_LFS_FILESIZE, which is the largest one.
    i64::try_from(offset).unwrap_or(i64::MAX)
}

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
            Some(pipe) => self.file_to_pipe(process, &input, start, pipe, count)?,
            None => {
                checked_area(as_position(output.offset), count)?;
                if output.append || !self.has_positions(&input) {
                    return Err(Errno::EINVAL);
                }
                let moved =
                    self.file_to_file(process, &input, start, &output, output.offset, count)?;
                self.move_offset(process, &output, None, output.offset, moved)?;
                moved
            }
        };
        self.move_offset(process, &input, offset, start, moved)?;
        self.notify_transfer(process, [(in_fd, READ), (out_fd, WRITTEN)], moved);
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
    /// * `EINVAL`: neither is a pipe, or both are the same one; the file to write was opened with `APPEND`; the file
    ///   to read is a directory; an offset is negative, or too large together with `len`.
    /// * `EAGAIN`: the pipe to read is empty and may still be written to.
    /// * `EPIPE`, `EAGAIN`: the pipe to write is one that nobody can read, or full.
    /// * `EFBIG`, `ENOSPC`: as for [`write`](Self::write).
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
                self.move_offset(process, &output, off_out, start, moved)?;
                moved
            }
            (None, Some(to)) => {
                if off_in.is_some() && !self.has_positions(&input) {
                    return Err(Errno::EINVAL);
                }
                let position =
                    off_in.as_deref().copied().unwrap_or_else(|| as_position(input.offset));
                let start = checked_area(position, len)?;
                let moved = self.file_to_pipe(process, &input, start, to, len)?;
                self.move_offset(process, &input, off_in, start, moved)?;
                moved
            }
            (None, None) => return Err(Errno::EINVAL),
        };
        self.notify_transfer(process, [(fd_out, WRITTEN), (fd_in, READ)], moved);
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
        self.notify_transfer(process, [(fd_in, READ), (fd_out, WRITTEN)], copied);
        Ok(copied)
    }

    /// `ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned int flags)`, of the end to write
    ///
    /// Puts the caller's memory into a pipe, page by page: nothing is added to such a page later.
    ///
    /// DEVIATION: bytes are copied, so what the caller stores later is not seen by the reader. Pages are counted from the start
    /// of the buffer, for its address is not known.
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
        flags.check()?;
        let end = self.transfer_end(process, fd)?;
        if !end.writable {
            return Err(Errno::EBADF);
        }
        if iov.count() == 0 {
            return Ok(0);
        }
        let id = end.pipe.ok_or(Errno::EBADF)?;
        let moved = self.pipe_with_room(id)?.write(&mut iov, BufferKind::Whole)?;
        self.notify_transfer(process, [(fd, WRITTEN)], moved);
        Ok(moved)
    }

    /// `ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned int flags)`, of the end to read
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
        flags.check()?;
        let end = self.transfer_end(process, fd)?;
        if !end.readable {
            return Err(Errno::EBADF);
        }
        if iov.count() == 0 {
            return Ok(0);
        }
        let id = end.pipe.ok_or(Errno::EBADF)?;
        let pipe = self.pipes.get_mut(id.0).ok_or(Errno::EBADF)?;
        if pipe.is_empty() && pipe.writers > 0 {
            return Err(Errno::EAGAIN);
        }
        let moved = pipe.read(&mut iov);
        self.notify_transfer(process, [(fd, READ)], moved);
        Ok(moved)
    }

    /// `ssize_t copy_file_range(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t size, unsigned int flags)`
    ///
    /// Copies bytes from file to file. Holes are copied as zeros, as on tmpfs.
    ///
    /// # Errors
    ///
    /// * `EBADF`: one of the descriptors is not open.
    /// * `EINVAL`: `flags` is not 0.
    /// * `EISDIR`: one of them is a directory. `EINVAL`: one is no regular file.
    /// * `EBADF`: `fd_in` is not open for reading, or `fd_out` not for writing, or with `APPEND`.
    /// * `EOVERFLOW`: an offset and `size` make more than 64 bits.
    /// * `EFBIG`: the offset to write to is at the largest size of a file.
    /// * `EINVAL`: the ranges overlap in one file, or an offset is negative.
    /// * `ENOSPC`: no room for even one byte.
    #[expect(clippy::too_many_arguments, reason = "the call has six, and the process comes first")]
    pub fn copy_file_range(
        &mut self,
        process: &Process,
        fd_in: Fd,
        off_in: Option<&mut i64>,
        fd_out: Fd,
        off_out: Option<&mut i64>,
        size: usize,
        flags: u32,
    ) -> Result<usize, Errno> {
        let input = self.transfer_end(process, fd_in)?;
        let output = self.transfer_end(process, fd_out)?;
        if flags != 0 {
            return Err(Errno::EINVAL);
        }
        let types = (self.type_of(&input), self.type_of(&output));
        if types.0 == Some(FileType::Directory) || types.1 == Some(FileType::Directory) {
            return Err(Errno::EISDIR);
        }
        if types != (Some(FileType::Regular), Some(FileType::Regular)) {
            return Err(Errno::EINVAL);
        }
        if !input.readable || !output.writable || output.append {
            return Err(Errno::EBADF);
        }
        let from = off_in.as_deref().copied().unwrap_or_else(|| as_position(input.offset));
        let to = off_out.as_deref().copied().unwrap_or_else(|| as_position(output.offset));
        let wraps = |position: i64| position.cast_unsigned().checked_add(size as u64).is_none();
        if wraps(from) || wraps(to) {
            return Err(Errno::EOVERFLOW);
        }
        let len = self.shortened(&input, from, size)?;
        let room = MAX_LFS_FILESIZE - u64::try_from(to).unwrap_or(0);
        if room == 0 {
            return Err(Errno::EFBIG);
        }
        let len = usize::try_from(room).map_or(len, |room| len.min(room));
        let overlap = i128::from(to) + len as i128 > i128::from(from)
            && i128::from(to) < i128::from(from) + len as i128;
        if input.ino == output.ino && overlap {
            return Err(Errno::EINVAL);
        }
        let (from, to) = (checked_area(from, len)?, checked_area(to, len)?);
        let moved = self.file_to_file(process, &input, from, &output, to, len)?;
        self.move_offset(process, &input, off_in, from, moved)?;
        self.move_offset(process, &output, off_out, to, moved)?;
        self.notify_transfer(process, [(fd_in, READ), (fd_out, WRITTEN)], moved);
        Ok(moved)
    }

    /// Tells of what was read and written, if anything was.
    fn notify_transfer<const N: usize>(
        &mut self,
        process: &Process,
        ends: [(Fd, InotifyMask); N],
        moved: usize,
    ) {
        for (fd, mask) in ends {
            if moved > 0 {
                self.notify_fd(process, fd, mask);
            }
        }
    }

    /// As much of `len` as the file has from `position` on.
    fn shortened(&self, input: &End, position: i64, len: usize) -> Result<usize, Errno> {
        let ino = input.ino.ok_or(Errno::EINVAL)?;
        let InodeKind::Regular(contents) = &self.inode(ino)?.kind else {
            return Err(Errno::EINVAL);
        };
        let left = i128::from(contents.size()) - i128::from(position);
        Ok(usize::try_from(left.max(0)).map_or(len, |left| left.min(len)))
    }

    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or only names a file.
    fn transfer_end(&self, process: &Process, fd: Fd) -> Result<End, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let ino = match description.kind {
            FileKind::Inode(ino) => Some(ino),
            _ => None,
        };
        Ok(End {
            fd,
            ino,
            pipe: ino.and_then(|ino| self.pipe_of(ino)),
            readable: description.readable(),
            writable: description.writable(),
            append: description.flags.contains(OFlags::APPEND),
            offset: description.offset,
        })
    }

    fn type_of(&self, end: &End) -> Option<FileType> {
        self.inode(end.ino?).ok().map(|inode| inode.file_type())
    }

    /// Whether bytes of it have a position (`FMODE_PREAD`).
    fn has_positions(&self, end: &End) -> bool {
        end.ino.is_some() && end.pipe.is_none()
    }

    /// Moves the caller's offset, or else the file's, past the bytes that went.
    fn move_offset(
        &mut self,
        process: &Process,
        end: &End,
        offset: Option<&mut i64>,
        start: u64,
        moved: usize,
    ) -> Result<(), Errno> {
        let next = start + moved as u64;
        match offset {
            Some(offset) => *offset = as_position(next),
            None if end.pipe.is_none() && moved > 0 => {
                self.description_mut(process, end.fd)?.offset = next;
            }
            None => {}
        }
        Ok(())
    }

    /// A pipe that can be written to (`wait_for_space`).
    ///
    /// # Errors
    ///
    /// * `EPIPE`: nobody can read it.
    /// * `EAGAIN`: it is full.
    fn pipe_with_room(&mut self, id: PipeId) -> Result<&mut Pipe, Errno> {
        let pipe = self.pipes.get_mut(id.0).ok_or(Errno::EBADF)?;
        if pipe.readers == 0 {
            return Err(Errno::EPIPE);
        }
        if pipe.is_full() {
            return Err(Errno::EAGAIN);
        }
        Ok(pipe)
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

    /// Fills a pipe with pages of a file (`splice_file_to_pipe`).
    ///
    /// # Errors
    ///
    /// * `EPIPE`, `EAGAIN`: as [`pipe_with_room`](Self::pipe_with_room).
    /// * `EINVAL`: there is no file to read.
    fn file_to_pipe(
        &mut self,
        process: &Process,
        input: &End,
        start: u64,
        to: PipeId,
        len: usize,
    ) -> Result<usize, Errno> {
        self.pipe_with_room(to)?;
        let Some(ino) = input.ino else { return Err(Errno::EINVAL) };
        if len == 0 {
            return Ok(0);
        }
        let inode = self.inodes.get(ino.0).ok_or(Errno::EIO)?;
        let InodeKind::Regular(contents) = &inode.kind else { return Err(Errno::EINVAL) };
        let pipe = self.pipes.get_mut(to.0).ok_or(Errno::EBADF)?;
        let mut moved = 0;
        while moved < len && !pipe.is_full() {
            let at = start + moved as u64;
            let in_file = contents.size().saturating_sub(at);
            let wanted = page_left(at).min(len - moved);
            let piece = usize::try_from(in_file).map_or(wanted, |left| left.min(wanted));
            if piece == 0 {
                break;
            }
            let platform = &self.platform;
            let added = pipe.push(piece, BufferKind::Whole, |page| {
                page.resize(piece, 0);
                contents.read(at, platform, &mut &mut page[..]);
                Ok(())
            });
            match added {
                Ok(()) => moved += piece,
                Err(error) if moved == 0 => return Err(error),
                Err(_) => break,
            }
        }
        self.accessed(process, input.fd, ino)?;
        Ok(moved)
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
            self.notify_fd_entry(process, output.fd, also);
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
                self.change_contents(ino, |contents, platform, free_pages| {
                    contents.write(start + moved as u64, platform, free_pages, &mut bytes)
                })
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

    /// Copies from file to file, a page at a time (`do_splice_direct`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: one of them is not a regular file.
    /// * `EFBIG`, `ENOSPC`: not even the first byte could be stored.
    fn file_to_file(
        &mut self,
        process: &Process,
        input: &End,
        from: u64,
        output: &End,
        to: u64,
        len: usize,
    ) -> Result<usize, Errno> {
        if len == 0 {
            return Ok(0);
        }
        let (Some(source), Some(target)) = (input.ino, output.ino) else {
            return Err(Errno::EINVAL);
        };
        let mut page = [0; FS_PAGE_BYTES];
        let mut moved = 0;
        while moved < len {
            let InodeKind::Regular(contents) = &self.inode(source)?.kind else {
                return Err(Errno::EINVAL);
            };
            let at = from + moved as u64;
            let wanted = page_left(at).min(len - moved);
            let mut place = page.get_mut(..wanted).unwrap_or_default();
            let read = contents.read(at, &self.platform, &mut place);
            let mut bytes = page.get(..read).unwrap_or_default();
            if read == 0 {
                break;
            }
            let written = self.change_contents(target, |contents, platform, free_pages| {
                contents.write(to + moved as u64, platform, free_pages, &mut bytes)
            });
            match written {
                Ok(written) => moved += written,
                Err(error) if moved == 0 => return Err(error),
                Err(_) => break,
            }
            if !bytes.is_empty() {
                break;
            }
        }
        self.accessed(process, input.fd, source)?;
        if moved > 0 {
            let also = self.modified(process, target)?;
            self.notify_fd_entry(process, output.fd, also);
        }
        Ok(moved)
    }
}
