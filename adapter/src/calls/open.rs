//! Opening: open(2), openat2(2), close(2).

use wasm_vfs_core::{AT_FDCWD, OFlags};

use super::on_path;

#[unsafe(export_name = "SYS_open")]
extern "C" fn open(pathname: u32, flags: u32, mode: u32) -> i64 {
    openat(AT_FDCWD, pathname, flags, mode)
}

#[unsafe(export_name = "SYS_openat")]
extern "C" fn openat(dirfd: i32, pathname: u32, flags: u32, mode: u32) -> i64 {
    let flags = OFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| {
        kernel.fs.openat(&mut kernel.process, dirfd, path, flags, mode)
    })
}

#[unsafe(export_name = "SYS_creat")]
extern "C" fn creat(pathname: u32, mode: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.creat(&mut kernel.process, path, mode))
}
