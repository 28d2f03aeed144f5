//! mmap and its family. The expected errors were read off Linux 6.18, with the same file on a
//! tmpfs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use wasm_vfs_core::{
    AT_FDCWD, Config, Credentials, Errno, Fd, Fs, MapFlags, MsyncFlags, NoContents, OFlags,
    Process, Prot,
};

type TestFs = Fs<NoContents>;

const PAGE: u64 = 4096;
const SHARED: u32 = 1;
const PRIVATE: u32 = 2;
const FIXED: u32 = 0x10;
const ANONYMOUS: u32 = 0x20;

fn setup() -> (TestFs, Process) {
    let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
    let mut process = fs.spawn(Credentials::ROOT).unwrap();
    let fd = open(&mut fs, &mut process, OFlags::CREAT | OFlags::RDWR);
    assert_eq!((fd, fs.write(&process, fd, &[b'x'; 5000][..])), (0, Ok(5000)));
    (fs, process)
}

fn open(fs: &mut TestFs, process: &mut Process, flags: OFlags) -> Fd {
    fs.openat(process, AT_FDCWD, b"/mf", flags, 0o644).unwrap()
}

fn map(
    fs: &mut TestFs,
    process: &mut Process,
    addr: u64,
    len: u64,
    prot: u32,
    flags: u32,
    fd: Fd,
) -> Result<u64, Errno> {
    let (prot, flags) = (Prot::from_bits_retain(prot), MapFlags::from_bits_retain(flags));
    fs.mmap(process, addr, len, prot, flags, fd, 0)
}

fn load(fs: &TestFs, process: &Process, addr: u64) -> Result<u8, Errno> {
    let mut byte = [0; 1];
    fs.load(process, addr, &mut byte[..])?;
    Ok(byte[0])
}

fn store(fs: &mut TestFs, process: &Process, addr: u64, byte: u8) -> Result<usize, Errno> {
    fs.store(process, addr, &[byte][..])
}

