//! O_TMPFILE: a file without a name, for open and openat2.

use crate::base::credentials::{MAY_EXEC, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags, ResolveFlags};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::fsnotify::ReachedInode;
use crate::fs::path_walk::FollowLast;
use crate::objects::contents::FileContents;
use crate::objects::inode::{InodeFlags, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// The flag of `TMPFILE` without `DIRECTORY` (`__O_TMPFILE`).
pub(crate) const TMPFILE_BIT: OFlags = OFlags::TMPFILE.difference(OFlags::DIRECTORY);

impl<P: Platform> Fs<P> {
    /// Makes a file without a name (`do_tmpfile`).
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: the directory is not there.
    /// * `ENOTDIR`: it is no directory.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EOPNOTSUPP`: it is a directory of descriptors.
    /// * `EACCES`: a file could not be made in it.
    /// * `ENOSPC`: no room.
    pub(crate) fn open_unnamed(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: OFlags,
        mode: u32,
        resolve: ResolveFlags,
    ) -> Result<ReachedInode, Errno> {
        let nofollow = flags.contains(OFlags::NOFOLLOW);
        let follow = if nofollow { FollowLast::No } else { FollowLast::Yes };
        let parent: Ino = self.walk_with(process, dirfd, path, follow, resolve)?.existing()?;
        let directory = self.inode(parent)?;
        directory.directory()?;
        self.want_write()?;
        if directory.directory()?.lists_descriptors {
            return Err(Errno::EOPNOTSUPP);
        }
        self.may_access(process, directory, MAY_WRITE | MAY_EXEC)?;
        let kind = InodeKind::Regular(FileContents::default());
        let mut inode = self.new_inode(process, parent, kind, mode)?;
        inode.flags.set(InodeFlags::LINKABLE, !flags.contains(OFlags::EXCL));
        let ino = self.add_inode(inode)?;
        let place = self.unnamed_place(parent, ino);
        Ok(ReachedInode { ino, place })
    }
}

/// Checks what `TMPFILE` goes with (`build_open_flags`).
///
/// # Errors
///
/// `EINVAL`: `CREAT` with `DIRECTORY`; `TMPFILE` without `DIRECTORY` (so that old kernels fail) or
/// not to be written.
pub(crate) fn check_tmpfile(flags: OFlags) -> Result<(), Errno> {
    let unusable = flags.contains(TMPFILE_BIT)
        && (!flags.contains(OFlags::DIRECTORY) || flags.access_mode() == OFlags::RDONLY);
    if unusable || flags.contains(OFlags::CREAT | OFlags::DIRECTORY) {
        return Err(Errno::EINVAL);
    }
    Ok(())
}
