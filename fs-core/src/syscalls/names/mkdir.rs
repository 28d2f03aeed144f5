//! mkdir, mkdirat.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::base::stat::S_ISVTX;
use crate::fs::Fs;
use crate::fs::creation::SlashAllowed;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int mkdirat(int dirfd, const char *pathname, mode_t mode)`
    ///
    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// * What the path walk answers.
    /// * `EEXIST`: the name is there, or is `/`, `.` or `..`.
    /// * `ENOENT`: the directory it would be in was removed.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EACCES`: that directory may not be written.
    /// * `ENOSPC`: no room.
    pub fn mkdirat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
    ) -> Result<(), Errno> {
        let (parent, name) = self.place_for_new(process, dirfd, path, SlashAllowed::Yes)?;
        self.may_create(process, parent)?;
        // vfs_mkdir passes permission bits and the sticky bit on, nothing else.
        let mode = mode & (0o777 | S_ISVTX);
        let kind = InodeKind::directory(parent)?;
        self.create(process, parent, &name, kind, mode).map(|_| ())
    }

    /// `int mkdir(const char *pathname, mode_t mode)`
    ///
    /// [`mkdirat`](Self::mkdirat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`mkdirat`](Self::mkdirat).
    pub fn mkdir(&mut self, process: &Process, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.mkdirat(process, AT_FDCWD, path, mode)
    }
}
