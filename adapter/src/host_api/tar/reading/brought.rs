//! What a layer has brought: the names that its members gave to directories of the tree. A whiteout
//! of the same layer leaves them alone, in whatever order members come.
//!
//! A layer can have as many members as an archive has, and ask between any two of them. So names
//! are kept in sorted runs, each longer than the next: adding one costs a logarithm of their number
//! on average, asking for one its square, and no order of members makes it more.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem::take;

use wasm_vfs_core::{Errno, NAME_MAX};

use crate::defect::len32;

/// How many names are collected, sorted, before they become a run.
const NEWEST_NAMES: usize = 32;

/// A name in a directory.
#[derive(Clone, Copy)]
struct Key {
    /// The directory's inode number.
    directory: u64,
    /// Where the name begins in [`Brought::names`], and how many bytes it has.
    at: u32,
    len: u32,
}

/// Names that a layer has brought.
#[derive(Default)]
pub(super) struct Brought {
    /// The bytes of all names.
    names: Vec<u8>,
    /// Each sorted, and longer than the next.
    runs: Vec<Vec<Key>>,
    /// The newest, sorted; it has room for one more after [`prepare`](Self::prepare).
    newest: Vec<Key>,
}

impl Brought {
    /// Whether the layer has brought this name to the directory with this inode number.
    pub(super) fn has(&self, directory: u64, name: &[u8]) -> bool {
        let is_in = |run: &Vec<Key>| self.place(run, directory, name).is_ok();
        is_in(&self.newest) || self.runs.iter().any(is_in)
    }

    /// Makes room for one more name.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing is lost.
    pub(super) fn prepare(&mut self) -> Result<(), Errno> {
        self.names.try_reserve(NAME_MAX)?;
        if self.newest.len() < self.newest.capacity() {
            return Ok(());
        }
        while let Some(last) = self.runs.last()
            && last.len() <= self.newest.len()
        {
            self.newest = self.merged(last, &self.newest)?;
            self.runs.pop();
        }
        self.runs.try_reserve(1)?;
        let mut newest = Vec::new();
        newest.try_reserve_exact(NEWEST_NAMES)?;
        let run = core::mem::replace(&mut self.newest, newest);
        if !run.is_empty() {
            self.runs.push(run);
        }
        Ok(())
    }

    /// Notes a name, for which there is room.
    pub(super) fn note(&mut self, directory: u64, name: &[u8]) {
        let Err(place) = self.place(&self.newest, directory, name) else { return };
        let key = Key { directory, at: len32(self.names.len()), len: len32(name.len()) };
        self.names.extend_from_slice(name);
        self.newest.insert(place, key);
    }

    /// Whether there is no name at all.
    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_empty() && self.runs.is_empty()
    }

    fn name(&self, key: &Key) -> &[u8] {
        let from = self.names.get(key.at as usize..).unwrap_or_default();
        from.get(..key.len as usize).unwrap_or_default()
    }

    fn compare(&self, key: &Key, directory: u64, name: &[u8]) -> Ordering {
        key.directory.cmp(&directory).then_with(|| self.name(key).cmp(name))
    }

    fn place(&self, run: &[Key], directory: u64, name: &[u8]) -> Result<usize, usize> {
        run.binary_search_by(|key| self.compare(key, directory, name))
    }

    fn merged(&self, a: &[Key], b: &[Key]) -> Result<Vec<Key>, Errno> {
        let mut merged = Vec::new();
        merged.try_reserve_exact(a.len() + b.len())?;
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        while let (Some(first), Some(second)) = (a.peek(), b.peek()) {
            let order = self.compare(first, second.directory, self.name(second));
            let next = if order == Ordering::Greater { b.next() } else { a.next() };
            merged.extend(next);
        }
        merged.extend(a);
        merged.extend(b);
        Ok(merged)
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        drop(take(self));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn it_is_a_set_in_any_order() {
        let mut model = BTreeSet::new();
        let mut brought = Brought::default();
        let mut state = 1u32;
        for step in 0..5000u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = match step % 3 {
                0 => step,
                1 => 100_000 - step,
                _ => state >> 20,
            };
            let (directory, name) = (u64::from(number % 7), alloc::format!("n{number}"));
            assert_eq!(
                brought.has(directory, name.as_bytes()),
                model.contains(&(directory, name.clone()))
            );
            brought.prepare().unwrap();
            brought.note(directory, name.as_bytes());
            assert!(brought.has(directory, name.as_bytes()));
            assert!(!brought.has(directory + 7, name.as_bytes()));
            model.insert((directory, name));
        }
        assert!(brought.runs.len() < 12, "{} runs", brought.runs.len());
        assert!(brought.runs.is_sorted_by(|long, short| long.len() > short.len()));
        for (directory, name) in model {
            assert!(brought.has(directory, name.as_bytes()));
        }
    }
}
