//! Pipes and the calls that move bytes between descriptors. Every expected value was read off Linux
//! 6.18.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use wasm_vfs_core::{
    AT_FDCWD, Config, Credentials, Dev, Errno, Fcntl, Fd, Fs, Ioctl, NoContents, OFlags,
    PollEvents, Process, SpliceFlags, Whence,
};

type TestFs = Fs<NoContents>;

fn setup() -> (TestFs, Process) {
    let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
    let process = fs.spawn(Credentials::ROOT).unwrap();
    (fs, process)
}

fn open(fs: &mut TestFs, process: &mut Process, path: &[u8], flags: OFlags) -> Result<Fd, Errno> {
    fs.openat(process, AT_FDCWD, path, flags, 0o644)
}

fn read(fs: &mut TestFs, process: &Process, fd: Fd, len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    let read = fs.read(process, fd, &mut bytes[..])?;
    bytes.truncate(read);
    Ok(bytes)
}

/// A file with `len` bytes, open for reading and writing.
fn file(fs: &mut TestFs, process: &mut Process, path: &[u8], len: usize) -> Fd {
    let fd = open(fs, process, path, OFlags::CREAT | OFlags::RDWR).unwrap();
    let bytes: Vec<u8> = (b'0'..=b'9').cycle().take(len).collect();
    fs.pwrite64(process, fd, &bytes[..], 0).unwrap();
    fd
}

#[test]
fn a_pipe_holds_what_linux_holds() {
    let (mut fs, mut p) = setup();
    let [r, w] = fs.pipe2(&mut p, OFlags::NONBLOCK).unwrap();
    assert_eq!((r, w), (0, 1));
    assert_eq!(fs.write(&p, w, &[7; 100_000][..]), Ok(65_536));
    assert_eq!(fs.write(&p, w, &[7; 1][..]), Err(Errno::EAGAIN));
    assert_eq!(fs.ioctl(&mut p, r, Ioctl::FioNRead), Ok(65_536));
    assert_eq!(fs.fcntl(&mut p, w, Fcntl::GetPipeSz), Ok(65_536));
    assert_eq!(fs.fcntl(&mut p, w, Fcntl::SetPipeSz(4096)), Err(Errno::EBUSY));
    assert_eq!(read(&mut fs, &p, r, 70_000).unwrap().len(), 65_536);
    assert_eq!(fs.fcntl(&mut p, w, Fcntl::SetPipeSz(3 * 4096)), Ok(16_384));
    assert_eq!(fs.fcntl(&mut p, w, Fcntl::SetPipeSz(0)), Ok(4096));
    assert_eq!(fs.fcntl(&mut p, w, Fcntl::SetPipeSz(u32::MAX)), Err(Errno::EINVAL));
    // One buffer: a page does not fit behind a byte, but a byte does; of 4097 bytes the odd one.
    assert_eq!(fs.write(&p, w, &b"x"[..]), Ok(1));
    assert_eq!(fs.write(&p, w, &[b'y'; 4096][..]), Err(Errno::EAGAIN));
    assert_eq!(fs.write(&p, w, &b"x"[..]), Ok(1));
    assert_eq!(fs.write(&p, w, &[b'z'; 4097][..]), Ok(1));
    assert_eq!(read(&mut fs, &p, r, 9).unwrap(), b"xxz");
}

#[test]
fn what_a_pipe_cannot_do() {
    let (mut fs, mut p) = setup();
    let [r, w] = fs.pipe(&mut p).unwrap();
    let mut byte = [0; 1];
    assert_eq!(fs.read(&p, r, &mut byte[..]), Err(Errno::EAGAIN));
    assert_eq!(fs.read(&p, r, &mut byte[..0]), Ok(0));
    assert_eq!(fs.read(&p, w, &mut byte[..]), Err(Errno::EBADF));
    assert_eq!(fs.write(&p, r, &b"x"[..]), Err(Errno::EBADF));
    assert_eq!(fs.pread64(&p, w, &mut byte[..], 0), Err(Errno::ESPIPE));
    assert_eq!(fs.pread64(&p, w, &mut byte[..], -1), Err(Errno::EINVAL));
    assert_eq!(fs.pwrite64(&p, r, &b"x"[..], 0), Err(Errno::ESPIPE));
    assert_eq!(fs.lseek(&p, r, 0, Whence::Set), Err(Errno::ESPIPE));
    assert_eq!(fs.ftruncate(&p, w, 0), Err(Errno::EINVAL));
    assert_eq!(fs.fsync(&p, w), Err(Errno::EINVAL));
    assert_eq!(fs.pipe2(&mut p, OFlags::APPEND), Err(Errno::EINVAL));
    let stat = fs.fstat(&p, r).unwrap();
    assert_eq!((stat.st_mode, stat.st_nlink, stat.st_size), (0o10600, 1, 0));
    fs.close(&mut p, r).unwrap();
    assert_eq!(fs.write(&p, w, &b""[..]), Ok(0));
    assert_eq!(fs.write(&p, w, &b"1"[..]), Err(Errno::EPIPE));
    assert_eq!(fs.poll(&p, w), PollEvents::OUT | PollEvents::WRNORM | PollEvents::ERR);
    assert_eq!(fs.poll(&p, 77), PollEvents::NVAL);
}

