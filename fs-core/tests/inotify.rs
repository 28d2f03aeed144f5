//! inotify: which events come, and in which order. The expected events were read off Linux 6.18,
//! where the same steps were run on a tmpfs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Config, Credentials, Dev, Errno, FallocateMode, Fd, Fs, InotifyMask,
    IoVecMut, Ioctl, NoContents, OFlags, PollEvents, Process, RenameFlags, SpliceFlags,
    TimeSpecifier, Timespec, Whence, XattrFlags,
};

/// A process with an instance, and names for what it reads.
struct Watcher {
    fs: Fs<NoContents>,
    process: Process,
    inotify: Fd,
    /// The first cookie seen.
    first_cookie: Option<u32>,
}

const NAMES: [(u32, &str); 15] = [
    (0x1, "ACCESS"),
    (0x2, "MODIFY"),
    (0x4, "ATTRIB"),
    (0x8, "CLOSE_WRITE"),
    (0x10, "CLOSE_NOWRITE"),
    (0x20, "OPEN"),
    (0x40, "MOVED_FROM"),
    (0x80, "MOVED_TO"),
    (0x100, "CREATE"),
    (0x200, "DELETE"),
    (0x400, "DELETE_SELF"),
    (0x800, "MOVE_SELF"),
    (0x4000, "Q_OVERFLOW"),
    (0x8000, "IGNORED"),
    (0x4000_0000, "ISDIR"),
];

impl Watcher {
    fn new() -> Watcher {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let inotify = fs.inotify_init1(&mut process, OFlags::NONBLOCK).unwrap();
        Watcher { fs, process, inotify, first_cookie: None }
    }

    fn watch(&mut self, path: &[u8], mask: u32) -> Result<i32, Errno> {
        let mask = InotifyMask::from_bits_retain(mask);
        self.fs.inotify_add_watch(&self.process, self.inotify, path, mask)
    }

    /// What can be read: `WD:EVENTS cCOOKIE NAME`, cookies counted from 1.
    fn events(&mut self) -> Vec<String> {
        let mut bytes = vec![0; 1 << 20];
        let len = match self.fs.read(&self.process, self.inotify, &mut bytes[..]) {
            Err(Errno::EAGAIN) => 0,
            other => other.unwrap(),
        };
        let mut rest = &bytes[..len];
        let mut events = Vec::new();
        while !rest.is_empty() {
            let word = |n: usize| u32::from_le_bytes(rest[n * 4..n * 4 + 4].try_into().unwrap());
            let (wd, mask, cookie, name_bytes) = (word(0).cast_signed(), word(1), word(2), word(3));
            let end = 16 + name_bytes as usize;
            let name = String::from_utf8(rest[16..end].to_vec()).unwrap();
            let what: Vec<&str> =
                NAMES.iter().filter(|(bit, _)| mask & bit != 0).map(|&(_, name)| name).collect();
            let mut text = format!("{wd}:{}", what.join("|"));
            if cookie != 0 {
                let first = *self.first_cookie.get_or_insert(cookie);
                text += &format!(" c{}", cookie - first + 1);
            }
            if name_bytes > 0 {
                text = text + " " + name.trim_end_matches('\0');
            }
            events.push(text);
            rest = &rest[end..];
        }
        events
    }

    /// Does something and compares the events, which are separated by commas.
    #[track_caller]
    fn step<T>(
        &mut self,
        expected: &str,
        call: impl FnOnce(&mut Fs<NoContents>, &mut Process) -> Result<T, Errno>,
    ) -> T {
        let result = call(&mut self.fs, &mut self.process).unwrap();
        assert_eq!(self.events().join(", "), expected);
        self.fs.check_invariants(&[&self.process]).unwrap();
        result
    }
}

fn open(fs: &mut Fs<NoContents>, p: &mut Process, path: &[u8], flags: OFlags) -> Result<Fd, Errno> {
    fs.openat(p, AT_FDCWD, path, flags, 0o644)
}

fn open_and_close(
    fs: &mut Fs<NoContents>,
    p: &mut Process,
    path: &[u8],
    flags: OFlags,
) -> Result<(), Errno> {
    let fd = open(fs, p, path, flags)?;
    fs.close(p, fd)
}

const ALL: u32 = 0xfff;

