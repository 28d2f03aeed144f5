//! The filesystem: its tables, and what the calls have in common.
//!
//! Linux: `struct super_block` with the system-wide tables. The calls themselves are in [`crate::syscalls`],
//! a file for each family.

use alloc::vec::Vec;

use crate::clock::Timespec;
use crate::config::Config;
use crate::credentials::{Credentials, MAY_WRITE};
use crate::descriptor_directory::StandIns;
use crate::errno::Errno;
use crate::extension::InodeExtension;
use crate::fd_table::{DescriptionId, FdTable};
use crate::file_description::{FileDescription, FileKind};
use crate::flags::{Fd, OFlags, ResolveFlags};
use crate::fsnotify::{EventData, RemovedName};
use crate::inode::{Ino, Inode, InodeKind};
use crate::mapping::AddressSpace;
use crate::notify::{Inotify, InotifyMask};
use crate::pages::FS_PAGE_BYTES;
use crate::pipe::Pipe;
use crate::platform::Platform;
use crate::process::Process;
use crate::slab::Slab;
use crate::stat::FileType;

/// What a descriptor is open on, as [`Fs::descriptor`] tells an embedder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of this filesystem.
    Inode,
    /// Something of the embedder's, with its token.
    Foreign(u64),
}

/// An open descriptor, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What it is open on.
    pub target: Target,
    /// Access mode and status flags (`F_GETFL`).
    pub flags: OFlags,
    /// The embedder's word.
    pub private_data: u64,
}

/// What an inode with its name counts against the limit of inodes, in bytes (`BOGO_INODE_SIZE`, mm/shmem.c).
pub(crate) const BOGO_INODE_BYTES: u64 = 1024;

/// A filesystem in memory.
///
/// The system calls are its methods. Each takes the calling [`Process`] first and then what the call of that name takes
/// on Linux; errors are [`Errno`].
#[derive(Debug)]
pub struct Fs<P: Platform> {
    /// The embedder's side.
    pub(crate) platform: P,
    /// The settings.
    pub(crate) config: Config,
    /// Every inode, by number.
    pub(crate) inodes: Slab<Inode>,
    /// Every open file description.
    pub(crate) descriptions: Slab<FileDescription>,
    /// Pages that files take in all, in units of [`FS_PAGE_BYTES`].
    pub(crate) used_pages: u64,
    /// Every pipe that is open.
    pub(crate) pipes: Slab<Pipe>,
    /// How many inodes never had a name: pipes, and stand-ins. The limit does not count them.
    pub(crate) anonymous_inodes: u32,
    /// How many names files have beyond their first: each counts as an inode (`shmem_link`).
    pub(crate) further_links: u32,
    /// The rare parts of inodes.
    pub(crate) extensions: Slab<InodeExtension>,
    /// What extended attributes count against the limit of inodes, in bytes.
    pub(crate) xattr_space: u64,
    /// Every inotify instance.
    pub(crate) inotifies: Slab<Inotify>,
    /// Names that were removed while they were open.
    pub(crate) removed_names: Slab<RemovedName>,
    /// The address spaces of processes that have mapped something.
    pub(crate) spaces: Slab<AddressSpace>,
    /// The cookie of the last rename that was told of.
    pub(crate) rename_cookie: u32,
    /// By which inodes descriptors are known, once a directory lists them.
    pub(crate) stand_ins: Option<StandIns>,
}

