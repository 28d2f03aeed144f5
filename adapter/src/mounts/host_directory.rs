//! The host's directories behind mounts and overlays: marks their places in the tree, and finds
//! them at the host.

use wasm_vfs_core::{AT_FDCWD, Errno, Foreign};

use crate::abi::layout::PRESTAT_BYTES;
use crate::abi::{imports, path_imports};
use crate::bytes::{copy, joined, zeros};
use crate::defect::OrDefect;
use crate::errno::{Error, Result};
use crate::foreign::table::{HostDirectory, Kind, with};
use crate::kernel::{self, Kernel};
use crate::memory::loan::Loan;

/// The lowest descriptor of the host that can be a preopen.
const FIRST_PREOPEN: u32 = 3;

/// Marks the directories of the tree, when what is open at the start is open.
///
/// # Errors
///
/// `ENOENT`, `ENOTDIR`: one is not there. It was when it was baked.
pub(crate) fn seal(kernel: &mut Kernel) -> core::result::Result<(), Errno> {
    // One may lie in another.
    kernel.process.see_own_tree_only(true);
    let mut list = kernel.fs.platform().mounts.list.take();
    for (mount, number) in list.iter_mut().zip(0..) {
        let foreign = match mount.kind {
            Kind::Mount => Foreign::Mount(number),
            Kind::Overlay(directory) => Foreign::Unread(directory),
        };
        kernel.fs.set_foreign(&kernel.process, AT_FDCWD, &mount.guest, Some(foreign))?;
    }
    list.shrink_to_fit();
    kernel.fs.platform().mounts.list.set(list);
    kernel.process.see_own_tree_only(false);
    Ok(())
}

/// The host's descriptor for a mount or overlay, or `None` if it has no such preopen. It is looked
/// for once, when it is needed first.
///
/// # Errors
///
/// `NOMEM`: no memory to ask.
pub(super) fn host_directory(number: u32) -> Result<Option<u32>> {
    let (known, name) = kernel::enter(|kernel, _| {
        with(&kernel.fs.platform().mounts.list, |list| {
            let mount = list.get(number as usize).or_defect()?;
            Ok((mount.directory, copy(&mount.preopen)?))
        })
    })?;
    let found = match known {
        HostDirectory::Open(fd) => return Ok(Some(fd)),
        HostDirectory::Missing => return Ok(None),
        HostDirectory::NotLookedFor => preopened(&name)?,
    };
    let message = kernel::enter(|kernel, _| {
        let mounts = &kernel.fs.platform().mounts;
        with(&mounts.list, |list| {
            let mount = list.get_mut(number as usize).or_defect()?;
            mount.directory = found.map_or(HostDirectory::Missing, HostDirectory::Open);
            if found.is_some() || !mounts.verbose.get() {
                return Ok(None);
            }
            Ok(Some(joined(&[
                b"wasm-vfs: the host preopens no directory `",
                &mount.preopen,
                b"`, so there is nothing of it at ",
                &mount.guest,
                b"\n",
            ])?))
        })
    })?;
    if let Some(message) = message {
        // Whether anybody hears it or not.
        let _ = tell(&message);
    }
    Ok(found)
}

/// Looks for the host's preopen of a name. Slashes at the end of names do not count.
///
/// # Errors
///
/// `NOMEM`: no memory to ask.
fn preopened(name: &[u8]) -> Result<Option<u32>> {
    for fd in FIRST_PREOPEN.. {
        let prestat = {
            let mut loan = Loan::of(PRESTAT_BYTES)?;
            let out = loan.take(PRESTAT_BYTES);
            let errno = path_imports::fd_prestat_get(fd, out.addr());
            (errno, out.load_u8(0), out.load_u32(4))
        };
        let (0, tag, len) = prestat else { break };
        if tag != wasi::PREOPENTYPE_DIR.raw() {
            continue;
        }
        let mut loan = Loan::of(Loan::room_for(&[len as usize])?)?;
        let out = loan.take(len);
        let mut theirs = zeros(len as usize)?;
        if path_imports::fd_prestat_dir_name(fd, out.addr(), len) == 0 {
            out.copy_to_kernel(&mut theirs);
        }
        if trimmed(&theirs) == trimmed(name) {
            return Ok(Some(fd));
        }
    }
    Ok(None)
}

/// A name without the slashes at its end, unless there is nothing else; and without the NUL that
/// some hosts count.
fn trimmed(name: &[u8]) -> &[u8] {
    let mut name = name;
    while let Some((b'/' | 0, rest)) = name.split_last()
        && !rest.is_empty()
    {
        name = rest;
    }
    name
}

/// Writes a line to the host's standard error.
fn tell(message: &[u8]) -> Result<()> {
    const STDERR: u32 = 2;
    let mut loan = Loan::of(Loan::room_for(&[message.len(), 8, 4])?)?;
    let (addr, len) = loan.put(message);
    let iovec = loan.take(8);
    iovec.store_u32(0, addr);
    iovec.store_u32(4, len);
    let written = loan.take(4);
    Error::check_host(imports::fd_write(STDERR, iovec.addr(), 1, written.addr()))
}
