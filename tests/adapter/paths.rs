//! Functions that take paths: what wasmtime answers on a directory of a Linux host.

use super::errno::{
    BADF, EXIST, ILSEQ, INVAL, ISDIR, LOOP, NAMETOOLONG, NOENT, NOTDIR, NOTEMPTY, PERM,
};
use super::rig::{READ, Rig, Tree, WRITE};

/// `/d/sub/f`, `/f`, links `/to-f`, `/to-d`, `/dangling`, `/loop`, `/abs` (to `/f`), `/up` (to `../f`).
fn tree() -> Rig {
    let mut tree = Tree::new();
    let d = tree.dir(0, "d");
    let sub = tree.dir(d, "sub");
    tree.file(sub, "f", b"deep");
    tree.file(0, "f", b"shallow");
    tree.symlink(0, "to-f", "f");
    tree.symlink(0, "to-d", "d");
    tree.symlink(0, "dangling", "nowhere");
    tree.symlink(0, "loop", "loop");
    tree.symlink(0, "abs", "/f");
    tree.symlink(d, "up", "../f");
    Rig::baked(&tree)
}

#[test]
fn stat() {
    let mut rig = tree();
    // rows: follow, path, answer (type or error)
    for (follow, path, expected) in [
        (1, "f", Ok(4)),
        (1, "d", Ok(3)),
        (1, "d/", Ok(3)),
        (1, "d/.", Ok(3)),
        (1, "d/..", Ok(3)),
        (1, ".", Ok(3)),
        (1, "d//sub/./../sub/f", Ok(4)),
        (1, "to-f", Ok(4)),
        (0, "to-f", Ok(7)),
        (0, "to-d/", Ok(3)),
        (0, "to-d/sub", Ok(3)),
        (1, "abs", Ok(4)),
        (1, "d/up", Ok(4)),
        (0, "dangling", Ok(7)),
        (1, "dangling", Err(NOENT)),
        (1, "loop", Err(LOOP)),
        (1, "f/", Err(NOTDIR)),
        (1, "f/x", Err(NOTDIR)),
        (1, "nope", Err(NOENT)),
        (1, "nope/x", Err(NOENT)),
        (1, "", Err(NOENT)),
        (1, "/f", Err(PERM)),
        (1, "/", Err(PERM)),
        (1, "..", Err(PERM)),
        (1, "d/../../f", Err(PERM)),
        (2, "f", Err(INVAL)),
    ] {
        assert_eq!(rig.stat(follow, path).map(|stat| stat.filetype), expected, "{path} {follow}");
    }
    let long = "x".repeat(256);
    assert_eq!(rig.stat(1, &long), Err(NAMETOOLONG));
    assert_eq!(rig.stat(1, "y/".repeat(2048)), Err(NAMETOOLONG));
    assert_eq!(rig.stat(1, "./".repeat(2047) + "f").map(|stat| stat.size), Ok(7));
}

#[test]
fn a_descriptor_confines_what_is_below_it() {
    let mut rig = tree();
    let d = rig.open_at(3, 1, "d", 2, READ, 0).unwrap();
    for (path, expected) in [
        ("sub/f", None),
        ("sub/../sub/f", None),
        ("../f", Some(PERM)),
        ("up", Some(PERM)),
        ("sub/../../f", Some(PERM)),
        ("/f", Some(PERM)),
    ] {
        assert_eq!(rig.open_at(d, 1, path, 0, READ, 0).err(), expected, "{path}");
    }
    let sub = rig.open_at(d, 1, "sub", 2, READ, 0).unwrap();
    assert_eq!(rig.open_at(sub, 1, "..", 2, READ, 0), Err(PERM));
    // A removed directory is still open, and nothing can be made in it.
    let e =
        rig.at("path_create_directory", 3, "e").and_then(|()| rig.open_at(3, 1, "e", 2, READ, 0));
    let e = e.unwrap();
    assert_eq!(rig.at("path_remove_directory", 3, "e"), Ok(()));
    assert_eq!(rig.open_at(e, 1, "x", 1, WRITE, 0), Err(NOENT));
    assert_eq!(rig.readdir(e, 100, 0), Err(NOENT));
}

