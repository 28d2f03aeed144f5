//! Inodes that are regular files: changing their contents, and what that changes of the inode.
//!
//! What the contents are is in [`crate::objects::contents`].

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::OFlags;
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::objects::file_description::OpenFile;
use crate::objects::inode::InodeKind;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// Changes the contents of a regular file and keeps the account of pages.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is not a regular file. And what `change` answers.
    pub(crate) fn change_contents<T>(
        &mut self,
        ino: Ino,
        change: impl FnOnce(&mut crate::objects::contents::FileContents, &P, u64) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let free = self.free_pages();
        let Fs { inodes, changes, platform, used_pages, .. } = self;
        let inode = inodes.get_mut(ino.0).or_defect()?;
        if P::CHANGES {
            changes.note(ino, inode);
        }
        let InodeKind::Regular(contents) = &mut inode.kind else { return Err(Errno::EINVAL) };
        let before = contents.charged_pages::<P>();
        let result = change(contents, platform, free);
        *used_pages = *used_pages - before + contents.charged_pages::<P>();
        result
    }

    /// Notes that the contents changed (`file_modified`): times, and set-id bits that a writer
    /// without `CAP_FSETID` clears. Says what to tell beside that.
    pub(crate) fn modified(&mut self, process: &Process, ino: Ino) -> Result<InotifyMask, Errno> {
        let now = self.now();
        // It was noted when the contents changed.
        self.inode_mut(ino)?.touch(now);
        self.drop_set_ids(process, ino)
    }

    /// Notes that the limit of pages left no room for what was to be written through `file`. That
    /// is found out when the file was noted to be modified (`shmem_file_write_iter`).
    ///
    /// # Errors
    ///
    /// `EIO`: as [`inode`](Self::inode).
    #[cold]
    pub(crate) fn modified_in_vain(
        &mut self,
        process: &Process,
        file: OpenFile,
        ino: Ino,
        error: Errno,
    ) -> Result<(), Errno> {
        if error == Errno::ENOSPC && self.free_pages() == 0 {
            let also = self.modified(process, ino)?;
            self.notify_file_entry(file, also);
        }
        Ok(())
    }

    /// Clears set-id bits that a change by the process clears. Says what to tell of it.
    pub(crate) fn drop_set_ids(
        &mut self,
        process: &Process,
        ino: Ino,
    ) -> Result<InotifyMask, Errno> {
        if !P::PERMISSIONS {
            return Ok(InotifyMask::empty());
        }
        let inode = self.inode_to_change(ino)?;
        let before = inode.permissions;
        inode.drop_set_ids(&process.credentials);
        let changed = inode.permissions != before;
        Ok(if changed { InotifyMask::ATTRIB } else { InotifyMask::empty() })
    }

    /// Notes that the contents were read (`file_accessed`), if that is wanted.
    pub(crate) fn accessed(&mut self, file: OpenFile, ino: Ino) -> Result<(), Errno> {
        use crate::base::config::AccessTimes;
        if !P::ACCESS_TIMES
            || self.config.access_times == AccessTimes::Never
            || self.config.read_only
            || self.file(file)?.flags.contains(OFlags::NOATIME)
        {
            return Ok(());
        }
        let now = self.now();
        let inode = self.inode(ino)?;
        if let InodeKind::CharDevice(_) = inode.kind {
            // No driver here calls file_accessed.
            return Ok(());
        }
        let stale = inode.atime() <= inode.mtime() || inode.atime() <= inode.ctime();
        // A day, as in `relatime_need_update`.
        let old = now.tv_sec - inode.atime().tv_sec >= 24 * 60 * 60;
        if self.config.access_times == AccessTimes::Strict || stale || old {
            self.inode_mut(ino)?.set_atime(now);
        }
        Ok(())
    }
}
