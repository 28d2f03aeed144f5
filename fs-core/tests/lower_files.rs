//! Files of a lower directory that cannot be read: every call that would hand out their bytes
//! answers `EIO`, and no other call suffers for it.
//!
//! What lower directories are otherwise is tested in `src/fs/kinds/foreign/tests.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;

use wasm_vfs_core::{
    AT_FDCWD, Config, Credentials, DirectoryId, Errno, FallocateMode, Fd, FollowLast, Foreign, Fs,
    LOWER_CONTENTS, LowerFile, LowerKind, MapFlags, OFlags, Platform, Process, Prot, RwFlags,
    SpliceFlags, Timespec,
};

/// The number of the file whose bytes cannot be had.
const UNREADABLE: u64 = 1;

/// The size of each lower file, in bytes: two pages and a half.
const SIZE: u64 = 10_000;

/// An embedder whose lower files are all made of `x`, but for one that it cannot read.
#[derive(Default)]
struct Embedder {
    stop: Cell<Option<DirectoryId>>,
    /// Whether a copy failed since that was asked last.
    failed: Cell<bool>,
}

impl Platform for Embedder {
    const FOREIGN: bool = true;

    fn current_time(&self) -> Timespec {
        Timespec::new(5, 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        let unreadable = offset / LOWER_CONTENTS == UNREADABLE + 1;
        dst.fill(if unreadable { 0 } else { b'x' });
        if unreadable {
            self.failed.set(true);
        }
    }

    fn contents_failed(&self) -> bool {
        self.failed.take()
    }

    fn walk_stopped(&self, at: DirectoryId, _foreign: Foreign, _rest: &[u8]) {
        self.stop.set(Some(at));
    }
}

/// A filesystem with the lower files `good` and `bad`.
struct World {
    fs: Fs<Embedder>,
    p: Process,
}

impl World {
    fn new() -> World {
        let mut fs = Fs::new(Embedder::default(), Config::default()).unwrap();
        let p = fs.spawn(Credentials::ROOT).unwrap();
        fs.set_foreign(&p, AT_FDCWD, b"/", Some(Foreign::Unread(0))).unwrap();
        assert_eq!(fs.probe(&p, AT_FDCWD, b"/x", FollowLast::No), Err(Errno::EREMOTE));
        let at = fs.platform().stop.get().unwrap();
        let now = Timespec::new(1, 0);
        for (number, name) in [(0, &b"good"[..]), (1, b"bad")] {
            let kind = LowerKind::Regular { number, size: SIZE };
            let file = LowerFile { name, kind, atime: now, mtime: now, ctime: now };
            fs.add_lower(at, &file).unwrap();
        }
        fs.mark(at, None).unwrap();
        World { fs, p }
    }

