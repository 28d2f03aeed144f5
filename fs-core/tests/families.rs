//! Families of calls that a [`Platform`] switches off: each constant by itself, all others as they
//! come.
//!
//! A call of such a family answers what a Linux answers that was built without it, and leaves
//! nothing behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::fmt::Debug;

use wasm_vfs_core::{
    AT_FDCWD, AccessTimes, Advice, Config, Credentials, Dev, DirectoryId, Errno, EventfdFlags,
    FileType, Flock, FlockOperation, FollowLast, Foreign, Fs, InotifyMask, LowerFile, LowerKind,
    MapFlags, MremapFlags, MsyncFlags, OFlags, Platform, PollEvents, Process, Prot, SpliceFlags,
    TimeSpecifier, Timespec, XattrFlags,
};

/// A platform for which one family is switched off.
macro_rules! without {
    ($name:ident, $constant:ident) => {
        #[derive(Debug)]
        struct $name;

        impl Platform for $name {
            const $constant: bool = false;

            fn current_time(&self) -> Timespec {
                Timespec::new(9, 0)
            }

            fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
                dst.fill(0);
            }
        }
    };
}

without!(NoPipes, PIPES);
without!(NoNotify, NOTIFY);
without!(NoLocks, LOCKS);
without!(NoChroot, CHROOT);
without!(NoChanges, CHANGES);
without!(NoXattrs, XATTRS);
without!(NoUnnamedFiles, UNNAMED_FILES);
without!(NoMappings, MAPPINGS);
without!(NoPermissions, PERMISSIONS);
without!(NoLimits, LIMITS);
without!(NoDevices, DEVICES);
without!(NoAccessTimes, ACCESS_TIMES);
without!(NoForeign, FOREIGN);

const RW: OFlags = OFlags::RDWR.union(OFlags::CREAT);

/// A filesystem, and a process of the superuser with the file `/f` of five bytes open at descriptor
/// 0.
fn world<P: Platform + Debug>(platform: P, config: Config) -> (Fs<P>, Process) {
    let mut fs = Fs::new(platform, config).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    assert_eq!(fs.open(&mut p, b"/f", RW, 0o644), Ok(0));
    assert_eq!(fs.write(&p, 0, &b"hello"[..]), Ok(5));
    (fs, p)
}

/// The world as it should be at the end: nothing is open that was not before, and no inode is left.
fn unchanged<P: Platform + Debug>(fs: &Fs<P>, p: &Process) {
    assert_eq!(p.open_descriptors(), 1);
    assert_eq!(fs.usage().inodes, 2);
    fs.check_invariants(&[p]).unwrap();
}

#[test]
fn without_pipes() {
    let (mut fs, mut p) = world(NoPipes, Config::default());
    assert_eq!(fs.pipe(&mut p), Err(Errno::ENOSYS));
    assert_eq!(fs.pipe2(&mut p, OFlags::CLOEXEC), Err(Errno::ENOSYS));
    assert_eq!(fs.pipe2(&mut p, OFlags::CREAT), Err(Errno::ENOSYS));
    assert_eq!(fs.eventfd(&mut p, 1), Err(Errno::ENOSYS));
    assert_eq!(fs.eventfd2(&mut p, 1, EventfdFlags::NONBLOCK), Err(Errno::ENOSYS));
    // No descriptor is ever a pipe.
    let none = SpliceFlags::empty();
    assert_eq!(fs.tee(&p, 0, 0, 1, none), Err(Errno::EINVAL));
    assert_eq!(fs.splice(&p, 0, None, 0, None, 1, none), Err(Errno::EINVAL));
    assert_eq!(fs.vmsplice(&p, 0, &b"x"[..], none), Err(Errno::EBADF));
    assert_eq!(fs.vmsplice_to_user(&p, 0, &mut [0; 1][..], none), Err(Errno::EBADF));
    unchanged(&fs, &p);
    // A named one is a name only.
    fs.mknod(&p, b"/fifo", FileType::Fifo.mode_bits() | 0o666, Dev(0)).unwrap();
    for flags in [OFlags::RDONLY | OFlags::NONBLOCK, OFlags::WRONLY, OFlags::RDWR] {
        assert_eq!(fs.open(&mut p, b"/fifo", flags, 0), Err(Errno::ENXIO), "{flags:?}");
    }
    assert_eq!(fs.unlink(&p, b"/fifo"), Ok(()));
    unchanged(&fs, &p);
}

