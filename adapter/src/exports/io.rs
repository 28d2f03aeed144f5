//! Reading, writing, seeking.

use wasi::Rights;
use wasm_vfs_core::{Errno, OpenFile, Whence};

use super::on_fd;
use crate::abi::imports as host;
use crate::defect::len32;
use crate::errno::{Error, Result};
use crate::kernel::Kernel;
use crate::memory::iovec::{IoVecs, check_vector_for_host};
use crate::memory::user::{UserRange, check_for_host};

/// An offset, which preview1 has without and Linux with a sign; too large becomes negative, which
/// is `EINVAL`.
#[expect(clippy::cast_possible_wrap, reason = "that is the point")]
fn signed(offset: u64) -> i64 {
    offset as i64
}

/// The arguments of a transfer: an I/O vector, and where the number of bytes goes that were moved.
struct Transfer {
    iovs: u32,
    iovs_len: u32,
    moved: u32,
}

impl Transfer {
    /// Moves bytes between the program and what a descriptor is open on.
    ///
    /// It is inlined: a program that only reads gets no code that writes.
    ///
    /// # Errors
    ///
    /// * `BADF`: `fd` is not open, is not open for this, or is a directory, whatever Linux says of
    ///   that.
    /// * `NOTCAPABLE`: it lacks one of the rights `needs`.
    /// * `FAULT`, `INVAL`: as [`IoVecs::new`].
    /// * What `serve` answers.
    #[inline]
    fn run(
        self,
        fd: i32,
        needs: Rights,
        forward: impl FnOnce(u32) -> i32,
        serve: impl FnOnce(&mut Kernel, OpenFile, IoVecs<'_>) -> core::result::Result<usize, Errno>,
    ) -> i32 {
        let Transfer { iovs, iovs_len, moved } = self;
        on_fd(
            fd,
            needs,
            |host_fd| match check_vector_for_host(iovs, iovs_len, moved) {
                0 => forward(host_fd),
                fault => fault,
            },
            |kernel, file, buffers| {
                let out = UserRange::new(moved, 4)?;
                let iovs = IoVecs::new(&mut buffers.iovecs, iovs, iovs_len)?;
                match serve(kernel, file, iovs) {
                    // No vector has more bytes than a result can say.
                    Ok(bytes) => out.store_u32(0, len32(bytes)),
                    Err(errno) => return Err(kernel.explain_io(file, errno)),
                }
                Ok(())
            },
        )
    }
}

impl Kernel {
    /// The error of a transfer. On a directory it is `BADF` in preview1.
    #[cold]
    #[inline(never)]
    fn explain_io(&self, file: OpenFile, errno: Errno) -> Error {
        self.require_file(file).err().unwrap_or(errno.into())
    }
}

#[unsafe(no_mangle)]
extern "C" fn fd_read(fd: i32, iovs: u32, iovs_len: u32, moved: u32) -> i32 {
    Transfer { iovs, iovs_len, moved }.run(
        fd,
        wasi::RIGHTS_FD_READ,
        |host_fd| host::fd_read(host_fd, iovs, iovs_len, moved),
        |kernel, file, iovs| kernel.fs.vfs_read(file, iovs),
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_pread(fd: i32, iovs: u32, iovs_len: u32, offset: u64, moved: u32) -> i32 {
    Transfer { iovs, iovs_len, moved }.run(
        fd,
        wasi::RIGHTS_FD_READ,
        |host_fd| host::fd_pread(host_fd, iovs, iovs_len, offset, moved),
        |kernel, file, iovs| kernel.fs.vfs_pread(file, iovs, signed(offset)),
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_write(fd: i32, iovs: u32, iovs_len: u32, moved: u32) -> i32 {
    Transfer { iovs, iovs_len, moved }.run(
        fd,
        wasi::RIGHTS_FD_WRITE,
        |host_fd| host::fd_write(host_fd, iovs, iovs_len, moved),
        |kernel, file, iovs| kernel.fs.vfs_write(&kernel.process, file, iovs),
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_pwrite(fd: i32, iovs: u32, iovs_len: u32, offset: u64, moved: u32) -> i32 {
    Transfer { iovs, iovs_len, moved }.run(
        fd,
        wasi::RIGHTS_FD_WRITE,
        |host_fd| host::fd_pwrite(host_fd, iovs, iovs_len, offset, moved),
        |kernel, file, iovs| kernel.fs.vfs_pwrite(&kernel.process, file, iovs, signed(offset)),
    )
}

/// Moves the offset of a file and stores where it is.
#[inline(never)]
fn seek(kernel: &mut Kernel, file: OpenFile, offset: i64, whence: Whence, out: u32) -> Result<()> {
    let out = UserRange::new(out, 8)?;
    kernel.require_file(file)?;
    out.store_u64(0, kernel.fs.vfs_llseek(file, offset, whence)?);
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
        |kernel, file, _| {
            let whence = match whence {
                0 => Whence::Set,
                1 => Whence::Cur,
                2 => Whence::End,
                _ => return Err(Error::INVAL),
            };
            seek(kernel, file, offset, whence, newoffset)
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
        |kernel, file, _| seek(kernel, file, 0, Whence::Cur, offset),
    )
}
