//! Device nodes, directories of descriptors and remounting, as far as the rows compared with Linux
//! (`posix/rows/devices.rows`, `read_only.rows`) cannot say it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;

use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Config, Credentials, Dev, Errno, Fd, FileType, Fs, MapFlags, OFlags,
    OpenHow, Platform, Population, Process, Prot, ResolveFlags, Target, Timespec, Usage, Whence,
};

/// A platform whose random bytes count on, and which has so many of them.
#[derive(Debug)]
struct Counting {
    next: Cell<u8>,
    left: Cell<usize>,
}

impl Platform for Counting {
    fn current_time(&self) -> Timespec {
        Timespec::new(5, 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
        dst.fill(0);
    }

    fn random(&self) -> Result<u64, Errno> {
        let left = self.left.get().checked_sub(8).ok_or(Errno::EIO)?;
        self.left.set(left);
        let count_on = |_| self.next.replace(self.next.get().wrapping_add(1));
        Ok(u64::from_le_bytes([0; 8].map(count_on)))
    }
}

/// A tree with `/dev` in it, and a process.
fn with_dev(random_bytes: usize) -> (Fs<Counting>, Process) {
    let platform = Counting { next: Cell::new(0), left: Cell::new(random_bytes) };
    let mut fs = Fs::new(platform, Config::default()).unwrap();
    let mut bytes = Vec::new();
    let mut record = |parent, name: &str, mode, kind| {
        let attributes = Attributes { mode, ..Attributes::default() };
        Record { parent, name: name.as_bytes(), attributes, kind }.encode(&mut bytes);
    };
    record(0, "", 0o755, RecordKind::Directory { entries: 1 });
    record(0, "dev", 0o755, RecordKind::Directory { entries: 4 });
    record(1, "fd", 0o555, RecordKind::DescriptorDirectory);
    record(1, "null", 0o666, RecordKind::CharDevice { dev: Dev::NULL });
    record(1, "stdin", 0o777, RecordKind::Symlink { target: b"fd/0" });
    record(1, "tty", 0o666, RecordKind::CharDevice { dev: Dev::TTY });
    record(1, "urandom", 0o666, RecordKind::CharDevice { dev: Dev::URANDOM });
    let mut population = Population::default();
    fs.populate(&mut population, &bytes).unwrap();
    fs.finish_population(population);
    let process = fs.spawn(Credentials::ROOT).unwrap();
    (fs, process)
}

fn names(fs: &Fs<Counting>, process: &Process, fd: Fd, from: u64) -> Vec<(String, FileType)> {
    let mut names = Vec::new();
    fs.readdir(process, fd, from, |entry| {
        names.push((String::from_utf8(entry.name.to_vec()).unwrap(), entry.file_type));
        true
    })
    .unwrap();
    names
}

#[test]
fn random_bytes_come_from_the_platform() {
    let (mut fs, mut p) = with_dev(1000);
    let fd = fs.open(&mut p, b"/dev/urandom", OFlags::RDWR, 0).unwrap();
    let mut bytes = [0; 600];
    assert_eq!(fs.read(&p, fd, &mut bytes[..]), Ok(600));
    assert!(bytes.iter().zip((0..=255).cycle()).all(|(&got, expected)| got == expected));
    assert_eq!(fs.pread64(&p, fd, &mut bytes[..2], 7), Ok(2));
    assert_eq!(bytes[..2], [88, 89]);
    assert_eq!(fs.lseek(&p, fd, 0, Whence::Cur), Ok(0));
    // What there is when there is not enough; then nothing.
    assert_eq!(fs.read(&p, fd, &mut bytes[..]), Ok(256));
    let (mut fs, mut p) = with_dev(0);
    let fd = fs.open(&mut p, b"/dev/urandom", OFlags::RDONLY, 0).unwrap();
    assert_eq!(fs.read(&p, fd, &mut bytes[..]), Err(Errno::EIO));
    assert_eq!(fs.read(&p, fd, &mut bytes[..0]), Ok(0));
}

#[test]
fn a_platform_without_random_bytes_says_so() {
    let mut fs = Fs::new(wasm_vfs_core::NoContents::default(), Config::default()).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    fs.mknod(&p, b"/r", 0o20666, Dev::RANDOM).unwrap();
    let fd = fs.open(&mut p, b"/r", OFlags::RDONLY, 0).unwrap();
    assert_eq!(fs.read(&p, fd, &mut [0; 4][..]), Err(Errno::ENODEV));
}

#[test]
fn there_is_no_controlling_terminal() {
    let (mut fs, mut p) = with_dev(0);
    assert_eq!(fs.open(&mut p, b"/dev/tty", OFlags::RDWR, 0), Err(Errno::ENXIO));
    assert_eq!(fs.stat(&p, b"/dev/tty").map(|stat| stat.st_rdev), Ok(Dev::new(5, 0)));
    assert!(fs.open(&mut p, b"/dev/tty", OFlags::PATH, 0).is_ok());
}

#[test]
fn device_numbers_are_packed_as_by_makedev() {
    for (major, minor, packed) in
        [(1, 3, 0x103), (0xfff, 0xff, 0xf_ffff), (0x1234_5678, 0x9abc_def0, 0x1234_59ab_cde6_78f0)]
    {
        let dev = Dev::new(major, minor);
        assert_eq!((dev.0, dev.major(), dev.minor()), (packed, major, minor));
    }
}

#[test]
fn a_device_may_be_open_without_a_name() {
    let (mut fs, mut p) = with_dev(0);
    let before = fs.usage();
    let fd = fs.open_device(&mut p, Dev::NULL, OFlags::RDWR).unwrap();
    assert_eq!(fs.write(&p, fd, &b"abc"[..]), Ok(3));
    let stat = fs.fstat(&p, fd).unwrap();
    assert_eq!((stat.st_nlink, stat.st_rdev, stat.st_mode), (0, Dev::NULL, 0o20666));
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
    fs.close(&mut p, fd).unwrap();
    assert_eq!(fs.open_device(&mut p, Dev::TTY, OFlags::RDWR), Err(Errno::ENXIO));
    assert_eq!(fs.usage(), before);
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
}

#[test]
fn zeros_can_be_mapped() {
    let (mut fs, mut p) = with_dev(0);
    let (zero, null) = (&b"/z"[..], &b"/dev/null"[..]);
    fs.mknod(&p, zero, 0o20666, Dev::ZERO).unwrap();
    let fd = fs.open(&mut p, zero, OFlags::RDWR, 0).unwrap();
    let both = Prot::READ | Prot::WRITE;
    for sharing in [MapFlags::PRIVATE, MapFlags::SHARED] {
        let at = fs.mmap(&mut p, 0, 8192, both, sharing, fd, 4096).unwrap();
        let mut bytes = [9; 4];
        fs.store(&p, at + 4094, &b"abcd"[..]).unwrap();
        fs.load(&p, at + 4092, &mut bytes[..]).unwrap();
        assert_eq!(&bytes, b"\0\0ab");
    }
    let read_only = fs.open(&mut p, zero, OFlags::RDONLY, 0).unwrap();
    let refused = fs.mmap(&mut p, 0, 4096, both, MapFlags::SHARED, read_only, 0);
    assert_eq!(refused, Err(Errno::EACCES));
    let fd = fs.open(&mut p, null, OFlags::RDWR, 0).unwrap();
    assert_eq!(fs.mmap(&mut p, 0, 4096, both, MapFlags::PRIVATE, fd, 0), Err(Errno::ENODEV));
}

#[test]
fn a_descriptors_name_opens_the_file_anew() {
    let (mut fs, mut p) = with_dev(0);
    let fd = fs.open(&mut p, b"/f", OFlags::CREAT | OFlags::RDWR, 0o600).unwrap();
    assert_eq!(fd, 0);
    fs.write(&p, fd, &b"hello"[..]).unwrap();
    fs.unlink(&p, b"/f").unwrap();
    let again = fs.open(&mut p, b"/dev/stdin", OFlags::RDONLY, 0).unwrap();
    let mut bytes = [0; 9];
    assert_eq!(fs.read(&p, again, &mut bytes[..]), Ok(5));
    assert_eq!(fs.lseek(&p, fd, 0, Whence::Cur), Ok(5));
    assert_eq!(fs.write(&p, again, &b"x"[..]), Err(Errno::EBADF));
    assert_eq!(fs.stat(&p, b"/dev/fd/0"), fs.fstat(&p, fd));
    assert_eq!(fs.lstat(&p, b"/dev/fd/0").map(|stat| stat.file_type()), Ok(FileType::Symlink));
    assert_eq!(fs.stat(&p, b"/dev/fd/0/"), Err(Errno::ENOTDIR));
    assert_eq!(fs.open(&mut p, b"/dev/fd/0", OFlags::NOFOLLOW, 0), Err(Errno::ELOOP));
    assert_eq!(fs.readlink(&p, b"/dev/fd/0", &mut [0; 40][..]), Ok("descriptor:[]".len()));
    assert_eq!(fs.lstat(&p, b"/dev/stdin").map(|stat| stat.file_type()), Ok(FileType::Symlink));
    // Permissions are the file's.
    p.credentials = Credentials { euid: 7, uid: 7, ..Credentials::ROOT };
    assert_eq!(fs.open(&mut p, b"/dev/fd/0", OFlags::RDONLY, 0), Err(Errno::EACCES));
    p.credentials = Credentials::ROOT;
    fs.close(&mut p, fd).unwrap();
    assert_eq!(fs.open(&mut p, b"/dev/stdin", OFlags::RDONLY, 0), Err(Errno::ENOENT));
    for name in ["/dev/fd/9", "/dev/fd/x", "/dev/fd/01", "/dev/fd/-1", "/dev/fd/1/x"] {
        let opened = fs.open(&mut p, name.as_bytes(), OFlags::RDONLY, 0);
        let expected = if name.ends_with("/x") { Errno::ENOTDIR } else { Errno::ENOENT };
        let expected = if name == "/dev/fd/x" { Errno::ENOENT } else { expected };
        assert_eq!(opened, Err(expected), "{name}");
    }
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
}

#[test]
fn the_embedders_descriptors_are_opened_once_more() {
    let (mut fs, mut p) = with_dev(0);
    let fd = fs.open_foreign(&mut p, 77, OFlags::RDWR).unwrap();
    let stat = fs.stat(&p, b"/dev/stdin").unwrap();
    assert_eq!((stat.st_mode, stat.st_nlink), (0o20620, 1));
    let again = fs.open(&mut p, b"/dev/stdin", OFlags::WRONLY | OFlags::APPEND, 0).unwrap();
    let descriptor = fs.descriptor(&p, again).unwrap();
    assert_eq!(descriptor.target, Target::Foreign(77));
    assert_eq!(descriptor.flags.access_mode(), OFlags::WRONLY);
    fs.close(&mut p, fd).unwrap();
    assert!(fs.is_foreign_open(|token| token == 77));
    fs.close(&mut p, again).unwrap();
    assert!(!fs.is_foreign_open(|token| token == 77));
    // Another name of what stands in for them leads nowhere.
    let fd = fs.open_foreign(&mut p, 5, OFlags::RDWR).unwrap();
    fs.linkat(&p, AT_FDCWD, b"/dev/fd/0", AT_FDCWD, b"/copy", AtFlags::SYMLINK_FOLLOW).unwrap();
    assert_eq!(fs.open(&mut p, b"/copy", OFlags::RDONLY, 0), Err(Errno::ENXIO));
    assert_eq!(fs.open(&mut p, b"/dev/stdin", OFlags::DIRECTORY, 0), Err(Errno::ENOTDIR));
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
    fs.unlink(&p, b"/copy").unwrap();
    fs.close(&mut p, fd).unwrap();
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
}

#[test]
fn a_directory_of_descriptors_lists_them_and_takes_no_names() {
    let (mut fs, mut p) = with_dev(0);
    fs.open_foreign(&mut p, 1, OFlags::RDWR).unwrap();
    fs.open(&mut p, b"/", OFlags::RDONLY, 0).unwrap();
    let dir = fs.open(&mut p, b"/dev/fd", OFlags::RDONLY, 0).unwrap();
    fs.fcntl(&mut p, 1, wasm_vfs_core::Fcntl::DupFd(12)).unwrap();
    let row = |name: &str, file_type| (name.to_owned(), file_type);
    let directory = FileType::Directory;
    let all = [
        row(".", directory),
        row("..", directory),
        row("0", FileType::Symlink),
        row("1", FileType::Symlink),
        row("2", FileType::Symlink),
        row("12", FileType::Symlink),
    ];
    assert_eq!(names(&fs, &p, dir, 0), all);
    assert_eq!(names(&fs, &p, dir, 3), all[3..]);
    assert_eq!(names(&fs, &p, dir, 15), []);
    let mut records = [0; 64];
    // A record at a time: each begins where the one before ended.
    let mut count = 0;
    while fs.getdents64(&p, dir, &mut records[..24]).unwrap() > 0 {
        count += 1;
    }
    assert_eq!(count, all.len());

    fs.creat(&mut p, b"/f", 0o644).unwrap();
    for (refused, expected) in [
        (fs.mkdir(&p, b"/dev/fd/99", 0o755), Errno::ENOENT),
        (fs.mkdir(&p, b"/dev/fd/1", 0o755), Errno::ENOENT),
        (fs.symlink(&p, b"x", b"/dev/fd/99"), Errno::ENOENT),
        (fs.link(&p, b"/f", b"/dev/fd/99"), Errno::ENOENT),
        (fs.rename(&p, b"/f", b"/dev/fd/99"), Errno::ENOENT),
        (fs.rename(&p, b"/f", b"/dev/fd/1"), Errno::EPERM),
        (fs.rename(&p, b"/dev/fd/1", b"/g"), Errno::EPERM),
        (fs.rename(&p, b"/dev/fd/99", b"/g"), Errno::ENOENT),
        (fs.unlink(&p, b"/dev/fd/1"), Errno::EPERM),
        (fs.unlink(&p, b"/dev/fd/99"), Errno::ENOENT),
        (fs.rmdir(&p, b"/dev/fd/1"), Errno::EPERM),
        (fs.mknodat(&p, AT_FDCWD, b"/dev/fd/99", 0o10600, Dev(0)), Errno::ENOENT),
        (fs.open(&mut p, b"/dev/fd/99", OFlags::CREAT, 0o644).map(|_| ()), Errno::ENOENT),
        (
            fs.open(&mut p, b"/dev/fd/1", OFlags::CREAT | OFlags::EXCL, 0o644).map(|_| ()),
            Errno::EEXIST,
        ),
    ] {
        assert_eq!(refused, Err(expected));
    }
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
    // It moves and goes as any other.
    fs.rename(&p, b"/dev/fd", b"/fd").unwrap();
    assert!(fs.stat(&p, b"/fd/0").is_ok());
    fs.rmdir(&p, b"/fd").unwrap();
    assert_eq!(fs.check_invariants(&[&p]), Ok(()));
}

#[test]
fn a_confined_walk_goes_on_below_a_descriptor_and_not_above() {
    let (mut fs, mut p) = with_dev(0);
    fs.mkdir(&p, b"/a", 0o755).unwrap();
    fs.mkdir(&p, b"/a/b", 0o755).unwrap();
    fs.symlink(&p, b"../secret", b"/a/b/up").unwrap();
    fs.symlink(&p, b"/secret", b"/a/b/absolute").unwrap();
    fs.creat(&mut p, b"/secret", 0o644).unwrap();
    fs.creat(&mut p, b"/a/secret", 0o644).unwrap();
    let b = fs.open(&mut p, b"/a/b", OFlags::RDONLY, 0).unwrap();
    let dev = fs.open(&mut p, b"/dev", OFlags::RDONLY, 0).unwrap();
    let resolve = (ResolveFlags::BENEATH | ResolveFlags::ABSOLUTE_LINKS).bits();
    let how = OpenHow { flags: 0, mode: 0, resolve: resolve & ResolveFlags::BENEATH.bits() };
    for (path, expected) in [
        (format!("fd/{b}"), Ok(())),
        (format!("fd/{b}/."), Ok(())),
        (format!("fd/{b}/.."), Err(Errno::EXDEV)),
        (format!("fd/{b}/up"), Err(Errno::EXDEV)),
        (format!("fd/{b}/absolute"), Err(Errno::EXDEV)),
        (format!("fd/{b}/../secret"), Err(Errno::EXDEV)),
    ] {
        let opened = fs.openat2(&mut p, dev, path.as_bytes(), &how).map(|_| ());
        assert_eq!(opened, expected, "{path}");
    }
    // Without confinement all paths lead anywhere.
    assert!(fs.openat(&mut p, dev, format!("fd/{b}/up").as_bytes(), OFlags::RDONLY, 0).is_ok());
}

#[test]
fn limits_are_changed_only_if_what_is_there_fits() {
    let (mut fs, mut p) = with_dev(0);
    let fd = fs.open(&mut p, b"/f", OFlags::CREAT | OFlags::RDWR, 0o644).unwrap();
    fs.write(&p, fd, &[1; 5000][..]).unwrap();
    // The root, what with_dev makes, and the file; not what stands in for descriptors.
    let used = Usage { bytes: 8192, inodes: 8 };
    assert_eq!(fs.usage(), used);
    let limit = |max_bytes, max_inodes| Config { max_bytes, max_inodes, ..Config::default() };
    assert_eq!(fs.remount(limit(8191, 0)), Err(Errno::EINVAL));
    assert_eq!(fs.remount(limit(0, 7)), Err(Errno::EINVAL));
    assert_eq!(fs.remount(limit(12_288, 9)), Ok(()));
    assert_eq!(fs.mkdir(&p, b"/d", 0o755), Ok(()));
    assert_eq!(fs.mkdir(&p, b"/e", 0o755), Err(Errno::ENOSPC));
    assert_eq!(fs.pwrite64(&p, fd, &[1; 9000][..], 0), Ok(9000));
    assert_eq!(fs.pwrite64(&p, fd, &[1; 1][..], 12_288), Err(Errno::ENOSPC));
    // What is open for writing stays so.
    fs.remount(Config { read_only: true, ..*fs.config() }).unwrap();
    assert_eq!(fs.pwrite64(&p, fd, &b"x"[..], 0), Ok(1));
    assert_eq!(fs.open(&mut p, b"/f", OFlags::WRONLY, 0), Err(Errno::EROFS));
    assert_eq!(fs.open(&mut p, b"/dev/fd/0", OFlags::WRONLY, 0), Err(Errno::EROFS));
}
