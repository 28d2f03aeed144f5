//! Users and groups: setresuid(2), setgroups(2) and their kin.
//!
//! Who is the superuser may become anybody; who is not may change between the ids that the process
//! has (kernel/sys.c). The superuser is whose effective user is 0: there are no capabilities.

use alloc::vec::Vec;

use wasm_vfs_core::{Credentials, Errno};

use crate::calls::user::{array, range};
use crate::calls::{Result, call};
use crate::one_thread::OneThread;

/// An id that leaves the one before.
const KEEP: u32 = u32::MAX;
/// The most further groups (`NGROUPS_MAX`).
const NGROUPS_MAX: u32 = 65_536;
/// Bytes of an id.
const ID_BYTES: u32 = 4;

/// User or group.
#[derive(Clone, Copy)]
enum Of {
    User,
    Group,
}

/// The three ids of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ids {
    real: u32,
    effective: u32,
    saved: u32,
}

/// The saved ids, once they were set: the credentials of the filesystem have none. Before, they are
/// the effective ones.
static SAVED: OneThread<[Option<u32>; 2]> = OneThread::new([None; 2]);

impl Ids {
    /// Those of the process.
    fn of(of: Of, who: &Credentials) -> Ids {
        // SAFETY: the closure only copies.
        let saved = unsafe { SAVED.with(|saved| *saved) };
        match (of, saved) {
            (Of::User, [saved, _]) => {
                Ids { real: who.uid, effective: who.euid, saved: saved.unwrap_or(who.euid) }
            }
            (Of::Group, [_, saved]) => {
                Ids { real: who.gid, effective: who.egid, saved: saved.unwrap_or(who.egid) }
            }
        }
    }

    /// Makes them those of the process.
    fn set(self, of: Of, who: &mut Credentials) {
        let Ids { real, effective, saved } = self;
        match of {
            Of::User => (who.uid, who.euid) = (real, effective),
            Of::Group => (who.gid, who.egid) = (real, effective),
        }
        // SAFETY: the closure only stores.
        unsafe {
            SAVED.with(|[user, group]| match of {
                Of::User => *user = Some(saved),
                Of::Group => *group = Some(saved),
            });
        }
    }

    /// Whether one of them is `id`, or `id` keeps what there is.
    fn may_be(self, id: u32) -> bool {
        [KEEP, self.real, self.effective, self.saved].contains(&id)
    }

    /// `setuid`, `setgid`.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: -1.
    /// * `EPERM`: it is neither the real nor the saved id.
    fn set_one(self, id: u32, privileged: bool) -> Result<Ids> {
        if id == KEEP {
            return Err(Errno::EINVAL);
        }
        if privileged {
            return Ok(Ids { real: id, effective: id, saved: id });
        }
        if id != self.real && id != self.saved {
            return Err(Errno::EPERM);
        }
        Ok(Ids { effective: id, ..self })
    }

    /// `setreuid`, `setregid`.
    ///
    /// # Errors
    ///
    /// `EPERM`: the real one is to be neither the real nor the effective one, or the effective one
    /// none of the three.
    fn set_two(self, real: u32, effective: u32, privileged: bool) -> Result<Ids> {
        let real_may_be = [KEEP, self.real, self.effective].contains(&real);
        if !(privileged || real_may_be && self.may_be(effective)) {
            return Err(Errno::EPERM);
        }
        let mut ids = Ids {
            real: kept(self.real, real),
            effective: kept(self.effective, effective),
            saved: self.saved,
        };
        if real != KEEP || (effective != KEEP && effective != self.real) {
            ids.saved = ids.effective;
        }
        Ok(ids)
    }

    /// `setresuid`, `setresgid`.
    ///
    /// # Errors
    ///
    /// `EPERM`: one of them is to be none of the three.
    fn set_three(self, ids: [u32; 3], privileged: bool) -> Result<Ids> {
        if !privileged && !ids.into_iter().all(|id| self.may_be(id)) {
            return Err(Errno::EPERM);
        }
        let [real, effective, saved] = ids;
        Ok(Ids {
            real: kept(self.real, real),
            effective: kept(self.effective, effective),
            saved: kept(self.saved, saved),
        })
    }
}

/// The id that is there after `set`.
fn kept(before: u32, set: u32) -> u32 {
    if set == KEEP { before } else { set }
}

/// An id of the process's.
fn get(of: Of, id: impl FnOnce(Ids) -> u32) -> i64 {
    call(|kernel, _| Ok(id(Ids::of(of, &kernel.process.credentials))))
}

/// Sets ids.
fn set(of: Of, change: impl FnOnce(Ids, bool) -> Result<Ids>) -> i64 {
    call(|kernel, _| {
        let who = &mut kernel.process.credentials;
        let ids = change(Ids::of(of, who), who.is_superuser())?;
        ids.set(of, who);
        Ok(())
    })
}

/// Stores the three ids, until one cannot be stored.
fn store(of: Of, places: [u32; 3]) -> i64 {
    call(|kernel, _| {
        let Ids { real, effective, saved } = Ids::of(of, &kernel.process.credentials);
        for (place, id) in places.into_iter().zip([real, effective, saved]) {
            range(place, ID_BYTES)?.store_u32(0, id);
        }
        Ok(())
    })
}

#[unsafe(export_name = "SYS_getuid")]
extern "C" fn getuid() -> i64 {
    get(Of::User, |ids| ids.real)
}

#[unsafe(export_name = "SYS_geteuid")]
extern "C" fn geteuid() -> i64 {
    get(Of::User, |ids| ids.effective)
}

