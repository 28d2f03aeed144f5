//! chmod, chown and their forms, access, umask.

use core::mem::{replace, swap};

use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd, OFlags};
use crate::base::stat::{FileType, S_IALLUGO, S_IRWXUGO, S_ISGID, S_ISUID, S_IXGRP};
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::FileKind;
use crate::objects::inode::Inode;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

/// Stands for "leave it" in place of an owner or group: `(uid_t) -1` (chown(2)).
const UNCHANGED: u32 = u32::MAX;

/// Every bit of the `mode` word of access(2) (`S_IRWXO`).
const ACCESS_BITS: u32 = 0o7;

impl<P: Platform> Fs<P> {
    /// `int fchmodat2(int dirfd, const char *pathname, mode_t mode, unsigned int flags)`
    ///
    /// Sets the permission bits. Set-group-ID is left out when the process is not of the file's group.
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
        let inode = self.inode_mut(ino)?;
        inode.set_permissions(mode);
        inode.set_ctime(now);
        self.notify_target(target, InotifyMask::ATTRIB, EventData::Other);
        Ok(())
    }

    /// `int fchownat(int dirfd, const char *pathname, uid_t owner, gid_t group, int flags)`
    ///
    /// Sets owner and group; `u32::MAX` leaves one as it is. What is not a directory loses set-user-ID, and set-group-ID
    /// too if the group may execute it.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `SYMLINK_NOFOLLOW` and `EMPTY_PATH`.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EPERM`: a new owner, by anybody but the superuser (or the owner, who may "change" to himself).
    /// * `EPERM`: a new group, by anybody but the superuser or the owner being of that group.
    /// * `EPERM`: a set-id bit would go, and the process does not own the file.
    pub fn fchownat(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        owner: u32,
        group: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        let target = self.walk_by_flags(process, dirfd, path, flags)?;
        self.change_owner(process, target, owner, group)
    }

    /// `int chown(const char *pathname, uid_t owner, gid_t group)`
    ///
    /// [`fchownat`](Self::fchownat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`fchownat`](Self::fchownat).
    pub fn chown(
        &mut self,
        process: &Process,
        path: &[u8],
        owner: u32,
        group: u32,
    ) -> Result<(), Errno> {
        self.fchownat(process, AT_FDCWD, path, owner, group, AtFlags::empty())
    }

    /// `int lchown(const char *pathname, uid_t owner, gid_t group)`
    ///
    /// [`chown`](Self::chown) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`fchownat`](Self::fchownat).
    pub fn lchown(
        &mut self,
        process: &Process,
        path: &[u8],
        owner: u32,
        group: u32,
    ) -> Result<(), Errno> {
        self.fchownat(process, AT_FDCWD, path, owner, group, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// `int fchown(int fd, uid_t owner, gid_t group)`
    ///
    /// [`fchownat`](Self::fchownat) of an open file.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, only names a file, or is the embedder's.
    /// * `EPERM`: as [`fchownat`](Self::fchownat).
    pub fn fchown(
        &mut self,
        process: &Process,
        fd: Fd,
        owner: u32,
        group: u32,
    ) -> Result<(), Errno> {
        let target = self.target_of_open_fd(process, fd)?;
        self.change_owner(process, target, owner, group)
    }

    /// `chown_common` and what it leads to (`notify_change`, `setattr_prepare`, `setattr_copy`).
    fn change_owner(
        &mut self,
        process: &Process,
        target: ReachedInode,
        owner: u32,
        group: u32,
    ) -> Result<(), Errno> {
        self.want_write_of(target.ino)?;
        let ino = target.ino;
        let inode = self.inode(ino)?;
        let who = &process.credentials;
        let is_owner = who.euid == inode.uid;
        let may_chown = owner == UNCHANGED || (is_owner && owner == inode.uid);
        let may_chgrp =
            group == UNCHANGED || (is_owner && (group == inode.gid || who.in_group(group)));
        if !(who.is_superuser() || may_chown && may_chgrp) {
            return Err(Errno::EPERM);
        }
        let uid = if owner == UNCHANGED { inode.uid } else { owner };
        let gid = if group == UNCHANGED { inode.gid } else { group };
        let mode = mode_after_chown(inode, gid, who);
        // ATTR_MODE is asked for only if a bit goes.
        if mode != inode.mode() && !who.owns(inode.uid) {
            return Err(Errno::EPERM);
        }
        let now = self.now();
        let inode = self.inode_mut(ino)?;
        let mode_changed = mode != inode.mode();
        (inode.uid, inode.gid) = (uid, gid);
        inode.set_permissions(mode);
        inode.set_ctime(now);
        if owner != UNCHANGED || group != UNCHANGED || mode_changed {
            self.notify_target(target, InotifyMask::ATTRIB, EventData::Other);
        }
        Ok(())
    }

    /// `int faccessat2(int dirfd, const char *pathname, int mode, int flags)`
    ///
    /// Whether the process may read (4), write (2) or execute (1) a file, or with mode 0 whether it is there.
    /// The real ids are asked, also on the way; with `EACCESS` the effective ones.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: a mode beyond 7; flags but `EACCESS`, `SYMLINK_NOFOLLOW` and `EMPTY_PATH`.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EACCES`: it may not.
    pub fn faccessat2(
        &self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if mode & !ACCESS_BITS != 0 || !(flags - AtFlags::EACCESS - WALK_FLAGS).is_empty() {
            return Err(Errno::EINVAL);
        }
        if flags.contains(AtFlags::EACCESS) {
            return self.check_access(process, dirfd, path, mode, flags - AtFlags::EACCESS);
        }
        // access_override_creds: real ids take the place of the effective ones for the whole call.
        let Credentials { uid, gid, .. } = process.credentials;
        let euid = replace(&mut process.credentials.euid, uid);
        let egid = replace(&mut process.credentials.egid, gid);
        let answer = self.check_access(process, dirfd, path, mode, flags);
        (process.credentials.euid, process.credentials.egid) = (euid, egid);
        answer
    }

    /// `int faccessat(int dirfd, const char *pathname, int mode)`
    ///
    /// The system call, which has no flags: [`faccessat2`](Self::faccessat2) with none.
    ///
    /// # Errors
    ///
    /// As [`faccessat2`](Self::faccessat2).
    pub fn faccessat(
        &self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
    ) -> Result<(), Errno> {
        self.faccessat2(process, dirfd, path, mode, AtFlags::empty())
    }

    /// `int access(const char *pathname, int mode)`
    ///
    /// [`faccessat`](Self::faccessat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`faccessat2`](Self::faccessat2).
    pub fn access(&self, process: &mut Process, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.faccessat(process, AT_FDCWD, path, mode)
    }

    fn check_access(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if path.is_empty()
            && flags.contains(AtFlags::EMPTY_PATH)
            && (flags - WALK_FLAGS).is_empty()
            && self.is_inotify(process, dirfd)
        {
            // The inode that all instances share: the superuser's, mode 0600.
            let granted = process.credentials.may_access(0o600, 0, 0, mode, false);
            return if granted { Ok(()) } else { Err(Errno::EACCES) };
        }
        let target = self.walk_by_flags(process, dirfd, path, flags)?;
        self.may_access(process, self.inode(target.ino)?, mode)
    }

    /// `mode_t umask(mode_t mask)`
    ///
    /// Sets the permission bits that new files do not get; returns those of before.
    pub fn umask(&self, process: &mut Process, mask: u32) -> u32 {
        let mut before = mask & S_IRWXUGO;
        swap(&mut process.umask, &mut before);
        before
    }

    /// The inode that a call means which takes `SYMLINK_NOFOLLOW` and `EMPTY_PATH`, and no other flags.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: other flags.
    /// * What the path walk answers; `ENOENT`: it is not there.
    fn walk_by_flags(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: AtFlags,
    ) -> Result<ReachedInode, Errno> {
        if !(flags - WALK_FLAGS).is_empty() {
            return Err(Errno::EINVAL);
        }
        if path.is_empty() && flags.contains(AtFlags::EMPTY_PATH) {
            if self.is_inotify(process, dirfd) {
                // anon_inode_setattr
                return Err(Errno::EOPNOTSUPP);
            }
            return self.target_of_fd_or_cwd(process, dirfd);
        }
        let nofollow = flags.contains(AtFlags::SYMLINK_NOFOLLOW);
        let follow = if nofollow { FollowLast::No } else { FollowLast::Yes };
        self.walk_to_target(process, dirfd, path, follow)
    }

    /// What a descriptor that is more than a name is open on (`fdget`).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, only names a file, or is the embedder's.
    fn target_of_open_fd(&self, process: &Process, fd: Fd) -> Result<ReachedInode, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match description.kind {
            FileKind::Inode(ino) => Ok(ReachedInode { ino, place: description.place }),
            FileKind::Foreign(_) => Err(Errno::EBADF),
            // The inode that all of these share has no operations (`anon_inode_setattr`).
            FileKind::Inotify(_) => Err(Errno::EOPNOTSUPP),
        }
    }
}