/// `/d` with `f`, and `/e`; watches 1 on `/d`, 2 on `/d/f`, 3 on `/e`, 4 on `/`.
fn tree() -> Watcher {
    let mut w = Watcher::new();
    let (fs, p) = (&mut w.fs, &mut w.process);
    fs.mkdir(p, b"/d", 0o755).unwrap();
    fs.mkdir(p, b"/e", 0o755).unwrap();
    open_and_close(fs, p, b"/d/f", OFlags::CREAT).unwrap();
    for (wd, path) in [(1, &b"/d"[..]), (2, b"/d/f"), (3, b"/e"), (4, b"/")] {
        assert_eq!(w.watch(path, ALL), Ok(wd));
    }
    w
}

#[test]
fn reading_and_writing() {
    let mut w = tree();
    let fd = w.step("1:OPEN f, 2:OPEN", |fs, p| open(fs, p, b"/d/f", OFlags::RDWR));
    let (accessed, modified) = ("1:ACCESS f, 2:ACCESS", "1:MODIFY f, 2:MODIFY");
    w.step("", |fs, p| fs.read(p, fd, &mut [0; 1][..]));
    w.step(modified, |fs, p| fs.write(p, fd, &b"abc"[..]));
    w.step("1:MODIFY f, 2:MODIFY, 1:MODIFY f, 2:MODIFY", |fs, p| {
        fs.write(p, fd, &b"abc"[..])?;
        fs.write(p, fd, &b"abc"[..])
    });
    w.step(accessed, |fs, p| fs.pread64(p, fd, &mut [0; 1][..], 0));
    // At the end of the file, and of nothing.
    w.step(accessed, |fs, p| fs.readv(p, fd, IoVecMut::new(&mut [&mut [0; 3]])));
    w.step(accessed, |fs, p| fs.readv(p, fd, IoVecMut::new(&mut [])));
    w.step(accessed, |fs, p| fs.preadv(p, fd, IoVecMut::new(&mut [&mut [0; 3]]), 1000));
    w.step("", |fs, p| fs.write(p, fd, &b""[..]));
    w.step(modified, |fs, p| fs.ftruncate(p, fd, 2));
    w.step(modified, |fs, p| fs.ftruncate(p, fd, 2));
    w.step(modified, |fs, p| fs.truncate(p, b"/d/f", 1));
    w.step(modified, |fs, p| fs.fallocate(p, fd, FallocateMode::empty(), 0, 10));
    let dup = w.step("", |fs, p| fs.dup(p, fd));
    w.step("", |fs, p| fs.close(p, dup));
    w.step("1:CLOSE_WRITE f, 2:CLOSE_WRITE", |fs, p| fs.close(p, fd));
    w.step("1:OPEN f, 2:OPEN, 1:CLOSE_NOWRITE f, 2:CLOSE_NOWRITE", |fs, p| {
        open_and_close(fs, p, b"/d/f", OFlags::RDONLY)
    });
    w.step("1:OPEN f, 2:OPEN, 1:MODIFY f, 2:MODIFY, 1:CLOSE_WRITE f, 2:CLOSE_WRITE", |fs, p| {
        open_and_close(fs, p, b"/d/f", OFlags::WRONLY | OFlags::TRUNC)
    });
    w.step("", |fs, p| open_and_close(fs, p, b"/d/f", OFlags::PATH));
}

#[test]
fn metadata() {
    let mut w = tree();
    let fd = open(&mut w.fs, &mut w.process, b"/d/f", OFlags::RDWR).unwrap();
    w.events();
    let attrib = "1:ATTRIB f, 2:ATTRIB";
    let (omit, now) = (TimeSpecifier::Omit, TimeSpecifier::Now);
    let at = TimeSpecifier::At(Timespec::new(1, 5));
    let none = AtFlags::empty();
    w.step(attrib, |fs, p| fs.fchmod(p, fd, 0o600));
    w.step(attrib, |fs, p| fs.chmod(p, b"/d/f", 0o600));
    w.step(attrib, |fs, p| fs.chown(p, b"/d/f", 0, 0));
    w.step("", |fs, p| fs.chown(p, b"/d/f", u32::MAX, u32::MAX));
    w.step(attrib, |fs, p| fs.utimensat(p, AT_FDCWD, b"/d/f", [now, now], none));
    w.step(attrib, |fs, p| fs.futimens(p, fd, [at, at]));
    w.step("1:MODIFY f, 2:MODIFY", |fs, p| fs.utimensat(p, AT_FDCWD, b"/d/f", [omit, at], none));
    w.step("1:ACCESS f, 2:ACCESS", |fs, p| fs.utimensat(p, AT_FDCWD, b"/d/f", [at, omit], none));
    w.step("", |fs, p| fs.utimensat(p, AT_FDCWD, b"/d/f", [omit, omit], none));
    let flags = XattrFlags::empty();
    w.step(attrib, |fs, p| fs.setxattr(p, b"/d/f", b"user.a", &b"1"[..], flags));
    w.step("", |fs, p| fs.getxattr(p, b"/d/f", b"user.a", &mut [0; 9][..]));
    w.step(attrib, |fs, p| fs.fsetxattr(p, fd, b"user.a", &b"1"[..], flags));
    w.step(attrib, |fs, p| fs.removexattr(p, b"/d/f", b"user.a"));
    w.step("4:ATTRIB|ISDIR d, 1:ATTRIB|ISDIR", |fs, p| fs.chmod(p, b"/d", 0o755));
    w.step("4:ATTRIB|ISDIR d, 1:ATTRIB|ISDIR", |fs, p| {
        fs.setxattr(p, b"/d", b"user.x", &b""[..], flags)
    });
}