#[test]
fn packets_are_read_whole() {
    let (mut fs, mut p) = setup();
    let [r, w] = fs.pipe2(&mut p, OFlags::DIRECT).unwrap();
    fs.write(&p, w, &b"abc"[..]).unwrap();
    fs.write(&p, w, &b"def"[..]).unwrap();
    assert_eq!(read(&mut fs, &p, r, 2).unwrap(), b"ab");
    assert_eq!(read(&mut fs, &p, r, 10).unwrap(), b"def");
    fs.fcntl(&mut p, w, Fcntl::SetFl(OFlags::empty())).unwrap();
    fs.write(&p, w, &b"abc"[..]).unwrap();
    fs.write(&p, w, &b"def"[..]).unwrap();
    assert_eq!(read(&mut fs, &p, r, 10).unwrap(), b"abcdef");
}

#[test]
fn named_pipes() {
    let (mut fs, mut p) = setup();
    fs.mknod(&p, b"/ff", 0o10644, Dev(0)).unwrap();
    let nonblock = OFlags::NONBLOCK;
    assert_eq!(open(&mut fs, &mut p, b"/ff", OFlags::WRONLY | nonblock), Err(Errno::ENXIO));
    assert_eq!(open(&mut fs, &mut p, b"/ff", OFlags::ACCMODE | nonblock), Err(Errno::EINVAL));
    // Linux would wait for ever.
    assert_eq!(open(&mut fs, &mut p, b"/ff", OFlags::WRONLY), Err(Errno::EAGAIN));
    assert_eq!(open(&mut fs, &mut p, b"/ff", OFlags::RDONLY), Err(Errno::EAGAIN));
    assert_eq!(open(&mut fs, &mut p, b"/ff", OFlags::RDWR | OFlags::DIRECT), Err(Errno::EINVAL));
    let r = open(&mut fs, &mut p, b"/ff", nonblock).unwrap();
    assert_eq!(fs.poll(&p, r), PollEvents::empty());
    assert_eq!(read(&mut fs, &p, r, 1).unwrap(), b"");
    let w = open(&mut fs, &mut p, b"/ff", OFlags::WRONLY | nonblock).unwrap();
    assert_eq!(read(&mut fs, &p, r, 1), Err(Errno::EAGAIN));
    fs.write(&p, w, &b"abc"[..]).unwrap();
    fs.close(&mut p, w).unwrap();
    let ready = PollEvents::IN | PollEvents::RDNORM;
    assert_eq!(fs.poll(&p, r), ready | PollEvents::HUP);
    assert_eq!(read(&mut fs, &p, r, 9).unwrap(), b"abc");
    assert_eq!(fs.poll(&p, r), PollEvents::HUP);
    fs.close(&mut p, r).unwrap();
    // What was not read is gone with the last descriptor.
    let both = open(&mut fs, &mut p, b"/ff", OFlags::RDWR).unwrap();
    fs.write(&p, both, &b"lost"[..]).unwrap();
    fs.close(&mut p, both).unwrap();
    let r = open(&mut fs, &mut p, b"/ff", nonblock).unwrap();
    assert_eq!(read(&mut fs, &p, r, 9).unwrap(), b"");
}

