//! WASI preview1 as data: the modules that programs import it from, and its functions with the
//! permanent numbers that files written by this tool call them by.

use wasm_vfs_calls::{WALI, WASM_VFS};
use wasmparser::{FuncType, ValType};

/// The import module of preview1's functions, in programs and in the adapter's core module.
pub(crate) const PREVIEW1: &str = "wasi_snapshot_preview1";
/// The import module of the preview before preview1. It has the same functions; the adapter exports
/// those that differ as `function@unstable`.
pub(crate) const UNSTABLE: &str = "wasi_unstable";

/// The functions by their numbers. Append only: the numbers are part of the format of the section
/// `wasm-vfs`, and of the table that traced calls are written from.
pub(crate) const FUNCTIONS: [&str; 50] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
    // Of the preview before, as far as they differ.
    "fd_filestat_get@unstable",
    "fd_seek@unstable",
    "path_filestat_get@unstable",
    "poll_oneoff@unstable",
];

/// The number of a function.
pub(crate) fn number(function: &str) -> Option<u32> {
    let position = FUNCTIONS.iter().position(|&name| name == function)?;
    u32::try_from(position).ok()
}

/// The function of a number.
pub(crate) fn function(number: u32) -> Option<&'static str> {
    FUNCTIONS.get(number as usize).copied()
}

/// The module that an import comes from which the filesystem serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedModule {
    /// `wasi_snapshot_preview1`.
    Preview1,
    /// `wasi_unstable`.
    Unstable,
    /// `wasm_vfs`: Linux's calls.
    WasmVfs,
    /// `wali`: the same, for programs of WALI.
    Wali,
}

impl ServedModule {
    /// The module of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            PREVIEW1 => Some(Self::Preview1),
            UNSTABLE => Some(Self::Unstable),
            WASM_VFS => Some(Self::WasmVfs),
            WALI => Some(Self::Wali),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Preview1 => PREVIEW1,
            Self::Unstable => UNSTABLE,
            Self::WasmVfs => WASM_VFS,
            Self::Wali => WALI,
        }
    }
}

/// The type of `fd_write`.
pub(crate) fn fd_write_type() -> FuncType {
    FuncType::new([ValType::I32; 4], [ValType::I32])
}

/// The type of `proc_exit`.
pub(crate) fn proc_exit_type() -> FuncType {
    FuncType::new([ValType::I32], [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_permanent() {
        assert_eq!(number("args_get"), Some(0));
        assert_eq!(number("path_open"), Some(31));
        assert_eq!(function(31), Some("path_open"));
        assert_eq!(number("sock_shutdown"), Some(45));
        assert_eq!(function(49), Some("poll_oneoff@unstable"));
        assert_eq!(number("wasm_vfs_put"), None);
    }
}
