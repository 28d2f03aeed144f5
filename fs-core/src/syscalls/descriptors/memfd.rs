//! memfd_create: a file outside the tree.

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::flags::{Fd, NAME_MAX, OFlags};
use crate::base::stat::S_IRWXUGO;
use crate::fs::Fs;
use crate::objects::contents::FileContents;
use crate::objects::file_description::{FileDescription, FileKind};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

bitflags! {
    /// Flags of memfd_create(2) (`include/uapi/linux/memfd.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MemfdFlags: u32 {
        /// Close on exec.
        const CLOEXEC = 1;
        /// Seals may be set. There are no seals here, so it has no effect.
        const ALLOW_SEALING = 2;
        /// Use large pages. There are none (`ENOSYS`).
        const HUGETLB = 4;
        /// The file cannot be executed, and nobody may change that.
        const NOEXEC_SEAL = 8;
        /// The file can be executed, which it can anyway.
        const EXEC = 0x10;
        // Unknown bits are kept: `check` answers EINVAL for them.
        const _ = !0;
    }
}

/// The flags that there are (`MFD_ALL_FLAGS`, mm/memfd.c).
const MFD_ALL_FLAGS: MemfdFlags = MemfdFlags::CLOEXEC
    .union(MemfdFlags::ALLOW_SEALING)
    .union(MemfdFlags::HUGETLB)
    .union(MemfdFlags::NOEXEC_SEAL)
    .union(MemfdFlags::EXEC);

/// Where flags hold the size of a large page (`MFD_HUGE_MASK << MFD_HUGE_SHIFT`).
const MFD_HUGE_BITS: MemfdFlags = MemfdFlags::from_bits_retain(0x3f << 26);

/// The longest name, in bytes: the kernel puts `memfd:` before it.
pub const MFD_NAME_MAX_LEN: usize = NAME_MAX - 6;

/// The permission bits that `NOEXEC_SEAL` leaves out.
const EXECUTE_BITS: u32 = 0o111;

