//! Which pages of files live in the memory of the embedder's program, where mappings lie there
//! ([`Platform::USER_MEMORY`]): placing them, and taking them home.
//!
//! Neighbours: [`crate::objects::placed_pages`] is what is known of one file;
//! [`crate::objects::program_memory`] is where there is room; `syscalls::memory` makes and ends the
//! mappings.

use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::PAGE;
use crate::fs::Fs;
use crate::objects::address_space::{AddressSpace, INIT_SPACE};
use crate::objects::contents::FileContents;
use crate::objects::inode::InodeKind;
use crate::objects::placed_pages::{PlacedPages, PlacedRun, copy_to_program};
use crate::objects::program_memory::{Given, ProgramMemory};
use crate::platform::Platform;
use crate::platform::user_memory::UserRef;

impl<P: Platform> Fs<P> {
    /// The memory that mappings are given, with the platform. There is one for all processes: it is
    /// that of the space that is no process's (`init_mm`).
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory to begin with.
    pub(crate) fn program_memory(&mut self) -> Result<(&mut ProgramMemory, &P), Errno> {
        if self.spaces.bound() == INIT_SPACE {
            self.spaces.insert(AddressSpace::default())?;
        }
        let space = self.spaces.get_mut(INIT_SPACE).or_defect()?;
        Ok((&mut space.memory, &self.platform))
    }

    /// The placed pages of a file, if it has any.
    pub(crate) fn placed(&self, ino: Ino) -> Option<&PlacedPages> {
        if !P::MAPPINGS || !P::USER_MEMORY {
            return None;
        }
        self.extension(ino).map(|extension| &extension.placed).filter(|placed| !placed.is_empty())
    }

    /// Changes a regular file that has an extension, and keeps the account of pages, as
    /// [`change_contents`](Self::change_contents) does.
    ///
    /// # Errors
    ///
    /// What `change` answers.
    pub(crate) fn change_placed<T>(
        &mut self,
        ino: Ino,
        change: impl FnOnce(&mut FileContents, &mut PlacedPages, &P, u64) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let free = self.free_pages();
        let Fs { inodes, extensions, platform, .. } = self;
        let inode = inodes.get_mut(ino.0).or_defect()?;
        let extension = extensions.get_mut(inode.extension.0).or_defect()?;
        let InodeKind::Regular(contents) = &mut inode.kind else { return Err(Errno::EINVAL) };
        let before = contents.charged_pages::<P>();
        let result = change(contents, &mut extension.placed, platform, free);
        self.used_pages = self.used_pages - before + contents.charged_pages::<P>();
        result
    }

    /// Writes to a regular file, wherever its pages are.
    ///
    /// # Errors
    ///
    /// As [`FileContents::write`].
    #[inline(always)]
    pub(crate) fn write_contents(
        &mut self,
        ino: Ino,
        offset: u64,
        from: &mut impl UserRef,
    ) -> Result<usize, Errno> {
        if P::USER_MEMORY && self.placed(ino).is_some() {
            self.note(ino);
            return self.change_placed(ino, |contents, placed, platform, free_pages| {
                placed.write(contents, offset, platform, free_pages, from)
            });
        }
        self.change_contents(ino, |contents, platform, free_pages| {
            contents.write(offset, platform, free_pages, from)
        })
    }

    /// Clears what a file has in the program's memory from `from` to `to`, in bytes of the file.
    pub(crate) fn clear_placed(&self, ino: Ino, from: u64, to: u64) {
        if let Some(placed) = self.placed(ino) {
            placed.clear(from, to, &self.platform);
        }
    }

    /// Shows pages `first..end` of a regular file in the program's memory once more; says at which
    /// address. `base` is where that must be, `wish` where it may be.
    ///
    /// Pages that are placed already stay where they are, so they say where the others must go.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: there is no room, or none where it would have to be; or 2^32 mappings.
    /// * `EIO`: the embedder cannot read the file.
    pub(crate) fn place(
        &mut self,
        ino: Ino,
        first: u64,
        end: u64,
        base: Option<u64>,
        wish: u64,
    ) -> Result<u64, Errno> {
        self.program_memory()?;
        let Fs { spaces, inodes, extensions, platform, .. } = self;
        let memory = &mut spaces.get_mut(INIT_SPACE).or_defect()?.memory;
        let inode = inodes.get_mut(ino.0).or_defect()?;
        let placed = &mut extensions.get_mut(inode.extension.0).or_defect()?.placed;
        let InodeKind::Regular(contents) = &mut inode.kind else { return Err(Errno::ENODEV) };
        let mut base = match (base, placed.runs_of(first, end).first()) {
            (None, Some(run)) => {
                let base = (run.addr + first * PAGE).checked_sub(run.first * PAGE);
                Some(base.ok_or(Errno::ENOMEM)?)
            }
            (base, _) => base,
        };
        let gaps = gaps(placed, first, end, base)?;
        placed.runs.try_reserve(gaps.len() + 2)?;
        memory.reserve(2 * gaps.len() + 2)?;
        for (number, &(from, to)) in gaps.iter().enumerate() {
            let pages = to - from;
            let given = match base {
                Some(base) => memory.extend_at(base / PAGE + (from - first), pages, platform),
                None => give(memory, pages, wish, platform),
            };
            let loaded = given.and_then(|given| {
                let addr = given.first * PAGE;
                copy_to_program(contents, from..to, addr, given.dirty, platform)
                    .inspect_err(|_| memory.give_back(given.first, pages))
                    .map(|()| addr)
            });
            match loaded {
                Ok(addr) => base = base.or(Some(addr)),
                Err(error) => {
                    let base = base.unwrap_or_default();
                    for &(from, to) in gaps.get(..number).or_after_defect(&[]) {
                        memory.give_back(base / PAGE + (from - first), to - from);
                    }
                    return Err(error);
                }
            }
        }
        let base = base.or_defect()?;
        for (from, to) in gaps {
            contents.leave_home(from, to);
            let addr = base + (from - first) * PAGE;
            let run = PlacedRun { first: from, end: to, addr, count: 0, writable: false };
            placed.insert(run);
        }
        let range = placed.isolate(first, end)?;
        for run in placed.runs.get_mut(range).or_after_defect(&mut []) {
            run.count += 1;
        }
        placed.join(first, end);
        Ok(base)
    }