#[test]
fn set_id_bits_that_go() {
    let mut w = tree();
    w.step("3:CREATE nod", |fs, p| fs.mknod(p, b"/e/nod", 0o100_644, Dev(0)));
    w.step("3:ATTRIB nod", |fs, p| fs.chmod(p, b"/e/nod", 0o4777));
    let mut user = w.fs.spawn(Credentials::user(7, 7)).unwrap();
    let fd = open(&mut w.fs, &mut user, b"/e/nod", OFlags::WRONLY).unwrap();
    w.fs.write(&user, fd, &b"x"[..]).unwrap();
    w.fs.exit(user);
    w.step("3:OPEN nod, 3:ATTRIB nod, 3:MODIFY nod, 3:CLOSE_WRITE nod", |_, _| Ok(()));
    w.step("3:ATTRIB nod", |fs, p| fs.chmod(p, b"/e/nod", 0o4777));
    let user = w.fs.spawn(Credentials::user(7, 7)).unwrap();
    w.fs.truncate(&user, b"/e/nod", 0).unwrap();
    w.fs.exit(user);
    w.step("3:MODIFY|ATTRIB nod", |_, _| Ok(()));
}

#[test]
fn names_that_come() {
    let mut w = tree();
    w.step("1:CREATE g, 1:OPEN g, 1:CLOSE_WRITE g", |fs, p| {
        open_and_close(fs, p, b"/d/g", OFlags::CREAT | OFlags::WRONLY | OFlags::TRUNC)
    });
    w.step("2:ATTRIB, 1:CREATE h", |fs, p| fs.link(p, b"/d/f", b"/d/h"));
    w.step("1:CREATE s", |fs, p| fs.symlink(p, b"f", b"/d/s"));
    w.step("1:CREATE|ISDIR sub", |fs, p| fs.mkdir(p, b"/d/sub", 0o755));
    w.step("1:CREATE p", |fs, p| fs.mknod(p, b"/d/p", 0o10644, Dev(0)));
    let fd = w.step("4:OPEN|ISDIR d, 1:OPEN|ISDIR", |fs, p| open(fs, p, b"/d", OFlags::DIRECTORY));
    for _ in 0..2 {
        w.step("4:ACCESS|ISDIR d, 1:ACCESS|ISDIR", |fs, p| {
            fs.getdents64(p, fd, &mut [0; 1000][..])
        });
    }
    w.step("4:CLOSE_NOWRITE|ISDIR d, 1:CLOSE_NOWRITE|ISDIR", |fs, p| fs.close(p, fd));
    w.step("", |fs, p| fs.readlink(p, b"/d/s", &mut [0; 9][..]));
    w.step("", |fs, p| fs.stat(p, b"/d/f"));
    w.step(
        "4:OPEN|ISDIR e, 3:OPEN|ISDIR, 4:CLOSE_NOWRITE|ISDIR e, 3:CLOSE_NOWRITE|ISDIR",
        |fs, p| open_and_close(fs, p, b"/e/.", OFlags::RDONLY),
    );
    w.step("4:OPEN|ISDIR, 4:CLOSE_NOWRITE|ISDIR", |fs, p| {
        open_and_close(fs, p, b"/e/..", OFlags::RDONLY)
    });
}

