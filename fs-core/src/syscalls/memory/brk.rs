//! brk.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::PAGE;
use crate::fs::Fs;
use crate::objects::address_space::Heap;
use crate::objects::placed_pages::{user_addr, user_len};
use crate::objects::process::Process;
use crate::platform::Platform;

/// Bytes in a page of WebAssembly's memory.
const WASM_PAGE_BYTES: u64 = 1 << 16;

impl<P: Platform> Fs<P> {
    /// `int brk(void *addr)`, the system call: returns the program break
    ///
    /// Sets the end of the break area, and returns where it is now. The area begins where the
    /// program's memory ends when this is asked first. It grows as long as what follows is free: if
    /// that cannot be had, the break stays, and the old one is returned, as Linux does.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] or [`Platform::USER_MEMORY`] is off.
    /// * `ENOMEM`: no memory for the first address space.
    pub fn brk(&mut self, process: &mut Process, addr: u64) -> Result<u64, Errno> {
        if !P::MAPPINGS || !P::USER_MEMORY {
            return Err(Errno::ENOSYS);
        }
        let id = self.space_for_change(process)?;
        let size = u64::from(self.platform.user_size()) * WASM_PAGE_BYTES;
        let heap = &mut self.spaces.get_mut(id).or_defect()?.heap;
        let heap = *heap.get_or_insert(Heap { start: size, end: size });
        if addr < heap.start || addr > u64::from(u32::MAX) {
            return Ok(heap.end);
        }
        let wanted = Heap { end: addr, ..heap };
        let (had, pages, first) = (heap.pages(), wanted.pages(), heap.start / PAGE);
        let (memory, platform) = self.program_memory()?;
        if pages > had {
            let Ok(given) = memory.extend_at(first + had, pages - had, platform) else {
                return Ok(heap.end);
            };
            platform.clear_user(user_addr(given.first * PAGE), user_len(given.dirty * PAGE));
        } else {
            memory.give_back(first + pages, had - pages);
        }
        self.spaces.get_mut(id).or_defect()?.heap = Some(wanted);
        Ok(addr)
    }
}
