//! Bytes from descriptor to descriptor: sendfile(2), copy_file_range(2), splice(2), tee(2),
//! vmsplice(2).
//!
//! DEVIATION: descriptors of the host's take no part; each call answers `EINVAL` for them, as for
//! files that cannot do it, and programs read and write then.

use wasm_vfs_core::{Errno, FileType, OFlags, SpliceFlags};

use super::MAX_RW_COUNT;
use crate::calls::user::if_any;
use crate::calls::{Result, call};
use crate::kernel::Kernel;
use crate::memory::iovec::{IoVecs, Vector};
use crate::memory::user::UserRange;

/// An offset that is the program's: `off_t *`, which may be null.
struct Position {
    place: Option<UserRange>,
    offset: i64,
}

impl Position {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// `EFAULT`: it is not all in the program's memory.
    fn load(addr: u32) -> Result<Position> {
        let place = if_any(addr, 8)?;
        let offset = place.map_or(0, |place| place.load_u64(0).cast_signed());
        Ok(Position { place, offset })
    }

    /// What the filesystem moves.
    fn offset(&mut self) -> Option<&mut i64> {
        self.place.is_some().then_some(&mut self.offset)
    }

    /// Stores it.
    fn store(&self) {
        if let Some(place) = self.place {
            place.store_u64(0, self.offset.cast_unsigned());
        }
    }
}

/// The number of bytes that a call moves at most.
fn capped(len: u32) -> usize {
    len.min(MAX_RW_COUNT) as usize
}

impl Kernel {
    /// Checks that a descriptor is open and does not only name a file (`fdget`); its flags.
    ///
    /// # Errors
    ///
    /// `EBADF`: it is not open, or only names a file.
    pub(in crate::calls) fn open_flags(&self, fd: i32) -> Result<OFlags> {
        let flags = self.fs.descriptor(&self.process, fd)?.flags;
        if flags.contains(OFlags::PATH) { Err(Errno::EBADF) } else { Ok(flags) }
    }

    /// The error of splice(2) where an offset is not in the program's memory.
    #[cold]
    fn splice_fault(&self, ends: [(i32, u32); 2]) -> Errno {
        for (fd, _) in ends {
            if let Err(errno) = self.open_flags(fd) {
                return errno;
            }
        }
        let misplaced = |(fd, offset): (i32, u32)| {
            offset != 0 && self.fs.file_type(&self.process, fd) == Ok(FileType::Fifo)
        };
        if ends.into_iter().any(misplaced) { Errno::ESPIPE } else { Errno::EFAULT }
    }
}

#[unsafe(export_name = "SYS_sendfile")]
extern "C" fn sendfile(out_fd: i32, in_fd: i32, offset: u32, count: u32) -> i64 {
    call(|kernel, _| {
        let mut offset = Position::load(offset)?;
        let count = capped(count);
        let moved = kernel.fs.sendfile(&kernel.process, out_fd, in_fd, offset.offset(), count)?;
        offset.store();
        Ok(moved)
    })
}

#[unsafe(export_name = "SYS_copy_file_range")]
extern "C" fn copy_file_range(
    fd_in: i32,
    off_in: u32,
    fd_out: i32,
    off_out: u32,
    len: u32,
    flags: u32,
) -> i64 {
    call(|kernel, _| {
        kernel.open_flags(fd_in)?;
        kernel.open_flags(fd_out)?;
        let (mut from, mut to) = (Position::load(off_in)?, Position::load(off_out)?);
        let moved = kernel.fs.copy_file_range(
            &kernel.process,
            fd_in,
            from.offset(),
            fd_out,
            to.offset(),
            capped(len),
            flags,
        )?;
        from.store();
        to.store();
        Ok(moved)
    })
}

#[unsafe(export_name = "SYS_splice")]
extern "C" fn splice(
    fd_in: i32,
    off_in: u32,
    fd_out: i32,
    off_out: u32,
    len: u32,
    flags: u32,
) -> i64 {
    call(|kernel, _| {
        let flags = SpliceFlags::from_bits_retain(flags);
        if len == 0 {
            return Ok(0);
        }
        check(flags)?;
        let (Ok(mut from), Ok(mut to)) = (Position::load(off_in), Position::load(off_out)) else {
            return Err(kernel.splice_fault([(fd_in, off_in), (fd_out, off_out)]));
        };
        let moved = kernel.fs.splice(
            &kernel.process,
            fd_in,
            from.offset(),
            fd_out,
            to.offset(),
            capped(len),
            flags,
        )?;
        to.store();
        from.store();
        Ok(moved)
    })
}

/// # Errors
///
/// `EINVAL`: there are unknown flags.
fn check(flags: SpliceFlags) -> Result<()> {
    let known = SpliceFlags::MOVE | SpliceFlags::NONBLOCK | SpliceFlags::MORE | SpliceFlags::GIFT;
    if (flags - known).is_empty() { Ok(()) } else { Err(Errno::EINVAL) }
}

#[unsafe(export_name = "SYS_tee")]
extern "C" fn tee(fd_in: i32, fd_out: i32, len: u32, flags: u32) -> i64 {
    let flags = SpliceFlags::from_bits_retain(flags);
    call(|kernel, _| kernel.fs.tee(&kernel.process, fd_in, fd_out, capped(len), flags))
}

#[unsafe(export_name = "SYS_vmsplice")]
extern "C" fn vmsplice(fd: i32, iov: u32, nr_segs: u64, flags: u32) -> i64 {
    call(|kernel, buffers| {
        let flags = SpliceFlags::from_bits_retain(flags);
        check(flags)?;
        // What may be written to is the end that bytes go into.
        let reads = match kernel.open_flags(fd)?.access_mode() {
            OFlags::RDONLY => true,
            OFlags::ACCMODE => return Err(Errno::EBADF),
            _ => false,
        };
        let count = i64::try_from(nr_segs).map_err(|_| Errno::EINVAL)?;
        let pieces = IoVecs::of(&mut buffers.iovecs, Vector::import(iov, count)?, MAX_RW_COUNT);
        if reads {
            kernel.fs.vmsplice_to_user(&kernel.process, fd, pieces, flags)
        } else {
            kernel.fs.vmsplice(&kernel.process, fd, pieces, flags)
        }
    })
}
