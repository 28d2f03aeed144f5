//! Record locks of fcntl(2): who has locked which bytes of an inode.
//!
//! Linux: `struct file_lock_context` (`flc_posix`, fs/locks.c). A lock belongs to a process or to an
//! open file description. An owner's locks never overlap: a new one takes the place of what was
//! there, and joins its neighbours of the same kind.
//!
//! Neighbours: [`crate::objects::flock`] has the locks of flock(2), which these do not see.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::ids::DescriptionId;
use crate::objects::flock::LockKind;

/// The last byte of the longest range (`OFFSET_MAX`).
pub(crate) const OFFSET_MAX: u64 = i64::MAX.cast_unsigned();

/// Who owns a lock (`flc_owner`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockOwner {
    /// The process with this number (`F_SETLK`).
    Process(i32),
    /// An open file description (`F_OFD_SETLK`).
    Description(DescriptionId),
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    /// The first byte.
    pub(crate) start: u64,
    /// The last byte; not before the first one.
    pub(crate) end: u64,
}

impl ByteRange {
    fn overlaps(self, other: ByteRange) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// A lock (`struct file_lock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordLock {
    pub(crate) owner: LockOwner,
    pub(crate) kind: LockKind,
    pub(crate) range: ByteRange,
}

/// The record locks of an inode.
#[derive(Debug, Default)]
pub(crate) struct RecordLocks {
    /// The locks of an owner are beside each other, in the order of their ranges. Owners come in
    /// the order of their first locks.
    locks: Vec<RecordLock>,
}

impl RecordLocks {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// The owner of each lock.
    pub(crate) fn owners(&self) -> impl Iterator<Item = LockOwner> {
        self.locks.iter().map(|lock| lock.owner)
    }

    /// The first lock of somebody else that keeps `owner` from a lock of this kind
    /// (`posix_locks_conflict`).
    pub(crate) fn conflict(
        &self,
        owner: LockOwner,
        kind: LockKind,
        range: ByteRange,
    ) -> Option<&RecordLock> {
        self.locks.iter().find(|lock| {
            lock.owner != owner
                && lock.range.overlaps(range)
                && (kind == LockKind::Exclusive || lock.kind == LockKind::Exclusive)
        })
    }

    /// The first lock that `owner` itself has in a range.
    pub(crate) fn own(&self, owner: LockOwner, range: ByteRange) -> Option<&RecordLock> {
        self.locks.iter().find(|lock| lock.owner == owner && lock.range.overlaps(range))
    }

