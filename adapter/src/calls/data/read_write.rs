//! read(2), write(2), their positioned and vector forms.
//!
//! The order of errors is `vfs_read`'s and `vfs_readv`'s (fs/read_write.c): whether the descriptor
//! may be read comes before the program's pointers, and they come before what kind of file it is.

use wasm_vfs_core::{Errno, FileType, OFlags, OpenFile, RwFlags, Whence};

use super::{MAX_RW_COUNT, forward};
use crate::abi::imports;
use crate::calls::user::range;
use crate::calls::{Result, error, on_fd};
use crate::kernel::{Buffers, Kernel};
use crate::memory::iovec::{IoVecs, Vector};
use crate::memory::user::UserRange;

/// The offset of preadv2(2) and pwritev2(2) that means the file's own.
const CURRENT: i64 = -1;

/// What a transfer needs of a descriptor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Read,
    Write,
    ReadAt,
    WriteAt,
}

/// The buffer of a transfer.
///
/// # Errors
///
/// As [`before`], for `EFAULT`.
#[inline]
fn buffer(kernel: &Kernel, file: OpenFile, needs: Needs, buf: u32, len: u32) -> Result<UserRange> {
    match range(buf, len) {
        Ok(mut bytes) => Ok(bytes.take(MAX_RW_COUNT)),
        Err(errno) => Err(before(kernel, file, needs, errno)),
    }
}

/// The buffer of a read, at an offset or at the file's own. Behind the end of a file nobody copies
/// anything, so the null pointer does no harm there: on Linux it is an address as others, at which
/// nothing is mapped. One beyond all memory is refused at once (`access_ok`).
///
/// # Errors
///
/// As [`buffer`].
#[inline]
fn buffer_to_fill(
    kernel: &mut Kernel,
    file: OpenFile,
    offset: Option<i64>,
    (buf, len): (u32, u32),
) -> Result<UserRange> {
    let needs = if offset.is_some() { Needs::ReadAt } else { Needs::Read };
    match buffer(kernel, file, needs, buf, len) {
        Err(Errno::EFAULT) if buf == 0 && is_at_end(kernel, file, offset) => Ok(UserRange::EMPTY),
        buffer => buffer,
    }
}

/// Whether a regular file has no byte at an offset, or at its own.
#[cold]
#[inline(never)]
fn is_at_end(kernel: &mut Kernel, file: OpenFile, offset: Option<i64>) -> bool {
    if kernel.fs.file_type_of(file) != Ok(FileType::Regular) {
        return false;
    }
    let own = || kernel.fs.vfs_llseek(file, 0, Whence::Cur).ok()?.try_into().ok();
    let Some(offset) = offset.or_else(own) else { return false };
    let mut byte = [0_u8];
    kernel.fs.vfs_pread(file, &mut byte[..], offset) == Ok(0)
}

/// The pieces of a transfer.
///
/// # Errors
///
/// As [`before`], for the errors of [`Vector::import`].
#[inline(never)]
fn pieces<'b>(
    kernel: &Kernel,
    buffers: &'b mut Buffers,
    file: OpenFile,
    needs: Needs,
    (iov, iovcnt): (u32, i32),
) -> Result<IoVecs<'b>> {
    match Vector::import(iov, iovcnt.into()) {
        Ok(vector) => Ok(IoVecs::of(&mut buffers.iovecs, vector, MAX_RW_COUNT)),
        Err(errno) => Err(before(kernel, file, needs, errno)),
    }
}

/// The error of a transfer with wrong pointers: `ESPIPE` or `EBADF` if the descriptor will not do,
/// which comes first, else `errno`.
#[cold]
#[inline(never)]
fn before(kernel: &Kernel, file: OpenFile, needs: Needs, errno: Errno) -> Errno {
    let Ok(descriptor) = kernel.fs.described(file) else { return Errno::EBADF };
    if descriptor.flags.contains(OFlags::PATH) {
        return Errno::EBADF;
    }
    let positioned = matches!(needs, Needs::ReadAt | Needs::WriteAt);
    let has_positions = !matches!(kernel.fs.file_type_of(file), Ok(FileType::Fifo) | Err(_));
    if positioned && !has_positions {
        return Errno::ESPIPE;
    }
    let reads = matches!(needs, Needs::Read | Needs::ReadAt);
    let wrong = if reads { OFlags::WRONLY } else { OFlags::RDONLY };
    let mode = descriptor.flags.access_mode();
    // Mode 3 grants neither.
    if mode == wrong || mode == OFlags::ACCMODE { Errno::EBADF } else { errno }
}

/// An offset that a program gave, as preview1 has it.
///
/// # Errors
///
/// `EINVAL`: it is negative.
fn offset_for_host(offset: i64) -> Result<u64> {
    u64::try_from(offset).map_err(|_| Errno::EINVAL)
}

#[unsafe(export_name = "SYS_read")]
extern "C" fn read(fd: i32, buf: u32, count: u32) -> i64 {
    on_fd(
        fd,
        |host| forward::buffer(buf, count, |iov, n, moved| imports::fd_read(host, iov, n, moved)),
        |kernel, file, _| {
            let buf = buffer_to_fill(kernel, file, None, (buf, count))?;
            kernel.fs.vfs_read(file, buf)
        },
    )
}