#[test]
fn without_inotify() {
    let (mut fs, mut p) = world(NoNotify, Config::default());
    assert_eq!(fs.inotify_init(&mut p), Err(Errno::ENOSYS));
    assert_eq!(fs.inotify_init1(&mut p, OFlags::NONBLOCK), Err(Errno::ENOSYS));
    assert_eq!(fs.inotify_add_watch(&p, 0, b"/f", InotifyMask::OPEN), Err(Errno::ENOSYS));
    assert_eq!(fs.inotify_rm_watch(&p, 0, 1), Err(Errno::ENOSYS));
    unchanged(&fs, &p);
}

#[test]
fn without_locks() {
    let (mut fs, p) = world(NoLocks, Config::default());
    for operation in [FlockOperation::EX, FlockOperation::SH, FlockOperation::UN] {
        assert_eq!(fs.flock(&p, 0, operation), Err(Errno::ENOSYS));
        assert_eq!(fs.flock(&p, 7, operation), Err(Errno::ENOSYS));
    }
    // As fcntl(2) without CONFIG_FILE_LOCKING: it looks at the descriptor first.
    for l_type in [Flock::RDLCK, Flock::WRLCK, Flock::UNLCK] {
        let lock = Flock { l_type, ..Flock::default() };
        assert_eq!(fs.fcntl_getlk(&p, 0, lock), Err(Errno::EINVAL));
        assert_eq!(fs.fcntl_ofd_getlk(&p, 0, lock), Err(Errno::EINVAL));
        assert_eq!(fs.fcntl_setlk(&p, 0, lock), Err(Errno::EACCES));
        assert_eq!(fs.fcntl_ofd_setlk(&p, 0, lock), Err(Errno::EACCES));
        assert_eq!(fs.fcntl_setlk(&p, 7, lock), Err(Errno::EBADF));
    }
    assert_eq!(p.pid(), 0);
    unchanged(&fs, &p);
}

#[test]
fn without_root_directories_of_processes() {
    let (mut fs, mut p) = world(NoChroot, Config::default());
    fs.mkdir(&p, b"/d", 0o755).unwrap();
    assert_eq!(fs.chroot(&mut p, b"/d"), Err(Errno::ENOSYS));
    assert_eq!(fs.chroot(&mut p, b"/none"), Err(Errno::ENOSYS));
    assert_eq!(fs.stat(&p, b"/..").map(|stat| stat.st_ino), Ok(1));
    let child = fs.fork(&p).unwrap();
    fs.exit(child);
    assert_eq!(fs.rmdir(&p, b"/d"), Ok(()));
    unchanged(&fs, &p);
}

#[test]
fn without_changes() {
    let (mut fs, mut p) = world(NoChanges, Config::default());
    fs.seal().unwrap();
    assert_eq!(fs.changes(), Err(Errno::ENOSYS));
    assert_eq!(fs.revert(), Err(Errno::ENOSYS));
    let fd = fs.creat(&mut p, b"/new", 0o600).unwrap();
    fs.rename(&p, b"/new", b"/other").unwrap();
    fs.link(&p, b"/other", b"/further").unwrap();
    fs.unlink(&p, b"/other").unwrap();
    fs.unlink(&p, b"/further").unwrap();
    fs.close(&mut p, fd).unwrap();
    unchanged(&fs, &p);
}

