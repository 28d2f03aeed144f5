//! mprotect.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{is_page_aligned, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{Area, Prot, Sharing};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::memory::mmap::KNOWN_PROT;

/// `PROT_GROWSDOWN | PROT_GROWSUP`.
const GROWS_BOTH_WAYS: Prot = Prot::from_bits_retain(0x0300_0000);

impl<P: Platform> Fs<P> {
    /// `int mprotect(void *addr, size_t len, int prot)`
    ///
    /// Sets what may be done with memory.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: it is to grow both ways; `addr` is not a multiple of a page.
    /// * `ENOMEM`: the range is too long.
    /// * `EINVAL`: unknown bits. (Not when `len` is 0: then nothing is looked at.)
    /// * `ENOMEM`: an address is not mapped. What lies before it is changed.
    /// * `EACCES`: a shared mapping of a file that is not open for writing would be. What lies
    ///   before it is changed.
    /// * `ENOMEM`: no memory to part a mapping.
    pub fn mprotect(
        &mut self,
        process: &Process,
        addr: u64,
        len: u64,
        prot: Prot,
    ) -> Result<(), Errno> {
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        if prot.contains(GROWS_BOTH_WAYS) || !is_page_aligned(addr) {
            return Err(Errno::EINVAL);
        }
        if len == 0 {
            return Ok(());
        }
        let end = addr.checked_add(page_align(len)).filter(|&end| end > addr);
        let end = end.ok_or(Errno::ENOMEM)?;
        if !(prot - KNOWN_PROT).is_empty() {
            return Err(Errno::EINVAL);
        }
        // Locked private memory that becomes writable: from where, to where.
        let mut to_copy: Option<(u64, u64)> = None;
        let changed = self.change_areas(process, addr, end, |area| {
            if prot.contains(Prot::WRITE) && !area.may_write {
                return Err(Errno::EACCES);
            }
            let was_writable = area.prot.contains(Prot::WRITE);
            area.prot = prot;
            area.written |= prot.contains(Prot::WRITE);
            if area.locked
                && area.sharing == Sharing::Private
                && prot.contains(Prot::WRITE)
                && !was_writable
            {
                to_copy = Some((to_copy.map_or(area.start, |(from, _)| from), area.end));
            }
            Ok(())
        });
        if let Some((from, to)) = to_copy {
            // It has its own pages at once, as far as that goes (`mprotect_fixup`): no promise, for
            // a store would do it, too.
            let _ = self.populate_pages(process, from, to);
        }
        changed
    }

    /// Changes the areas of a range, one after another, up to the first hole.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: there is a hole, or no memory. And what `change` answers.
    pub(super) fn change_areas(
        &mut self,
        process: &Process,
        start: u64,
        end: u64,
        mut change: impl FnMut(&mut Area) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let Fs { spaces, inodes, .. } = self;
        let space = process.space.and_then(|id| spaces.get_mut(id)).ok_or(Errno::ENOMEM)?;
        let range = space.isolate(start, end, |ino| {
            if let Some(inode) = inodes.get_mut(ino.0) {
                inode.holds += 1; // for the other part
            }
        })?;
        let mut at = start;
        for area in space.areas.get_mut(range).or_after_defect(&mut []) {
            if area.start > at {
                return Err(Errno::ENOMEM);
            }
            change(area)?;
            at = area.end;
        }
        if at < end { Err(Errno::ENOMEM) } else { Ok(()) }
    }
}
