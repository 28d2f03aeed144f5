//! The address space of a process: which files, or nothing at all, its memory shows.
//!
//! Linux: `struct mm_struct` and `struct vm_area_struct`. Addresses are numbers that only
//! [`Fs::load`](crate::Fs::load) and [`Fs::store`](crate::Fs::store) know: a typed view of a file,
//! with a processor's rules for reading and writing it.
//!
//! A shared mapping has no bytes of its own. It reads and writes the pages of the file
//! ([`crate::objects::contents`]), so it is coherent with read(2), write(2) and every other mapping
//! at once, and there is never a second copy. A private one keeps the pages that were written
//! through it, and reads all others from the file.
//!
//! Where [`Platform::USER_MEMORY`](crate::Platform::USER_MEMORY) is set, addresses are those of the
//! memory that the embedder's program has, and the program loads and stores by itself. Then a
//! shared mapping's pages live in that memory ([`crate::objects::placed_pages`]): still no second
//! copy. A private one is a copy that is made when it is mapped, and `private` stays empty.

use alloc::vec::Vec;

use bitflags::bitflags;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::PAGE;
use crate::objects::contents::FileContents;
use crate::objects::program_memory::ProgramMemory;

/// The end of every address space (`TASK_SIZE` of x86-64).
pub(crate) const TASK_SIZE: u64 = (1 << 47) - PAGE;

/// Where the first mapping goes. Below it nothing is mapped unless asked for, so that small numbers
/// are no addresses.
const MMAP_BASE: u64 = 1 << 16;

bitflags! {
    /// What may be done with memory (`PROT_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Prot: u32 {
        /// It may be read. Memory that may be written or executed may be read, too, as on x86-64.
        const READ = 1;
        /// It may be written.
        const WRITE = 2;
        /// It may be executed.
        const EXEC = 4;
        /// It may hold atomics (`PROT_SEM`). No effect.
        const SEM = 8;
        // Unknown bits are kept: mmap ignores them, mprotect answers EINVAL.
        const _ = !0;
    }
}

bitflags! {
    /// Flags of mmap(2) (`MAP_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MapFlags: u32 {
        /// Stores go to the file.
        const SHARED = 0x1;
        /// Stores stay with the mapping.
        const PRIVATE = 0x2;
        /// As `SHARED`, and unknown flags are refused.
        const SHARED_VALIDATE = 0x3;
        /// Exactly at this address; what is there goes.
        const FIXED = 0x10;
        /// Not of a file: zeros.
        const ANONYMOUS = 0x20;
        /// Grows downwards; not for files.
        const GROWSDOWN = 0x100;
        /// Locked from the start.
        const LOCKED = 0x2000;
        /// Huge pages. There are none.
        const HUGETLB = 0x40000;
        /// As `FIXED`, but only if nothing is there.
        const FIXED_NOREPLACE = 0x10_0000;
        // Unknown bits are kept.
        const _ = !0;
    }
}

impl MapFlags {
    /// The bits that say which kind of mapping it is (`MAP_TYPE`).
    pub(crate) const TYPE: MapFlags = MapFlags::from_bits_retain(0xf);

    /// What `SHARED_VALIDATE` takes (`LEGACY_MAP_MASK`).
    pub(crate) const LEGACY: MapFlags = MapFlags::from_bits_retain(0x7c07_f9f3);
}

bitflags! {
    /// Flags of msync(2) (`MS_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MsyncFlags: u32 {
        /// Some time.
        const ASYNC = 1;
        /// Other mappings must see it, too. They always do.
        const INVALIDATE = 2;
        /// Now.
        const SYNC = 4;
        // Unknown bits are kept: msync answers EINVAL for them.
        const _ = !0;
    }
}

/// Whose the stores of a mapping are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// The file's.
    Shared,
    /// The mapping's own.
    Private,
}

/// A piece of an address space (`struct vm_area_struct`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    /// The first address; a multiple of a page.
    pub(crate) start: u64,
    /// The first address that is not part of it.
    pub(crate) end: u64,
    pub(crate) prot: Prot,
    pub(crate) sharing: Sharing,
    /// What mprotect(2) may allow (`VM_MAYWRITE`): whether a shared one is of a file that is open
    /// for writing.
    pub(crate) may_write: bool,
    /// Whether it is locked (`VM_LOCKED`). All memory is always there; this is only remembered.
    pub(crate) locked: bool,
    /// The file, held; `None` for zeros.
    pub(crate) ino: Option<Ino>,
    /// Where in the file `start` is, in bytes.
    pub(crate) offset: u64,
    /// How many mappings it is: several mappings of the same pages of a file lie at the same
    /// addresses where [`Platform::USER_MEMORY`](crate::Platform::USER_MEMORY) is set; else 1.
    pub(crate) count: u32,
    /// Whether it may be or could be written: who stores to it is not seen.
    pub(crate) written: bool,
}

impl Area {
    /// Whether it is a file's, whose pages it shows.
    pub(crate) fn shared_file(&self) -> Option<Ino> {
        self.ino.filter(|_| self.sharing == Sharing::Shared)
    }

    /// Whether it goes on where `before` ends, with what follows in the same file: they may be one
    /// mapping, of which others show a part.
    pub(crate) fn is_of_the_mapping(&self, before: &Area) -> bool {
        before.end == self.start
            && before.sharing == self.sharing
            && before.ino.is_some()
            && before.ino == self.ino
            && before.file_offset(before.end) == self.offset
    }