/// `/dev/fd/N`, `/proc/self/fd/N`.
#[test]
fn a_pipe_without_a_name_is_opened_again_without_waiting() {
    let (mut fs, mut p) = setup();
    let [r, w] = fs.pipe(&mut p).unwrap();
    fs.write(&p, w, &b"abc"[..]).unwrap();
    fs.close(&mut p, w).unwrap();
    let again = fs.reopen(&mut p, r, OFlags::RDONLY).unwrap();
    let ready = PollEvents::IN | PollEvents::RDNORM;
    assert_eq!(fs.poll(&p, again), ready | PollEvents::HUP);
    assert_eq!(read(&mut fs, &p, again, 9).unwrap(), b"abc");
    assert_eq!(read(&mut fs, &p, again, 9).unwrap(), b"");
    // It may be opened for what nobody has open any more.
    let w = fs.reopen(&mut p, r, OFlags::WRONLY).unwrap();
    fs.write(&p, w, &b"x"[..]).unwrap();
    assert_eq!(read(&mut fs, &p, r, 2).unwrap(), b"x");
    assert_eq!(read(&mut fs, &p, r, 2), Err(Errno::EAGAIN));
    fs.close(&mut p, r).unwrap();
    fs.close(&mut p, again).unwrap();
    for flags in [OFlags::WRONLY, OFlags::WRONLY | OFlags::NONBLOCK] {
        let again = fs.reopen(&mut p, w, flags).unwrap();
        assert_eq!(fs.write(&p, again, &b"x"[..]), Err(Errno::EPIPE));
    }
    assert_eq!(fs.reopen(&mut p, w, OFlags::ACCMODE), Err(Errno::EINVAL));
}

#[test]
fn an_inode_limit_does_not_count_pipes() {
    let config = Config { max_inodes: 2, ..Config::default() };
    let mut fs = Fs::new(NoContents::default(), config).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    let [r, w] = fs.pipe(&mut p).unwrap();
    open(&mut fs, &mut p, b"/a", OFlags::CREAT).unwrap();
    assert_eq!(open(&mut fs, &mut p, b"/b", OFlags::CREAT), Err(Errno::ENOSPC));
    for fd in [r, w] {
        fs.close(&mut p, fd).unwrap();
    }
    assert_eq!(open(&mut fs, &mut p, b"/b", OFlags::CREAT), Err(Errno::ENOSPC));
}

/// Two files, the one with contents and the other empty, and a directory, open in every way.
struct Opened {
    f: Fd,
    g: Fd,
    /// `g`, to append to.
    append: Fd,
    /// `f`, only to read.
    ro: Fd,
    /// `g`, only to write.
    wo: Fd,
    dir: Fd,
}

fn opened(fs: &mut TestFs, p: &mut Process) -> Opened {
    Opened {
        f: file(fs, p, b"/f1", 10_000),
        g: file(fs, p, b"/f2", 0),
        append: open(fs, p, b"/f2", OFlags::RDWR | OFlags::APPEND).unwrap(),
        ro: open(fs, p, b"/f1", OFlags::RDONLY).unwrap(),
        wo: open(fs, p, b"/f2", OFlags::WRONLY).unwrap(),
        dir: open(fs, p, b"/", OFlags::DIRECTORY).unwrap(),
    }
}

#[test]
fn sendfile_rows() {
    use Errno::{EBADF, EINVAL, ESPIPE};
    let (mut fs, mut p) = setup();
    let Opened { f, g, append, ro, wo, dir } = opened(&mut fs, &mut p);
    let path = open(&mut fs, &mut p, b"/f1", OFlags::PATH).unwrap();
    let [r, w] = fs.pipe(&mut p).unwrap();
    let [_r2, w2] = fs.pipe(&mut p).unwrap();
    let max = i64::MAX;
    // rows: out, in, offset, count, answer
    for (out, from, offset, count, answer) in [
        (g, 99, None, 1, Err(EBADF)),
        (99, f, None, 1, Err(EBADF)),
        (g, wo, None, 1, Err(EBADF)),
        (ro, f, None, 1, Err(EBADF)),
        (append, f, None, 1, Err(EINVAL)),
        (append, f, None, 0, Err(EINVAL)),
        (g, r, None, 1, Err(EINVAL)),
        (g, r, Some(0), 1, Err(ESPIPE)),
        (g, f, Some(-1), 1, Err(EINVAL)),
        (99, f, Some(-1), 1, Err(EINVAL)),
        (g, dir, None, 1, Err(EINVAL)),
        (g, dir, None, 0, Ok(0)),
        (dir, f, None, 1, Err(EBADF)),
        (g, path, None, 1, Err(EBADF)),
        (g, f, Some(max), 1, Err(EINVAL)),
        (g, f, Some(max), 0, Ok(0)),
        (g, f, Some(max - 1), 1, Ok(0)),
        (w, f, Some(0), 100_000, Ok(10_000)),
        (w, f, Some(0), 10, Ok(10)),
        (w, f, Some(10_000), 10, Ok(0)),
        (w2, r, None, 5, Err(EINVAL)),
        (f, f, Some(0), 5000, Ok(5000)),
    ] {
        let mut place = offset;
        let sent = fs.sendfile(&p, out, from, place.as_mut(), count);
        assert_eq!(sent, answer, "{out} {from} {offset:?} {count}");
    }
    assert_eq!(fs.lseek(&p, f, 0, Whence::Cur), Ok(5000));
    fs.lseek(&p, f, 0, Whence::Set).unwrap();
    assert_eq!(fs.sendfile64(&p, g, f, None, 5000), Ok(5000));
    assert_eq!(fs.lseek(&p, f, 0, Whence::Cur), Ok(5000));
    assert_eq!(fs.lseek(&p, g, 0, Whence::Cur), Ok(5000));
    assert_eq!(fs.ioctl(&mut p, r, Ioctl::FioNRead), Ok(10_010));
}

