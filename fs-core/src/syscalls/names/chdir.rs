//! chdir, fchdir, getcwd.

use alloc::vec::Vec;

use crate::base::credentials::MAY_EXEC;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, PATH_MAX};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

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

    /// `long getcwd(char *buf, unsigned long size)`
    ///
    /// The path of the current directory with a NUL, as the system call gives it: the answer is its length, the NUL included. A rename
    /// of the directory or of one above it shows.
    ///
    /// # Errors
    ///
    /// * `ENOENT`: it was removed.
    /// * `ENOMEM`: no memory.
    /// * `ENAMETOOLONG`: its path is longer than [`PATH_MAX`].
    /// * `ERANGE`: the buffer is too small.
    pub fn getcwd(&self, process: &Process, mut buf: impl UserMut<P>) -> Result<usize, Errno> {
        if self.inode(process.cwd)?.nlink == 0 {
            return Err(Errno::ENOENT);
        }
        // From the end, as `prepend_path` does it; turned around at last.
        let mut backwards: Vec<u8> = Vec::new();
        backwards.try_reserve_exact(PATH_MAX)?;
        backwards.push(0);
        let mut at = process.cwd;
        while at != Ino::ROOT {
            let directory = self.inode(at)?.directory()?;
            let (parent, cookie) = (directory.parent, directory.own_cookie);
            let above = self.inode(parent)?.directory()?;
            let name = above.name_of_child(at, cookie).ok_or(Errno::EIO)?;
            if backwards.len() + name.len() + 1 > PATH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            backwards.extend(name.iter().rev());
            backwards.push(b'/');
            at = parent;
        }
        if backwards.len() == 1 {
            backwards.push(b'/');
        }
        if backwards.len() > buf.count() {
            return Err(Errno::ERANGE);
        }
        backwards.reverse();
        buf.copy_to_user(&backwards);
        Ok(backwards.len())
    }
}
