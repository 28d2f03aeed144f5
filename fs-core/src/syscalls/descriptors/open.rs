//! open, creat, openat, openat2, close.

use crate::base::credentials::{MAY_READ, MAY_WRITE};
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, OFlags, PATH_MAX, ResolveFlags};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::fs::fsnotify::ReachedInode;
use crate::fs::path_walk::{FollowLast, Last, NameBuf};
use crate::objects::contents::FileContents;
use crate::objects::file_description::{FileDescription, FileKind, Place};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::descriptors::tmpfile::{TMPFILE_BIT, check_tmpfile};

/// Flags that only say how to open: they are not kept in the description (`do_dentry_open`).
const CREATION_FLAGS: OFlags =
    OFlags::CREAT.union(OFlags::EXCL).union(OFlags::NOCTTY).union(OFlags::TRUNC);

/// Flags that go with `PATH`; openat(2) ignores others.
pub(crate) const O_PATH_FLAGS: OFlags =
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::PATH).union(OFlags::CLOEXEC);

/// What opening found or made.
pub(crate) struct Opened {
    pub(crate) target: ReachedInode,
    pub(crate) created: bool,
    /// What the description is to be open on: the inode, or what it stands in for.
    pub(crate) kind: FileKind,
}

impl Opened {
    /// An inode, opened as what it is.
    pub(crate) fn inode(target: ReachedInode, created: bool) -> Opened {
        Opened { target, created, kind: FileKind::Inode(target.ino) }
    }
}

impl<P: Platform> Fs<P> {
    /// `int openat(int dirfd, const char *pathname, int flags, mode_t mode)`
    ///
    /// Opens a file and gives the lowest free descriptor. `mode` counts only when a file is
    /// created.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `CREAT` with `DIRECTORY`, or `TMPFILE` and not to be written.
    /// * `ENAMETOOLONG`, `ENOENT`: the path is too long or empty.
    /// * `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    /// * What the path walk answers.
    /// * `EISDIR`: `CREAT` with a path that ends in a slash, `.` or `..`, or on a directory
    ///   (`EEXIST` with `EXCL`, but for a slash).
    /// * `ENOENT`: the file is not there, or its directory was removed.
    /// * `EROFS`: the file would have to be created, on a read-only filesystem.
    /// * `EACCES`: the file would have to be created in a directory that may not be written.
    /// * `ENOSPC`: no room for a new file.
    /// * `EEXIST`: `CREAT | EXCL` and the file is there.
    /// * `EACCES`: `CREAT` on somebody else's link, socket or device in a sticky directory that
    ///   everybody may write.
    /// * `ENOTDIR`: `DIRECTORY`, or a slash at the end, and the file is not a directory.
    /// * `ELOOP`: `NOFOLLOW` and the file is a symbolic link.
    /// * `EISDIR`: a directory, to be written.
    /// * `EROFS`: a regular file, to be written, on a read-only filesystem.
    /// * `EACCES`: access to the file is not granted.
    /// * `EPERM`: `NOATIME` on somebody else's file.
    /// * `ENXIO`: the file is a socket or a device without a driver, or a pipe with a name and
    ///   without a reader that is opened `WRONLY | NONBLOCK`.
    /// * `EINVAL`: the file is a pipe, and neither to be read nor to be written.
    /// * `EAGAIN`: the file is a pipe with a name, nobody has the other end open, and `NONBLOCK` is
    ///   not given.
    /// * `EINVAL`: `DIRECT`, and the file is not a regular one.
    pub fn openat(
        &mut self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        flags: OFlags,
        mode: u32,
    ) -> Result<Fd, Errno> {
        let resolve = process.resolve;
        self.do_open(process, dirfd, path, flags, mode, resolve)
    }

    /// `int open(const char *pathname, int flags, mode_t mode)`
    ///
    /// [`openat`](Self::openat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`openat`](Self::openat).
    pub fn open(
        &mut self,
        process: &mut Process,
        path: &[u8],
        flags: OFlags,
        mode: u32,
    ) -> Result<Fd, Errno> {
        self.openat(process, AT_FDCWD, path, flags, mode)
    }

    /// `int creat(const char *pathname, mode_t mode)`
    ///
    /// [`open`](Self::open) with `CREAT | WRONLY | TRUNC`.
    ///
    /// # Errors
    ///
    /// As [`openat`](Self::openat).
    pub fn creat(&mut self, process: &mut Process, path: &[u8], mode: u32) -> Result<Fd, Errno> {
        self.open(process, path, OFlags::CREAT | OFlags::WRONLY | OFlags::TRUNC, mode)
    }

