//! When inodes come and go: names and holds.
//!
//! Linux: `iget`, `ihold`, `iput` and `drop_nlink`. An inode lives while it has a name (`nlink`) or
//! somebody holds it (`holds`).

use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::base::flags::ResolveFlags;
use crate::base::ids::Ino;
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::objects::fd_table::FdTable;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// Adds an inode without a name.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: the limit of inodes is reached, or no memory.
    pub(crate) fn add_inode(&mut self, inode: Inode) -> Result<Ino, Errno> {
        let lower = P::FOREIGN && inode.is_lower();
        if !lower {
            self.reserve_inode()?;
        }
        let ino = self.inodes.insert(inode).map_err(|_| Errno::ENOSPC)?;
        self.lower_inodes += u32::from(lower);
        Ok(Ino(ino))
    }

    /// Adds an inode and its first name, which is free. No time of the directory changes.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no room; nothing has changed.
    pub(crate) fn add_named(
        &mut self,
        parent: Ino,
        name: &[u8],
        mut inode: Inode,
    ) -> Result<Ino, Errno> {
        let (file_type, is_directory) = (inode.file_type(), inode.is_directory());
        inode.nlink = if is_directory { 2 } else { 1 }; // for its name, and for "."
        let (pages, lower) = (inode.charged_pages::<P>(), P::FOREIGN && inode.is_lower());
        let ino = self.add_inode(inode)?;
        self.used_pages += pages;
        let into = self.inode_mut(parent)?;
        let inserted = into.directory_mut().and_then(|d| d.insert(name, ino, file_type));
        if let Err(error) = inserted {
            // It got no name and holds nothing yet.
            self.inodes.remove(ino.0);
            self.used_pages -= pages;
            self.lower_inodes -= u32::from(lower);
            return Err(error);
        }
        self.set_newest_home(ino, parent);
        if is_directory {
            let parent = self.inode_mut(parent)?;
            parent.nlink += 1; // for ".." of the new directory
            parent.holds += 1; // for the new directory, which knows it as its parent
        }
        Ok(ino)
    }

    /// Takes a name from a file (`drop_nlink`; `shmem_unlink`).
    ///
    /// # Errors
    ///
    /// `EIO`: as [`inode`](Self::inode).
    pub(crate) fn drop_link(&mut self, ino: Ino, now: Timespec) -> Result<(), Errno> {
        let inode = self.inode_to_change(ino)?;
        inode.nlink -= 1; // for the name that goes
        inode.set_ctime(now);
        let more_are_left = inode.nlink > 0;
        self.further_links -= u32::from(more_are_left);
        Ok(())
    }

    /// Keeps an inode although it may lose its last name (`ihold`).
    pub(crate) fn hold(&mut self, ino: Ino) {
        if let Some(inode) = self.find_inode_mut(ino) {
            inode.holds += 1;
        }
    }

    /// Lets go of a hold (`iput`); the inode is freed when neither name nor hold is left.
    pub(crate) fn release(&mut self, ino: Ino) {
        if let Some(inode) = self.find_inode_mut(ino) {
            inode.holds -= 1;
        }
        self.free_if_unused(ino);
    }

    /// Frees an inode that has neither name nor hold. A directory then lets go of its parent, which
    /// may be free to go too.
    pub(crate) fn free_if_unused(&mut self, ino: Ino) {
        let mut next = Some(ino);
        while let Some(ino) = next.take() {
            if self.inodes.get(ino.0).is_none_or(|inode| {
                inode.nlink > 0 || inode.holds > 0 || P::CHANGES && inode.is_grave()
            }) {
                return;
            }
            if P::NOTIFY {
                self.notify_gone(ino);
            }
            self.keep_xattrs(ino);
            self.remove_extension(ino);
            if P::CHANGES && self.inodes.get(ino.0).is_some_and(Inode::is_sealed) {
                next = self.bury(ino);
                continue;
            }
            let Some(inode) = self.inodes.remove(ino.0) else { return };
            self.used_pages -= inode.charged_pages::<P>();
            if P::FOREIGN {
                self.lower_inodes -= u32::from(inode.is_lower());
            }
            if let InodeKind::Directory(directory) = inode.kind {
                if let Some(parent) = self.inodes.get_mut(directory.parent.0) {
                    parent.holds -= 1;
                }
                next = Some(directory.parent);
            }
        }
    }

    /// A new process without descriptors. Its current directory is the root, its umask 022.
    ///
    /// # Errors
    ///
    /// None today; the signature leaves room for a limit.
    pub fn spawn(&mut self, credentials: Credentials) -> Result<Process, Errno> {
        self.hold(Ino::ROOT); // for the current directory
        if P::CHROOT {
            self.hold(Ino::ROOT); // for the root directory
        }
        Ok(Process {
            fds: FdTable::default(),
            cwd: Ino::ROOT,
            root: Ino::ROOT,
            pid: self.next_pid(),
            umask: 0o022,
            max_fds: self.config.max_fds,
            lowest_fd: 0,
            resolve: ResolveFlags::empty(),
            own_tree_only: false,
            space: None,
            credentials,
        })
    }

    /// Takes a process out of the tree, which it cannot do by itself: its current directory becomes
    /// one that has no name, as after rmdir(2), so what is looked for there is `ENOENT`. For an
    /// embedder that gives a program no directory.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub fn leave_tree(&mut self, process: &mut Process) -> Result<(), Errno> {
        let directory = InodeKind::directory(Ino::ROOT)?;
        let ino = self.add_inode(Inode::new(directory, 0o755, 0, 0, self.now()))?;
        self.hold(Ino::ROOT); // for the new directory, which knows it as its parent
        self.hold(ino); // for the current directory
        let before = core::mem::replace(&mut process.cwd, ino);
        self.release(before);
        Ok(())
    }

    /// The number of a new process (`alloc_pid`).
    #[inline]
    pub(crate) fn next_pid(&mut self) -> i32 {
        if P::LOCKS {
            self.last_pid = self.last_pid.checked_add(1).unwrap_or(1);
        }
        self.last_pid
    }

    /// Ends a process: gives its record locks back, closes its descriptors and lets go of its
    /// current and root directories (`exit_files`, `exit_fs`).
    pub fn exit(&mut self, process: Process) {
        if P::MAPPINGS
            && let Some(space) = process.space
        {
            self.exit_space(space);
        }
        if P::LOCKS {
            for (_, id) in process.fds.iter() {
                self.remove_process_locks(&process, id);
            }
        }
        self.release_descriptions(process.fds.iter().map(|(_, id)| id));
        self.release(process.cwd);
        if P::CHROOT {
            self.release(process.root);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{Config, Credentials, Errno, Fs, NoContents, OFlags};

    #[test]
    fn nothing_is_found_outside_of_the_tree() {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::user(0, 0)).unwrap();
        fs.mkdir(&process, b"/d", 0o755).unwrap();
        fs.leave_tree(&mut process).unwrap();
        assert_eq!(fs.open(&mut process, b"d", OFlags::RDONLY, 0), Err(Errno::ENOENT));
        assert_eq!(fs.mkdir(&process, b"e", 0o755), Err(Errno::ENOENT));
        let mut path = [0_u8; 16];
        assert_eq!(fs.getcwd(&process, &mut path[..]), Err(Errno::ENOENT));
        fs.check_invariants(&[&process]).unwrap();
        fs.chdir(&mut process, b"/d").unwrap();
        fs.check_invariants(&[&process]).unwrap();
        assert_eq!(fs.usage().inodes, 2);
    }
}
