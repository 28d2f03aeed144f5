//! Calls that open, and those that give, take and change names.

use wasm_vfs_core::{
    AtFlags, Dev, EventfdFlags, Fcntl, Fd, MemfdFlags, MountFlags, OFlags, OpenHow, RenameFlags,
};

use super::{Caller, Make, from_fd, from_pair, size, unit};

/// Those that make descriptors come more than once: most of the others want one.
pub(super) const CALLS: &[(&str, Make)] = &[
    ("openat", openat),
    ("openat", openat),
    ("openat", openat),
    ("openat", openat),
    ("open", |c| c.fs.open(c.p, c.args.path(0), c.args.open_flags(1), c.args.mode(2)).map(from_fd)),
    ("creat", |c| c.fs.creat(c.p, c.args.path(0), c.args.mode(1)).map(from_fd)),
    ("numbered", numbered),
    ("openat2", |c| {
        let flags = c.args.open_flags(2);
        let creates = flags.intersects(OFlags::CREAT) || flags.contains(OFlags::TMPFILE);
        let mode = if creates { c.args.mode(3) } else { 0 };
        let how = OpenHow {
            flags: flags.bits().into(),
            mode: mode.into(),
            resolve: c.args.resolve(4).bits(),
        };
        c.fs.openat2(c.p, c.args.fd_or_cwd(1), c.args.path(0), &how).map(from_fd)
    }),
    ("reopen", |c| c.fs.reopen(c.p, c.args.fd(0), c.args.open_flags(2)).map(from_fd)),
    ("open_by_ino", |c| {
        let ino = u64::from(c.args.0[0]) % 16;
        c.fs.open_by_ino(c.p, ino, c.args.open_flags(2)).map(from_fd)
    }),
    ("open_foreign", |c| c.fs.open_foreign(c.p, 7, OFlags::RDWR).map(from_fd)),
    ("pipe", |c| c.fs.pipe(c.p).map(from_pair)),
    ("pipe2", |c| {
        c.fs.pipe2(c.p, c.args.pick(0, &[OFlags::empty(), OFlags::DIRECT])).map(from_pair)
    }),
    ("inotify_init", |c| c.fs.inotify_init(c.p).map(from_fd)),
    ("inotify_init1", |c| c.fs.inotify_init1(c.p, OFlags::NONBLOCK).map(from_fd)),
    ("inotify_add_watch", |c| {
        let (fd, mask) = (c.args.fd(0), c.args.mask(2));
        c.fs.inotify_add_watch(c.p, fd, c.args.path(1), mask).map(from_fd)
    }),
    ("inotify_rm_watch", |c| {
        let wd = i32::from(c.args.0[1] % 8);
        c.fs.inotify_rm_watch(c.p, c.args.fd(0), wd).map(unit)
    }),
    ("close", |c| c.fs.close(c.p, c.args.fd(0)).map(unit)),
    ("close_range", |c| {
        let flags = c.args.pick(2, &[0, 4, 2]);
        c.fs.close_range(c.p, c.args.number(0), c.args.number(1), flags).map(unit)
    }),
    ("dup", |c| c.fs.dup(c.p, c.args.fd(0)).map(from_fd)),
    ("dup2", |c| c.fs.dup2(c.p, c.args.fd(0), c.args.fd(1)).map(from_fd)),
    ("dup3", |c| c.fs.dup3(c.p, c.args.fd(0), c.args.fd(1), OFlags::CLOEXEC).map(from_fd)),
    ("fcntl", |c| {
        let from = Fd::from(c.args.0[1]);
        let pipe_bytes = c.args.pick(1, &[4096, 1, 8192, 65_536, 1 << 20, 1 << 21]);
        let commands = [
            Fcntl::DupFd(from),
            Fcntl::DupFdCloexec(from),
            Fcntl::SetFl(OFlags::APPEND),
            Fcntl::SetFl(OFlags::NONBLOCK),
            Fcntl::GetFl,
            Fcntl::SetPipeSz(pipe_bytes),
            Fcntl::GetPipeSz,
        ];
        c.fs.fcntl(c.p, c.args.fd(0), c.args.pick(2, &commands)).map(u64::from)
    }),
    ("mkdir", |c| c.fs.mkdir(c.p, c.args.path(0), c.args.mode(1)).map(unit)),
    ("mkdirat", |c| {
        c.fs.mkdirat(c.p, c.args.fd_or_cwd(1), c.args.path(0), c.args.mode(3)).map(unit)
    }),
    ("mknod", |c| c.fs.mknod(c.p, c.args.path(0), node_mode(c), Dev(0x103)).map(unit)),
    ("mknodat", |c| {
        let mode = node_mode(c);
        c.fs.mknodat(c.p, c.args.fd_or_cwd(3), c.args.path(0), mode, Dev(0x103)).map(unit)
    }),
    ("symlink", |c| c.fs.symlink(c.p, c.args.target(1), c.args.path(0)).map(unit)),
    ("symlinkat", |c| {
        c.fs.symlinkat(c.p, c.args.target(1), c.args.fd_or_cwd(2), c.args.path(0)).map(unit)
    }),
    ("link", |c| c.fs.link(c.p, c.args.path(0), c.args.path(1)).map(unit)),
    ("linkat", |c| {
        let flags =
            c.args.pick(4, &[AtFlags::empty(), AtFlags::SYMLINK_FOLLOW, AtFlags::EMPTY_PATH]);
        let (old, new) = (c.args.fd_or_cwd(2), c.args.fd_or_cwd(3));
        c.fs.linkat(c.p, old, c.args.path(0), new, c.args.path(1), flags).map(unit)
    }),
    // Of what a descriptor names, which may have no name.
    ("linkat", |c| {
        let new = c.args.fd_or_cwd(2);
        let flags = AtFlags::EMPTY_PATH;
        c.fs.linkat(c.p, c.args.fd(0), b"", new, c.args.path(1), flags).map(unit)
    }),
    ("unlink", |c| c.fs.unlink(c.p, c.args.path(0)).map(unit)),
    ("unlinkat", |c| {
        let flags = c.args.pick(3, &[AtFlags::empty(), AtFlags::REMOVEDIR]);
        c.fs.unlinkat(c.p, c.args.fd_or_cwd(1), c.args.path(0), flags).map(unit)
    }),
    ("rmdir", |c| c.fs.rmdir(c.p, c.args.path(0)).map(unit)),
    ("rename", |c| c.fs.rename(c.p, c.args.path(0), c.args.path(1)).map(unit)),
    ("renameat", |c| {
        let (old, new) = (c.args.fd_or_cwd(2), c.args.fd_or_cwd(3));
        c.fs.renameat(c.p, old, c.args.path(0), new, c.args.path(1)).map(unit)
    }),
    ("renameat2", renameat2),
    ("renameat2", renameat2),
    ("readlink", |c| c.fs.readlink(c.p, c.args.path(0), &mut c.buffer[..300]).map(size)),
    ("readlinkat", |c| {
        let dirfd = c.args.fd_or_cwd(1);
        c.fs.readlinkat(c.p, dirfd, c.args.path(0), &mut c.buffer[..300]).map(size)
    }),
    ("chdir", |c| c.fs.chdir(c.p, c.args.path(0)).map(unit)),
    ("mount", |c| {
        let flags = MountFlags::REMOUNT | MountFlags::RDONLY;
        c.fs.mount(c.p, c.args.path(0), None, flags).map(unit)
    }),
    ("chroot", |c| c.fs.chroot(c.p, c.args.path(0)).map(unit)),
    ("eventfd", |c| c.fs.eventfd(c.p, c.args.number(0)).map(from_fd)),
    ("eventfd2", |c| {
        let flags = EventfdFlags::from_bits_retain(c.args.number(1) & 3);
        c.fs.eventfd2(c.p, c.args.number(0), flags).map(from_fd)
    }),
    ("memfd_create", |c| {
        let flags = MemfdFlags::from_bits_retain(c.args.number(1) & 0x1b);
        c.fs.memfd_create(c.p, c.args.path(0), flags).map(from_fd)
    }),
    ("fchdir", |c| c.fs.fchdir(c.p, c.args.fd(0)).map(unit)),
    ("getcwd", |c| c.fs.getcwd(c.p, &mut c.buffer[..c.args.length(0)]).map(size)),
];