    /// Whether it and the one before it could be one.
    pub(crate) fn continues(&self, before: &Area) -> bool {
        before.end == self.start
            && before.prot == self.prot
            && before.sharing == self.sharing
            && before.may_write == self.may_write
            && before.locked == self.locked
            && before.ino == self.ino
            && (self.ino.is_none() || before.file_offset(before.end) == self.offset)
            && before.count == self.count
            && before.written == self.written
    }

    /// The pages of its file that `start..end`, a part of it, shows.
    pub(crate) fn file_pages(&self, start: u64, end: u64) -> core::ops::Range<u64> {
        let first = self.file_offset(start) / PAGE;
        first..first + (end - start) / PAGE
    }

    /// Where in the file an address of the area is, in bytes.
    pub(crate) fn file_offset(&self, addr: u64) -> u64 {
        self.offset + (addr - self.start)
    }
}

/// The memory of a process.
#[derive(Debug, Default)]
pub(crate) struct AddressSpace {
    /// In ascending order; they do not overlap.
    pub(crate) areas: Vec<Area>,
    /// The pages that private mappings have of their own, by address.
    pub(crate) private: FileContents,
    /// Where the search for a free range begins: nothing was ever mapped beyond, unless at an
    /// address that was asked for.
    next: u64,
    /// The break area, where [`Platform::USER_MEMORY`](crate::Platform::USER_MEMORY) is set.
    pub(crate) heap: Option<Heap>,
    /// What of the program's memory is free for mappings: that of [`INIT_SPACE`] is for all.
    pub(crate) memory: ProgramMemory,
}

/// The number of the address space that is no process's (`init_mm`): where
/// [`Platform::USER_MEMORY`](crate::Platform::USER_MEMORY) is set it is the first.
pub(crate) const INIT_SPACE: u32 = 0;

/// The break area of a process (`start_brk`, `brk`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heap {
    /// Where it begins.
    pub(crate) start: u64,
    /// The program break.
    pub(crate) end: u64,
}

impl Heap {
    /// How many pages it takes.
    pub(crate) fn pages(&self) -> u64 {
        (self.end - self.start).div_ceil(PAGE)
    }
}

impl AddressSpace {
    /// The number in `areas` of the first that ends after `addr`.
    pub(crate) fn first_after(&self, addr: u64) -> usize {
        self.areas.partition_point(|area| area.end <= addr)
    }

    /// The area that an address is in.
    pub(crate) fn area_at(&self, addr: u64) -> Option<&Area> {
        self.areas.get(self.first_after(addr)).filter(|area| area.start <= addr)
    }

    /// The areas that have a part of `start..end`, as numbers in `areas`.
    pub(crate) fn overlapping(&self, start: u64, end: u64) -> core::ops::Range<usize> {
        let first = self.first_after(start);
        let after = self.areas.partition_point(|area| area.start < end);
        first..after.max(first)
    }

    /// Whether a range is free.
    pub(crate) fn is_free(&self, start: u64, end: u64) -> bool {
        self.overlapping(start, end).is_empty()
    }

    /// Whether every address of a range is mapped.
    pub(crate) fn is_covered(&self, start: u64, end: u64) -> bool {
        let mut at = start;
        for area in self.areas.get(self.overlapping(start, end)).or_after_defect(&[]) {
            if area.start > at {
                return false;
            }
            at = area.end;
        }
        at >= end
    }

    /// A free range of `len` bytes: at `hint` if that is one, else the lowest beyond all that were
    /// given, else the lowest. [`take`](Self::take) then gives it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: there is none.
    pub(crate) fn unmapped_area(&self, hint: u64, len: u64) -> Result<u64, Errno> {
        if len > TASK_SIZE {
            return Err(Errno::ENOMEM);
        }
        let fits = |start: u64| start >= MMAP_BASE && start <= TASK_SIZE - len;
        if hint != 0 && fits(hint) && self.is_free(hint, hint + len) {
            return Ok(hint);
        }
        let start = self.next.max(MMAP_BASE);
        if fits(start) && self.is_free(start, start + len) {
            return Ok(start);
        }
        let mut start = MMAP_BASE;
        for area in &self.areas {
            if area.start >= start && area.start - start >= len {
                break;
            }
            start = start.max(area.end);
        }
        if fits(start) { Ok(start) } else { Err(Errno::ENOMEM) }
    }

    /// Puts an area where nothing is, for which there is room in `areas`. `wish` is the address
    /// that was asked for, or 0.
    pub(crate) fn take(&mut self, area: Area, wish: u64) {
        if area.start != wish {
            self.next = self.next.max(area.end);
        }
        self.areas.insert(self.first_after(area.start), area);
    }

    /// Makes `start` and `end` borders of areas; says which areas lie between. A file whose area is
    /// parted is held once more for each parting: `hold` is called for it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn isolate(
        &mut self,
        start: u64,
        end: u64,
        mut hold: impl FnMut(Ino),
    ) -> Result<core::ops::Range<usize>, Errno> {
        self.areas.try_reserve(2)?;
        for border in [start, end] {
            let place = self.first_after(border);
            let Some(area) = self.areas.get_mut(place) else { continue };
            if area.start >= border {
                continue;
            }
            let upper = Area { start: border, offset: area.file_offset(border), ..*area };
            area.end = border;
            if let Some(ino) = upper.ino {
                hold(ino);
            }
            self.areas.insert(place + 1, upper);
        }
        Ok(self.overlapping(start, end))
    }

    /// Whether a private mapping has a page of its own at this address.
    pub(crate) fn has_private_page(&self, addr: u64) -> bool {
        self.private.is_data(addr)
    }
}
