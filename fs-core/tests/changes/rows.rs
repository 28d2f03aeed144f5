//! Single changes, and what is told of them.

use std::fmt::Write as _;

use wasm_vfs_core::manifest::RecordKind;
use wasm_vfs_core::{
    AT_FDCWD, ChangeKind, Differences, Errno, FileType, OFlags, RenameFlags, TimeSpecifier,
    Timespec, XattrFlags,
};

use crate::model::{World, assert_same};

/// `/d/f`, `/d/g`, `/d/sub/deep`, `/e`, and `/link`, a second name of `/d/g`.
fn world() -> World {
    let file = |contents_offset, len| RecordKind::Regular { contents_offset, len };
    let directory = RecordKind::Directory { entries: 3 };
    World::new(&[
        (0, b"", directory),
        (0, b"d", directory),
        (1, b"f", file(0, 5000)),
        (1, b"g", file(100, 7)),
        (1, b"sub", directory),
        (4, b"deep", file(200, 9)),
        (0, b"e", directory),
        (0, b"link", RecordKind::HardLink { record: 3 }),
    ])
}

/// What is told, in a line. Times of directories are left out: they follow from names.
fn told(world: &mut World) -> String {
    let mut line = String::new();
    for change in world.fs.changes().unwrap() {
        let path = String::from_utf8(change.path).unwrap();
        let is_directory = |fs: &wasm_vfs_core::Fs<_>, p: &_| {
            fs.stat(p, format!("/{path}").as_bytes())
                .is_ok_and(|stat| FileType::from_mode(stat.st_mode) == Some(FileType::Directory))
        };
        match change.kind {
            ChangeKind::Modified(Differences::TIMES) if is_directory(&world.fs, &world.p) => {}
            ChangeKind::Modified(what) => {
                let names: Vec<_> =
                    what.iter_names().map(|(name, _)| name.to_lowercase()).collect();
                write!(line, "M {path} {}; ", names.join(" ")).unwrap();
            }
            ChangeKind::Added { from, replaces } => {
                write!(line, "A {path}").unwrap();
                if let Some(from) = from {
                    write!(line, " from {}", String::from_utf8(from).unwrap()).unwrap();
                }
                if let Some(replaces) = replaces {
                    write!(line, " replaces {replaces:?}").unwrap();
                }
                line.push_str("; ");
            }
            ChangeKind::Removed { file_type, is_renamed } => {
                let renamed = if is_renamed { " renamed" } else { "" };
                write!(line, "D {path} {file_type:?}{renamed}; ").unwrap();
            }
            _ => unreachable!(),
        }
    }
    line.trim_end_matches("; ").to_owned()
}

type Make = fn(&mut World) -> Result<(), Errno>;

