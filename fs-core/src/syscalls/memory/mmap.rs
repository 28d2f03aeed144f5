//! mmap, munmap, mprotect, mlock, munlock, msync.
//!
//! Neighbours: [`crate::objects::address_space`] is the address space that they change; `syscalls::memory::load_store` reads and writes through it.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE, OFlags};
use crate::base::ids::Ino;
use crate::base::page::{FS_PAGE_BYTES, PAGE};
use crate::fs::Fs;
use crate::objects::address_space::{
    AddressSpace, Area, MapFlags, MsyncFlags, Prot, Sharing, TASK_SIZE,
};
use crate::objects::contents::FileContents;
use crate::objects::device::Device;
use crate::objects::file_description::FileKind;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// The bits of `prot` that mprotect(2) takes (`arch_validate_prot`).
const KNOWN_PROT: Prot = Prot::READ.union(Prot::WRITE).union(Prot::EXEC).union(Prot::SEM);

/// `PROT_GROWSDOWN | PROT_GROWSUP`.
const GROWS_BOTH_WAYS: Prot = Prot::from_bits_retain(0x0300_0000);

/// Rounds up to a page (`PAGE_ALIGN`): 0 if that is beyond 64 bits.
fn page_align(len: u64) -> u64 {
    len.checked_next_multiple_of(PAGE).unwrap_or(0)
}

/// Whether an address or offset is a multiple of a page.
fn is_aligned(addr: u64) -> bool {
    addr.is_multiple_of(PAGE)
}

impl<P: Platform> Fs<P> {
    /// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)`
    ///
    /// Maps a file, or zeros, into the memory of the process; says where. The mapping holds the file: it stays
    /// whole after close(2) and unlink(2). `addr` is a wish, or with `FIXED` an order.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `offset` is not a multiple of a page.
    /// * `EBADF`: `fd` is not open, or only names a file (not with `ANONYMOUS`).
    /// * `EINVAL`: `HUGETLB`; `length` is 0.
    /// * `ENOMEM`: `length` is larger than the address space.
    /// * `EOVERFLOW`: offset and length have too many bits.
    /// * `ENOMEM`, `EINVAL`: `FIXED`, and the address is too high, or not a multiple of a page.
    /// * `EEXIST`: `FIXED_NOREPLACE`, and something is there.
    /// * `EOVERFLOW`: the end is beyond the largest file.
    /// * `EINVAL`: neither `SHARED`, `PRIVATE` nor `SHARED_VALIDATE`.
    /// * `EOPNOTSUPP`: `SHARED_VALIDATE` with a flag that does not go with it.
    /// * `EACCES`: shared and to be written, and `fd` is not open for writing; or it is not open for reading.
    /// * `EPERM`: to be executed, and it is a pipe without a name, or an inotify instance.
    /// * `ENODEV`: it is neither a regular file nor `/dev/zero`.
    /// * `EINVAL`: `GROWSDOWN` with a file.
    /// * `ENOMEM`: no memory.
    #[expect(clippy::too_many_arguments, reason = "mmap(2) has six, and the process comes first")]
    pub fn mmap(
        &mut self,
        process: &mut Process,
        addr: u64,
        length: u64,
        prot: Prot,
        flags: MapFlags,
        fd: Fd,
        offset: i64,
    ) -> Result<u64, Errno> {
        let offset = offset.cast_unsigned();
        if !is_aligned(offset) {
            return Err(Errno::EINVAL);
        }
        let anonymous = flags.contains(MapFlags::ANONYMOUS);
        if !anonymous && self.description(process, fd)?.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        if flags.contains(MapFlags::HUGETLB) || length == 0 {
            return Err(Errno::EINVAL);
        }
        let len = page_align(length);
        if len == 0 {
            return Err(Errno::ENOMEM);
        }
        if (offset / PAGE).checked_add(len / PAGE).is_none() {
            return Err(Errno::EOVERFLOW);
        }
        let space = self.space_for_change(process)?;
        let fixed = flags.intersects(MapFlags::FIXED | MapFlags::FIXED_NOREPLACE);
        let start = if fixed { addr } else { addr - addr % PAGE };
        if len > TASK_SIZE || (fixed && start > TASK_SIZE - len) {
            return Err(Errno::ENOMEM);
        }
        if fixed && !is_aligned(start) {
            return Err(Errno::EINVAL);
        }
        let space = self.spaces.get(space).ok_or(Errno::EIO)?;
        let taken = fixed && !space.is_free(start, start + len);
        if taken && flags.contains(MapFlags::FIXED_NOREPLACE) {
            return Err(Errno::EEXIST);
        }
        let area = if anonymous {
            anonymous_area(prot, flags, len)?
        } else {
            self.file_area(process, prot, flags, fd, offset, len)?
        };
        self.insert_area(process, area, start, len, fixed)
    }