fn openat(c: &mut Caller<'_>) -> Result<u64, wasm_vfs_core::Errno> {
    let (flags, mode) = (c.args.open_flags(2), c.args.mode(3));
    c.fs.openat(c.p, c.args.fd_or_cwd(1), c.args.path(0), flags, mode).map(from_fd)
}

/// One of 65,536 names in one directory; the descriptor is closed at once.
fn numbered(c: &mut Caller<'_>) -> Result<u64, wasm_vfs_core::Errno> {
    let mut path = *b"d/0000";
    let number = u16::from_le_bytes([c.args.0[0], c.args.0[1]]);
    for (place, shift) in path[2..].iter_mut().zip([12, 8, 4, 0]) {
        *place = b"0123456789abcdef"[usize::from(number >> shift & 0xf)];
    }
    let fd = c.fs.creat(c.p, &path, 0o644)?;
    c.fs.close(c.p, fd).map(unit)
}

fn renameat2(c: &mut Caller<'_>) -> Result<u64, wasm_vfs_core::Errno> {
    let flags = RenameFlags::from_bits_retain(c.args.number(4) % 5);
    let (old, new) = (c.args.fd_or_cwd(2), c.args.fd_or_cwd(3));
    c.fs.renameat2(c.p, old, c.args.path(0), new, c.args.path(1), flags).map(unit)
}

/// A type, of which some are none, and permission bits.
fn node_mode(c: &Caller<'_>) -> u32 {
    (c.args.number(1) & 0xf) << 12 | c.args.mode(2)
}
