//! read(2), write(2), their positioned and vector forms.

use super::user::range;
use super::{host, on_fd};

#[unsafe(export_name = "SYS_read")]
extern "C" fn read(fd: i32, buf: u32, count: u32) -> i64 {
    on_fd(
        fd,
        |host_fd| host::read(host_fd, buf, count),
        |kernel, file, _| kernel.fs.vfs_read(file, range(buf, count)?),
    )
}

#[unsafe(export_name = "SYS_write")]
extern "C" fn write(fd: i32, buf: u32, count: u32) -> i64 {
    on_fd(
        fd,
        |host_fd| host::write(host_fd, buf, count),
        |kernel, file, _| kernel.fs.vfs_write(&kernel.process, file, range(buf, count)?),
    )
}
