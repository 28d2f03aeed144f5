//! setxattr, getxattr, listxattr, removexattr, with their `l` and `f` forms.
//!
//! tmpfs has the namespaces `user.`, `trusted.` and `security.`. `user.` is for regular files and
//! directories and follows their permissions; the others are for any kind of file, and for the
//! superuser to set.
//!
//! DEVIATION: no access control lists (`system.posix_acl_*`) and no file capabilities
//! (`security.capability`): setting one is `EOPNOTSUPP`.

use bitflags::bitflags;

use crate::base::credentials::{MAY_READ, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, OFlags};
use crate::base::ids::Ino;
use crate::base::stat::{FileType, S_ISVTX};
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::fs::fsnotify::{EventData, ReachedInode};
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::FileKind;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::objects::xattr::space_bytes;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};

/// The longest name of an attribute, in bytes (`XATTR_NAME_MAX`, limits.h).
const XATTR_NAME_MAX: usize = 255;

/// The largest value of an attribute, in bytes (`XATTR_SIZE_MAX`).
const XATTR_SIZE_MAX: usize = 65_536;

/// The longest list of names, in bytes (`XATTR_LIST_MAX`).
const XATTR_LIST_MAX: usize = 65_536;

/// The attributes that hold access control lists.
const ACL_NAMES: [&[u8]; 2] = [b"system.posix_acl_access", b"system.posix_acl_default"];

bitflags! {
    /// Flags of setxattr(2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct XattrFlags: u32 {
        /// Fail if the attribute is there.
        const CREATE = 1;
        /// Fail if it is not.
        const REPLACE = 2;
        // Unknown bits are kept: the calls answer EINVAL for them.
        const _ = !0;
    }
}

/// The part of a name before its first dot, with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    User,
    Trusted,
    Security,
    System,
    Other,
}

impl Namespace {
    fn of(name: &[u8]) -> Namespace {
        let prefixes: [(&[u8], Namespace); 4] = [
            (b"user.", Namespace::User),
            (b"trusted.", Namespace::Trusted),
            (b"security.", Namespace::Security),
            (b"system.", Namespace::System),
        ];
        let found = prefixes.iter().find(|(prefix, _)| name.starts_with(prefix));
        found.map_or(Namespace::Other, |&(_, namespace)| namespace)
    }

    /// Whether tmpfs has attributes with this name (`xattr_resolve_name`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: nothing follows the dot.
    /// * `EOPNOTSUPP`: tmpfs does not have it.
    fn resolve(self, name: &[u8]) -> Result<(), Errno> {
        match self {
            Namespace::System | Namespace::Other => Err(Errno::EOPNOTSUPP),
            _ if name.last() == Some(&b'.') && name.iter().filter(|&&b| b == b'.').count() == 1 => {
                Err(Errno::EINVAL)
            }
            _ => Ok(()),
        }
    }
}

/// Whether an attribute is to be read or changed (`MAY_READ`, `MAY_WRITE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

/// `import_xattr_name`.
///
/// # Errors
///
/// * `ERANGE`: the name is empty or too long.
/// * `EINVAL`: it has a NUL.
fn check_name(name: &[u8]) -> Result<(), Errno> {
    if name.is_empty() || name.len() > XATTR_NAME_MAX {
        return Err(Errno::ERANGE);
    }
    // DEVIATION: the kernel cannot be handed such a name.
    if name.contains(&0) { Err(Errno::EINVAL) } else { Ok(()) }
}

/// `setxattr_copy`.
///
/// # Errors
///
/// `EINVAL`, `ERANGE`, `E2BIG`: as [`Fs::setxattr`].
fn check_set(name: &[u8], value: &impl UserRef, flags: XattrFlags) -> Result<(), Errno> {
    if !(flags - XattrFlags::CREATE - XattrFlags::REPLACE).is_empty() {
        return Err(Errno::EINVAL);
    }
    check_name(name)?;
    if value.count() > XATTR_SIZE_MAX { Err(Errno::E2BIG) } else { Ok(()) }
}

