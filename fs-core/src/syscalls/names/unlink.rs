//! unlink, unlinkat.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, NameBuf};
use crate::fs::permissions::Victim;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int unlinkat(int dirfd, const char *pathname, int flags)`
    ///
    /// Removes a name; with `REMOVEDIR`, an empty directory. The file goes when neither a name nor
    /// a descriptor is left.
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
        let (directory, note) = self.directory_for_removal(parent, &name)?;
        let removed = directory.remove(&name, note);
        self.inode_mut(parent)?.touch(now);
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
}