#[test]
fn paths_that_are_no_text() {
    let mut rig = tree();
    for (path, expected) in [
        (&b"\xff"[..], ILSEQ),
        (b"12345678\xc3", ILSEQ),
        (b"1234567\xed\xa0\x80", ILSEQ),
        (b"f\0", INVAL),
        (b"\0", INVAL),
        (b"12345678\0", INVAL),
        (b"\0abcdefghijklmn", INVAL),
        ("d/\u{e4}\u{20ac}\u{1f600}".as_bytes(), NOENT),
    ] {
        assert_eq!(rig.stat(1, path), Err(expected), "{path:?}");
        assert_eq!(rig.open(path), Err(expected), "{path:?}");
        assert_eq!(rig.at("path_unlink_file", 3, path), Err(expected), "{path:?}");
    }
    let name = "d/\u{e4}\u{20ac}\u{1f600}";
    let fd = rig.create(name).unwrap();
    rig.close(fd).unwrap();
    assert!(rig.stat(0, name).is_ok());
}

#[test]
fn descriptors_that_are_no_directory() {
    let mut rig = tree();
    let f = rig.open("f").unwrap();
    for fd in [0, 1, f, 99, u32::MAX, 0x8000_0000] {
        let open = if fd == f { NOTDIR } else { BADF };
        assert_eq!(rig.open_at(fd, 1, "f", 0, READ, 0), Err(open), "{fd}");
        for name in ["path_create_directory", "path_unlink_file", "path_remove_directory"] {
            assert_eq!(rig.at(name, fd, "f"), Err(BADF), "{name} {fd}");
            assert_eq!(rig.at(name, fd, ""), Err(BADF), "{name} {fd}");
        }
        assert_eq!(rig.readdir(fd, 100, 0), Err(BADF), "{fd}");
    }
    assert!(rig.world().calls.is_empty(), "{:?}", rig.world().calls);
}

#[test]
fn open() {
    let mut rig = tree();
    // rows: follow, path, oflags (1 create, 2 directory, 4 exclusive, 8 truncate), rights, answer
    for (follow, path, oflags, rights, expected) in [
        (1, "f", 0, READ, None),
        (1, "f", 0, 0, None),
        (1, "f", 2, READ, Some(NOTDIR)),
        (1, "d", 2, READ, None),
        (1, "d", 0, READ, None),
        (1, "d", 0, READ | WRITE, Some(ISDIR)),
        (1, "d", 8, READ, Some(ISDIR)),
        (1, "d/", 0, READ, None),
        (1, "f/", 0, READ, Some(NOTDIR)),
        (1, "new/", 1, READ, Some(ISDIR)),
        (0, "to-f", 0, READ, Some(LOOP)),
        (0, "to-d", 2, READ, Some(LOOP)),
        (1, "to-d", 2, READ, None),
        (1, "f", 1 | 4, READ, Some(EXIST)),
        (1, "dangling", 1 | 4, READ, Some(EXIST)),
        (1, "dangling", 0, READ, Some(NOENT)),
        (1, "x", 2 | 1, READ, Some(INVAL)),
        (1, "d", 2 | 4, READ, Some(INVAL)),
        (1, "d", 2 | 8, READ, Some(INVAL)),
        (1, "f", 16, READ, Some(INVAL)),
        (1, "", 0, READ, Some(NOENT)),
        (1, "/f", 0, READ, Some(PERM)),
        (1, "../f", 0, READ, Some(PERM)),
    ] {
        let opened = rig.open_at(3, follow, path, oflags, rights, 0);
        assert_eq!(opened.err(), expected, "{path} {oflags}");
        if let Ok(fd) = opened {
            rig.close(fd).unwrap();
        }
    }
    let fd = rig.open_at(3, 1, "f", 8, WRITE, 0).unwrap();
    assert_eq!(rig.fstat(fd).unwrap().size, 0);
    assert_eq!(rig.open_at(3, 1, "f", 0, READ, 32), Err(INVAL));
}

