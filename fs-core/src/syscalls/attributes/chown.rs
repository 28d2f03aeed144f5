//! chown, fchown, lchown, fchownat.

use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::base::stat::{S_ISGID, S_ISUID, S_IXGRP};
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::objects::inode::Inode;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

/// Stands for "leave it" in place of an owner or group: `(uid_t) -1` (chown(2)).
const UNCHANGED: u32 = u32::MAX;

impl<P: Platform> Fs<P> {
    /// `int fchownat(int dirfd, const char *pathname, uid_t owner, gid_t group, int flags)`
    ///
    /// Sets owner and group; `u32::MAX` leaves one as it is. What is not a directory loses
    /// set-user-ID, and set-group-ID too if the group may execute it.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `SYMLINK_NOFOLLOW` and `EMPTY_PATH`.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EROFS`: the filesystem is read-only.
    /// * `EPERM`: a new owner, by anybody but the superuser (or the owner, who may "change" to
    ///   himself).
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
        let inode = self.inode_to_change(ino)?;
        let mode_changed = mode != inode.mode();
        (inode.uid, inode.gid) = (uid, gid);
        inode.set_permissions(mode);
        inode.set_ctime(now);
        if owner != UNCHANGED || group != UNCHANGED || mode_changed {
            self.notify_target(target, InotifyMask::ATTRIB, EventData::Other);
        }
        Ok(())
    }
}

/// Whether `who` may give a file of this group the set-group-ID bit (`in_group_or_capable`).
pub(super) fn in_group_or_capable(who: &Credentials, gid: u32) -> bool {
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
