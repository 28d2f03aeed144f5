//! Checks of a whole filesystem: what must be true between any two calls.
//!
//! Tests run this after sequences of calls and after failures that they caused. Nothing else calls
//! it, so an embedder that does not either carries none of its code.

use alloc::vec::Vec;
use core::fmt;

use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::PAGE;
use crate::fs::{Fs, StandIns};
use crate::objects::address_space::INIT_SPACE;
use crate::objects::file_description::FileKind;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::objects::record_lock::LockOwner;
use crate::platform::Platform;

/// An invariant that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenInvariant {
    /// The check itself found no memory.
    NoMemory,
    /// A directory's order, names and index do not agree.
    DirectoryIndex(u64),
    /// An entry leads to no inode, or says another type than the inode's.
    Entry(u64),
    /// A directory does not know the one that it is in.
    Parent(u64),
    /// A link count is not the number of names.
    LinkCount {
        /// The inode.
        ino: u64,
        /// What it says.
        stored: u32,
        /// How many there are.
        counted: u32,
    },
    /// A count of holds is not the number of holders.
    Holds {
        /// The inode.
        ino: u64,
        /// What it says.
        stored: u32,
        /// How many there are.
        counted: u32,
    },
    /// The inodes of lower directories are counted wrong.
    LowerInodes,
    /// The inodes that are only there for their numbers are counted wrong.
    Graves,
    /// The links beyond the first of each file are counted wrong.
    FurtherLinks,
    /// An inode has neither name nor holder and is still there.
    Leaked(u64),
    /// An inode stores pages beyond its size, or counts them wrong.
    Contents(u64),
    /// The pages of all files are not the pages in use.
    PageAccount {
        /// What the filesystem says.
        stored: u64,
        /// How many there are.
        counted: u64,
    },
    /// A pipe is open, or counted, otherwise than it says.
    Pipe(u64),
    /// The record locks of an inode overlap, are not merged, or one's owner is gone.
    RecordLocks(u64),
    /// What mappings have of the program's memory is free, or not where it should be, or counted
    /// wrong.
    ProgramMemory,
    /// A description is referred to by another number of descriptors than it says.
    DescriptionRefs(u32),
}

impl fmt::Display for BrokenInvariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names and fields of the variants say it all.
        fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for BrokenInvariant {}

impl From<Errno> for BrokenInvariant {
    fn from(_: Errno) -> BrokenInvariant {
        BrokenInvariant::NoMemory
    }
}

/// Numbers that the tables should hold, counted anew; each by inode number or by description
/// number.
struct Counts {
    names: Vec<u32>,
    /// Descriptions that may read and that may write.
    ends: Vec<(u32, u32)>,
    holders: Vec<u32>,
    descriptors: Vec<u32>,
}

fn zeros<T: Clone + Default>(count: u32) -> Result<Vec<T>, Errno> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(count as usize)?;
    zeros.resize(count as usize, T::default());
    Ok(zeros)
}

/// Adds to the counter with this number; a number out of range is found by other checks.
fn add(counts: &mut [u32], number: u32, more: u32) {
    if let Some(count) = counts.get_mut(number as usize) {
        *count += more;
    }
}

fn count_of(counts: &[u32], number: u32) -> u32 {
    counts.get(number as usize).copied().unwrap_or(0)
}

