//! Extended attributes of an inode: names and values.
//!
//! Linux: `struct simple_xattrs` (fs/xattr.c), which tmpfs uses. What a name means and who may use
//! it is decided in `syscalls::attributes::xattr`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::fallible::try_copy;

/// What each attribute is taken to need beside its name and value, in bytes (`simple_xattr_space`).
const OVERHEAD_BYTES: u64 = 40;

/// An attribute (`struct simple_xattr`).
#[derive(Debug, PartialEq, Eq)]
struct Xattr {
    /// The whole name, with its prefix.
    name: Box<[u8]>,
    value: Box<[u8]>,
}

/// What an attribute counts against the limit of inodes, in bytes (`simple_xattr_space`).
pub(crate) fn space_bytes(name: &[u8], value_bytes: usize) -> u64 {
    OVERHEAD_BYTES + name.len() as u64 + value_bytes as u64
}

/// The attributes of an inode.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Xattrs {
    /// By descending name: the order in which Linux lists them.
    list: Vec<Xattr>,
}

impl Xattrs {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A copy.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn try_clone(&self) -> Result<Xattrs, Errno> {
        let mut list = Vec::new();
        list.try_reserve_exact(self.list.len())?;
        for Xattr { name, value } in &self.list {
            list.push(Xattr { name: try_copy(name)?, value: try_copy(value)? });
        }
        Ok(Xattrs { list })
    }

    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.list.binary_search_by(|xattr| match (*xattr.name).cmp(name) {
            Ordering::Less => Ordering::Greater,
            Ordering::Equal => Ordering::Equal,
            Ordering::Greater => Ordering::Less,
        })
    }

    /// The value of an attribute.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.list.get(self.place(name).ok()?).map(|xattr| &*xattr.value)
    }

    /// Sets an attribute; returns the value that it had.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn set(
        &mut self,
        name: &[u8],
        value: Box<[u8]>,
    ) -> Result<Option<Box<[u8]>>, Errno> {
        match self.place(name) {
            Ok(place) => {
                let held = self.list.get_mut(place).or_defect()?;
                Ok(Some(core::mem::replace(&mut held.value, value)))
            }
            Err(place) => {
                let name = try_copy(name)?;
                self.list.try_reserve(1)?;
                self.list.insert(place, Xattr { name, value });
                Ok(None)
            }
        }
    }

    /// Removes an attribute; returns the value that it had.
    pub(crate) fn remove(&mut self, name: &[u8]) -> Option<Box<[u8]>> {
        let place = self.place(name).ok()?;
        Some(self.list.remove(place).value)
    }

    /// The names in the order in which they are listed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.list.iter().map(|xattr| &*xattr.name)
    }

    /// What all of them count against the limit of inodes, in bytes.
    pub(crate) fn space_bytes(&self) -> u64 {
        self.list.iter().map(|xattr| space_bytes(&xattr.name, xattr.value.len())).sum()
    }
}
