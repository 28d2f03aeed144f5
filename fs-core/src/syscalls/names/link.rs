//! link, linkat.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::fs::Fs;
use crate::fs::creation::SlashAllowed;
use crate::fs::path_walk::FollowLast;
use crate::objects::inode::{Home, InodeFlags};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

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
    /// * `ENOENT`: the old file has no name any more (or never had one, and was opened with
    ///   `TMPFILE | EXCL`).
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
            if self.is_anonymous(process, olddirfd) {
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
        if inode.nlink == 0 && !inode.flags.contains(InodeFlags::LINKABLE) {
            return Err(Errno::ENOENT);
        }
        let is_first = inode.nlink == 0;
        let file_type = inode.file_type();
        if !is_first {
            self.reserve_inode()?;
        }
        let now = self.now();
        self.reserve_home()?;
        // The count goes before the name: a call that is cut short between the two leaves no name
        // that is not counted.
        self.inode_mut(ino)?.nlink += 1; // for the new name
        let directory = self.inode_to_change(parent)?;
        if let Err(error) = directory.directory_mut()?.insert(&name, ino, file_type) {
            self.inode_mut(ino)?.nlink -= 1; // for the name that was not added
            return Err(error);
        }
        let cookie = directory.directory()?.last_cookie();
        directory.touch(now);
        self.add_home(ino, Home { parent, cookie });
        let inode = self.inode_to_change(ino)?;
        inode.flags.remove(InodeFlags::LINKABLE);
        inode.set_ctime(now);
        self.further_links += u32::from(!is_first);
        self.notify_inode(ino, InotifyMask::ATTRIB);
        self.notify_create(parent, ino, &name);
        Ok(())
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
}
