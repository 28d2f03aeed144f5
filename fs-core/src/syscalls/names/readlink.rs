//! readlink, readlinkat.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

impl<P: Platform> Fs<P> {
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
            if self.is_anonymous(process, dirfd) {
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
}
