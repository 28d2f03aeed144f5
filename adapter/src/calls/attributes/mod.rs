//! What files are, and changing that: a file for each family of calls.

mod host_file;
mod permissions;
mod records;
mod stat;
mod times;
mod xattr;

use wasm_vfs_core::{AtFlags, Errno};

use super::user::{Result, StringArg, range};
use super::{Answer, call};
use crate::kernel::Kernel;

/// Whether a call that takes no path for the empty one means a descriptor (`vfs_empty_path`).
#[inline(always)]
fn is_descriptor(dirfd: i32, pathname: u32, flags: AtFlags) -> bool {
    // Few calls have the flag.
    flags.contains(AtFlags::EMPTY_PATH) && dirfd >= 0 && is_empty(pathname)
}

/// Whether a path is null or the empty one.
#[cold]
#[inline(never)]
fn is_empty(pathname: u32) -> bool {
    pathname == 0 || range(pathname, 1).is_ok_and(|first| first.load_u8(0) == 0)
}

/// As [`on_path`](super::on_path), for calls that with `EMPTY_PATH` take no path for the empty one
/// (`getname_maybe_null`).
///
/// # Errors
///
/// As [`on_path`](super::on_path).
#[inline]
fn on_path_if_any<T: Answer>(
    addr: u32,
    flags: AtFlags,
    serve: impl FnOnce(&mut Kernel, &[u8]) -> Result<T>,
) -> i64 {
    call(|kernel, buffers| {
        let path = match addr {
            0 if flags.contains(AtFlags::EMPTY_PATH) => StringArg::EMPTY,
            addr => StringArg::copy(&mut buffers.path, addr),
        };
        path.settle(Errno::ENAMETOOLONG, serve(kernel, path.bytes))
    })
}
