//! Calls that lead to directories of the host beside the tree: mounts and overlays.
//!
//! * A *mount*: the host's preopen of some name appears at a directory of the tree. A path that
//!   leads into it is handed to the host from there on; what is opened there is the host's
//!   descriptor, with a number of ours.
//! * An *overlay*: the host's directory lies below one of the tree, and only the tree is written to
//!   (`read_in`).
//!
//! Every function with a path first asks `resolve` where the path leads. If into the tree, it
//! goes on as without this module; so do descriptors that are the host's already, as the standard
//! streams' do. The host confines the paths that it gets to its directory; `..` that leads out of
//! one by its words is taken here, and the walk goes on in the tree.
//!
//! The filesystem says where a walk comes to such a directory ([`wasm_vfs_core::Foreign`]); what is
//! known of them is in [`crate::foreign`]. The feature `mounts` is only chosen for programs that
//! are packed with a mount or an overlay. Without it `absent` takes the place of the calls, so
//! that no caller asks for the feature.

#[cfg(not(feature = "mounts"))]
mod absent;
#[cfg(feature = "mounts")]
mod calls;
#[cfg(feature = "mounts")]
mod host_directory;
#[cfg(feature = "mounts")]
mod read_in;
#[cfg(feature = "mounts")]
mod resolve;

#[cfg(not(feature = "mounts"))]
pub(crate) use absent::*;
#[cfg(feature = "mounts")]
pub(crate) use calls::{
    fd_filestat_get, fd_filestat_set_times, fd_readdir, forget_listing, path_create_directory,
    path_filestat_get, path_filestat_set_times, path_link, path_open, path_readlink,
    path_remove_directory, path_rename, path_symlink, path_unlink_file, shift_device,
};
#[cfg(feature = "mounts")]
pub(crate) use host_directory::seal;
