//! Directories of the host beside the tree: mounts and overlays.
//!
//! * A *mount*: the host's preopen of some name appears at a directory of the tree. A path that leads into it is handed to the
//!   host from there on; what is opened there is the host's descriptor, with a number of ours.
//! * An *overlay*: the host's directory lies below one of the tree, and only the tree is written to ([`overlay`]).
//!
//! Every function with a path first asks [`lead`](lead::lead) where the path leads. If into the tree, it goes on as without this
//! module; so do descriptors that are the host's already, as the standard streams' do. The host confines the paths that it
//! gets to its directory; `..` that leads out of one by its words is taken here, and the walk goes on in the tree.
//!
//! The filesystem says where a walk comes to such a directory ([`wasm_vfs_core::Foreign`]). This module is only built with the
//! feature `mounts`, for programs that are packed with a mount or an overlay.

mod bake;
mod calls;
mod import;
mod lead;
mod loan;
mod overlay;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use wasm_vfs_core::{AT_FDCWD, DirectoryId, Errno, Foreign, OFlags};

use crate::errno::{Error, Result};
use crate::exports::path::Which;
use crate::host;
use crate::state::{self, Kernel};
use crate::user::PathBuffer;

pub(crate) use calls::{
    OpenHow, fd_filestat_get, fd_filestat_set_times, fd_readdir, lacks, path_create_directory,
    path_filestat_get, path_filestat_set_times, path_link, path_open, path_readlink,
    path_remove_directory, path_rename, path_symlink, path_unlink_file, shift_device,
};
use loan::Loan;
use overlay::Lower;

/// The lowest descriptor of the host that can be a preopen.
const FIRST_PREOPEN: u32 = 3;

/// What stands behind a directory of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mount,
    /// With the number of the directory in [`Lower`].
    Overlay(u32),
}

/// What is known of the host's preopen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HostDirectory {
    /// Nothing: nobody came by.
    NotLookedFor,
    /// There is none of that name.
    Missing,
    /// Its descriptor.
    Open(u32),
}

impl HostDirectory {
    fn open(self) -> Option<u32> {
        if let HostDirectory::Open(fd) = self { Some(fd) } else { None }
    }
}

/// A mount or an overlay.
#[derive(Debug)]
struct Mount {
    /// Where it is in the tree.
    guest: Box<[u8]>,
    /// The name of the host's preopen.
    preopen: Box<[u8]>,
    kind: Kind,
    directory: HostDirectory,
}

/// Where a walk stopped.
#[derive(Clone, Copy, Debug)]
struct Stop {
    at: DirectoryId,
    foreign: Foreign,
}

/// All that this module remembers. Cells, for the filesystem only lends it out shared.
pub(crate) struct Mounts {
    /// By number: what [`Foreign::Mount`] says.
    list: Cell<Vec<Mount>>,
    /// Whether a missing preopen is told of.
    verbose: Cell<bool>,
    /// Where the last walk stopped.
    stop: Cell<Option<Stop>>,
    /// What was left of its path.
    rest: Cell<Vec<u8>>,
    /// For each path of a call: what to say instead, because it leads out of a mount again.
    ways_out: [Cell<Option<Vec<u8>>>; 2],
    /// The lower directories of overlays.
    lower: Cell<Lower>,
    /// A lower file could not be read since this was asked.
    read_failed: Cell<bool>,
}

impl fmt::Debug for Mounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A cell does not show what it holds.
        f.debug_struct("Mounts").finish_non_exhaustive()
    }
}

/// Works on what is in a cell. `body` does not come back to the same cell.
fn with<T: Default, R>(cell: &Cell<T>, body: impl FnOnce(&mut T) -> R) -> R {
    let mut value = cell.take();
    let result = body(&mut value);
    cell.set(value);
    result
}

impl Mounts {
    /// None.
    pub(crate) const fn new() -> Mounts {
        Mounts {
            list: Cell::new(Vec::new()),
            verbose: Cell::new(false),
            stop: Cell::new(None),
            rest: Cell::new(Vec::new()),
            ways_out: [const { Cell::new(None) }; 2],
            lower: Cell::new(Lower::new()),
            read_failed: Cell::new(false),
        }
    }

    /// A walk has stopped.
    pub(crate) fn note_stop(&self, at: DirectoryId, foreign: Foreign, rest: &[u8]) {
        self.stop.set(Some(Stop { at, foreign }));
        with(&self.rest, Vec::clear);
        self.append_rest(rest);
    }

