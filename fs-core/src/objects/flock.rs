//! Locks of flock(2): who holds one on an inode.
//!
//! Linux: `struct file_lock_context` (fs/locks.c). A lock belongs to an open file description; so
//! descriptors made by dup(2) and fork(2) share it, and the last of them to be closed releases it.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::try_push;
use crate::base::ids::DescriptionId;

/// How a lock is held (`F_RDLCK`, `F_WRLCK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    /// Together with other shared ones.
    Shared,
    /// Alone.
    Exclusive,
}

/// The locks of an inode.
#[derive(Debug, Default)]
pub(crate) struct FlockState {
    /// The holders; more than one only if all are shared.
    holders: Vec<DescriptionId>,
    /// Whether the only holder has it exclusively.
    is_exclusive: bool,
}

impl FlockState {
    /// Whether nobody holds a lock.
    pub(crate) fn is_free(&self) -> bool {
        self.holders.is_empty()
    }

    /// Locks for `who` (`flock_lock_inode`). A lock of another kind that `who` holds already is
    /// given back first, and stays given back if the new one cannot be had (flock(2): the
    /// conversion is not atomic).
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: no memory; nothing has changed.
    /// * `EAGAIN`: somebody else holds a lock that conflicts.
    pub(crate) fn lock(&mut self, who: DescriptionId, kind: LockKind) -> Result<(), Errno> {
        let exclusive = kind == LockKind::Exclusive;
        if self.holders.contains(&who) && self.is_exclusive == exclusive {
            return Ok(());
        }
        self.holders.try_reserve(1)?;
        self.unlock(who);
        if !self.holders.is_empty() && (exclusive || self.is_exclusive) {
            return Err(Errno::EAGAIN);
        }
        self.is_exclusive = exclusive;
        try_push(&mut self.holders, who)
    }

    /// Gives back the lock of `who`, if it has one.
    pub(crate) fn unlock(&mut self, who: DescriptionId) {
        if let Some(place) = self.holders.iter().position(|&holder| holder == who) {
            self.holders.swap_remove(place);
            self.is_exclusive = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FlockState, LockKind};
    use crate::base::errno::Errno;
    use crate::base::ids::DescriptionId;

    #[test]
    fn a_failed_upgrade_loses_the_lock() {
        use LockKind::{Exclusive, Shared};
        let (a, b) = (DescriptionId(1), DescriptionId(2));
        let mut locks = FlockState::default();
        assert_eq!(locks.lock(a, Shared), Ok(()));
        assert_eq!(locks.lock(b, Shared), Ok(()));
        assert_eq!(locks.lock(a, Exclusive), Err(Errno::EAGAIN));
        assert_eq!(locks.lock(b, Exclusive), Ok(()));
        assert_eq!(locks.lock(a, Shared), Err(Errno::EAGAIN));
        locks.unlock(b);
        assert!(locks.is_free());
    }
}
