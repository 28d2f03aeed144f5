//! The names of flags and numbers: for `--trace`, and the constants of the C header and the Rust
//! crate.

/// What the names of a list are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Bits, from the lowest on.
    Bits,
    /// Numbers, from 0 on.
    Numbers,
}

/// A list of names that [`Kind::Flags`](crate::Kind::Flags) refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameList {
    /// What the table of calls refers to it by.
    pub list: &'static str,
    /// What it has names of.
    pub of: Of,
    /// The names, with a blank between; `-` has none.
    pub names: &'static str,
}

impl NameList {
    /// The names and their values.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let of = self.of;
        let all = (0_u32..).zip(self.names.split(' ')).filter(|(_, name)| *name != "-");
        all.map(move |(position, name)| match of {
            Of::Bits => (name, 1 << position),
            Of::Numbers => (name, position.into()),
        })
    }
}

/// All lists.
#[rustfmt::skip]
pub static NAMES: &[NameList] = &[
    NameList { list: "open", of: Of::Bits, names: "O_WRONLY O_RDWR - - - - O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_DSYNC O_ASYNC O_DIRECT O_LARGEFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC __O_SYNC O_PATH __O_TMPFILE" },
    NameList { list: "close_range", of: Of::Bits, names: "- CLOSE_RANGE_UNSHARE CLOSE_RANGE_CLOEXEC" },
    NameList { list: "fcntl", of: Of::Numbers, names: "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN F_SETSIG F_GETSIG - - - F_SETOWN_EX F_GETOWN_EX - - - - - - - - - - - - - - - - - - - F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW" },
    NameList { list: "flock", of: Of::Bits, names: "LOCK_SH LOCK_EX LOCK_NB LOCK_UN" },
    NameList { list: "eventfd", of: Of::Bits, names: "EFD_SEMAPHORE - - - - - - - - - - EFD_NONBLOCK - - - - - - - EFD_CLOEXEC" },
    NameList { list: "inotify", of: Of::Bits, names: "IN_ACCESS IN_MODIFY IN_ATTRIB IN_CLOSE_WRITE IN_CLOSE_NOWRITE IN_OPEN IN_MOVED_FROM IN_MOVED_TO IN_CREATE IN_DELETE IN_DELETE_SELF IN_MOVE_SELF - IN_UNMOUNT IN_Q_OVERFLOW IN_IGNORED - - - - - - - - IN_ONLYDIR IN_DONT_FOLLOW IN_EXCL_UNLINK - IN_MASK_CREATE IN_MASK_ADD IN_ISDIR IN_ONESHOT" },
    NameList { list: "memfd", of: Of::Bits, names: "MFD_CLOEXEC MFD_ALLOW_SEALING MFD_HUGETLB MFD_NOEXEC_SEAL MFD_EXEC" },
    NameList { list: "rwf", of: Of::Bits, names: "RWF_HIPRI RWF_DSYNC RWF_SYNC RWF_NOWAIT RWF_APPEND RWF_NOAPPEND" },
    NameList { list: "whence", of: Of::Numbers, names: "SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE" },
    NameList { list: "fallocate", of: Of::Bits, names: "FALLOC_FL_KEEP_SIZE FALLOC_FL_PUNCH_HOLE - FALLOC_FL_COLLAPSE_RANGE FALLOC_FL_ZERO_RANGE FALLOC_FL_INSERT_RANGE FALLOC_FL_UNSHARE_RANGE" },
    NameList { list: "fadvise", of: Of::Numbers, names: "POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL POSIX_FADV_WILLNEED POSIX_FADV_DONTNEED POSIX_FADV_NOREUSE" },
    NameList { list: "splice", of: Of::Bits, names: "SPLICE_F_MOVE SPLICE_F_NONBLOCK SPLICE_F_MORE SPLICE_F_GIFT" },
    NameList { list: "at", of: Of::Bits, names: "- - - - - - - - AT_SYMLINK_NOFOLLOW AT_EACCESS AT_SYMLINK_FOLLOW AT_NO_AUTOMOUNT AT_EMPTY_PATH AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC" },
    NameList { list: "statx", of: Of::Bits, names: "STATX_TYPE STATX_MODE STATX_NLINK STATX_UID STATX_GID STATX_ATIME STATX_MTIME STATX_CTIME STATX_INO STATX_SIZE STATX_BLOCKS STATX_BTIME STATX_MNT_ID" },
    NameList { list: "access", of: Of::Bits, names: "X_OK W_OK R_OK" },
    NameList { list: "xattr", of: Of::Bits, names: "XATTR_CREATE XATTR_REPLACE" },
    NameList { list: "unlinkat", of: Of::Bits, names: "- - - - - - - - - AT_REMOVEDIR" },
    NameList { list: "rename", of: Of::Bits, names: "RENAME_NOREPLACE RENAME_EXCHANGE RENAME_WHITEOUT" },
    NameList { list: "linkat", of: Of::Bits, names: "- - - - - - - - - - AT_SYMLINK_FOLLOW - AT_EMPTY_PATH" },
    NameList { list: "mknod", of: Of::Bits, names: "- - - - - - - - - - - - S_IFIFO S_IFCHR S_IFDIR S_IFREG" },
    NameList { list: "prot", of: Of::Bits, names: "PROT_READ PROT_WRITE PROT_EXEC PROT_SEM" },
    NameList { list: "map", of: Of::Bits, names: "MAP_SHARED MAP_PRIVATE - - MAP_FIXED MAP_ANONYMOUS MAP_32BIT - MAP_GROWSDOWN - - MAP_DENYWRITE MAP_EXECUTABLE MAP_LOCKED MAP_NORESERVE MAP_POPULATE MAP_NONBLOCK MAP_STACK MAP_HUGETLB MAP_SYNC MAP_FIXED_NOREPLACE" },
    NameList { list: "mremap", of: Of::Bits, names: "MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP" },
    NameList { list: "msync", of: Of::Bits, names: "MS_ASYNC MS_INVALIDATE MS_SYNC" },
    NameList { list: "madvise", of: Of::Numbers, names: "MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED - - - MADV_FREE MADV_REMOVE MADV_DONTFORK MADV_DOFORK" },
    NameList { list: "clock", of: Of::Numbers, names: "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME" },
    NameList { list: "timer", of: Of::Bits, names: "TIMER_ABSTIME" },
    NameList { list: "getrandom", of: Of::Bits, names: "GRND_NONBLOCK GRND_RANDOM GRND_INSECURE" },
    NameList { list: "rlimit", of: Of::Numbers, names: "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS" },
];

