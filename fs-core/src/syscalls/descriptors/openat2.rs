//! openat2, and files without a name (`O_TMPFILE`).

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags, ResolveFlags};
use crate::base::stat::S_IALLUGO;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::syscalls::descriptors::open::O_PATH_FLAGS;
use crate::syscalls::descriptors::tmpfile::{TMPFILE_BIT, check_tmpfile};

/// `struct open_how` (openat2(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenHow {
    /// The bits of [`OFlags`]. Unknown ones are refused, unlike openat(2)'s.
    pub flags: u64,
    /// The mode of a file that is created; else zero.
    pub mode: u64,
    /// The bits of [`ResolveFlags`].
    pub resolve: u64,
}

/// `FASYNC`: signals when input is possible. Known, without effect.
const ASYNC: u32 = 0o20_000;

/// The flags that there are (`VALID_OPEN_FLAGS`, include/linux/fcntl.h).
const VALID_OPEN_FLAGS: u64 = OFlags::ACCMODE
    .union(OFlags::CREAT)
    .union(OFlags::EXCL)
    .union(OFlags::NOCTTY)
    .union(OFlags::TRUNC)
    .union(OFlags::APPEND)
    .union(OFlags::NONBLOCK)
    .union(OFlags::SYNC)
    .union(OFlags::DIRECT)
    .union(OFlags::LARGEFILE)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NOATIME)
    .union(OFlags::CLOEXEC)
    .union(OFlags::PATH)
    .union(OFlags::TMPFILE)
    .bits() as u64
    | ASYNC as u64;

/// The ways to resolve that there are (`VALID_RESOLVE_FLAGS`).
const VALID_RESOLVE_FLAGS: u64 = ResolveFlags::NO_XDEV
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::BENEATH)
    .union(ResolveFlags::IN_ROOT)
    .union(ResolveFlags::CACHED)
    .bits();

impl<P: Platform> Fs<P> {
    /// `long openat2(int dirfd, const char *pathname, struct open_how *how, size_t size)`
    ///
    /// [`openat`](Self::openat) with a say in how the path is resolved. All that Linux would have
    /// to look up is at hand (`CACHED`), there is one mount (`NO_XDEV`) and no magic link.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags or ways to resolve; both `BENEATH` and `IN_ROOT`; a mode that has
    ///   no use, or more than its 12 bits; `PATH` with flags that it does not go with.
    /// * `EAGAIN`: `CACHED` with `CREAT`, `TRUNC` or `TMPFILE`.
    /// * As [`openat`](Self::openat), with `EXDEV` for a path that leaves what it should not and
    ///   `ELOOP` for a link with `NO_SYMLINKS`.
    pub fn openat2(
        &mut self,
        process: &mut Process,
        dirfd: Fd,
        path: &[u8],
        how: &OpenHow,
    ) -> Result<Fd, Errno> {
        let resolve = ResolveFlags::from_bits_retain(how.resolve);
        let both = ResolveFlags::BENEATH | ResolveFlags::IN_ROOT;
        if how.flags & !VALID_OPEN_FLAGS != 0
            || how.resolve & !VALID_RESOLVE_FLAGS != 0
            || resolve.contains(both)
        {
            return Err(Errno::EINVAL);
        }
        let flags = OFlags::from_bits_retain(u32::try_from(how.flags).or_after_defect(0));
        let mode = u32::try_from(how.mode).map_err(|_| Errno::EINVAL)?;
        let creates = flags.intersects(OFlags::CREAT | TMPFILE_BIT);
        if mode & !(if creates { S_IALLUGO } else { 0 }) != 0 {
            return Err(Errno::EINVAL);
        }
        check_tmpfile(flags)?;
        if flags.contains(OFlags::PATH) && !(flags - O_PATH_FLAGS).is_empty() {
            return Err(Errno::EINVAL);
        }
        if resolve.contains(ResolveFlags::CACHED)
            && flags.intersects(OFlags::TRUNC | OFlags::CREAT | TMPFILE_BIT)
        {
            return Err(Errno::EAGAIN);
        }
        self.do_open(process, dirfd, path, flags, mode, resolve | process.resolve)
    }
}
