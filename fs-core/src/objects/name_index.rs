//! The index of a directory: from the hash of a name to the number of its entry, in an order that
//! no choice of names can spoil.
//!
//! Elements are sorted by (hash, name), in blocks. Hashes are spread evenly, so the first bits of
//! one nearly say which block it is in: a table by those bits leaves a block or two to look at, at
//! any size. Names chosen to collide only make that a binary search by name.
//!
//! Adding or removing moves at most one block and now and then the list of blocks: amortised well
//! under a kilobyte in a directory of a million names. This file knows no names: callers say how
//! the name of an entry compares with the one that is searched.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;

/// Elements in a block before it is split.
const BLOCK_ELEMENTS: usize = 128;

/// An element.
#[derive(Clone, Copy, Debug)]
struct Element {
    /// The hash of the name.
    hash: u32,
    /// The number of the entry.
    entry: u32,
}

/// A run of elements.
#[derive(Debug)]
struct Block {
    /// No element has a lower hash. Fixed when the block is made; 0 for the first one.
    low: u32,
    /// Ascending; every element is below those of the next block. Only the first block may be
    /// empty.
    elements: Vec<Element>,
}

/// Where an element is or would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexPlace {
    block: usize,
    at: usize,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    /// Ascending.
    blocks: Vec<Block>,
    /// By the first `table_bits` bits of a hash: the last block whose `low` is below all hashes
    /// that begin so, else 0. Empty while there are few blocks.
    table: Vec<u32>,
    table_bits: u32,
}

/// Inserts an element; there is room for it.
///
/// As `Vec::insert`, which for a moment has lost the last element: a call that is cut short then
/// would lose a name that it has nothing to do with.
fn insert(elements: &mut Vec<Element>, at: usize, element: Element) {
    elements.push(elements.last().copied().unwrap_or(element));
    let last = elements.len() - 1;
    if at < last {
        elements.copy_within(at..last - 1, at + 1);
    }
    if let Some(place) = elements.get_mut(at) {
        *place = element;
    }
}

impl NameIndex {
    /// An index without elements.
    pub(crate) const fn new() -> NameIndex {
        NameIndex { blocks: Vec::new(), table: Vec::new(), table_bits: 0 }
    }