    /// `int open("/proc/self/fd/FD", int flags)`
    ///
    /// Opens once more what a descriptor is open on, which may be only named (`PATH`) or have lost
    /// its name. Linux does it through that magic link; here there is no such name, so the call has
    /// one of its own.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `fd` is not open, or is the embedder's.
    /// * `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    /// * From `EISDIR` on, as [`openat`](Self::openat) of a file that is there.
    pub fn reopen(&mut self, process: &mut Process, fd: Fd, flags: OFlags) -> Result<Fd, Errno> {
        let ino = self.inode_of_fd(process, fd).map_err(|_| Errno::EBADF)?;
        let place = self.description(process, fd)?.place;
        self.open_inode(process, ReachedInode { ino, place }, flags)
    }

    /// Opens what is there already, without a path.
    ///
    /// # Errors
    ///
    /// * `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    /// * From `EISDIR` on, as [`openat`](Self::openat).
    pub(crate) fn open_inode(
        &mut self,
        process: &mut Process,
        target: ReachedInode,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        self.reserve_description(process)?;
        self.check_open(process, target.ino, flags, false)?;
        self.finish_open(process, &Opened::inode(target, false), flags)
    }

    /// `int open_by_handle_at(int mount_fd, struct file_handle *handle, int flags)`
    ///
    /// Opens what has this inode number (`st_ino`), without a path: for an embedder that was told of
    /// it by [`changes`](Self::changes). The handle is the number; the mount is the only one.
    /// DEVIATION: the number may have been given anew since, to something else; a handle of Linux
    /// knows that.
    ///
    /// # Errors
    ///
    /// * `ESTALE`: nothing has this number.
    /// * As [`reopen`](Self::reopen).
    pub fn open_by_ino(
        &mut self,
        process: &mut Process,
        ino: u64,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        let number = ino.checked_sub(1).and_then(|number| u32::try_from(number).ok());
        let ino = Ino(number.ok_or(Errno::ESTALE)?);
        if self.find_inode(ino).is_none_or(Inode::is_grave) {
            return Err(Errno::ESTALE);
        }
        self.open_inode(process, ReachedInode { ino, place: Place::Unknown }, flags)
    }

    /// What openat and openat2 have in common (`do_filp_open`).
    ///
    /// # Errors
    ///
    /// As [`openat`](Self::openat).
    pub(crate) fn do_open(
        &mut self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        flags: OFlags,
        mode: u32,
        resolve: ResolveFlags,
    ) -> Result<Fd, Errno> {
        let flags = match flags.contains(OFlags::PATH) {
            true => flags & O_PATH_FLAGS,
            // A 64-bit kernel forces it (`force_o_largefile`).
            false => flags | OFlags::LARGEFILE,
        };
        check_tmpfile(flags)?;
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        self.reserve_description(process)?;
        let opened = if P::UNNAMED_FILES && flags.contains(TMPFILE_BIT) {
            let target = self.open_unnamed(process, dirfd, path, flags, mode, resolve)?;
            Opened::inode(target, true)
        } else {
            self.open_last(process, dirfd, path, flags, mode, resolve)?
        };
        let result = self.finish_open(process, &opened, flags);
        if P::UNNAMED_FILES && result.is_err() {
            // A file without a name that nobody got to hold.
            self.forget_place(opened.target.place);
            self.free_if_unused(opened.target.ino);
        }
        result
    }

