//! How a tool declares mounts and overlays, between the last record and the end of baking.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, FileType};

use super::with_bytes;
use crate::bytes::copy;
use crate::foreign::table::{HostDirectory, Kind, Mount, with};
use crate::kernel::Kernel;

/// Declares that the host's preopen appears at a directory of the tree. The buffer holds the
/// directory's path and then the preopen's name. Returns 0 or a Linux errno.
#[unsafe(no_mangle)]
extern "C" fn bake_mount(guest_len: u32, preopen_len: u32) -> i32 {
    declare(guest_len, preopen_len, |_, _| Ok(Kind::Mount))
}

/// Declares that the host's preopen lies below a directory of the tree: as [`bake_mount`].
#[unsafe(no_mangle)]
extern "C" fn bake_overlay(guest_len: u32, preopen_len: u32) -> i32 {
    declare(guest_len, preopen_len, |kernel, number| {
        with(&kernel.fs.platform().mounts.lower, |lower| lower.add_root(number)).map(Kind::Overlay)
    })
}

/// A preopen that is missing when it is needed is told of on standard error.
#[unsafe(no_mangle)]
extern "C" fn bake_verbose() -> i32 {
    with_bytes(0, |_, kernel| {
        kernel.fs.platform().mounts.verbose.set(true);
        Ok(())
    })
}

fn declare(
    guest_len: u32,
    preopen_len: u32,
    kind: impl FnOnce(&Kernel, u32) -> Result<Kind, Errno>,
) -> i32 {
    let Some(len) = guest_len.checked_add(preopen_len) else {
        return i32::from(Errno::EFAULT.number());
    };
    with_bytes(len, |bytes, kernel| {
        let (guest, preopen) = bytes.split_at_checked(guest_len as usize).ok_or(Errno::EFAULT)?;
        let stat =
            kernel.fs.newfstatat(&kernel.process, AT_FDCWD, guest, AtFlags::SYMLINK_NOFOLLOW)?;
        if stat.file_type() != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        let (guest, preopen) = (copy(guest)?.into_boxed_slice(), copy(preopen)?.into_boxed_slice());
        let mounts = &kernel.fs.platform().mounts;
        let number = with(&mounts.list, |list| u32::try_from(list.len()));
        let kind = kind(kernel, number.map_err(|_| Errno::ENOMEM)?)?;
        with(&mounts.list, |list| {
            list.try_reserve(1)?;
            list.push(Mount { guest, preopen, kind, directory: HostDirectory::NotLookedFor });
            Ok(())
        })
    })
}
