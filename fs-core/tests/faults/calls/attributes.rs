//! Calls about what files are: status, permissions, owners, times, extended attributes, locks.

use wasm_vfs_core::{AtFlags, Flock, FlockOperation, StatxMask, Timeval, Utimbuf, XattrFlags};

use super::{Caller, Make, size, unit};

pub(super) const CALLS: &[(&str, Make)] = &[
    ("stat", |c| c.fs.stat(c.p, c.args.path(0)).map(|stat| stat.st_size)),
    ("lstat", |c| c.fs.lstat(c.p, c.args.path(0)).map(|stat| stat.st_size)),
    ("fstat", |c| c.fs.fstat(c.p, c.args.fd(0)).map(|stat| stat.st_size)),
    ("newfstatat", |c| {
        let flags = at_flags(c, 2);
        c.fs.newfstatat(c.p, c.args.fd_or_cwd(1), c.args.path(0), flags).map(|stat| stat.st_size)
    }),
    ("fstatat", |c| {
        let flags = at_flags(c, 2);
        c.fs.fstatat(c.p, c.args.fd_or_cwd(1), c.args.path(0), flags).map(|stat| stat.st_size)
    }),
    ("statx", |c| {
        let (flags, mask) = (at_flags(c, 2), StatxMask::BASIC_STATS);
        let answer = c.fs.statx(c.p, c.args.fd_or_cwd(1), c.args.path(0), flags, mask);
        answer.map(|statx| statx.stx_mask.bits().into())
    }),
    ("statfs", |c| c.fs.statfs(c.p, c.args.path(0)).map(|all| all.f_bfree)),
    ("fstatfs", |c| c.fs.fstatfs(c.p, c.args.fd(0)).map(|all| all.f_ffree)),
    ("chmod", |c| c.fs.chmod(c.p, c.args.path(0), c.args.mode(1)).map(unit)),
    ("fchmod", |c| c.fs.fchmod(c.p, c.args.fd(0), c.args.mode(1)).map(unit)),
    ("fchmodat", |c| {
        c.fs.fchmodat(c.p, c.args.fd_or_cwd(1), c.args.path(0), c.args.mode(2)).map(unit)
    }),
    ("fchmodat2", |c| {
        let (mode, flags) = (c.args.mode(2), at_flags(c, 3));
        c.fs.fchmodat2(c.p, c.args.fd_or_cwd(1), c.args.path(0), mode, flags).map(unit)
    }),
    ("chown", |c| c.fs.chown(c.p, c.args.path(0), c.args.owner(1), c.args.group(2)).map(unit)),
    ("lchown", |c| c.fs.lchown(c.p, c.args.path(0), c.args.owner(1), c.args.group(2)).map(unit)),
    ("fchown", |c| c.fs.fchown(c.p, c.args.fd(0), c.args.owner(1), c.args.group(2)).map(unit)),
    ("fchownat", |c| {
        let (owner, group, flags) = (c.args.owner(1), c.args.group(2), at_flags(c, 3));
        let dirfd = c.args.fd_or_cwd(4);
        c.fs.fchownat(c.p, dirfd, c.args.path(0), owner, group, flags).map(unit)
    }),
    ("access", |c| c.fs.access(c.p, c.args.path(0), c.args.number(1) & 7).map(unit)),
    ("faccessat", |c| {
        let mode = c.args.number(1) & 7;
        c.fs.faccessat(c.p, c.args.fd_or_cwd(2), c.args.path(0), mode).map(unit)
    }),
    ("faccessat2", |c| {
        let mode = c.args.number(1) & 7;
        let flags = c.args.pick(3, &[AtFlags::EACCESS, AtFlags::EMPTY_PATH, AtFlags::empty()]);
        c.fs.faccessat2(c.p, c.args.fd_or_cwd(2), c.args.path(0), mode, flags).map(unit)
    }),
    ("umask", |c| Ok(c.fs.umask(c.p, c.args.mode(0)).into())),
    ("utimensat", |c| {
        let (times, flags) = (c.args.times(1), at_flags(c, 2));
        c.fs.utimensat(c.p, c.args.fd_or_cwd(3), c.args.path(0), times, flags).map(unit)
    }),
    ("futimens", |c| c.fs.futimens(c.p, c.args.fd(0), c.args.times(1)).map(unit)),
    ("utime", |c| {
        let times = Utimbuf { actime: -7, modtime: 1 << 33 };
        c.fs.utime(c.p, c.args.path(0), c.args.pick(1, &[Some(times), None])).map(unit)
    }),
    ("utimes", |c| c.fs.utimes(c.p, c.args.path(0), timevals(c, 1)).map(unit)),
    ("futimesat", |c| {
        c.fs.futimesat(c.p, c.args.fd_or_cwd(2), c.args.path(0), timevals(c, 1)).map(unit)
    }),
    ("setxattr", |c| {
        let (value, flags) = (c.args.data(2), xattr_flags(c, 3));
        c.fs.setxattr(c.p, c.args.path(0), c.args.xattr_name(1), value, flags).map(unit)
    }),
    ("lsetxattr", |c| {
        let (value, flags) = (c.args.data(2), xattr_flags(c, 3));
        c.fs.lsetxattr(c.p, c.args.path(0), c.args.xattr_name(1), value, flags).map(unit)
    }),
    ("fsetxattr", |c| {
        let (value, flags) = (c.args.data(2), xattr_flags(c, 3));
        c.fs.fsetxattr(c.p, c.args.fd(0), c.args.xattr_name(1), value, flags).map(unit)
    }),
    ("getxattr", |c| {
        let buffer = &mut c.buffer[..c.args.length(2)];
        c.fs.getxattr(c.p, c.args.path(0), c.args.xattr_name(1), buffer).map(size)
    }),
    ("lgetxattr", |c| {
        let buffer = &mut c.buffer[..c.args.length(2)];
        c.fs.lgetxattr(c.p, c.args.path(0), c.args.xattr_name(1), buffer).map(size)
    }),
    ("fgetxattr", |c| {
        let buffer = &mut c.buffer[..c.args.length(2)];
        c.fs.fgetxattr(c.p, c.args.fd(0), c.args.xattr_name(1), buffer).map(size)
    }),
    ("listxattr", |c| {
        c.fs.listxattr(c.p, c.args.path(0), &mut c.buffer[..c.args.length(1)]).map(size)
    }),
    ("llistxattr", |c| {
        c.fs.llistxattr(c.p, c.args.path(0), &mut c.buffer[..c.args.length(1)]).map(size)
    }),
    ("flistxattr", |c| {
        c.fs.flistxattr(c.p, c.args.fd(0), &mut c.buffer[..c.args.length(1)]).map(size)
    }),
    ("removexattr", |c| c.fs.removexattr(c.p, c.args.path(0), c.args.xattr_name(1)).map(unit)),
    ("lremovexattr", |c| c.fs.lremovexattr(c.p, c.args.path(0), c.args.xattr_name(1)).map(unit)),
    ("fremovexattr", |c| c.fs.fremovexattr(c.p, c.args.fd(0), c.args.xattr_name(1)).map(unit)),
    ("flock", |c| {
        let operation = FlockOperation::from_bits_retain(c.args.number(1) & 0xf);
        c.fs.flock(c.p, c.args.fd(0), operation).map(unit)
    }),
    ("fcntl_getlk", |c| c.fs.fcntl_getlk(c.p, c.args.fd(0), lock(c)).map(start)),
    ("fcntl_setlk", |c| c.fs.fcntl_setlk(c.p, c.args.fd(0), lock(c)).map(unit)),
    ("fcntl_ofd_getlk", |c| c.fs.fcntl_ofd_getlk(c.p, c.args.fd(0), lock(c)).map(start)),
    ("fcntl_ofd_setlk", |c| c.fs.fcntl_ofd_setlk(c.p, c.args.fd(0), lock(c)).map(unit)),
];