#[test]
fn without_extended_attributes() {
    let (mut fs, p) = world(NoXattrs, Config::default());
    let set = fs.fsetxattr(&p, 0, b"user.a", &b"v"[..], XattrFlags::empty());
    assert_eq!(set, Err(Errno::EOPNOTSUPP));
    let set = fs.setxattr(&p, b"/f", b"trusted.a", &b"v"[..], XattrFlags::empty());
    assert_eq!(set, Err(Errno::EOPNOTSUPP));
    for name in [&b"user.a"[..], b"system.posix_acl_access"] {
        assert_eq!(fs.getxattr(&p, b"/f", name, &mut [0; 9][..]), Err(Errno::EOPNOTSUPP));
    }
    assert_eq!(fs.fremovexattr(&p, 0, b"user.a"), Err(Errno::EOPNOTSUPP));
    // As of a filesystem without attributes: there are none.
    assert_eq!(fs.listxattr(&p, b"/f", &mut [0; 9][..]), Ok(0));
    // What may not be asked at all comes first.
    assert_eq!(fs.getxattr(&p, b"/none", b"user.a", &mut [0; 9][..]), Err(Errno::ENOENT));
    unchanged(&fs, &p);
}

#[test]
fn without_unnamed_files() {
    // As kernels did that do not know the flag: its other half is O_DIRECTORY.
    let (mut fs, mut p) = world(NoUnnamedFiles, Config::default());
    let opened = fs.open(&mut p, b"/", OFlags::TMPFILE | OFlags::RDWR, 0o600);
    assert_eq!(opened, Err(Errno::EISDIR));
    let opened = fs.open(&mut p, b"/f", OFlags::TMPFILE | OFlags::RDWR, 0o600);
    assert_eq!(opened, Err(Errno::ENOTDIR));
    unchanged(&fs, &p);
}

#[test]
fn without_mappings() {
    let (mut fs, mut p) = world(NoMappings, Config::default());
    let rw = Prot::READ | Prot::WRITE;
    for flags in [MapFlags::SHARED, MapFlags::PRIVATE | MapFlags::ANONYMOUS] {
        assert_eq!(fs.mmap(&mut p, 0, 4096, rw, flags, 0, 0), Err(Errno::ENOSYS));
    }
    assert_eq!(fs.munmap(&p, 0, 4096), Err(Errno::ENOSYS));
    assert_eq!(fs.mprotect(&p, 0, 4096, rw), Err(Errno::ENOSYS));
    assert_eq!(fs.mlock(&p, 0, 4096), Err(Errno::ENOSYS));
    assert_eq!(fs.munlock(&p, 0, 4096), Err(Errno::ENOSYS));
    assert_eq!(fs.msync(&p, 0, 4096, MsyncFlags::SYNC), Err(Errno::ENOSYS));
    assert_eq!(fs.mremap(&p, 0, 4096, 8192, MremapFlags::MAYMOVE, 0), Err(Errno::ENOSYS));
    assert_eq!(fs.madvise(&p, 0, 4096, Advice::DONTNEED), Err(Errno::ENOSYS));
    assert_eq!(fs.brk(&mut p, 0), Err(Errno::ENOSYS));
    // Nothing is at any address.
    assert_eq!(fs.load(&p, 1 << 16, &mut [0; 1][..]), Err(Errno::EFAULT));
    assert_eq!(fs.store(&p, 1 << 16, &b"x"[..]), Err(Errno::EFAULT));
    let child = fs.fork(&p).unwrap();
    fs.exit(child);
    unchanged(&fs, &p);
}

#[test]
fn without_permissions() {
    // Everybody may what the superuser may.
    let (mut fs, p) = world(NoPermissions, Config::default());
    assert_eq!(fs.chmod(&p, b"/f", 0), Ok(()));
    let mut user = fs.spawn(Credentials::user(1000, 1000)).unwrap();
    assert_eq!(fs.access(&mut user, b"/f", 0o6), Ok(()));
    let fd = fs.open(&mut user, b"/f", OFlags::RDWR, 0).unwrap();
    assert_eq!(fs.read(&user, fd, &mut [0; 9][..]), Ok(5));
    fs.exit(user);
    unchanged(&fs, &p);
}

#[test]
fn without_limits() {
    let config = Config { max_bytes: 4096, max_inodes: 1, ..Config::default() };
    let (mut fs, p) = world(NoLimits, config);
    assert_eq!(fs.pwrite64(&p, 0, &[1; 10_000][..], 0), Ok(10_000));
    assert_eq!(fs.mkdir(&p, b"/d", 0o755), Ok(()));
    let set = fs.fsetxattr(&p, 0, b"user.a", &b"v"[..], XattrFlags::empty());
    assert_eq!(set, Ok(()));
    assert_eq!(fs.fremovexattr(&p, 0, b"user.a"), Ok(()));
    assert_eq!(fs.rmdir(&p, b"/d"), Ok(()));
    unchanged(&fs, &p);
}

