//! Reading, writing, seeking.

use wasm_vfs_core::{Platform as _, Whence};

use crate::abi::imports as host;
use crate::errno::{Error, Result};
use crate::exports::on_fd;
use crate::kernel::Kernel;
use crate::memory::iovec::{IoVecs, check_vector_for_host};
use crate::memory::user::{UserRange, check_for_host};

/// Stores how many bytes were moved.
fn store_size(out: UserRange, bytes: usize) {
    // No vector has more bytes than a result can say.
    out.store_u32(0, u32::try_from(bytes).unwrap_or(u32::MAX));
}

/// An offset, which preview1 has without and Linux with a sign; too large becomes negative, which is `EINVAL`.
#[expect(clippy::cast_possible_wrap, reason = "that is the point")]
fn signed(offset: u64) -> i64 {
    offset as i64
}

impl Kernel {
    /// The error of a read or write. On a directory it is `BADF` in preview1.
    #[cold]
    fn explain_io(&self, fd: i32, error: Error) -> Error {
        self.explain_file(fd, error)
    }

    fn explain_file(&self, fd: i32, error: Error) -> Error {
        if self.is_directory(fd) { Error::BADF } else { error }
    }
}

#[unsafe(no_mangle)]
extern "C" fn fd_read(fd: i32, iovs: u32, iovs_len: u32, nread: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_READ,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nread) {
            0 => host::fd_read(host_fd, iovs, iovs_len, nread),
            fault => fault,
        },
        |kernel, buffers, _| {
            let out = UserRange::new(nread, 4)?;
            let iovs = IoVecs::new(&mut buffers.iovecs, iovs, iovs_len)?;
            let read = kernel.fs.read(&kernel.process, fd, iovs);
            let read = read.map_err(|errno| kernel.explain_io(fd, errno.into()))?;
            if kernel.fs.platform().image_failed() {
                return Err(Error::IO);
            }
            store_size(out, read);
            Ok(())
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_pread(fd: i32, iovs: u32, iovs_len: u32, offset: u64, nread: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_READ,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nread) {
            0 => host::fd_pread(host_fd, iovs, iovs_len, offset, nread),
            fault => fault,
        },
        |kernel, buffers, _| {
            let out = UserRange::new(nread, 4)?;
            let iovs = IoVecs::new(&mut buffers.iovecs, iovs, iovs_len)?;
            let read = kernel.fs.pread64(&kernel.process, fd, iovs, signed(offset));
            let read = read.map_err(|errno| kernel.explain_io(fd, errno.into()))?;
            if kernel.fs.platform().image_failed() {
                return Err(Error::IO);
            }
            store_size(out, read);
            Ok(())
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_write(fd: i32, iovs: u32, iovs_len: u32, nwritten: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_WRITE,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nwritten) {
            0 => host::fd_write(host_fd, iovs, iovs_len, nwritten),
            fault => fault,
        },
        |kernel, buffers, _| {
            let out = UserRange::new(nwritten, 4)?;
            let iovs = IoVecs::new(&mut buffers.iovecs, iovs, iovs_len)?;
            store_size(out, kernel.fs.write(&kernel.process, fd, iovs)?);
            Ok(())
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_pwrite(fd: i32, iovs: u32, iovs_len: u32, offset: u64, nwritten: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_WRITE,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nwritten) {
            0 => host::fd_pwrite(host_fd, iovs, iovs_len, offset, nwritten),
            fault => fault,
        },
        |kernel, buffers, _| {
            let out = UserRange::new(nwritten, 4)?;
            let iovs = IoVecs::new(&mut buffers.iovecs, iovs, iovs_len)?;
            let written = kernel.fs.pwrite64(&kernel.process, fd, iovs, signed(offset));
            store_size(out, written.map_err(|errno| kernel.explain_io(fd, errno.into()))?);
            Ok(())
        },
    )
}

/// Moves the offset of a file and stores where it is.
#[inline(never)]
fn seek(kernel: &mut Kernel, fd: i32, offset: i64, whence: Whence, out: u32) -> Result<()> {
    let out = UserRange::new(out, 8)?;
    kernel.require_file(fd)?;
    out.store_u64(0, kernel.fs.lseek(&kernel.process, fd, offset, whence)?);
    Ok(())
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fd_seek(fd: i32, offset: i64, whence: u32, newoffset: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_SEEK,
        |host_fd| match check_for_host(newoffset, 8) {
            0 => host::fd_seek(host_fd, offset, whence, newoffset),
            fault => fault,
        },
        |kernel, _, _| {
            let whence = match whence {
                0 => Whence::Set,
                1 => Whence::Cur,
                2 => Whence::End,
                _ => return Err(Error::INVAL),
            };
            seek(kernel, fd, offset, whence, newoffset)
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_tell(fd: i32, offset: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_TELL,
        |host_fd| match check_for_host(offset, 8) {
            0 => host::fd_tell(host_fd, offset),
            fault => fault,
        },
        |kernel, _, _| seek(kernel, fd, 0, Whence::Cur, offset),
    )
}
