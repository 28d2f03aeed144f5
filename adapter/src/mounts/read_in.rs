//! Overlays: a directory of the host below one of the tree.
//!
//! Linux: overlayfs, with the tree as the upper layer. Departure: a directory of the host is read
//! once, whole, when a path first leads into it or it is listed, and is part of the tree from then
//! on. So whiteouts, opaque directories, renaming and merged listings need nothing here: what is
//! removed is gone from the tree, and nobody looks below any more. Of files only names and sizes
//! are read; their bytes are read from the host where they are, into the program's buffer, until
//! they are written to.

use wasm_vfs_core::{DirectoryId, LowerFile, LowerKind, PATH_MAX};

use super::host_directory::host_directory;
use crate::abi::imports;
use crate::abi::layout::timespec;
use crate::abi::open_flags::OpenHow;
use crate::bytes::copy;
use crate::errno::{Error, Result};
use crate::foreign::host_path::{HostPath, filestat, open, readlink};
use crate::foreign::listing::Listing;
use crate::foreign::table::with;
use crate::kernel;

/// The target of a link whose own the host does not tell. Like that it leads nowhere that a program
/// may go: `EPERM`.
const UNTOLD_TARGET: &[u8] = b"/..";

/// Reads a directory of the host's into the one of the tree that is above it.
///
/// # Errors
///
/// What the host answers; then it will be tried again. `NOSPC`, `NOMEM`: no room.
pub(super) fn read_in(at: DirectoryId, number: u32) -> Result<()> {
    let (mount, path) = kernel::enter(|kernel, _| {
        with(&kernel.fs.platform().mounts.lower, |lower| lower.path(number))
    })?;
    if let Some(fd) = host_directory(mount)? {
        let rights = wasi::RIGHTS_FD_READDIR
            | wasi::RIGHTS_PATH_OPEN
            | wasi::RIGHTS_PATH_FILESTAT_GET
            | wasi::RIGHTS_PATH_READLINK;
        let how = OpenHow {
            dirflags: 0,
            oflags: u32::from(wasi::OFLAGS_DIRECTORY),
            rights_base: rights,
            rights_inheriting: rights,
            fdflags: 0,
        };
        let directory = open(&HostPath { fd, mount, path }, &how)?;
        let added = Listing::read(directory)
            .and_then(|listing| listing.each_name(|name| add(at, number, directory, mount, name)));
        imports::fd_close(directory);
        added?;
    }
    kernel::enter(|kernel, _| Ok(kernel.fs.mark(at, None)?))
}

/// Adds one entry of a directory of the host's.
fn add(at: DirectoryId, parent: u32, directory: u32, mount: u32, name: &[u8]) -> Result<()> {
    let stat = match filestat(directory, 0, name) {
        // Gone meanwhile.
        Err(Error::NOENT) => return Ok(()),
        stat => stat?,
    };
    let mut target = [0; PATH_MAX];
    let mut target_len = 0;
    let file_type = stat.file_type();
    if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() {
        let path = HostPath { fd: directory, mount, path: copy(name)? };
        // Wasmtime does not tell absolute ones.
        target_len = match readlink(&path, &mut target) {
            Err(Error::PERM | Error::NOTCAPABLE) => {
                let (out, _) = target.split_at_mut(UNTOLD_TARGET.len());
                out.copy_from_slice(UNTOLD_TARGET);
                UNTOLD_TARGET.len()
            }
            len => len?,
        };
    }
    kernel::enter(|kernel, _| {
        let number =
            || with(&kernel.fs.platform().mounts.lower, |lower| lower.add_named(parent, name));
        let kind = if file_type == wasi::FILETYPE_DIRECTORY.raw() {
            LowerKind::Directory(number()?)
        } else if file_type == wasi::FILETYPE_REGULAR_FILE.raw() {
            LowerKind::Regular { number: number()?, size: stat.size() }
        } else if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() && target_len > 0 {
            LowerKind::Symlink(target.get(..target_len).unwrap_or_default())
        } else {
            // Devices, sockets and pipes: nothing that could be read here.
            return Ok(());
        };
        let file = LowerFile {
            name,
            kind,
            atime: timespec(stat.atim()),
            mtime: timespec(stat.mtim()),
            ctime: timespec(stat.ctim()),
        };
        Ok(kernel.fs.add_lower(at, &file)?)
    })
}