impl<P: Platform> Fs<P> {
    /// `int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)`
    ///
    /// Sets an attribute of a file.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: flags but `CREATE` and `REPLACE`.
    /// * `ERANGE`: the name is empty or longer than 255 bytes.
    /// * `E2BIG`: the value is larger than 64 KiB.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EPERM`: `trusted.` or `security.`, and not the superuser; `user.`, and the file is
    ///   neither regular nor a directory, or is a sticky directory of somebody else's.
    /// * `EACCES`: the file may not be written (not asked for `trusted.` and `security.`).
    /// * `EOPNOTSUPP`: another namespace. `EINVAL`: nothing follows the namespace.
    /// * `ENOSPC`: no room left in what the limit of inodes allows.
    /// * `EEXIST`: `CREATE`, and it is there. `ENODATA`: `REPLACE`, and it is not.
    /// * `ENOMEM`: no memory.
    pub fn setxattr(
        &mut self,
        process: &Process,
        path: &[u8],
        name: &[u8],
        value: impl UserRef,
        flags: XattrFlags,
    ) -> Result<(), Errno> {
        check_set(name, &value, flags)?;
        let target = self.walk_to_target(process, AT_FDCWD, path, FollowLast::Yes)?;
        self.set_xattr(process, target, name, value, flags)
    }

    /// `int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)`
    ///
    /// [`setxattr`](Self::setxattr) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`setxattr`](Self::setxattr).
    pub fn lsetxattr(
        &mut self,
        process: &Process,
        path: &[u8],
        name: &[u8],
        value: impl UserRef,
        flags: XattrFlags,
    ) -> Result<(), Errno> {
        check_set(name, &value, flags)?;
        let target = self.walk_to_target(process, AT_FDCWD, path, FollowLast::No)?;
        self.set_xattr(process, target, name, value, flags)
    }

    /// `int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)`
    ///
    /// [`setxattr`](Self::setxattr) of an open file, however it was opened.
    ///
    /// # Errors
    ///
    /// As [`setxattr`](Self::setxattr); instead of the walk's, `EBADF`: `fd` is not open, or only
    /// names a file.
    pub fn fsetxattr(
        &mut self,
        process: &Process,
        fd: Fd,
        name: &[u8],
        value: impl UserRef,
        flags: XattrFlags,
    ) -> Result<(), Errno> {
        check_set(name, &value, flags)?;
        let target = self.xattr_target(process, fd, name, Purpose::Write)?;
        self.set_xattr(process, target, name, value, flags)
    }

