//! Open file descriptions in the table of the filesystem: finding, opening and ending them.
//!
//! Linux: `fdget`, `fd_install` and `__fput` (fs/file.c, fs/file_table.c).

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, OFlags};
use crate::base::ids::{DescriptionId, Ino};
use crate::fs::Fs;
use crate::fs::fsnotify::EventData;
use crate::objects::file_description::{FileDescription, FileKind, OpenFile};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::objects::record_lock::LockOwner;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// The description behind a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub(crate) fn description(&self, process: &Process, fd: Fd) -> Result<&FileDescription, Errno> {
        self.find_description(process, fd).ok_or(Errno::EBADF)
    }

    /// Not inlined: dozens of calls take these steps. `None` in place of the error is a null
    /// pointer in a register.
    #[inline(never)]
    fn find_description(&self, process: &Process, fd: Fd) -> Option<&FileDescription> {
        self.find_file(OpenFile(process.fds.get(fd).ok()?))
    }

    /// Looks a descriptor up for a call that does several things with the file, or for an embedder
    /// that asks about it first ([`described`](Self::described)): `fdget`.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    #[inline]
    pub fn fdget(&self, process: &Process, fd: Fd) -> Result<OpenFile, Errno> {
        process.fds.get(fd).map(OpenFile)
    }

    /// The description of an open file.
    ///
    /// # Errors
    ///
    /// `EBADF`: it was closed.
    #[inline]
    pub(crate) fn file(&self, file: OpenFile) -> Result<&FileDescription, Errno> {
        self.find_file(file).ok_or(Errno::EBADF)
    }

    /// As [`find_description`](Self::find_description).
    #[inline(never)]
    fn find_file(&self, file: OpenFile) -> Option<&FileDescription> {
        self.descriptions.get(file.0.0)
    }

    /// As [`file`](Self::file), where nanoseconds count: it is inlined.
    ///
    /// # Errors
    ///
    /// `EBADF`: it was closed.
    #[inline(always)]
    pub(crate) fn file_inlined(&self, file: OpenFile) -> Result<&FileDescription, Errno> {
        self.descriptions.get(file.0.0).ok_or(Errno::EBADF)
    }

    /// As [`file_inlined`](Self::file_inlined).
    ///
    /// # Errors
    ///
    /// `EBADF`: it was closed.
    #[inline(always)]
    pub(crate) fn file_mut(&mut self, file: OpenFile) -> Result<&mut FileDescription, Errno> {
        self.descriptions.get_mut(file.0.0).ok_or(Errno::EBADF)
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
        self.find_description_mut(process, fd).ok_or(Errno::EBADF)
    }

    /// As [`find_description`](Self::find_description).
    #[inline(never)]
    fn find_description_mut(&mut self, process: &Process, fd: Fd) -> Option<&mut FileDescription> {
        self.descriptions.get_mut(process.fds.get(fd).ok()?.0)
    }

    /// The inode behind a descriptor.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOTDIR`: it is the embedder's; callers want a directory or a file of this filesystem.
    #[inline]
    pub(crate) fn inode_of_fd(&self, process: &Process, fd: Fd) -> Result<Ino, Errno> {
        match self.file_inlined(self.fdget(process, fd)?)?.kind {
            FileKind::Inode(ino) => Ok(ino),
            FileKind::Foreign(_) | FileKind::Inotify(_) | FileKind::Eventfd(_) => {
                Err(Errno::ENOTDIR)
            }
        }
    }

    /// Whether there are descriptors that are neither an inode's nor the embedder's.
    pub(crate) const ANONYMOUS: bool = P::NOTIFY || P::PIPES;

    /// Whether a descriptor is one of the kinds that share an inode on Linux.
    #[inline]
    pub(crate) fn is_anonymous(&self, process: &Process, fd: Fd) -> bool {
        Self::ANONYMOUS
            && self
                .description(process, fd)
                .is_ok_and(|description| description.kind.is_anonymous())
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

    /// Makes sure that the next [`install`](Self::install) cannot fail; says which descriptor it
    /// will give. A call that creates what it opens asks first, so that nothing is left behind.
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

    /// As [`release_description`](Self::release_description), for descriptors that one call closes.
    /// What nobody refers to any more ends when they are all closed, the last one first (`fput`
    /// leaves it to `task_work_add`). Without memory to wait in: at once.
    pub(crate) fn release_descriptions(&mut self, ids: impl Iterator<Item = DescriptionId>) {
        let mut ended = Vec::new();
        for id in ids {
            if self.unrefer(id) && crate::base::fallible::try_push(&mut ended, id).is_err() {
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
            self.remove_locks(id, &description);
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

    /// One more descriptor refers to the description (`get_file`).
    pub(crate) fn refer(&mut self, id: DescriptionId) {
        if let Some(description) = self.descriptions.get_mut(id.0) {
            description.refs += 1;
        }
    }

    /// The inode that an empty path with `EMPTY_PATH` means.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub(crate) fn inode_of_fd_or_cwd(&self, process: &Process, fd: Fd) -> Result<Ino, Errno> {
        if fd == AT_FDCWD { Ok(process.cwd) } else { self.inode_of_fd(process, fd) }
    }

    /// Gives back the locks of a description that is closed (`locks_remove_file`).
    #[inline]
    fn remove_locks(&mut self, id: DescriptionId, description: &FileDescription) {
        let FileKind::Inode(ino) = description.kind else { return };
        if let Some(extension) = self.extension_mut(ino)
            && !extension.flock.is_free()
        {
            extension.flock.unlock(id);
            self.trim_extension(ino);
        }
        self.remove_record_locks(ino, LockOwner::Description(id));
    }

    /// Gives back all record locks that `owner` has on an inode (`locks_remove_posix`).
    #[inline]
    pub(crate) fn remove_record_locks(&mut self, ino: Ino, owner: LockOwner) {
        if let Some(extension) = self.extension_mut(ino)
            && !extension.record_locks.is_empty()
        {
            extension.record_locks.remove_owner(owner);
            self.trim_extension(ino);
        }
    }

    /// Gives back the locks that a process has on the file of a descriptor which it closes
    /// (`filp_flush`).
    #[inline]
    pub(crate) fn remove_process_locks(&mut self, process: &Process, id: DescriptionId) {
        let Some(description) = self.descriptions.get(id.0) else { return };
        let FileKind::Inode(ino) = description.kind else { return };
        if !description.flags.contains(OFlags::PATH) {
            self.remove_record_locks(ino, LockOwner::Process(process.pid));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{
        AT_FDCWD, ByteContents, Config, Credentials, Errno, FallocateMode, Fcntl, Fd, Fs, OFlags,
        Process, TimeSpecifier, Whence,
    };

    type Call = fn(&mut Fs<ByteContents<'_>>, &mut Process, Fd) -> Result<(), Errno>;

    /// The calls on one descriptor that programs make most, and those that come with them.
    const CALLS: &[(&str, Call)] = &[
        ("write", |fs, process, fd| fs.write(process, fd, &b"bytes"[..]).map(drop)),
        ("writev", |fs, process, fd| fs.writev(process, fd, &b"bytes"[..]).map(drop)),
        ("pwrite64", |fs, process, fd| fs.pwrite64(process, fd, &b"bytes"[..], 1).map(drop)),
        ("lseek", |fs, process, fd| fs.lseek(process, fd, 0, Whence::Set).map(drop)),
        ("lseek DATA", |fs, process, fd| fs.lseek(process, fd, 0, Whence::Data).map(drop)),
        ("read", |fs, process, fd| fs.read(process, fd, &mut [0; 8][..]).map(drop)),
        ("readv", |fs, process, fd| fs.readv(process, fd, &mut [0; 8][..]).map(drop)),
        ("pread64", |fs, process, fd| fs.pread64(process, fd, &mut [0; 8][..], 0).map(drop)),
        ("fstat", |fs, process, fd| fs.fstat(process, fd).map(drop)),
        ("ftruncate", |fs, process, fd| fs.ftruncate(process, fd, 3)),
        ("futimens", |fs, process, fd| fs.futimens(process, fd, [TimeSpecifier::Now; 2])),
        ("fsync", |fs, process, fd| fs.fsync(process, fd)),
        ("fallocate", |fs, process, fd| fs.fallocate(process, fd, FallocateMode::empty(), 0, 9)),
        ("fcntl F_SETFL", |fs, process, fd| {
            fs.fcntl(process, fd, Fcntl::SetFl(OFlags::APPEND)).map(drop)
        }),
        ("descriptor", |fs, process, fd| fs.descriptor(process, fd).map(drop)),
        ("file_type", |fs, process, fd| fs.file_type(process, fd).map(drop)),
        ("readdir", |fs, process, _| fs.readdir(process, DIRECTORY, 0, |_| true)),
        ("getdents64", |fs, process, _| {
            fs.getdents64(process, DIRECTORY, &mut [0; 99][..]).map(drop)
        }),
    ];

    const DIRECTORY: Fd = 0;

    #[test]
    fn a_call_looks_its_descriptor_up_once() {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let directory = fs.open(&mut process, b"/", OFlags::DIRECTORY, 0);
        assert_eq!(directory, Ok(DIRECTORY));
        let flags = OFlags::CREAT | OFlags::RDWR;
        let fd = fs.openat(&mut process, AT_FDCWD, b"/file", flags, 0o644).unwrap();
        for (name, call) in CALLS {
            process.fds.lookups.set(0);
            assert_eq!(call(&mut fs, &mut process, fd), Ok(()), "{name}");
            assert_eq!(process.fds.lookups.get(), 1, "{name}");
        }
    }

    #[test]
    fn calls_on_an_open_file_look_nothing_up() {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let fd = fs.open(&mut process, b"/file", OFlags::CREAT | OFlags::RDWR, 0o644).unwrap();
        fs.write(&process, fd, &b"sixty-four bytes or so"[..]).unwrap();
        process.fds.lookups.set(0);
        // As an embedder makes a seek and a read: each looks up, asks, and hands on.
        let mut bytes = [0; 4];
        let file = fs.fdget(&process, fd).unwrap();
        fs.described(file).unwrap();
        fs.file_type_of(file).unwrap();
        assert_eq!(fs.vfs_llseek(file, 6, Whence::Set), Ok(6));
        let file = fs.fdget(&process, fd).unwrap();
        fs.described(file).unwrap();
        assert_eq!(fs.vfs_read(file, &mut bytes[..]), Ok(4));
        assert_eq!((&bytes, process.fds.lookups.get()), (b"four", 2));
    }

    #[test]
    fn a_file_that_was_closed_is_not_open() {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let fd = fs.open(&mut process, b"/file", OFlags::CREAT | OFlags::RDWR, 0o644).unwrap();
        let file = fs.fdget(&process, fd).unwrap();
        fs.close(&mut process, fd).unwrap();
        assert_eq!(fs.fdget(&process, fd), Err(Errno::EBADF));
        assert_eq!(fs.vfs_read(file, &mut [0; 4][..]), Err(Errno::EBADF));
        assert_eq!(fs.vfs_llseek(file, 0, Whence::Cur), Err(Errno::EBADF));
        assert_eq!(fs.described(file), Err(Errno::EBADF));
    }
}