#[test]
fn mmap_rows() {
    use Errno::{EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW};
    let (mut fs, mut p) = setup();
    let rw = 0;
    let ro = open(&mut fs, &mut p, OFlags::RDONLY);
    let wo = open(&mut fs, &mut p, OFlags::WRONLY);
    let path = open(&mut fs, &mut p, OFlags::PATH);
    let append = open(&mut fs, &mut p, OFlags::RDWR | OFlags::APPEND);
    let dir = fs.openat(&mut p, AT_FDCWD, b"/", OFlags::RDONLY, 0).unwrap();
    let [r, w] = fs.pipe(&mut p).unwrap();
    let inotify = fs.inotify_init(&mut p).unwrap();
    let max = i64::MAX - 4095;
    // rows: address, length, prot, flags, descriptor, offset, error
    for (addr, len, prot, flags, fd, offset, error) in [
        (0, 4096, 3, 1, 99, 1, Some(EINVAL)),
        (0, 0, 3, 1, 99, 0, Some(EBADF)),
        (0, 0, 3, 1, path, 0, Some(EBADF)),
        (0, 0, 3, 1, rw, 0, Some(EINVAL)),
        (0, 4096, 3, 0, rw, 0, Some(EINVAL)),
        (0, 4096, 3, 4, rw, 0, Some(EINVAL)),
        (0, 4096, 3, 1, ro, 0, Some(EACCES)),
        (0, 4096, 1, 1, ro, 0, None),
        (0, 4096, 3, 2, ro, 0, None),
        (0, 4096, 2, 1, wo, 0, Some(EACCES)),
        (0, 4096, 1, 2, wo, 0, Some(EACCES)),
        (0, 4096, 1, 0, wo, 0, Some(EINVAL)),
        (0, 4096, 1, 1, dir, 0, Some(ENODEV)),
        (0, 4096, 3, 1, dir, 0, Some(EACCES)),
        (0, 4096, 1, 1, r, 0, Some(ENODEV)),
        (0, 4096, 1, 2, w, 0, Some(EACCES)),
        (0, 4096, 1, 1, inotify, 0, Some(ENODEV)),
        (0, 4096, 3, 1, append, 0, None),
        (0, 4096, 1, 1, rw, -4096, Some(EOVERFLOW)),
        (0, 8192, 1, 1, rw, max, Some(EOVERFLOW)),
        (0, 4096, 1, 1, rw, max - 4096, None),
        (0, 1 << 47, 1, 1, rw, 0, Some(ENOMEM)),
        (0, u64::MAX, 1, 1, rw, 0, Some(ENOMEM)),
        (0, u64::MAX - 4094, 1, 1, rw, 0, Some(ENOMEM)),
        (0, u64::MAX - 8191, 1, 1, rw, -4096, Some(ENOMEM)),
        (1, 4096, 1, 0x11, rw, 0, Some(EINVAL)),
        (1, 4096, 1, 0x11, 99, 0, Some(EBADF)),
        (1 << 47, 4096, 1, 0x11, rw, 0, Some(ENOMEM)),
        (0, 4096, 1, 0x8000_0003, rw, 0, Some(EOPNOTSUPP)),
        (0, 4096, 1, 0x80003, rw, 0, Some(EOPNOTSUPP)),
        (0x2000_0000_0000, 4096, 1, 0x10_0003, rw, 0, Some(EOPNOTSUPP)),
        (0, 4096, 1, 0x8000_0001, rw, 0, None),
        (0, 4096, 1, 0x40001, rw, 0, Some(EINVAL)),
        (0, 4096, 1, 0x102, rw, 0, Some(EINVAL)),
        (0, 4096, 1, 0x101, rw, 0, Some(EINVAL)),
        (0, 4096, 0x100, 1, rw, 0, None),
        (0, 4096, 3, 0x20, -1, 0, Some(EINVAL)),
        (0, 4096, 3, 0x23, -1, 0, Some(EINVAL)),
        (0, 4096, 3, 0x22, -1, 4096, None),
        (0x3000_0000_0000, 4 * 4096, 3, 0x32, -1, 0, None),
        (0x3000_0000_0000, 4096, 1, 0x10_0022, -1, 0, Some(EEXIST)),
    ] {
        let (prot, flags) = (Prot::from_bits_retain(prot), MapFlags::from_bits_retain(flags));
        let mapped = fs.mmap(&mut p, addr, len, prot, flags, fd, offset);
        assert_eq!(mapped.err(), error, "{addr:x} {len} {prot:?} {flags:?} {fd} {offset}");
        fs.check_invariants(&[&p]).unwrap();
    }
}

