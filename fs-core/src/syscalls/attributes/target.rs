//! Which inode a call that changes attributes means: by path and flags, or by descriptor.

use crate::base::errno::Errno;
use crate::base::flags::{AtFlags, Fd, OFlags};
use crate::fs::Fs;
use crate::fs::fsnotify::ReachedInode;
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::FileKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// The flags that say how to walk.
pub(super) const WALK_FLAGS: AtFlags = AtFlags::SYMLINK_NOFOLLOW.union(AtFlags::EMPTY_PATH);

impl<P: Platform> Fs<P> {
    /// The inode that a call means which takes `SYMLINK_NOFOLLOW` and `EMPTY_PATH`, and no other
    /// flags.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: other flags.
    /// * What the path walk answers; `ENOENT`: it is not there.
    pub(super) fn walk_by_flags(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
    ) -> Result<ReachedInode, Errno> {
        if !(flags - WALK_FLAGS).is_empty() {
            return Err(Errno::EINVAL);
        }
        if path.is_empty() && flags.contains(AtFlags::EMPTY_PATH) {
            if self.is_anonymous(process, dirfd) {
                // anon_inode_setattr
                return Err(Errno::EOPNOTSUPP);
            }
            return self.target_of_fd_or_cwd(process, dirfd);
        }
        let nofollow = flags.contains(AtFlags::SYMLINK_NOFOLLOW);
        let follow = if nofollow { FollowLast::No } else { FollowLast::Yes };
        self.walk_to_target(process, dirfd, path, follow)
    }

    /// What a descriptor that is more than a name is open on (`fdget`).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, only names a file, or is the embedder's.
    pub(super) fn target_of_open_fd(
        &self,
        process: &Process,
        fd: Fd,
    ) -> Result<ReachedInode, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match description.kind {
            FileKind::Inode(ino) => Ok(ReachedInode { ino, place: description.place }),
            FileKind::Foreign(_) => Err(Errno::EBADF),
            // The inode that all of these share has no operations (`anon_inode_setattr`).
            FileKind::Inotify(_) | FileKind::Eventfd(_) => Err(Errno::EOPNOTSUPP),
        }
    }
}