#[test]
fn directories_come_and_go() {
    let mut rig = tree();
    for (name, path, expected) in [
        ("path_create_directory", "n", Ok(())),
        ("path_create_directory", "n", Err(EXIST)),
        ("path_create_directory", "n/m/", Ok(())),
        ("path_create_directory", "f", Err(EXIST)),
        ("path_create_directory", ".", Err(EXIST)),
        ("path_create_directory", "dangling", Err(EXIST)),
        ("path_create_directory", "no/where", Err(NOENT)),
        ("path_create_directory", "", Err(NOENT)),
        ("path_create_directory", "/n2", Err(PERM)),
        ("path_remove_directory", "n", Err(NOTEMPTY)),
        ("path_remove_directory", "f", Err(NOTDIR)),
        ("path_remove_directory", "to-d", Err(NOTDIR)),
        ("path_remove_directory", "n/m/", Ok(())),
        ("path_remove_directory", "n/.", Err(INVAL)),
        ("path_remove_directory", "n", Ok(())),
        ("path_remove_directory", "n", Err(NOENT)),
        ("path_unlink_file", "d", Err(ISDIR)),
        ("path_unlink_file", "f/", Err(NOTDIR)),
        ("path_unlink_file", "to-f", Ok(())),
        ("path_unlink_file", "f", Ok(())),
        ("path_unlink_file", "f", Err(NOENT)),
        ("path_unlink_file", "/f", Err(PERM)),
    ] {
        assert_eq!(rig.at(name, 3, path), expected, "{name} {path}");
    }
}

#[test]
fn links() {
    let mut rig = tree();
    assert_eq!(rig.link(0, "f", "g"), Ok(()));
    assert_eq!(rig.stat(0, "g").unwrap().nlink, 2);
    assert_eq!(rig.stat(0, "g"), rig.stat(0, "f"));
    for (flags, old, new, expected) in [
        (0, "f", "g", EXIST),
        (0, "d", "h", PERM),
        (0, "nope", "h", NOENT),
        (0, "f", "h/", NOENT),
        (0, "f", "/h", PERM),
        (0, "/f", "h", PERM),
        (1, "to-f", "h", INVAL),
        (2, "f", "h", INVAL),
    ] {
        assert_eq!(rig.link(flags, old, new), Err(expected), "{old} {new}");
    }
    assert_eq!(rig.link(0, "to-f", "link-to-f"), Ok(()));
    assert_eq!(rig.stat(0, "link-to-f").unwrap().filetype, 7);

    assert_eq!(rig.symlink("a/b", "s"), Ok(()));
    assert_eq!(rig.readlink("s", 100).unwrap(), b"a/b");
    assert_eq!(rig.readlink("s", 2).unwrap(), b"a/");
    assert_eq!(rig.readlink("f", 100), Err(INVAL));
    assert_eq!(rig.readlink("nope", 100), Err(NOENT));
    for (target, path, expected) in [
        ("x", "s", EXIST),
        ("/x", "t", PERM),
        ("", "t", NOENT),
        ("x", "t/", NOENT),
        ("x", "", NOENT),
        ("x", "/t", PERM),
        ("x", "nope/t", NOENT),
    ] {
        assert_eq!(rig.symlink(target, path), Err(expected), "{target} {path}");
    }
}

#[test]
fn rename() {
    let mut rig = tree();
    rig.at("path_create_directory", 3, "empty").unwrap();
    for (old, new, expected) in [
        ("f", "g", Ok(())),
        ("f", "g", Err(NOENT)),
        ("g", "f/", Err(NOTDIR)),
        ("g", "d", Err(ISDIR)),
        ("d", "g", Err(NOTDIR)),
        ("d", "d/sub/x", Err(INVAL)),
        ("empty", "d", Err(NOTEMPTY)),
        ("d", "empty", Ok(())),
        ("empty/", "d/", Ok(())),
        ("g", "/x", Err(PERM)),
        ("../g", "x", Err(PERM)),
        ("", "x", Err(NOENT)),
        ("to-f", "renamed-link", Ok(())),
    ] {
        assert_eq!(rig.rename(old, new), expected, "{old} {new}");
    }
    assert_eq!(rig.stat(1, "d/sub/f").unwrap().size, 4);
}
