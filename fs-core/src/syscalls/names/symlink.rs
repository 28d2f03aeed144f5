//! symlink, symlinkat.

use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::{AT_FDCWD, Fd, PATH_MAX};
use crate::fs::Fs;
use crate::fs::creation::SlashAllowed;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
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
}
