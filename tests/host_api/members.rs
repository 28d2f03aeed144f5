//! What an import leaves of members that it refuses, and what it takes of headers for all members.

use std::collections::BTreeMap;

use proptest::prop_oneof;
use proptest::strategy::{Just, Strategy};
use proptest::test_runner::{Config, TestRunner};
use tar::{Builder, EntryType};
use wasm_vfs::{Errno, Form};

use crate::archives::{Member, export, header, import, members, one};
use crate::{FORMS, Running, noise};

/// The end of an archive.
const END: [u8; 1024] = [0; 1024];

/// A member with any name, by a pax header.
pub(crate) fn member(entry_type: EntryType, name: &str, link: &str, contents: &[u8]) -> Vec<u8> {
    let mut bytes = pax(b'x', &[("path", name), ("linkpath", link)]);
    bytes.extend(&one(entry_type, b"by-pax", b"", contents)[..]);
    bytes.truncate(bytes.len() - END.len());
    bytes
}

/// A header with pax records.
pub(crate) fn pax(letter: u8, records: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let len = (1..).find(|digits| (rest + digits).to_string().len() == *digits).unwrap();
        text += &format!("{} {key}={value}\n", rest + len);
    }
    let mut bytes = one(EntryType::new(letter), b"pax", b"", text.as_bytes());
    bytes.truncate(bytes.len() - END.len());
    bytes
}

pub(crate) fn archive(parts: &[&[u8]]) -> Vec<u8> {
    [&parts.concat()[..], &END].concat()
}

#[test]
fn directories_for_a_refused_member_go_with_it() {
    let long = format!("q/w/e/r/{}", "n".repeat(256));
    let rows = [
        (member(EntryType::Regular, &long, "", b"x"), Errno::ENAMETOOLONG),
        (member(EntryType::Symlink, &long, "x", b""), Errno::ENAMETOOLONG),
        (member(EntryType::Directory, &long, "", b""), Errno::ENAMETOOLONG),
        (member(EntryType::Link, &long, "there/f", b""), Errno::ENAMETOOLONG),
        (member(EntryType::Regular, "there/new/../f", "", b"x"), Errno::EINVAL),
        (member(EntryType::Regular, "there/out/a/b", "", b"x"), Errno::EXDEV),
        (member(EntryType::Directory, "there/loop/a/b", "", b""), Errno::ELOOP),
        (
            member(EntryType::Directory, &format!("there/new/{}/x", "n".repeat(256)), "", b""),
            Errno::ENAMETOOLONG,
        ),
        (member(EntryType::Regular, ".wasm-vfs-import-0", "", b""), Errno::EEXIST),
        (member(EntryType::Directory, ".wasm-vfs-import-0", "", b""), Errno::EEXIST),
        (member(EntryType::Symlink, ".wasm-vfs-import-0/x", "there", b""), Errno::EEXIST),
    ];
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/in/there/f", b"f");
        let (api, store) = (running.api.clone(), &mut running.store);
        api.create_dir_all(&mut *store, "/in/there/empty", 0o755).unwrap();
        api.symlink(&mut *store, "../../..", "/in/there/out").unwrap();
        api.symlink(&mut *store, "loop", "/in/there/loop").unwrap();
        let before = names_and_contents(&export(&mut running, "/"));
        for (bytes, errno) in &rows {
            let error = import(&mut running, &archive(&[bytes])).unwrap_err();
            assert_eq!(error.find(), Some(errno), "{error:#}");
            assert_eq!(names_and_contents(&export(&mut running, "/")), before, "{error:#}");
        }
    }
}

