//! What becomes of a page of a file when it is placed in the program's memory, and when it comes
//! home.
//!
//! Neighbour: [`crate::objects::placed_pages`] is the state between.

use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{FS_PAGE_BYTES, PAGE, within_page};
use crate::objects::contents::FileContents;
use crate::objects::page_tree::{self, Slot};
use crate::objects::placed_pages::user_addr;
use crate::platform::Platform;

impl FileContents {
    /// Frees what owned pages of `first..end` hold, which is in the program's memory now.
    pub(crate) fn leave_home(&mut self, first: u64, end: u64) {
        let mut page = first;
        while page < end {
            let (_, run) = page_tree::find_run(&self.root, self.height, page);
            if let Some(Slot::Page(bytes)) = self.existing_slot_mut(page) {
                *bytes = Vec::new();
            }
            page = page.saturating_add(run);
        }
    }

    /// Notes that write(2) changes a placed page: it is an owned one, which takes room.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no page may be added, or no memory.
    pub(super) fn note_placed_write(&mut self, page: u64, allowed: u64) -> Result<(), Errno> {
        let was_hole = self.is_hole(page);
        if was_hole && self.data_pages() >= allowed {
            return Err(Errno::ENOSPC);
        }
        let slot = self.slot_mut(page)?;
        if !matches!(slot, Slot::Page(_)) {
            *slot = Slot::Page(Vec::new());
            self.data_pages += u32::from(was_hole);
        }
        Ok(())
    }

    /// Takes a page back from the program's memory. A hole that is all zeros and a baked page that
    /// is as it was stay that; so does each that nobody could write to. What lies beyond the end of
    /// the file is not kept. No limit is looked at: the bytes are there.
    ///
    /// # Errors
    ///
    /// * `ENOSPC`: no memory; the page is still placed.
    /// * `EIO`: the embedder cannot read the baked page to compare it; likewise.
    pub(crate) fn come_home<P: Platform>(
        &mut self,
        page: u64,
        addr: u64,
        writable: bool,
        platform: &P,
    ) -> Result<(), Errno> {
        let is_owned = matches!(self.slot(page), Slot::Page(_));
        let (_, in_file) = within_page(page, 0, self.size());
        if in_file == 0 || (!is_owned && !writable) {
            return Ok(());
        }
        let mut page_bytes = [0; FS_PAGE_BYTES];
        let bytes = page_bytes.get_mut(..in_file).or_after_defect(&mut []);
        platform.copy_from_user(bytes, user_addr(addr));
        if !is_owned && self.is_same(page, bytes, platform)? {
            return Ok(());
        }
        // It is data, even if all of it is zero.
        let used = bytes.iter().rposition(|&byte| byte != 0).map_or(1, |last| last + 1);
        let mut owned = Vec::new();
        owned.try_reserve_exact(used).map_err(|_| Errno::ENOSPC)?;
        owned.extend_from_slice(bytes.get(..used).or_after_defect(&[]));
        let was_hole = self.is_hole(page);
        *self.slot_mut(page)? = Slot::Page(owned);
        self.data_pages += u32::from(was_hole);
        Ok(())
    }

    /// Whether the page at home holds these bytes.
    ///
    /// # Errors
    ///
    /// `EIO`: the embedder cannot read it.
    fn is_same<P: Platform>(&self, page: u64, bytes: &[u8], platform: &P) -> Result<bool, Errno> {
        if self.is_hole(page) {
            return Ok(bytes.iter().all(|&byte| byte == 0));
        }
        let mut home = [0; FS_PAGE_BYTES];
        let home = home.get_mut(..bytes.len()).or_after_defect(&mut []);
        self.read(page * PAGE, platform, &mut &mut *home)?;
        Ok(home == bytes)
    }
}
