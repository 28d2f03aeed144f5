//! Twins of the calls, for a build without the feature `mounts`: every path leads into the tree.

use wasm_vfs_core::Errno;

use crate::abi::open_flags::OpenHow;
use crate::kernel::Kernel;
use crate::memory::path::UserPath;

/// A function that leaves each call to the tree.
macro_rules! to_the_tree {
    ($($name:ident($($arg:ty),*);)*) => {
        $(#[inline]
        pub(crate) fn $name($(_: $arg),*) -> Option<i32> {
            None
        })*
    };
}

to_the_tree! {
    fd_filestat_get(i32, u32);
    fd_filestat_set_times(i32, u64, u64, u32);
    fd_readdir(i32, u32, u32, u64, u32);
    path_create_directory(UserPath);
    path_filestat_get(UserPath, u32, u32);
    path_filestat_set_times(UserPath, u32, (u64, u64, u32));
    path_link(UserPath, u32, UserPath);
    path_open(UserPath, &OpenHow, u32);
    path_readlink(UserPath, (u32, u32), u32);
    path_remove_directory(UserPath);
    path_rename(UserPath, UserPath);
    path_symlink((u32, u32), UserPath);
    path_unlink_file(UserPath);
}

/// The host's device numbers stay as they are.
#[inline]
pub(crate) fn shift_device(_addr: u32) {}

/// There are no listings.
#[inline]
pub(crate) fn forget_listing(_fd: i32) {}

/// There is nothing to mark.
#[inline]
pub(crate) fn seal(_kernel: &mut Kernel) -> Result<(), Errno> {
    Ok(())
}
