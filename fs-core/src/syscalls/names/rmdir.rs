//! rmdir; unlinkat comes here with `AT_REMOVEDIR`.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, Last, NameBuf};
use crate::fs::permissions::Victim;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
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
        // The name goes before the counts: a call that is cut short between the two leaves no name
        // that leads nowhere.
        let (directory, note) = self.directory_for_removal(parent, &name)?;
        let removed = directory.remove(&name, note);
        let directory = self.inode_mut(parent)?;
        directory.nlink -= 1; // for ".." of the removed directory
        directory.touch(now);
        let inode = self.inode_to_change(ino)?;
        inode.nlink = 0; // its name and its "." go
        inode.set_ctime(now);
        self.remove_place(ino, parent, removed.map_or(0, |entry| entry.cookie()), &name);
        self.free_if_unused(ino);
        self.notify_name(parent, InotifyMask::DELETE | InotifyMask::ISDIR, &name, 0);
        Ok(())
    }
}
