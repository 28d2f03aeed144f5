//! mmap, munmap.
//!
//! Neighbours: [`crate::objects::address_space`] is the address space that they change;
//! `syscalls::memory::load_store` reads and writes through it.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{Fd, MAX_LFS_FILESIZE, OFlags};
use crate::base::ids::Ino;
use crate::base::page::{PAGE, is_page_aligned, page_align};
use crate::fs::Fs;
use crate::objects::address_space::{AddressSpace, Area, MapFlags, Prot, Sharing, TASK_SIZE};
use crate::objects::contents::FileContents;
use crate::objects::device::Device;
use crate::objects::file_description::FileKind;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// The bits of `prot` that mprotect(2) takes (`arch_validate_prot`).
pub(super) const KNOWN_PROT: Prot =
    Prot::READ.union(Prot::WRITE).union(Prot::EXEC).union(Prot::SEM);

/// The end of a program's memory, whose addresses have 32 bits.
const PROGRAM_END: u64 = 1 << 32;

impl<P: Platform> Fs<P> {
    /// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)`
    ///
    /// Maps a file, or zeros, into the memory of the process; says where. The mapping holds the
    /// file: it stays whole after close(2) and unlink(2). `addr` is a wish, or with `FIXED` an
    /// order.
    ///
    /// Where mappings lie in the memory of the embedder's program ([`Platform::USER_MEMORY`]), a
    /// private mapping of a file is a copy of it as it is now; several shared mappings of a page
    /// have one address, and munmap(2) ends one of them.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
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
    /// * `EACCES`: shared and to be written, and `fd` is not open for writing; or it is not open
    ///   for reading.
    /// * `EPERM`: to be executed, and it is a pipe without a name, or an inotify instance.
    /// * `ENODEV`: it is neither a regular file nor `/dev/zero`.
    /// * `EINVAL`: `GROWSDOWN` with a file.
    /// * `ENOMEM`: no memory. In the memory of a program also: `FIXED`, and the range is not within
    ///   memory that mappings were given, or other mappings show pages there; or pages of the file
    ///   are mapped already, and the others cannot be beside them.
    /// * `EIO`: in the memory of a program, the embedder cannot read the file.
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
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        let offset = offset.cast_unsigned();
        if !is_page_aligned(offset) {
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
        if fixed && !is_page_aligned(start) {
            return Err(Errno::EINVAL);
        }
        let space = self.spaces.get(space).or_defect()?;
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
            FileKind::Anonymous(_) => true,
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
            count: 1,
            written: prot.contains(Prot::WRITE),
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
        if let Some(ino) = area.ino
            && area.sharing == Sharing::Shared
            && area.may_write
        {
            // What is stored through it nobody is told.
            self.note(ino);
        }
        let id = self.space_for_change(process)?;
        if P::USER_MEMORY {
            return self.map_in_program(id, &area, wish, len, fixed);
        }
        let space = self.spaces.get_mut(id).or_defect()?;
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
        let space = self.spaces.get_mut(id).or_defect()?;
        space.take(Area { start, end: start + len, ino, ..area }, wish);
        Ok(start)
    }

    /// A file without a name for memory that processes share (`shmem_zero_setup`). DEVIATION: it
    /// counts as an inode.
    fn shared_memory(&mut self, process: &Process, len: u64) -> Result<Ino, Errno> {
        let mut contents = FileContents::default();
        contents.set_size(len);
        let who = &process.credentials;
        let kind = InodeKind::Regular(contents);
        let inode = Inode::new(kind, 0o777, who.euid, who.egid, self.now());
        self.add_inode(inode).map_err(|_| Errno::ENOMEM)
    }

    /// The number of the address space of a process, which gets one with its first mapping.
    pub(super) fn space_for_change(&mut self, process: &mut Process) -> Result<u32, Errno> {
        if let Some(id) = process.space {
            return Ok(id);
        }
        if P::USER_MEMORY {
            self.program_memory()?;
        }
        let id = self.spaces.insert(AddressSpace::default())?;
        process.space = Some(id);
        Ok(id)
    }

    /// `int munmap(void *addr, size_t length)`
    ///
    /// Removes what is mapped in a range. Nothing may be there. In the memory of a program pages come
    /// home that no other mapping shows; times of a file are set that could be written through.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::MAPPINGS`] is off.
    /// * `EINVAL`: `addr` is not a multiple of a page; the range is empty or not within the address
    ///   space.
    /// * `ENOMEM`: no memory to part a mapping.
    pub fn munmap(&mut self, process: &Process, addr: u64, length: u64) -> Result<(), Errno> {
        if !P::MAPPINGS {
            return Err(Errno::ENOSYS);
        }
        let end = if P::USER_MEMORY { PROGRAM_END } else { TASK_SIZE };
        if !is_page_aligned(addr) || addr > end || length > end - addr || length == 0 {
            return Err(Errno::EINVAL);
        }
        match process.space {
            Some(space) => self.unmap(space, addr, addr + page_align(length)),
            None => Ok(()),
        }
    }

    fn unmap(&mut self, id: u32, start: u64, end: u64) -> Result<(), Errno> {
        if P::USER_MEMORY {
            return self.unmap_in_program(id, start, end);
        }
        let Fs { spaces, inodes, platform, .. } = self;
        let space = spaces.get_mut(id).or_defect()?;
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
    Ok(Area {
        start: 0,
        end: len,
        prot,
        sharing,
        may_write: true,
        locked,
        ino: None,
        offset: 0,
        count: 1,
        written: prot.contains(Prot::WRITE),
    })
}
