//! Making and ending mappings in the memory of the embedder's program
//! ([`Platform::USER_MEMORY`]).
//!
//! Linux: `mmap_region`, `do_vmi_munmap` and `exit_mmap` (mm/). There are no page faults, so a
//! mapping is whole from the start: the pages of a shared one are placed
//! ([`crate::fs::placing`]), all others get memory of their own and, of a private file, a copy.
//!
//! Neighbour: [`crate::fs::address_spaces`] is the same for addresses that are only numbers.

use core::ops::Range;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::PAGE;
use crate::fs::Fs;
use crate::fs::placing::give;
use crate::objects::address_space::{Area, INIT_SPACE};
use crate::objects::inode::InodeKind;
use crate::objects::placed_pages::{user_addr, user_len};
use crate::objects::program_memory::Given;
use crate::platform::Platform;
use crate::platform::user_memory::ProgramRange;

impl<P: Platform> Fs<P> {
    /// Maps `area`, which says everything but where; says where. `wish` is where it may be, or must
    /// be if `fixed`: what is there goes then.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: no room; or it must be where it cannot be: outside of the memory that mappings
    ///   were given, where other mappings show the same pages, or not where the file's pages
    ///   are already.
    /// * `EIO`: the embedder cannot read the file.
    pub(crate) fn map_in_program(
        &mut self,
        id: u32,
        area: &Area,
        wish: u64,
        len: u64,
        fixed: bool,
    ) -> Result<u64, Errno> {
        if let Some(ino) = area.ino {
            self.note_mapping(ino, id)?;
        }
        if fixed {
            self.clear_the_way(id, area, wish, len)?;
        }
        let first = area.offset / PAGE;
        if let Some(ino) = area.shared_file() {
            let base = fixed.then_some(wish);
            let start = self.place(ino, first, first + len / PAGE, base, wish)?;
            let added = self.add_areas(id, &Area { start, end: start + len, ..*area });
            if added.is_err() {
                self.unplace(ino, first, first + len / PAGE, false);
            }
            return added.map(|()| start);
        }
        self.spaces.get_mut(id).or_defect()?.areas.try_reserve(3)?;
        let (memory, platform) = self.program_memory()?;
        let given = match fixed {
            true => memory.take_at(wish / PAGE, len / PAGE)?,
            false => give(memory, len / PAGE, wish, platform)?,
        };
        let start = given.first * PAGE;
        let area = Area { start, end: start + len, ..*area };
        if let Err(error) = self.fill_own(&area, given) {
            let (memory, _) = self.program_memory()?;
            memory.give_back(given.first, len / PAGE);
            return Err(error);
        }
        self.add_areas(id, &area)?;
        Ok(start)
    }

    /// Gives memory that is a mapping's own what it holds at first: zeros, or a copy of the file.
    /// `given` may be the last part of the area.
    ///
    /// # Errors
    ///
    /// `EIO`: the embedder cannot read the file.
    pub(crate) fn fill_own(&self, area: &Area, given: Given) -> Result<(), Errno> {
        let start = given.first * PAGE;
        let Some(ino) = area.ino else {
            self.platform.clear_user(user_addr(start), user_len(given.dirty * PAGE));
            return Ok(());
        };
        let InodeKind::Regular(contents) = &self.inode(ino)?.kind else { return Ok(()) };
        let len = user_len(area.end - start);
        let platform = &self.platform;
        let mut range = ProgramRange { platform, addr: user_addr(start), len };
        let offset = area.file_offset(start);
        let read = match self.placed(ino) {
            Some(placed) => placed.read(contents, offset, platform, &mut range)?,
            None => contents.read(offset, platform, &mut range)?,
        };
        if len > read {
            platform.clear_user(user_addr(start + read as u64), len - read);
        }
        Ok(())
    }