#[test]
fn names_that_move() {
    let mut w = tree();
    open_and_close(&mut w.fs, &mut w.process, b"/d/g", OFlags::CREAT).unwrap();
    w.fs.mkdir(&w.process, b"/d/sub", 0o755).unwrap();
    w.events();
    w.step("1:MOVED_FROM c1 g, 1:MOVED_TO c1 g2", |fs, p| fs.rename(p, b"/d/g", b"/d/g2"));
    w.step("1:MOVED_FROM c2 g2, 3:MOVED_TO c2 g", |fs, p| fs.rename(p, b"/d/g2", b"/e/g"));
    w.step("1:MOVED_FROM|ISDIR c3 sub, 3:MOVED_TO|ISDIR c3 sub", |fs, p| {
        fs.rename(p, b"/d/sub", b"/e/sub")
    });
    w.step("1:MOVED_FROM c4 f, 3:MOVED_TO c4 f, 2:MOVE_SELF", |fs, p| {
        fs.rename(p, b"/d/f", b"/e/f")
    });
    assert_eq!(w.watch(b"/e/g", ALL), Ok(5));
    w.step(
        "3:MOVED_FROM c5 f, 3:MOVED_TO c5 g, 5:ATTRIB, 2:MOVE_SELF, 5:DELETE_SELF, 5:IGNORED",
        |fs, p| fs.rename(p, b"/e/f", b"/e/g"),
    );
    w.step("", |fs, p| fs.rename(p, b"/e/g", b"/e/g"));
    w.fs.mkdir(&w.process, b"/e/em1", 0o755).unwrap();
    w.fs.mkdir(&w.process, b"/e/em2", 0o755).unwrap();
    assert_eq!((w.watch(b"/e/em1", ALL), w.watch(b"/e/em2", ALL)), (Ok(6), Ok(7)));
    w.events();
    w.step(
        "3:MOVED_FROM|ISDIR c6 em1, 3:MOVED_TO|ISDIR c6 em2, 7:ATTRIB|ISDIR, 6:MOVE_SELF, \
         7:DELETE_SELF, 7:IGNORED",
        |fs, p| fs.rename(p, b"/e/em1", b"/e/em2"),
    );
    // An exchange is two moves.
    let exchange = RenameFlags::EXCHANGE;
    w.step(
        "3:MOVED_FROM c7 g, 3:MOVED_TO c7 sub, 2:MOVE_SELF, \
         3:MOVED_FROM|ISDIR c8 sub, 3:MOVED_TO|ISDIR c8 g",
        |fs, p| fs.renameat2(p, AT_FDCWD, b"/e/g", AT_FDCWD, b"/e/sub", exchange),
    );
}

#[test]
fn names_that_go() {
    let mut w = tree();
    w.fs.symlink(&w.process, b"f", b"/d/s").unwrap();
    w.fs.mknod(&w.process, b"/d/p", 0o10644, Dev(0)).unwrap();
    w.fs.mkdir(&w.process, b"/e/sub", 0o755).unwrap();
    assert_eq!(w.watch(b"/d/s", ALL | 0x0200_0000), Ok(5));
    assert_eq!((w.watch(b"/d/p", ALL), w.watch(b"/e/sub", ALL)), (Ok(6), Ok(7)));
    w.events();
    w.step("5:ATTRIB, 5:DELETE_SELF, 5:IGNORED, 1:DELETE s", |fs, p| fs.unlink(p, b"/d/s"));
    // What goes through a pipe is not told to its directory.
    let fd = w.step("1:OPEN p, 6:OPEN", |fs, p| open(fs, p, b"/d/p", OFlags::RDWR));
    w.step("6:MODIFY", |fs, p| fs.write(p, fd, &b"x"[..]));
    w.step("6:ACCESS", |fs, p| fs.read(p, fd, &mut [0; 1][..]));
    w.step("6:ATTRIB, 1:DELETE p", |fs, p| fs.unlink(p, b"/d/p"));
    w.step("6:MODIFY", |fs, p| fs.write(p, fd, &b"x"[..]));
    w.step("1:CLOSE_WRITE p, 6:CLOSE_WRITE, 6:DELETE_SELF, 6:IGNORED", |fs, p| fs.close(p, fd));
    w.step("7:DELETE_SELF, 7:IGNORED, 3:DELETE|ISDIR sub", |fs, p| fs.rmdir(p, b"/e/sub"));
    w.fs.link(&w.process, b"/d/f", b"/d/h").unwrap();
    w.events();
    w.step("2:ATTRIB, 1:DELETE h", |fs, p| fs.unlink(p, b"/d/h"));
}

