//! The size of files and the room that they take: truncate(2), fallocate(2), posix_fadvise(2).

use wasm_vfs_core::{Errno, FallocateMode, FileType, OFlags};

use crate::abi::imports;
use crate::calls::{Result, error, host, on_fd, on_path};

#[unsafe(export_name = "SYS_ftruncate")]
extern "C" fn ftruncate(fd: i32, length: i64) -> i64 {
    let Ok(size) = u64::try_from(length) else { return error(Errno::EINVAL) };
    on_fd(
        fd,
        |host_fd| host::check(imports::fd_filestat_set_size(host_fd, size), Errno::EINVAL),
        |kernel, file, _| kernel.fs.vfs_ftruncate(&kernel.process, file, length),
    )
}

#[unsafe(export_name = "SYS_truncate")]
extern "C" fn truncate(path: u32, length: i64) -> i64 {
    // Before the path is looked at.
    if length < 0 {
        return error(Errno::EINVAL);
    }
    on_path(path, |kernel, path| kernel.fs.truncate(&kernel.process, path, length))
}

#[unsafe(export_name = "SYS_fallocate")]
extern "C" fn fallocate(fd: i32, mode: u32, offset: i64, len: i64) -> i64 {
    let mode = FallocateMode::from_bits_retain(mode);
    on_fd(
        fd,
        |host_fd| {
            let area = (u64::try_from(offset), u64::try_from(len));
            let (Ok(offset), Ok(len)) = area else { return Err(Errno::EINVAL) };
            if len == 0 {
                return Err(Errno::EINVAL);
            }
            // preview1 can only make a file longer.
            if !mode.is_empty() {
                return Err(Errno::EOPNOTSUPP);
            }
            host::check(imports::fd_allocate(host_fd, offset, len), Errno::ENODEV)
        },
        |kernel, file, _| kernel.fs.vfs_fallocate(&kernel.process, file, mode, offset, len),
    )
}

/// The advices, as preview1 numbers them (`POSIX_FADV_*`, include/uapi/linux/fadvise.h).
const ADVICES: [wasi::Advice; 6] = [
    wasi::ADVICE_NORMAL,
    wasi::ADVICE_RANDOM,
    wasi::ADVICE_SEQUENTIAL,
    wasi::ADVICE_WILLNEED,
    wasi::ADVICE_DONTNEED,
    wasi::ADVICE_NOREUSE,
];

/// Checks its arguments: nothing here is ever read ahead.
#[unsafe(export_name = "SYS_fadvise64")]
extern "C" fn fadvise64(fd: i32, offset: i64, len: i64, advice: u32) -> i64 {
    let check = || -> Result<wasi::Advice> {
        if len < 0 {
            return Err(Errno::EINVAL);
        }
        ADVICES.get(advice as usize).copied().ok_or(Errno::EINVAL)
    };
    on_fd(
        fd,
        |host_fd| {
            let advice = u32::from(check()?.raw());
            let (offset, len) = (offset.cast_unsigned(), len.cast_unsigned());
            host::check(imports::fd_advise(host_fd, offset, len, advice), Errno::ESPIPE)
        },
        |kernel, file, _| {
            if kernel.fs.described(file)?.flags.contains(OFlags::PATH) {
                return Err(Errno::EBADF);
            }
            if kernel.fs.file_type_of(file) == Ok(FileType::Fifo) {
                return Err(Errno::ESPIPE);
            }
            check().map(|_| ())
        },
    )
}