/// The host interface's own calls make directories too.
#[test]
fn directories_for_what_cannot_be_made_go_with_it() {
    for form in FORMS {
        let mut running = Running::new(form);
        let (api, store) = (running.api.clone(), &mut running.store);
        api.create_dir_all(&mut *store, "/there/empty", 0o755).unwrap();
        let long = "n".repeat(256);
        for path in [
            format!("/a/b/{long}"),
            format!("/there/a/{long}"),
            // Out of a directory that is made, into one that was there and is empty.
            format!("/there/a/../empty/b/{long}"),
        ] {
            let refused = [
                api.put(&mut *store, &path, 0o644, &b"x"[..]).unwrap_err(),
                api.create_dir_all(&mut *store, &path, 0o755).unwrap_err(),
                api.symlink(&mut *store, "x", &path).unwrap_err(),
            ];
            for error in refused {
                assert_eq!(error.find(), Some(&Errno::ENAMETOOLONG), "{error:#}");
            }
        }
        assert_eq!(running.names("/"), ["dev", "there", "tmp"]);
        assert_eq!(running.names("/there"), ["empty"]);
        assert_eq!(running.names("/there/empty"), [""; 0]);
    }
}

/// Names, links and contents: a refused import may change the times of directories.
fn names_and_contents(archive: &[u8]) -> BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)> {
    members(archive).into_iter().map(|(name, it)| (name, (it.link, it.contents))).collect()
}

#[test]
fn what_a_global_header_says_holds_for_all_members_after_it() {
    let file = |name: &str| {
        let mut bytes = one(EntryType::Regular, name.as_bytes(), b"", b"x");
        bytes.truncate(bytes.len() - END.len());
        bytes
    };
    let parts = [
        file("before"),
        pax(b'g', &[("mtime", "5.25"), ("uid", "77"), ("comment", "of no account")]),
        file("first"),
        pax(b'x', &[("mtime", "9"), ("gid", "99")]),
        file("own"),
        // Withdrawn for one member.
        pax(b'x', &[("mtime", ""), ("uid", "")]),
        file("blank"),
        file("second"),
        // Between a member's own header and the member.
        pax(b'x', &[("uid", "1")]),
        pax(b'g', &[("uid", "78"), ("gid", "88")]),
        file("between"),
        file("third"),
        // Withdrawn for all.
        pax(b'g', &[("uid", ""), ("mtime", "")]),
        file("last"),
    ];
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    for form in FORMS {
        let mut running = Running::new(form);
        import(&mut running, &archive(&parts)).unwrap();
        for (name, mtime, uid, gid) in [
            ("before", (0, 0), 7, 8),
            ("first", (5, 250_000_000), 77, 8),
            ("own", (9, 0), 77, 99),
            ("blank", (0, 0), 7, 8),
            ("second", (5, 250_000_000), 77, 8),
            ("between", (5, 250_000_000), 1, 88),
            ("third", (5, 250_000_000), 78, 88),
            ("last", (0, 0), 7, 88),
        ] {
            let stat = running.api.stat(&mut running.store, &format!("/in/{name}")).unwrap();
            assert_eq!((stat.mtime, stat.uid, stat.gid), (mtime, uid, gid), "{name}");
        }
        // A name for all, as nobody means it.
        let named = archive(&[&pax(b'g', &[("path", "d/one")]), &file("a"), &file("b")]);
        import(&mut running, &named).unwrap();
        assert_eq!(running.names("/in/d"), ["one"]);
        // The next archive begins anew.
        import(&mut running, &archive(&[&file("anew")])).unwrap();
        assert_eq!(running.api.stat(&mut running.store, "/in/anew").unwrap().uid, 7);
        let damaged = archive(&[&pax(b'g', &[("uid", "x")]), &file("a")]);
        assert_eq!(import(&mut running, &damaged).unwrap_err().find(), Some(&Errno::EINVAL));
    }
}

#[test]
fn a_link_with_two_names_stays_one() {
    for form in FORMS {
        let mut running = Running::new(form);
        let parts = [
            member(EntryType::Symlink, "d/s1", "target", b""),
            member(EntryType::Link, "s2", "d/s1", b""),
            member(EntryType::Regular, "f1", "", b"f"),
            member(EntryType::Link, "d/f2", "f1", b""),
        ];
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        import(&mut running, &archive(&parts)).unwrap();
        for _ in 0..2 {
            let exported = members(&export(&mut running, "/in"));
            let of = |name: &[u8]| {
                let Member { entry_type, link, .. } = &exported[name];
                (*entry_type, link.clone())
            };
            assert_eq!(of(b"d/s1"), (EntryType::Symlink, b"target".to_vec()));
            assert_eq!(of(b"s2"), (EntryType::Link, b"d/s1".to_vec()));
            let (api, store) = (running.api.clone(), &mut running.store);
            let first = api.lstat(&mut *store, "/in/d/s1").unwrap();
            assert_eq!(first, api.lstat(&mut *store, "/in/s2").unwrap());
            assert_eq!(first.nlink, 2);
            // Once more, of what came out.
            let again = export(&mut running, "/in");
            running = Running::new(form);
            import(&mut running, &again).unwrap();
        }
    }
}