#[test]
fn open_files_follow_their_names() {
    let mut w = tree();
    let fd = open(&mut w.fs, &mut w.process, b"/d/f", OFlags::RDWR).unwrap();
    w.events();
    w.step("1:MOVED_FROM c1 f, 3:MOVED_TO c1 zz, 2:MOVE_SELF", |fs, p| {
        fs.rename(p, b"/d/f", b"/e/zz")
    });
    w.step("3:MODIFY zz, 2:MODIFY", |fs, p| fs.write(p, fd, &b"x"[..]));
    w.step("2:ATTRIB, 3:DELETE zz", |fs, p| fs.unlink(p, b"/e/zz"));
    w.step("3:MODIFY zz, 2:MODIFY", |fs, p| fs.write(p, fd, &b"x"[..]));
    w.step("3:ATTRIB zz, 2:ATTRIB", |fs, p| fs.fchmod(p, fd, 0o600));
    w.step("3:MODIFY zz, 2:MODIFY", |fs, p| fs.ftruncate(p, fd, 0));
    w.step("3:CLOSE_WRITE zz, 2:CLOSE_WRITE, 2:DELETE_SELF, 2:IGNORED", |fs, p| fs.close(p, fd));
    // Those who want no events of removed names get none that come from an open file.
    assert_eq!(w.watch(b"/e", ALL | 0x0400_0000), Ok(3));
    let fd = open(&mut w.fs, &mut w.process, b"/e/x", OFlags::RDWR | OFlags::CREAT).unwrap();
    w.events();
    w.step("3:DELETE x", |fs, p| fs.unlink(p, b"/e/x"));
    w.step("", |fs, p| fs.write(p, fd, &b"1"[..]));
    w.step("3:ATTRIB x", |fs, p| fs.fchmod(p, fd, 0o600));
    w.step("3:MODIFY x", |fs, p| fs.ftruncate(p, fd, 0));
    w.step("", |fs, p| fs.close(p, fd));
}

#[test]
fn transfers() {
    let mut w = tree();
    let (fs, p) = (&mut w.fs, &mut w.process);
    let source = open(fs, p, b"/e/aaa", OFlags::RDWR | OFlags::CREAT).unwrap();
    let target = open(fs, p, b"/e/bbb", OFlags::RDWR | OFlags::CREAT).unwrap();
    let [r, wr] = fs.pipe(p).unwrap();
    fs.write(p, source, &b"hello"[..]).unwrap();
    fs.lseek(p, source, 0, Whence::Set).unwrap();
    w.events();
    let none = SpliceFlags::empty();
    let both = "3:ACCESS aaa, 3:MODIFY bbb";
    w.step(both, |fs, p| fs.sendfile(p, target, source, None, 3));
    w.step(both, |fs, p| fs.copy_file_range(p, source, None, target, None, 2, 0));
    w.step("3:ACCESS aaa", |fs, p| fs.splice(p, source, Some(&mut 0), wr, None, 3, none));
    w.step("3:MODIFY bbb", |fs, p| fs.splice(p, r, None, target, None, 3, none));
    w.step("", |fs, p| fs.sendfile(p, target, source, Some(&mut 1000), 3));
}