    /// Checks what a file may be mapped as (`do_mmap`).
    ///
    /// # Errors
    ///
    /// From the second `EOVERFLOW` on, as [`mmap`](Self::mmap).
    fn file_area(
        &self,
        process: &Process,
        prot: Prot,
        flags: MapFlags,
        fd: Fd,
        offset: u64,
        len: u64,
    ) -> Result<Area, Errno> {
        let description = self.description(process, fd)?;
        let room = MAX_LFS_FILESIZE.checked_sub(len).ok_or(Errno::EOVERFLOW)?;
        let regular = match description.kind {
            FileKind::Inode(ino) => Some(ino).filter(|&ino| self.inode(ino).is_ok_and(is_regular)),
            _ => None,
        };
        if regular.is_some() && offset / PAGE > room / PAGE {
            return Err(Errno::EOVERFLOW);
        }
        let writable = description.writable();
        let sharing = match flags & MapFlags::TYPE {
            MapFlags::PRIVATE => Sharing::Private,
            MapFlags::SHARED => Sharing::Shared,
            MapFlags::SHARED_VALIDATE => {
                if !(flags - MapFlags::LEGACY).is_empty() {
                    return Err(Errno::EOPNOTSUPP);
                }
                Sharing::Shared
            }
            _ => return Err(Errno::EINVAL),
        };
        let is_shared = sharing == Sharing::Shared;
        if is_shared && prot.contains(Prot::WRITE) && !writable {
            return Err(Errno::EACCES);
        }
        if !description.readable() {
            return Err(Errno::EACCES);
        }
        let holds_no_programs = match description.kind {
            FileKind::Inode(ino) => P::PIPES && self.is_anonymous_pipe(self.inode(ino)?),
            FileKind::Inotify(_) => true,
            FileKind::Foreign(_) => false,
        };
        if prot.contains(Prot::EXEC) && holds_no_programs {
            return Err(Errno::EPERM); // path_noexec
        }
        // `mmap_zero`: memory of zeros, shared by means of a file without a name.
        let zeros = P::DEVICES
            && matches!(description.kind, FileKind::Inode(ino) if self.device_of(ino) == Some(Device::Zero));
        let (ino, offset) =
            if zeros { (None, 0) } else { (Some(regular.ok_or(Errno::ENODEV)?), offset) };
        if flags.contains(MapFlags::GROWSDOWN) {
            return Err(Errno::EINVAL);
        }
        Ok(Area {
            start: 0,
            end: len,
            prot,
            sharing,
            may_write: !is_shared || writable,
            locked: flags.contains(MapFlags::LOCKED),
            ino,
            offset,
        })
    }

    /// Finds a place for an area and puts it there.
    fn insert_area(
        &mut self,
        process: &mut Process,
        area: Area,
        wish: u64,
        len: u64,
        fixed: bool,
    ) -> Result<u64, Errno> {
        let id = self.space_for_change(process)?;
        let space = self.spaces.get_mut(id).ok_or(Errno::EIO)?;
        space.areas.try_reserve(3)?;
        let start = if fixed { wish } else { space.unmapped_area(wish, len)? };
        let ino = match (area.ino, area.sharing) {
            (None, Sharing::Shared) => Some(self.shared_memory(process, len)?),
            (ino, _) => ino,
        };
        if let Some(ino) = ino {
            let noted = self.note_mapping(ino, id);
            if noted.is_err() {
                self.free_if_unused(ino);
            }
            noted?;
        }
        if fixed {
            self.unmap(id, start, start + len)?;
        }
        if let Some(ino) = ino {
            self.hold(ino);
        }
        let space = self.spaces.get_mut(id).ok_or(Errno::EIO)?;
        space.take(Area { start, end: start + len, ino, ..area }, wish);
        Ok(start)
    }

