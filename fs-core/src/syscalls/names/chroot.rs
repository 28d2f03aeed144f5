//! chroot.

use crate::base::credentials::MAY_EXEC;
use crate::base::errno::Errno;
use crate::base::flags::AT_FDCWD;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int chroot(const char *path)`
    ///
    /// Makes a directory the root of the process: absolute paths and absolute symbolic links begin
    /// there, and `..` does not lead out of it. The current directory stays, and so do descriptors:
    /// what is open outside still leads outside (chroot(2)).
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::CHROOT`] is off.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENOTDIR`: it is not a directory.
    /// * `EACCES`: the process may not search it.
    /// * `EPERM`: the process is not the superuser's (`CAP_SYS_CHROOT`).
    pub fn chroot(&mut self, process: &mut Process, path: &[u8]) -> Result<(), Errno> {
        if !P::CHROOT {
            return Err(Errno::ENOSYS);
        }
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::Yes)?;
        let inode = self.inode(ino)?;
        inode.directory()?;
        self.may_access(process, inode, MAY_EXEC)?;
        if P::PERMISSIONS && !process.credentials.is_superuser() {
            return Err(Errno::EPERM);
        }
        self.hold(ino); // for the root directory
        let before = core::mem::replace(&mut process.root, ino);
        self.release(before);
        Ok(())
    }
}