    /// `ssize_t getxattr(const char *path, const char *name, void *value, size_t size)`
    ///
    /// Reads an attribute and says how long it is; with an empty buffer it only says so.
    ///
    /// # Errors
    ///
    /// * `ERANGE`: the name is empty or longer than 255 bytes.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENODATA`: `trusted.`, and not the superuser; `user.`, and the file is neither regular nor
    ///   a directory.
    /// * `EACCES`: the file may not be read (not asked for `trusted.` and `security.`).
    /// * `EOPNOTSUPP`: another namespace. `EINVAL`: nothing follows the namespace.
    /// * `ENODATA`: the file does not have it.
    /// * `ERANGE`: the buffer is too small.
    pub fn getxattr(
        &self,
        process: &Process,
        path: &[u8],
        name: &[u8],
        value: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        check_name(name)?;
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::Yes)?;
        self.get_xattr(process, ino, name, value)
    }

    /// `ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)`
    ///
    /// [`getxattr`](Self::getxattr) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`getxattr`](Self::getxattr).
    pub fn lgetxattr(
        &self,
        process: &Process,
        path: &[u8],
        name: &[u8],
        value: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        check_name(name)?;
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::No)?;
        self.get_xattr(process, ino, name, value)
    }

    /// `ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)`
    ///
    /// [`getxattr`](Self::getxattr) of an open file.
    ///
    /// # Errors
    ///
    /// As [`getxattr`](Self::getxattr); instead of the walk's, `EBADF`: `fd` is not open, or only
    /// names a file.
    pub fn fgetxattr(
        &self,
        process: &Process,
        fd: Fd,
        name: &[u8],
        value: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        check_name(name)?;
        let target = self.xattr_target(process, fd, name, Purpose::Read)?;
        self.get_xattr(process, target.ino, name, value)
    }

    /// `ssize_t listxattr(const char *path, char *list, size_t size)`
    ///
    /// Writes the names of all attributes, each with a NUL after it, and says how many bytes that
    /// is; with an empty buffer it only says so. `trusted.` ones are there for the superuser only.
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ERANGE`: the buffer is too small. `E2BIG`: so would any be, for there are more than 64
    ///   KiB.
    pub fn listxattr(
        &self,
        process: &Process,
        path: &[u8],
        list: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::Yes)?;
        self.list_xattrs(process, ino, list)
    }

    /// `ssize_t llistxattr(const char *path, char *list, size_t size)`
    ///
    /// [`listxattr`](Self::listxattr) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`listxattr`](Self::listxattr).
    pub fn llistxattr(
        &self,
        process: &Process,
        path: &[u8],
        list: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let ino = self.walk_to(process, AT_FDCWD, path, FollowLast::No)?;
        self.list_xattrs(process, ino, list)
    }

    /// `ssize_t flistxattr(int fd, char *list, size_t size)`
    ///
    /// [`listxattr`](Self::listxattr) of an open file.
    ///
    /// # Errors
    ///
    /// As [`listxattr`](Self::listxattr); instead of the walk's, `EBADF`: `fd` is not open, or only
    /// names a file.
    pub fn flistxattr(
        &self,
        process: &Process,
        fd: Fd,
        list: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        match description.kind {
            FileKind::Inode(ino) => self.list_xattrs(process, ino, list),
            // It has none.
            FileKind::Anonymous(_) => Ok(0),
            FileKind::Foreign(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// `int removexattr(const char *path, const char *name)`
    ///
    /// Removes an attribute.
    ///
    /// # Errors
    ///
    /// As [`setxattr`](Self::setxattr); `ENODATA`: the file does not have it.
    pub fn removexattr(
        &mut self,
        process: &Process,
        path: &[u8],
        name: &[u8],
    ) -> Result<(), Errno> {
        check_name(name)?;
        let target = self.walk_to_target(process, AT_FDCWD, path, FollowLast::Yes)?;
        self.remove_xattr(process, target, name)
    }

    /// `int lremovexattr(const char *path, const char *name)`
    ///
    /// [`removexattr`](Self::removexattr) of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As [`removexattr`](Self::removexattr).
    pub fn lremovexattr(
        &mut self,
        process: &Process,
        path: &[u8],
        name: &[u8],
    ) -> Result<(), Errno> {
        check_name(name)?;
        let target = self.walk_to_target(process, AT_FDCWD, path, FollowLast::No)?;
        self.remove_xattr(process, target, name)
    }

    /// `int fremovexattr(int fd, const char *name)`
    ///
    /// [`removexattr`](Self::removexattr) of an open file, however it was opened.
    ///
    /// # Errors
    ///
    /// As [`removexattr`](Self::removexattr); instead of the walk's, `EBADF`: `fd` is not open, or
    /// only names a file.
    pub fn fremovexattr(&mut self, process: &Process, fd: Fd, name: &[u8]) -> Result<(), Errno> {
        check_name(name)?;
        let target = self.xattr_target(process, fd, name, Purpose::Write)?;
        self.remove_xattr(process, target, name)
    }

    /// The file that a descriptor is open on, whose attribute is to be used.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EOPNOTSUPP`: it is the embedder's.
    /// * As [`may_use_xattr`](Self::may_use_xattr), or else `EOPNOTSUPP`: it is an inotify
    ///   instance.
    fn xattr_target(
        &self,
        process: &Process,
        fd: Fd,
        name: &[u8],
        purpose: Purpose,
    ) -> Result<ReachedInode, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        if description.kind.is_anonymous() && Namespace::of(name) != Namespace::Security {
            // The inode that all instances share: the superuser's, mode 0600, neither a regular
            // file nor a directory. Security modules leave it alone (`IS_PRIVATE`).
            let anonymous = Inode::new(InodeKind::Socket, 0o600, 0, 0, Timespec::EPOCH);
            self.may_use_xattr(process, &anonymous, name, purpose)?;
        }
        Self::target_of(description).ok_or(Errno::EOPNOTSUPP)
    }

    /// Whether the process may use an attribute of this name so (`xattr_permission`), and tmpfs has
    /// it.
    ///
    /// # Errors
    ///
    /// As [`setxattr`](Self::setxattr) and [`getxattr`](Self::getxattr).
    fn may_use_xattr(
        &self,
        process: &Process,
        inode: &Inode,
        name: &[u8],
        purpose: Purpose,
    ) -> Result<(), Errno> {
        let who = &process.credentials;
        let namespace = Namespace::of(name);
        let refused = Err(if purpose == Purpose::Write { Errno::EPERM } else { Errno::ENODATA });
        let is_directory = inode.is_directory();
        match namespace {
            Namespace::System | Namespace::Security => {}
            Namespace::Trusted if who.is_superuser() => {}
            Namespace::Trusted => return refused,
            Namespace::User if !is_directory && inode.file_type() != FileType::Regular => {
                return refused;
            }
            Namespace::User
                if is_directory
                    && inode.mode() & S_ISVTX != 0
                    && purpose == Purpose::Write
                    && !who.owns(inode.uid) =>
            {
                return Err(Errno::EPERM);
            }
            Namespace::User | Namespace::Other => {
                let want = if purpose == Purpose::Write { MAY_WRITE } else { MAY_READ };
                self.may_access(process, inode, want)?;
            }
        }
        // cap_inode_setxattr, cap_inode_removexattr
        if namespace == Namespace::Security && purpose == Purpose::Write && !who.is_superuser() {
            return Err(Errno::EPERM);
        }
        if !P::XATTRS || P::PIPES && self.is_anonymous_pipe(inode) {
            // Neither has pipefs attributes at all.
            return Err(Errno::EOPNOTSUPP);
        }
        namespace.resolve(name)
    }

    fn set_xattr(
        &mut self,
        process: &Process,
        target: ReachedInode,
        name: &[u8],
        mut value: impl UserRef,
        flags: XattrFlags,
    ) -> Result<(), Errno> {
        self.want_write_of(target.ino)?;
        let ino = target.ino;
        self.may_use_xattr(process, self.inode(ino)?, name, Purpose::Write)?;
        if name == b"security.capability" {
            return Err(Errno::EOPNOTSUPP);
        }
        let len = value.count();
        let space = space_bytes(name, len);
        if P::LIMITS && self.config.max_inodes != 0 && self.free_inode_space() <= space {
            return Err(Errno::ENOSPC);
        }
        let is_there = self.extension(ino).is_some_and(|all| all.xattrs.get(name).is_some());
        if is_there && flags.contains(XattrFlags::CREATE) {
            return Err(Errno::EEXIST);
        }
        if !is_there && flags.contains(XattrFlags::REPLACE) {
            return Err(Errno::ENODATA);
        }
        let mut bytes = alloc::vec::Vec::new();
        bytes.try_reserve_exact(len)?;
        bytes.resize(len, 0);
        value.copy_from_user(&mut bytes);
        self.note_xattrs(ino)?;
        let set = self.extend(ino)?.xattrs.set(name, bytes.into_boxed_slice());
        if set.is_err() {
            self.trim_extension(ino);
        }
        let before = set?.map_or(0, |before| space_bytes(name, before.len()));
        self.xattr_space = self.xattr_space + space - before;
        self.xattrs_changed(target)
    }

    fn remove_xattr(
        &mut self,
        process: &Process,
        target: ReachedInode,
        name: &[u8],
    ) -> Result<(), Errno> {
        self.want_write_of(target.ino)?;
        let ino = target.ino;
        self.may_use_xattr(process, self.inode(ino)?, name, Purpose::Write)?;
        if self.extension(ino).is_some_and(|all| all.xattrs.get(name).is_some()) {
            self.note_xattrs(ino)?;
        }
        let removed = self.extension_mut(ino).and_then(|all| all.xattrs.remove(name));
        let removed = removed.ok_or(Errno::ENODATA)?;
        self.xattr_space -= space_bytes(name, removed.len());
        self.trim_extension(ino);
        self.xattrs_changed(target)
    }

    fn xattrs_changed(&mut self, target: ReachedInode) -> Result<(), Errno> {
        let now = self.now();
        self.inode_to_change(target.ino)?.set_ctime(now);
        self.notify_target(target, InotifyMask::ATTRIB, EventData::Other);
        Ok(())
    }

    fn get_xattr(
        &self,
        process: &Process,
        ino: Ino,
        name: &[u8],
        mut value: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        if P::XATTRS && ACL_NAMES.contains(&name) {
            // No file has any.
            return Err(Errno::ENODATA);
        }
        self.may_use_xattr(process, self.inode(ino)?, name, Purpose::Read)?;
        let held = self.extension(ino).and_then(|all| all.xattrs.get(name));
        let held = held.ok_or(Errno::ENODATA)?;
        if value.count() > 0 {
            if held.len() > value.count() {
                return Err(Errno::ERANGE);
            }
            value.copy_to_user(held);
        }
        Ok(held.len())
    }

    fn list_xattrs(
        &self,
        process: &Process,
        ino: Ino,
        mut list: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let Some(extension) = self.extension(ino) else { return Ok(0) };
        let trusted = process.credentials.is_superuser();
        let seen = |name: &&[u8]| trusted || Namespace::of(name) != Namespace::Trusted;
        let bytes = extension.xattrs.names().filter(seen).map(|name| name.len() + 1).sum();
        let room = list.count();
        if room == 0 {
            return Ok(bytes);
        }
        if bytes > room.min(XATTR_LIST_MAX) {
            return Err(if room >= XATTR_LIST_MAX { Errno::E2BIG } else { Errno::ERANGE });
        }
        for name in extension.xattrs.names().filter(seen) {
            list.copy_to_user(name);
            list.clear_user(1);
        }
        Ok(bytes)
    }
}
