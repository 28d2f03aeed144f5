//! Structures of the calls: those of 64-bit Linux, with pointers of 32 bits.

use core::marker::PhantomData;

/// `struct stat`, as on x86-64 (stat(3type)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Stat {
    /// The device that holds the file.
    pub st_dev: u64,
    /// The number of the file.
    pub st_ino: u64,
    /// How many names it has.
    pub st_nlink: u64,
    /// Its type and permission bits.
    pub st_mode: u32,
    /// Its owner.
    pub st_uid: u32,
    /// Its group.
    pub st_gid: u32,
    /// Nothing.
    pub pad: u32,
    /// Which device it is, if it is one.
    pub st_rdev: u64,
    /// Its size in bytes.
    pub st_size: i64,
    /// How many bytes are best read at once.
    pub st_blksize: i64,
    /// How many blocks of 512 bytes it takes.
    pub st_blocks: i64,
    /// When it was read last.
    pub st_atim: Timespec,
    /// When its contents changed last.
    pub st_mtim: Timespec,
    /// When anything of it changed last.
    pub st_ctim: Timespec,
    /// Nothing.
    pub unused: [i64; 3],
}

/// `struct timespec`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Timespec {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Nanoseconds after those.
    pub tv_nsec: i64,
}

/// `struct timeval`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Timeval {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Microseconds after those.
    pub tv_usec: i64,
}

/// `struct utimbuf`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Utimbuf {
    /// Access time, in seconds.
    pub actime: i64,
    /// Modification time, in seconds.
    pub modtime: i64,
}

/// `struct statx_timestamp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct StatxTimestamp {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Nanoseconds after those.
    pub tv_nsec: u32,
    /// Nothing.
    pub reserved: i32,
}

/// `struct statx` (statx(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Statx {
    /// Which fields are filled.
    pub stx_mask: u32,
    /// How many bytes are best read at once.
    pub stx_blksize: u32,
    /// Further attributes.
    pub stx_attributes: u64,
    /// How many names it has.
    pub stx_nlink: u32,
    /// Its owner.
    pub stx_uid: u32,
    /// Its group.
    pub stx_gid: u32,
    /// Its type and permission bits.
    pub stx_mode: u16,
    /// Nothing.
    pub pad: u16,
    /// The number of the file.
    pub stx_ino: u64,
    /// Its size in bytes.
    pub stx_size: u64,
    /// How many blocks of 512 bytes it takes.
    pub stx_blocks: u64,
    /// Which attributes there can be.
    pub stx_attributes_mask: u64,
    /// When it was read last.
    pub stx_atime: StatxTimestamp,
    /// When it was made.
    pub stx_btime: StatxTimestamp,
    /// When anything of it changed last.
    pub stx_ctime: StatxTimestamp,
    /// When its contents changed last.
    pub stx_mtime: StatxTimestamp,
    /// Which device it is, if it is one.
    pub stx_rdev_major: u32,
    /// The second half of that.
    pub stx_rdev_minor: u32,
    /// The device that holds the file.
    pub stx_dev_major: u32,
    /// The second half of that.
    pub stx_dev_minor: u32,
    /// The mount that it is in.
    pub stx_mnt_id: u64,
    /// What later kernels have here.
    pub rest: [u64; 13],
}

/// `struct statfs` (statfs(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Statfs {
    /// Which kind of filesystem it is.
    pub f_type: i64,
    /// Bytes of a block.
    pub f_bsize: i64,
    /// How many blocks there are.
    pub f_blocks: u64,
    /// How many of them are free.
    pub f_bfree: u64,
    /// How many are free for anybody.
    pub f_bavail: u64,
    /// How many files there can be.
    pub f_files: u64,
    /// How many more there can be.
    pub f_ffree: u64,
    /// The filesystem's number.
    pub f_fsid: [i32; 2],
    /// The longest name.
    pub f_namelen: i64,
    /// Bytes of a fragment.
    pub f_frsize: i64,
    /// Mount flags.
    pub f_flags: i64,
    /// Nothing.
    pub f_spare: [i64; 4],
}

/// `struct pollfd` (poll(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Pollfd {
    /// The descriptor.
    pub fd: i32,
    /// What is waited for.
    pub events: i16,
    /// What has come.
    pub revents: i16,
}

/// `struct open_how` (openat2(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OpenHow {
    /// Flags of open(2).
    pub flags: u64,
    /// Permission bits of a new file.
    pub mode: u64,
    /// `RESOLVE_*`.
    pub resolve: u64,
}

/// `struct rlimit` (getrlimit(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Rlimit {
    /// The limit.
    pub rlim_cur: u64,
    /// How far it can be raised.
    pub rlim_max: u64,
}

/// `struct utsname` (uname(2)): strings that end with a NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Utsname {
    /// The system.
    pub sysname: [u8; 65],
    /// The name of the machine.
    pub nodename: [u8; 65],
    /// The release of the system.
    pub release: [u8; 65],
    /// Its version.
    pub version: [u8; 65],
    /// The kind of machine.
    pub machine: [u8; 65],
    /// The domain.
    pub domainname: [u8; 65],
}

/// A piece of a vector that is written (`struct iovec`).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct IoSlice<'a> {
    base: *const u8,
    len: usize,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> IoSlice<'a> {
    /// These bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> IoSlice<'a> {
        IoSlice { base: bytes.as_ptr(), len: bytes.len(), bytes: PhantomData }
    }
}

/// A piece of a vector that is filled (`struct iovec`).
#[derive(Debug)]
#[repr(C)]
pub struct IoSliceMut<'a> {
    base: *mut u8,
    len: usize,
    bytes: PhantomData<&'a mut [u8]>,
}

impl<'a> IoSliceMut<'a> {
    /// These bytes.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> IoSliceMut<'a> {
        IoSliceMut { base: bytes.as_mut_ptr(), len: bytes.len(), bytes: PhantomData }
    }
}

/// The sizes that the table of calls gives.
const _: () = {
    assert!(size_of::<Stat>() == 144);
    assert!(size_of::<Statx>() == 256);
    assert!(size_of::<Statfs>() == 120);
    assert!(size_of::<Timespec>() == 16 && size_of::<Timeval>() == 16);
    assert!(size_of::<Utimbuf>() == 16);
    assert!(size_of::<Pollfd>() == 8);
    assert!(size_of::<OpenHow>() == 24);
    assert!(size_of::<Rlimit>() == 16);
    assert!(size_of::<Utsname>() == 390);
    assert!(size_of::<IoSlice<'_>>() == 2 * size_of::<usize>());
};
