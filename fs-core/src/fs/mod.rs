//! The filesystem: its tables, and what the calls have in common.
//!
//! Linux: `struct super_block` with the system-wide tables. The calls themselves are in
//! [`crate::syscalls`], a file for each family.

use crate::base::config::Config;
use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::slab::Slab;
use crate::base::time::Timespec;
use crate::objects::address_space::AddressSpace;
use crate::objects::change_log::ChangeLog;
use crate::objects::extension::InodeExtension;
use crate::objects::file_description::{FileDescription, RemovedName};
use crate::objects::inode::{Inode, InodeFlags, InodeKind};
use crate::objects::inotify::Inotify;
use crate::objects::pipe::Pipe;
use crate::platform::Platform;

pub(crate) mod address_spaces;
pub(crate) mod changes;
pub(crate) mod creation;
pub(crate) mod descriptions;
pub(crate) mod embedder;
pub(crate) mod extensions;
pub(crate) mod fsnotify;
pub(crate) mod invariants;
pub(crate) mod kinds;
pub(crate) mod lifetime;
pub(crate) mod path_walk;
pub(crate) mod permissions;
pub(crate) mod placing;
pub(crate) mod populate;
pub(crate) mod program_mappings;
pub(crate) mod superblock;

/// Inodes that stand in for what has none. They stay, and no limit counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StandIns {
    /// For the names themselves.
    pub(crate) link: Ino,
    /// For what is the embedder's.
    pub(crate) foreign: Ino,
}

/// A filesystem in memory.
///
/// The system calls are its methods. Each takes the calling [`Process`](crate::Process) first and
/// then what the call of that name takes on Linux; errors are [`Errno`].
#[derive(Debug)]
pub struct Fs<P: Platform> {
    /// The embedder's side.
    pub(crate) platform: P,
    /// The settings.
    pub(crate) config: Config,
    /// Every inode, by number.
    pub(crate) inodes: Slab<Inode>,
    /// Every open file description.
    pub(crate) descriptions: Slab<FileDescription>,
    /// Pages that files take in all and that limits count, in units of
    /// [`FS_PAGE_BYTES`](crate::FS_PAGE_BYTES).
    pub(crate) used_pages: u64,
    /// Every pipe that is open.
    pub(crate) pipes: Slab<Pipe>,
    /// How many inodes never had a name: pipes, and stand-ins. The limit does not count them.
    pub(crate) anonymous_inodes: u32,
    /// How many inodes were there before the filesystem, in lower directories. The limit does not
    /// count them either.
    pub(crate) lower_inodes: u32,
    /// How many names files have beyond their first: each counts as an inode (`shmem_link`).
    pub(crate) further_links: u32,
    /// The rare parts of inodes.
    pub(crate) extensions: Slab<InodeExtension>,
    /// What extended attributes count against the limit of inodes, in bytes.
    pub(crate) xattr_space: u64,
    /// Every inotify instance.
    pub(crate) inotifies: Slab<Inotify>,
    /// Names that were removed while they were open.
    pub(crate) removed_names: Slab<RemovedName>,
    /// The address spaces of processes that have mapped something.
    pub(crate) spaces: Slab<AddressSpace>,
    /// The cookie of the last rename that was told of.
    pub(crate) rename_cookie: u32,
    /// The number of the last process that was made; only where there are record locks.
    pub(crate) last_pid: i32,
    /// By which inodes descriptors are known, once a directory lists them.
    pub(crate) stand_ins: Option<StandIns>,
    /// What differs from the sealed tree.
    pub(crate) changes: ChangeLog,
    /// How many inodes are only there for their numbers, which the sealed tree had. The limit does
    /// not count them.
    pub(crate) graves: u32,
}

impl<P: Platform> Fs<P> {
    /// An empty filesystem: a root directory, owned by the superuser.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub fn new(platform: P, config: Config) -> Result<Fs<P>, Errno> {
        let now = platform.current_time();
        let directory = InodeKind::directory(Ino::ROOT).map_err(|_| Errno::ENOMEM)?;
        let mut root = Inode::new(directory, config.root_mode, 0, 0, now);
        root.nlink = 2; // for "." and for being the root
        root.holds = 1; // for the filesystem itself
        root.flags = InodeFlags::SEALED; // an empty tree
        let mut inodes = Slab::new();
        inodes.insert(root)?;
        Ok(Fs {
            platform,
            config,
            inodes,
            descriptions: Slab::new(),
            used_pages: 0,
            pipes: Slab::new(),
            anonymous_inodes: 0,
            lower_inodes: 0,
            further_links: 0,
            extensions: Slab::new(),
            xattr_space: 0,
            inotifies: Slab::new(),
            removed_names: Slab::new(),
            spaces: Slab::new(),
            rename_cookie: 0,
            last_pid: 0,
            stand_ins: None,
            changes: ChangeLog::default(),
            graves: 0,
        })
    }

    /// The embedder's side.
    pub fn platform(&self) -> &P {
        &self.platform
    }

    /// The embedder's side.
    pub fn platform_mut(&mut self) -> &mut P {
        &mut self.platform
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The time to note for a change.
    pub(crate) fn now(&self) -> Timespec {
        self.platform.current_time()
    }

    /// The inode with this number.
    ///
    /// # Errors
    ///
    /// `EIO`: there is none, which only a defect of this crate can bring about.
    #[inline]
    pub(crate) fn inode(&self, ino: Ino) -> Result<&Inode, Errno> {
        self.find_inode(ino).or_defect()
    }

    /// The inode with this number, or `None`: for a number that may be stale. Not inlined, as
    /// [`find_description`](Self::find_description).
    #[inline(never)]
    pub(crate) fn find_inode(&self, ino: Ino) -> Option<&Inode> {
        self.inodes.get(ino.0)
    }

    /// As [`inode`](Self::inode), where nanoseconds count: it is inlined.
    ///
    /// # Errors
    ///
    /// `EIO`: as there.
    #[inline(always)]
    pub(crate) fn inode_inlined(&self, ino: Ino) -> Result<&Inode, Errno> {
        self.inodes.get(ino.0).or_defect()
    }

    /// As [`inode`](Self::inode).
    ///
    /// # Errors
    ///
    /// `EIO`: as there.
    #[inline]
    pub(crate) fn inode_mut(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        self.find_inode_mut(ino).or_defect()
    }

    /// As [`find_inode`](Self::find_inode).
    #[inline(never)]
    pub(crate) fn find_inode_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        self.inodes.get_mut(ino.0)
    }
}
