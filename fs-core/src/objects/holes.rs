//! Holes in the contents of a file: punching, allocating and finding them.
//!
//! Linux: `shmem_fallocate`, `shmem_undo_range` and `shmem_file_llseek` (mm/shmem.c).

use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{FS_PAGE_BYTES, PAGE, pages_of, within_page};
use crate::objects::contents::{FileContents, Source};
use crate::objects::page_tree::{self, RemovedSlots, Slot};
use crate::platform::Platform;

impl FileContents {
    /// Makes `from..to` read as zero and frees its whole pages (`FALLOC_FL_PUNCH_HOLE`).
    /// The size stays.
    ///
    /// # Errors
    ///
    /// * `ENOSPC`: no memory to note a hole in the baked contents; the file is as before.
    /// * `EIO`: a page at an edge could not be read ([`Platform::contents_failed`]); likewise.
    pub(crate) fn punch_hole<P: Platform>(
        &mut self,
        from: u64,
        to: u64,
        platform: &P,
    ) -> Result<(), Errno> {
        if from >= to {
            return Ok(());
        }
        // Beyond the end too, where fallocate(2) with KEEP_SIZE may have put pages.
        let (first_whole, end_whole) = (pages_of(from), to / PAGE);
        let edges = [
            (!from.is_multiple_of(PAGE)).then_some(from / PAGE),
            (!to.is_multiple_of(PAGE)).then_some(to / PAGE),
        ];
        let baked_pages = self.baked_pages();
        // What needs memory comes first: edges are copied up, and baked pages need a mark (a hole
        // elsewhere is the absence of a page).
        for page in edges.into_iter().flatten() {
            self.bytes_to_zero(page, from, to, platform)?;
        }
        for page in first_whole..end_whole.min(baked_pages) {
            self.slot_mut(page)?;
        }
        for page in edges.into_iter().flatten() {
            self.bytes_to_zero(page, from, to, platform)?.fill(0);
        }
        for page in first_whole..end_whole.min(baked_pages) {
            let was_data = !matches!(self.slot(page), Slot::Hole);
            *self.slot_mut(page)? = Slot::Hole;
            self.forget_pages(u64::from(was_data));
        }
        let beyond = first_whole.max(baked_pages)..end_whole;
        let mut gone = RemovedSlots::default();
        if beyond.start < beyond.end {
            let (root, levels) = (&mut self.root, self.height.into());
            page_tree::remove_pages(root, levels, 0, &beyond, baked_pages, &mut gone);
        }
        self.forget_pages(gone.owned);
        Ok(())
    }

    /// The part of `page` that lies in `from..to` and does not read as zero yet, ready to be
    /// zeroed.
    fn bytes_to_zero<P: Platform>(
        &mut self,
        page: u64,
        from: u64,
        to: u64,
        platform: &P,
    ) -> Result<&mut [u8], Errno> {
        // No page is written beyond the end, where it reads as zero anyway.
        let (start, stop) = within_page(page, from, to.min(self.size));
        let stop = match self.slot(page) {
            // What lies beyond the vector is zero already.
            Slot::Page(bytes) => stop.min(bytes.len()),
            _ => stop,
        };
        if start >= stop || matches!(self.source(page), Source::Zero) {
            return Ok(&mut []);
        }
        // Not a byte is about to be overwritten, so copy-up keeps them all.
        let bytes = self.page_for_writing(page, stop, stop, u64::MAX, platform)?;
        Ok(bytes.get_mut(start..stop).or_after_defect(&mut []))
    }

    /// Allocates every page of `from..to` (fallocate(2)); what they hold does not change.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory, or more than `new_pages` pages; pages added before that are freed
    /// again.
    pub(crate) fn allocate(&mut self, from: u64, to: u64, new_pages: u64) -> Result<(), Errno> {
        let allowed = self.data_pages().saturating_add(new_pages);
        let (first, end) = (from / PAGE, pages_of(to));
        for page in first..end {
            if !self.is_hole(page) {
                self.initialise(page);
                continue;
            }
            let added = if self.data_pages() >= allowed {
                Err(Errno::ENOSPC)
            } else {
                self.allocate_page(page)
            };
            if let Err(error) = added {
                self.free_unwritten(first, page);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes a page that was allocated before and not written yet data: that Linux does when it is
    /// allocated again, so that undoing that does not free it (`shmem_get_folio_gfp`,
    /// `SGP_FALLOC`).
    fn initialise(&mut self, page: u64) {
        if let Some(Slot::Page(bytes)) = self.existing_slot_mut(page)
            && bytes.is_empty()
            && bytes.try_reserve(1).is_ok()
        {
            bytes.push(0);
        }
    }

    fn allocate_page(&mut self, page: u64) -> Result<(), Errno> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(FS_PAGE_BYTES).map_err(|_| Errno::ENOSPC)?;
        *self.slot_mut(page)? = Slot::Page(bytes);
        self.data_pages += 1;
        Ok(())
    }

    /// Undoes [`allocate`](Self::allocate) (`shmem_undo_range` with `unfalloc`).
    fn free_unwritten(&mut self, first: u64, end: u64) {
        let baked_pages = self.baked_pages();
        let mut freed = 0;
        for page in first..end {
            if let Some(slot) = self.existing_slot_mut(page)
                && matches!(slot, Slot::Page(bytes) if bytes.is_empty())
            {
                *slot = if page < baked_pages { Slot::Hole } else { Slot::Absent };
                freed += 1;
            }
        }
        self.forget_pages(freed);
    }

    /// The first byte at or after `offset` that is data (`SEEK_DATA`) or in a hole (`SEEK_HOLE`).
    ///
    /// # Errors
    ///
    /// `ENXIO`: `offset` is not within the file, or no data follows it.
    pub(crate) fn seek(&self, offset: u64, want_data: bool) -> Result<u64, Errno> {
        if offset >= self.size {
            return Err(Errno::ENXIO);
        }
        let end = pages_of(self.size);
        let mut page = offset / PAGE;
        while page < end {
            let (is_data, run) = self.data_run(page);
            if is_data == want_data {
                return Ok(offset.max(page * PAGE));
            }
            page = page.saturating_add(run);
        }
        // The end of the file counts as a hole.
        if want_data { Err(Errno::ENXIO) } else { Ok(self.size) }
    }

    /// As [`seek`](Self::seek), before `limit`.
    pub(super) fn seek_before(&self, offset: u64, limit: u64, want_data: bool) -> Option<u64> {
        let mut page = offset / PAGE;
        while page * PAGE < limit {
            let (is_data, run) = self.data_run(page);
            if is_data == want_data {
                return Some(offset.max(page * PAGE));
            }
            page = page.saturating_add(run).min(pages_of(limit));
        }
        None
    }

    /// Whether the page of a byte is data.
    pub(crate) fn is_data(&self, offset: u64) -> bool {
        self.data_run(offset / PAGE).0
    }

    /// Whether `page` is data, and how many pages from it on are known to be the same.
    fn data_run(&self, page: u64) -> (bool, u64) {
        match page_tree::find_run(&self.root, self.height, page) {
            (Slot::Page(bytes), _) => (!bytes.is_empty(), 1),
            (Slot::Hole, _) => (false, 1),
            // Every page of the run is the same, but for where the baked contents end.
            (_, run) => match self.baked_pages().checked_sub(page) {
                Some(left @ 1..) => (true, run.min(left)),
                _ => (false, run),
            },
        }
    }
}
