//! fsync(2), sync(2): memory is always in step, but the host's files may not be.

use wasm_vfs_core::Errno;

use crate::abi::imports;
use crate::calls::{call, host, on_fd};

#[unsafe(export_name = "SYS_fsync")]
extern "C" fn fsync(fd: i32) -> i64 {
    on_fd(
        fd,
        |host_fd| host::check(imports::fd_sync(host_fd), Errno::EINVAL),
        |kernel, file, _| kernel.fs.vfs_fsync(file),
    )
}

#[unsafe(export_name = "SYS_fdatasync")]
extern "C" fn fdatasync(fd: i32) -> i64 {
    on_fd(
        fd,
        |host_fd| host::check(imports::fd_datasync(host_fd), Errno::EINVAL),
        |kernel, file, _| kernel.fs.vfs_fsync(file),
    )
}

#[unsafe(export_name = "SYS_sync")]
extern "C" fn sync() -> i64 {
    call(|kernel, _| {
        kernel.fs.sync();
        Ok(())
    })
}

#[unsafe(export_name = "SYS_syncfs")]
extern "C" fn syncfs(fd: i32) -> i64 {
    on_fd(
        fd,
        // preview1 has no function for a whole filesystem.
        |_| Ok(()),
        |kernel, _, _| kernel.fs.syncfs(&kernel.process, fd),
    )
}
