//! getdents, getdents64, and readdir for embedders with a record of their own.

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::directory::FIRST_COOKIE;
use crate::objects::directory_entry::DirEntryView;
use crate::objects::file_description::{FileKind, OpenFile};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

impl<P: Platform> Fs<P> {
    /// `ssize_t getdents64(int fd, void *dirp, size_t count)`
    ///
    /// Reads entries as `struct linux_dirent64` records, in the order in which they were added, `.`
    /// and `..` first. An entry's `d_off` is where the next one begins: lseek(2) takes it, whatever
    /// has come or gone since.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `ENOTDIR`: it is not a directory.
    /// * `ENOENT`: the directory was removed.
    /// * `EINVAL`: `count` is too small for the next record.
    pub fn getdents64(
        &mut self,
        process: &Process,
        fd: Fd,
        dirp: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        self.read_records(process, fd, dirp, |entry, dirp| entry.write_linux_dirent64(dirp))
    }

    /// `long getdents(unsigned int fd, struct linux_dirent *dirp, unsigned int count)`
    ///
    /// [`getdents64`](Self::getdents64) with the older record, `struct linux_dirent`: the type is
    /// its last byte.
    ///
    /// # Errors
    ///
    /// As [`getdents64`](Self::getdents64).
    pub fn getdents(
        &mut self,
        process: &Process,
        fd: Fd,
        dirp: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        self.read_records(process, fd, dirp, |entry, dirp| entry.write_linux_dirent(dirp))
    }

    /// Reads entries with `write`, which writes one as a record if there is room for it.
    fn read_records<U: UserMut<P>>(
        &mut self,
        process: &Process,
        fd: Fd,
        mut dirp: U,
        write: impl Fn(&DirEntryView<'_>, &mut U) -> bool,
    ) -> Result<usize, Errno> {
        let file = self.fdget(process, fd)?;
        let description = self.file(file)?;
        if description.flags.contains(crate::base::flags::OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let mut offset = description.offset;
        let before = dirp.count();
        let mut full = false;
        self.iterate_dir(process, file, offset, |entry| {
            full = !write(entry, &mut dirp);
            if !full {
                offset = entry.next_offset;
            }
            !full
        })?;
        let bytes = before - dirp.count();
        if bytes == 0 && full {
            return Err(Errno::EINVAL);
        }
        self.file_mut(file)?.offset = offset;
        self.notify_file(file, InotifyMask::ACCESS);
        Ok(bytes)
    }

    /// Hands the entries of an open directory from `offset` on to `visit` until that answers
    /// `false`. The file offset is neither used nor moved: this is getdents64 for embedders with
    /// another record layout.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open.
    /// * `ENOTDIR`: it is not a directory.
    /// * `ENOENT`: the directory was removed.
    pub fn readdir(
        &self,
        process: &Process,
        fd: Fd,
        offset: u64,
        visit: impl FnMut(&DirEntryView<'_>) -> bool,
    ) -> Result<(), Errno> {
        self.iterate_dir(process, self.fdget(process, fd)?, offset, visit)
    }

    /// [`readdir`](Self::readdir) of an open file. The process is whoever looks: where the names
    /// are descriptors, they are its own.
    ///
    /// # Errors
    ///
    /// As [`readdir`](Self::readdir).
    pub fn iterate_dir(
        &self,
        process: &Process,
        file: OpenFile,
        offset: u64,
        mut visit: impl FnMut(&DirEntryView<'_>) -> bool,
    ) -> Result<(), Errno> {
        let FileKind::Inode(ino) = self.file(file)?.kind else {
            return Err(Errno::ENOTDIR);
        };
        let inode = self.inode(ino)?;
        let directory = inode.directory()?;
        if inode.nlink == 0 {
            return Err(Errno::ENOENT);
        }
        let dots = [(&b"."[..], ino), (&b".."[..], directory.parent)];
        for (cookie, (name, ino)) in (0u64..).zip(dots) {
            let next_offset = cookie + 1;
            let view = DirEntryView {
                ino: ino.st_ino(),
                next_offset,
                file_type: FileType::Directory,
                name,
            };
            if cookie >= offset && !visit(&view) {
                return Ok(());
            }
        }
        if P::DEVICES && directory.lists_descriptors {
            self.read_descriptors(process, offset, visit);
            return Ok(());
        }
        let from = u32::try_from(offset).unwrap_or(u32::MAX).max(FIRST_COOKIE);
        for (cookie, name, entry) in directory.iter_from(from) {
            let view = DirEntryView {
                ino: entry.ino.st_ino(),
                next_offset: u64::from(cookie) + 1,
                file_type: entry.file_type,
                name,
            };
            if !visit(&view) {
                break;
            }
        }
        Ok(())
    }
}
