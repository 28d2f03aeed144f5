//! Making an inode with its first name: what mkdir, mknod, symlink, link and open share.
//!
//! Linux: `filename_create` (fs/namei.c) and `inode_init_owner` (fs/inode.c).

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::base::ids::Ino;
use crate::base::stat::{S_IALLUGO, S_ISGID, S_IXGRP};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, NameBuf, Walked};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// Whether a slash may follow a name that is to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlashAllowed {
    /// It may: a directory will be made.
    Yes,
    /// It may not.
    No,
}

impl<P: Platform> Fs<P> {
    /// Prepares to add a name (`filename_create`): the directory and a copy of the name, which is
    /// free. Permission is the caller's to check, with [`may_create`](Self::may_create).
    ///
    /// # Errors
    ///
    /// * What the path walk answers.
    /// * `EEXIST`: the name is `/`, `.` or `..`.
    /// * `ENOENT`: the directory was removed.
    /// * `ENAMETOOLONG`: the name is longer than [`NAME_MAX`](crate::NAME_MAX).
    /// * `EEXIST`: the name is there.
    /// * `ENOENT`: a slash follows the name, and no directory is to be made.
    /// * `EROFS`: the filesystem is read-only.
    pub(crate) fn place_for_new(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        slash_allowed: SlashAllowed,
    ) -> Result<(Ino, NameBuf), Errno> {
        let walked: Walked<'_> = self.walk(process, dirfd, path, FollowLast::Never)?;
        let name = walked.name(Errno::EEXIST)?;
        if !self.inode(walked.parent)?.takes_names() {
            return Err(Errno::ENOENT);
        }
        let name = NameBuf::new(name)?;
        if walked.ino.is_some() {
            return Err(Errno::EEXIST);
        }
        if walked.trailing_slash && slash_allowed == SlashAllowed::No {
            return Err(Errno::ENOENT);
        }
        self.want_write()?;
        Ok((walked.parent, name))
    }

    /// An inode without a name yet, with the owner, group and mode that a file made in `parent`
    /// gets; the umask is applied here (`inode_init_owner`).
    ///
    /// # Errors
    ///
    /// `EIO`: there is no such directory.
    pub(crate) fn new_inode(
        &self,
        process: &Process,
        parent: Ino,
        kind: InodeKind,
        mode: u32,
    ) -> Result<Inode, Errno> {
        let who = &process.credentials;
        let directory = self.inode(parent)?;
        let is_symlink = matches!(kind, InodeKind::Symlink(_));
        let is_directory = matches!(kind, InodeKind::Directory(_));
        let mut mode = if is_symlink { 0o777 } else { mode & S_IALLUGO & !process.umask };
        let mut gid = who.egid;
        if directory.mode() & S_ISGID != 0 {
            gid = directory.gid;
            if is_directory {
                mode |= S_ISGID;
            } else if P::PERMISSIONS
                && mode & (S_ISGID | S_IXGRP) == S_ISGID | S_IXGRP
                && !who.in_group(gid)
                && !who.is_superuser()
            {
                mode &= !S_ISGID;
            }
        }
        Ok(Inode::new(kind, mode, who.euid, gid, self.now()))
    }

    /// Makes an inode and its first name. The name is free and may be added.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no room; nothing has changed.
    pub(crate) fn create(
        &mut self,
        process: &Process,
        parent: Ino,
        name: &[u8],
        kind: InodeKind,
        mode: u32,
    ) -> Result<Ino, Errno> {
        let is_directory = matches!(kind, InodeKind::Directory(_));
        let mut inode = self.new_inode(process, parent, kind, mode)?;
        let now = inode.ctime();
        let (file_type, pages) = (inode.file_type(), inode.pages());
        inode.nlink = if is_directory { 2 } else { 1 }; // for its name, and for "."
        if pages > self.free_pages() {
            return Err(Errno::ENOSPC);
        }
        let ino = self.add_inode(inode)?;
        let directory = self.inode_to_change(parent)?;
        // The counts go before the name: a call may be cut short between the two.
        if is_directory {
            directory.nlink += 1; // for ".." of the new directory
            directory.holds += 1; // for the new directory, which knows it as its parent
        }
        match directory.directory_mut().and_then(|d| d.insert(name, ino, file_type)) {
            Ok(()) => {
                directory.touch(now);
                self.used_pages += pages;
                self.set_newest_home(ino, parent);
                self.notify_create(parent, ino, name);
                Ok(ino)
            }
            Err(error) => {
                // It got no name.
                if is_directory {
                    directory.nlink -= 1; // for ".." of the directory that was not added
                    directory.holds -= 1; // for that directory
                }
                self.inodes.remove(ino.0);
                Err(error)
            }
        }
    }
}
