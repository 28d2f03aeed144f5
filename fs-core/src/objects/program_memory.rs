//! The memory that mappings are given, where they lie in the memory of the embedder's program
//! ([`Platform::USER_MEMORY`]): what of it is free.
//!
//! Linux: the gaps between the areas of a `struct mm_struct`. Here memory is had by growing the
//! program's, in pages of 64 KiB, and given in pages of 4 KiB; what comes back is given again. The
//! program has memory of its own between ours (its heap grows too), so what is not known here is
//! not free.
//!
//! Free ranges are in two sorted lists, by address and by size. Finding one is a binary search;
//! adding and removing one moves the rest of a list, 8 bytes for each range.
//!
//! Numbers are pages of 4 KiB, not addresses: a memory of 4 GiB has 2^20.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::platform::Platform;

/// Pages of 4 KiB in a page of WebAssembly's memory.
const PAGES_IN_WASM_PAGE: u64 = 16;

/// A range of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FreeRange {
    first: u32,
    /// Not empty.
    pages: u32,
}

impl FreeRange {
    fn end(self) -> u64 {
        u64::from(self.first) + u64::from(self.pages)
    }
}

/// What was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The number of its first page.
    pub(crate) first: u64,
    /// How many of its pages, from the first on, may hold something. The others are zero.
    pub(crate) dirty: u64,
}

/// Memory of the program that is free.
#[derive(Debug, Default)]
pub(crate) struct ProgramMemory {
    /// By address. Ranges do not touch.
    free: Vec<FreeRange>,
    /// The same ranges by size and, where that is equal, by address: (pages, first).
    by_size: Vec<(u32, u32)>,
}

