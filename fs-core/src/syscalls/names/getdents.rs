//! mkdir, rmdir, getdents, getdents64.

use crate::base::credentials::{MAY_EXEC, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::base::ids::Ino;
use crate::base::stat::{FileType, S_ISVTX};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, Last, NameBuf};
use crate::objects::directory::FIRST_COOKIE;
use crate::objects::directory_entry::DirEntryView;
use crate::objects::file_description::FileKind;
use crate::objects::inode::InodeKind;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;
use crate::syscalls::descriptors::open::SlashAllowed;

/// What is to be removed, as the caller of [`Fs::may_delete`] takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

impl<P: Platform> Fs<P> {
    /// `int mkdirat(int dirfd, const char *pathname, mode_t mode)`
    ///
    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// * What the path walk answers.
    /// * `EEXIST`: the name is there, or is `/`, `.` or `..`.
    /// * `ENOENT`: the directory it would be in was removed.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EACCES`: that directory may not be written.
    /// * `ENOSPC`: no room.
    pub fn mkdirat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
    ) -> Result<(), Errno> {
        let (parent, name) = self.place_for_new(process, dirfd, path, SlashAllowed::Yes)?;
        self.may_create(process, parent)?;
        // vfs_mkdir passes permission bits and the sticky bit on, nothing else.
        let mode = mode & (0o777 | S_ISVTX);
        let kind = InodeKind::directory(parent)?;
        self.create(process, parent, &name, kind, mode).map(|_| ())
    }

    /// `int mkdir(const char *pathname, mode_t mode)`
    ///
    /// [`mkdirat`](Self::mkdirat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`mkdirat`](Self::mkdirat).
    pub fn mkdir(&mut self, process: &Process, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.mkdirat(process, AT_FDCWD, path, mode)
    }

    /// `int rmdir(const char *pathname)`
    ///
    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// * What the path walk answers.
    /// * `ENOTEMPTY`, `EINVAL`, `EBUSY`: the path ends in `..`, `.` or is `/`.
    /// * `EROFS`: the filesystem is read-only.
    /// * `ENOENT`: the name is not there.
    /// * `EACCES`, `EPERM`: the directory it is in may not be written, or is sticky.
    /// * `ENOTDIR`: it is not a directory.
    /// * `ENOTEMPTY`: it is not empty.
    pub fn rmdir(&mut self, process: &Process, path: &[u8]) -> Result<(), Errno> {
        self.rmdir_at(process, AT_FDCWD, path)
    }

    pub(crate) fn rmdir_at(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
    ) -> Result<(), Errno> {
        let walked = self.walk(process, dirfd, path, FollowLast::Never)?;
        let name = match walked.last {
            Last::Name(name) => name,
            Last::DotDot => return Err(Errno::ENOTEMPTY),
            Last::Dot => return Err(Errno::EINVAL),
            Last::Root => return Err(Errno::EBUSY),
        };
        self.want_write()?;
        let name = NameBuf::new(name)?;
        let (parent, ino) = (walked.parent, walked.existing()?);
        self.may_delete(process, parent, ino, Victim::Directory)?;
        if !self.inode(ino)?.directory()?.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        let now = self.now();
        let inode = self.inode_mut(ino)?;
        inode.nlink = 0; // its name and its "." go
        inode.set_ctime(now);
        let directory = self.inode_mut(parent)?;
        let removed = directory.directory_mut()?.remove(&name);
        directory.nlink -= 1; // for ".." of the removed directory
        directory.touch(now);
        self.remove_place(ino, parent, removed.map_or(0, |entry| entry.cookie()), &name);
        self.free_if_unused(ino);
        self.notify_name(parent, InotifyMask::DELETE | InotifyMask::ISDIR, &name, 0);
        Ok(())
    }

    /// Whether a name may be removed (`may_delete`).
    ///
    /// # Errors
    ///
    /// * `EPERM`: the directory's names are descriptors.
    /// * `EACCES`: it may not be written and searched.
    /// * `EPERM`: it is sticky, and neither it nor the victim belongs to the process.
    /// * `ENOTDIR`, `EISDIR`: the victim is no directory or is one, against `expected`.
    /// * `EBUSY`: the embedder's directories begin there, as at a mount point (`is_local_mountpoint`).
    pub(crate) fn may_delete(
        &self,
        process: &Process,
        parent: Ino,
        victim: Ino,
        expected: Victim,
    ) -> Result<(), Errno> {
        let (directory, victim) = (self.inode(parent)?, self.inode(victim)?);
        if P::DEVICES && directory.directory()?.lists_descriptors {
            return Err(Errno::EPERM);
        }
        self.may_access(process, directory, MAY_WRITE | MAY_EXEC)?;
        let who = &process.credentials;
        if P::PERMISSIONS
            && directory.mode() & S_ISVTX != 0
            && !who.owns(directory.uid)
            && !who.owns(victim.uid)
        {
            return Err(Errno::EPERM);
        }
        match (expected, victim.is_directory()) {
            (Victim::Directory, false) => Err(Errno::ENOTDIR),
            (Victim::Other, true) => Err(Errno::EISDIR),
            _ if P::FOREIGN && victim.is_mount_point() => Err(Errno::EBUSY),
            _ => Ok(()),
        }
    }

    /// `ssize_t getdents64(int fd, void *dirp, size_t count)`
    ///
    /// Reads entries as `struct linux_dirent64` records, in the order in which they were added, `.` and `..` first. An entry's
    /// `d_off` is where the next one begins: lseek(2) takes it, whatever has come or gone since.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `ENOTDIR`: it is not a directory.
    /// * `ENOENT`: the directory was removed.
    /// * `EINVAL`: `count` is too small for the next record.
    pub fn getdents64(
        &mut self,
        process: &Process,
        fd: Fd,
        dirp: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        self.read_records(process, fd, dirp, |entry, dirp| entry.write_linux_dirent64(dirp))
    }

    /// `long getdents(unsigned int fd, struct linux_dirent *dirp, unsigned int count)`
    ///
    /// [`getdents64`](Self::getdents64) with the older record, `struct linux_dirent`: the type is its last byte.
    ///
    /// # Errors
    ///
    /// As [`getdents64`](Self::getdents64).
    pub fn getdents(
        &mut self,
        process: &Process,
        fd: Fd,
        dirp: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        self.read_records(process, fd, dirp, |entry, dirp| entry.write_linux_dirent(dirp))
    }

    /// Reads entries with `write`, which writes one as a record if there is room for it.
    fn read_records<U: UserMut<P>>(
        &mut self,
        process: &Process,
        fd: Fd,
        mut dirp: U,
        write: impl Fn(&DirEntryView<'_>, &mut U) -> bool,
    ) -> Result<usize, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(crate::base::flags::OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let mut offset = description.offset;
        let before = dirp.count();
        let mut full = false;
        self.readdir(process, fd, offset, |entry| {
            full = !write(entry, &mut dirp);
            if !full {
                offset = entry.next_offset;
            }
            !full
        })?;
        let bytes = before - dirp.count();
        if bytes == 0 && full {
            return Err(Errno::EINVAL);
        }
        self.description_mut(process, fd)?.offset = offset;
        self.notify_fd(process, fd, InotifyMask::ACCESS);
        Ok(bytes)
    }

    /// Hands the entries of an open directory from `offset` on to `visit` until that answers `false`. The file offset is
    /// neither used nor moved: this is getdents64 for embedders with another record layout.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOTDIR`: it is not a directory.
    /// * `ENOENT`: the directory was removed.
    pub fn readdir(
        &self,
        process: &Process,
        fd: Fd,
        offset: u64,
        mut visit: impl FnMut(&DirEntryView<'_>) -> bool,
    ) -> Result<(), Errno> {
        let FileKind::Inode(ino) = self.description(process, fd)?.kind else {
            return Err(Errno::ENOTDIR);
        };
        let inode = self.inode(ino)?;
        let directory = inode.directory()?;
        if inode.nlink == 0 {
            return Err(Errno::ENOENT);
        }
        let dots = [(&b"."[..], ino), (&b".."[..], directory.parent)];
        for (cookie, (name, ino)) in (0u64..).zip(dots) {
            let next_offset = cookie + 1;
            let view = DirEntryView {
                ino: ino.st_ino(),
                next_offset,
                file_type: FileType::Directory,
                name,
            };
            if cookie >= offset && !visit(&view) {
                return Ok(());
            }
        }
        if P::DEVICES && directory.lists_descriptors {
            self.read_descriptors(process, offset, visit);
            return Ok(());
        }
        let from = u32::try_from(offset).unwrap_or(u32::MAX).max(FIRST_COOKIE);
        for (cookie, name, entry) in directory.iter_from(from) {
            let view = DirEntryView {
                ino: entry.ino.st_ino(),
                next_offset: u64::from(cookie) + 1,
                file_type: entry.file_type,
                name,
            };
            if !visit(&view) {
                break;
            }
        }
        Ok(())
    }
}