#[test]
fn splice_rows() {
    use Errno::{EAGAIN, EBADF, EINVAL, EPIPE, ESPIPE};
    let (mut fs, mut p) = setup();
    let f = file(&mut fs, &mut p, b"/f1", 10_000);
    let g = file(&mut fs, &mut p, b"/f2", 0);
    let append = open(&mut fs, &mut p, b"/f2", OFlags::RDWR | OFlags::APPEND).unwrap();
    let ro = open(&mut fs, &mut p, b"/f1", OFlags::RDONLY).unwrap();
    let dir = open(&mut fs, &mut p, b"/", OFlags::DIRECTORY).unwrap();
    let [r, w] = fs.pipe(&mut p).unwrap();
    let [r2, w2] = fs.pipe(&mut p).unwrap();
    let max = i64::MAX;
    // rows: in, offset, out, offset, len, flags, answer
    for (from, off_in, to, off_out, len, flags, answer) in [
        (99, None, 98, None, 0, 0, Ok(0)),
        (99, None, 98, None, 1, 16, Err(EINVAL)),
        (99, None, 98, None, 1, 0, Err(EBADF)),
        (f, None, g, None, 1, 0, Err(EINVAL)),
        (ro, None, ro, None, 1, 0, Err(EBADF)),
        (r, Some(0), g, None, 1, 0, Err(ESPIPE)),
        (f, None, w, Some(0), 1, 0, Err(ESPIPE)),
        (w, None, g, None, 1, 0, Err(EBADF)),
        (f, None, r, None, 1, 0, Err(EBADF)),
        (r, None, w, None, 1, 0, Err(EINVAL)),
        (r, None, g, None, 1, 0, Err(EAGAIN)),
        (r, None, append, None, 1, 0, Err(EINVAL)),
        (f, Some(0), w, None, 5000, 0, Ok(5000)),
        (r, None, w2, None, 100, 0, Ok(100)),
        (r, None, g, Some(10), 50, 0, Ok(50)),
        (r, None, g, None, 100_000, 0, Ok(4850)),
        (r, None, g, None, 1, 0, Err(EAGAIN)),
        (f, Some(-1), w, None, 1, 0, Err(EINVAL)),
        (f, Some(max), w, None, 1, 0, Err(EINVAL)),
        (dir, None, w, None, 1, 0, Err(EINVAL)),
        (r, None, dir, None, 1, 0, Err(EBADF)),
        (f, Some(20_000), w, None, 5, 0, Ok(0)),
    ] {
        let (mut place_in, mut place_out) = (off_in, off_out);
        let flags = SpliceFlags::from_bits_retain(flags);
        let (off_in, off_out) = (place_in.as_mut(), place_out.as_mut());
        let moved = fs.splice(&p, from, off_in, to, off_out, len, flags);
        assert_eq!(moved, answer, "{from} {to} {len}");
    }
    let none = SpliceFlags::empty();
    assert_eq!(read(&mut fs, &p, r2, 1000).unwrap().len(), 100);
    // rows: in, out, len, flags, answer
    for (from, to, len, flags, answer) in [
        (99, 98, 0, 0, Ok(0)),
        (99, 98, 0, 16, Err(EINVAL)),
        (99, 98, 1, 0, Err(EBADF)),
        (r, w, 1, 0, Err(EINVAL)),
        (f, w, 1, 0, Err(EINVAL)),
        (ro, ro, 1, 0, Err(EBADF)),
        (r, w2, 1, 0, Err(EAGAIN)),
    ] {
        let flags = SpliceFlags::from_bits_retain(flags);
        assert_eq!(fs.tee(&p, from, to, len, flags), answer, "{from} {to} {len}");
    }
    fs.write(&p, w, &b"hello"[..]).unwrap();
    assert_eq!(fs.tee(&p, r, w2, 3, none), Ok(3));
    assert_eq!(fs.tee(&p, r, w2, 30, none), Ok(5));
    assert_eq!(read(&mut fs, &p, r2, 1000).unwrap(), b"helhello");
    fs.close(&mut p, r2).unwrap();
    assert_eq!(fs.tee(&p, r, w2, 1, none), Err(EPIPE));
    assert_eq!(fs.splice(&p, r, None, w2, None, 1, none), Err(EPIPE));
    assert_eq!(fs.splice(&p, f, Some(&mut 0), w2, None, 1, none), Err(EPIPE));
    assert_eq!(fs.sendfile(&p, w2, f, Some(&mut 0), 0), Err(EPIPE));
    assert_eq!(read(&mut fs, &p, r, 1000).unwrap(), b"hello");
    fs.close(&mut p, w).unwrap();
    let [_r3, w3] = fs.pipe(&mut p).unwrap();
    assert_eq!(fs.tee(&p, r, w3, 1, none), Ok(0));
    assert_eq!(fs.splice(&p, r, None, g, None, 1, none), Ok(0));
    assert_eq!(fs.splice(&p, r, None, w3, None, 1, none), Ok(0));
}