impl ProgramMemory {
    /// Makes sure that `more` ranges can be noted.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn reserve(&mut self, more: usize) -> Result<(), Errno> {
        self.free.try_reserve(more)?;
        self.by_size.try_reserve(more)?;
        Ok(())
    }

    /// The number in `free` of the first range that ends after `page`.
    fn first_after(&self, page: u64) -> usize {
        self.free.partition_point(|range| range.end() <= page)
    }

    /// The end of the free range that has `page`; `page` itself if none has.
    fn free_until(&self, page: u64) -> u64 {
        let range = self.free.get(self.first_after(page));
        range.filter(|range| u64::from(range.first) <= page).map_or(page, |range| range.end())
    }

    /// Whether pages are free.
    pub(crate) fn is_free(&self, first: u64, pages: u64) -> bool {
        self.free_until(first) >= first.saturating_add(pages)
    }

    /// Whether any of these pages is free.
    pub(crate) fn is_partly_free(&self, first: u64, pages: u64) -> bool {
        let range = self.free.get(self.first_after(first));
        range.is_some_and(|range| u64::from(range.first) < first.saturating_add(pages))
    }

    /// Whether the lists are as they should be: for [`crate::fs::invariants`].
    pub(crate) fn is_consistent(&self) -> bool {
        let apart = |pair: &[FreeRange]| match pair {
            [a, b] => a.end() < u64::from(b.first),
            _ => true,
        };
        let known =
            |range: &FreeRange| self.by_size.binary_search(&(range.pages, range.first)).is_ok();
        self.free.len() == self.by_size.len()
            && self.free.iter().all(|range| range.pages > 0 && known(range))
            && self.free.windows(2).all(apart)
    }

    fn insert(&mut self, first: u64, end: u64) {
        let (Ok(first), Ok(pages)) = (u32::try_from(first), u32::try_from(end - first)) else {
            return;
        };
        // Callers reserve. One who cannot (a process ends) may lose the range, but nothing else.
        if pages == 0 || self.reserve(1).is_err() {
            return;
        }
        self.free.insert(self.first_after(first.into()), FreeRange { first, pages });
        let place = self.by_size.partition_point(|&known| known < (pages, first));
        self.by_size.insert(place, (pages, first));
    }

    fn remove(&mut self, number: usize) {
        if number < self.free.len() {
            let range = self.free.remove(number);
            if let Ok(place) = self.by_size.binary_search(&(range.pages, range.first)) {
                self.by_size.remove(place);
            }
        }
    }

    /// Takes pages back. They are nobody's, and not free yet.
    pub(crate) fn give_back(&mut self, first: u64, pages: u64) {
        let (mut first, mut end) = (first, first.saturating_add(pages));
        let number = self.first_after(first);
        if let Some(after) = self.free.get(number).filter(|after| u64::from(after.first) == end) {
            end = after.end();
            self.remove(number);
        }
        if let Some(before) = number.checked_sub(1).and_then(|before| self.free.get(before))
            && before.end() == first
        {
            first = before.first.into();
            self.remove(number - 1);
        }
        self.insert(first, end);
    }

    /// Gives exactly these pages, which are free. One more range must be [reserved](Self::reserve).
    fn take(&mut self, first: u64, pages: u64) {
        let number = self.first_after(first);
        let Some(range) = self.free.get(number).copied() else { return };
        self.remove(number);
        self.insert(range.first.into(), first);
        self.insert(first + pages, range.end());
    }

    /// Gives exactly these pages.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: they are not free, or there is no memory to note it.
    pub(crate) fn take_at(&mut self, first: u64, pages: u64) -> Result<Given, Errno> {
        self.reserve(1)?;
        if !self.is_free(first, pages) {
            return Err(Errno::ENOMEM);
        }
        self.take(first, pages);
        Ok(Given { first, dirty: pages })
    }

    /// Gives exactly these pages, for which the program's memory may grow if they lie at its end.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: they are not free, or there is no more memory.
    pub(crate) fn extend_at<P: Platform>(
        &mut self,
        first: u64,
        pages: u64,
        platform: &P,
    ) -> Result<Given, Errno> {
        self.reserve(2)?;
        let (until, end) = (self.free_until(first), first.saturating_add(pages));
        if until >= end {
            return self.take_at(first, pages);
        }
        if until != u64::from(platform.user_size()) * PAGES_IN_WASM_PAGE {
            return Err(Errno::ENOMEM);
        }
        self.grow(end - until, platform)?;
        let given = self.take_at(first, pages)?;
        Ok(Given { dirty: until - first, ..given })
    }

    /// Gives pages, wherever they are: of the smallest range that is large enough the first ones,
    /// else at the end of the program's memory, which grows.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: there is no more memory.
    pub(crate) fn give<P: Platform>(&mut self, pages: u64, platform: &P) -> Result<Given, Errno> {
        self.reserve(2)?;
        let wanted = u32::try_from(pages).map_err(|_| Errno::ENOMEM)?;
        let place = self.by_size.partition_point(|&(size, _)| size < wanted);
        if let Some(&(_, first)) = self.by_size.get(place) {
            return self.take_at(first.into(), pages);
        }
        let end = u64::from(platform.user_size()) * PAGES_IN_WASM_PAGE;
        let last = self.free.last().filter(|last| last.end() == end).copied();
        let first = last.map_or(end, |last| last.first.into());
        let grown = self.grow(first + pages - end, platform)?;
        if grown == end {
            self.take_at(first, pages)?;
            return Ok(Given { first, dirty: end - first });
        }
        // Somebody grew it between, or it does not grow where it ends.
        if !self.is_free(grown, pages) {
            self.grow(pages, platform)?;
        }
        let place = self.by_size.partition_point(|&(size, _)| size < wanted);
        let &(_, first) = self.by_size.get(place).ok_or(Errno::ENOMEM)?;
        self.take_at(first.into(), pages)
    }

    /// Grows the program's memory by at least so many pages, which are free then; says where they
    /// begin.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: it does not grow.
    fn grow<P: Platform>(&mut self, pages: u64, platform: &P) -> Result<u64, Errno> {
        let wasm_pages = pages.div_ceil(PAGES_IN_WASM_PAGE);
        let more = u32::try_from(wasm_pages).map_err(|_| Errno::ENOMEM)?;
        let first = u64::from(platform.user_grow(more).ok_or(Errno::ENOMEM)?) * PAGES_IN_WASM_PAGE;
        self.give_back(first, wasm_pages * PAGES_IN_WASM_PAGE);
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Given, ProgramMemory};
    use crate::base::errno::Errno;
    use crate::base::time::Timespec;
    use crate::platform::Platform;
    use core::cell::Cell;

    /// A memory of so many pages of 64 KiB, of at most 100.
    struct Growing(Cell<u32>);

    impl Platform for Growing {
        const USER_MEMORY: bool = true;

        fn current_time(&self) -> Timespec {
            Timespec::default()
        }

        fn contents_to_kernel(&self, _dst: &mut [u8], _offset: u64) {}

        fn user_size(&self) -> u32 {
            self.0.get()
        }

        fn user_grow(&self, pages: u32) -> Option<u32> {
            let size = self.0.get();
            (size + pages <= 100).then(|| self.0.replace(size + pages))
        }
    }

    #[test]
    fn what_comes_back_is_given_again() {
        let platform = Growing(Cell::new(2));
        let mut memory = ProgramMemory::default();
        assert_eq!(memory.give(3, &platform), Ok(Given { first: 32, dirty: 0 }));
        assert_eq!(memory.give(2, &platform), Ok(Given { first: 35, dirty: 2 }));
        assert_eq!(platform.user_size(), 3);
        // The end of what was grown is used when more is needed.
        assert_eq!(memory.give(20, &platform), Ok(Given { first: 37, dirty: 11 }));
        assert_eq!(platform.user_size(), 4);
        memory.give_back(32, 3);
        memory.give_back(37, 20);
        assert_eq!(memory.give(2, &platform), Ok(Given { first: 32, dirty: 2 }));
        memory.give_back(32, 2);
        memory.give_back(35, 2);
        assert!(memory.is_free(32, 32) && !memory.is_free(32, 33) && memory.is_consistent());
        assert_eq!(memory.take_at(40, 4), Ok(Given { first: 40, dirty: 4 }));
        assert_eq!(memory.take_at(43, 2), Err(Errno::ENOMEM));
        assert!(memory.is_partly_free(43, 2) && !memory.is_partly_free(40, 4));
        // In place: among what is free, then beyond the end.
        assert_eq!(memory.extend_at(44, 30, &platform), Ok(Given { first: 44, dirty: 20 }));
        assert_eq!(memory.extend_at(39, 2, &platform), Err(Errno::ENOMEM));
        // The program has grown its memory: what is behind is not ours.
        platform.user_grow(1).unwrap();
        assert_eq!(memory.extend_at(74, 30, &platform), Err(Errno::ENOMEM));
        assert_eq!(memory.extend_at(74, 6, &platform), Ok(Given { first: 74, dirty: 6 }));
        assert_eq!(memory.give(10_000, &platform), Err(Errno::ENOMEM));
        assert_eq!(memory.give(u64::MAX / 2, &platform), Err(Errno::ENOMEM));
        assert!(memory.is_consistent());
    }

    #[test]
    fn ranges_stay_apart_through_random_changes() {
        let platform = Growing(Cell::new(0));
        let mut memory = ProgramMemory::default();
        let mut given = alloc::vec::Vec::new();
        let mut state = 1u64;
        for _ in 0..5000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pages = (state >> 60) + 1;
            if state >> 40 & 1 == 0
                && let Ok(Given { first, .. }) = memory.give(pages, &platform)
            {
                given.push((first, pages));
            } else if !given.is_empty() {
                let place = usize::try_from(state >> 33).unwrap() % given.len();
                let (first, pages) = given.swap_remove(place);
                // In two pieces.
                memory.give_back(first + 1, pages - 1);
                memory.give_back(first, 1);
            }
            assert!(memory.is_consistent());
            assert!(given.iter().all(|&(first, pages)| !memory.is_partly_free(first, pages)));
        }
        for (first, pages) in given {
            memory.give_back(first, pages);
        }
        assert!(memory.is_free(0, u64::from(platform.user_size()) * 16));
        assert_eq!(memory.free.len(), 1);
    }
}