#[test]
fn without_devices() {
    let (mut fs, mut p) = world(NoDevices, Config::default());
    assert_eq!(fs.open_device(&mut p, Dev::NULL, OFlags::RDWR), Err(Errno::ENXIO));
    unchanged(&fs, &p);
    // A node is a name only, and may be asked after by a descriptor that is no more than that.
    fs.mknod(&p, b"/null", FileType::CharDevice.mode_bits() | 0o666, Dev::NULL).unwrap();
    assert_eq!(fs.open(&mut p, b"/null", OFlags::RDWR, 0), Err(Errno::ENXIO));
    let fd = fs.open(&mut p, b"/null", OFlags::PATH, 0).unwrap();
    assert_eq!(fs.fstat(&p, fd).unwrap().st_rdev, Dev::NULL);
    assert_eq!(fs.read(&p, fd, &mut [0; 1][..]), Err(Errno::EBADF));
    assert_eq!(fs.poll(&p, fd), PollEvents::NVAL);
    assert_eq!((fs.close(&mut p, fd), fs.unlink(&p, b"/null")), (Ok(()), Ok(())));
    unchanged(&fs, &p);
}

#[test]
fn without_access_times() {
    let config = Config { access_times: AccessTimes::Strict, ..Config::default() };
    let (mut fs, p) = world(NoAccessTimes, config);
    let early = TimeSpecifier::At(Timespec::new(1, 0));
    assert_eq!(fs.futimens(&p, 0, [early; 2]), Ok(()));
    assert_eq!(fs.pread64(&p, 0, &mut [0; 5][..], 0), Ok(5));
    assert_eq!(fs.fstat(&p, 0).unwrap().st_atime, Timespec::new(1, 0));
    unchanged(&fs, &p);
}

#[test]
fn without_directories_of_the_embedder() {
    let (mut fs, p) = world(NoForeign, Config::default());
    for foreign in [Some(Foreign::Mount(1)), Some(Foreign::Unread(1)), None] {
        assert_eq!(fs.set_foreign(&p, AT_FDCWD, b"/", foreign), Err(Errno::EOPNOTSUPP));
    }
    assert_eq!(fs.probe(&p, AT_FDCWD, b"/f", FollowLast::Never), Ok(()));
    assert_eq!(fs.foreign_of_fd(&p, 0), None);
    assert_eq!(fs.unread_above(&p, 0), None);
    // Even a directory that another filesystem named.
    let (mut other, other_p) = world(Stops::default(), Config::default());
    other.set_foreign(&other_p, AT_FDCWD, b"/", Some(Foreign::Unread(1))).unwrap();
    let stopped = other.probe(&other_p, AT_FDCWD, b"/f", FollowLast::Yes);
    assert_eq!(stopped, Err(Errno::EREMOTE));
    let at = other.platform().0.get().unwrap();
    assert_eq!(fs.mark(at, Some(Foreign::Absent)), Err(Errno::EOPNOTSUPP));
    let (kind, now) = (LowerKind::Directory(1), Timespec::new(1, 0));
    let file = LowerFile { name: b"d", kind, atime: now, mtime: now, ctime: now };
    assert_eq!(fs.add_lower(at, &file), Err(Errno::EOPNOTSUPP));
    unchanged(&fs, &p);
}

/// A platform with directories of the embedder, which keeps where a walk stopped.
#[derive(Debug, Default)]
struct Stops(Cell<Option<DirectoryId>>);

impl Platform for Stops {
    const FOREIGN: bool = true;

    fn current_time(&self) -> Timespec {
        Timespec::new(9, 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
        dst.fill(0);
    }

    fn walk_stopped(&self, at: DirectoryId, _foreign: Foreign, _rest: &[u8]) {
        self.0.set(Some(at));
    }
}