#[unsafe(export_name = "SYS_getgid")]
extern "C" fn getgid() -> i64 {
    get(Of::Group, |ids| ids.real)
}

#[unsafe(export_name = "SYS_getegid")]
extern "C" fn getegid() -> i64 {
    get(Of::Group, |ids| ids.effective)
}

#[unsafe(export_name = "SYS_setuid")]
extern "C" fn setuid(uid: u32) -> i64 {
    set(Of::User, |ids, privileged| ids.set_one(uid, privileged))
}

#[unsafe(export_name = "SYS_setgid")]
extern "C" fn setgid(gid: u32) -> i64 {
    set(Of::Group, |ids, privileged| ids.set_one(gid, privileged))
}

#[unsafe(export_name = "SYS_setreuid")]
extern "C" fn setreuid(ruid: u32, euid: u32) -> i64 {
    set(Of::User, |ids, privileged| ids.set_two(ruid, euid, privileged))
}

#[unsafe(export_name = "SYS_setregid")]
extern "C" fn setregid(rgid: u32, egid: u32) -> i64 {
    set(Of::Group, |ids, privileged| ids.set_two(rgid, egid, privileged))
}

#[unsafe(export_name = "SYS_setresuid")]
extern "C" fn setresuid(ruid: u32, euid: u32, suid: u32) -> i64 {
    set(Of::User, |ids, privileged| ids.set_three([ruid, euid, suid], privileged))
}

#[unsafe(export_name = "SYS_setresgid")]
extern "C" fn setresgid(rgid: u32, egid: u32, sgid: u32) -> i64 {
    set(Of::Group, |ids, privileged| ids.set_three([rgid, egid, sgid], privileged))
}

#[unsafe(export_name = "SYS_getresuid")]
extern "C" fn getresuid(ruid: u32, euid: u32, suid: u32) -> i64 {
    store(Of::User, [ruid, euid, suid])
}

#[unsafe(export_name = "SYS_getresgid")]
extern "C" fn getresgid(rgid: u32, egid: u32, sgid: u32) -> i64 {
    store(Of::Group, [rgid, egid, sgid])
}

#[unsafe(export_name = "SYS_getgroups")]
extern "C" fn getgroups(size: i32, list: u32) -> i64 {
    call(|kernel, _| {
        let size = u32::try_from(size).map_err(|_| Errno::EINVAL)?;
        let groups = &kernel.process.credentials.groups;
        // No more than NGROUPS_MAX.
        let count = u32::try_from(groups.len()).map_err(|_| Errno::EINVAL)?;
        if size != 0 {
            if count > size {
                return Err(Errno::EINVAL);
            }
            let mut place = array(list, count, ID_BYTES)?;
            for group in groups {
                place.take(ID_BYTES).store_u32(0, *group);
            }
        }
        Ok(count)
    })
}

#[unsafe(export_name = "SYS_setgroups")]
extern "C" fn setgroups(size: u32, list: u32) -> i64 {
    call(|kernel, _| {
        let who = &mut kernel.process.credentials;
        if !who.is_superuser() {
            return Err(Errno::EPERM);
        }
        if size > NGROUPS_MAX {
            return Err(Errno::EINVAL);
        }
        let mut groups = Vec::new();
        groups.try_reserve_exact(size as usize)?;
        let mut place = array(list, size, ID_BYTES)?;
        for _ in 0..size {
            let group = place.take(ID_BYTES).load_u32(0);
            if group == KEEP {
                return Err(Errno::EINVAL);
            }
            groups.push(group);
        }
        groups.sort_unstable();
        who.groups = groups;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::{Ids, KEEP};
    use wasm_vfs_core::Errno;

    const fn ids(real: u32, effective: u32, saved: u32) -> Ids {
        Ids { real, effective, saved }
    }

    #[test]
    fn one_id_is_set_among_those_that_there_are() {
        let user = ids(5, 6, 7);
        assert_eq!(user.set_one(9, true), Ok(ids(9, 9, 9)));
        assert_eq!(user.set_one(7, false), Ok(ids(5, 7, 7)));
        assert_eq!(user.set_one(5, false), Ok(ids(5, 5, 7)));
        assert_eq!(user.set_one(6, false), Err(Errno::EPERM));
        assert_eq!(user.set_one(KEEP, true), Err(Errno::EINVAL));
    }

    #[test]
    fn two_ids_change_the_saved_one_when_the_real_one_is_set() {
        let user = ids(5, 6, 7);
        assert_eq!(user.set_two(KEEP, 7, false), Ok(ids(5, 7, 7)));
        assert_eq!(user.set_two(KEEP, 5, false), Ok(ids(5, 5, 7)));
        assert_eq!(user.set_two(6, KEEP, false), Ok(ids(6, 6, 6)));
        assert_eq!(user.set_two(7, KEEP, false), Err(Errno::EPERM));
        assert_eq!(user.set_two(KEEP, 8, false), Err(Errno::EPERM));
        assert_eq!(user.set_two(8, 9, true), Ok(ids(8, 9, 9)));
    }

    #[test]
    fn three_ids_are_set_among_those_that_there_are() {
        let user = ids(5, 6, 7);
        assert_eq!(user.set_three([7, 5, KEEP], false), Ok(ids(7, 5, 7)));
        assert_eq!(user.set_three([KEEP, KEEP, 8], false), Err(Errno::EPERM));
        assert_eq!(user.set_three([1, 2, 3], true), Ok(ids(1, 2, 3)));
    }
}
