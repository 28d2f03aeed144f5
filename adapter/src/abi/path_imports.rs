//! The WASI host's functions that only mounts and overlays need, by their preview1 names.

#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    pub(crate) safe fn fd_prestat_dir_name(fd: u32, path: u32, path_len: u32) -> i32;
    pub(crate) safe fn fd_prestat_get(fd: u32, prestat: u32) -> i32;
    pub(crate) safe fn fd_readdir(fd: u32, buf: u32, len: u32, cookie: u64, used: u32) -> i32;
    pub(crate) safe fn path_create_directory(fd: u32, path: u32, len: u32) -> i32;
    pub(crate) safe fn path_filestat_get(
        fd: u32,
        flags: u32,
        path: u32,
        len: u32,
        stat: u32,
    ) -> i32;
    pub(crate) safe fn path_filestat_set_times(
        fd: u32,
        flags: u32,
        path: u32,
        len: u32,
        atim: u64,
        mtim: u64,
        fst_flags: u32,
    ) -> i32;
    pub(crate) safe fn path_link(
        old_fd: u32,
        old_flags: u32,
        old: u32,
        old_len: u32,
        new_fd: u32,
        new: u32,
        new_len: u32,
    ) -> i32;
    pub(crate) safe fn path_open(
        fd: u32,
        dirflags: u32,
        path: u32,
        len: u32,
        oflags: u32,
        rights_base: u64,
        rights_inheriting: u64,
        fdflags: u32,
        opened: u32,
    ) -> i32;
    pub(crate) safe fn path_readlink(
        fd: u32,
        path: u32,
        len: u32,
        buf: u32,
        buf_len: u32,
        used: u32,
    ) -> i32;
    pub(crate) safe fn path_remove_directory(fd: u32, path: u32, len: u32) -> i32;
    pub(crate) safe fn path_rename(
        old_fd: u32,
        old: u32,
        old_len: u32,
        new_fd: u32,
        new: u32,
        new_len: u32,
    ) -> i32;
    pub(crate) safe fn path_symlink(
        target: u32,
        target_len: u32,
        fd: u32,
        path: u32,
        len: u32,
    ) -> i32;
    pub(crate) safe fn path_unlink_file(fd: u32, path: u32, len: u32) -> i32;
}

/// Stand-ins, so that the crate can be checked on the machine that builds it.
#[cfg(not(target_arch = "wasm32"))]
mod stand_ins {
    macro_rules! absent {
        ($($name:ident($($arg:ty),*);)*) => {
            $(pub(crate) fn $name($(_: $arg),*) -> i32 {
                i32::from(wasi::ERRNO_NOSYS.raw())
            })*
        };
    }
    absent! {
        fd_prestat_dir_name(u32, u32, u32);
        fd_prestat_get(u32, u32);
        fd_readdir(u32, u32, u32, u64, u32);
        path_create_directory(u32, u32, u32);
        path_filestat_get(u32, u32, u32, u32, u32);
        path_filestat_set_times(u32, u32, u32, u32, u64, u64, u32);
        path_link(u32, u32, u32, u32, u32, u32, u32);
        path_open(u32, u32, u32, u32, u32, u64, u64, u32, u32);
        path_readlink(u32, u32, u32, u32, u32, u32);
        path_remove_directory(u32, u32, u32);
        path_rename(u32, u32, u32, u32, u32, u32);
        path_symlink(u32, u32, u32, u32, u32);
        path_unlink_file(u32, u32, u32);
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use stand_ins::*;