impl<P: Platform> Fs<P> {
    /// Checks everything that must hold between calls. `processes` are all that there are.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold: a defect of this crate.
    pub fn check_invariants(&self, processes: &[&Process]) -> Result<(), BrokenInvariant> {
        let mut counts = Counts {
            names: zeros(self.inodes.bound())?,
            ends: zeros(self.inodes.bound())?,
            holders: zeros(self.inodes.bound())?,
            descriptors: zeros(self.descriptions.bound())?,
        };
        // The root has no name, but is there for the filesystem itself, which holds it too.
        add(&mut counts.names, Ino::ROOT.0, 2);
        add(&mut counts.holders, Ino::ROOT.0, 1);
        if let Some(StandIns { link, foreign }) = self.stand_ins {
            add(&mut counts.names, link.0, 1);
            add(&mut counts.names, foreign.0, 1);
        }
        for process in processes {
            add(&mut counts.holders, process.cwd.0, 1);
            if P::CHROOT {
                add(&mut counts.holders, process.root.0, 1);
            }
            for (_, id) in process.fds.iter() {
                add(&mut counts.descriptors, id.0, 1);
            }
        }
        for number in 0..self.descriptions.bound() {
            if let Some(description) = self.descriptions.get(number) {
                if description.refs != count_of(&counts.descriptors, number) {
                    return Err(BrokenInvariant::DescriptionRefs(number));
                }
                if let FileKind::Inode(ino) = description.kind {
                    add(&mut counts.holders, ino.0, 1);
                    if let Some((readers, writers)) = counts.ends.get_mut(ino.0 as usize) {
                        *readers += u32::from(description.readable());
                        *writers += u32::from(description.writable());
                    }
                }
            }
        }
        for number in 0..self.removed_names.bound() {
            if let Some(removed) = self.removed_names.get(number) {
                add(&mut counts.holders, removed.parent.0, 1);
            }
        }
        for number in 0..self.spaces.bound() {
            let areas = self.spaces.get(number).map(|space| &*space.areas).unwrap_or_default();
            for ino in areas.iter().filter_map(|area| area.ino) {
                add(&mut counts.holders, ino.0, 1);
            }
        }
        if P::MAPPINGS && P::USER_MEMORY {
            self.check_program_memory()?;
        }
        self.check_pipes(&counts)?;
        self.check_record_locks(processes)?;
        let lower: u32 = self.all_inodes().map(|(_, inode)| u32::from(inode.is_lower())).sum();
        if lower != self.lower_inodes {
            return Err(BrokenInvariant::LowerInodes);
        }
        let graves = (0..self.inodes.bound()).filter_map(|number| self.inodes.get(number));
        if graves.filter(|inode| inode.is_grave()).count() != self.graves as usize {
            return Err(BrokenInvariant::Graves);
        }
        let further = |inode: &Inode| match inode.is_directory() {
            true => 0,
            false => inode.nlink.saturating_sub(1),
        };
        if self.all_inodes().map(|(_, inode)| further(inode)).sum::<u32>() != self.further_links {
            return Err(BrokenInvariant::FurtherLinks);
        }
        let pages = self.check_contents(&mut counts)?;
        if pages != self.used_pages {
            return Err(BrokenInvariant::PageAccount { stored: self.used_pages, counted: pages });
        }
        self.all_inodes().try_for_each(|(ino, inode)| check_counts(ino, inode, &counts))
    }

    fn all_inodes(&self) -> impl Iterator<Item = (Ino, &Inode)> {
        (0..self.inodes.bound())
            .filter_map(|number| self.inodes.get(number).map(|inode| (Ino(number), inode)))
            .filter(|(_, inode)| !inode.is_grave())
    }

    /// Checks that every open pipe knows its ends, and that the pipes without a name are counted.
    fn check_pipes(&self, counts: &Counts) -> Result<(), BrokenInvariant> {
        let (mut anonymous, mut open) = (if self.stand_ins.is_some() { 2 } else { 0 }, 0);
        for (ino, inode) in self.all_inodes() {
            anonymous += u32::from(self.is_anonymous_pipe(inode));
            let ends = counts.ends.get(ino.0 as usize).copied().unwrap_or_default();
            let known = match self.pipe_of(ino) {
                Some(id) => self.pipes.get(id.0).map(|pipe| (pipe.readers, pipe.writers)),
                None => Some((0, 0)),
            };
            open += u32::from(self.pipe_of(ino).is_some());
            if matches!(inode.kind, InodeKind::Fifo(_)) && known != Some(ends) {
                return Err(BrokenInvariant::Pipe(ino.st_ino()));
            }
        }
        if anonymous != self.anonymous_inodes || open != self.pipes.len() {
            return Err(BrokenInvariant::Pipe(0));
        }
        Ok(())
    }

    /// Checks that the record locks of each inode are in order, and that each has an owner.
    fn check_record_locks(&self, processes: &[&Process]) -> Result<(), BrokenInvariant> {
        let is_there = |owner| match owner {
            LockOwner::Process(pid) => processes.iter().any(|process| process.pid == pid),
            LockOwner::Description(id) => self.descriptions.get(id.0).is_some(),
        };
        for (ino, _) in self.all_inodes() {
            let Some(extension) = self.extension(ino) else { continue };
            let locks = &extension.record_locks;
            if !locks.is_consistent() || !locks.owners().all(is_there) {
                return Err(BrokenInvariant::RecordLocks(ino.st_ino()));
            }
        }
        Ok(())
    }