    /// Adds a mapping whose memory is there: one more of those that lie there already, and areas
    /// between them.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn add_areas(&mut self, id: u32, area: &Area) -> Result<(), Errno> {
        let Fs { spaces, inodes, .. } = self;
        let mut hold = |ino: Ino| {
            if let Some(inode) = inodes.get_mut(ino.0) {
                inode.holds += 1; // for one more area
            }
        };
        let space = spaces.get_mut(id).or_defect()?;
        let known = space.overlapping(area.start, area.end).len();
        space.areas.try_reserve(known + 3)?;
        let mut number = space.isolate(area.start, area.end, &mut hold)?.start;
        let mut at = area.start;
        while at < area.end {
            let next = space.areas.get_mut(number).filter(|next| next.start < area.end);
            match next {
                Some(next) if next.start == at => {
                    next.count += 1;
                    next.prot |= area.prot;
                    next.may_write |= area.may_write;
                    next.written |= area.written;
                    next.locked |= area.locked;
                    at = next.end;
                }
                next => {
                    let end = next.map_or(area.end, |next| next.start);
                    let offset = area.file_offset(at);
                    space.areas.insert(number, Area { start: at, end, offset, ..*area });
                    area.ino.into_iter().for_each(&mut hold);
                    at = end;
                }
            }
            number += 1;
        }
        self.join_areas(id, area.start, area.end);
        Ok(())
    }

    /// Joins areas that need no border any more (`vma_merge`), from the one before a range to the
    /// one after.
    fn join_areas(&mut self, id: u32, start: u64, end: u64) {
        let Fs { spaces, inodes, .. } = self;
        let Some(space) = spaces.get_mut(id) else { return };
        let range = space.overlapping(start.saturating_sub(1), end.saturating_add(1));
        for number in range.rev() {
            let Some(&[before, area]) =
                number.checked_sub(1).and_then(|n| space.areas.get(n..=number))
            else {
                continue;
            };
            if area.continues(&before) {
                space.areas.remove(number);
                if let Some(before) = space.areas.get_mut(number - 1) {
                    before.end = area.end;
                }
                if let Some(inode) = area.ino.and_then(|ino| inodes.get_mut(ino.0)) {
                    inode.holds -= 1; // the area before holds it, too
                }
            }
        }
    }

    /// Unmaps what is where a mapping must be, if that can be had.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: as [`map_in_program`](Self::map_in_program). Nothing has changed, unless there was
    /// no memory to take the old mapping's pages home.
    pub(crate) fn clear_the_way(
        &mut self,
        id: u32,
        area: &Area,
        start: u64,
        len: u64,
    ) -> Result<(), Errno> {
        let end = start + len;
        self.program_memory()?;
        let memory = &self.spaces.get(INIT_SPACE).or_defect()?.memory;
        let space = self.spaces.get(id).or_defect()?;
        let mut at = start;
        for known in space.areas.get(space.overlapping(start, end)).or_after_defect(&[]) {
            let (from, to) = (known.start.max(start), known.end.min(end));
            if !memory.is_free(at / PAGE, (from - at) / PAGE) && from > at {
                return Err(Errno::ENOMEM);
            }
            if let Some(ino) = known.shared_file() {
                let pages = known.file_pages(from, to);
                let placed = self.placed(ino).or_defect()?;
                if placed.runs_of(pages.start, pages.end).iter().any(|run| run.count > 1) {
                    return Err(Errno::ENOMEM);
                }
            }
            at = to;
        }
        if at < end && !memory.is_free(at / PAGE, (end - at) / PAGE) {
            return Err(Errno::ENOMEM);
        }
        if let Some(placed) = area.shared_file().and_then(|ino| self.placed(ino)) {
            let first = area.offset / PAGE;
            let pages = first..first + len / PAGE;
            for run in placed.runs_of(pages.start, pages.end) {
                let (from, to) = (run.first.max(pages.start), run.end.min(pages.end));
                // It comes home before, or it is elsewhere.
                if run.addr_of(from) < start || run.addr_of(to) > end {
                    return Err(Errno::ENOMEM);
                }
            }
        }
        self.unmap_in_program(id, start, end)?;
        let (memory, _) = self.program_memory()?;
        if memory.is_free(start / PAGE, len / PAGE) { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Ends one mapping of each page in a range.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory to part one; nothing has changed.
    pub(crate) fn unmap_in_program(&mut self, id: u32, start: u64, end: u64) -> Result<(), Errno> {
        if start >= end {
            return Ok(());
        }
        let Fs { spaces, inodes, extensions, .. } = self;
        let space = spaces.get_mut(id).or_defect()?;
        let range = space.overlapping(start, end);
        let areas = space.areas.get(range).or_after_defect(&[]);
        let more = areas.len() + 2;
        for ino in areas.iter().filter_map(Area::shared_file) {
            let inode = inodes.get(ino.0).or_defect()?;
            let extension = extensions.get_mut(inode.extension.0).or_defect()?;
            extension.placed.runs.try_reserve(2 * more)?;
        }
        self.program_memory()?.0.reserve(more)?;
        let Fs { spaces, inodes, .. } = self;
        let space = spaces.get_mut(id).or_defect()?;
        let range = space.isolate(start, end, |ino| {
            if let Some(inode) = inodes.get_mut(ino.0) {
                inode.holds += 1; // for the other part
            }
        })?;
        self.end_areas(id, range);
        Ok(())
    }

    /// Ends one mapping of each of these areas.
    fn end_areas(&mut self, id: u32, range: Range<usize>) {
        let mut now = None;
        for number in range.clone() {
            let area = self.spaces.get(id).and_then(|space| space.areas.get(number)).copied();
            let Some(area) = area else { break };
            if let Some(ino) = area.shared_file() {
                let pages = area.file_pages(area.start, area.end);
                self.unplace(ino, pages.start, pages.end, area.written);
                if area.written {
                    let time = now.unwrap_or_else(|| self.now());
                    now = Some(time);
                    if let Some(inode) = self.find_inode_mut(ino) {
                        inode.touch(time);
                    }
                }
            } else if let Ok((memory, _)) = self.program_memory() {
                memory.give_back(area.start / PAGE, (area.end - area.start) / PAGE);
            }
            if area.count == 1
                && let Some(ino) = area.ino
            {
                self.release(ino);
            }
        }
        let Some(space) = self.spaces.get_mut(id) else { return };
        let areas = space.areas.get_mut(range.clone()).or_after_defect(&mut []);
        let borders = areas.first().map(|area| area.start).zip(areas.last().map(|area| area.end));
        areas.iter_mut().for_each(|area| area.count -= 1);
        if areas.iter().all(|area| area.count == 0) {
            space.areas.drain(range);
        } else {
            let mut number = 0;
            space.areas.retain(|area| {
                number += 1;
                area.count > 0 || !range.contains(&(number - 1))
            });
            if let Some((start, end)) = borders {
                self.join_areas(id, start, end);
            }
        }
    }

    /// Ends all mappings of an address space, and its break area (`exit_mmap`).
    pub(crate) fn leave_program(&mut self, id: u32) {
        while let Some(count) = self.spaces.get(id).map(|space| space.areas.len())
            && count > 0
        {
            self.end_areas(id, 0..count);
        }
        if let Some(heap) = self.spaces.get_mut(id).and_then(|space| space.heap.take())
            && let Ok((memory, _)) = self.program_memory()
        {
            memory.give_back(heap.start / PAGE, heap.pages());
        }
    }
}
