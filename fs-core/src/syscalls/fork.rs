//! fork, as far as a filesystem is concerned.

use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `pid_t fork(void)`
    ///
    /// A second process with the same descriptors: both refer to the same open file descriptions,
    /// so they share offsets, status flags and locks, but for the record locks of the parent itself
    /// ([`fcntl_setlk`](Self::fcntl_setlk)), which stay its own. Shared mappings stay shared,
    /// private ones are copied. Current and root directory, umask, limits and credentials are
    /// copied.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub fn fork(&mut self, parent: &Process) -> Result<Process, Errno> {
        let who = &parent.credentials;
        let mut groups = alloc::vec::Vec::new();
        groups.try_reserve_exact(who.groups.len())?;
        groups.extend_from_slice(&who.groups);
        let fds = parent.fds.try_clone()?;
        let space = match parent.space {
            Some(space) if P::MAPPINGS => Some(self.fork_space(space)?),
            _ => None,
        };
        let child = Process {
            fds,
            space,
            cwd: parent.cwd,
            root: parent.root,
            pid: self.next_pid(),
            umask: parent.umask,
            max_fds: parent.max_fds,
            lowest_fd: parent.lowest_fd,
            resolve: parent.resolve,
            own_tree_only: parent.own_tree_only,
            credentials: Credentials { groups, ..*who },
        };
        for (_, id) in child.fds.iter() {
            self.refer(id);
        }
        self.hold(child.cwd);
        if P::CHROOT {
            self.hold(child.root);
        }
        Ok(child)
    }
}