/// Calls, and what is told afterwards.
const ROWS: &[(&str, Make)] = &[
    ("", |_| Ok(())),
    ("", |w| w.fs.chmod(&w.p, b"/d/f", 0o644)),
    ("M d/f mode", |w| w.fs.chmod(&w.p, b"/d/f", 0o600)),
    ("", |w| {
        w.fs.chmod(&w.p, b"/d/f", 0o600)?;
        w.fs.chmod(&w.p, b"/d/f", 0o644)
    }),
    ("M d/f owner", |w| w.fs.chown(&w.p, b"/d/f", 0, 7)),
    ("M d/f times", |w| {
        let time = TimeSpecifier::At(Timespec::new(77, 1));
        w.fs.utimensat(&w.p, AT_FDCWD, b"/d/f", [time; 2], wasm_vfs_core::AtFlags::empty())
    }),
    ("", |w| {
        let access = TimeSpecifier::At(Timespec::new(77, 1));
        let times = [access, TimeSpecifier::Omit];
        w.fs.utimensat(&w.p, AT_FDCWD, b"/d/f", times, wasm_vfs_core::AtFlags::empty())
    }),
    ("M d/f xattrs", |w| w.fs.setxattr(&w.p, b"/d/f", b"user.x", &b"1"[..], XattrFlags::empty())),
    ("", |w| {
        w.fs.setxattr(&w.p, b"/d/f", b"user.x", &b"1"[..], XattrFlags::empty())?;
        w.fs.removexattr(&w.p, b"/d/f", b"user.x")
    }),
    // Opening for writing is no change, reading neither.
    ("", |w| w.fs.open(&mut w.p, b"/d/f", OFlags::RDWR, 0).map(drop)),
    ("M d/f contents times", |w| {
        let fd = w.fs.open(&mut w.p, b"/d/f", OFlags::WRONLY, 0)?;
        w.fs.write(&w.p, fd, &b"x"[..]).map(drop)
    }),
    ("M d/f contents times", |w| w.fs.truncate(&w.p, b"/d/f", 10)),
    // A file with two names differs by both.
    ("M d/g contents times; M link contents times", |w| w.fs.truncate(&w.p, b"/d/g", 3)),
    ("M d/g links; A e/h; M link links", |w| w.fs.link(&w.p, b"/d/g", b"/e/h")),
    ("D link Regular", |w| w.fs.unlink(&w.p, b"/link")),
    ("D d/g Regular", |w| w.fs.unlink(&w.p, b"/d/g")),
    ("D d/g Regular; M link mode", |w| {
        w.fs.unlink(&w.p, b"/d/g")?;
        w.fs.chmod(&w.p, b"/link", 0o600)
    }),
    ("A e/n", |w| w.fs.mkdir(&w.p, b"/e/n", 0o755)),
    ("", |w| {
        w.fs.mkdir(&w.p, b"/e/n", 0o755)?;
        w.fs.rmdir(&w.p, b"/e/n")
    }),
    ("A e/n; A e/n/f; A e/n/l", |w| {
        w.fs.mkdir(&w.p, b"/e/n", 0o755)?;
        w.fs.creat(&mut w.p, b"/e/n/f", 0o644)?;
        w.fs.symlink(&w.p, b"f", b"/e/n/l")
    }),
    ("D d/f Regular", |w| w.fs.unlink(&w.p, b"/d/f")),
    ("A d/f replaces Regular", |w| {
        w.fs.unlink(&w.p, b"/d/f")?;
        w.fs.creat(&mut w.p, b"/d/f", 0o644).map(drop)
    }),
    ("D e Directory", |w| w.fs.rmdir(&w.p, b"/e")),
    ("A e replaces Directory", |w| {
        w.fs.rmdir(&w.p, b"/e")?;
        w.fs.mkdir(&w.p, b"/e", 0o755)
    }),
    ("A e replaces Directory", |w| {
        w.fs.rmdir(&w.p, b"/e")?;
        w.fs.symlink(&w.p, b"d", b"/e")
    }),
    // A renamed directory is one thing, whatever is in it.
    ("D d Directory renamed; A x from d", |w| w.fs.rename(&w.p, b"/d", b"/x")),
    ("", |w| {
        w.fs.rename(&w.p, b"/d", b"/x")?;
        w.fs.rename(&w.p, b"/x", b"/d")
    }),
    ("D d Directory renamed; A e/d from d; D e/d/f Regular; M e/d/sub/deep mode", |w| {
        w.fs.rename(&w.p, b"/d", b"/e/d")?;
        w.fs.unlink(&w.p, b"/e/d/f")?;
        w.fs.chmod(&w.p, b"/e/d/sub/deep", 0)
    }),
    ("D d Directory renamed; A x from d; D x/sub Directory renamed; A y from d/sub", |w| {
        w.fs.rename(&w.p, b"/d", b"/x")?;
        w.fs.rename(&w.p, b"/x/sub", b"/y")
    }),
    ("A n; A n/sub from d/sub; D d/sub Directory renamed", |w| {
        w.fs.mkdir(&w.p, b"/n", 0o755)?;
        w.fs.rename(&w.p, b"/d/sub", b"/n/sub")
    }),
    ("A d from e replaces Directory; A e from d replaces Directory", |w| {
        w.fs.renameat2(&w.p, AT_FDCWD, b"/d", AT_FDCWD, b"/e", RenameFlags::EXCHANGE)
    }),
    ("", |w| {
        for _ in 0..2 {
            w.fs.renameat2(&w.p, AT_FDCWD, b"/d", AT_FDCWD, b"/e", RenameFlags::EXCHANGE)?;
        }
        Ok(())
    }),
    ("D d/f Regular renamed; A e/f from d/f", |w| w.fs.rename(&w.p, b"/d/f", b"/e/f")),
    ("D d/f Regular renamed; A d/sub/deep from d/f replaces Regular", |w| {
        w.fs.rename(&w.p, b"/d/f", b"/d/sub/deep")
    }),
    // The old name leads to it again: the new one is a further one.
    ("M d/f links; A e/f", |w| {
        w.fs.rename(&w.p, b"/d/f", b"/e/f")?;
        w.fs.link(&w.p, b"/e/f", b"/d/f")
    }),
    ("D d Directory", |w| {
        for file in ["/d/f", "/d/g", "/d/sub/deep"] {
            w.fs.unlink(&w.p, file.as_bytes())?;
        }
        w.fs.rmdir(&w.p, b"/d/sub")?;
        w.fs.rmdir(&w.p, b"/d")
    }),
    ("M  mode", |w| w.fs.chmod(&w.p, b"/", 0o700)),
];

