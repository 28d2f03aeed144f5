//! What an embedder is told that calls did.

use wasm_vfs_core::manifest::RecordKind;
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, ByteContents, Errno, Events, Fs, OFlags, Process, RwFlags, TimeSpecifier,
};

use crate::model::World;

type Call = fn(&mut Fs<ByteContents<'static>>, &mut Process) -> Result<(), Errno>;

const ROOT: RecordKind<'static> = RecordKind::Directory { entries: 1 };

const BOTH: Events = Events::all();

fn unit<T>(_: T) {}

/// Descriptors: 0 is `/f`, 1 is `/f` opened with `O_DSYNC`, 2 with `O_SYNC`, 3 is `/`.
const ROWS: &[(&str, Call, Events)] = &[
    ("stat", |fs, p| fs.stat(p, b"/f").map(unit), Events::empty()),
    ("read", |fs, p| fs.pread64(p, 0, &mut [0; 10][..], 0).map(unit), Events::empty()),
    ("readdir", |fs, p| fs.getdents64(p, 3, &mut [0; 100][..]).map(unit), Events::empty()),
    ("open", |fs, p| fs.open(p, b"/f", OFlags::RDONLY, 0).map(unit), Events::empty()),
    ("write", |fs, p| fs.pwrite64(p, 0, &b"x"[..], 0).map(unit), Events::CHANGED),
    ("write of DSYNC", |fs, p| fs.pwrite64(p, 1, &b"x"[..], 0).map(unit), BOTH),
    ("write of SYNC", |fs, p| fs.write(p, 2, &b"x"[..]).map(unit), BOTH),
    ("pwritev2 DSYNC", |fs, p| fs.pwritev2(p, 0, &b"x"[..], 0, RwFlags::DSYNC).map(unit), BOTH),
    ("pwritev2 SYNC", |fs, p| fs.pwritev2(p, 0, &b"x"[..], 0, RwFlags::SYNC).map(unit), BOTH),
    ("truncate", |fs, p| fs.ftruncate(p, 0, 5), Events::CHANGED),
    ("create", |fs, p| fs.open(p, b"/n", OFlags::CREAT, 0o600).map(unit), Events::CHANGED),
    ("mkdir", |fs, p| fs.mkdir(p, b"/m", 0o700), Events::CHANGED),
    ("rename", |fs, p| fs.rename(p, b"/n", b"/o"), Events::CHANGED),
    ("link", |fs, p| fs.link(p, b"/o", b"/p"), Events::CHANGED),
    ("symlink", |fs, p| fs.symlink(p, b"x", b"/s"), Events::CHANGED),
    ("chmod", |fs, p| fs.chmod(p, b"/f", 0o600), Events::CHANGED),
    (
        "utimensat",
        |fs, p| fs.utimensat(p, AT_FDCWD, b"/f", [TimeSpecifier::Now; 2], AtFlags::empty()),
        Events::CHANGED,
    ),
    ("unlink", |fs, p| fs.unlink(p, b"/o"), Events::CHANGED),
    ("rmdir", |fs, p| fs.rmdir(p, b"/m"), Events::CHANGED),
    ("fsync", |fs, p| fs.fsync(p, 0), Events::SYNC),
    ("fsync of a directory", |fs, p| fs.fsync(p, 3), Events::SYNC),
    ("fdatasync", |fs, p| fs.fdatasync(p, 0), Events::SYNC),
    ("syncfs", |fs, p| fs.syncfs(p, 0), Events::SYNC),
    (
        "sync",
        |fs, _| {
            fs.sync();
            Ok(())
        },
        Events::SYNC,
    ),
];

#[test]
fn each_call_says_what_it_did() {
    let file = RecordKind::Regular { contents_offset: 0, len: 5000 };
    let World { mut fs, mut p } = World::new(&[(0, b"", ROOT), (0, b"f", file)]);
    assert_eq!(fs.replace_events(Events::empty()), Events::empty(), "of the tree as it is sealed");
    for (path, flags) in [
        (b"/f", OFlags::RDWR),
        (b"/f", OFlags::RDWR | OFlags::DSYNC),
        (b"/f", OFlags::RDWR | OFlags::SYNC),
    ] {
        fs.open(&mut p, path, flags, 0).unwrap();
    }
    fs.open(&mut p, b"/", OFlags::DIRECTORY, 0).unwrap();
    for (name, call, expected) in ROWS {
        call(&mut fs, &mut p).unwrap_or_else(|errno| panic!("{name}: {errno}"));
        assert_eq!(fs.replace_events(Events::empty()), *expected, "{name}");
    }
    // What fails promises nothing.
    assert_eq!(fs.fsync(&p, 77), Err(Errno::EBADF));
    assert_eq!(fs.replace_events(Events::empty()), Events::empty());
}

#[test]
fn what_is_to_be_told_later_is_kept() {
    let World { mut fs, p } = World::new(&[(0, b"", ROOT)]);
    fs.mkdir(&p, b"/d", 0o700).unwrap();
    let of_the_program = fs.replace_events(Events::empty());
    fs.sync();
    assert_eq!(fs.replace_events(of_the_program), Events::SYNC);
    assert_eq!(fs.replace_events(Events::empty()), Events::CHANGED);
}
