//! mount: to make the filesystem read-only.

use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, MountFlags};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::file_description::FileKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int mount(const char *source, const char *target, const char *filesystemtype, unsigned long
    /// mountflags, const void *data)`, to make the filesystem read-only: `MS_REMOUNT | MS_RDONLY`
    ///
    /// The embedder has [`remount`](Self::remount) for all settings. DEVIATION: nothing else can be
    /// had. A process cannot make the filesystem writable again, for the embedder may have wanted it
    /// so, and a file without a name counts as one of the tree although memfd_create(2) made it.
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: there is no `target`.
    /// * `EPERM`: the process is not the superuser's (`CAP_SYS_ADMIN`), or `flags` ask for anything
    ///   else of what is mounted.
    /// * `EINVAL`: `target` is not the root of the filesystem, or something is to be mounted and has
    ///   no type.
    /// * `ENODEV`: something is to be mounted: no type of filesystem is known.
    /// * `EBUSY`: a file is open or mapped for writing, or has no name any more.
    pub fn mount(
        &mut self,
        process: &Process,
        target: &[u8],
        filesystem_type: Option<&[u8]>,
        flags: MountFlags,
    ) -> Result<(), Errno> {
        let target = self.walk_to(process, AT_FDCWD, target, FollowLast::Yes)?;
        if P::PERMISSIONS && !process.credentials.is_superuser() {
            return Err(Errno::EPERM);
        }
        if !flags.intersects(MountFlags::OF_MOUNTED) {
            return Err(filesystem_type.map_or(Errno::EINVAL, |_| Errno::ENODEV));
        }
        if flags & (MountFlags::OF_MOUNTED | MountFlags::RDONLY)
            != MountFlags::REMOUNT | MountFlags::RDONLY
        {
            return Err(Errno::EPERM);
        }
        if target != Ino::ROOT {
            return Err(Errno::EINVAL);
        }
        if self.is_being_written() {
            return Err(Errno::EBUSY);
        }
        self.config.read_only = true;
        Ok(())
    }

    /// Whether a file may still change although nobody opens it any more: one that is open for
    /// writing, or mapped so that it can be written, or that goes with the last who has it open
    /// (`sb_prepare_remount_readonly`).
    fn is_being_written(&self) -> bool {
        let mut spaces = (0..self.spaces.bound()).filter_map(|at| self.spaces.get(at));
        let is_mapped = spaces.any(|space| {
            space.areas.iter().any(|area| area.may_write && area.shared_file().is_some())
        });
        if is_mapped {
            return true;
        }
        let mut open = (0..self.descriptions.bound()).filter_map(|at| self.descriptions.get(at));
        open.any(|description| {
            let FileKind::Inode(ino) = description.kind else { return false };
            let Ok(inode) = self.inode(ino) else { return false };
            match inode.file_type() {
                FileType::Regular => description.writable() || inode.nlink == 0,
                FileType::Directory | FileType::Symlink => inode.nlink == 0,
                _ => false,
            }
        })
    }
}
