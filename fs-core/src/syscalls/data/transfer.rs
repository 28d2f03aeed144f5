//! What the calls share that move bytes from descriptor to descriptor: sendfile, splice, tee,
//! vmsplice, copy_file_range.
//!
//! Between two pipes whole buffers change hands (`splice.rs`); to and from a file a page is copied
//! once.
//!
//! An `Option<&mut i64>` is C's `off_t *`: `None` is the null pointer, for which the file offset is
//! used and moved.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE, OFlags};
use crate::base::ids::{Ino, PipeId};
use crate::base::page::FS_PAGE_BYTES;
use crate::fs::Fs;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inode::InodeKind;
use crate::objects::inotify::InotifyMask;
use crate::objects::pipe::{BufferKind, Pipe};
use crate::objects::process::Process;
use crate::platform::Platform;

/// What is told of the descriptor that bytes come from.
pub(super) const READ: InotifyMask = InotifyMask::ACCESS;

/// What is told of the one that they go to.
pub(super) const WRITTEN: InotifyMask = InotifyMask::MODIFY;

/// A descriptor that takes part in a transfer (`struct fd`).
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) file: OpenFile,
    /// Its inode, unless it is of another kind.
    pub(super) ino: Option<Ino>,
    /// The pipe that it is, if it is one.
    pub(super) pipe: Option<PipeId>,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) append: bool,
    /// Its file offset.
    pub(super) offset: u64,
}

/// Checks a position and a length that a transfer was given (`rw_verify_area`).
///
/// # Errors
///
/// `EINVAL`: the position is negative, or the sum is beyond the largest offset.
pub(super) fn checked_area(position: i64, len: usize) -> Result<u64, Errno> {
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
pub(super) fn as_position(offset: u64) -> i64 {
    // At most MAX_LFS_FILESIZE, which is the largest one.
    i64::try_from(offset).or_after_defect(i64::MAX)
}

impl<P: Platform> Fs<P> {
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or only names a file.
    pub(super) fn transfer_end(&self, process: &Process, fd: Fd) -> Result<End, Errno> {
        let file = self.fdget(process, fd)?;
        let description = self.file(file)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let ino = match description.kind {
            FileKind::Inode(ino) => Some(ino),
            _ => None,
        };
        Ok(End {
            file,
            ino,
            pipe: ino.and_then(|ino| self.pipe_of(ino)),
            readable: description.readable(),
            writable: description.writable(),
            append: description.flags.contains(OFlags::APPEND),
            offset: description.offset,
        })
    }

    /// Whether bytes of it have a position (`FMODE_PREAD`).
    pub(super) fn has_positions(&self, end: &End) -> bool {
        end.ino.is_some() && end.pipe.is_none()
    }

    /// Moves the caller's offset, or else the file's, past the bytes that went.
    pub(super) fn move_offset(
        &mut self,
        end: &End,
        offset: Option<&mut i64>,
        start: u64,
        moved: usize,
    ) -> Result<(), Errno> {
        let next = start + moved as u64;
        match offset {
            Some(offset) => *offset = as_position(next),
            None if end.pipe.is_none() && moved > 0 => {
                self.file_mut(end.file)?.offset = next;
            }
            None => {}
        }
        Ok(())
    }

    /// Tells of what was read and written, if anything was.
    pub(super) fn notify_transfer<const N: usize>(
        &mut self,
        ends: [(OpenFile, InotifyMask); N],
        moved: usize,
    ) {
        for (file, mask) in ends {
            if moved > 0 {
                self.notify_file(file, mask);
            }
        }
    }

    /// A pipe that can be written to (`wait_for_space`).
    ///
    /// # Errors
    ///
    /// * `EPIPE`: nobody can read it.
    /// * `EAGAIN`: it is full.
    pub(super) fn pipe_with_room(&mut self, id: PipeId) -> Result<&mut Pipe, Errno> {
        let pipe = self.pipes.get_mut(id.0).ok_or(Errno::EBADF)?;
        if pipe.readers == 0 {
            return Err(Errno::EPIPE);
        }
        if pipe.is_full() {
            return Err(Errno::EAGAIN);
        }
        Ok(pipe)
    }

    /// Fills a pipe with pages of a file (`splice_file_to_pipe`).
    ///
    /// # Errors
    ///
    /// * `EPIPE`, `EAGAIN`: as [`pipe_with_room`](Self::pipe_with_room).
    /// * `EINVAL`: there is no file to read.
    /// * `EIO`: the embedder could not read the first byte.
    pub(super) fn file_to_pipe(
        &mut self,
        input: &End,
        start: u64,
        to: PipeId,
        len: usize,
    ) -> Result<usize, Errno> {
        self.pipe_with_room(to)?;
        if len == 0 {
            return Ok(0);
        }
        let Some(ino) = input.ino else { return Err(Errno::EINVAL) };
        let inode = self.inodes.get(ino.0).or_defect()?;
        let InodeKind::Regular(contents) = &inode.kind else { return Err(Errno::EINVAL) };
        let extension = self.extensions.get(inode.extension.0);
        let placed = extension.map(|extension| &extension.placed).filter(|_| P::USER_MEMORY);
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
                let mut place = &mut page[..];
                match placed {
                    Some(placed) => placed.read(contents, at, platform, &mut place),
                    None => contents.read(at, platform, &mut place),
                }
                .map(|_| ())
            });
            match added {
                Ok(()) => moved += piece,
                Err(error) if moved == 0 => return Err(error),
                Err(_) => break,
            }
        }
        self.accessed(input.file, ino)?;
        Ok(moved)
    }

    /// Copies from file to file, a page at a time (`do_splice_direct`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: one of them is not a regular file.
    /// * `EFBIG`, `ENOSPC`: not even the first byte could be stored.
    /// * `EIO`: the embedder could not read the first byte.
    pub(super) fn file_to_file(
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
            let mut place = page.get_mut(..wanted).or_after_defect(&mut []);
            let read = if P::USER_MEMORY
                && let Some(placed) = self.placed(source)
            {
                placed.read(contents, at, &self.platform, &mut place)
            } else {
                contents.read(at, &self.platform, &mut place)
            };
            let read = match read {
                Err(_) if moved > 0 => break,
                read => read?,
            };
            let mut bytes = page.get(..read).or_after_defect(&[]);
            if read == 0 {
                break;
            }
            let written = self.write_contents(target, to + moved as u64, &mut bytes);
            match written {
                Ok(written) => moved += written,
                Err(error) if moved == 0 => {
                    self.modified_in_vain(process, output.file, target, error)?;
                    return Err(error);
                }
                Err(_) => break,
            }
            if !bytes.is_empty() {
                break;
            }
        }
        self.accessed(input.file, source)?;
        if moved > 0 {
            let also = self.modified(process, target)?;
            self.notify_file_entry(output.file, also);
        }
        Ok(moved)
    }
}
