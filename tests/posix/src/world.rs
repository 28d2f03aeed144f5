//! What the kernel and fs-core have in common as seen from here: calls go in, outcomes come out,
//! and the tree can be looked at.

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::outcome::{Meta, Outcome};

/// The credentials of the process that makes the calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// A file as an observer with all permissions sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its metadata.
    pub meta: Meta,
    /// What it holds.
    pub contents: Contents,
}

/// The contents of a file, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// The data of a regular file: offset and bytes of each piece between holes.
    Extents(Vec<(u64, Vec<u8>)>),
    /// The names in a directory, without `.` and `..`, sorted.
    Names(Vec<Vec<u8>>),
    /// The target of a symbolic link.
    Target(Vec<u8>),
    /// Nothing to see.
    Other,
}

/// Open descriptors with their metadata, offsets and flags, as text:
/// `fd_flags=0 flags=... offset=...`. Offsets in directories are left out, for the two worlds count
/// them differently.
pub type Descriptors = Vec<(i32, Meta, String)>;

/// A path from the root of the tree, as one that is relative to it: whoever looks at the tree has no
/// other root.
pub fn from_root(path: &[u8]) -> &[u8] {
    match path.strip_prefix(b"/") {
        Some(b"") => b".",
        Some(rest) => rest,
        None => path,
    }
}

/// A filesystem and the processes that use it. One of them makes the calls.
pub trait World {
    /// Makes a call.
    fn call(&mut self, call: &Call) -> Outcome;

    /// The records that getdents64 gives with room for `len` bytes.
    ///
    /// # Errors
    ///
    /// Those of the call.
    fn dirents(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, Errno>;

    /// Looks at a file without following a link and without any effect. `None`: it is not there (or
    /// its path is too long).
    fn look(&mut self, path: &[u8]) -> Option<Seen>;

    /// The open descriptors of each process.
    fn descriptors(&mut self) -> Vec<(usize, Descriptors)>;

    /// Whether the tables agree with each other, as far as that can be asked.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn check_invariants(&mut self) -> Result<(), String> {
        Ok(())
    }
}
