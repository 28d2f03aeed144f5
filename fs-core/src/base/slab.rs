//! A table of things with small stable numbers: inodes, open file descriptions.
//!
//! Linux: an IDR. It is a list of chunks, so growing never moves or copies what it holds, and
//! free places are chained, so adding and removing cost the same at any size.
//! Which number comes next depends only on the calls before: no addresses, no randomness.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::try_push;

/// Places in a chunk. 32 inodes are about 4 KiB.
const CHUNK_PLACES: usize = 32;

/// No further free place.
const END: u32 = u32::MAX;

/// A place of the table.
#[derive(Debug)]
enum Place<T> {
    /// Free; the number of the next free place, or [`END`].
    Free { next: u32 },
    /// In use.
    Used(T),
}

/// The table.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    /// Every chunk has room for [`CHUNK_PLACES`]; all but the last are full.
    chunks: Vec<Vec<Place<T>>>,
    /// The place freed last, or [`END`].
    first_free: u32,
    /// How many places have ever been used: the next fresh number.
    used: u32,
    /// How many are in use now.
    live: u32,
}

impl<T> Slab<T> {
    /// An empty table.
    pub(crate) const fn new() -> Slab<T> {
        Slab { chunks: Vec::new(), first_free: END, used: 0, live: 0 }
    }

    /// How many things it holds.
    pub(crate) fn len(&self) -> u32 {
        self.live
    }

    /// One more than the highest number in use: where an iteration over numbers may stop.
    pub(crate) fn bound(&self) -> u32 {
        self.used
    }

    fn place(&self, number: u32) -> Option<&Place<T>> {
        let number = number as usize;
        self.chunks.get(number / CHUNK_PLACES)?.get(number % CHUNK_PLACES)
    }

    fn place_mut(&mut self, number: u32) -> Option<&mut Place<T>> {
        let number = number as usize;
        self.chunks.get_mut(number / CHUNK_PLACES)?.get_mut(number % CHUNK_PLACES)
    }

    /// The thing with this number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        match self.place(number)? {
            Place::Used(value) => Some(value),
            Place::Free { .. } => None,
        }
    }

    /// The thing with this number.
    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.place_mut(number)? {
            Place::Used(value) => Some(value),
            Place::Free { .. } => None,
        }
    }

    /// Makes sure that the next [`insert`](Self::insert) cannot fail.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory, or all 2^32 - 1 numbers are in use.
    pub(crate) fn reserve(&mut self) -> Result<(), Errno> {
        let full = self.used as usize == self.chunks.len() * CHUNK_PLACES;
        if self.first_free != END || !full {
            return Ok(());
        }
        if self.used == END {
            return Err(Errno::ENOMEM);
        }
        let mut chunk = Vec::new();
        chunk.try_reserve_exact(CHUNK_PLACES)?;
        try_push(&mut self.chunks, chunk)
    }

    /// Adds a thing and says its number: the place freed last, else the next fresh one.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    pub(crate) fn insert(&mut self, value: T) -> Result<u32, Errno> {
        self.reserve()?;
        let number = self.first_free;
        if let Some(place) = self.place_mut(number)
            && let Place::Free { next } = *place
        {
            *place = Place::Used(value);
            self.first_free = next;
            self.live += 1;
            return Ok(number);
        }
        let number = self.used;
        let chunk = self.chunks.last_mut().ok_or(Errno::ENOMEM)?;
        chunk.push(Place::Used(value));
        self.used += 1;
        self.live += 1;
        Ok(number)
    }

    /// Takes the thing with this number out; the number may be given again.
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let next = self.first_free;
        let place = self.place_mut(number)?;
        if matches!(place, Place::Free { .. }) {
            return None;
        }
        let Place::Used(value) = core::mem::replace(place, Place::Free { next }) else {
            return None;
        };
        self.first_free = number;
        self.live -= 1;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn numbers_are_stable_and_reused() {
        let mut slab = Slab::new();
        for n in 0..100u32 {
            assert_eq!(slab.insert(n * 10), Ok(n));
        }
        assert_eq!(slab.remove(7), Some(70));
        assert_eq!(slab.remove(7), None);
        assert_eq!(slab.remove(50), Some(500));
        assert_eq!((slab.get(7), slab.get(8), slab.len()), (None, Some(&80), 98));
        assert_eq!(slab.insert(1), Ok(50));
        assert_eq!(slab.insert(2), Ok(7));
        assert_eq!(slab.insert(3), Ok(100));
        assert_eq!((slab.len(), slab.bound()), (101, 101));
        assert_eq!(slab.get(u32::MAX), None);
    }
}
