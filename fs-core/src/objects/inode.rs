//! Inodes: metadata, link count and what kind of object it is.
//!
//! Linux: `struct inode`. The number is the place in the inode table; it is given again after
//! the inode is gone (tmpfs counts on and wraps).

use alloc::boxed::Box;

use bitflags::bitflags;

use crate::base::credentials::{Credentials, drop_set_ids};
use crate::base::errno::Errno;
use crate::base::fallible::TryBox;
use crate::base::ids::{ExtensionId, Ino, NO_DESCRIPTION, PipeId};
use crate::base::stat::{Dev, FileType, S_IALLUGO, S_ISGID, S_ISUID};
use crate::base::time::{PackedTime, Timespec};
use crate::objects::contents::FileContents;
use crate::objects::directory::Directory;
use crate::platform::Platform;

/// A symbolic link's target with its NUL that tmpfs stores outside of a page (`SHORT_SYMLINK_LEN`,
/// mm/shmem.c).
const SHORT_SYMLINK_BYTES: usize = 128;

/// What an inode is, with what only that kind has.
#[derive(Debug)]
pub(crate) enum InodeKind {
    /// A regular file.
    Regular(FileContents),
    /// A directory. Apart, for most inodes are files, which are smaller.
    Directory(TryBox<Directory>),
    /// A symbolic link and its target, 1 to 4095 bytes without NUL.
    Symlink(Box<[u8]>),
    /// A pipe. While it is open, its buffers.
    Fifo(Option<PipeId>),
    /// The name of a socket.
    Socket,
    /// A character device node.
    CharDevice(Dev),
    /// A block device node.
    BlockDevice(Dev),
}

impl InodeKind {
    /// An empty directory below `parent`.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub(crate) fn directory(parent: Ino) -> Result<InodeKind, Errno> {
        let directory = TryBox::new(Directory::new(parent)).map_err(|_| Errno::ENOSPC)?;
        Ok(InodeKind::Directory(directory))
    }
}

bitflags! {
    /// What is true of an inode beside its metadata.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct InodeFlags: u8 {
        /// It may get a name although it has none: it was made without (`I_LINKABLE`).
        const LINKABLE = 1 << 0;
        /// It was there before the filesystem, in a lower directory: no limit counts it (only where
        /// [`Platform::FOREIGN`]).
        const LOWER = 1 << 1;
        /// It is of the sealed tree, or of a lower directory. Its number is never given again (only
        /// where [`Platform::CHANGES`]).
        const SEALED = 1 << 2;
        /// There is nothing to note before it changes: it was noted, or is not of the sealed tree.
        const NOTED = 1 << 3;
        /// Its extended attributes are not those of the sealed tree.
        const XATTRS_CHANGED = 1 << 4;
        /// It is of the sealed tree and was freed: only its number is still taken, and what it was
        /// like is kept.
        const GRAVE = 1 << 5;
    }
}

/// A name of an inode: the entry with this cookie in this directory. It may lead elsewhere by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) parent: Ino,
    pub(crate) cookie: u32,
}

impl Home {
    /// None: no entry has this cookie.
    pub(crate) const NONE: Home = Home { parent: Ino::ROOT, cookie: 0 };
}

/// An inode.
#[derive(Debug)]
pub(crate) struct Inode {
    /// Permission, set-id and sticky bits; the type is in `kind`.
    pub(crate) permissions: u16,
    pub(crate) flags: InodeFlags,
    /// How many names lead here: entries, and for a directory its own `.` and its children's `..`.
    pub(crate) nlink: u32,
    /// How many open file descriptions, current directories, mappings and child directories hold
    /// it. It is freed when this and `nlink` are zero.
    pub(crate) holds: u32,
    /// The owner.
    pub(crate) uid: u32,
    /// The group.
    pub(crate) gid: u32,
    atime: PackedTime,
    mtime: PackedTime,
    ctime: PackedTime,
    btime: PackedTime,
    /// Its attributes, locks, watches and mappings, if it has any.
    pub(crate) extension: ExtensionId,
    /// The description of it that was opened last (only where [`Platform::NOTIFY`]).
    pub(crate) first_description: u32,
    /// Its first name, if it still has that (only where [`Platform::CHANGES`]; of a directory the
    /// [`Directory`] knows it).
    first_name: Home,
    /// The rest.
    pub(crate) kind: InodeKind,
}

impl Inode {
    /// An inode without a name, all of whose times are `now`.
    pub(crate) fn new(
        kind: InodeKind,
        permissions: u32,
        uid: u32,
        gid: u32,
        now: Timespec,
    ) -> Inode {
        let now = PackedTime::from(now);
        Inode {
            permissions: (permissions & S_IALLUGO) as u16,
            flags: InodeFlags::NOTED,
            nlink: 0,
            holds: 0,
            uid,
            gid,
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
            extension: ExtensionId::NONE,
            first_description: NO_DESCRIPTION,
            first_name: Home::NONE,
            kind,
        }
    }

    /// The type.
    pub(crate) fn file_type(&self) -> FileType {
        match self.kind {
            InodeKind::Regular(_) => FileType::Regular,
            InodeKind::Directory(_) => FileType::Directory,
            InodeKind::Symlink(_) => FileType::Symlink,
            InodeKind::Fifo(_) => FileType::Fifo,
            InodeKind::Socket => FileType::Socket,
            InodeKind::CharDevice(_) => FileType::CharDevice,
            InodeKind::BlockDevice(_) => FileType::BlockDevice,
        }
    }

