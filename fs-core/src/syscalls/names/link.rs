//! link, unlink, symlink, readlink and their `*at` forms.

use crate::base::credentials::{MAY_READ, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd, PATH_MAX};
use crate::base::ids::Ino;
use crate::base::stat::{FileType, S_ISGID, S_ISUID, S_IXGRP};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, NameBuf};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;
use crate::syscalls::descriptors::open::SlashAllowed;
use crate::syscalls::names::getdents::Victim;

impl<P: Platform> Fs<P> {
    /// `int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags)`
    ///
    /// Makes one more name for a file.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `SYMLINK_FOLLOW` and `EMPTY_PATH`.
    /// * What the walk of the old path answers; `ENOENT`: it is not there.
    /// * What the walk of the new path answers.
    /// * `EEXIST`: the new name is there.
    /// * `ENOENT`: a slash follows the new name, or the directory it would be in was removed.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EXDEV`: the old file is a pipe without a name, or an inotify instance.
    /// * `EPERM`: the old file is protected ([`Config::protected_hardlinks`](crate::Config)).
    /// * `EACCES`: the directory may not be written.
    /// * `EPERM`: the old path is a directory.
    /// * `ENOENT`: the old file has no name any more (or never had one, and was opened with `TMPFILE | EXCL`).
    /// * `ENOSPC`: no room.
    pub fn linkat(
        &mut self,
        process: &Process,
        olddirfd: Fd,
        oldpath: &[u8],
        newdirfd: Fd,
        newpath: &[u8],
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if !(flags - AtFlags::SYMLINK_FOLLOW - AtFlags::EMPTY_PATH).is_empty() {
            return Err(Errno::EINVAL);
        }
        let follow =
            if flags.contains(AtFlags::SYMLINK_FOLLOW) { FollowLast::Yes } else { FollowLast::No };
        let ino = if oldpath.is_empty() && flags.contains(AtFlags::EMPTY_PATH) {
            if self.is_inotify(process, olddirfd) {
                self.place_for_new(process, newdirfd, newpath, SlashAllowed::No)?;
                return Err(Errno::EXDEV);
            }
            self.inode_of_fd_or_cwd(process, olddirfd)?
        } else {
            self.walk_to(process, olddirfd, oldpath, follow)?
        };
        let (parent, name) = self.place_for_new(process, newdirfd, newpath, SlashAllowed::No)?;
        let inode = self.inode(ino)?;
        if P::PIPES && self.is_anonymous_pipe(inode) {
            return Err(Errno::EXDEV);
        }
        self.may_link(process, inode)?;
        self.may_create(process, parent)?;
        if inode.is_directory() {
            return Err(Errno::EPERM);
        }
        if inode.nlink == 0 && !inode.linkable {
            return Err(Errno::ENOENT);
        }
        let is_first = inode.nlink == 0;
        let file_type = inode.file_type();
        if !is_first {
            self.reserve_inode()?;
        }
        let now = self.now();
        let directory = self.inode_mut(parent)?;
        directory.directory_mut()?.insert(&name, ino, file_type)?;
        directory.touch(now);
        let inode = self.inode_mut(ino)?;
        inode.nlink += 1; // for the new name
        inode.linkable = false;
        inode.set_ctime(now);
        self.further_links += u32::from(!is_first);
        self.notify_inode(ino, InotifyMask::ATTRIB);
        self.notify_create(parent, ino, &name);
        Ok(())
    }

    /// Whether a process may give a file a further name (`may_linkat`).
    ///
    /// # Errors
    ///
    /// `EPERM`: it may not.
    fn may_link(&self, process: &Process, inode: &Inode) -> Result<(), Errno> {
        if !P::PERMISSIONS
            || !self.config.protected_hardlinks
            || process.credentials.owns(inode.uid)
        {
            return Ok(());
        }
        let mode = inode.mode();
        let runs_as_group = mode & (S_ISGID | S_IXGRP) == S_ISGID | S_IXGRP;
        if inode.file_type() != FileType::Regular || mode & S_ISUID != 0 || runs_as_group {
            return Err(Errno::EPERM);
        }
        self.may_access(process, inode, MAY_READ | MAY_WRITE).map_err(|_| Errno::EPERM)
    }

    /// `int link(const char *oldpath, const char *newpath)`
    ///
    /// [`linkat`](Self::linkat) from the current directory, without flags.
    ///
    /// # Errors
    ///
    /// As [`linkat`](Self::linkat).
    pub fn link(&mut self, process: &Process, oldpath: &[u8], newpath: &[u8]) -> Result<(), Errno> {
        self.linkat(process, AT_FDCWD, oldpath, AT_FDCWD, newpath, AtFlags::empty())
    }

