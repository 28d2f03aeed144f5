//! Descriptor numbers of a process.
//!
//! Linux: `struct fdtable`. The lowest free number is found through a bitmap with a summary, so the
//! ten-thousandth descriptor costs what the tenth cost.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::try_push;
use crate::base::flags::Fd;
use crate::base::ids::DescriptionId;

/// Set in a slot whose descriptor is closed on exec.
const CLOEXEC: u32 = 1 << 31;

/// A slot without a descriptor.
const EMPTY: u32 = u32::MAX;

/// Bits in a word of the bitmaps.
const WORD_BITS: usize = 64;

/// The descriptors of one process.
#[derive(Debug, Default)]
pub(crate) struct FdTable {
    /// By descriptor: the description's number with [`CLOEXEC`], or [`EMPTY`].
    slots: Vec<u32>,
    /// A bit for each slot: in use.
    used: Vec<u64>,
    /// A bit for each word of `used`: all its bits are set (Linux: `full_fds_bits`).
    full: Vec<u64>,
    /// How many descriptors are open.
    open: u32,
    /// How many times a descriptor was looked up (a call does so once), and how many words of
    /// `used` a listing has passed.
    #[cfg(test)]
    pub(crate) lookups: core::cell::Cell<u32>,
}

impl FdTable {
    /// How many descriptors are open.
    pub(crate) fn open_count(&self) -> u32 {
        self.open
    }

    fn slot(&self, fd: Fd) -> Option<u32> {
        #[cfg(test)]
        self.lookups.update(|lookups| lookups + 1);
        let slot = *self.slots.get(usize::try_from(fd).ok()?)?;
        (slot != EMPTY).then_some(slot)
    }

