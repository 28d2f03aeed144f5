//! mlock, munlock.

use crate::base::errno::Errno;
use crate::base::page::{PAGE, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{Prot, Sharing};
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int mlock(const void *addr, size_t len)`
    ///
    /// Keeps memory from being swapped out. It never is; what can be seen is that the pages must be
    /// there.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: the range has too many bits.
    /// * `ENOMEM`: an address is not mapped, may not be used at all, or lies beyond the end of its
    ///   file.
    /// * `EIO`: the embedder could not read a page that is copied.
    pub fn mlock(&mut self, process: &Process, addr: u64, len: u64) -> Result<(), Errno> {
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        self.set_locked(process, addr, len, true)?;
        let start = addr - addr % PAGE;
        let end = start + page_align(len.wrapping_add(addr % PAGE));
        self.populate_pages(process, start, end)
    }

    /// Lets a range have all its pages (`__mm_populate`). Those that can be written through a
    /// private mapping of a file are its own from then on: what others write to the file is not
    /// seen there any more.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: memory may not be used at all, or lies beyond the end of its file; no memory for
    ///   a page.
    /// * `EIO`: the embedder could not read a page.
    ///
    /// What lies before has its pages.
    pub(super) fn populate_pages(
        &mut self,
        process: &Process,
        start: u64,
        end: u64,
    ) -> Result<(), Errno> {
        let mut at = start;
        // An empty range may lie within an area.
        while at < end
            && let Some(space) = self.space(process)
            && let Some(area) = space.areas.get(space.first_after(at)).copied()
            && area.start < end
        {
            let (first, stop) = (area.start.max(at), area.end.min(end));
            if !area.prot.intersects(Prot::READ | Prot::WRITE | Prot::EXEC) {
                return Err(Errno::ENOMEM);
            }
            let is_copied = !P::USER_MEMORY
                && area.sharing == Sharing::Private
                && area.prot.contains(Prot::WRITE)
                && area.ino.is_some();
            let mut page = first;
            while is_copied && page < stop && self.is_in_file(&area, page) {
                self.own_private_page(process, &area, page)?;
                page += PAGE;
            }
            if !self.is_in_file(&area, stop - PAGE) {
                return Err(Errno::ENOMEM);
            }
            at = stop;
        }
        Ok(())
    }

    /// `int munlock(const void *addr, size_t len)`
    ///
    /// Takes back [`mlock`](Self::mlock).
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: the range has too many bits.
    /// * `ENOMEM`: an address is not mapped.
    pub fn munlock(&mut self, process: &Process, addr: u64, len: u64) -> Result<(), Errno> {
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        self.set_locked(process, addr, len, false)
    }

    /// `apply_vma_lock_flags`.
    fn set_locked(
        &mut self,
        process: &Process,
        addr: u64,
        len: u64,
        locked: bool,
    ) -> Result<(), Errno> {
        let start = addr - addr % PAGE;
        let len = page_align(len.wrapping_add(addr % PAGE));
        let end = start.checked_add(len).ok_or(Errno::EINVAL)?;
        if len == 0 {
            return Ok(());
        }
        self.change_areas(process, start, end, |area| {
            area.locked = locked;
            Ok(())
        })
    }
}