    /// A file without a name for memory that processes share (`shmem_zero_setup`). DEVIATION: it counts as an inode.
    fn shared_memory(&mut self, process: &Process, len: u64) -> Result<Ino, Errno> {
        let mut contents = FileContents::default();
        contents.set_size(len);
        let who = &process.credentials;
        let kind = InodeKind::Regular(contents);
        let inode = Inode::new(kind, 0o777, who.euid, who.egid, self.now());
        self.add_inode(inode).map_err(|_| Errno::ENOMEM)
    }

    /// Notes that an address space shows a file, so that truncation finds it. The note stays when the mapping goes: truncation
    /// takes it back when it finds nothing.
    fn note_mapping(&mut self, ino: Ino, space: u32) -> Result<(), Errno> {
        let mappings = &mut self.extend(ino)?.mappings;
        if !mappings.contains(&space) {
            crate::base::fallible::try_push(mappings, space)?;
        }
        Ok(())
    }

    /// The number of the address space of a process, which gets one with its first mapping.
    fn space_for_change(&mut self, process: &mut Process) -> Result<u32, Errno> {
        if let Some(id) = process.space {
            return Ok(id);
        }
        let id = self.spaces.insert(AddressSpace::default())?;
        process.space = Some(id);
        Ok(id)
    }

    pub(crate) fn space(&self, process: &Process) -> Option<&AddressSpace> {
        self.spaces.get(process.space?)
    }

    /// `int munmap(void *addr, size_t length)`
    ///
    /// Removes what is mapped in a range. Nothing may be there.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `addr` is not a multiple of a page; the range is empty or not within the address space.
    /// * `ENOMEM`: no memory to part a mapping.
    pub fn munmap(&mut self, process: &Process, addr: u64, length: u64) -> Result<(), Errno> {
        if !is_aligned(addr) || addr > TASK_SIZE || length > TASK_SIZE - addr || length == 0 {
            return Err(Errno::EINVAL);
        }
        match process.space {
            Some(space) => self.unmap(space, addr, addr + page_align(length)),
            None => Ok(()),
        }
    }

    fn unmap(&mut self, id: u32, start: u64, end: u64) -> Result<(), Errno> {
        let Fs { spaces, inodes, platform, .. } = self;
        let space = spaces.get_mut(id).ok_or(Errno::EIO)?;
        let range = space.isolate(start, end, |ino| {
            if let Some(inode) = inodes.get_mut(ino.0) {
                inode.holds += 1; // for the other part
            }
        })?;
        space.private.punch_hole(start, end, platform)?;
        for number in range.clone() {
            let area = self.spaces.get(id).and_then(|space| space.areas.get(number));
            if let Some(ino) = area.and_then(|area| area.ino) {
                self.release(ino);
            }
        }
        if let Some(space) = self.spaces.get_mut(id) {
            space.areas.drain(range);
        }
        Ok(())
    }

    /// Ends the address space of a process (`exit_mmap`).
    pub(crate) fn exit_space(&mut self, id: u32) {
        let Some(space) = self.spaces.remove(id) else { return };
        for ino in space.areas.iter().filter_map(|area| area.ino) {
            self.release(ino);
        }
    }

