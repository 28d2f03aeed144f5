//! chdir, fchdir.

use crate::base::credentials::MAY_EXEC;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::inode::{Inode, InodeKind};
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

    /// Leaves the tree, which no process can do by itself: the current directory becomes one that has
    /// no name, as after rmdir(2), so what is looked for there is `ENOENT`. For an embedder that gives
    /// a program no directory.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub fn leave_tree(&mut self, process: &mut Process) -> Result<(), Errno> {
        let directory = InodeKind::directory(Ino::ROOT)?;
        let ino = self.add_inode(Inode::new(directory, 0o755, 0, 0, self.now()))?;
        self.hold(Ino::ROOT); // for the new directory, which knows it as its parent
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{Config, Credentials, Errno, Fs, NoContents, OFlags};

    #[test]
    fn nothing_is_found_outside_of_the_tree() {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::user(0, 0)).unwrap();
        fs.mkdir(&process, b"/d", 0o755).unwrap();
        fs.leave_tree(&mut process).unwrap();
        assert_eq!(fs.open(&mut process, b"d", OFlags::RDONLY, 0), Err(Errno::ENOENT));
        assert_eq!(fs.mkdir(&process, b"e", 0o755), Err(Errno::ENOENT));
        let mut path = [0_u8; 16];
        assert_eq!(fs.getcwd(&process, &mut path[..]), Err(Errno::ENOENT));
        fs.check_invariants(&[&process]).unwrap();
        fs.chdir(&mut process, b"/d").unwrap();
        fs.check_invariants(&[&process]).unwrap();
        assert_eq!(fs.usage().inodes, 2);
    }
}
