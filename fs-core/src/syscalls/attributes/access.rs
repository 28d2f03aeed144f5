//! access, faccessat, faccessat2.

use core::mem::replace;

use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, Fd};
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::attributes::target::WALK_FLAGS;

/// Every bit of the `mode` word of access(2) (`S_IRWXO`).
const ACCESS_BITS: u32 = 0o7;

impl<P: Platform> Fs<P> {
    /// `int faccessat2(int dirfd, const char *pathname, int mode, int flags)`
    ///
    /// Whether the process may read (4), write (2) or execute (1) a file, or with mode 0 whether it
    /// is there. The real ids are asked, also on the way; with `EACCESS` the effective ones.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: a mode beyond 7; flags but `EACCESS`, `SYMLINK_NOFOLLOW` and `EMPTY_PATH`.
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `EACCES`: it may not.
    pub fn faccessat2(
        &self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if mode & !ACCESS_BITS != 0 || !(flags - AtFlags::EACCESS - WALK_FLAGS).is_empty() {
            return Err(Errno::EINVAL);
        }
        if flags.contains(AtFlags::EACCESS) {
            return self.check_access(process, dirfd, path, mode, flags - AtFlags::EACCESS);
        }
        // access_override_creds: real ids take the place of the effective ones for the whole call.
        let Credentials { uid, gid, .. } = process.credentials;
        let euid = replace(&mut process.credentials.euid, uid);
        let egid = replace(&mut process.credentials.egid, gid);
        let answer = self.check_access(process, dirfd, path, mode, flags);
        (process.credentials.euid, process.credentials.egid) = (euid, egid);
        answer
    }

    /// `int faccessat(int dirfd, const char *pathname, int mode)`
    ///
    /// The system call, which has no flags: [`faccessat2`](Self::faccessat2) with none.
    ///
    /// # Errors
    ///
    /// As [`faccessat2`](Self::faccessat2).
    pub fn faccessat(
        &self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
    ) -> Result<(), Errno> {
        self.faccessat2(process, dirfd, path, mode, AtFlags::empty())
    }

    /// `int access(const char *pathname, int mode)`
    ///
    /// [`faccessat`](Self::faccessat) from the current directory.
    ///
    /// # Errors
    ///
    /// As [`faccessat2`](Self::faccessat2).
    pub fn access(&self, process: &mut Process, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.faccessat(process, AT_FDCWD, path, mode)
    }

    fn check_access(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        mode: u32,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        if path.is_empty()
            && flags.contains(AtFlags::EMPTY_PATH)
            && (flags - WALK_FLAGS).is_empty()
            && self.is_anonymous(process, dirfd)
        {
            // The inode that all instances share: the superuser's, mode 0600.
            let granted = process.credentials.may_access(0o600, 0, 0, mode, false);
            return if granted { Ok(()) } else { Err(Errno::EACCES) };
        }
        let target = self.walk_by_flags(process, dirfd, path, flags)?;
        self.may_access(process, self.inode(target.ino)?, mode)
    }
}
