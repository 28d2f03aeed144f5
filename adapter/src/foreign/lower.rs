//! The lower files of overlays, by number: their paths, and which of them are open at the host.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Foreign, PATH_MAX};

use crate::bytes::copy;
use crate::defect::OrDefect;
use crate::errno::{Error, Result};

/// How many lower files are kept open at the host. The one that was opened first is closed for
/// another.
const OPEN_FILES: usize = 16;

/// A file or directory of the host's, by number.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The directory that it is in; of an overlay's root, [`NO_NODE`].
    parent: u32,
    /// Where its name begins in `names`; of a root, the number of the overlay.
    name_at: u32,
    name_len: u32,
}

/// No node.
const NO_NODE: u32 = u32::MAX;

/// What is known of lower directories.
#[derive(Debug, Default)]
pub(crate) struct Lower {
    /// By number: what [`Foreign::Unread`] says, and
    /// [`LowerKind::Regular`](wasm_vfs_core::LowerKind::Regular).
    nodes: Vec<Node>,
    names: Vec<u8>,
    /// Files that are open: their numbers, and the host's.
    open: [Option<(u32, u32)>; OPEN_FILES],
    /// Which of them is closed next.
    next: usize,
}

impl Lower {
    /// None.
    pub(crate) const fn new() -> Lower {
        Lower { nodes: Vec::new(), names: Vec::new(), open: [None; OPEN_FILES], next: 0 }
    }

    fn add(&mut self, node: Node) -> core::result::Result<u32, Errno> {
        let number = u32::try_from(self.nodes.len()).map_err(|_| Errno::ENOSPC)?;
        if number > Foreign::MAX {
            return Err(Errno::ENOSPC);
        }
        self.nodes.try_reserve(1)?;
        self.nodes.push(node);
        Ok(number)
    }

    /// The root of overlay `mount`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn add_root(&mut self, mount: u32) -> core::result::Result<u32, Errno> {
        self.add(Node { parent: NO_NODE, name_at: mount, name_len: 0 })
    }

    pub(crate) fn add_named(
        &mut self,
        parent: u32,
        name: &[u8],
    ) -> core::result::Result<u32, Errno> {
        let name_at = u32::try_from(self.names.len()).map_err(|_| Errno::ENOSPC)?;
        let name_len = u32::try_from(name.len()).map_err(|_| Errno::ENAMETOOLONG)?;
        self.names.try_reserve(name.len())?;
        let number = self.add(Node { parent, name_at, name_len })?;
        self.names.extend_from_slice(name);
        Ok(number)
    }

    /// The overlay and the path in it.
    pub(crate) fn path(&self, number: u32) -> Result<(u32, Vec<u8>)> {
        let mut backwards: Vec<u8> = Vec::new();
        let mut at = number;
        loop {
            let node = self.nodes.get(at as usize).or_defect()?;
            if node.parent == NO_NODE {
                if backwards.is_empty() {
                    return Ok((node.name_at, copy(b".")?));
                }
                backwards.reverse();
                return Ok((node.name_at, backwards));
            }
            let start = node.name_at as usize;
            let name = self.names.get(start..start + node.name_len as usize).or_defect()?;
            if backwards.len() + name.len() + 1 >= PATH_MAX {
                return Err(Error::NAMETOOLONG);
            }
            backwards.try_reserve(name.len() + 1).map_err(Errno::from)?;
            if !backwards.is_empty() {
                backwards.push(b'/');
            }
            backwards.extend(name.iter().rev());
            at = node.parent;
        }
    }

    /// The host's number of a file, if it is open.
    pub(crate) fn open_file(&self, number: u32) -> Option<u32> {
        self.open.iter().flatten().find(|(open, _)| *open == number).map(|&(_, fd)| fd)
    }

    /// Notes that a file is open; says which one is to be closed for it.
    pub(crate) fn keep_open(&mut self, number: u32, fd: u32) -> Option<u32> {
        let slot = self.open.get_mut(self.next)?;
        self.next = (self.next + 1) % OPEN_FILES;
        slot.replace((number, fd)).map(|(_, fd)| fd)
    }
}
