//! flock: advisory locks of whole files.

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::fs::Fs;
use crate::objects::file_description::FileKind;
use crate::objects::flock::LockKind;
use crate::objects::process::Process;
use crate::platform::Platform;

bitflags! {
    /// The operation of flock(2) (`include/uapi/asm-generic/fcntl.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FlockOperation: u32 {
        /// A shared lock.
        const SH = 1;
        /// An exclusive lock.
        const EX = 2;
        /// Do not wait for it.
        const NB = 4;
        /// No lock any more.
        const UN = 8;
        /// A mandatory lock. Linux has none any more, and says that it has.
        const MAND = 32;
        // Unknown bits are kept: flock answers EINVAL for them.
        const _ = !0;
    }
}

impl<P: Platform> Fs<P> {
    /// `int flock(int fd, int operation)`
    ///
    /// Locks a file, changes the kind of its lock, or unlocks it. The lock belongs to the open file
    /// description. A change is not atomic: where the new kind cannot be had, the old one is lost.
    ///
    /// DEVIATION: it never waits. Without `NB` too, a lock that is taken is `EAGAIN`: its holder
    /// cannot run meanwhile.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::LOCKS`] is off.
    /// * `EINVAL`: not exactly one of `SH`, `EX` and `UN`.
    /// * `EBADF`: `fd` is not open, or only names a file; it is neither to be read nor written, and
    ///   not unlocked.
    /// * `EOPNOTSUPP`: `fd` is the embedder's.
    /// * `EAGAIN` (`EWOULDBLOCK`): somebody else holds a lock that conflicts.
    /// * `ENOMEM` (Linux: `ENOLCK`, too): no memory.
    pub fn flock(
        &mut self,
        process: &Process,
        fd: Fd,
        operation: FlockOperation,
    ) -> Result<(), Errno> {
        if !P::LOCKS {
            return Err(Errno::ENOSYS);
        }
        if operation.contains(FlockOperation::MAND) {
            return Ok(());
        }
        let kind = match operation - FlockOperation::NB {
            FlockOperation::SH => Some(LockKind::Shared),
            FlockOperation::EX => Some(LockKind::Exclusive),
            FlockOperation::UN => None,
            _ => return Err(Errno::EINVAL),
        };
        let id = process.fds.get(fd)?;
        let description = self.description(process, fd)?;
        let usable = description.readable() || description.writable() || kind.is_none();
        if description.flags.contains(OFlags::PATH) || !usable {
            return Err(Errno::EBADF);
        }
        let FileKind::Inode(ino) = description.kind else { return Err(Errno::EOPNOTSUPP) };
        let Some(kind) = kind else {
            if let Some(extension) = self.extension_mut(ino) {
                extension.flock.unlock(id);
                self.trim_extension(ino);
            }
            return Ok(());
        };
        let result = self.extend(ino)?.flock.lock(id, kind);
        self.trim_extension(ino);
        result
    }
}
