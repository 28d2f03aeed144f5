//! chdir, fchdir.

use crate::base::credentials::MAY_EXEC;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int chdir(const char *path)`
    ///
    /// Makes a directory the one that relative paths begin at.
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENOTDIR`: it is not a directory.
    /// * `EACCES`: the process may not search it.
    pub fn chdir(&mut self, process: &mut Process, path: &[u8]) -> Result<(), Errno> {
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::Yes)?;
        self.set_cwd(process, ino)
    }

    /// `int fchdir(int fd)`
    ///
    /// [`chdir`](Self::chdir) to an open directory, even if the descriptor only names it.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOTDIR`, `EACCES`: as [`chdir`](Self::chdir).
    pub fn fchdir(&mut self, process: &mut Process, fd: Fd) -> Result<(), Errno> {
        let ino = self.inode_of_fd(process, fd)?;
        self.set_cwd(process, ino)
    }

    fn set_cwd(&mut self, process: &mut Process, ino: Ino) -> Result<(), Errno> {
        let inode = self.inode(ino)?;
        inode.directory()?;
        self.may_access(process, inode, MAY_EXEC)?;
        self.hold(ino); // for the current directory
        let before = core::mem::replace(&mut process.cwd, ino);
        self.release(before);
        Ok(())
    }
}