    /// How many elements it has: for [`crate::fs::invariants`].
    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.elements.len()).sum()
    }

    /// Where the name is, or where it would be inserted. `compare` says how the name of an entry
    /// compares with it.
    pub(crate) fn search(
        &self,
        hash: u32,
        compare: impl Fn(u32) -> Ordering,
    ) -> Result<IndexPlace, IndexPlace> {
        let block = if self.blocks.len() <= 1 { 0 } else { self.block_of(hash, &compare) };
        let elements = self.blocks.get(block).map_or(&[][..], |block| &block.elements);
        let at = elements.partition_point(|element| element.hash < hash);
        let Some(first) = elements.get(at).filter(|element| element.hash == hash) else {
            return Err(IndexPlace { block, at });
        };
        match compare(first.entry) {
            Ordering::Equal => Ok(IndexPlace { block, at }),
            Ordering::Greater => Err(IndexPlace { block, at }),
            Ordering::Less => {
                let rest = elements.get(at..).or_after_defect(&[]);
                let found = rest.binary_search_by(|element| {
                    element.hash.cmp(&hash).then_with(|| compare(element.entry))
                });
                found
                    .map(|after| IndexPlace { block, at: at + after })
                    .map_err(|after| IndexPlace { block, at: at + after })
            }
        }
    }

    /// The block that the name belongs to: the last one that does not begin above it.
    fn block_of(&self, hash: u32, compare: &impl Fn(u32) -> Ordering) -> usize {
        let prefix = self.prefix(hash);
        let from = self.table.get(prefix).map_or(0, |&block| block as usize);
        let to = self.table.get(prefix + 1).map_or(self.blocks.len(), |&block| block as usize + 1);
        let candidates = self.blocks.get(from..to).or_after_defect(&[]);
        let after = candidates.partition_point(|block| match block.low.cmp(&hash) {
            Ordering::Less => true,
            Ordering::Equal => block
                .elements
                .first()
                .is_none_or(|first| first.hash == hash && compare(first.entry).is_le()),
            Ordering::Greater => false,
        });
        from + after.saturating_sub(1)
    }

    /// The place in `table` of a hash.
    fn prefix(&self, hash: u32) -> usize {
        hash.checked_shr(u32::BITS - self.table_bits).unwrap_or(0) as usize
    }

    /// The entry at a place that [`search`](Self::search) found.
    pub(crate) fn entry(&self, place: IndexPlace) -> Option<u32> {
        Some(self.blocks.get(place.block)?.elements.get(place.at)?.entry)
    }

    /// Gives the element at a place that [`search`](Self::search) found another entry; returns the
    /// one before.
    pub(crate) fn set_entry(&mut self, place: IndexPlace, entry: u32) -> Option<u32> {
        let element = self.blocks.get_mut(place.block)?.elements.get_mut(place.at)?;
        Some(core::mem::replace(&mut element.entry, entry))
    }

    /// Adds an element where [`search`](Self::search) said.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; the index is as before.
    pub(crate) fn insert(&mut self, place: IndexPlace, hash: u32, entry: u32) -> Result<(), Errno> {
        let element = Element { hash, entry };
        if self.blocks.is_empty() {
            self.blocks.try_reserve(1)?;
            self.blocks.push(Block { low: 0, elements: Vec::new() });
        }
        let Some(block) = self.blocks.get_mut(place.block) else { return Err(Errno::ENOMEM) };
        if block.elements.len() < BLOCK_ELEMENTS {
            block.elements.try_reserve(1)?;
            insert(&mut block.elements, place.at, element);
            return Ok(());
        }
        let half = BLOCK_ELEMENTS / 2;
        let mut upper: Vec<Element> = Vec::new();
        upper.try_reserve(BLOCK_ELEMENTS - half + 1)?;
        self.reserve_block()?;
        let Some(block) = self.blocks.get_mut(place.block) else { return Err(Errno::ENOMEM) };
        upper.extend_from_slice(block.elements.get(half..).or_after_defect(&[]));
        let low = upper.first().map_or(0, |first| first.hash);
        if place.at > half {
            insert(&mut upper, place.at - half, element);
        }
        self.blocks.insert(place.block + 1, Block { low, elements: upper });
        // Until here the lower block has all elements, too: a call may be cut short in between.
        if let Some(block) = self.blocks.get_mut(place.block) {
            block.elements.truncate(half);
            if place.at <= half {
                insert(&mut block.elements, place.at, element);
            }
        }
        let after = self.prefix(low) + 1;
        for block in self.table.iter_mut().skip(after) {
            *block += 1;
        }
        Ok(())
    }

    /// Makes room for one more block, and a table that fits so many.
    fn reserve_block(&mut self) -> Result<(), Errno> {
        self.blocks.try_reserve(1)?;
        if self.blocks.len() < self.table.len() / 2 || self.table_bits == u32::BITS - 1 {
            return Ok(());
        }
        // Twice as many places as blocks, with room to double.
        let bits = (self.blocks.len() + 1).ilog2() + 2;
        let mut table = Vec::new();
        table.try_reserve_exact(1 << bits)?;
        let mut block = 0u32;
        let mut lows = self.blocks.iter().skip(1).map(|block| block.low).peekable();
        for prefix in 0..1u32 << bits {
            while lows.next_if(|&low| low < prefix << (u32::BITS - bits)).is_some() {
                block += 1;
            }
            table.push(block);
        }
        self.table = table;
        self.table_bits = bits;
        Ok(())
    }

    /// Takes the element at a place that [`search`](Self::search) found out.
    pub(crate) fn remove(&mut self, place: IndexPlace) {
        let Some(block) = self.blocks.get_mut(place.block) else { return };
        if place.at >= block.elements.len() {
            return;
        }
        block.elements.remove(place.at);
        if block.elements.len() <= BLOCK_ELEMENTS / 8 {
            self.merge(place.block);
        }
    }

    /// Moves the elements of a block that is nearly empty to the one before it, if they fit.
    fn merge(&mut self, number: usize) {
        let Some((before, [block, ..])) = self.blocks.split_at_mut_checked(number) else { return };
        let Some(before) = before.last_mut() else {
            // The first block stays: somewhere all hashes must begin.
            if block.elements.is_empty() {
                block.elements = Vec::new();
            }
            return;
        };
        let fits = before.elements.len() <= BLOCK_ELEMENTS / 2
            && before.elements.try_reserve(block.elements.len()).is_ok();
        if !fits && !block.elements.is_empty() {
            return;
        }
        before.elements.append(&mut block.elements);
        let after = block.low;
        self.blocks.remove(number);
        let after = self.prefix(after) + 1;
        for block in self.table.iter_mut().skip(after) {
            *block -= 1;
        }
    }

    /// Replaces the number of every entry.
    pub(crate) fn renumber(&mut self, renumber: impl Fn(u32) -> u32) {
        for block in &mut self.blocks {
            for element in &mut block.elements {
                element.entry = renumber(element.entry);
            }
        }
    }

    /// Gives back what growing geometrically took beforehand.
    pub(crate) fn shrink(&mut self) {
        self.blocks.shrink_to_fit();
        for block in &mut self.blocks {
            block.elements.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use super::NameIndex;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// Names are numbers here; the hash keeps so few of their bits that many collide.
    fn run(hash: impl Fn(u32) -> u32) {
        let mut index = NameIndex::new();
        let mut model = BTreeSet::new();
        let mut state = 7u64;
        // Miri interprets: less will do.
        let steps = if cfg!(miri) { 300u32 } else { 60_000 };
        for step in 0..steps {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let name = u32::try_from((state >> 33) % 5000).unwrap();
            let grow = (step / (steps / 6)) % 2 == 0;
            match index.search(hash(name), |entry| entry.cmp(&name)) {
                Ok(place) => {
                    assert!(model.contains(&name));
                    assert_eq!(index.entry(place), Some(name));
                    if !grow {
                        index.remove(place);
                        model.remove(&name);
                    }
                }
                Err(place) => {
                    assert!(!model.contains(&name));
                    if grow {
                        index.insert(place, hash(name), name).unwrap();
                        model.insert(name);
                    }
                }
            }
        }
        let mut stored: Vec<u32> =
            index.blocks.iter().flat_map(|b| &b.elements).map(|e| e.entry).collect();
        stored.sort_unstable();
        assert!(stored.iter().eq(&model));
        for (prefix, &block) in index.table.iter().enumerate() {
            let begins = u64::try_from(prefix).unwrap() << (u32::BITS - index.table_bits);
            let below = index.blocks.iter().filter(|b| u64::from(b.low) < begins).count();
            assert_eq!(block as usize, below.saturating_sub(1));
        }
    }

    #[test]
    fn it_agrees_with_a_set_under_good_and_bad_hashes() {
        run(|name| name.wrapping_mul(0x9e37_79b9));
        run(|name| name % 3);
        run(|_| 0);
        run(|_| u32::MAX);
        run(|name| u32::MAX - name);
    }
}