    /// The description of an open descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub(crate) fn get(&self, fd: Fd) -> Result<DescriptionId, Errno> {
        self.slot(fd).map(|slot| DescriptionId(slot & !CLOEXEC)).ok_or(Errno::EBADF)
    }

    /// Whether the descriptor is closed on exec.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub(crate) fn cloexec(&self, fd: Fd) -> Result<bool, Errno> {
        self.slot(fd).map(|slot| slot & CLOEXEC != 0).ok_or(Errno::EBADF)
    }

    /// Sets or clears close-on-exec.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub(crate) fn set_cloexec(&mut self, fd: Fd, cloexec: bool) -> Result<(), Errno> {
        let id = self.get(fd)?;
        self.store(fd, id, cloexec);
        Ok(())
    }

    /// The lowest free number that is not below `from`.
    ///
    /// # Errors
    ///
    /// `EMFILE`: it would not be below `limit` (`RLIMIT_NOFILE`).
    pub(crate) fn lowest_free(&self, from: usize, limit: u32) -> Result<Fd, Errno> {
        let mut word = from / WORD_BITS;
        // The word that `from` is in, without the bits below it.
        let below = (1u64 << (from % WORD_BITS)) - 1;
        let mut taken = self.used.get(word).copied().unwrap_or(0) | below;
        if taken == u64::MAX {
            word = self.next_word_with_room(word + 1);
            taken = self.used.get(word).copied().unwrap_or(0);
        }
        let free = word * WORD_BITS + taken.trailing_ones() as usize;
        if free >= limit as usize {
            return Err(Errno::EMFILE);
        }
        Fd::try_from(free).map_err(|_| Errno::EMFILE)
    }

    fn next_word_with_room(&self, from: usize) -> usize {
        let mut summary = from / WORD_BITS;
        let mut full =
            self.full.get(summary).copied().unwrap_or(0) | ((1u64 << (from % WORD_BITS)) - 1);
        while full == u64::MAX {
            summary += 1;
            full = self.full.get(summary).copied().unwrap_or(0);
        }
        summary * WORD_BITS + full.trailing_ones() as usize
    }

    /// Makes sure that [`install`](Self::install) at `fd` cannot fail.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is negative.
    /// * `ENOMEM`: no memory for the table.
    pub(crate) fn reserve(&mut self, fd: Fd) -> Result<(), Errno> {
        let number = usize::try_from(fd).map_err(|_| Errno::EBADF)?;
        if let Some(more) = (number + 1).checked_sub(self.slots.len())
            && more > 0
        {
            self.slots.try_reserve(more)?;
            let words = number / WORD_BITS + 1;
            let summaries = words / WORD_BITS + 1;
            while self.used.len() < words {
                try_push(&mut self.used, 0)?;
            }
            while self.full.len() < summaries {
                try_push(&mut self.full, 0)?;
            }
            self.slots.resize(number + 1, EMPTY);
        }
        Ok(())
    }

    /// Puts a description at `fd`, which was reserved. Returns what was there before.
    pub(crate) fn install(
        &mut self,
        fd: Fd,
        id: DescriptionId,
        cloexec: bool,
    ) -> Option<DescriptionId> {
        let before = self.get(fd).ok();
        self.store(fd, id, cloexec);
        if before.is_none() {
            self.open += 1;
            self.mark(fd, true);
        }
        before
    }

    fn store(&mut self, fd: Fd, id: DescriptionId, cloexec: bool) {
        if let Ok(number) = usize::try_from(fd)
            && let Some(slot) = self.slots.get_mut(number)
        {
            *slot = id.0 | if cloexec { CLOEXEC } else { 0 };
        }
    }

    /// Takes a descriptor out.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub(crate) fn remove(&mut self, fd: Fd) -> Result<DescriptionId, Errno> {
        let id = self.get(fd)?;
        if let Ok(number) = usize::try_from(fd)
            && let Some(slot) = self.slots.get_mut(number)
        {
            *slot = EMPTY;
        }
        self.open -= 1;
        self.mark(fd, false);
        Ok(id)
    }

    fn mark(&mut self, fd: Fd, in_use: bool) {
        let Ok(number) = usize::try_from(fd) else { return };
        let (word, bit) = (number / WORD_BITS, 1u64 << (number % WORD_BITS));
        let Some(used) = self.used.get_mut(word) else { return };
        *used = if in_use { *used | bit } else { *used & !bit };
        let is_full = *used == u64::MAX;
        let (summary, bit) = (word / WORD_BITS, 1u64 << (word % WORD_BITS));
        if let Some(full) = self.full.get_mut(summary) {
            *full = if is_full { *full | bit } else { *full & !bit };
        }
    }

    /// A copy of the table (`dup_fd`).
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn try_clone(&self) -> Result<FdTable, Errno> {
        let mut copy = FdTable { open: self.open, ..FdTable::default() };
        copy.slots.try_reserve_exact(self.slots.len())?;
        copy.slots.extend_from_slice(&self.slots);
        copy.used.try_reserve_exact(self.used.len())?;
        copy.used.extend_from_slice(&self.used);
        copy.full.try_reserve_exact(self.full.len())?;
        copy.full.extend_from_slice(&self.full);
        Ok(copy)
    }

    /// One more than the highest descriptor that was ever open.
    pub(crate) fn bound(&self) -> Fd {
        Fd::try_from(self.slots.len()).unwrap_or(Fd::MAX)
    }

    /// The open descriptors in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fd, DescriptionId)> {
        self.iter_from(0)
    }

    /// The open descriptors from `number` on, in ascending order. What is closed is passed by the
    /// bitmap, and what is before `number` is not looked at.
    pub(crate) fn iter_from(&self, number: usize) -> impl Iterator<Item = (Fd, DescriptionId)> {
        let mut word = number / WORD_BITS;
        let mut bits = self.used.get(word).copied().unwrap_or(0) & u64::MAX << (number % WORD_BITS);
        core::iter::from_fn(move || {
            while bits == 0 {
                #[cfg(test)]
                self.lookups.update(|lookups| lookups + 1);
                word += 1;
                bits = *self.used.get(word)?;
            }
            let number = word * WORD_BITS + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let fd = Fd::try_from(number).ok()?;
            Some((fd, DescriptionId(self.slots.get(number)? & !CLOEXEC)))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{DescriptionId, FdTable};
    use crate::base::errno::Errno;
    use alloc::vec::Vec;

    fn fill(table: &mut FdTable, upto: i32) {
        for expected in 0..upto {
            let fd = table.lowest_free(0, u32::MAX).unwrap();
            assert_eq!(fd, expected);
            table.reserve(fd).unwrap();
            assert_eq!(table.install(fd, DescriptionId(7), false), None);
        }
    }

    #[test]
    fn the_lowest_free_number_comes_next() {
        let mut table = FdTable::default();
        fill(&mut table, 10_000);
        for fd in [9_999, 64, 4_096, 63, 0] {
            table.remove(fd).unwrap();
        }
        assert_eq!(table.remove(64), Err(Errno::EBADF));
        assert_eq!(table.get(-1), Err(Errno::EBADF));
        // rows: from, limit, answer
        for (from, limit, answer) in [
            (0, u32::MAX, Ok(0)),
            (1, u32::MAX, Ok(63)),
            (64, u32::MAX, Ok(64)),
            (65, u32::MAX, Ok(4_096)),
            (4_097, u32::MAX, Ok(9_999)),
            (4_097, 9_999, Err(Errno::EMFILE)),
            (20_000, u32::MAX, Ok(20_000)),
        ] {
            assert_eq!(table.lowest_free(from, limit), answer, "from {from}");
        }
        assert_eq!(table.open_count(), 9_995);
    }

    #[test]
    fn close_on_exec_belongs_to_the_descriptor() {
        let mut table = FdTable::default();
        table.reserve(70).unwrap();
        table.install(70, DescriptionId(1), true);
        assert_eq!((table.cloexec(70), table.get(70)), (Ok(true), Ok(DescriptionId(1))));
        table.set_cloexec(70, false).unwrap();
        assert_eq!(table.cloexec(70), Ok(false));
        assert_eq!(table.set_cloexec(3, true), Err(Errno::EBADF));
        assert!(table.iter().eq([(70, DescriptionId(1))]));
    }

    /// A listing may be continued at any number, and what is closed before or in between costs a
    /// step for each 64 numbers at most.
    #[test]
    fn a_listing_goes_on_where_it_is_told() {
        let mut table = FdTable::default();
        fill(&mut table, 1000);
        for fd in 0..1000 {
            if fd % 70 != 0 && fd < 950 {
                table.remove(fd).unwrap();
            }
        }
        let open: Vec<i32> = table.iter().map(|(fd, _)| fd).collect();
        assert_eq!(open.len(), 14 + 50);
        for from in 0..1100 {
            table.lookups.set(0);
            let listed = table.iter_from(from);
            let expected = open.iter().filter(|&&fd| usize::try_from(fd).unwrap() >= from);
            assert!(listed.map(|(fd, _)| fd).eq(expected.copied()), "from {from}");
            let words = 1000_usize.div_ceil(64) - (from / 64).min(16) + 1;
            assert!(table.lookups.get() as usize <= words, "from {from}");
        }
    }
}