    /// A copy of an address space (`dup_mmap`): files and shared memory are shared, private pages are copied.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn fork_space(&mut self, id: u32) -> Result<u32, Errno> {
        let parent = self.spaces.get(id).ok_or(Errno::EIO)?;
        let mut child = AddressSpace::default();
        child.areas.try_reserve_exact(parent.areas.len())?;
        // Locks are not inherited (mlock(2)).
        child.areas.extend(parent.areas.iter().map(|area| Area { locked: false, ..*area }));
        child.copy_private(parent, &self.platform)?;
        let new = self.spaces.insert(child)?;
        for number in 0.. {
            let Some(area) = self.spaces.get(new).and_then(|space| space.areas.get(number)) else {
                break;
            };
            let Some(ino) = area.ino else { continue };
            if let Err(error) = self.note_mapping(ino, new) {
                // Keep the areas that hold their files already.
                if let Some(space) = self.spaces.get_mut(new) {
                    space.areas.truncate(number);
                }
                self.exit_space(new);
                return Err(error);
            }
            self.hold(ino);
        }
        Ok(new)
    }

    /// `int mprotect(void *addr, size_t len, int prot)`
    ///
    /// Sets what may be done with memory.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: it is to grow both ways; `addr` is not a multiple of a page.
    /// * `ENOMEM`: the range is too long.
    /// * `EINVAL`: unknown bits. (Not when `len` is 0: then nothing is looked at.)
    /// * `ENOMEM`: an address is not mapped. What lies before it is changed.
    /// * `EACCES`: a shared mapping of a file that is not open for writing would be. What lies before it is changed.
    /// * `ENOMEM`: no memory to part a mapping.
    pub fn mprotect(
        &mut self,
        process: &Process,
        addr: u64,
        len: u64,
        prot: Prot,
    ) -> Result<(), Errno> {
        if prot.contains(GROWS_BOTH_WAYS) || !is_aligned(addr) {
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
            // It has its own pages at once, as far as that goes (`mprotect_fixup`): no promise, for a store would do it, too.
            let _ = self.populate_pages(process, from, to);
        }
        changed
    }

    /// Changes the areas of a range, one after another, up to the first hole.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: there is a hole, or no memory. And what `change` answers.
    fn change_areas(
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
        for area in space.areas.get_mut(range).unwrap_or_default() {
            if area.start > at {
                return Err(Errno::ENOMEM);
            }
            change(area)?;
            at = area.end;
        }
        if at < end { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// `int mlock(const void *addr, size_t len)`
    ///
    /// Keeps memory from being swapped out. It never is; what can be seen is that the pages must be there.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the range has too many bits.
    /// * `ENOMEM`: an address is not mapped, may not be used at all, or lies beyond the end of its file.
    pub fn mlock(&mut self, process: &Process, addr: u64, len: u64) -> Result<(), Errno> {
        self.set_locked(process, addr, len, true)?;
        let start = addr - addr % PAGE;
        let end = start + page_align(len.wrapping_add(addr % PAGE));
        self.populate_pages(process, start, end)
    }

    /// Lets a range have all its pages (`__mm_populate`). Those that can be written through a private mapping of a file are its
    /// own from then on: what others write to the file is not seen there any more.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: memory may not be used at all, or lies beyond the end of its file; no memory for a page. What lies before
    /// has its pages.
    fn populate_pages(&mut self, process: &Process, start: u64, end: u64) -> Result<(), Errno> {
        let mut at = start;
        // An empty range may lie within an area.
        while at < end
            && let Some(space) = self.space(process)
            && let Some(area) = space.areas.get(space.first_after(at)).copied()
            && area.start < end
        {
            let (first, stop) = (area.start.max(at), area.end.min(end));
            if !area.prot.intersects(Prot::READ | Prot::WRITE | Prot::EXEC) {
                return Err(Errno::ENOMEM);
            }
            let is_copied = area.sharing == Sharing::Private
                && area.prot.contains(Prot::WRITE)
                && area.ino.is_some();
            let mut page = first;
            while is_copied && page < stop && self.is_in_file(&area, page) {
                self.own_private_page(process, &area, page)?;
                page += PAGE;
            }
            if !self.is_in_file(&area, stop - PAGE) {
                return Err(Errno::ENOMEM);
            }
            at = stop;
        }
        Ok(())
    }

    /// `int munlock(const void *addr, size_t len)`
    ///
    /// Takes back [`mlock`](Self::mlock).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the range has too many bits.
    /// * `ENOMEM`: an address is not mapped.
    pub fn munlock(&mut self, process: &Process, addr: u64, len: u64) -> Result<(), Errno> {
        self.set_locked(process, addr, len, false)
    }

    /// `apply_vma_lock_flags`.
    fn set_locked(
        &mut self,
        process: &Process,
        addr: u64,
        len: u64,
        locked: bool,
    ) -> Result<(), Errno> {
        let start = addr - addr % PAGE;
        let len = page_align(len.wrapping_add(addr % PAGE));
        let end = start.checked_add(len).ok_or(Errno::EINVAL)?;
        if len == 0 {
            return Ok(());
        }
        self.change_areas(process, start, end, |area| {
            area.locked = locked;
            Ok(())
        })
    }

    /// `int msync(void *addr, size_t length, int flags)`
    ///
    /// Waits until the file has what was stored. It always has.
    ///
    /// # Errors
    ///
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
        let known = MsyncFlags::ASYNC | MsyncFlags::INVALIDATE | MsyncFlags::SYNC;
        if !(flags - known).is_empty()
            || !is_aligned(addr)
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
        let areas = space.areas.get(space.overlapping(addr, end)).unwrap_or_default();
        if flags.contains(MsyncFlags::INVALIDATE) && areas.iter().any(|area| area.locked) {
            return Err(Errno::EBUSY);
        }
        if space.is_covered(addr, end) { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Drops what private mappings have of their own beyond the new end of a file (`unmap_mapping_range`).
    #[inline]
    pub(crate) fn truncate_mappings(&mut self, ino: Ino, size: u64) {
        if P::MAPPINGS && self.extension(ino).is_some() {
            self.truncate_private(ino, size);
        }
    }

    fn truncate_private(&mut self, ino: Ino, size: u64) {
        let keep = page_align(size);
        let mut number = 0;
        while let Some(&id) = self.extension(ino).and_then(|all| all.mappings.get(number)) {
            let mut is_shown = false;
            if let Some(space) = self.spaces.get_mut(id) {
                for area in space.areas.iter().filter(|area| area.ino == Some(ino)) {
                    is_shown = true;
                    let from = area.start.saturating_add(keep.saturating_sub(area.offset));
                    if area.sharing == Sharing::Private && from < area.end {
                        // Whole pages of no image: nothing is allocated, so it cannot fail.
                        let _ = space.private.punch_hole(from, area.end, &self.platform);
                    }
                }
            }
            if is_shown {
                number += 1;
            } else if let Some(extension) = self.extension_mut(ino) {
                extension.mappings.swap_remove(number);
            }
        }
    }
}

fn is_regular(inode: &Inode) -> bool {
    matches!(inode.kind, InodeKind::Regular(_))
}

/// A mapping of no file.
///
/// # Errors
///
/// `EINVAL`: neither `SHARED` nor `PRIVATE`.
fn anonymous_area(prot: Prot, flags: MapFlags, len: u64) -> Result<Area, Errno> {
    let sharing = match flags & MapFlags::TYPE {
        MapFlags::PRIVATE => Sharing::Private,
        MapFlags::SHARED => Sharing::Shared,
        _ => return Err(Errno::EINVAL),
    };
    let locked = flags.contains(MapFlags::LOCKED);
    Ok(Area { start: 0, end: len, prot, sharing, may_write: true, locked, ino: None, offset: 0 })
}

impl AddressSpace {
    /// Copies the pages that private mappings have of their own.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    fn copy_private<P: Platform>(
        &mut self,
        from: &AddressSpace,
        platform: &P,
    ) -> Result<(), Errno> {
        let mut page = [0; FS_PAGE_BYTES];
        let mut at = 0;
        while let Ok(found) = from.private.seek(at, true) {
            from.private.read(found, platform, &mut &mut page[..]);
            let mut bytes = &page[..];
            let copied = self.private.write(found, platform, u64::MAX, &mut bytes);
            copied.map_err(|_| Errno::ENOMEM)?;
            at = found + PAGE;
        }
        Ok(())
    }
}
