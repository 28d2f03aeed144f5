//! msync.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{is_page_aligned, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{Area, MsyncFlags};
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int msync(void *addr, size_t length, int flags)`
    ///
    /// Waits until the file has what was stored. It always has. Where mappings lie in the program's
    /// memory, the file's times are set, if the mapping may be or could be written: stores are not
    /// seen there.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: unknown flags; `addr` is not a multiple of a page; `ASYNC` with `SYNC`.
    /// * `ENOMEM`: the range has too many bits.
    /// * `EBUSY`: `INVALIDATE`, and memory of the range is locked.
    /// * `ENOMEM`: an address is not mapped.
    pub fn msync(
        &mut self,
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
        let is_covered = space.is_covered(addr, end);
        if P::USER_MEMORY {
            self.touch_written(process, addr, end);
        }
        if flags.contains(MsyncFlags::SYNC) {
            self.note_sync();
        }
        if is_covered { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Sets the times of files that the program may have stored to.
    fn touch_written(&mut self, process: &Process, start: u64, end: u64) {
        let mut now = None;
        let Fs { spaces, inodes, platform, changes, .. } = self;
        let Some(space) = process.space.and_then(|id| spaces.get(id)) else { return };
        let areas = space.areas.get(space.overlapping(start, end)).or_after_defect(&[]);
        for ino in areas.iter().filter(|area| area.written).filter_map(Area::shared_file) {
            let time = *now.get_or_insert_with(|| platform.current_time());
            if let Some(inode) = inodes.get_mut(ino.0) {
                if P::CHANGES {
                    changes.note(ino, inode);
                }
                inode.touch(time);
            }
        }
    }
}
