//! msync.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{is_page_aligned, page_align};
use crate::fs::Fs;
use crate::objects::address_space::MsyncFlags;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int msync(void *addr, size_t length, int flags)`
    ///
    /// Waits until the file has what was stored. It always has.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: unknown flags; `addr` is not a multiple of a page; `ASYNC` with `SYNC`.
    /// * `ENOMEM`: the range has too many bits.
    /// * `EBUSY`: `INVALIDATE`, and memory of the range is locked.
    /// * `ENOMEM`: an address is not mapped.
    pub fn msync(
        &self,
        process: &Process,
        addr: u64,
        length: u64,
        flags: MsyncFlags,
    ) -> Result<(), Errno> {
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        let known = MsyncFlags::ASYNC | MsyncFlags::INVALIDATE | MsyncFlags::SYNC;
        if !(flags - known).is_empty()
            || !is_page_aligned(addr)
            || flags.contains(MsyncFlags::ASYNC | MsyncFlags::SYNC)
        {
            return Err(Errno::EINVAL);
        }
        let len = page_align(length);
        let end = addr.checked_add(len).ok_or(Errno::ENOMEM)?;
        if len == 0 {
            return Ok(());
        }
        let space = self.space(process).ok_or(Errno::ENOMEM)?;
        let areas = space.areas.get(space.overlapping(addr, end)).or_after_defect(&[]);
        if flags.contains(MsyncFlags::INVALIDATE) && areas.iter().any(|area| area.locked) {
            return Err(Errno::EBUSY);
        }
        if space.is_covered(addr, end) { Ok(()) } else { Err(Errno::ENOMEM) }
    }
}