#[test]
fn changes_are_told_as_they_are() {
    for (number, &(expected, make)) in ROWS.iter().enumerate() {
        let mut world = world();
        let sealed = world.tree();
        println!("row {number}: {expected}");
        world.tick();
        make(&mut world).unwrap();
        let mut words: Vec<_> = expected.split("; ").collect();
        words.sort_by_key(|line| line.split(' ').nth(1).unwrap_or_default().replace('/', "\0"));
        assert_eq!(told(&mut world), words.join("; "), "row {number}");
        world.check(&sealed);
        world.fs.revert().unwrap();
        assert_same(&world.tree(), &sealed);
    }
}

#[test]
fn a_number_opens_what_has_it() {
    let mut world = world();
    let World { fs, p } = &mut world;
    let ino = fs.stat(p, b"/d/f").unwrap().st_ino;
    let fd = fs.open_by_ino(p, ino, OFlags::RDONLY).unwrap();
    assert_eq!(fs.fstat(p, fd).unwrap().st_ino, ino);
    fs.close(p, fd).unwrap();
    fs.unlink(p, b"/d/f").unwrap();
    for stale in [ino, 0, 100, u64::MAX] {
        assert_eq!(fs.open_by_ino(p, stale, OFlags::RDONLY), Err(Errno::ESTALE), "{stale}");
    }
    let directory = fs.stat(p, b"/d").unwrap().st_ino;
    assert_eq!(fs.open_by_ino(p, directory, OFlags::WRONLY), Err(Errno::EISDIR));
}

#[test]
fn a_removed_baked_file_gives_its_room_back() {
    let mut world = world();
    let World { fs, p } = &mut world;
    let before = fs.usage();
    fs.unlink(p, b"/d/f").unwrap();
    assert_eq!(fs.usage().inodes, before.inodes - 1);
    assert_eq!(fs.usage().bytes, before.bytes - 2 * 4096);
    fs.revert().unwrap();
    assert_eq!(fs.usage(), before);
}

/// What is looked at is what was noted: in a tree of many, the same as in one of few.
#[test]
fn the_log_holds_what_changed_and_nothing_else() {
    let mut rows = vec![(0, &b""[..], RecordKind::Directory { entries: 2000 })];
    let names: Vec<String> = (0..2000).map(|number| format!("f{number}")).collect();
    for name in &names {
        rows.push((0, name.as_bytes(), RecordKind::Regular { contents_offset: 0, len: 3 }));
    }
    let mut world = World::new(&rows);
    for name in names.iter().step_by(200) {
        world.fs.chmod(&world.p, name.as_bytes(), 0o600).unwrap();
    }
    assert_eq!(world.fs.changes().unwrap().len(), 10);
    for name in names.iter().step_by(400) {
        world.fs.unlink(&world.p, name.as_bytes()).unwrap();
    }
    // Five are gone, five have another mode, and the root has another time.
    assert_eq!(world.fs.changes().unwrap().len(), 11);
}
