//! chmod, fchmod, fchmodat, fchmodat2.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::base::stat::{FileType, S_IALLUGO, S_ISGID};
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::attributes::chown::in_group_or_capable;

impl<P: Platform> Fs<P> {
    /// `int fchmodat2(int dirfd, const char *pathname, mode_t mode, unsigned int flags)`
    ///
    /// Sets the permission bits. Set-group-ID is left out when the process is not of the file's
    /// group.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `SYMLINK_NOFOLLOW` and `EMPTY_PATH`.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EOPNOTSUPP`: it is a symbolic link, which has no permissions.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EPERM`: the process does not own it.
    pub fn fchmodat2(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        let target = self.walk_by_flags(process, dirfd, path, flags)?;
        self.change_mode(process, target, mode)
    }

    /// `int fchmodat(int dirfd, const char *pathname, mode_t mode)`
    ///
    /// The system call, which has no flags: [`fchmodat2`](Self::fchmodat2) with none.
    ///
    /// # Errors
    ///
    /// As [`fchmodat2`](Self::fchmodat2).
    pub fn fchmodat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
    ) -> Result<(), Errno> {
        self.fchmodat2(process, dirfd, path, mode, AtFlags::empty())
    }

    /// `int chmod(const char *pathname, mode_t mode)`
    ///
    /// [`fchmodat`](Self::fchmodat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`fchmodat2`](Self::fchmodat2).
    pub fn chmod(&mut self, process: &Process, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.fchmodat(process, AT_FDCWD, path, mode)
    }

    /// `int fchmod(int fd, mode_t mode)`
    ///
    /// [`fchmodat2`](Self::fchmodat2) of an open file.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, only names a file, or is the embedder's.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EPERM`: the process does not own it.
    pub fn fchmod(&mut self, process: &Process, fd: Fd, mode: u32) -> Result<(), Errno> {
        let target = self.target_of_open_fd(process, fd)?;
        self.change_mode(process, target, mode)
    }

    /// `chmod_common` and what it leads to (`notify_change`, `setattr_prepare`, `setattr_copy`).
    fn change_mode(
        &mut self,
        process: &Process,
        target: ReachedInode,
        mode: u32,
    ) -> Result<(), Errno> {
        self.want_write_of(target.ino)?;
        let ino = target.ino;
        let inode = self.inode(ino)?;
        if inode.file_type() == FileType::Symlink {
            return Err(Errno::EOPNOTSUPP);
        }
        let who = &process.credentials;
        if !who.owns(inode.uid) {
            return Err(Errno::EPERM);
        }
        let mut mode = mode & S_IALLUGO;
        if !in_group_or_capable(who, inode.gid) {
            mode &= !S_ISGID;
        }
        let now = self.now();
        let inode = self.inode_to_change(ino)?;
        inode.set_permissions(mode);
        inode.set_ctime(now);
        self.notify_target(target, InotifyMask::ATTRIB, EventData::Other);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{
        AT_FDCWD, AtFlags, Config, Credentials, Errno, Fs, NoContents, OFlags, Process, S_IALLUGO,
    };

    fn fs() -> (Fs<NoContents>, Process) {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut root = fs.spawn(Credentials::ROOT).unwrap();
        fs.umask(&mut root, 0);
        (fs, root)
    }

    fn mode(fs: &Fs<NoContents>, process: &Process, path: &[u8]) -> u32 {
        fs.lstat(process, path).unwrap().st_mode & S_IALLUGO
    }

    #[test]
    fn chown_clears_set_ids_as_the_caller_and_the_group_demand() {
        let owner = Credentials { groups: alloc::vec![7], ..Credentials::user(5, 5) };
        let other = Credentials::user(6, 6);
        // rows: mode and group before; who; owner and group given; answer; mode after
        for (before, gid, who, uid_to, gid_to, answer, after) in [
            (0o6755, 5, &Credentials::ROOT, u32::MAX, u32::MAX, Ok(()), 0o0755),
            (0o6745, 5, &Credentials::ROOT, 1, 1, Ok(()), 0o2745),
            (0o6745, 5, &owner, u32::MAX, 7, Ok(()), 0o2745),
            (0o6745, 9, &owner, 5, 9, Ok(()), 0o0745),
            (0o0745, 5, &owner, 5, 9, Err(Errno::EPERM), 0o0745),
            (0o0745, 5, &owner, 6, u32::MAX, Err(Errno::EPERM), 0o0745),
            (0o4745, 5, &other, u32::MAX, u32::MAX, Err(Errno::EPERM), 0o4745),
            (0o0745, 5, &other, u32::MAX, u32::MAX, Ok(()), 0o0745),
            (0o2745, 6, &other, u32::MAX, u32::MAX, Ok(()), 0o2745),
        ] {
            let (mut fs, mut process) = fs();
            fs.creat(&mut process, b"f", 0).unwrap();
            fs.chown(&process, b"f", 5, gid).unwrap();
            fs.chmod(&process, b"f", before).unwrap();
            process.credentials = who.clone();
            assert_eq!(fs.chown(&process, b"f", uid_to, gid_to), answer, "{before:o} {who:?}");
            assert_eq!(mode(&fs, &process, b"f"), after, "{before:o} {who:?}");
        }
    }

    #[test]
    fn chmod_is_the_owners_and_set_group_id_the_members() {
        let (mut fs, mut process) = fs();
        fs.creat(&mut process, b"f", 0o600).unwrap();
        fs.symlink(&process, b"f", b"l").unwrap();
        fs.chown(&process, b"f", 5, 9).unwrap();
        process.credentials = Credentials::user(6, 9);
        assert_eq!(fs.chmod(&process, b"f", 0o777), Err(Errno::EPERM));
        process.credentials = Credentials::user(5, 5);
        fs.chmod(&process, b"l", 0o7755).unwrap();
        assert_eq!(mode(&fs, &process, b"f"), 0o5755);
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        let answer = fs.fchmodat2(&process, AT_FDCWD, b"l", 0o600, nofollow);
        assert_eq!(answer, Err(Errno::EOPNOTSUPP));
        let answer = fs.fchmodat2(&process, AT_FDCWD, b"l", 0o600, AtFlags::SYMLINK_FOLLOW);
        assert_eq!(answer, Err(Errno::EINVAL));
        let fd = fs.open(&mut process, b"f", OFlags::PATH, 0).unwrap();
        assert_eq!(fs.fchmod(&process, fd, 0o600), Err(Errno::EBADF));
        fs.fchmodat2(&process, fd, b"", 0o600, AtFlags::EMPTY_PATH).unwrap();
        assert_eq!(mode(&fs, &process, b"f"), 0o600);
    }

    #[test]
    fn access_asks_the_real_ids() {
        let (mut fs, mut process) = fs();
        fs.creat(&mut process, b"f", 0o640).unwrap();
        fs.chown(&process, b"f", 5, 5).unwrap();
        process.credentials = Credentials { uid: 6, gid: 5, ..Credentials::user(5, 6) };
        // rows: mode, flags, answer
        for (mode, flags, answer) in [
            (0, AtFlags::empty(), Ok(())),
            (4, AtFlags::empty(), Ok(())),
            (2, AtFlags::empty(), Err(Errno::EACCES)),
            (2, AtFlags::EACCESS, Ok(())),
            (1, AtFlags::EACCESS, Err(Errno::EACCES)),
            (8, AtFlags::empty(), Err(Errno::EINVAL)),
            (0, AtFlags::SYMLINK_FOLLOW, Err(Errno::EINVAL)),
        ] {
            let given = fs.faccessat2(&mut process, AT_FDCWD, b"f", mode, flags);
            assert_eq!(given, answer, "{mode} {flags:?}");
        }
        assert_eq!(process.credentials.euid, 5);
    }
}