impl MemfdFlags {
    /// Checks flags before the name is looked at (`sanitize_flags`).
    ///
    /// # Errors
    ///
    /// `EINVAL`: unknown flags; a size of pages without `HUGETLB`; both `EXEC` and `NOEXEC_SEAL`.
    pub fn check(self) -> Result<(), Errno> {
        let huge = self.contains(MemfdFlags::HUGETLB);
        let known = if huge { MFD_ALL_FLAGS | MFD_HUGE_BITS } else { MFD_ALL_FLAGS };
        let both = MemfdFlags::EXEC | MemfdFlags::NOEXEC_SEAL;
        if (self - known).is_empty() && !self.contains(both) { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

impl<P: Platform> Fs<P> {
    /// `int memfd_create(const char *name, unsigned int flags)`
    ///
    /// Makes a file that has no name, takes none, and ends with its last descriptor. `name` only
    /// has to be short enough.
    ///
    /// DEVIATION: the file is one of this filesystem, and counts as such. It has no seals.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::UNNAMED_FILES`] is off.
    /// * `EINVAL`: as [`MemfdFlags::check`]; a name longer than [`MFD_NAME_MAX_LEN`].
    /// * `EMFILE`, `ENOMEM`: no descriptor left, or no memory for one.
    /// * `ENOSYS`: large pages are asked for.
    /// * `ENOSPC`: no room for the file.
    pub fn memfd_create(
        &mut self,
        process: &mut Process,
        name: &[u8],
        flags: MemfdFlags,
    ) -> Result<Fd, Errno> {
        if !P::UNNAMED_FILES {
            return Err(Errno::ENOSYS);
        }
        flags.check()?;
        if name.len() > MFD_NAME_MAX_LEN {
            return Err(Errno::EINVAL);
        }
        self.reserve_description(process)?;
        if flags.contains(MemfdFlags::HUGETLB) {
            return Err(Errno::ENOSYS);
        }
        let noexec = flags.contains(MemfdFlags::NOEXEC_SEAL);
        let mode = if noexec { S_IRWXUGO & !EXECUTE_BITS } else { S_IRWXUGO };
        let who = &process.credentials;
        let kind = InodeKind::Regular(FileContents::default());
        let ino = self.add_inode(Inode::new(kind, mode, who.euid, who.egid, self.now()))?;
        let opened = FileDescription::new(FileKind::Inode(ino), OFlags::RDWR | OFlags::LARGEFILE);
        let fd = self.install(process, opened, flags.contains(MemfdFlags::CLOEXEC));
        self.free_if_unused(ino);
        fd
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{MFD_NAME_MAX_LEN, MemfdFlags};
    use crate::{
        AT_FDCWD, AtFlags, Config, Credentials, Errno, Fcntl, Fs, NoContents, OFlags, Whence,
    };

    #[test]
    fn a_file_without_a_name_goes_with_its_descriptor() {
        let config = Config { max_inodes: 3, ..Config::default() };
        let mut fs = Fs::new(NoContents::default(), config).unwrap();
        let mut process = fs.spawn(Credentials::user(5, 6)).unwrap();
        fs.umask(&mut process, 0o777);
        let name = [b'n'; MFD_NAME_MAX_LEN];
        let fd = fs.memfd_create(&mut process, &name, MemfdFlags::empty()).unwrap();
        let stat = fs.fstat(&process, fd).unwrap();
        assert_eq!((stat.st_mode, stat.st_nlink), (0o100_777, 0));
        assert_eq!((stat.st_uid, stat.st_gid), (5, 6));
        let flags = fs.fcntl(&mut process, fd, Fcntl::GetFl).unwrap();
        assert_eq!(flags, (OFlags::RDWR | OFlags::LARGEFILE).bits());
        assert_eq!(fs.write(&process, fd, &b"five!"[..]), Ok(5));
        assert_eq!(fs.lseek(&process, fd, 0, Whence::End), Ok(5));
        let link = fs.linkat(&process, fd, b"", AT_FDCWD, b"/name", AtFlags::EMPTY_PATH);
        assert_ne!(link, Ok(()));
        let no_exec = MemfdFlags::NOEXEC_SEAL | MemfdFlags::CLOEXEC;
        let second = fs.memfd_create(&mut process, b"", no_exec).unwrap();
        assert_eq!(fs.fstat(&process, second).unwrap().st_mode, 0o100_666);
        assert_eq!(fs.fcntl(&mut process, second, Fcntl::GetFd), Ok(1));
        let third = fs.memfd_create(&mut process, b"", MemfdFlags::empty());
        assert_eq!(third, Err(Errno::ENOSPC));
        fs.close(&mut process, fd).unwrap();
        assert!(fs.memfd_create(&mut process, b"", MemfdFlags::empty()).is_ok());
        assert_eq!(fs.check_invariants(&[&process]), Ok(()));
    }

    #[test]
    fn flags_and_names_are_checked_as_linux_does() {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        // rows: flags, length of the name, answer; all but ENOSYS on Linux 6.18, too
        for (flags, name_bytes, expected) in [
            (0x20, 1, Errno::EINVAL),
            (0x18, 1, Errno::EINVAL),
            (1 << 26, 1, Errno::EINVAL),
            (0, MFD_NAME_MAX_LEN + 1, Errno::EINVAL),
            (4, MFD_NAME_MAX_LEN + 1, Errno::EINVAL),
            (4 | 21 << 26, 1, Errno::ENOSYS),
        ] {
            let name = alloc::vec![b'n'; name_bytes];
            let answer = fs.memfd_create(&mut process, &name, MemfdFlags::from_bits_retain(flags));
            assert_eq!(answer, Err(expected), "{flags:x} {name_bytes}");
        }
        assert_eq!(process.open_descriptors(), 0);
    }
}