    fn open(&mut self, path: &str) -> Fd {
        let flags = OFlags::RDWR | OFlags::CREAT;
        self.fs.open(&mut self.p, path.as_bytes(), flags, 0o644).unwrap()
    }
}

/// A call that reads the file behind a descriptor, in a fresh world.
type Call = fn(&mut World, Fd) -> Result<usize, Errno>;

/// Every way by which bytes of the baked contents reach somebody.
const CALLS: &[(&str, Call)] = &[
    ("read", |w, fd| w.fs.read(&w.p, fd, &mut [1; 100][..])),
    ("readv", |w, fd| w.fs.readv(&w.p, fd, &mut [1; 9000][..])),
    ("pread64", |w, fd| w.fs.pread64(&w.p, fd, &mut [1; 100][..], 5000)),
    ("preadv", |w, fd| w.fs.preadv(&w.p, fd, &mut [1; 100][..], 5000)),
    ("preadv2", |w, fd| w.fs.preadv2(&w.p, fd, &mut [1; 100][..], 0, RwFlags::empty())),
    ("sendfile to a file", |w, fd| {
        let to = w.open("/to");
        w.fs.sendfile(&w.p, to, fd, None, 5000)
    }),
    ("sendfile to a pipe", |w, fd| {
        let [_, to] = w.fs.pipe(&mut w.p).unwrap();
        w.fs.sendfile(&w.p, to, fd, None, 5000)
    }),
    ("splice", |w, fd| {
        let [_, to] = w.fs.pipe(&mut w.p).unwrap();
        w.fs.splice(&w.p, fd, None, to, None, 5000, SpliceFlags::empty())
    }),
    ("copy_file_range", |w, fd| {
        let to = w.open("/to");
        w.fs.copy_file_range(&w.p, fd, None, to, None, 5000, 0)
    }),
    ("load through a shared mapping", |w, fd| {
        let addr = map(w, fd, MapFlags::SHARED);
        w.fs.load(&w.p, addr, &mut [1; 100][..])
    }),
    ("load through a private mapping", |w, fd| {
        let addr = map(w, fd, MapFlags::PRIVATE);
        w.fs.load(&w.p, addr, &mut [1; 100][..])
    }),
    ("store through a shared mapping", |w, fd| {
        let addr = map(w, fd, MapFlags::SHARED);
        w.fs.store(&w.p, addr, &b"!"[..])
    }),
    ("store through a private mapping", |w, fd| {
        let addr = map(w, fd, MapFlags::PRIVATE);
        w.fs.store(&w.p, addr, &b"!"[..])
    }),
    ("mlock of a private mapping", |w, fd| {
        let addr = map(w, fd, MapFlags::PRIVATE);
        w.fs.mlock(&w.p, addr, SIZE).map(|()| 0)
    }),
    ("pwrite64", |w, fd| w.fs.pwrite64(&w.p, fd, &b"!"[..], 5000)),
    ("fallocate", |w, fd| {
        let mode = FallocateMode::PUNCH_HOLE | FallocateMode::KEEP_SIZE;
        w.fs.fallocate(&w.p, fd, mode, 5000, 100).map(|()| 0)
    }),
];

fn map(w: &mut World, fd: Fd, sharing: MapFlags) -> u64 {
    w.fs.mmap(&mut w.p, 0, SIZE, Prot::READ | Prot::WRITE, sharing, fd, 0).unwrap()
}

#[test]
fn what_cannot_be_read_is_an_error_of_the_call_that_wants_it() {
    for (name, call) in CALLS {
        let mut w = World::new();
        let (bad, good) = (w.open("/bad"), w.open("/good"));
        assert_eq!(call(&mut w, bad), Err(Errno::EIO), "{name}");
        // It is nobody else's error,
        let mut bytes = [0; 100];
        assert_eq!(w.fs.read(&w.p, good, &mut bytes[..]), Ok(100), "{name}");
        assert_eq!(bytes, [b'x'; 100], "{name}");
        // and nothing has changed: neither offset nor contents.
        assert_eq!(w.fs.lseek(&w.p, bad, 0, wasm_vfs_core::Whence::Cur), Ok(0), "{name}");
        assert_eq!(w.fs.fstat(&w.p, bad).unwrap().st_mtime, Timespec::new(1, 0), "{name}");
        w.fs.check_invariants(&[&w.p]).unwrap();
        // What can be read is.
        let mut w = World::new();
        let good = w.open("/good");
        assert!(call(&mut w, good).is_ok(), "{name}");
    }
}

#[test]
fn what_was_moved_before_the_error_counts() {
    let mut w = World::new();
    let (bad, to) = (w.open("/bad"), w.open("/to"));
    assert_eq!(w.fs.pwrite64(&w.p, bad, &[b'y'; 4096][..], 0), Ok(4096));
    assert_eq!(w.fs.sendfile(&w.p, to, bad, None, 8000), Ok(4096));
    assert_eq!(w.fs.sendfile(&w.p, to, bad, None, 8000), Err(Errno::EIO));
    let [_, pipe] = w.fs.pipe(&mut w.p).unwrap();
    assert_eq!(w.fs.sendfile(&w.p, pipe, bad, Some(&mut 0), 8000), Ok(4096));
    assert_eq!(w.fs.fstat(&w.p, to).unwrap().st_size, 4096);
    let good = w.open("/good");
    assert_eq!(w.fs.read(&w.p, good, &mut [0; 10][..]), Ok(10));
}
