//! What a process may do to an inode.
//!
//! Linux: `inode_permission`, `may_create` and `may_delete` (fs/namei.c). The rule of the
//! permission bits themselves is [`Credentials::may_access`](crate::Credentials).

use crate::base::credentials::{MAY_EXEC, MAY_READ, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::stat::{FileType, S_ISGID, S_ISUID, S_ISVTX, S_IWOTH, S_IXGRP};
use crate::fs::Fs;
use crate::objects::inode::Inode;
use crate::objects::process::Process;
use crate::platform::Platform;

/// What is to be removed, as the caller of [`Fs::may_delete`] takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

impl<P: Platform> Fs<P> {
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

    /// Checks search permission on a directory (`may_lookup`).
    ///
    /// # Errors
    ///
    /// `EACCES`: the process may not.
    #[inline]
    pub(crate) fn may_search(&self, process: &Process, directory: &Inode) -> Result<(), Errno> {
        if !P::PERMISSIONS || process.credentials.is_superuser() {
            return Ok(());
        }
        self.may_access(process, directory, MAY_EXEC)
    }

    /// Whether a name may be added to a directory (`may_create`).
    ///
    /// # Errors
    ///
    /// * `ENOENT`: the directory was removed.
    /// * `EACCES`: it may not be written and searched.
    pub(crate) fn may_create(&self, process: &Process, parent: Ino) -> Result<(), Errno> {
        let directory = self.inode(parent)?;
        if !directory.takes_names() {
            return Err(Errno::ENOENT);
        }
        self.may_access(process, directory, MAY_WRITE | crate::base::credentials::MAY_EXEC)
    }

    /// Checks that `CREAT` on a file that is there already is not a trap (`may_create_in_sticky`).
    /// Directories are refused elsewhere, regular files and pipes let through, as with
    /// `/proc/sys/fs/protected_regular` and `protected_fifos` at their default, 0.
    ///
    /// # Errors
    ///
    /// `EACCES`: the file, in a sticky directory that everybody may write, belongs neither to the
    /// process nor to the directory's owner.
    pub(crate) fn may_create_in_sticky(
        &self,
        process: &Process,
        parent: Ino,
        ino: Ino,
    ) -> Result<(), Errno> {
        const STICKY_FOR_ALL: u32 = S_ISVTX | S_IWOTH;
        let (directory, inode) = (self.inode(parent)?, self.inode(ino)?);
        let harmless = directory.mode() & STICKY_FOR_ALL != STICKY_FOR_ALL
            || matches!(
                inode.file_type(),
                FileType::Regular | FileType::Fifo | FileType::Directory
            )
            || inode.uid == directory.uid
            || inode.uid == process.credentials.euid;
        if harmless { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Whether a name may be removed (`may_delete`).
    ///
    /// # Errors
    ///
    /// * `EPERM`: the directory's names are descriptors.
    /// * `EACCES`: it may not be written and searched.
    /// * `EPERM`: it is sticky, and neither it nor the victim belongs to the process.
    /// * `ENOTDIR`, `EISDIR`: the victim is no directory or is one, against `expected`.
    /// * `EBUSY`: the embedder's directories begin there, as at a mount point
    ///   (`is_local_mountpoint`).
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

    /// Whether a process may give a file a further name (`may_linkat`).
    ///
    /// # Errors
    ///
    /// `EPERM`: it may not.
    pub(crate) fn may_link(&self, process: &Process, inode: &Inode) -> Result<(), Errno> {
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
}
