//! The names in a directory, sorted, in whatever memory there is.
//!
//! What a layer holds must not depend on how a tree came about, and the order of entries in a
//! directory does. If there is no memory for all names, the first ones are listed, and the
//! directory is read again for those after them.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fd, Fs, Process, heap_sort};

use crate::defect::len32;
use crate::platform::Host;

/// Where a name is among the bytes of all.
#[derive(Clone, Copy)]
struct Span {
    at: u32,
    len: u32,
}

/// Names of a directory, ascending.
#[derive(Default)]
pub(super) struct Listing {
    bytes: Vec<u8>,
    /// Those that were not taken yet, descending.
    left: Vec<Span>,
    /// If there was no memory for all: the last name that is listed. There are names after it.
    bound: Option<Span>,
}

impl Listing {
    /// Lists names after `last`: all of them, or as many as there is memory for.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: there is not even memory for one.
    /// * What readdir answers.
    pub(super) fn after(
        fs: &Fs<Host>,
        process: &Process,
        fd: Fd,
        last: &[u8],
    ) -> Result<Listing, Errno> {
        let mut listing = Listing::default();
        // The names in /dev/fd are descriptors of the process that looks, here the embedder.
        if fs.lists_descriptors(process, fd)? {
            return Ok(listing);
        }
        let mut full = Ok(());
        fs.readdir(process, fd, 0, |view| {
            let is_after = view.name > last && !matches!(view.name, b"." | b"..");
            if is_after && !listing.is_beyond(view.name) {
                full = listing.add(view.name);
            }
            full.is_ok()
        })?;
        full?;
        listing.sort();
        listing.left.reverse();
        Ok(listing)
    }

    /// Takes the next name into `name`, and says whether there is one; `None`: there may be more in
    /// the directory.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn next(&mut self, name: &mut Vec<u8>) -> Result<Option<bool>, Errno> {
        let Some(&span) = self.left.last() else {
            return Ok(if self.bound.is_some() { None } else { Some(false) });
        };
        name.clear();
        crate::bytes::append(name, self.name(span))?;
        self.left.pop();
        Ok(Some(true))
    }

    fn name(&self, span: Span) -> &[u8] {
        let from = self.bytes.get(span.at as usize..).unwrap_or_default();
        from.get(..span.len as usize).unwrap_or_default()
    }

    /// Whether a name comes after the last one that is listed.
    fn is_beyond(&self, name: &[u8]) -> bool {
        self.bound.is_some_and(|bound| self.name(bound) < name)
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let name = |span: &Span| {
            let from = bytes.get(span.at as usize..).unwrap_or_default();
            from.get(..span.len as usize).unwrap_or_default()
        };
        heap_sort(&mut self.left, |a, b| name(a) < name(b));
    }

    /// Adds a name; if there is no memory, in place of those that come last.
    fn add(&mut self, name: &[u8]) -> Result<(), Errno> {
        while self.bytes.try_reserve(name.len()).is_err() || self.left.try_reserve(1).is_err() {
            self.drop_last_half()?;
            if self.is_beyond(name) {
                return Ok(());
            }
        }
        self.left.push(Span { at: len32(self.bytes.len()), len: len32(name.len()) });
        self.bytes.extend_from_slice(name);
        Ok(())
    }

    /// Drops the names that come last. What is left has room for as many.
    fn drop_last_half(&mut self) -> Result<(), Errno> {
        let kept = self.left.len() / 2;
        if kept == 0 {
            return Err(Errno::ENOMEM);
        }
        self.sort();
        self.left.truncate(kept);
        let bound = self.left.last().map(|span| span.at);
        // The bytes move together, in the order in which they are.
        heap_sort(&mut self.left, |a, b| a.at < b.at);
        let mut end = 0;
        for span in &mut self.left {
            let from = span.at as usize..(span.at + span.len) as usize;
            self.bytes.copy_within(from, end);
            let is_bound = bound == Some(span.at);
            span.at = len32(end);
            if is_bound {
                self.bound = Some(*span);
            }
            end += span.len as usize;
        }
        self.bytes.truncate(end);
        Ok(())
    }
}