    /// It was in the target of a link, which this follows.
    pub(crate) fn note_rest(&self, rest: &[u8]) {
        self.append_rest(b"/");
        self.append_rest(rest);
    }

    fn append_rest(&self, bytes: &[u8]) {
        let added = with(&self.rest, |held| {
            held.try_reserve(bytes.len()).map(|()| held.extend_from_slice(bytes))
        });
        if added.is_err() {
            // `take_stop` then says that there is no memory.
            self.stop.set(None);
        }
    }

    /// What to say instead of a path of the call, if it was found to lead out of a mount again.
    pub(crate) fn take_way_out(&self, which: Which, buffer: &mut PathBuffer) -> Option<usize> {
        let path = self.ways_out.get(which as usize)?.take()?;
        buffer.get_mut(..path.len())?.copy_from_slice(&path);
        Some(path.len())
    }

    /// Whether a lower file could not be read since this was asked last.
    pub(crate) fn read_failed(&self) -> bool {
        self.read_failed.take()
    }
}

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

/// The host's descriptor for a mount or overlay, or `None` if it has no such preopen. It is looked for once, when it is needed
/// first.
///
/// # Errors
///
/// `NOMEM`: no memory to ask.
fn host_directory(number: u32) -> Result<Option<u32>> {
    let (known, name) = state::enter(|kernel, _| {
        with(&kernel.fs.platform().mounts.list, |list| {
            let mount = list.get(number as usize).ok_or(Error::IO)?;
            Ok((mount.directory, copy(&mount.preopen)?))
        })
    })?;
    let found = match known {
        HostDirectory::Open(fd) => return Ok(Some(fd)),
        HostDirectory::Missing => return Ok(None),
        HostDirectory::NotLookedFor => preopened(&name)?,
    };
    let message = state::enter(|kernel, _| {
        let mounts = &kernel.fs.platform().mounts;
        with(&mounts.list, |list| {
            let mount = list.get_mut(number as usize).ok_or(Error::IO)?;
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
            let mut loan = Loan::of(crate::convert::PRESTAT_BYTES)?;
            let out = loan.take(crate::convert::PRESTAT_BYTES);
            let errno = import::fd_prestat_get(fd, out.addr());
            (errno, out.load_u8(0), out.load_u32(4))
        };
        let (0, tag, len) = prestat else { break };
        if tag != wasi::PREOPENTYPE_DIR.raw() {
            continue;
        }
        let mut loan = Loan::of(Loan::room_for(&[len as usize])?)?;
        let out = loan.take(len);
        let mut theirs = zeros(len as usize)?;
        if import::fd_prestat_dir_name(fd, out.addr(), len) == 0 {
            out.copy_to_kernel(&mut theirs);
        }
        if trimmed(&theirs) == trimmed(name) {
            return Ok(Some(fd));
        }
    }
    Ok(None)
}

/// A name without the slashes at its end, unless there is nothing else; and without the NUL that some hosts count.
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
    of_host(host::import::fd_write(STDERR, iovec.addr(), 1, written.addr()))
}

/// What the host answered.
///
/// # Errors
///
/// What it says.
fn of_host(errno: i32) -> Result<()> {
    if errno == 0 { Ok(()) } else { Err(Error::of_host(errno)) }
}

/// A copy of some bytes.
///
/// # Errors
///
/// `NOMEM`: no memory.
fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    joined(&[bytes])
}

/// Some bytes, one after another.
///
/// # Errors
///
/// `NOMEM`: no memory.
fn joined(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for part in parts {
        all.try_reserve(part.len()).map_err(Errno::from)?;
        all.extend_from_slice(part);
    }
    Ok(all)
}

/// So many zeros.
///
/// # Errors
///
/// `NOMEM`: no memory.
fn zeros(len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(Errno::from)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// Where the number of the mount begins in the token of a descriptor that was opened through one; it is one more. The standard
/// streams have none.
const MOUNT_SHIFT: u32 = 32;

/// The token of the host's descriptor `fd`, opened through mount `number`.
fn token(fd: u32, number: u32) -> u64 {
    u64::from(fd) | (u64::from(number) + 1) << MOUNT_SHIFT
}

/// The mount through which a descriptor of the host's was opened.
fn mount_of(token: u64) -> Option<u32> {
    ((token >> MOUNT_SHIFT) as u32).checked_sub(1)
}

/// How descriptors of the host's are noted: what they may is for the host to say.
const HOST_FLAGS: OFlags = OFlags::RDWR;