    /// Type and permission bits (`i_mode`).
    pub(crate) fn mode(&self) -> u32 {
        self.file_type().mode_bits() | u32::from(self.permissions)
    }

    /// Sets the permission, set-id and sticky bits.
    pub(crate) fn set_permissions(&mut self, mode: u32) {
        self.permissions = (mode & S_IALLUGO) as u16;
    }

    /// Whether it is a directory.
    pub(crate) fn is_directory(&self) -> bool {
        matches!(self.kind, InodeKind::Directory(_))
    }

    /// Whether it is a directory from which on everything is the embedder's.
    pub(crate) fn is_mount_point(&self) -> bool {
        self.directory().is_ok_and(|directory| directory.foreign.is_mount_point())
    }

    /// Whether it is a directory that was not read from the embedder's yet. How many directories it
    /// has nobody knows then: its link count is 1, as that of a merged directory of Linux's
    /// overlayfs.
    pub(crate) fn is_unread(&self) -> bool {
        self.directory().is_ok_and(|directory| directory.foreign.is_unread())
    }

    /// Its first name.
    pub(crate) fn home(&self) -> Home {
        match &self.kind {
            InodeKind::Directory(directory) => {
                Home { parent: directory.parent, cookie: directory.own_cookie }
            }
            _ => self.first_name,
        }
    }

    /// Notes its first name. A directory knows the directory that it is in already.
    pub(crate) fn set_home(&mut self, home: Home) {
        match &mut self.kind {
            InodeKind::Directory(directory) => directory.own_cookie = home.cookie,
            _ => self.first_name = home,
        }
    }

    /// Whether it was in a lower directory before the filesystem.
    pub(crate) fn is_lower(&self) -> bool {
        self.flags.contains(InodeFlags::LOWER)
    }

    /// Whether it is of the sealed tree.
    pub(crate) fn is_sealed(&self) -> bool {
        self.flags.contains(InodeFlags::SEALED)
    }

    /// Whether it was freed and only its number is still taken.
    pub(crate) fn is_grave(&self) -> bool {
        self.flags.contains(InodeFlags::GRAVE)
    }

    /// Whether names may be added to it, a directory: it was not removed, and its names are not
    /// those of descriptors.
    pub(crate) fn takes_names(&self) -> bool {
        self.nlink > 0 && self.directory().is_ok_and(|directory| !directory.lists_descriptors)
    }

    /// How many pages its contents take: `st_blocks` in units of
    /// [`FS_PAGE_BYTES`](crate::FS_PAGE_BYTES).
    pub(crate) fn pages(&self) -> u64 {
        match &self.kind {
            InodeKind::Regular(contents) => contents.data_pages(),
            InodeKind::Symlink(target) if target.len() >= SHORT_SYMLINK_BYTES => 1,
            _ => 0,
        }
    }

    /// How many of its [`pages`](Self::pages) count against the limit of bytes.
    pub(crate) fn charged_pages<P: Platform>(&self) -> u64 {
        match &self.kind {
            InodeKind::Regular(contents) => contents.charged_pages::<P>(),
            _ if P::FOREIGN && self.is_lower() => 0,
            _ => self.pages(),
        }
    }

    /// The directory that it is.
    ///
    /// # Errors
    ///
    /// `ENOTDIR`: it is not one.
    pub(crate) fn directory(&self) -> Result<&Directory, Errno> {
        match &self.kind {
            InodeKind::Directory(directory) => Ok(directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// As [`directory`](Self::directory).
    ///
    /// # Errors
    ///
    /// `ENOTDIR`: it is not one.
    pub(crate) fn directory_mut(&mut self) -> Result<&mut Directory, Errno> {
        match &mut self.kind {
            InodeKind::Directory(directory) => Ok(directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// The time of the last access.
    pub(crate) fn atime(&self) -> Timespec {
        self.atime.into()
    }

    /// The time of the last change of the contents.
    pub(crate) fn mtime(&self) -> Timespec {
        self.mtime.into()
    }

    /// The time of the last change of the metadata.
    pub(crate) fn ctime(&self) -> Timespec {
        self.ctime.into()
    }

    /// The time of creation.
    pub(crate) fn btime(&self) -> Timespec {
        self.btime.into()
    }

    /// Sets the time of the last access.
    pub(crate) fn set_atime(&mut self, time: Timespec) {
        self.atime = time.into();
    }

    /// Sets the time of the last change of the contents.
    pub(crate) fn set_mtime(&mut self, time: Timespec) {
        self.mtime = time.into();
    }

    /// Sets the time of the last change of the metadata.
    pub(crate) fn set_ctime(&mut self, time: Timespec) {
        self.ctime = time.into();
    }

    /// Notes a change of the contents, which is one of the metadata too (`inode_set_mtime_to_ts`
    /// and ctime).
    pub(crate) fn touch(&mut self, now: Timespec) {
        self.mtime = now.into();
        self.ctime = now.into();
    }

    /// Clears the set-id bits that a change by `who` clears (`file_remove_privs`).
    pub(crate) fn drop_set_ids(&mut self, who: &Credentials) {
        if u32::from(self.permissions) & (S_ISUID | S_ISGID) != 0 && !who.is_superuser() {
            let kept = drop_set_ids(u32::from(self.permissions), self.gid, who);
            self.set_permissions(kept);
        }
    }
}
