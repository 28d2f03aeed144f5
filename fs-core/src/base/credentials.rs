//! Who is asking: user and group ids, and what they may do.
//!
//! Linux: `struct cred` and `generic_permission` (fs/namei.c). A process with effective
//! (filesystem) user id 0 has the capabilities that matter here: `CAP_DAC_OVERRIDE`, `CAP_CHOWN`,
//! `CAP_FOWNER`, `CAP_FSETID`, `CAP_MKNOD`.

use alloc::vec::Vec;

use crate::base::stat::S_IXGRP;

/// Execute (search) permission, as a bit of the `rwx` triple (`MAY_EXEC`).
pub(crate) const MAY_EXEC: u32 = 1;
/// Write permission (`MAY_WRITE`).
pub(crate) const MAY_WRITE: u32 = 2;
/// Read permission (`MAY_READ`).
pub(crate) const MAY_READ: u32 = 4;

/// The ids of a process (credentials(7)).
///
/// Departure from Linux: no capability sets; user id 0 has them all, others none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The real user id: access(2) asks with it.
    pub uid: u32,
    /// The real group id.
    pub gid: u32,
    /// The effective user id: everything else asks with it (Linux's `fsuid`).
    pub euid: u32,
    /// The effective group id.
    pub egid: u32,
    /// The supplementary groups.
    pub groups: Vec<u32>,
}

impl Credentials {
    /// The superuser.
    pub const ROOT: Credentials = Credentials::user(0, 0);

    /// A user with one group.
    #[must_use]
    pub const fn user(uid: u32, gid: u32) -> Credentials {
        Credentials { uid, gid, euid: uid, egid: gid, groups: Vec::new() }
    }

    /// Whether the process holds the capabilities that this crate asks for.
    #[must_use]
    pub const fn is_superuser(&self) -> bool {
        self.euid == 0
    }

    /// Whether `gid` is the effective group or a supplementary one (`in_group_p`).
    #[must_use]
    pub fn in_group(&self, gid: u32) -> bool {
        self.egid == gid || self.groups.contains(&gid)
    }

    /// Whether access `want` (an `rwx` triple) is granted on an inode (`generic_permission`).
    ///
    /// `mode` has the type and permission bits of the inode.
    pub(crate) fn may_access(
        &self,
        mode: u32,
        uid: u32,
        gid: u32,
        want: u32,
        is_dir: bool,
    ) -> bool {
        if self.is_superuser() {
            // CAP_DAC_OVERRIDE: everything, but executing a file that nobody may execute.
            return want & MAY_EXEC == 0 || is_dir || mode & 0o111 != 0;
        }
        // The first class that fits decides, even if a later one would grant more.
        let shift = if self.euid == uid {
            6
        } else if self.in_group(gid) {
            3
        } else {
            0
        };
        (mode >> shift) & want == want
    }

    /// Whether the process owns the inode or may act as if (`inode_owner_or_capable`).
    pub(crate) fn owns(&self, uid: u32) -> bool {
        self.euid == uid || self.is_superuser()
    }
}

/// The mode after a write or chown by somebody without `CAP_FSETID`
/// (`setattr_should_drop_suidgid`): set-user-ID goes, set-group-ID goes if the group may execute or
/// the writer is not of the group.
pub(crate) fn drop_set_ids(mode: u32, gid: u32, who: &Credentials) -> u32 {
    use crate::base::stat::{S_ISGID, S_ISUID};
    let mut kept = mode & !S_ISUID;
    if mode & S_IXGRP != 0 || !who.in_group(gid) {
        kept &= !S_ISGID;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Credentials, MAY_EXEC, MAY_READ, MAY_WRITE};

    #[test]
    fn the_first_class_that_fits_decides() {
        let owner = Credentials::user(1, 1);
        let member = Credentials { groups: alloc::vec![5], ..Credentials::user(2, 2) };
        let other = Credentials::user(3, 3);
        // rows: mode, who, want, granted
        for (mode, who, want, granted) in [
            (0o077, &owner, MAY_READ, false),
            (0o700, &owner, MAY_READ | MAY_WRITE | MAY_EXEC, true),
            (0o707, &member, MAY_READ, false),
            (0o040, &member, MAY_READ, true),
            (0o004, &other, MAY_READ, true),
            (0o770, &other, MAY_EXEC, false),
            (0o000, &Credentials::ROOT, MAY_READ | MAY_WRITE, true),
            (0o666, &Credentials::ROOT, MAY_EXEC, false),
            (0o001, &Credentials::ROOT, MAY_EXEC, true),
        ] {
            assert_eq!(who.may_access(mode, 1, 5, want, false), granted, "{mode:o} {who:?}");
        }
    }
}
