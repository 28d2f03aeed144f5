//! Directories whose entries are the embedder's: mount points, and directories that are read in
//! when first needed.
//!
//! Linux: a managed dentry (`follow_managed`, `follow_automount`, fs/namei.c): the walk that comes
//! to one lets somebody else decide. Departure: this crate cannot call a filesystem of the
//! embedder's, so the walk stops there, with `EREMOTE`, after it has told
//! [`Platform::walk_stopped`] where it is and what is left of the path; the embedder does what is
//! to be done there and, if the path comes back, makes its call again.
//!
//! * [`Foreign::Mount`]: everything beneath is the embedder's and never comes here. What the tree
//!   has there is hidden.
//! * [`Foreign::Absent`]: a mount point without a filesystem behind it: an empty directory in which
//!   nothing can be made.
//! * [`Foreign::Unread`]: the lower directory of an overlay that was not read yet. The embedder
//!   adds its entries with [`Fs::add_lower`]; from then on it is an ordinary directory, so
//!   deletion, renaming and listing need nothing of their own. The bytes of files among them have
//!   offsets from [`LOWER_CONTENTS`](crate::LOWER_CONTENTS) on: read in place, and copied up page
//!   by page when written, as baked files are.
//!
//! All of it is only where [`Platform::FOREIGN`] says so, and costs nothing elsewhere.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::{Fd, NAME_MAX, PATH_MAX};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::contents::FileContents;
use crate::objects::directory::Directory;
use crate::objects::inode::{Inode, InodeFlags, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::foreign::{DirectoryId, Foreign, ForeignMark, LowerFile, LowerKind};

/// The permission bits of what a lower directory holds: preview1 and its like know none.
const DIRECTORY_MODE: u32 = 0o755;
/// As [`DIRECTORY_MODE`], of files.
const FILE_MODE: u32 = 0o644;
/// As [`DIRECTORY_MODE`], of symbolic links.
const SYMLINK_MODE: u32 = 0o777;

impl<P: Platform> Fs<P> {
    /// Says whose the entries of a directory are; `None`: its own.
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENOTDIR`: it is not a directory.
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    pub fn set_foreign(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        foreign: Option<Foreign>,
    ) -> Result<(), Errno> {
        if !P::FOREIGN {
            // Before the path is looked at: there are no such directories.
            return Err(Errno::EOPNOTSUPP);
        }
        let ino = self.walk_to(process, dirfd, path, FollowLast::No)?;
        self.mark(DirectoryId(ino), foreign)
    }

    /// As [`set_foreign`](Self::set_foreign), for the directory at which a walk stopped.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    /// * `EIO`, `ENOTDIR`: it is gone since.
    pub fn mark(&mut self, at: DirectoryId, foreign: Option<Foreign>) -> Result<(), Errno> {
        if !P::FOREIGN {
            return Err(Errno::EOPNOTSUPP);
        }
        let inode = self.find_inode_mut(at.0).ok_or(Errno::EIO)?;
        let is_sealed = inode.is_sealed();
        let directory = inode.directory_mut()?;
        if directory.foreign.is_unread() && is_sealed {
            // What was read in is as it was.
            directory.seal();
        }
        directory.foreign = ForeignMark::new(foreign);
        Ok(())
    }

    /// Whose the entries of an open directory are; `None`: its own, or it is no directory.
    #[must_use]
    pub fn foreign_of_fd(&self, process: &Process, fd: Fd) -> Option<(DirectoryId, Foreign)> {
        if !P::FOREIGN {
            return None;
        }
        let ino = self.inode_of_fd(process, fd).ok()?;
        let foreign = self.inode(ino).ok()?.directory().ok()?.foreign.get()?;
        Some((DirectoryId(ino), foreign))
    }

    /// The outermost directory above an open one that is [`Foreign::Unread`]: what it lies in was
    /// never walked. Only a directory that was opened before the ones above it were marked has
    /// such.
    #[must_use]
    pub fn unread_above(&self, process: &Process, fd: Fd) -> Option<(DirectoryId, Foreign)> {
        if !P::FOREIGN {
            return None;
        }
        let mut found = None;
        let mut ino = self.inode_of_fd(process, fd).ok()?;
        while ino != Ino::ROOT {
            ino = self.inode(ino).ok()?.directory().ok()?.parent;
            if let Some(foreign @ Foreign::Unread(_)) =
                self.inode(ino).ok()?.directory().ok()?.foreign.get()
            {
                found = Some((DirectoryId(ino), foreign));
            }
        }
        found
    }

    /// Only walks a path. With [`FollowLast::Never`] it also stops at a last component that is a
    /// directory which was not read yet: whoever removes it wants to know whether it is empty.
    ///
    /// # Errors
    ///
    /// * `EREMOTE`: it leads to a directory whose entries are the embedder's:
    ///   [`Platform::walk_stopped`] was told.
    /// * What else the path walk answers. That the last component is not there is none.
    pub fn probe(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        follow: FollowLast,
    ) -> Result<(), Errno> {
        let walked = self.walk(process, dirfd, path, follow)?;
        if P::FOREIGN
            && follow == FollowLast::Never
            && let Some(ino) = walked.ino
            && let Ok(directory) = self.inode(ino)?.directory()
            && let Some(foreign @ Foreign::Unread(_)) = directory.foreign.get()
        {
            self.platform.walk_stopped(DirectoryId(ino), foreign, &[]);
            return Err(Errno::EREMOTE);
        }
        Ok(())
    }

    /// Writes a path without links from the directory `dirfd` to the one that holds `at`, with a
    /// slash after each name. With it, a path that leads out of `at` by `..` can be said without
    /// `at`.
    ///
    /// # Errors
    ///
    /// * `EBADF`, `ENOTDIR`: `dirfd` will not do.
    /// * `EIO`, `ENOTDIR`: `at` is gone since.
    /// * `EXDEV`: `at` is not beneath `dirfd`.
    /// * `ENAMETOOLONG`: the path has [`PATH_MAX`] bytes or more.
    /// * `ENOMEM`: no memory.
    pub fn path_of_parent(
        &self,
        process: &Process,
        dirfd: Fd,
        at: DirectoryId,
    ) -> Result<Vec<u8>, Errno> {
        let start = self.inode_of_fd(process, dirfd)?;
        self.find_inode(at.0).ok_or(Errno::EIO)?.directory()?;
        let mut ino = at.0;
        let mut backwards: Vec<u8> = Vec::new();
        backwards.try_reserve_exact(PATH_MAX)?;
        loop {
            if ino == start || ino == Ino::ROOT {
                return Err(Errno::EXDEV);
            }
            let parent = self.inode(ino)?.directory()?.parent;
            if parent == start {
                break;
            }
            let directory = self.inode(parent)?.directory()?;
            let above = self.inode(directory.parent)?.directory()?;
            let name = above.name_of_child(parent, directory.own_cookie).ok_or(Errno::ENOENT)?;
            if backwards.len() + name.len() + 1 >= PATH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            backwards.push(b'/');
            backwards.extend(name.iter().rev());
            ino = parent;
        }
        backwards.reverse();
        Ok(backwards)
    }

    /// Adds a file of the lower directory to one that is [`Foreign::Unread`]. A name that is there
    /// already hides it; but of two directories the one that is there becomes [`Foreign::Unread`]
    /// too. The directory's times stay. No limit counts what was there already, neither the inode
    /// nor the pages that it had.
    ///
    /// When all are added, [`mark`](Self::mark) it `None`.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    /// * `EINVAL`: the name is empty, `.` or `..`, or has a slash or NUL.
    /// * `ENAMETOOLONG`: it is longer than [`NAME_MAX`].
    /// * `ENOSPC`: no room.
    /// * `EIO`, `ENOTDIR`: the directory is gone since.
    pub fn add_lower(&mut self, to: DirectoryId, file: &LowerFile<'_>) -> Result<(), Errno> {
        if !P::FOREIGN {
            return Err(Errno::EOPNOTSUPP);
        }
        let (parent, name) = (to.0, file.name);
        if matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
            return Err(Errno::EINVAL);
        }
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let directory = self.find_inode(parent).ok_or(Errno::EIO)?.directory()?;
        if let Some(above) = directory.lookup(name) {
            if let LowerKind::Directory(number) = file.kind
                && let Ok(directory) = self.inode_mut(above.ino)?.directory_mut()
                && directory.foreign == ForeignMark::NONE
            {
                directory.foreign = ForeignMark::new(Some(Foreign::Unread(number)));
            }
            return Ok(());
        }
        let (kind, mode) = match file.kind {
            LowerKind::Directory(number) => {
                let mut kind = InodeKind::directory(parent)?;
                if let InodeKind::Directory(directory) = &mut kind {
                    directory.foreign = ForeignMark::new(Some(Foreign::Unread(number)));
                }
                (kind, DIRECTORY_MODE)
            }
            LowerKind::Regular { number, size } => {
                (InodeKind::Regular(FileContents::lower(number, size)), FILE_MODE)
            }
            LowerKind::Symlink(target) => {
                (InodeKind::Symlink(try_copy(target).map_err(|_| Errno::ENOSPC)?), SYMLINK_MODE)
            }
        };
        let mut inode = Inode::new(kind, mode, 0, 0, file.mtime);
        inode.set_atime(file.atime);
        inode.set_ctime(file.ctime);
        // It is as it was before the filesystem, so there is nothing to tell of it.
        inode.flags = InodeFlags::LOWER | InodeFlags::SEALED;
        self.add_named(parent, name, inode).map(|_| ())
    }

    /// Stops a walk that would look something up in `directory`, if its entries are the embedder's.
    ///
    /// # Errors
    ///
    /// `EREMOTE`: they are.
    #[inline]
    pub(crate) fn stop_at_foreign(
        &self,
        process: &Process,
        at: Ino,
        directory: &Directory,
        rest: &[u8],
    ) -> Result<(), Errno> {
        match directory.foreign.get() {
            Some(_) if process.own_tree_only => Ok(()),
            Some(foreign @ (Foreign::Mount(_) | Foreign::Unread(_))) => {
                self.platform.walk_stopped(DirectoryId(at), foreign, rest);
                Err(Errno::EREMOTE)
            }
            _ => Ok(()),
        }
    }

    /// Stops a walk whose path ends at a mount point, unless the caller wants the name itself.
    ///
    /// # Errors
    ///
    /// `EREMOTE`: it does.
    pub(crate) fn stop_at_last_foreign(
        &self,
        process: &Process,
        last: Ino,
        follow: FollowLast,
        trailing_slash: bool,
    ) -> Result<(), Errno> {
        if follow != FollowLast::Never
            && let Ok(directory) = self.inode(last)?.directory()
            && directory.foreign.is_mounted()
        {
            let rest: &[u8] = if trailing_slash { b"/" } else { b"" };
            return self.stop_at_foreign(process, last, directory, rest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