#[test]
fn vmsplice_rows() {
    let (mut fs, mut p) = setup();
    let f = file(&mut fs, &mut p, b"/f1", 10);
    let [r, w] = fs.pipe(&mut p).unwrap();
    let none = SpliceFlags::empty();
    let bytes = [1; 8192];
    assert_eq!(fs.vmsplice(&p, f, &bytes[..1], none), Err(Errno::EBADF));
    assert_eq!(fs.vmsplice(&p, f, &bytes[..0], none), Ok(0));
    let unknown = SpliceFlags::from_bits_retain(16);
    assert_eq!(fs.vmsplice(&p, 99, &bytes[..1], unknown), Err(Errno::EINVAL));
    assert_eq!(fs.vmsplice(&p, w, &bytes[..], none), Ok(8192));
    let mut buf = [0; 8192];
    assert_eq!(fs.vmsplice_to_user(&p, r, &mut buf[..], none), Ok(8192));
    assert_eq!(buf, bytes);
    assert_eq!(fs.vmsplice_to_user(&p, r, &mut buf[..], none), Err(Errno::EAGAIN));
}

#[test]
fn copy_file_range_rows() {
    use Errno::{EBADF, EFBIG, EINVAL, EISDIR, EOVERFLOW};
    let (mut fs, mut p) = setup();
    let Opened { f, g, append, ro, wo, dir } = opened(&mut fs, &mut p);
    let [r, _w] = fs.pipe(&mut p).unwrap();
    let max = i64::MAX;
    // rows: in, offset, out, offset, len, flags, answer
    for (from, off_in, to, off_out, len, flags, answer) in [
        (99, None, 98, None, 1, 1, Err(EBADF)),
        (f, None, g, None, 1, 1, Err(EINVAL)),
        (dir, None, g, None, 1, 0, Err(EISDIR)),
        (r, None, dir, None, 1, 0, Err(EISDIR)),
        (r, None, g, None, 1, 0, Err(EINVAL)),
        (r, Some(0), g, None, 1, 0, Err(EINVAL)),
        (wo, None, g, None, 1, 0, Err(EBADF)),
        (f, None, ro, None, 1, 0, Err(EBADF)),
        (f, None, append, None, 1, 0, Err(EBADF)),
        (f, Some(0), f, Some(5), 10, 0, Err(EINVAL)),
        (f, Some(0), f, Some(10), 10, 0, Ok(10)),
        (f, Some(-1), g, Some(0), 1, 0, Err(EOVERFLOW)),
        (f, Some(-1), g, Some(0), 0, 0, Err(EINVAL)),
        (f, Some(0), g, Some(-1), 1, 0, Err(EOVERFLOW)),
        (f, Some(0), g, Some(-1), 0, 0, Err(EINVAL)),
        (f, Some(max), g, Some(0), 10, 0, Ok(0)),
        (f, Some(0), g, Some(max), 10, 0, Err(EFBIG)),
        (f, Some(0), g, Some(max - 5), 10, 0, Ok(5)),
        (f, Some(20_000), g, Some(0), 10, 0, Ok(0)),
        (f, Some(0), g, None, 10_000, 0, Ok(10_000)),
        (f, Some(0), g, Some(0), usize::MAX, 0, Ok(10_000)),
        (f, Some(9999), f, Some(10_000), 10, 0, Ok(1)),
    ] {
        let (mut place_in, mut place_out) = (off_in, off_out);
        let (place_in, place_out) = (place_in.as_mut(), place_out.as_mut());
        let copied = fs.copy_file_range(&p, from, place_in, to, place_out, len, flags);
        assert_eq!(copied, answer, "{from} {off_in:?} {to} {off_out:?} {len}");
    }
    assert_eq!(fs.lseek(&p, g, 0, Whence::Cur), Ok(10_000));
}
