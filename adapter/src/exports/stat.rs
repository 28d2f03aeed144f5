//! Attributes of open files.

use crate::abi::{imports as host, layout};
use crate::errno::Error;
use crate::exports::on_fd;
use crate::memory::user::{UserRange, check_for_host};
use crate::mounts;

#[unsafe(no_mangle)]
pub(super) extern "C" fn fd_filestat_get(fd: i32, filestat: u32) -> i32 {
    if let Some(answer) = mounts::fd_filestat_get(fd, filestat) {
        return answer;
    }
    on_fd(
        fd,
        wasi::RIGHTS_FD_FILESTAT_GET,
        |host_fd| match check_for_host(filestat, layout::FILESTAT_BYTES) {
            0 => filestat_of_host(host_fd, filestat),
            fault => fault,
        },
        |kernel, file, _| {
            let out = UserRange::new(filestat, layout::FILESTAT_BYTES)?;
            layout::store_filestat(out, &kernel.fs.vfs_fstat(file)?);
            Ok(())
        },
    )
}

/// What the host says of one of its files, with a device number that is none of ours.
fn filestat_of_host(host_fd: u32, filestat: u32) -> i32 {
    let errno = host::fd_filestat_get(host_fd, filestat);
    if errno == 0 {
        mounts::shift_device(filestat);
    }
    errno
}

#[unsafe(no_mangle)]
extern "C" fn fd_filestat_set_size(fd: i32, size: u64) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_FILESTAT_SET_SIZE,
        |host_fd| host::fd_filestat_set_size(host_fd, size),
        |kernel, file, _| {
            kernel.require_file(file)?;
            let size = i64::try_from(size).map_err(|_| Error::INVAL)?;
            Ok(kernel.fs.vfs_ftruncate(&kernel.process, file, size)?)
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_filestat_set_times(fd: i32, atim: u64, mtim: u64, fst_flags: u32) -> i32 {
    if let Some(answer) = mounts::fd_filestat_set_times(fd, atim, mtim, fst_flags) {
        return answer;
    }
    // Flags that make no sense come before a descriptor that is not open, as with wasmtime.
    match layout::time_specifiers(atim, mtim, fst_flags) {
        Ok(times) => on_fd(
            fd,
            wasi::RIGHTS_FD_FILESTAT_SET_TIMES,
            |host_fd| host::fd_filestat_set_times(host_fd, atim, mtim, fst_flags),
            |kernel, file, _| Ok(kernel.fs.vfs_futimens(&kernel.process, file, times)?),
        ),
        Err(error) => error.number(),
    }
}