    /// Finds or creates the file (`path_openat` up to `do_open`).
    fn open_last(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        flags: OFlags,
        mode: u32,
        resolve: ResolveFlags,
    ) -> Result<Opened, Errno> {
        let creates = flags.contains(OFlags::CREAT);
        let exclusive = creates && flags.contains(OFlags::EXCL);
        let follow = match (exclusive || flags.contains(OFlags::NOFOLLOW), creates) {
            // A slash after a name to be created is refused before a link there is followed.
            (true, true) => FollowLast::Never,
            (false, true) => FollowLast::UnlessSlash,
            (true, false) => FollowLast::No,
            (false, false) => FollowLast::Yes,
        };
        let walked = self.walk_with(process, dirfd, path, follow, resolve)?;
        if creates && !matches!(walked.last, Last::Name(_)) {
            // It is there, and a directory.
            return Err(if exclusive { Errno::EEXIST } else { Errno::EISDIR });
        }
        if creates && walked.trailing_slash {
            return Err(Errno::EISDIR);
        }
        let Some(ino) = walked.ino else {
            if !creates {
                walked.existing()?;
            }
            let parent = walked.parent;
            let name = NameBuf::new(walked.name(Errno::EISDIR)?)?;
            self.may_create(process, parent)?;
            let contents = InodeKind::Regular(FileContents::default());
            let ino = self.create(process, parent, &name, contents, mode)?;
            let place = self.place_of_last(parent, Last::Name(&name), ino);
            return Ok(Opened::inode(ReachedInode { ino, place }, true));
        };
        if exclusive {
            return Err(Errno::EEXIST);
        }
        if creates && P::PERMISSIONS {
            self.may_create_in_sticky(process, walked.parent, ino)?;
        }
        let trailing_slash = walked.trailing_slash;
        self.check_open(process, ino, flags, trailing_slash)?;
        let place = self.place_of_last(walked.parent, walked.last, ino);
        let mut opened = Opened::inode(ReachedInode { ino, place }, false);
        if P::DEVICES && !flags.contains(OFlags::PATH) {
            opened.kind = self.kind_behind(process, ino, walked.last)?;
        }
        Ok(opened)
    }

    /// Checks that an existing file may be opened so (`do_open`, `may_open`).
    fn check_open(
        &self,
        process: &Process,
        ino: Ino,
        flags: OFlags,
        trailing_slash: bool,
    ) -> Result<(), Errno> {
        let inode = self.inode(ino)?;
        let file_type = inode.file_type();
        if flags.contains(OFlags::CREAT) && file_type == FileType::Directory {
            return Err(Errno::EISDIR);
        }
        let must_be_directory = flags.contains(OFlags::DIRECTORY) || trailing_slash;
        if must_be_directory && file_type != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        if flags.contains(OFlags::PATH) {
            return Ok(());
        }
        // ACC_MODE: access mode 3 asks for both and then grants neither.
        let mut want = match flags.access_mode() {
            OFlags::RDONLY => MAY_READ,
            OFlags::WRONLY => MAY_WRITE,
            _ => MAY_READ | MAY_WRITE,
        };
        if flags.contains(OFlags::TRUNC) {
            want |= MAY_WRITE;
        }
        match file_type {
            FileType::Symlink => return Err(Errno::ELOOP),
            FileType::Directory if want & MAY_WRITE != 0 => return Err(Errno::EISDIR),
            _ => {}
        }
        if want & MAY_WRITE != 0 {
            self.want_write_to(inode)?;
        }
        if P::PERMISSIONS && !process.credentials.is_superuser() {
            self.may_access(process, inode, want)?;
            if flags.contains(OFlags::NOATIME) && !process.credentials.owns(inode.uid) {
                return Err(Errno::EPERM);
            }
        }
        if P::FOREIGN
            && !flags.contains(OFlags::TRUNC)
            && let InodeKind::Regular(contents) = &inode.kind
            && contents.is_out_of_reach()
        {
            return Err(Errno::EOVERFLOW);
        }
        match file_type {
            FileType::Regular | FileType::Directory => Ok(()),
            FileType::Fifo if P::PIPES => Ok(()),
            FileType::CharDevice if P::DEVICES && self.is_device(ino) => Ok(()),
            // No driver and no peer is behind these.
            _ => Err(Errno::ENXIO),
        }
    }

    fn finish_open(
        &mut self,
        process: &mut Process,
        opened: &Opened,
        flags: OFlags,
    ) -> Result<Fd, Errno> {
        let kept = flags - CREATION_FLAGS - OFlags::CLOEXEC;
        let ino = opened.target.ino;
        let mut description = FileDescription::new(opened.kind, kept);
        description.place = opened.target.place;
        if P::PIPES {
            self.open_pipe_end(ino, &mut description)?;
        }
        let cloexec = flags.contains(OFlags::CLOEXEC);
        let fd = match self.install(process, description.clone(), cloexec) {
            Ok(fd) => fd,
            Err(error) => {
                if P::PIPES {
                    self.close_pipe_end(ino, &description);
                }
                return Err(error);
            }
        };
        if P::NOTIFY {
            self.notify_file(self.fdget(process, fd)?, InotifyMask::OPEN);
        }
        if flags.contains(OFlags::TRUNC) && !opened.created && !flags.contains(OFlags::PATH) {
            self.truncate_on_open(process, opened.target)?;
        }
        Ok(fd)
    }
}