impl<P: Platform> Fs<P> {
    /// An empty filesystem: a root directory, owned by the superuser.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub fn new(platform: P, config: Config) -> Result<Fs<P>, Errno> {
        let now = platform.current_time();
        let directory = InodeKind::directory(Ino::ROOT).map_err(|_| Errno::ENOMEM)?;
        let mut root = Inode::new(directory, config.root_mode, 0, 0, now);
        root.nlink = 2; // for "." and for being the root
        root.holds = 1; // for the filesystem itself
        let mut inodes = Slab::new();
        inodes.insert(root)?;
        Ok(Fs {
            platform,
            config,
            inodes,
            descriptions: Slab::new(),
            used_pages: 0,
            pipes: Slab::new(),
            anonymous_inodes: 0,
            further_links: 0,
            extensions: Slab::new(),
            xattr_space: 0,
            inotifies: Slab::new(),
            removed_names: Slab::new(),
            spaces: Slab::new(),
            rename_cookie: 0,
            stand_ins: None,
        })
    }

    /// The embedder's side.
    pub fn platform(&self) -> &P {
        &self.platform
    }

    /// The embedder's side.
    pub fn platform_mut(&mut self) -> &mut P {
        &mut self.platform
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A new process without descriptors, whose current directory is the root and whose umask is 022.
    ///
    /// # Errors
    ///
    /// None today; the signature leaves room for a limit.
    pub fn spawn(&mut self, credentials: Credentials) -> Result<Process, Errno> {
        self.hold(Ino::ROOT);
        Ok(Process {
            fds: FdTable::default(),
            cwd: Ino::ROOT,
            umask: 0o022,
            max_fds: self.config.max_fds,
            lowest_fd: 0,
            resolve: ResolveFlags::empty(),
            own_tree_only: false,
            space: None,
            credentials,
        })
    }

    /// Ends a process: closes its descriptors and lets go of its current directory (`exit_files`, `exit_fs`).
    pub fn exit(&mut self, process: Process) {
        if P::MAPPINGS
            && let Some(space) = process.space
        {
            self.exit_space(space);
        }
        self.release_descriptions(process.fds.iter().map(|(_, id)| id));
        self.release(process.cwd);
    }

    /// The time to note for a change.
    pub(crate) fn now(&self) -> Timespec {
        self.platform.current_time()
    }

    /// The inode with this number.
    ///
    /// # Errors
    ///
    /// `EIO`: there is none, which only a defect of this crate can bring about.
    #[inline]
    pub(crate) fn inode(&self, ino: Ino) -> Result<&Inode, Errno> {
        self.inode_if_any(ino).ok_or(Errno::EIO)
    }

    /// Not inlined, as [`description_if_open`](Self::description_if_open).
    #[inline(never)]
    fn inode_if_any(&self, ino: Ino) -> Option<&Inode> {
        self.inodes.get(ino.0)
    }

    /// As [`inode`](Self::inode), where nanoseconds count: it is inlined.
    ///
    /// # Errors
    ///
    /// `EIO`: as there.
    #[inline(always)]
    pub(crate) fn inode_at_once(&self, ino: Ino) -> Result<&Inode, Errno> {
        self.inodes.get(ino.0).ok_or(Errno::EIO)
    }

    /// As [`inode`](Self::inode).
    ///
    /// # Errors
    ///
    /// `EIO`: as there.
    #[inline]
    pub(crate) fn inode_mut(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        self.inode_mut_if_any(ino).ok_or(Errno::EIO)
    }

    /// Not inlined, as [`description_if_open`](Self::description_if_open).
    #[inline(never)]
    pub(crate) fn inode_mut_if_any(&mut self, ino: Ino) -> Option<&mut Inode> {
        self.inodes.get_mut(ino.0)
    }

    /// Adds an inode without a name.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: the limit of inodes is reached, or no memory.
    pub(crate) fn add_inode(&mut self, inode: Inode) -> Result<Ino, Errno> {
        self.reserve_inode()?;
        self.inodes.insert(inode).map(Ino).map_err(|_| Errno::ENOSPC)
    }

    /// Checks that the limit of inodes leaves room for one more inode or link (`shmem_reserve_inode`).
    ///
    /// # Errors
    ///
    /// `ENOSPC`: it does not.
    pub(crate) fn reserve_inode(&self) -> Result<(), Errno> {
        if P::LIMITS && self.config.max_inodes != 0 && self.free_inode_space() < BOGO_INODE_BYTES {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// Takes a name from a file (`drop_nlink`; `shmem_unlink`).
    ///
    /// # Errors
    ///
    /// `EIO`: as [`inode`](Self::inode).
    pub(crate) fn drop_link(&mut self, ino: Ino, now: Timespec) -> Result<(), Errno> {
        let inode = self.inode_mut(ino)?;
        inode.nlink -= 1; // for the name that goes
        inode.set_ctime(now);
        let more_are_left = inode.nlink > 0;
        self.further_links -= u32::from(more_are_left);
        Ok(())
    }

    /// How many bytes are left of what the limit of inodes allows (`free_ispace`): each inode is taken to need
    /// [`BOGO_INODE_BYTES`], and extended attributes need some too.
    pub(crate) fn free_inode_space(&self) -> u64 {
        let limit = u64::from(self.config.max_inodes) * BOGO_INODE_BYTES;
        limit.saturating_sub(self.used_inode_space())
    }

    /// How many bytes of what the limit of inodes allows are taken.
    pub(crate) fn used_inode_space(&self) -> u64 {
        let inodes =
            u64::from(self.inodes.len() - self.anonymous_inodes) + u64::from(self.further_links);
        inodes * BOGO_INODE_BYTES + self.xattr_space
    }

    /// Keeps an inode although it may lose its last name (`ihold`).
    pub(crate) fn hold(&mut self, ino: Ino) {
        if let Some(inode) = self.inode_mut_if_any(ino) {
            inode.holds += 1;
        }
    }

    /// Lets go of a hold (`iput`); the inode is freed when neither name nor hold is left.
    pub(crate) fn release(&mut self, ino: Ino) {
        if let Some(inode) = self.inode_mut_if_any(ino) {
            inode.holds -= 1;
        }
        self.free_if_unused(ino);
    }

    /// Frees an inode that has neither name nor hold. A directory then lets go of its parent, which may be free to go too.
    pub(crate) fn free_if_unused(&mut self, ino: Ino) {
        let mut next = Some(ino);
        while let Some(ino) = next.take() {
            if self.inodes.get(ino.0).is_none_or(|inode| inode.nlink > 0 || inode.holds > 0) {
                return;
            }
            if P::NOTIFY {
                self.notify_gone(ino);
            }
            self.remove_extension(ino);
            let Some(inode) = self.inodes.remove(ino.0) else { return };
            self.used_pages -= inode.pages();
            if let InodeKind::Directory(directory) = inode.kind {
                if let Some(parent) = self.inodes.get_mut(directory.parent.0) {
                    parent.holds -= 1;
                }
                next = Some(directory.parent);
            }
        }
    }

    /// How many pages may still be taken.
    pub(crate) fn free_pages(&self) -> u64 {
        match self.config.max_bytes {
            _ if !P::LIMITS => u64::MAX,
            0 => u64::MAX,
            max => (max / FS_PAGE_BYTES as u64).saturating_sub(self.used_pages),
        }
    }

    /// Changes the contents of a regular file and keeps the account of pages.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is not a regular file. And what `change` answers.
    pub(crate) fn change_contents<T>(
        &mut self,
        ino: Ino,
        change: impl FnOnce(&mut crate::pages::FileContents, &P, u64) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let free = self.free_pages();
        let inode = self.inodes.get_mut(ino.0).ok_or(Errno::EIO)?;
        let InodeKind::Regular(contents) = &mut inode.kind else { return Err(Errno::EINVAL) };
        let before = contents.data_pages();
        let result = change(contents, &self.platform, free);
        self.used_pages = self.used_pages - before + contents.data_pages();
        result
    }

    /// Checks permission (`inode_permission`).
    ///
    /// # Errors
    ///
    /// * `EROFS`: `want`, an `rwx` triple, has write permission on a read-only filesystem.
    /// * `EACCES`: it is not granted.
    pub(crate) fn may_access(
        &self,
        process: &Process,
        inode: &Inode,
        want: u32,
    ) -> Result<(), Errno> {
        if want & MAY_WRITE != 0 {
            self.want_write_to(inode)?;
        }
        if !P::PERMISSIONS {
            return Ok(());
        }
        let Inode { uid, gid, .. } = *inode;
        if process.credentials.may_access(inode.mode(), uid, gid, want, inode.is_directory()) {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }

    /// The description behind a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub(crate) fn description(&self, process: &Process, fd: Fd) -> Result<&FileDescription, Errno> {
        self.description_if_open(process, fd).ok_or(Errno::EBADF)
    }

    /// Not inlined: dozens of calls take these steps. `None` in place of the error is a null pointer in a register.
    #[inline(never)]
    fn description_if_open(&self, process: &Process, fd: Fd) -> Option<&FileDescription> {
        self.descriptions.get(process.fds.get(fd).ok()?.0)
    }

    /// As [`description`](Self::description), where nanoseconds count: it is inlined.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline(always)]
    pub(crate) fn description_at_once(
        &self,
        process: &Process,
        fd: Fd,
    ) -> Result<&FileDescription, Errno> {
        let id = process.fds.get(fd)?;
        self.descriptions.get(id.0).ok_or(Errno::EBADF)
    }

    /// As [`description`](Self::description).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub(crate) fn description_mut(
        &mut self,
        process: &Process,
        fd: Fd,
    ) -> Result<&mut FileDescription, Errno> {
        self.description_mut_if_open(process, fd).ok_or(Errno::EBADF)
    }

    /// As [`description_if_open`](Self::description_if_open).
    #[inline(never)]
    fn description_mut_if_open(
        &mut self,
        process: &Process,
        fd: Fd,
    ) -> Option<&mut FileDescription> {
        self.descriptions.get_mut(process.fds.get(fd).ok()?.0)
    }

    /// As [`description_at_once`](Self::description_at_once).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline(always)]
    pub(crate) fn description_mut_at_once(
        &mut self,
        process: &Process,
        fd: Fd,
    ) -> Result<&mut FileDescription, Errno> {
        let id = process.fds.get(fd)?;
        self.descriptions.get_mut(id.0).ok_or(Errno::EBADF)
    }

    /// The inode behind a descriptor.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOTDIR`: it is the embedder's; callers want a directory or a file of this filesystem.
    #[inline]
    pub(crate) fn inode_of_fd(&self, process: &Process, fd: Fd) -> Result<Ino, Errno> {
        match self.description_at_once(process, fd)?.kind {
            FileKind::Inode(ino) => Ok(ino),
            FileKind::Foreign(_) | FileKind::Inotify(_) => Err(Errno::ENOTDIR),
        }
    }

    /// Whether a descriptor is an inotify instance.
    #[inline]
    pub(crate) fn is_inotify(&self, process: &Process, fd: Fd) -> bool {
        P::NOTIFY
            && self
                .description(process, fd)
                .is_ok_and(|description| matches!(description.kind, FileKind::Inotify(_)))
    }

    /// Gives `process` its lowest free descriptor for a new description (`fd_install`).
    ///
    /// # Errors
    ///
    /// * `EMFILE`: it has no descriptor left.
    /// * `ENOMEM`: no memory for the description or the table.
    pub(crate) fn install(
        &mut self,
        process: &mut Process,
        description: FileDescription,
        cloexec: bool,
    ) -> Result<Fd, Errno> {
        let fd = self.reserve_description(process)?;
        let kind = description.kind;
        if let FileKind::Inode(ino) = kind {
            self.hold(ino);
        }
        let id = self.descriptions.insert(FileDescription { refs: 1, ..description })?;
        if let FileKind::Inode(ino) = kind {
            self.link_description(DescriptionId(id), ino);
        }
        process.fds.install(fd, DescriptionId(id), cloexec);
        Ok(fd)
    }

    /// Makes sure that the next [`install`](Self::install) cannot fail; says which descriptor it will give. A call that
    /// creates what it opens asks first, so that nothing is left behind.
    ///
    /// # Errors
    ///
    /// As [`install`](Self::install).
    pub(crate) fn reserve_description(&mut self, process: &mut Process) -> Result<Fd, Errno> {
        let fd = self.reserve_fd(process, process.lowest_fd as usize)?;
        self.descriptions.reserve()?;
        Ok(fd)
    }

    /// The lowest free descriptor not below `from`, with its slot reserved.
    ///
    /// # Errors
    ///
    /// `EMFILE`: there is none. `ENOMEM`: no memory for the table.
    pub(crate) fn reserve_fd(&mut self, process: &mut Process, from: usize) -> Result<Fd, Errno> {
        let fd = process.fds.lowest_free(from, process.max_fds)?;
        process.fds.reserve(fd)?;
        Ok(fd)
    }

    /// One descriptor fewer refers to the description (`fput`).
    pub(crate) fn release_description(&mut self, id: DescriptionId) {
        if self.unrefer(id) {
            self.end_description(id);
        }
    }

    /// As [`release_description`](Self::release_description), for descriptors that one call closes. What nobody refers to any more ends
    /// when they are all closed, the last one first (`fput` leaves it to `task_work_add`). Without memory to wait in: at once.
    pub(crate) fn release_descriptions(&mut self, ids: impl Iterator<Item = DescriptionId>) {
        let mut ended = Vec::new();
        for id in ids {
            if self.unrefer(id) && crate::fallible::try_push(&mut ended, id).is_err() {
                self.end_description(id);
            }
        }
        for id in ended.into_iter().rev() {
            self.end_description(id);
        }
    }

    /// Counts one descriptor fewer; says whether it was the last one.
    #[inline]
    fn unrefer(&mut self, id: DescriptionId) -> bool {
        let Some(description) = self.descriptions.get_mut(id.0) else { return false };
        description.refs -= 1;
        description.refs == 0
    }

    /// Ends a description that no descriptor refers to any more (`__fput`).
    fn end_description(&mut self, id: DescriptionId) {
        let Some(description) = self.descriptions.remove(id.0) else { return };
        if P::NOTIFY {
            let writable = description.writable();
            let closed =
                if writable { InotifyMask::CLOSE_WRITE } else { InotifyMask::CLOSE_NOWRITE };
            self.notify_description(&description, closed, EventData::Path);
        }
        if P::LOCKS {
            self.remove_flock(id, &description);
        }
        if let FileKind::Inode(ino) = description.kind {
            if P::PIPES {
                self.close_pipe_end(ino, &description);
            }
            self.unlink_description(&description, ino);
            self.release(ino);
        }
        if let FileKind::Inotify(inotify) = description.kind
            && P::NOTIFY
        {
            self.close_inotify(inotify);
        }
    }

    /// Opens a descriptor for something of the embedder's, which `token` names.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    pub fn open_foreign(
        &mut self,
        process: &mut Process,
        token: u64,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        self.install(process, FileDescription::new(FileKind::Foreign(token), flags), false)
    }

    /// What an embedder wants to know of a descriptor before it calls on it.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn descriptor(&self, process: &Process, fd: Fd) -> Result<Descriptor, Errno> {
        let description = self.description_at_once(process, fd)?;
        Ok(Descriptor {
            target: match description.kind {
                FileKind::Foreign(token) => Target::Foreign(token),
                FileKind::Inode(_) | FileKind::Inotify(_) => Target::Inode,
            },
            flags: description.flags,
            private_data: description.private_data,
        })
    }

    /// The type of file behind a descriptor of this filesystem.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or is the embedder's.
    #[inline]
    pub fn file_type(&self, process: &Process, fd: Fd) -> Result<FileType, Errno> {
        match self.description_at_once(process, fd)?.kind {
            FileKind::Inode(ino) => Ok(self.inode_at_once(ino)?.file_type()),
            FileKind::Foreign(_) | FileKind::Inotify(_) => Err(Errno::EBADF),
        }
    }

    /// The token of a descriptor that is the embedder's, or `None` for one of this filesystem.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn foreign(&self, process: &Process, fd: Fd) -> Result<Option<u64>, Errno> {
        Ok(match self.description(process, fd)?.kind {
            FileKind::Foreign(token) => Some(token),
            FileKind::Inode(_) | FileKind::Inotify(_) => None,
        })
    }

    /// The embedder's word in the description behind `fd`. Descriptors made by dup(2) share it.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn private_data(&self, process: &Process, fd: Fd) -> Result<u64, Errno> {
        Ok(self.description(process, fd)?.private_data)
    }

    /// Sets the embedder's word in the description behind `fd`.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub fn set_private_data(&mut self, process: &Process, fd: Fd, word: u64) -> Result<(), Errno> {
        self.description_mut(process, fd)?.private_data = word;
        Ok(())
    }
}
