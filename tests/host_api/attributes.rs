//! Extended attributes in archives and layers.

use tar::EntryType;
use wasm_vfs::Form;

use crate::archives::{export, import, one};
use crate::layers::{apply, mark};
use crate::linux::{self, linux};
use crate::members::{archive, pax};
use crate::{FORMS, Running, noise};

/// Attributes are there if the program can ask for them.
#[test]
fn attributes_are_records() {
    let empty = tempfile::tempdir().unwrap();
    for form in FORMS {
        let packed = linux::pack(empty.path(), form, "no-dev = true");
        let mut running = Running::of(&packed);
        let record = |name: &str| format!("SCHILY.xattr.{name}");
        let attributes = [
            (record("user.a"), "1"),
            (record("user.empty"), ""),
            (record("user.x%3Dy%25"), "line\nfeed=\0"),
            (record("trusted.t"), "t"),
            // Not kept, as on Linux.
            (record("security.capability"), "c"),
            (record("system.posix_acl_access"), "p"),
            (record("nowhere.x"), "n"),
            ("LIBARCHIVE.xattr.user.b".to_owned(), "MQ=="),
        ];
        let records: Vec<(&str, &str)> =
            attributes.iter().map(|(key, value)| (&key[..], *value)).collect();
        let with = |member: Vec<u8>| [pax(b'x', &records), member].concat();
        let parts = [
            with(one_member(EntryType::Directory, b"d", b"")),
            with(one_member(EntryType::Regular, b"d/f", b"")),
            with(one_member(EntryType::Fifo, b"p", b"")),
            with(one_member(EntryType::Symlink, b"l", b"d")),
        ];
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let layer = archive(&parts);
        for again in 0..3 {
            match again {
                0 => import(&mut running, &layer).unwrap(),
                1 => apply(&mut running, &layer).unwrap(),
                _ => {
                    // What goes in comes out.
                    let exported = export(&mut running, "/in");
                    running = Running::of(&packed);
                    import(&mut running, &exported).unwrap();
                    assert!(export(&mut running, "/in") == exported);
                }
            }
            for path in ["/in/d", "/in/d/f", "/in/p", "/in/l"] {
                let of = |running: &mut Running, name: &str| linux::xattr(running, path, name);
                let is_file = path.starts_with("/in/d");
                let user = |value: &[u8]| is_file.then(|| value.to_vec());
                assert_eq!(of(&mut running, "trusted.t"), Some(b"t".to_vec()), "{path}");
                if is_file {
                    assert_eq!(of(&mut running, "user.a"), user(b"1"), "{path}");
                    assert_eq!(of(&mut running, "user.empty"), user(b""), "{path}");
                    assert_eq!(of(&mut running, "user.x=y%"), user(b"line\nfeed=\0"), "{path}");
                    assert_eq!(of(&mut running, "user.b"), None, "{path}");
                }
            }
        }
        // An archive adds attributes, a layer says all of them.
        linux!(&mut running, setxattr, "/in/d", "user.more", "m", 1, 0);
        import(&mut running, &layer).unwrap();
        assert_eq!(linux::xattr(&mut running, "/in/d", "user.more"), Some(b"m".to_vec()));
        apply(&mut running, &layer).unwrap();
        assert_eq!(linux::xattr(&mut running, "/in/d", "user.more"), None);
        assert_eq!(linux::xattr(&mut running, "/in/d", "user.a"), Some(b"1".to_vec()));
        // Names and values that nothing can have.
        let long = format!("SCHILY.xattr.user.{}", "n".repeat(300));
        for (key, value) in [(&long[..], "x"), ("SCHILY.xattr.user.", "x"), ("SCHILY.xattr.", "x")]
        {
            let bad = archive(&[&pax(b'x', &[(key, value)]), &mark("n")]);
            let error = apply(&mut running, &bad).unwrap_err();
            assert!(format!("{error:#}").contains("its member `n`: "), "{error:#}");
            assert!(!running.names("/in").contains(&"n".to_owned()));
        }
    }
}

fn one_member(entry_type: EntryType, name: &[u8], link: &[u8]) -> Vec<u8> {
    let mut bytes = one(entry_type, name, link, b"");
    bytes.truncate(512);
    bytes
}

/// A program that cannot ask for attributes has none.
#[test]
fn attributes_are_dropped_where_no_call_asks_for_them() {
    let mut running = Running::new(Form::Portable);
    let layer = archive(&[&pax(b'x', &[("SCHILY.xattr.user.a", "1")]), &mark("f")]);
    apply(&mut running, &layer).unwrap();
    assert_eq!(running.names("/in"), ["f"]);
    assert!(!export(&mut running, "/in").windows(6).any(|bytes| bytes == b"SCHILY"));
}

/// What GNU tar writes is read, and it reads what is written.
#[test]
fn attributes_from_and_for_gnu_tar() {
    use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};
    use std::process::Command;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let attributes =
        [("user.a=b%", &b"v\0=\n"[..]), ("user.empty", b""), ("user.long", &noise(3000))];
    std::fs::create_dir(at("in")).unwrap();
    std::fs::write(at("in/f"), b"f").unwrap();
    for (name, value) in attributes {
        if let Err(error) = lsetxattr(at("in/f"), name, value, XattrFlags::empty()) {
            println!("LEFT OUT: the disk keeps no attributes: {error}");
            return;
        }
    }
    let tar = |args: &[&str]| {
        let mut command = Command::new("tar");
        command.args(["--xattrs", "--xattrs-include=*", "--no-same-owner"]).args(args);
        assert!(command.current_dir(directory.path()).status().unwrap().success());
    };
    tar(&["--format=pax", "-cf", "gnu.tar", "-C", "in", "f"]);
    let mut running = Running::of(&linux::pack(&at("in"), Form::Isolated, "no-dev = true"));
    apply(&mut running, &std::fs::read(at("gnu.tar")).unwrap()).unwrap();
    for (name, value) in attributes {
        assert_eq!(linux::xattr(&mut running, "/in/f", name).as_deref(), Some(value), "{name}");
    }
    std::fs::write(at("ours.tar"), export(&mut running, "/in")).unwrap();
    std::fs::create_dir(at("out")).unwrap();
    tar(&["-xf", "ours.tar", "-C", "out"]);
    for (name, value) in attributes {
        let mut room = [0; 4096];
        let len = lgetxattr(at("out/f"), name, &mut room[..]).unwrap();
        assert_eq!(&room[..len], value, "{name}");
    }
}
