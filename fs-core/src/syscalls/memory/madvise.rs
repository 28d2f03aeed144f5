//! madvise.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{PAGE, is_page_aligned, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{Area, Sharing};
use crate::objects::process::Process;
use crate::objects::program_memory::Given;
use crate::platform::Platform;

/// Advice of madvise(2) (`MADV_*`): how memory will be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Advice(pub u32);

impl Advice {
    /// As always.
    pub const NORMAL: Advice = Advice(0);
    /// Here and there.
    pub const RANDOM: Advice = Advice(1);
    /// From the start to the end.
    pub const SEQUENTIAL: Advice = Advice(2);
    /// Soon.
    pub const WILLNEED: Advice = Advice(3);
    /// Not any more: private memory is as it was when it was mapped.
    pub const DONTNEED: Advice = Advice(4);
    /// Not any more, but it may keep what it holds.
    pub const FREE: Advice = Advice(8);
    /// Not for children.
    const DONTFORK: Advice = Advice(10);
    /// For children, too.
    const DOFORK: Advice = Advice(11);
    /// Huge pages are welcome. It and the three after it, about huge pages and dumps, change
    /// nothing.
    const HUGEPAGE: Advice = Advice(14);
    /// Make the pages, as storing to them would (`MADV_POPULATE_WRITE`).
    const POPULATE_WRITE: Advice = Advice(23);
}

impl<P: Platform> Fs<P> {
    /// `int madvise(void *addr, size_t length, int advice)`
    ///
    /// Says how memory will be used. `DONTNEED` gives anonymous memory zeros and a private mapping
    /// what its file holds now; a shared mapping shows its file as before. Everything else that
    /// Linux takes is a hint, and changes nothing.
    ///
    /// DEVIATION: `REMOVE`, `WIPEONFORK` and the advice for memory that is merged, offlined or
    /// poisoned are `EINVAL`, as where the kernel was built without them.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] or [`Platform::USER_MEMORY`] is off.
    /// * `EINVAL`: unknown advice; `addr` is not a multiple of a page; the range has too many bits.
    /// * For each mapping in the range: `EINVAL`, `DONTNEED` and it is locked, or `FREE` and it is
    ///   of a file or shared. What lies before is done. `EIO`: the embedder cannot read the file.
    /// * `ENOMEM`: an address is not mapped. What is mapped is done.
    pub fn madvise(
        &mut self,
        process: &Process,
        addr: u64,
        length: u64,
        advice: Advice,
    ) -> Result<(), Errno> {
        if !P::MAPPINGS || !P::USER_MEMORY {
            return Err(Errno::ENOSYS);
        }
        let is_hint = advice.0 <= Advice::WILLNEED.0
            || [Advice::DONTFORK, Advice::DOFORK].contains(&advice)
            || (Advice::HUGEPAGE.0..Advice::HUGEPAGE.0 + 4).contains(&advice.0)
            || (20..=Advice::POPULATE_WRITE.0).contains(&advice.0);
        if !is_hint && ![Advice::DONTNEED, Advice::FREE].contains(&advice) {
            return Err(Errno::EINVAL);
        }
        if !is_page_aligned(addr) || (length > 0 && page_align(length) == 0) {
            return Err(Errno::EINVAL);
        }
        let end = addr.checked_add(page_align(length)).ok_or(Errno::EINVAL)?;
        if end == addr {
            return Ok(());
        }
        let Some(space) = self.space(process) else { return Err(Errno::ENOMEM) };
        for area in space.areas.get(space.overlapping(addr, end)).or_after_defect(&[]) {
            if advice == Advice::DONTNEED {
                if area.locked {
                    return Err(Errno::EINVAL);
                }
                if area.sharing == Sharing::Private {
                    self.forget_stores(area, addr, end)?;
                }
            }
            let is_own = area.sharing == Sharing::Private && area.ino.is_none();
            if advice == Advice::FREE && !is_own {
                return Err(Errno::EINVAL);
            }
        }
        if space.is_covered(addr, end) { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Gives the part of a private mapping that lies in a range what it was mapped with.
    fn forget_stores(&self, area: &Area, start: u64, end: u64) -> Result<(), Errno> {
        let (from, to) = (area.start.max(start), area.end.min(end));
        let part = Area { start: from, end: to, offset: area.file_offset(from), ..*area };
        self.fill_own(&part, Given { first: from / PAGE, dirty: (to - from) / PAGE })
    }
}