/// The flags that say how to walk.
const WALK_FLAGS: AtFlags = AtFlags::SYMLINK_NOFOLLOW.union(AtFlags::EMPTY_PATH);

/// Whether `who` may give a file of this group the set-group-ID bit (`in_group_or_capable`).
fn in_group_or_capable(who: &Credentials, gid: u32) -> bool {
    who.in_group(gid) || who.is_superuser()
}

/// The mode that a file has after its group became `gid` by a chown of `who`'s (`ATTR_KILL_SUID`,
/// `setattr_should_drop_sgid`, and the set-group-ID rule of `setattr_copy`).
fn mode_after_chown(inode: &Inode, gid: u32, who: &Credentials) -> u32 {
    let mode = inode.mode();
    if inode.is_directory() {
        return mode;
    }
    let mut kept = mode & !S_ISUID;
    if mode & S_IXGRP != 0 || !in_group_or_capable(who, inode.gid) {
        kept &= !S_ISGID;
    }
    if kept != mode && !in_group_or_capable(who, gid) {
        kept &= !S_ISGID;
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{
        AT_FDCWD, AtFlags, Config, Credentials, Errno, Fs, NoImage, OFlags, Process, S_IALLUGO,
    };

    fn fs() -> (Fs<NoImage>, Process) {
        let mut fs = Fs::new(NoImage::default(), Config::default()).unwrap();
        let mut root = fs.spawn(Credentials::ROOT).unwrap();
        fs.umask(&mut root, 0);
        (fs, root)
    }

    fn mode(fs: &Fs<NoImage>, process: &Process, path: &[u8]) -> u32 {
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