#[test]
fn watches_are_changed_and_removed() {
    use Errno::{EBADF, EEXIST, EINVAL, ENOENT, ENOTDIR};
    let mut w = tree();
    assert_eq!(w.watch(b"/d", 0x8000_0000 | 0x100), Ok(1));
    w.step("1:CREATE 1, 1:IGNORED", |fs, p| {
        open_and_close(fs, p, b"/d/1", OFlags::CREAT)?;
        open_and_close(fs, p, b"/d/2", OFlags::CREAT)
    });
    // rows: path, mask, answer
    for (path, mask, answer) in [
        (&b"/d"[..], 0, Err(EINVAL)),
        (b"/d", 0x10000, Err(EINVAL)),
        (b"/d", 0x3000_0000 | 2, Err(EINVAL)),
        (b"/nope", ALL, Err(ENOENT)),
        (b"/d/1", 0x0100_0000 | 2, Err(ENOTDIR)),
        (b"/d/1", 0x1000_0000 | 2, Ok(5)),
        (b"/d/1", 0x1000_0000 | 2, Err(EEXIST)),
        (b"/d/1", 0x2000_0000 | 4, Ok(5)),
        (b"", 2, Err(ENOENT)),
    ] {
        assert_eq!(w.watch(path, mask), answer, "{mask:x}");
    }
    w.step("5:MODIFY", |fs, p| fs.truncate(p, b"/d/1", 7));
    w.step("5:ATTRIB", |fs, p| fs.chmod(p, b"/d/1", 0o600));
    assert_eq!(w.watch(b"/d/1", 8), Ok(5));
    w.step("", |fs, p| fs.truncate(p, b"/d/1", 7));
    let (fs, p, inotify) = (&mut w.fs, &mut w.process, w.inotify);
    assert_eq!(fs.inotify_rm_watch(p, inotify, 9999), Err(EINVAL));
    assert_eq!(fs.inotify_rm_watch(p, inotify, 1), Err(EINVAL));
    assert_eq!(fs.inotify_rm_watch(p, 77, 1), Err(EBADF));
    w.step("5:IGNORED", |fs, p| fs.inotify_rm_watch(p, inotify, 5));
    let other = open(&mut w.fs, &mut w.process, b"/d/1", OFlags::RDONLY).unwrap();
    let mask = InotifyMask::MODIFY;
    assert_eq!(w.fs.inotify_add_watch(&w.process, other, b"/d", mask), Err(EINVAL));
    assert_eq!(w.fs.inotify_rm_watch(&w.process, other, 1), Err(EINVAL));
    w.fs.close(&mut w.process, inotify).unwrap();
    w.fs.check_invariants(&[&w.process]).unwrap();
}

#[test]
fn the_descriptor() {
    let mut w = tree();
    let (fs, p, inotify) = (&mut w.fs, &mut w.process, w.inotify);
    assert_eq!(fs.inotify_init1(p, OFlags::APPEND), Err(Errno::EINVAL));
    assert_eq!(fs.poll(p, inotify), PollEvents::empty());
    open_and_close(fs, p, b"/e/aaa", OFlags::CREAT).unwrap();
    assert_eq!(fs.poll(p, inotify), PollEvents::IN | PollEvents::RDNORM);
    assert_eq!(fs.ioctl(p, inotify, Ioctl::FioNRead), Ok(96));
    let mut buf = [0; 64];
    assert_eq!(fs.read(p, inotify, &mut buf[..20]), Err(Errno::EINVAL));
    assert_eq!(fs.read(p, inotify, &mut buf[..47]), Ok(32));
    assert_eq!(fs.write(p, inotify, &b"1"[..]), Err(Errno::EBADF));
    assert_eq!(fs.pread64(p, inotify, &mut buf[..], 0), Err(Errno::ESPIPE));
    assert_eq!(fs.lseek(p, inotify, 5, Whence::Set), Ok(0));
    assert_eq!(fs.fsync(p, inotify), Err(Errno::EINVAL));
    assert_eq!(fs.ftruncate(p, inotify, 0), Err(Errno::EINVAL));
    assert_eq!(fs.fchmod(p, inotify, 0o777), Err(Errno::EOPNOTSUPP));
    let stat = fs.fstat(p, inotify).unwrap();
    assert_eq!((stat.st_mode, stat.st_nlink, stat.st_size), (0o600, 1, 0));
    // 128 instances for each user.
    for _ in 1..128 {
        fs.inotify_init(p).unwrap();
    }
    assert_eq!(fs.inotify_init(p), Err(Errno::EMFILE));
}

#[test]
fn equal_events_are_one_and_too_many_are_lost() {
    let mut w = tree();
    for path in [b"/e/aaa", b"/e/bbb"] {
        open_and_close(&mut w.fs, &mut w.process, path, OFlags::CREAT).unwrap();
    }
    w.events();
    w.step("3:ATTRIB aaa", |fs, p| {
        fs.chmod(p, b"/e/aaa", 0o600)?;
        fs.chmod(p, b"/e/aaa", 0o644)
    });
    for n in 0..16_390 {
        let path = if n % 2 == 0 { b"/e/aaa" } else { b"/e/bbb" };
        w.fs.chmod(&w.process, path, 0o600).unwrap();
    }
    assert_eq!(w.fs.ioctl(&mut w.process, w.inotify, Ioctl::FioNRead), Ok(524_304));
    let events = w.events();
    assert_eq!((events.len(), events.last().unwrap().as_str()), (16_385, "-1:Q_OVERFLOW"));
    w.step("3:ATTRIB aaa", |fs, p| fs.chmod(p, b"/e/aaa", 0o600));
}
