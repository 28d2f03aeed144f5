//! Calls that read, write, move and size contents.

use wasm_vfs_core::{FallocateMode, Ioctl, RwFlags, SpliceFlags};

use super::args::DATA;
use super::{Caller, Make, from_fd, size, unit};

const NONE: SpliceFlags = SpliceFlags::empty();

pub(super) const CALLS: &[(&str, Make)] = &[
    ("write", |c| c.fs.write(c.p, c.args.fd(0), c.args.data(1)).map(size)),
    ("write", |c| c.fs.write(c.p, c.args.fd(0), c.args.data(1)).map(size)),
    ("writev", |c| c.fs.writev(c.p, c.args.fd(0), c.args.data(1)).map(size)),
    ("pwrite64", |c| {
        let data = &DATA[DATA.len() - c.args.length(1)..];
        c.fs.pwrite64(c.p, c.args.fd(0), data, c.args.offset(2)).map(size)
    }),
    ("pwritev", |c| c.fs.pwritev(c.p, c.args.fd(0), c.args.data(1), c.args.offset(2)).map(size)),
    ("read", |c| c.fs.read(c.p, c.args.fd(0), &mut c.buffer[..c.args.length(1)]).map(size)),
    ("readv", |c| c.fs.readv(c.p, c.args.fd(0), &mut c.buffer[..c.args.length(1)]).map(size)),
    ("pread64", |c| {
        let buffer = &mut c.buffer[..c.args.length(1)];
        c.fs.pread64(c.p, c.args.fd(0), buffer, c.args.offset(2)).map(size)
    }),
    ("preadv", |c| {
        let buffer = &mut c.buffer[..c.args.length(1)];
        c.fs.preadv(c.p, c.args.fd(0), buffer, c.args.offset(2)).map(size)
    }),
    ("preadv2", |c| {
        let flags = rw_flags(c);
        let buffer = &mut c.buffer[..c.args.length(1)];
        c.fs.preadv2(c.p, c.args.fd(0), buffer, c.args.offset(2), flags).map(size)
    }),
    ("pwritev2", |c| {
        let (data, offset) = (c.args.data(1), c.args.offset(2));
        c.fs.pwritev2(c.p, c.args.fd(0), data, offset, rw_flags(c)).map(size)
    }),
    ("lseek", |c| c.fs.lseek(c.p, c.args.fd(0), c.args.offset(1), c.args.whence(2))),
    ("getdents", |c| c.fs.getdents(c.p, c.args.fd(0), &mut c.buffer[..c.args.length(1)]).map(size)),
    ("getdents64", |c| {
        c.fs.getdents64(c.p, c.args.fd(0), &mut c.buffer[..c.args.length(1)]).map(size)
    }),
    ("readdir", |c| {
        let mut names = 0;
        let count = |_: &wasm_vfs_core::DirEntryView<'_>| {
            names += 1;
            true
        };
        c.fs.readdir(c.p, c.args.fd(0), c.args.number(1).into(), count).map(|()| names)
    }),
    ("truncate", |c| c.fs.truncate(c.p, c.args.path(0), c.args.offset(2)).map(unit)),
    ("ftruncate", |c| c.fs.ftruncate(c.p, c.args.fd(0), c.args.offset(2)).map(unit)),
    ("fallocate", |c| {
        let mode = FallocateMode::from_bits_retain(c.args.pick(4, &[0, 1, 3, 0x10, 0x11, 0x08, 2]));
        c.fs.fallocate(c.p, c.args.fd(0), mode, c.args.offset(1), c.args.offset(2)).map(unit)
    }),
    ("posix_fallocate", |c| {
        c.fs.posix_fallocate(c.p, c.args.fd(0), c.args.offset(1), c.args.offset(2)).map(unit)
    }),
    ("splice", |c| {
        let (from, to, len) = (c.args.fd(0), c.args.fd(1), c.args.length(2));
        c.fs.splice(c.p, from, None, to, None, len, NONE).map(size)
    }),
    ("splice", |c| {
        let (mut off_in, mut off_out) = (c.args.offset(3), c.args.offset(4));
        let off_in = (c.args.0[5] & 1 != 0).then_some(&mut off_in);
        let off_out = (c.args.0[5] & 2 != 0).then_some(&mut off_out);
        let (from, to, len) = (c.args.fd(0), c.args.fd(1), c.args.length(2));
        c.fs.splice(c.p, from, off_in, to, off_out, len, NONE).map(size)
    }),
    ("tee", |c| c.fs.tee(c.p, c.args.fd(0), c.args.fd(1), c.args.length(2), NONE).map(size)),
    ("vmsplice", |c| c.fs.vmsplice(c.p, c.args.fd(0), c.args.data(1), NONE).map(size)),
    ("vmsplice_to_user", |c| {
        let buffer = &mut c.buffer[..c.args.length(1)];
        c.fs.vmsplice_to_user(c.p, c.args.fd(0), buffer, NONE).map(size)
    }),
    ("sendfile", |c| {
        c.fs.sendfile(c.p, c.args.fd(0), c.args.fd(1), None, c.args.length(2)).map(size)
    }),
    ("sendfile64", |c| {
        let mut offset = c.args.offset(3);
        let (to, from, count) = (c.args.fd(0), c.args.fd(1), c.args.length(2));
        c.fs.sendfile64(c.p, to, from, Some(&mut offset), count).map(size)
    }),
    ("copy_file_range", |c| {
        let (mut off_in, mut off_out) = (c.args.offset(2), c.args.offset(3));
        let (off_in, off_out) = (Some(&mut off_in), Some(&mut off_out));
        let (from, to, len) = (c.args.fd(0), c.args.fd(1), c.args.length(4));
        c.fs.copy_file_range(c.p, from, off_in, to, off_out, len, 0).map(size)
    }),
    ("ioctl", |c| {
        let requests = [Ioctl::FioNRead, Ioctl::FioNBio(1), Ioctl::FioClex, Ioctl::FioNClex];
        c.fs.ioctl(c.p, c.args.fd(0), c.args.pick(1, &requests)).map(from_fd)
    }),
    ("poll", |c| Ok(c.fs.poll(c.p, c.args.fd(0)).bits().into())),
    ("sync", |c| {
        c.fs.sync();
        Ok(0)
    }),
    ("fsync", |c| c.fs.fsync(c.p, c.args.fd(0)).map(unit)),
    ("fdatasync", |c| c.fs.fdatasync(c.p, c.args.fd(0)).map(unit)),
    ("syncfs", |c| c.fs.syncfs(c.p, c.args.fd(0)).map(unit)),
];

fn rw_flags(c: &Caller<'_>) -> RwFlags {
    c.args.pick(3, &[RwFlags::empty(), RwFlags::APPEND, RwFlags::NOAPPEND, RwFlags::NOWAIT])
}