/// Names of several bits at once, and of numbers that no list has: with their values.
pub static MORE_NAMES: &[(&str, u64)] = &[
    ("AT_FDCWD", (-100_i64).cast_unsigned()),
    ("O_RDONLY", 0),
    ("O_SYNC", 0o4_010_000),
    ("O_RSYNC", 0o4_010_000),
    ("O_TMPFILE", 0o20_200_000),
    ("O_ACCMODE", 3),
    ("FD_CLOEXEC", 1),
    ("F_OK", 0),
    ("F_RDLCK", 0),
    ("F_WRLCK", 1),
    ("F_UNLCK", 2),
    ("F_DUPFD_CLOEXEC", 1030),
    ("F_SETPIPE_SZ", 1031),
    ("F_GETPIPE_SZ", 1032),
    ("FIONREAD", 0x541b),
    ("IN_CLOEXEC", 0o2_000_000),
    ("IN_NONBLOCK", 0o4_000),
    ("IN_CLOSE", 0x18),
    ("IN_MOVE", 0xc0),
    ("IN_ALL_EVENTS", 0xfff),
    ("PROT_NONE", 0),
    ("STATX_BASIC_STATS", 0x7ff),
    ("STATX_ALL", 0xfff),
    ("S_IFMT", 0o170_000),
    ("POLLIN", 1),
    ("POLLPRI", 2),
    ("POLLOUT", 4),
    ("POLLERR", 8),
    ("POLLHUP", 16),
    ("POLLNVAL", 32),
    ("RESOLVE_NO_XDEV", 1),
    ("RESOLVE_NO_MAGICLINKS", 2),
    ("RESOLVE_NO_SYMLINKS", 4),
    ("RESOLVE_BENEATH", 8),
    ("RESOLVE_IN_ROOT", 16),
    ("UTIME_NOW", 0x3fff_ffff),
    ("UTIME_OMIT", 0x3fff_fffe),
];

/// The names of a list.
#[must_use]
pub fn names(list: &str) -> Option<&'static NameList> {
    NAMES.iter().find(|names| names.list == list)
}