#[test]
fn directories_before_a_refused_member_have_their_times() {
    let mut running = Running::new(Form::Portable);
    let mut directory = header(EntryType::Directory, 0o755, 1_000_000, 0);
    let mut file = header(EntryType::Regular, 0o644, 0, 1);
    let mut builder = Builder::new(Vec::new());
    builder.append_data(&mut directory, "d/", &[][..]).unwrap();
    builder.append_data(&mut file, "d/f", &b"x"[..]).unwrap();
    let mut bytes = builder.into_inner().unwrap();
    bytes.truncate(bytes.len() - END.len());
    let refused = member(EntryType::Regular, "../out", "", b"x");
    import(&mut running, &archive(&[&bytes, &refused])).unwrap_err();
    let stat = running.api.stat(&mut running.store, "/in/d").unwrap();
    assert_eq!(stat.mtime, (1_000_000, 0));
}

/// A random member: its bytes, and whether an import takes it wherever it comes.
fn any_member() -> impl Strategy<Value = Vec<u8>> {
    let name = proptest::collection::vec(
        prop_oneof![
            8 => proptest::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned),
            1 => Just("n".repeat(256)),
            1 => Just("..".to_owned()),
            1 => Just(".".to_owned()),
        ],
        1..5,
    );
    let name = name.prop_map(|parts| parts.join("/"));
    let entry_type = proptest::sample::select(vec![
        EntryType::Regular,
        EntryType::Regular,
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
    ]);
    (entry_type, name.clone(), name, 0..3000usize, 0..600usize, 0..12u8).prop_map(
        |(entry_type, name, link, len, at, damage)| {
            let len = if entry_type == EntryType::Regular { len } else { 0 };
            let mut bytes = member(entry_type, &name, &link, &noise(len));
            if damage == 0 {
                // In a header, or in records.
                let at = at % bytes.len();
                bytes[at] ^= 0x55;
            }
            bytes
        },
    )
}

/// Whatever an archive holds: after an import there is what the members before the refused one make, each whole, and no more.
#[test]
fn random_members_come_whole_or_not_at_all() {
    let running = FORMS.map(Running::new).map(std::cell::RefCell::new);
    let archives = proptest::collection::vec(any_member(), 1..8);
    let mut runner =
        TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&archives, |parts| {
            for running in &running {
                let running = &mut *running.borrow_mut();
                let mut import = |parts: &[Vec<u8>]| {
                    let _ = running.api.remove(&mut running.store, "/in");
                    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
                    let result = import(running, &archive(&parts));
                    (result, export(running, "/in"))
                };
                let (result, tree) = import(&parts);
                // How many members of it can be imported as an archive.
                let good = (0..=parts.len()).rev().find_map(|count| {
                    let (result, tree) = import(&parts[..count]);
                    result.is_ok().then_some((count, tree))
                });
                let (count, expected) = good.unwrap();
                assert_eq!(result.is_ok(), count == parts.len(), "{result:?}");
                assert_eq!(timeless(&tree), timeless(&expected), "{count} members: {result:?}");
            }
            Ok(())
        })
        .unwrap();
}

/// Members, but for the times of directories that no member made.
fn timeless(archive: &[u8]) -> BTreeMap<Vec<u8>, Member> {
    let mut members = members(archive);
    for member in members.values_mut() {
        if member.mtime != "0" {
            assert_eq!(member.entry_type, EntryType::Directory);
            member.mtime = String::new();
        }
    }
    members
}