    /// `int unlinkat(int dirfd, const char *pathname, int flags)`
    ///
    /// Removes a name; with `REMOVEDIR`, an empty directory. The file goes when neither a name nor a descriptor is left.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `REMOVEDIR`.
    /// * With `REMOVEDIR`: as [`rmdir`](Self::rmdir).
    /// * What the path walk answers.
    /// * `EISDIR`: the path ends in `/`, `.` or `..` (and is not a file with a slash after it).
    /// * `EROFS`: the filesystem is read-only.
    /// * `ENOENT`: the name is not there.
    /// * `ENOTDIR`: a slash follows what is no directory.
    /// * `EACCES`, `EPERM`: the directory may not be written, or is sticky.
    /// * `EISDIR`: it is a directory.
    pub fn unlinkat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if !(flags - AtFlags::REMOVEDIR).is_empty() {
            return Err(Errno::EINVAL);
        }
        if flags.contains(AtFlags::REMOVEDIR) {
            return self.rmdir_at(process, dirfd, path);
        }
        let walked = self.walk(process, dirfd, path, FollowLast::Never)?;
        let name = walked.name(Errno::EISDIR)?;
        self.want_write()?;
        let name = NameBuf::new(name)?;
        let (parent, ino) = (walked.parent, walked.existing()?);
        if walked.trailing_slash {
            let is_directory = self.inode(ino)?.is_directory();
            return Err(if is_directory { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        self.may_delete(process, parent, ino, Victim::Other)?;
        let now = self.now();
        let directory = self.inode_mut(parent)?;
        let removed = directory.directory_mut()?.remove(&name);
        directory.touch(now);
        self.drop_link(ino, now)?;
        self.remove_place(ino, parent, removed.map_or(0, |entry| entry.cookie()), &name);
        self.notify_inode(ino, InotifyMask::ATTRIB);
        self.free_if_unused(ino);
        self.notify_name(parent, InotifyMask::DELETE, &name, 0);
        Ok(())
    }

    /// `int unlink(const char *pathname)`
    ///
    /// [`unlinkat`](Self::unlinkat) from the current directory, without flags.
    ///
    /// # Errors
    ///
    /// As [`unlinkat`](Self::unlinkat).
    pub fn unlink(&mut self, process: &Process, path: &[u8]) -> Result<(), Errno> {
        self.unlinkat(process, AT_FDCWD, path, AtFlags::empty())
    }

    /// `int symlinkat(const char *target, int newdirfd, const char *linkpath)`
    ///
    /// Makes a symbolic link. The target need not be there.
    ///
    /// # Errors
    ///
    /// * `ENOENT`, `ENAMETOOLONG`: the target is empty or too long.
    /// * `EINVAL`: it has a NUL.
    /// * What the path walk answers.
    /// * `EEXIST`: the name is there.
    /// * `ENOENT`: a slash follows the name, or its directory was removed.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EACCES`: that directory may not be written.
    /// * `ENOSPC`: no room.
    pub fn symlinkat(
        &mut self,
        process: &Process,
        target: &[u8],
        newdirfd: Fd,
        linkpath: &[u8],
    ) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        if target.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        if target.contains(&0) {
            // DEVIATION: the kernel cannot be handed such a target.
            return Err(Errno::EINVAL);
        }
        let (parent, name) = self.place_for_new(process, newdirfd, linkpath, SlashAllowed::No)?;
        self.may_create(process, parent)?;
        let target = try_copy(target).map_err(|_| Errno::ENOSPC)?;
        self.create(process, parent, &name, InodeKind::Symlink(target), 0o777).map(|_| ())
    }

    /// `int symlink(const char *target, const char *linkpath)`
    ///
    /// [`symlinkat`](Self::symlinkat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`symlinkat`](Self::symlinkat).
    pub fn symlink(
        &mut self,
        process: &Process,
        target: &[u8],
        linkpath: &[u8],
    ) -> Result<(), Errno> {
        self.symlinkat(process, target, AT_FDCWD, linkpath)
    }

    /// `ssize_t readlinkat(int dirfd, const char *pathname, char *buf, size_t bufsiz)`
    ///
    /// Reads the target of a symbolic link, cut to the buffer, without NUL.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the buffer is empty.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENOENT`: the path is empty and `dirfd` is not a symbolic link.
    /// * `EINVAL`: it is not a symbolic link.
    pub fn readlinkat(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mut buf: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        if buf.count() == 0 {
            return Err(Errno::EINVAL);
        }
        let ino = if path.is_empty() {
            if self.is_inotify(process, dirfd) {
                return Err(Errno::ENOENT);
            }
            self.inode_of_fd_or_cwd(process, dirfd)?
        } else {
            self.walk_to(process, dirfd, path, FollowLast::No)?
        };
        let InodeKind::Symlink(target) = &self.inode(ino)?.kind else {
            return Err(if path.is_empty() { Errno::ENOENT } else { Errno::EINVAL });
        };
        let held = target.get(..buf.count()).unwrap_or(target);
        buf.copy_to_user(held);
        Ok(held.len())
    }

    /// `ssize_t readlink(const char *pathname, char *buf, size_t bufsiz)`
    ///
    /// [`readlinkat`](Self::readlinkat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`readlinkat`](Self::readlinkat).
    pub fn readlink(
        &self,
        process: &Process,
        path: &[u8],
        buf: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        // An empty path is no descriptor's here, but an empty buffer is looked at first.
        if path.is_empty() && buf.count() > 0 {
            return Err(Errno::ENOENT);
        }
        self.readlinkat(process, AT_FDCWD, path, buf)
    }

    /// The inode that an empty path with `EMPTY_PATH` means.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub(crate) fn inode_of_fd_or_cwd(&self, process: &Process, fd: Fd) -> Result<Ino, Errno> {
        if fd == AT_FDCWD { Ok(process.cwd) } else { self.inode_of_fd(process, fd) }
    }
}
