//! getcwd.

use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::PATH_MAX;
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

/// What comes before the path of a directory that is not below the process's root (getcwd(2)).
const UNREACHABLE: &[u8] = b"(unreachable)";

impl<P: Platform> Fs<P> {
    /// `long getcwd(char *buf, unsigned long size)`
    ///
    /// The path of the current directory with a NUL, as the system call gives it: the answer is its
    /// length, the NUL included. A rename of the directory or of one above it shows. The path is
    /// from the process's root directory on. If the current directory is not below that
    /// ([`chroot`](Self::chroot)), the path is from the filesystem's root on, after
    /// `(unreachable)`.
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
        let root = Self::root_of(process);
        while at != root && at != Ino::ROOT {
            let directory = self.inode(at)?.directory()?;
            let (parent, cookie) = (directory.parent, directory.own_cookie);
            let above = self.inode(parent)?.directory()?;
            let name = above.name_of_child(at, cookie).or_defect()?;
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
        if at != root {
            if backwards.len() + UNREACHABLE.len() > PATH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            backwards.extend(UNREACHABLE.iter().rev());
        }
        if backwards.len() > buf.count() {
            return Err(Errno::ERANGE);
        }
        backwards.reverse();
        buf.copy_to_user(&backwards);
        Ok(backwards.len())
    }
}