    /// Takes back [`place`](Self::place): pages that no mapping shows any more come home. `written`
    /// says whether the mapping could be written through.
    ///
    /// If there is no memory for a page, it stays where it is, and is the file's as before.
    pub(crate) fn unplace(&mut self, ino: Ino, first: u64, end: u64, written: bool) {
        let Some(extension) = self.extension_mut(ino) else { return };
        let placed = &mut extension.placed;
        // Without memory to part a run it stays, as one that is shown.
        let Ok(range) = placed.isolate(first, end) else { return };
        for run in placed.runs.get_mut(range.clone()).or_after_defect(&mut []) {
            run.count = run.count.saturating_sub(1);
            run.writable |= written;
        }
        let mut number = range.start;
        while let Some(run) = self.run_of(ino, number).filter(|run| run.first < end) {
            if run.count > 0 {
                number += 1;
                continue;
            }
            let home = self.change_placed(ino, |contents, placed, platform, _| {
                let is_home = |page: &u64| {
                    contents.come_home(*page, run.addr_of(*page), run.writable, platform).is_ok()
                };
                let upto = run.first + (run.first..run.end).take_while(is_home).count() as u64;
                if upto == run.end {
                    placed.runs.remove(number);
                } else if let Some(left) = placed.runs.get_mut(number) {
                    (left.addr, left.first) = (run.addr_of(upto), upto);
                }
                Ok(upto)
            });
            let Ok(upto) = home else { return };
            number += usize::from(upto < run.end);
            if let Ok((memory, _)) = self.program_memory() {
                memory.give_back(run.addr / PAGE, upto - run.first);
            }
        }
        if let Some(extension) = self.extension_mut(ino) {
            extension.placed.join(first, end);
        }
    }

    fn run_of(&self, ino: Ino, number: usize) -> Option<PlacedRun> {
        self.extension(ino)?.placed.runs.get(number).copied()
    }

    /// Takes back the memory of a file that goes.
    pub(crate) fn forget_placed(&mut self, placed: &PlacedPages) {
        if placed.is_empty() {
            return;
        }
        if let Ok((memory, _)) = self.program_memory() {
            for run in &placed.runs {
                memory.give_back(run.addr / PAGE, run.end - run.first);
            }
        }
    }
}

/// The parts of `first..end` that are not placed.
///
/// # Errors
///
/// `ENOMEM`: a page is placed elsewhere than `base`, the address of `first`, asks for; no memory.
fn gaps(
    placed: &PlacedPages,
    first: u64,
    end: u64,
    base: Option<u64>,
) -> Result<Vec<(u64, u64)>, Errno> {
    let runs = placed.runs_of(first, end);
    let mut gaps = Vec::new();
    gaps.try_reserve_exact(runs.len() + 1)?;
    let mut at = first;
    for run in runs {
        if base.is_some_and(|base| run.addr + first * PAGE != base + run.first * PAGE) {
            return Err(Errno::ENOMEM);
        }
        if run.count == u32::MAX {
            return Err(Errno::ENOMEM);
        }
        if run.first > at {
            gaps.push((at, run.first));
        }
        at = run.end;
    }
    if at < end {
        gaps.push((at, end));
    }
    Ok(gaps)
}

/// Memory, at the address `wish` if that is free.
///
/// # Errors
///
/// `ENOMEM`: there is none.
pub(crate) fn give<P: Platform>(
    memory: &mut ProgramMemory,
    pages: u64,
    wish: u64,
    platform: &P,
) -> Result<Given, Errno> {
    if wish != 0 && memory.is_free(wish / PAGE, pages) {
        return memory.take_at(wish / PAGE, pages);
    }
    memory.give(pages, platform)
}