    /// Locks a range for `owner`, or unlocks it (`posix_lock_inode`). What the owner has there
    /// already becomes the new kind.
    ///
    /// # Errors
    ///
    /// * `EAGAIN`: somebody else holds a lock that conflicts.
    /// * `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn set(
        &mut self,
        owner: LockOwner,
        kind: Option<LockKind>,
        range: ByteRange,
    ) -> Result<(), Errno> {
        if let Some(kind) = kind
            && self.conflict(owner, kind, range).is_some()
        {
            return Err(Errno::EAGAIN);
        }
        let is_split = |lock: &RecordLock| {
            lock.owner == owner && lock.range.start < range.start && lock.range.end > range.end
        };
        let more = usize::from(kind.is_some()) + usize::from(self.locks.iter().any(is_split));
        self.locks.try_reserve(more)?;
        let at = self.cut(owner, range);
        if let Some(kind) = kind {
            self.join(at, RecordLock { owner, kind, range });
        }
        Ok(())
    }

    /// Takes a range out of the locks of `owner`; says where a lock of the range would go. There is
    /// room for one more lock if one is to be split.
    fn cut(&mut self, owner: LockOwner, range: ByteRange) -> usize {
        let mut at =
            self.locks.iter().position(|lock| lock.owner == owner).unwrap_or(self.locks.len());
        while let Some(lock) = self.locks.get_mut(at).filter(|lock| lock.owner == owner) {
            if lock.range.start > range.end {
                break;
            }
            if lock.range.end < range.start {
                at += 1;
                continue;
            }
            let before = *lock;
            // Where these are used, something is left there, so neither leaves the offsets.
            let left_end = range.start.wrapping_sub(1);
            let right_start = range.end.wrapping_add(1);
            match (before.range.start < range.start, before.range.end > range.end) {
                (true, true) => {
                    lock.range.end = left_end;
                    let right = ByteRange { start: right_start, ..before.range };
                    at += 1;
                    self.locks.insert(at, RecordLock { range: right, ..before });
                    break;
                }
                (true, false) => {
                    lock.range.end = left_end;
                    at += 1;
                }
                (false, true) => {
                    lock.range.start = right_start;
                    break;
                }
                (false, false) => {
                    self.locks.remove(at);
                }
            }
        }
        at
    }

    /// Adds a lock at its place, where the owner has none, and joins it with those of its kind that
    /// it touches. There is room for it.
    fn join(&mut self, at: usize, mut lock: RecordLock) {
        let alike = |other: &&mut RecordLock| other.owner == lock.owner && other.kind == lock.kind;
        if let Some(next) = self.locks.get_mut(at).filter(alike)
            && next.range.start == lock.range.end.wrapping_add(1)
        {
            lock.range.end = next.range.end;
            self.locks.remove(at);
        }
        let alike = |other: &&mut RecordLock| other.owner == lock.owner && other.kind == lock.kind;
        if let Some(previous) =
            at.checked_sub(1).and_then(|at| self.locks.get_mut(at)).filter(alike)
            && previous.range.end.wrapping_add(1) == lock.range.start
        {
            previous.range.end = lock.range.end;
            return;
        }
        self.locks.insert(at, lock);
    }

    /// Gives back all locks of `owner` (`locks_remove_posix`).
    pub(crate) fn remove_owner(&mut self, owner: LockOwner) {
        self.locks.retain(|lock| lock.owner != owner);
    }

    /// Whether owners and ranges are in order, no range of an owner overlaps another, and those of
    /// one kind that touch are joined.
    pub(crate) fn is_consistent(&self) -> bool {
        let mut owners: Vec<LockOwner> = Vec::new();
        let mut previous: Option<&RecordLock> = None;
        for lock in &self.locks {
            let ByteRange { start, end } = lock.range;
            let follows = match previous.filter(|previous| previous.owner == lock.owner) {
                Some(before) if before.kind == lock.kind => {
                    before.range.end.checked_add(1).is_some_and(|next| next < start)
                }
                Some(before) => before.range.end < start,
                None => {
                    let is_new = !owners.contains(&lock.owner);
                    is_new && crate::base::fallible::try_push(&mut owners, lock.owner).is_ok()
                }
            };
            let conflicts = self.conflict(lock.owner, lock.kind, lock.range).is_some();
            if !follows || conflicts || start > end || end > OFFSET_MAX {
                return false;
            }
            previous = Some(lock);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{ByteRange, LockOwner, OFFSET_MAX, RecordLocks};
    use crate::objects::flock::LockKind::{Exclusive, Shared};
    use crate::{Errno, objects::flock::LockKind};
    use alloc::vec::Vec;

    const ME: LockOwner = LockOwner::Process(1);
    const OTHER: LockOwner = LockOwner::Process(2);

    fn range(start: u64, end: u64) -> ByteRange {
        ByteRange { start, end }
    }

    /// A lock: kind, first byte, last byte.
    type Own = (LockKind, u64, u64);

    /// The locks of an owner.
    fn of(locks: &RecordLocks, owner: LockOwner) -> Vec<Own> {
        let own = locks.locks.iter().filter(|lock| lock.owner == owner);
        own.map(|lock| (lock.kind, lock.range.start, lock.range.end)).collect()
    }

    #[test]
    fn ranges_are_split_joined_and_replaced() {
        let mut locks = RecordLocks::default();
        // rows: kind, range, what there is then
        let rows: &[(Option<LockKind>, ByteRange, &[Own])] = &[
            (Some(Shared), range(10, 19), &[(Shared, 10, 19)]),
            (Some(Shared), range(30, 39), &[(Shared, 10, 19), (Shared, 30, 39)]),
            (Some(Shared), range(20, 29), &[(Shared, 10, 39)]),
            (
                Some(Exclusive),
                range(20, 20),
                &[(Shared, 10, 19), (Exclusive, 20, 20), (Shared, 21, 39)],
            ),
            (None, range(0, 10), &[(Shared, 11, 19), (Exclusive, 20, 20), (Shared, 21, 39)]),
            (None, range(15, 25), &[(Shared, 11, 14), (Shared, 26, 39)]),
            (Some(Exclusive), range(0, OFFSET_MAX), &[(Exclusive, 0, OFFSET_MAX)]),
            (None, range(OFFSET_MAX, OFFSET_MAX), &[(Exclusive, 0, OFFSET_MAX - 1)]),
            (None, range(5, 5), &[(Exclusive, 0, 4), (Exclusive, 6, OFFSET_MAX - 1)]),
            (Some(Exclusive), range(5, 5), &[(Exclusive, 0, OFFSET_MAX - 1)]),
            (Some(Shared), range(0, 99), &[(Shared, 0, 99), (Exclusive, 100, OFFSET_MAX - 1)]),
            (None, range(0, OFFSET_MAX), &[]),
        ];
        for &(kind, at, expected) in rows {
            assert_eq!(locks.set(ME, kind, at), Ok(()));
            assert_eq!(of(&locks, ME), expected, "after {kind:?} {at:?}");
            assert!(locks.is_consistent());
        }
        assert!(locks.is_empty());
    }

    #[test]
    fn a_conflict_leaves_all_as_it_was() {
        let mut locks = RecordLocks::default();
        locks.set(ME, Some(Shared), range(0, 9)).unwrap();
        locks.set(OTHER, Some(Shared), range(5, 14)).unwrap();
        assert_eq!(locks.set(ME, Some(Exclusive), range(9, 20)), Err(Errno::EAGAIN));
        assert_eq!(of(&locks, ME), [(Shared, 0, 9)]);
        assert_eq!(locks.set(ME, Some(Exclusive), range(15, 20)), Ok(()));
        assert_eq!(of(&locks, ME), [(Shared, 0, 9), (Exclusive, 15, 20)]);
        let found = locks.conflict(OTHER, Shared, range(0, OFFSET_MAX)).unwrap();
        assert_eq!((found.kind, found.range), (Exclusive, range(15, 20)));
        locks.remove_owner(ME);
        assert_eq!(of(&locks, OTHER), [(Shared, 5, 14)]);
        assert!(of(&locks, ME).is_empty());
    }
}
