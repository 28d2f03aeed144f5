//! The files that the kernel knows, by inode number.
//!
//! FUSE speaks in inode numbers where system calls speak in paths. The kernel learns a number from
//! a lookup and gives it back with FORGET; in between the file must not go. So each number stands
//! for a descriptor that only names its file (`O_PATH`): it keeps the inode, and it is what the
//! `*at` calls start from.

use std::collections::HashMap;

use wasm_vfs_core::{AT_FDCWD, Errno, Fd, Fs, OFlags, Platform, Process, Stat};

/// One file that the kernel knows.
#[derive(Debug)]
struct Node {
    /// Open with `PATH`.
    fd: Fd,
    /// How often the kernel was told its number, and has not given it back.
    lookups: u64,
}

/// The files that the kernel knows.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    by_ino: HashMap<u64, Node>,
}

impl Nodes {
    /// The root directory, which the kernel knows from the beginning.
    pub(crate) fn with_root<P: Platform>(
        fs: &mut Fs<P>,
        process: &mut Process,
    ) -> Result<Nodes, Errno> {
        let mut nodes = Nodes::default();
        nodes.look_up(fs, process, AT_FDCWD, b"/")?;
        Ok(nodes)
    }

    /// The descriptor of a file that the kernel knows.
    ///
    /// # Errors
    ///
    /// `EIO`: it does not know it.
    pub(crate) fn fd(&self, ino: u64) -> Result<Fd, Errno> {
        self.by_ino.get(&ino).map(|node| node.fd).ok_or(Errno::EIO)
    }

    /// Looks a name up, with the credentials of `process`; from now on the kernel knows the file.
    pub(crate) fn look_up<P: Platform>(
        &mut self,
        fs: &mut Fs<P>,
        process: &mut Process,
        directory: Fd,
        name: &[u8],
    ) -> Result<Stat, Errno> {
        let fd = fs.openat(process, directory, name, OFlags::PATH | OFlags::NOFOLLOW, 0)?;
        let stat = fs.fstat(process, fd)?;
        match self.by_ino.get_mut(&stat.st_ino) {
            Some(node) => {
                node.lookups += 1;
                fs.close(process, fd)?;
            }
            None => {
                self.by_ino.insert(stat.st_ino, Node { fd, lookups: 1 });
            }
        }
        Ok(stat)
    }

    /// The kernel gives a number back that it was told `lookups` times.
    pub(crate) fn forget<P: Platform>(
        &mut self,
        fs: &mut Fs<P>,
        process: &mut Process,
        ino: u64,
        lookups: u64,
    ) {
        let Some(node) = self.by_ino.get_mut(&ino) else { return };
        node.lookups = node.lookups.saturating_sub(lookups);
        if node.lookups == 0 {
            let fd = node.fd;
            self.by_ino.remove(&ino);
            // It is open: this table opened it and nobody else closes it.
            let _ = fs.close(process, fd);
        }
    }
}