#[test]
fn munmap_mprotect_mlock_msync_rows() {
    use Errno::{EACCES, EBUSY, EINVAL, ENOMEM};
    let (mut fs, mut p) = setup();
    let ro = open(&mut fs, &mut p, OFlags::RDONLY);
    let a = 0x3000_0000_0000;
    assert_eq!(map(&mut fs, &mut p, a, 4 * PAGE, 3, PRIVATE | FIXED | ANONYMOUS, -1), Ok(a));
    // rows: address, length, answer
    for (addr, len, answer) in [
        (a + 1, 4096, Err(EINVAL)),
        (a, 0, Err(EINVAL)),
        (a + 4096, 4096, Ok(())),
        (a + 4096, 4096, Ok(())),
        (a, u64::MAX, Err(EINVAL)),
        (1 << 47, 4096, Err(EINVAL)),
    ] {
        assert_eq!(fs.munmap(&p, addr, len), answer, "{addr:x} {len}");
    }
    let shared = map(&mut fs, &mut p, 0, 2 * PAGE, 1, SHARED, ro).unwrap();
    let private = map(&mut fs, &mut p, 0, 2 * PAGE, 1, PRIVATE, ro).unwrap();
    // rows: address, length, prot, answer
    for (addr, len, prot, answer) in [
        (a + 1, 1, 1, Err(EINVAL)),
        (a, 0, 1, Ok(())),
        (a, 0, 0x100, Ok(())),
        (a, 4096, 0x100, Err(EINVAL)),
        (a + 1, 0, 0x300_0000, Err(EINVAL)),
        (a, 8192, 1, Err(ENOMEM)),
        (a + 4096, 4096, 1, Err(ENOMEM)),
        (a, 4096u64.wrapping_neg(), 1, Err(ENOMEM)),
        (shared, 4096, 3, Err(EACCES)),
        (private, 4096, 3, Ok(())),
        (shared, 4096, 0, Ok(())),
    ] {
        let prot = Prot::from_bits_retain(prot);
        assert_eq!(fs.mprotect(&p, addr, len, prot), answer, "{addr:x} {len} {prot:?}");
    }
    assert_eq!(fs.mlock(&p, shared, 4096), Err(ENOMEM));
    assert_eq!(fs.mlock(&p, private, 12_288), Err(ENOMEM));
    assert_eq!(fs.mlock(&p, private, 8192), Ok(()));
    assert_eq!(fs.mlock(&p, a, 8192), Err(ENOMEM));
    assert_eq!(fs.mlock(&p, private + 5, 1), Ok(()));
    assert_eq!(fs.mlock(&p, 1, 0), Err(ENOMEM));
    // Nothing, in the middle of an area.
    let long = map(&mut fs, &mut p, 0, 4 * PAGE, 3, PRIVATE | ANONYMOUS, -1).unwrap();
    assert_eq!(fs.mlock(&p, long + PAGE, 0), Ok(()));
    assert_eq!(fs.mlock(&p, 4096, u64::MAX), Ok(()));
    assert_eq!(fs.mlock(&p, 4096, u64::MAX - 4096), Err(EINVAL));
    assert_eq!(fs.munlock(&p, a + 4096, 4096), Err(ENOMEM));
    assert_eq!(fs.munlock(&p, private, 8192), Ok(()));
    assert_eq!(fs.munlock(&p, 77, 0), Err(ENOMEM));
    let e = map(&mut fs, &mut p, 0, 4 * PAGE, 1, SHARED, 0).unwrap();
    assert_eq!(fs.mlock(&p, e, 4 * PAGE), Err(ENOMEM));
    assert_eq!(fs.mlock(&p, e, 2 * PAGE), Ok(()));
    // rows: address, length, flags, answer
    for (addr, len, flags, answer) in [
        (e, 1, 8, Err(EINVAL)),
        (e + 1, 1, 1, Err(EINVAL)),
        (e, 1, 5, Err(EINVAL)),
        (e, 0, 4, Ok(())),
        (a + 4096, 4096, 4, Err(ENOMEM)),
        (a, 12_288, 4, Err(ENOMEM)),
        (e, 4096, 2, Err(EBUSY)),
        (e, 4096, 0, Ok(())),
        (e, u64::MAX - 4094, 4, Ok(())),
        (e, u64::MAX - 8191, 4, Err(ENOMEM)),
    ] {
        let flags = MsyncFlags::from_bits_retain(flags);
        assert_eq!(fs.msync(&p, addr, len, flags), answer, "{addr:x} {len} {flags:?}");
    }
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn shared_mappings_are_the_file() {
    let (mut fs, mut p) = setup();
    let one = map(&mut fs, &mut p, 0, 2 * PAGE, 3, SHARED, 0).unwrap();
    let two = map(&mut fs, &mut p, 0, 2 * PAGE, 1, SHARED, 0).unwrap();
    store(&mut fs, &p, one, b'S').unwrap();
    let mut byte = [0; 1];
    fs.pread64(&p, 0, &mut byte[..], 0).unwrap();
    assert_eq!((byte[0], load(&fs, &p, two)), (b'S', Ok(b'S')));
    fs.pwrite64(&p, 0, &b"W"[..], 4096).unwrap();
    assert_eq!(load(&fs, &p, one + 4096), Ok(b'W'));
    // Behind the end of the file, in its last page: zeros, and stores are dropped.
    assert_eq!(load(&fs, &p, one + 5000), Ok(0));
    store(&mut fs, &p, one + 5000, b'E').unwrap();
    fs.ftruncate(&p, 0, 8000).unwrap();
    assert_eq!(load(&fs, &p, one + 5000), Ok(0));
    // Across a page in one go, up to the end of the mapping.
    assert_eq!(fs.store(&p, one + 4000, &[7; 200][..]), Ok(200));
    let mut bytes = [0; 5000];
    assert_eq!(fs.load(&p, two + 4000, &mut bytes[..]), Ok(4192));
    assert_eq!(bytes[..200], [7; 200]);
    assert_eq!(store(&mut fs, &p, two, 1), Err(Errno::EFAULT));
    assert_eq!(load(&fs, &p, 16), Err(Errno::EFAULT));
    // It outlives descriptor and name.
    fs.close(&mut p, 0).unwrap();
    fs.unlink(&p, b"/mf").unwrap();
    store(&mut fs, &p, one, b'T').unwrap();
    assert_eq!(load(&fs, &p, two), Ok(b'T'));
    fs.check_invariants(&[&p]).unwrap();
    fs.munmap(&p, one, 2 * PAGE).unwrap();
    fs.munmap(&p, two, PAGE).unwrap();
    assert_eq!(load(&fs, &p, two), Err(Errno::EFAULT));
    assert_eq!(load(&fs, &p, two + PAGE), Ok(7));
    fs.munmap(&p, two + PAGE, PAGE).unwrap();
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn private_mappings_copy_what_they_write() {
    let (mut fs, mut p) = setup();
    let v = map(&mut fs, &mut p, 0, 2 * PAGE, 3, PRIVATE, 0).unwrap();
    let u = map(&mut fs, &mut p, 0, 2 * PAGE, 3, SHARED, 0).unwrap();
    store(&mut fs, &p, v + 4096, b'P').unwrap();
    store(&mut fs, &p, v, b'Q').unwrap();
    // Truncation takes the page behind the end, also from those who had a copy.
    fs.truncate(&p, b"/mf", 100).unwrap();
    assert_eq!(load(&fs, &p, v + 4096), Err(Errno::EIO));
    assert_eq!(store(&mut fs, &p, v + 4096, 1), Err(Errno::EIO));
    fs.truncate(&p, b"/mf", 8000).unwrap();
    let seen = [4096, 0, 50, 200].map(|at| load(&fs, &p, v + at).unwrap());
    assert_eq!(seen, [0, b'Q', b'x', b'x']);
    // A page without a copy shows what the file has now.
    store(&mut fs, &p, u, b'S').unwrap();
    assert_eq!(load(&fs, &p, v), Ok(b'Q'));
    store(&mut fs, &p, u + 4097, b'T').unwrap();
    assert_eq!(load(&fs, &p, v + 4097), Ok(b'T'));
    store(&mut fs, &p, v + 4098, b'z').unwrap();
    store(&mut fs, &p, u + 4099, b'U').unwrap();
    assert_eq!(load(&fs, &p, v + 4099), Ok(0));
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn a_fork_copies_private_pages_and_shares_the_rest() {
    let (mut fs, mut p) = setup();
    let private = map(&mut fs, &mut p, 0, PAGE, 3, PRIVATE, 0).unwrap();
    let anonymous = map(&mut fs, &mut p, 0, PAGE, 3, SHARED | ANONYMOUS, -1).unwrap();
    store(&mut fs, &p, private, b'a').unwrap();
    let child = fs.fork(&p).unwrap();
    store(&mut fs, &p, private, b'b').unwrap();
    store(&mut fs, &p, anonymous, b'c').unwrap();
    assert_eq!(load(&fs, &child, private), Ok(b'a'));
    assert_eq!(load(&fs, &child, anonymous), Ok(b'c'));
    fs.check_invariants(&[&p, &child]).unwrap();
    fs.exit(p);
    assert_eq!(load(&fs, &child, anonymous), Ok(b'c'));
    fs.check_invariants(&[&child]).unwrap();
    fs.exit(child);
    fs.check_invariants(&[]).unwrap();
}
