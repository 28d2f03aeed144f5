//! copy_file_range: bytes from file to file.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE};
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::data::transfer::{End, READ, WRITTEN, as_position, checked_area};

impl<P: Platform> Fs<P> {
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
    /// * `EIO`: as for [`read`](Self::read) and [`write`](Self::write).
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
        // A negative position is refused below, with what else makes no area.
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
        self.move_offset(&input, off_in, from, moved)?;
        self.move_offset(&output, off_out, to, moved)?;
        self.notify_transfer([(input.file, READ), (output.file, WRITTEN)], moved);
        Ok(moved)
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

    fn type_of(&self, end: &End) -> Option<FileType> {
        self.inode(end.ino?).ok().map(|inode| inode.file_type())
    }
}