    /// Checks that what mappings have of the program's memory is not free, and that the pages of
    /// shared files are where the mappings show them, as often as they are counted.
    fn check_program_memory(&self) -> Result<(), BrokenInvariant> {
        let Some(memory) = self.spaces.get(INIT_SPACE).map(|space| &space.memory) else {
            return Ok(());
        };
        let is_taken = |start: u64, end: u64| {
            start < end && !memory.is_partly_free(start / PAGE, (end - start) / PAGE)
        };
        let mut sound = memory.is_consistent();
        let spaces = || (0..self.spaces.bound()).filter_map(|number| self.spaces.get(number));
        for space in spaces() {
            sound &= space.areas.windows(2).all(|pair| match pair {
                [before, area] => before.end <= area.start,
                _ => true,
            });
        }
        let areas = || spaces().flat_map(|space| &space.areas);
        for area in areas() {
            sound &= is_taken(area.start, area.end) && area.count > 0;
            let Some(ino) = area.shared_file() else { continue };
            let pages = area.file_pages(area.start, area.end);
            let placed = self.placed(ino).ok_or(BrokenInvariant::ProgramMemory)?;
            let mut at = pages.start;
            for run in placed.runs_of(pages.start, pages.end) {
                sound &=
                    run.first <= at && run.addr_of(at) == area.start + (at - pages.start) * PAGE;
                at = run.end;
            }
            sound &= at >= pages.end;
        }
        for (ino, _) in self.all_inodes() {
            for run in self.placed(ino).map(|placed| &*placed.runs).unwrap_or_default() {
                let shown: u64 = areas()
                    .filter(|area| area.shared_file() == Some(ino))
                    .map(|area| {
                        let pages = area.file_pages(area.start, area.end);
                        let shared =
                            pages.end.min(run.end).saturating_sub(pages.start.max(run.first));
                        shared * u64::from(area.count)
                    })
                    .sum();
                sound &= is_taken(run.addr, run.end_addr());
                sound &= shown == (run.end - run.first) * u64::from(run.count);
            }
        }
        if sound { Ok(()) } else { Err(BrokenInvariant::ProgramMemory) }
    }

    /// Checks each inode by itself, counts what it refers to, and answers how many pages there are.
    fn check_contents(&self, counts: &mut Counts) -> Result<u64, BrokenInvariant> {
        let mut pages = 0;
        for (ino, inode) in self.all_inodes() {
            pages += inode.charged_pages::<P>();
            match &inode.kind {
                InodeKind::Regular(contents) if !contents.is_consistent() => {
                    return Err(BrokenInvariant::Contents(ino.st_ino()));
                }
                InodeKind::Directory(directory) => {
                    if ino != Ino::ROOT {
                        add(&mut counts.holders, directory.parent.0, 1);
                    }
                    if !directory.is_consistent() {
                        return Err(BrokenInvariant::DirectoryIndex(ino.st_ino()));
                    }
                    for (_, _, entry) in directory.iter_from(0) {
                        let child = self.inode(entry.ino);
                        let child = child.map_err(|_| BrokenInvariant::Entry(ino.st_ino()))?;
                        if child.file_type() != entry.file_type {
                            return Err(BrokenInvariant::Entry(ino.st_ino()));
                        }
                        add(&mut counts.names, entry.ino.0, 1);
                        if let Ok(below) = child.directory() {
                            add(&mut counts.names, entry.ino.0, 1); // for "."
                            add(&mut counts.names, ino.0, 1); // for ".."
                            if below.parent != ino {
                                return Err(BrokenInvariant::Parent(entry.ino.st_ino()));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(pages)
    }
}

fn check_counts(ino: Ino, inode: &Inode, counts: &Counts) -> Result<(), BrokenInvariant> {
    let names = count_of(&counts.names, ino.0);
    let holders = count_of(&counts.holders, ino.0);
    let ino = ino.st_ino();
    if inode.nlink != names {
        return Err(BrokenInvariant::LinkCount { ino, stored: inode.nlink, counted: names });
    }
    if inode.holds != holders {
        return Err(BrokenInvariant::Holds { ino, stored: inode.holds, counted: holders });
    }
    if names == 0 && holders == 0 {
        return Err(BrokenInvariant::Leaked(ino));
    }
    Ok(())
}
