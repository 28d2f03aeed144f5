//! Foreign directories and lower files by themselves, without calls.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the low byte is meant")]

use core::cell::{Cell, RefCell};

use super::{DirectoryId, Foreign, LowerFile, LowerKind};
use crate::base::config::Config;
use crate::base::credentials::Credentials;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, AtFlags, OFlags, ResolveFlags, Whence};
use crate::base::time::Timespec;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::fs::superblock::Usage;
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::foreign::LOWER_CONTENTS;
use alloc::string::String;
use alloc::vec::Vec;

/// An embedder: it notes where walks stop, and has one lower file with a byte for each offset.
#[derive(Default)]
struct Embedder {
    stop: Cell<Option<(DirectoryId, Foreign)>>,
    rest: RefCell<Vec<u8>>,
    fails: Cell<bool>,
}

impl Platform for Embedder {
    const FOREIGN: bool = true;

    fn current_time(&self) -> Timespec {
        Timespec::new(5, 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        assert_eq!(offset / LOWER_CONTENTS, 8, "file 7");
        for (byte, at) in dst.iter_mut().zip(offset % LOWER_CONTENTS..) {
            *byte = at as u8;
        }
    }

    fn contents_failed(&self) -> bool {
        self.fails.get()
    }

    fn walk_stopped(&self, at: DirectoryId, foreign: Foreign, rest: &[u8]) {
        self.stop.set(Some((at, foreign)));
        *self.rest.borrow_mut() = rest.to_vec();
    }

    fn walk_stopped_in_link(&self, rest: &[u8]) {
        let mut held = self.rest.borrow_mut();
        held.push(b'/');
        held.extend_from_slice(rest);
    }
}

fn tree() -> (Fs<Embedder>, Process) {
    let mut fs = Fs::new(Embedder::default(), Config::default()).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    for directory in ["/a", "/a/mnt", "/absent", "/over"] {
        fs.mkdir(&p, directory.as_bytes(), 0o755).unwrap();
    }
    for (link, target) in [
        ("/to-mnt", "a/mnt"),
        ("/to-file", "/a/mnt/d/f"),
        ("/to-d", "to-mnt/d"),
        ("/a/up", "../to-d/./"),
    ] {
        fs.symlink(&p, target.as_bytes(), link.as_bytes()).unwrap();
    }
    for (path, foreign) in [
        ("/a/mnt", Foreign::Mount(0)),
        ("/absent", Foreign::Absent),
        ("/over", Foreign::Unread(Foreign::MAX)),
    ] {
        fs.set_foreign(&p, AT_FDCWD, path.as_bytes(), Some(foreign)).unwrap();
    }
    assert_eq!(fs.open(&mut p, b"/", OFlags::RDONLY | OFlags::DIRECTORY, 0), Ok(0));
    p.confine(ResolveFlags::BENEATH | ResolveFlags::ABSOLUTE_LINKS);
    (fs, p)
}

#[test]
fn a_walk_stops_at_a_mount_point_and_says_what_is_left() {
    use FollowLast::{Never, No, Yes};
    let (fs, p) = tree();
    // rows: path, how, what is left (`None`: it does not stop)
    for (path, follow, expected) in [
        ("a/mnt/x/y//z/", Yes, Some("x/y//z/")),
        ("a/mnt/../x", No, Some("../x")),
        ("a//./mnt", Yes, Some("")),
        ("a/mnt/", No, Some("/")),
        ("a/mnt/.", Never, Some(".")),
        ("a/mnt", Never, None),
        ("to-mnt", No, None),
        ("to-mnt", Yes, Some("")),
        ("to-mnt/", No, Some("/")),
        ("to-mnt/x", Never, Some("/x")),
        ("to-file", Yes, Some("d/f")),
        ("to-file/x/", Yes, Some("d/f/x/")),
        ("to-d/x", No, Some("/d/x")),
        ("a/up/x/", No, Some("/d/.//x/")),
        ("a/up/", Yes, Some("/d/.//")),
        ("a/x", No, None),
        ("a/../a", No, None),
    ] {
        fs.platform().stop.set(None);
        let probed = fs.probe(&p, 0, path.as_bytes(), follow);
        let left = fs.platform().stop.get().map(|(_, foreign)| {
            assert_eq!((probed, foreign), (Err(Errno::EREMOTE), Foreign::Mount(0)), "{path}");
            String::from_utf8(fs.platform().rest.borrow().clone()).unwrap()
        });
        assert_eq!(left.as_deref(), expected, "{path}");
    }
    let (at, _) = {
        let _ = fs.probe(&p, 0, b"to-file", Yes);
        fs.platform().stop.get().unwrap()
    };
    assert_eq!(fs.path_of_parent(&p, 0, at).unwrap(), b"a/");
}

#[test]
fn a_mount_point_stays_where_it_is() {
    let (mut fs, p) = tree();
    assert_eq!(fs.unlinkat(&p, 0, b"a/mnt", AtFlags::REMOVEDIR), Err(Errno::EBUSY));
    assert_eq!(fs.renameat(&p, 0, b"a/mnt", 0, b"b"), Err(Errno::EBUSY));
    assert_eq!(fs.renameat(&p, 0, b"over", 0, b"absent"), Err(Errno::EBUSY));
    assert_eq!(fs.mkdirat(&p, 0, b"a/mnt", 0), Err(Errno::EEXIST));
    // With what holds it, it may move: nothing about it is a path.
    assert_eq!(fs.renameat(&p, 0, b"a", 0, b"b"), Ok(()));
    assert_eq!(fs.probe(&p, 0, b"b/mnt", FollowLast::Yes), Err(Errno::EREMOTE));
}

#[test]
fn nothing_is_in_what_is_absent() {
    let (mut fs, mut p) = tree();
    let rows: [(&[u8], _); 4] = [
        (b"absent", Ok(())),
        (b"absent/x", Err(Errno::ENOENT)),
        (b"absent/..", Ok(())),
        (b"absent/.", Ok(())),
    ];
    for (path, expected) in rows {
        let stat = fs.newfstatat(&p, 0, path, AtFlags::empty());
        assert_eq!(stat.map(|_| ()), expected);
    }
    assert_eq!(fs.mkdirat(&p, 0, b"absent/x", 0o755), Err(Errno::ENOENT));
    let flags = OFlags::CREAT | OFlags::RDWR;
    assert_eq!(fs.openat(&mut p, 0, b"absent/x", flags, 0), Err(Errno::ENOENT));
}

#[test]
fn a_process_may_look_at_the_tree_alone() {
    let (mut fs, mut p) = tree();
    p.see_own_tree_only(true);
    assert_eq!(fs.newfstatat(&p, 0, b"a/mnt", AtFlags::empty()).map(|_| ()), Ok(()));
    assert_eq!(fs.mkdirat(&p, 0, b"a/mnt/x", 0o755), Err(Errno::ENOENT));
    assert_eq!(fs.mkdirat(&p, 0, b"over/x", 0o755), Ok(()));
    assert_eq!(fs.unlinkat(&p, 0, b"a/mnt", AtFlags::REMOVEDIR), Err(Errno::EBUSY));
    p.see_own_tree_only(false);
    assert_eq!(fs.mkdirat(&p, 0, b"over/y", 0o755), Err(Errno::EREMOTE));
}

fn lower<'a>(name: &'a [u8], kind: LowerKind<'a>) -> LowerFile<'a> {
    let time = |sec| Timespec::new(sec, 0);
    LowerFile { name, kind, atime: time(1), mtime: time(2), ctime: time(3) }
}

#[test]
fn a_directory_that_was_read_in_is_an_ordinary_one() {
    let (mut fs, mut p) = tree();
    assert_eq!(fs.newfstatat(&p, 0, b"over", AtFlags::empty()).unwrap().st_nlink, 1);
    // Whoever removes it has to know whether it is empty.
    assert_eq!(fs.probe(&p, 0, b"over", FollowLast::No), Ok(()));
    assert_eq!(fs.probe(&p, 0, b"over", FollowLast::Never), Err(Errno::EREMOTE));
    assert_eq!(fs.probe(&p, 0, b"over/f", FollowLast::No), Err(Errno::EREMOTE));
    let (at, foreign) = fs.platform().stop.get().unwrap();
    assert_eq!(foreign, Foreign::Unread(Foreign::MAX));
    for (name, kind) in [
        (&b"f"[..], LowerKind::Regular { number: 7, size: 10_000 }),
        (b"d", LowerKind::Directory(3)),
        (b"l", LowerKind::Symlink(b"d/../f")),
        (b"f", LowerKind::Directory(4)),
        (b"large", LowerKind::Regular { number: 9, size: 1 << 32 }),
    ] {
        assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
    }
    for name in [&b""[..], b"..", b"a/b", b"a\0"] {
        let file = lower(name, LowerKind::Directory(5));
        assert_eq!(fs.add_lower(at, &file), Err(Errno::EINVAL));
    }
    fs.mark(at, None).unwrap();
    fs.check_invariants(&[&p]).unwrap();
    let stat = fs.newfstatat(&p, 0, b"over", AtFlags::empty()).unwrap();
    assert_eq!((stat.st_nlink, stat.st_mtime), (3, Timespec::new(5, 0)));
    let stat = fs.newfstatat(&p, 0, b"over/f", AtFlags::empty()).unwrap();
    assert_eq!((stat.st_size, stat.st_blocks, stat.st_mtime), (10_000, 24, Timespec::new(2, 0)));
    assert_eq!(fs.probe(&p, 0, b"over/l", FollowLast::Yes), Err(Errno::EREMOTE));
    assert_eq!(fs.platform().stop.get().unwrap().1, Foreign::Unread(3));
    assert_eq!(*fs.platform().rest.borrow(), b"../f");

    // Pages are copied up when written, one by one.
    let fd = fs.openat(&mut p, 0, b"over/f", OFlags::RDWR, 0).unwrap();
    assert_eq!(fs.pwrite64(&p, fd, &b"!"[..], 5000), Ok(1));
    let mut bytes = [0; 10_001];
    assert_eq!(fs.pread64(&p, fd, &mut bytes[..], 0), Ok(10_000));
    let expected = |at: usize| if at == 5000 { b'!' } else { at as u8 };
    assert!((0..10_000).all(|at| bytes[at] == expected(at)));
    fs.platform().fails.set(true);
    assert_eq!(fs.pwrite64(&p, fd, &b"!"[..], 9000), Err(Errno::EIO));
    assert_eq!(fs.pwrite64(&p, fd, &b"?"[..], 5000), Ok(1));
    fs.platform().fails.set(false);
    assert_eq!(fs.ftruncate(&p, fd, 1), Ok(()));
    assert_eq!(fs.ftruncate(&p, fd, 3), Ok(()));
    assert_eq!(fs.pread64(&p, fd, &mut bytes[..], 0), Ok(3));
    assert_eq!(bytes[..3], [0; 3]);
    assert_eq!(fs.lseek(&p, fd, 0, Whence::End), Ok(3));

    // Four bytes hold the length of baked contents.
    let opened = fs.openat(&mut p, 0, b"over/large", OFlags::RDWR, 0);
    assert_eq!(opened, Err(Errno::EOVERFLOW));
    let fd = fs.openat(&mut p, 0, b"over/large", OFlags::RDWR | OFlags::TRUNC, 0).unwrap();
    assert_eq!(fs.fstat(&p, fd).unwrap().st_size, 0);
    assert_eq!(fs.unlinkat(&p, 0, b"over/large", AtFlags::empty()), Ok(()));
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn a_directory_that_is_gone_is_an_error() {
    let (mut fs, p) = tree();
    assert_eq!(fs.probe(&p, 0, b"over/f", FollowLast::No), Err(Errno::EREMOTE));
    let (at, _) = fs.platform().stop.get().unwrap();
    fs.unlinkat(&p, 0, b"over", AtFlags::REMOVEDIR).unwrap();
    assert_eq!(fs.mark(at, None), Err(Errno::EIO));
    let file = lower(b"f", LowerKind::Directory(1));
    assert_eq!(fs.add_lower(at, &file), Err(Errno::EIO));
    assert_eq!(fs.path_of_parent(&p, 0, at), Err(Errno::EIO));
}

#[test]
fn limits_do_not_count_what_was_there() {
    let config = Config { max_bytes: 8192, max_inodes: 2, ..Config::default() };
    let mut fs = Fs::new(Embedder::default(), config).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    fs.set_foreign(&p, AT_FDCWD, b"/", Some(Foreign::Unread(0))).unwrap();
    assert_eq!(fs.probe(&p, AT_FDCWD, b"/x", FollowLast::No), Err(Errno::EREMOTE));
    let (at, _) = fs.platform().stop.get().unwrap();
    for name in [&b"a"[..], b"b", b"c"] {
        let kind = LowerKind::Regular { number: 7, size: 1 << 20 };
        assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
    }
    fs.mark(at, None).unwrap();
    let fd = fs.creat(&mut p, b"/new", 0o644).unwrap();
    assert_eq!(fs.write(&p, fd, &[1; 10_000][..]), Ok(8192));
    assert_eq!(fs.creat(&mut p, b"/newer", 0o644), Err(Errno::ENOSPC));
}

#[test]
fn the_limits_stay_what_the_user_said_whatever_becomes_of_what_was_there() {
    let config = Config { max_bytes: 8192, max_inodes: 3, ..Config::default() };
    let mut fs = Fs::new(Embedder::default(), config).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    // Full as far as inodes go: what was there comes in all the same.
    for name in [&b"/mine"[..], b"/also"] {
        let fd = fs.creat(&mut p, name, 0o644).unwrap();
        fs.close(&mut p, fd).unwrap();
    }
    fs.set_foreign(&p, AT_FDCWD, b"/", Some(Foreign::Unread(0))).unwrap();
    assert_eq!(fs.probe(&p, AT_FDCWD, b"/x", FollowLast::No), Err(Errno::EREMOTE));
    let (at, _) = fs.platform().stop.get().unwrap();
    for (name, kind) in [
        (&b"a"[..], LowerKind::Regular { number: 7, size: 1 << 20 }),
        (b"b", LowerKind::Regular { number: 7, size: 1 << 20 }),
        (b"d", LowerKind::Directory(3)),
        (b"l", LowerKind::Symlink(&[b'x'; 200])),
    ] {
        assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
    }
    fs.mark(at, None).unwrap();
    fs.check_invariants(&[&p]).unwrap();
    assert_eq!(*fs.config(), config);
    let empty = Usage { bytes: 0, inodes: 3 };
    assert_eq!(fs.usage(), empty);
    let statfs = fs.statfs(&p, b"/").unwrap();
    assert_eq!((statfs.f_blocks, statfs.f_bfree, statfs.f_files, statfs.f_ffree), (2, 2, 3, 0));
    // Removing what was there makes no room for what is the user's.
    for name in [&b"/a"[..], b"/l"] {
        assert_eq!(fs.unlink(&p, name), Ok(()));
    }
    assert_eq!(fs.usage(), empty);
    assert_eq!(fs.creat(&mut p, b"/new", 0o644), Err(Errno::ENOSPC));
    // Writing over what was there takes none either, writing behind it does.
    let fd = fs.open(&mut p, b"/b", OFlags::RDWR, 0).unwrap();
    assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 0), Ok(10_000));
    assert_eq!(fs.usage(), empty);
    assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 1 << 20), Ok(8192));
    assert_eq!(fs.usage().bytes, 8192);
    assert_eq!(fs.ftruncate(&p, fd, 0), Ok(()));
    assert_eq!(fs.usage(), empty);
    assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 0), Ok(8192));
    fs.check_invariants(&[&p]).unwrap();
    assert_eq!(fs.unlink(&p, b"/b"), Ok(()));
    assert_eq!(fs.close(&mut p, fd), Ok(()));
    assert_eq!(fs.usage(), empty);
    fs.check_invariants(&[&p]).unwrap();
}
