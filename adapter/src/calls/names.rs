//! Names: making, renaming and removing them.

use super::{on_path, on_two_paths};

#[unsafe(export_name = "SYS_mkdir")]
extern "C" fn mkdir(pathname: u32, mode: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.mkdir(&kernel.process, path, mode))
}

#[unsafe(export_name = "SYS_mkdirat")]
extern "C" fn mkdirat(dirfd: i32, pathname: u32, mode: u32) -> i64 {
    on_path(pathname, |kernel, path| kernel.fs.mkdirat(&kernel.process, dirfd, path, mode))
}

#[unsafe(export_name = "SYS_rename")]
extern "C" fn rename(oldpath: u32, newpath: u32) -> i64 {
    on_two_paths(oldpath, newpath, |kernel, old, new| kernel.fs.rename(&kernel.process, old, new))
}
