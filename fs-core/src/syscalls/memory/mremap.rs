//! mremap.

use bitflags::bitflags;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{FS_PAGE_BYTES, PAGE, is_page_aligned, page_align};
use crate::fs::Fs;
use crate::fs::placing::give;
use crate::objects::address_space::{Area, INIT_SPACE, TASK_SIZE};
use crate::objects::inode::InodeKind;
use crate::objects::placed_pages::{PlacedRun, copy_to_program, user_addr};
use crate::objects::process::Process;
use crate::platform::Platform;

bitflags! {
    /// Flags of mremap(2) (`MREMAP_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MremapFlags: u32 {
        /// Its address may change.
        const MAYMOVE = 1;
        /// To exactly this address; what is there goes.
        const FIXED = 2;
        /// The old range stays mapped, and holds zeros. Not implemented.
        const DONTUNMAP = 4;
        // Unknown bits are kept: mremap answers EINVAL for them.
        const _ = !0;
    }
}

impl<P: Platform> Fs<P> {
    /// `void *mremap(void *old_address, size_t old_size, size_t new_size, int flags, ... /* void *new_address */)`
    ///
    /// Makes a mapping longer or shorter; returns where it is then. It grows in place if what
    /// follows it is free. Else `MAYMOVE` moves it, with what it holds.
    ///
    /// DEVIATION: a shared mapping of a file cannot move while another one shows the same pages: a
    /// page has one address. An `old_size` of 0, which maps a shared range once more, gives the
    /// same address for this reason, and of memory that is no file's is `EINVAL`. `DONTUNMAP` is `EINVAL`, as before Linux 5.7.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] or [`Platform::USER_MEMORY`] is off.
    /// * `EINVAL`: unknown flags, `DONTUNMAP`, or `FIXED` without `MAYMOVE`; `old_address` is not a
    ///   multiple of a page; `new_size` is 0.
    /// * `EINVAL`: `FIXED`, and `new_address` is not a multiple of a page or too high, or the ranges
    ///   overlap.
    /// * `EFAULT`: nothing is mapped at `old_address`.
    /// * `EINVAL`: `old_size` is 0, and it is not shared.
    /// * `EFAULT`: the range reaches beyond the mapping.
    /// * `ENOMEM`: no room, or none where it must be, as for [`mmap`](Self::mmap).
    /// * `EIO`: the embedder cannot read the file.
    pub fn mremap(
        &mut self,
        process: &Process,
        old_address: u64,
        old_size: u64,
        new_size: u64,
        flags: MremapFlags,
        new_address: u64,
    ) -> Result<u64, Errno> {
        if !P::MAPPINGS || !P::USER_MEMORY {
            return Err(Errno::ENOSYS);
        }
        let fixed = flags.contains(MremapFlags::FIXED);
        let may_move = flags.contains(MremapFlags::MAYMOVE);
        if !(flags - MremapFlags::FIXED - MremapFlags::MAYMOVE).is_empty()
            || (fixed && !may_move)
            || !is_page_aligned(old_address)
        {
            return Err(Errno::EINVAL);
        }
        let (old_len, new_len) = (page_align(old_size), page_align(new_size));
        if new_len == 0 {
            return Err(Errno::EINVAL);
        }
        let overlaps = new_address < old_address.saturating_add(old_len)
            && old_address < new_address.saturating_add(new_len);
        let too_high = new_len > TASK_SIZE || new_address > TASK_SIZE - new_len;
        if fixed && (!is_page_aligned(new_address) || too_high || overlaps) {
            return Err(Errno::EINVAL);
        }
        let id = process.space.ok_or(Errno::EFAULT)?;
        let space = self.spaces.get(id).or_defect()?;
        let area = *space.area_at(old_address).ok_or(Errno::EFAULT)?;
        if old_len == 0 {
            return self.map_once_more(id, &area, old_address, new_len, fixed);
        }
        if !fixed && new_len <= old_len {
            // The rest need not be of this mapping.
            let old_end = old_address.checked_add(old_len).ok_or(Errno::EINVAL)?;
            self.unmap_in_program(id, old_address + new_len, old_end)?;
            return Ok(old_address);
        }
        let old_end = old_address.saturating_add(old_len);
        if new_len > TASK_SIZE {
            return Err(Errno::ENOMEM);
        }
        if old_end > area.end {
            return self.grow_pieces(
                id,
                old_address,
                old_end,
                new_len - old_len.min(new_len),
                fixed,
            );
        }
        // What stays of it, and how long it is to be.
        let kept = part_of(&area, old_address, old_address + old_len.min(new_len));
        if !fixed && old_end == area.end && self.extend_area(id, &kept, new_len).is_ok() {
            return Ok(old_address);
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        let to = fixed.then_some(new_address);
        let moved = self.move_area(id, &kept, new_len, to)?;
        if old_len > new_len {
            self.unmap_in_program(id, kept.end, old_end)?;
        }
        Ok(moved)
    }

    /// Makes a mapping longer whose areas differ, for other mappings show some of its pages.
    ///
    /// # Errors
    ///
    /// * `EFAULT`: it is not one mapping.
    /// * `ENOMEM`: it cannot become longer where it is; for the others it cannot be moved.
    fn grow_pieces(
        &mut self,
        id: u32,
        start: u64,
        end: u64,
        more: u64,
        fixed: bool,
    ) -> Result<u64, Errno> {
        let space = self.spaces.get(id).or_defect()?;
        let areas = space.areas.get(space.overlapping(start, end)).or_after_defect(&[]);
        let is_one = areas.is_sorted_by(|before, area| area.is_of_the_mapping(before));
        let last = *areas.last().filter(|last| is_one && last.end >= end).ok_or(Errno::EFAULT)?;
        let kept = part_of(&last, last.start, end);
        if fixed || more == 0 || end != last.end {
            return Err(Errno::ENOMEM);
        }
        self.extend_area(id, &kept, kept.end - kept.start + more).map_err(|_| Errno::ENOMEM)?;
        Ok(start)
    }

    /// A second mapping of shared pages.
    fn map_once_more(
        &mut self,
        id: u32,
        area: &Area,
        addr: u64,
        len: u64,
        fixed: bool,
    ) -> Result<u64, Errno> {
        let Some(ino) = area.shared_file() else { return Err(Errno::EINVAL) };
        if fixed {
            return Err(Errno::ENOMEM);
        }
        let more = Area { end: addr + len, ..part_of(area, addr, area.end) };
        let first = more.offset / PAGE;
        self.place(ino, first, first + len / PAGE, Some(addr), 0)?;
        let added = self.add_areas(id, &more);
        if added.is_err() {
            self.unplace(ino, first, first + len / PAGE, false);
        }
        added.map(|()| addr)
    }

    /// Makes `kept`, the end of an area, `new_len` bytes long where it is (`vma_expandable`).
    ///
    /// # Errors
    ///
    /// `ENOMEM`: what follows it is not free. `EIO`: the embedder cannot read the file.
    fn extend_area(&mut self, id: u32, kept: &Area, new_len: u64) -> Result<(), Errno> {
        let end = kept.start + new_len;
        let more = Area { count: 1, end, ..part_of(kept, kept.end, end) };
        self.spaces.get_mut(id).or_defect()?.areas.try_reserve(3)?;
        let pages = (end - kept.end) / PAGE;
        if let Some(ino) = kept.shared_file() {
            let first = more.offset / PAGE;
            self.place(ino, first, first + pages, Some(more.start), 0)?;
            let added = self.add_areas(id, &more);
            if added.is_err() {
                self.unplace(ino, first, first + pages, false);
            }
            return added;
        }
        let (memory, platform) = self.program_memory()?;
        let given = memory.extend_at(kept.end / PAGE, pages, platform)?;
        if let Err(error) = self.fill_own(&more, given) {
            self.program_memory()?.0.give_back(given.first, pages);
            return Err(error);
        }
        // The same area, longer.
        let space = self.spaces.get_mut(id).or_defect()?;
        let number = space.first_after(kept.start);
        space.areas.get_mut(number).or_defect()?.end = end;
        Ok(())
    }

    /// Moves `kept`, a part of an area, to where there is room for `new_len` bytes, or to `to`
    /// (`move_vma`); returns where it is.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: there is no room, or others show the same pages. `EIO`: the embedder cannot read
    /// the file.
    fn move_area(
        &mut self,
        id: u32,
        kept: &Area,
        new_len: u64,
        to: Option<u64>,
    ) -> Result<u64, Errno> {
        let Some(ino) = kept.shared_file() else { return self.move_own(id, kept, new_len, to) };
        // All that needs memory comes first.
        self.spaces.get_mut(id).or_defect()?.areas.try_reserve(8)?;
        self.program_memory()?.0.reserve(8)?;
        let pages = kept.file_pages(kept.start, kept.end);
        let new_end = pages.start + new_len / PAGE;
        let placed = self.placed(ino).or_defect()?;
        let is_alone = placed.runs_of(pages.start, pages.end).iter().all(|run| run.count == 1);
        if !is_alone || (new_end > pages.end && !placed.runs_of(pages.end, new_end).is_empty()) {
            return Err(Errno::ENOMEM);
        }
        let whole = Area { start: 0, end: new_len, count: 1, ..*kept };
        if let Some(to) = to {
            // As for memory of its own: that its pages are elsewhere is the point.
            self.clear_the_way(id, &Area { ino: None, ..whole }, to, new_len)?;
        }
        let Fs { spaces, inodes, extensions, platform, .. } = self;
        let memory = &mut spaces.get_mut(INIT_SPACE).or_defect()?.memory;
        let inode = inodes.get_mut(ino.0).or_defect()?;
        let placed = &mut extensions.get_mut(inode.extension.0).or_defect()?.placed;
        let InodeKind::Regular(contents) = &mut inode.kind else { return Err(Errno::ENODEV) };
        placed.runs.try_reserve(4)?;
        let given = match to {
            Some(to) => memory.take_at(to / PAGE, new_len / PAGE)?,
            None => give(memory, new_len / PAGE, 0, platform)?,
        };
        let start = given.first * PAGE;
        let tail = pages.end..new_end.max(pages.end);
        let tail_addr = start + (kept.end - kept.start);
        let dirty = tail.end - tail.start;
        if let Err(error) = copy_to_program(contents, tail.clone(), tail_addr, dirty, platform) {
            memory.give_back(given.first, new_len / PAGE);
            return Err(error);
        }
        let range = placed.isolate(pages.start, pages.end)?;
        for run in placed.runs.get_mut(range).or_after_defect(&mut []) {
            run.addr = start + (run.addr - kept.start);
        }
        if !tail.is_empty() {
            contents.leave_home(tail.start, tail.end);
            let (first, end) = (tail.start, tail.end);
            let run = PlacedRun { first, end, addr: tail_addr, count: 1, writable: false };
            placed.insert(run);
        }
        placed.join(pages.start, tail.end);
        copy_within_program(platform, kept.start, start, kept.end - kept.start);
        memory.give_back(kept.start / PAGE, pages.end - pages.start);
        self.remove_area(id, kept.start, kept.end)?;
        self.add_areas(id, &Area { start, end: start + new_len, ..whole })?;
        self.release(ino); // for the area that was removed
        Ok(start)
    }

    /// Takes an area, or a part of one, out of the list. Its file stays held for it.
    fn remove_area(&mut self, id: u32, start: u64, end: u64) -> Result<(), Errno> {
        let Fs { spaces, inodes, .. } = self;
        let space = spaces.get_mut(id).or_defect()?;
        let range = space.isolate(start, end, |ino| {
            if let Some(inode) = inodes.get_mut(ino.0) {
                inode.holds += 1; // for the other part
            }
        })?;
        space.areas.drain(range);
        Ok(())
    }

    /// [`move_area`](Self::move_area) of memory that is the mapping's own.
    fn move_own(
        &mut self,
        id: u32,
        kept: &Area,
        new_len: u64,
        to: Option<u64>,
    ) -> Result<u64, Errno> {
        self.spaces.get_mut(id).or_defect()?.areas.try_reserve(8)?;
        self.program_memory()?.0.reserve(8)?;
        // A copy of the file fills what is new.
        let whole = Area { start: 0, end: new_len, count: 1, ..*kept };
        let start = self.map_in_program(id, &whole, to.unwrap_or(0), new_len, to.is_some())?;
        copy_within_program(&self.platform, kept.start, start, kept.end - kept.start);
        self.unmap_in_program(id, kept.start, kept.end)?;
        Ok(start)
    }
}

/// Copies whole pages from address to address.
fn copy_within_program<P: Platform>(platform: &P, from: u64, to: u64, len: u64) {
    let mut page = [0; FS_PAGE_BYTES];
    for at in (0..len).step_by(FS_PAGE_BYTES) {
        platform.copy_from_user(&mut page, user_addr(from + at));
        platform.copy_to_user(user_addr(to + at), &page);
    }
}

/// The part of an area from `start` to `end`, which may be beyond its end.
fn part_of(area: &Area, start: u64, end: u64) -> Area {
    Area { start, end, offset: area.file_offset(start), ..*area }
}