/// A lock of few bytes, now and then of an odd range.
fn lock(c: &Caller<'_>) -> Flock {
    let start: i64 = c.args.number(2).into();
    Flock {
        l_type: c.args.pick(1, &[Flock::RDLCK, Flock::WRLCK, Flock::UNLCK]),
        l_whence: c.args.pick(4, &[0, 0, 0, 1, 2, 3]),
        l_start: if start == 255 { i64::MAX } else { start % 32 },
        l_len: c.args.pick(3, &[0, 1, 4, 10, -3, i64::MAX]),
        l_pid: c.args.pick(5, &[0, 0, 0, 0, 0, 0, 0, 1]),
    }
}

fn start(lock: Flock) -> u64 {
    lock.l_start.cast_unsigned()
}

fn timevals(c: &Caller<'_>, position: usize) -> Option<[Timeval; 2]> {
    let ordinary = Timeval { tv_sec: -7, tv_usec: 999_999 };
    let refused = Timeval { tv_sec: 7, tv_usec: 1_000_000 };
    c.args.pick(position, &[None, Some([ordinary; 2]), Some([ordinary, refused])])
}

fn at_flags(c: &Caller<'_>, position: usize) -> AtFlags {
    c.args.pick(position, &[AtFlags::empty(), AtFlags::SYMLINK_NOFOLLOW, AtFlags::EMPTY_PATH])
}

fn xattr_flags(c: &Caller<'_>, position: usize) -> XattrFlags {
    c.args.pick(position, &[XattrFlags::empty(), XattrFlags::CREATE, XattrFlags::REPLACE])
}
