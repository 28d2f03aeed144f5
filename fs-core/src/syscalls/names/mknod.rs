//! mknod, mknodat: names of pipes, sockets and devices.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd};
use crate::base::stat::{Dev, FileType, S_IFMT};
use crate::fs::Fs;
use crate::fs::creation::SlashAllowed;
use crate::objects::contents::FileContents;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// The character device that marks a removed name in an overlay: anybody may make it
/// (`WHITEOUT_DEV`, include/linux/fs.h).
const WHITEOUT_DEV: Dev = Dev(0);

impl<P: Platform> Fs<P> {
    /// `int mknodat(int dirfd, const char *pathname, mode_t mode, dev_t dev)`
    ///
    /// Makes a regular file, a named pipe, a socket's name or a device node. `dev` counts for
    /// devices only.
    ///
    /// # Errors
    ///
    /// * `EPERM`: the type is a directory. `EINVAL`: it is none that can be made.
    /// * What the path walk answers.
    /// * `EEXIST`: the name is there.
    /// * `ENOENT`: a slash follows the name, or its directory was removed.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EACCES`: that directory may not be written.
    /// * `EPERM`: a device, by a process without `CAP_MKNOD`.
    /// * `ENOSPC`: no room.
    pub fn mknodat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        dev: Dev,
    ) -> Result<(), Errno> {
        let kind = match FileType::from_mode(mode) {
            None if mode & S_IFMT == 0 => InodeKind::Regular(FileContents::default()),
            Some(FileType::Regular) => InodeKind::Regular(FileContents::default()),
            Some(FileType::Fifo) => InodeKind::Fifo(None),
            Some(FileType::Socket) => InodeKind::Socket,
            Some(FileType::CharDevice) => InodeKind::CharDevice(dev),
            Some(FileType::BlockDevice) => InodeKind::BlockDevice(dev),
            Some(FileType::Directory) => return Err(Errno::EPERM),
            _ => return Err(Errno::EINVAL),
        };
        let (parent, name) = self.place_for_new(process, dirfd, path, SlashAllowed::No)?;
        self.may_create(process, parent)?;
        let needs_capability = match kind {
            InodeKind::CharDevice(dev) => dev != WHITEOUT_DEV,
            InodeKind::BlockDevice(_) => true,
            _ => false,
        };
        if needs_capability && !process.credentials.is_superuser() {
            return Err(Errno::EPERM);
        }
        self.create(process, parent, &name, kind, mode).map(|_| ())
    }

    /// `int mknod(const char *pathname, mode_t mode, dev_t dev)`
    ///
    /// [`mknodat`](Self::mknodat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`mknodat`](Self::mknodat).
    pub fn mknod(
        &mut self,
        process: &Process,
        path: &[u8],
        mode: u32,
        dev: Dev,
    ) -> Result<(), Errno> {
        self.mknodat(process, AT_FDCWD, path, mode, dev)
    }
}
