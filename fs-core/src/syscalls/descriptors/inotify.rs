//! inotify_init, inotify_add_watch, inotify_rm_watch, and reading events.

use crate::base::credentials::MAY_READ;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, OFlags};
use crate::base::ids::{Ino, InotifyId};
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::{AnonymousFile, FileDescription, FileKind};
use crate::objects::inotify::{Inotify, InotifyMask, KEPT_BITS, KNOWN_BITS, Watch};
use crate::objects::process::Process;
use crate::platform::Platform;

/// How many instances a user may have (`/proc/sys/fs/inotify/max_user_instances`).
const MAX_USER_INSTANCES: usize = 128;

impl<P: Platform> Fs<P> {
    /// `int inotify_init1(int flags)`
    ///
    /// Makes an instance: a descriptor to read events from.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::NOTIFY`] is off.
    /// * `EINVAL`: flags but `CLOEXEC` and `NONBLOCK`.
    /// * `EMFILE`: the user has 128 instances, or no descriptor left.
    /// * `ENOMEM`: no memory.
    pub fn inotify_init1(&mut self, process: &mut Process, flags: OFlags) -> Result<Fd, Errno> {
        if !P::NOTIFY {
            return Err(Errno::ENOSYS);
        }
        if !(flags - OFlags::CLOEXEC - OFlags::NONBLOCK).is_empty() {
            return Err(Errno::EINVAL);
        }
        let owner = process.credentials.euid;
        let instances = (0..self.inotifies.bound()).filter_map(|n| self.inotifies.get(n));
        if instances.filter(|inotify| inotify.owner == owner).count() >= MAX_USER_INSTANCES {
            return Err(Errno::EMFILE);
        }
        let id = InotifyId(self.inotifies.insert(Inotify::new(owner)?)?);
        let kept = flags & OFlags::NONBLOCK;
        let description =
            FileDescription::new(FileKind::Anonymous(AnonymousFile::Inotify(id)), kept);
        let fd = self.install(process, description, flags.contains(OFlags::CLOEXEC));
        if fd.is_err() {
            self.inotifies.remove(id.0);
        }
        fd
    }

    /// `int inotify_init(void)`
    ///
    /// [`inotify_init1`](Self::inotify_init1) without flags.
    ///
    /// # Errors
    ///
    /// As [`inotify_init1`](Self::inotify_init1).
    pub fn inotify_init(&mut self, process: &mut Process) -> Result<Fd, Errno> {
        self.inotify_init1(process, OFlags::empty())
    }

    /// `int inotify_add_watch(int fd, const char *pathname, uint32_t mask)`
    ///
    /// Watches a file or directory, or changes for what it is watched; says the watch descriptor.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::NOTIFY`] is off.
    /// * `EINVAL`: the mask is empty or has unknown bits.
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: `MASK_ADD` with `MASK_CREATE`; `fd` is not an instance.
    /// * What the path walk answers; `ENOENT`: it is not there; `ENOTDIR`: `ONLYDIR`, and it is not
    ///   a directory.
    /// * `EACCES`: it may not be read.
    /// * `EEXIST`: `MASK_CREATE`, and the instance watches it already.
    /// * `ENOSPC`: no watch descriptor left.
    /// * `ENOMEM`: no memory.
    pub fn inotify_add_watch(
        &mut self,
        process: &Process,
        fd: Fd,
        path: &[u8],
        mask: InotifyMask,
    ) -> Result<i32, Errno> {
        if !P::NOTIFY {
            return Err(Errno::ENOSYS);
        }
        if mask.is_empty() || !(mask - KNOWN_BITS).is_empty() {
            return Err(Errno::EINVAL);
        }
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let FileKind::Anonymous(AnonymousFile::Inotify(id)) = description.kind else {
            return Err(Errno::EINVAL);
        };
        if mask.contains(InotifyMask::MASK_ADD | InotifyMask::MASK_CREATE) {
            return Err(Errno::EINVAL);
        }
        let follow =
            if mask.contains(InotifyMask::DONT_FOLLOW) { FollowLast::No } else { FollowLast::Yes };
        let ino = self.walk_to(process, AT_FDCWD, path, follow)?;
        let inode = self.inode(ino)?;
        if mask.contains(InotifyMask::ONLYDIR) && !inode.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        self.may_access(process, inode, MAY_READ)?;
        self.update_watch(id, ino, mask)
    }

    /// `inotify_update_watch`.
    fn update_watch(&mut self, id: InotifyId, ino: Ino, mask: InotifyMask) -> Result<i32, Errno> {
        let kept = mask & KEPT_BITS;
        let watches = self.extension_mut(ino).map(|extension| &mut extension.watches);
        let watch = watches.and_then(|all| all.iter_mut().find(|watch| watch.inotify == id));
        if let Some(watch) = watch {
            if mask.contains(InotifyMask::MASK_CREATE) {
                return Err(Errno::EEXIST);
            }
            let before = if mask.contains(InotifyMask::MASK_ADD) {
                watch.mask
            } else {
                InotifyMask::empty()
            };
            watch.mask = before | kept;
            return Ok(watch.wd);
        }
        let reserved = self.extend(ino)?.watches.try_reserve(1);
        let inotify = self.inotifies.get_mut(id.0).ok_or(Errno::EBADF)?;
        let wd = match reserved {
            Ok(()) => inotify.add_watch(ino),
            Err(_) => Err(Errno::ENOMEM),
        };
        match wd {
            Ok(wd) => self.extend(ino)?.watches.push(Watch { inotify: id, wd, mask: kept }),
            Err(_) => self.trim_extension(ino),
        }
        wd
    }

    /// `int inotify_rm_watch(int fd, int wd)`
    ///
    /// Removes a watch. An `IGNORED` event follows.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::NOTIFY`] is off.
    /// * `EBADF`: `fd` is not open, or only names a file.
    /// * `EINVAL`: it is not an instance, or `wd` is none of its watches.
    pub fn inotify_rm_watch(&mut self, process: &Process, fd: Fd, wd: i32) -> Result<(), Errno> {
        if !P::NOTIFY {
            return Err(Errno::ENOSYS);
        }
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let FileKind::Anonymous(AnonymousFile::Inotify(id)) = description.kind else {
            return Err(Errno::EINVAL);
        };
        let inotify = self.inotifies.get(id.0).ok_or(Errno::EINVAL)?;
        let ino = inotify.watched(wd).ok_or(Errno::EINVAL)?;
        self.remove_watch(ino, Watch { inotify: id, wd, mask: InotifyMask::empty() });
        Ok(())
    }
}
