//! Address spaces in the table of the filesystem: what files they show, and what becomes of them
//! when a process forks or ends or a file is cut.
//!
//! Linux: `dup_mmap`, `exit_mmap` and `unmap_mapping_range` (kernel/fork.c, mm/).

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::page::{FS_PAGE_BYTES, PAGE, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{AddressSpace, Area, Sharing};
use crate::objects::contents::FileContents;
use crate::objects::inode::InodeKind;
use crate::objects::placed_pages::{user_addr, user_len};
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    pub(crate) fn space(&self, process: &Process) -> Option<&AddressSpace> {
        self.spaces.get(process.space?)
    }

    /// Ends the address space of a process (`exit_mmap`).
    pub(crate) fn exit_space(&mut self, id: u32) {
        if P::USER_MEMORY {
            self.leave_program(id);
        }
        let Some(space) = self.spaces.remove(id) else { return };
        for ino in space.areas.iter().filter_map(|area| area.ino) {
            self.release(ino);
        }
    }

    /// A copy of an address space (`dup_mmap`): files and shared memory are shared, private pages
    /// are copied.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn fork_space(&mut self, id: u32) -> Result<u32, Errno> {
        let parent = self.spaces.get(id).or_defect()?;
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

    /// Drops what private mappings have of their own beyond the new end of a file
    /// (`unmap_mapping_range`).
    #[inline]
    pub(crate) fn truncate_mappings(&mut self, ino: Ino, size: u64) {
        if P::MAPPINGS && self.extension(ino).is_some() {
            let is_cut = self.inode(ino).is_ok_and(|inode| match &inode.kind {
                InodeKind::Regular(contents) => size <= contents.size(),
                _ => false,
            });
            if P::USER_MEMORY && is_cut {
                self.clear_placed(ino, size, u64::MAX);
            }
            if !P::USER_MEMORY || is_cut {
                self.truncate_private(ino, size);
            }
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
                        if P::USER_MEMORY {
                            let len = user_len(area.end - from);
                            self.platform.clear_user(user_addr(from), len);
                            continue;
                        }
                        // Whole pages that no baked contents cover: nothing is allocated, so it
                        // cannot fail.
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

    pub(crate) fn mapped_contents(&self, area: &Area) -> Option<&FileContents> {
        match &self.inode(area.ino?).ok()?.kind {
            InodeKind::Regular(contents) => Some(contents),
            _ => None,
        }
    }

    /// Whether the page of an address is one that its file has; of no file, yes.
    pub(crate) fn is_in_file(&self, area: &Area, addr: u64) -> bool {
        let offset = area.file_offset(addr);
        self.mapped_contents(area).is_none_or(|contents| offset - offset % PAGE < contents.size())
    }

    /// Gives a private mapping a page of its own at an address, which is a copy of the file's at
    /// first (`do_cow_fault`).
    ///
    /// # Errors
    ///
    /// * `EIO`: the embedder cannot read it.
    /// * `ENOMEM`: no memory for it.
    pub(crate) fn own_private_page(
        &mut self,
        process: &Process,
        area: &Area,
        addr: u64,
    ) -> Result<(), Errno> {
        let start = addr - addr % PAGE;
        let space = process.space.and_then(|id| self.spaces.get(id)).ok_or(Errno::EFAULT)?;
        if space.has_private_page(addr) {
            return Ok(());
        }
        let mut copy = [0; FS_PAGE_BYTES];
        if let Some(contents) = self.mapped_contents(area) {
            contents.read(area.file_offset(start), &self.platform, &mut &mut copy[..])?;
        }
        let space = process.space.and_then(|id| self.spaces.get_mut(id)).ok_or(Errno::EFAULT)?;
        let mut all = &copy[..];
        let copied = space.private.write(start, &self.platform, u64::MAX, &mut all);
        copied.map(|_| ()).map_err(|_| Errno::ENOMEM)
    }

    /// Notes that an address space shows a file, so that truncation finds it. The note stays when
    /// the mapping goes: truncation takes it back when it finds nothing.
    pub(crate) fn note_mapping(&mut self, ino: Ino, space: u32) -> Result<(), Errno> {
        let mappings = &mut self.extend(ino)?.mappings;
        if !mappings.contains(&space) {
            crate::base::fallible::try_push(mappings, space)?;
        }
        Ok(())
    }
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
            from.private.read(found, platform, &mut &mut page[..])?;
            let mut bytes = &page[..];
            let copied = self.private.write(found, platform, u64::MAX, &mut bytes);
            copied.map_err(|_| Errno::ENOMEM)?;
            at = found + PAGE;
        }
        Ok(())
    }
}
