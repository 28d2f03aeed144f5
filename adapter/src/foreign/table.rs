//! What is known of mounts and overlays: the table, and what the last walk found at one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use wasm_vfs_core::{DirectoryId, Foreign};

use super::listing::Listings;
use super::lower::Lower;
use crate::memory::path::{PathBuffer, Which};

/// What stands behind a directory of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mount,
    /// With the number of the directory in [`Lower`].
    Overlay(u32),
}

/// What is known of the host's preopen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostDirectory {
    /// Nothing: nobody came by.
    NotLookedFor,
    /// There is none of that name.
    Missing,
    /// Its descriptor.
    Open(u32),
}

impl HostDirectory {
    pub(crate) fn open(self) -> Option<u32> {
        if let HostDirectory::Open(fd) = self { Some(fd) } else { None }
    }
}

/// A mount or an overlay.
#[derive(Debug)]
pub(crate) struct Mount {
    /// Where it is in the tree.
    pub(crate) guest: Box<[u8]>,
    /// The name of the host's preopen.
    pub(crate) preopen: Box<[u8]>,
    pub(crate) kind: Kind,
    pub(crate) directory: HostDirectory,
}

/// Where a walk stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    pub(crate) at: DirectoryId,
    pub(crate) foreign: Foreign,
}

/// The mounts and overlays, and what walks found at them. Cells, for the filesystem only lends it
/// out shared.
pub(crate) struct MountTable {
    /// By number: what [`Foreign::Mount`] says.
    pub(crate) list: Cell<Vec<Mount>>,
    /// Whether a missing preopen is told of.
    pub(crate) verbose: Cell<bool>,
    /// Where the last walk stopped.
    pub(crate) stop: Cell<Option<Stop>>,
    /// What was left of its path.
    pub(crate) rest: Cell<Vec<u8>>,
    /// For each path of a call: what to say instead, because it leads out of a mount again.
    pub(crate) ways_out: [Cell<Option<Vec<u8>>>; 2],
    /// The lower directories of overlays.
    pub(crate) lower: Cell<Lower>,
    /// The listings of mounted directories.
    pub(crate) listings: Cell<Listings>,
    /// A lower file could not be read since this was asked.
    pub(crate) read_failed: Cell<bool>,
}

impl fmt::Debug for MountTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A cell does not show what it holds.
        f.debug_struct("MountTable").finish_non_exhaustive()
    }
}

/// Works on what is in a cell. `body` does not come back to the same cell.
pub(crate) fn with<T: Default, R>(cell: &Cell<T>, body: impl FnOnce(&mut T) -> R) -> R {
    let mut value = cell.take();
    let result = body(&mut value);
    cell.set(value);
    result
}

impl MountTable {
    /// None.
    pub(crate) const fn new() -> MountTable {
        MountTable {
            list: Cell::new(Vec::new()),
            verbose: Cell::new(false),
            stop: Cell::new(None),
            rest: Cell::new(Vec::new()),
            ways_out: [const { Cell::new(None) }; 2],
            lower: Cell::new(Lower::new()),
            listings: Cell::new(Listings::new()),
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
            // Then `mounts::resolve` says that there is no memory.
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