#[unsafe(export_name = "SYS_write")]
extern "C" fn write(fd: i32, buf: u32, count: u32) -> i64 {
    on_fd(
        fd,
        |host| forward::buffer(buf, count, |iov, n, moved| imports::fd_write(host, iov, n, moved)),
        |kernel, file, _| {
            let buf = buffer(kernel, file, Needs::Write, buf, count)?;
            kernel.fs.vfs_write(&kernel.process, file, buf)
        },
    )
}

#[unsafe(export_name = "SYS_pread64")]
extern "C" fn pread64(fd: i32, buf: u32, count: u32, offset: i64) -> i64 {
    let Ok(at) = offset_for_host(offset) else { return error(Errno::EINVAL) };
    on_fd(
        fd,
        |host| {
            forward::buffer(buf, count, |iov, n, moved| imports::fd_pread(host, iov, n, at, moved))
        },
        |kernel, file, _| {
            let buf = buffer_to_fill(kernel, file, Some(offset), (buf, count))?;
            kernel.fs.vfs_pread(file, buf, offset)
        },
    )
}

#[unsafe(export_name = "SYS_pwrite64")]
extern "C" fn pwrite64(fd: i32, buf: u32, count: u32, offset: i64) -> i64 {
    let Ok(at) = offset_for_host(offset) else { return error(Errno::EINVAL) };
    on_fd(
        fd,
        |host| {
            forward::buffer(buf, count, |iov, n, moved| imports::fd_pwrite(host, iov, n, at, moved))
        },
        |kernel, file, _| {
            let buf = buffer(kernel, file, Needs::WriteAt, buf, count)?;
            kernel.fs.vfs_pwrite(&kernel.process, file, buf, offset)
        },
    )
}

#[unsafe(export_name = "SYS_readv")]
extern "C" fn readv(fd: i32, iov: u32, iovcnt: i32) -> i64 {
    preadv2(fd, iov, iovcnt, CURRENT, 0)
}

#[unsafe(export_name = "SYS_writev")]
extern "C" fn writev(fd: i32, iov: u32, iovcnt: i32) -> i64 {
    pwritev2(fd, iov, iovcnt, CURRENT, 0)
}

#[unsafe(export_name = "SYS_preadv")]
extern "C" fn preadv(fd: i32, iov: u32, iovcnt: i32, offset: i64) -> i64 {
    if offset < 0 { error(Errno::EINVAL) } else { preadv2(fd, iov, iovcnt, offset, 0) }
}

#[unsafe(export_name = "SYS_pwritev")]
extern "C" fn pwritev(fd: i32, iov: u32, iovcnt: i32, offset: i64) -> i64 {
    if offset < 0 { error(Errno::EINVAL) } else { pwritev2(fd, iov, iovcnt, offset, 0) }
}

/// Checks the flags of a transfer that the host serves: it has none that change anything.
///
/// # Errors
///
/// `EOPNOTSUPP`: there are some that it does not take.
fn check_for_host(flags: RwFlags) -> Result<()> {
    let taken = RwFlags::HIPRI | RwFlags::DSYNC | RwFlags::SYNC | RwFlags::NOSIGNAL;
    if (flags - taken).is_empty() { Ok(()) } else { Err(Errno::EOPNOTSUPP) }
}

#[unsafe(export_name = "SYS_preadv2")]
extern "C" fn preadv2(fd: i32, iov: u32, iovcnt: i32, offset: i64, flags: u32) -> i64 {
    let flags = RwFlags::from_bits_retain(flags);
    if offset < CURRENT {
        return error(Errno::EINVAL);
    }
    on_fd(
        fd,
        |host| {
            check_for_host(flags)?;
            forward::vector(iov, iovcnt.into(), |iov, n, moved| match u64::try_from(offset) {
                Ok(at) => imports::fd_pread(host, iov, n, at, moved),
                Err(_) => imports::fd_read(host, iov, n, moved),
            })
        },
        |kernel, file, buffers| {
            let needs = if offset == CURRENT { Needs::Read } else { Needs::ReadAt };
            let pieces = pieces(kernel, buffers, file, needs, (iov, iovcnt))?;
            kernel.fs.preadv2(&kernel.process, fd, pieces, offset, flags)
        },
    )
}

#[unsafe(export_name = "SYS_pwritev2")]
extern "C" fn pwritev2(fd: i32, iov: u32, iovcnt: i32, offset: i64, flags: u32) -> i64 {
    let flags = RwFlags::from_bits_retain(flags);
    if offset < CURRENT {
        return error(Errno::EINVAL);
    }
    on_fd(
        fd,
        |host| {
            check_for_host(flags)?;
            forward::vector(iov, iovcnt.into(), |iov, n, moved| match u64::try_from(offset) {
                Ok(at) => imports::fd_pwrite(host, iov, n, at, moved),
                Err(_) => imports::fd_write(host, iov, n, moved),
            })
        },
        |kernel, file, buffers| {
            let needs = if offset == CURRENT { Needs::Write } else { Needs::WriteAt };
            let pieces = pieces(kernel, buffers, file, needs, (iov, iovcnt))?;
            let Kernel { fs, process, .. } = kernel;
            // Without flags it is writev(2) or pwritev(2), which ask no device to write nothing.
            match offset {
                _ if !flags.is_empty() => fs.pwritev2(process, fd, pieces, offset, flags),
                CURRENT => fs.writev(process, fd, pieces),
                _ => fs.pwritev(process, fd, pieces, offset),
            }
        },
    )
}
