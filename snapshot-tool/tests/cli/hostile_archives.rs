//! Archives that somebody made to do harm, or that are damaged: each is refused with the member's
//! name, or what it holds stays in its place.

use crate::archives::{archive, file, member};
use crate::sandbox::Sandbox;
use wasm_vfs::ErrorKind::{Damaged, Tree};
use wasm_vfs::TreeBuilder;

/// A member that a pax record is about.
pub(crate) fn with_record(key: &str, value: &str, then: Vec<u8>) -> Vec<u8> {
    [pax(b'x', key, value), then].concat()
}

/// An extended header of one record.
pub(crate) fn pax(kind: u8, key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let mut len = rest.len() + 1;
    while len.to_string().len() + rest.len() != len {
        len += 1;
    }
    member(kind, "pax", "", format!("{len}{rest}").as_bytes(), |_| {})
}

pub(crate) fn empty(kind: u8, name: &str, link: &str) -> Vec<u8> {
    member(kind, name, link, b"", |_| {})
}

/// A file whose header has these bytes as its size.
fn sized(field: &[u8]) -> Vec<u8> {
    member(b'0', "f", "", b"", |header| header.as_old_mut().size.copy_from_slice(field))
}

/// A file with holes in GNU tar's format: a map of one run, and the length.
fn sparse(run: [&str; 2], len: &str) -> Vec<u8> {
    member(b'S', "f", "", b"data", |header| {
        let old = header.as_old_mut();
        old.pad[..8].copy_from_slice(b"ustar  \0");
        let gnu = header.as_gnu_mut().unwrap();
        let put =
            |field: &mut [u8], text: &str| field[..text.len()].copy_from_slice(text.as_bytes());
        put(&mut gnu.sparse[0].offset, run[0]);
        put(&mut gnu.sparse[0].numbytes, run[1]);
        put(&mut gnu.realsize, len);
    })
}

/// A file with holes in pax format 1.0.
fn sparse_of_pax(map: &str, realsize: &str) -> Vec<u8> {
    let records = [("major", "1"), ("minor", "0"), ("name", "f"), ("realsize", realsize)];
    let records = records.map(|(key, value)| pax(b'x', &format!("GNU.sparse.{key}"), value));
    let mut contents = map.as_bytes().to_vec();
    contents.resize(512, 0);
    contents.extend(b"data");
    [records.concat(), file("GNUSparseFile.0/f", &contents)].concat()
}

#[test]
fn hostile_archives_are_refused() {
    let sandbox = Sandbox::new();
    let deep_pax = pax(b'x', "comment", &"x".repeat(1 << 20));
    let mut cut = archive(&[file("f", &[7; 2000])]);
    cut.truncate(1024);
    let mut broken = archive(&[file("e", b""), file("f", b"")]);
    broken[512 + 10] ^= 1;
    let rows = [
        // Names that lead out.
        ("..", archive(&[file("a/../../f", b"")]), Tree, "`a/../../f`: its name has `..`"),
        (".. alone", archive(&[empty(b'5', "..", "")]), Tree, "`..`: its name has `..`"),
        ("absolute ..", archive(&[file("/../f", b"")]), Tree, "`/../f`: its name has `..`"),
        (
            ".. in pax",
            archive(&[with_record("path", "../f", file("g", b""))]),
            Tree,
            "`../f`: its name has `..`",
        ),
        (
            "NUL",
            archive(&[with_record("path", "f\0/../g", file("g", b""))]),
            Tree,
            "its name has a NUL byte",
        ),
        ("no name", archive(&[file("", b"")]), Tree, "it has no name"),
        (
            "long name",
            archive(&[with_record("path", &"n".repeat(256), file("g", b""))]),
            Tree,
            "more than 255 bytes",
        ),
        (
            "its own directory",
            archive(&[file(".", b"")]),
            Tree,
            "`.`: it has the name of the archive's own directory",
        ),
        // Links that lead out.
        (
            "beneath a symbolic link",
            archive(&[empty(b'2', "l", "/etc"), file("l/passwd", b"")]),
            Tree,
            "`l/passwd`: it lies beneath `l`, which is a symbolic link",
        ),
        (
            "beneath a link that came to be one later",
            archive(&[
                file("d/a", b""),
                file("l", b""),
                empty(b'2', "l", "d"),
                empty(b'5', "l/x/", ""),
            ]),
            Tree,
            "`l/x/`: it lies beneath `l`, which is a symbolic link",
        ),
        (
            "beneath a file",
            archive(&[file("f", b""), file("f/g", b"")]),
            Tree,
            "it lies beneath `f`, which is a file",
        ),
        (
            "link to ..",
            archive(&[empty(b'1', "f", "../../etc/passwd")]),
            Tree,
            "link to `../../etc/passwd`: its name has",
        ),
        (
            "link to nothing",
            archive(&[empty(b'1', "f", "g"), file("g", b"")]),
            Tree,
            "`g`, which is no earlier member",
        ),
        (
            "link to itself",
            archive(&[empty(b'1', "f", "f")]),
            Tree,
            "`f`, which is no earlier member",
        ),
        (
            "links in a circle",
            archive(&[empty(b'1', "f", "g"), empty(b'1', "g", "f")]),
            Tree,
            "`g`, which is no earlier member",
        ),
        (
            "link through a symbolic link",
            archive(&[file("d/f", b""), empty(b'2', "l", "d"), empty(b'1', "g", "l/f")]),
            Tree,
            "`l/f`, which is no earlier member",
        ),
        (
            "link to a directory",
            archive(&[empty(b'5', "d", ""), empty(b'1', "f", "d")]),
            Tree,
            "`d`, which is a directory",
        ),
        ("link to the root", archive(&[empty(b'1', "f", ".")]), Tree, "`.`, which is a directory"),
        (
            "symbolic link to nothing",
            archive(&[empty(b'2', "l", "")]),
            Tree,
            "a symbolic link with an empty text",
        ),
        (
            "long symbolic link",
            archive(&[with_record("linkpath", &"x".repeat(4096), empty(b'2', "l", ""))]),
            Tree,
            "more than 4095 bytes",
        ),
        // A directory is never lost with what is in it.
        (
            "file for a directory",
            archive(&[file("d/f", b""), file("d", b"")]),
            Tree,
            "a directory that is not empty",
        ),
        // Kinds that no tree has.
        ("disk", archive(&[empty(b'4', "d/p", "")]), Tree, "the member `d/p` is a block device"),
        (
            "block device",
            archive(&[empty(b'4', "b", "")]),
            Tree,
            "the member `b` is a block device",
        ),
        (
            "device",
            archive(&[empty(b'3', "c", "")]),
            Tree,
            "the member `c` is a character device (0:0)",
        ),
        ("unknown type", archive(&[empty(b'Q', "q", "")]), Tree, "`q`: it is of the type `Q`"),
        (
            "a volume's rest",
            archive(&[empty(b'M', "m", "")]),
            Tree,
            "`m`: it goes on from another archive",
        ),
        // Sizes.
        (
            "negative size",
            archive(&[sized(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")]),
            Damaged,
            "its size is -1",
        ),
        (
            "octal minus",
            archive(&[sized(b"-0000000001\0")]),
            Damaged,
            "`-0000000001`, where a number should be",
        ),
        ("huge size", archive(&[sized(b"777777777777")]), Damaged, "`f`: the archive is cut short"),
        (
            "larger size",
            archive(&[sized(b"\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")]),
            Damaged,
            "too large",
        ),
        (
            "2^63 - 1",
            archive(&[sized(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff")]),
            Damaged,
            "cut short",
        ),
        (
            "huge size in pax",
            archive(&[with_record("size", "18446744073709551615", file("f", b""))]),
            Damaged,
            "cut short",
        ),
        (
            "negative size in pax",
            archive(&[with_record("size", "-1", file("f", b""))]),
            Damaged,
            "`-1`",
        ),
        (
            "a directory's bytes",
            archive(&[member(b'5', "d", "", b"x", |_| {})]),
            Damaged,
            "it is no file and says that",
        ),
        (
            "a link's bytes",
            archive(&[file("f", b""), member(b'1', "g", "f", b"x", |_| {})]),
            Damaged,
            "`g`: it is no file",
        ),
        (
            "cut in contents",
            cut.clone(),
            Damaged,
            "`f`: the archive is cut short: 2000 bytes should follow, and 512 do",
        ),
        ("cut in a header", cut[..700].to_vec(), Damaged, "cut short"),
        (
            "cut behind a header",
            pax(b'x', "path", "f"),
            Damaged,
            "cut short behind an extended header",
        ),
        ("wrong checksum", broken, Damaged, "the header at byte 512 has a wrong checksum"),
        ("no archive", vec![b'x'; 4096], Tree, "it is no tar archive"),
        ("a short file", b"text".to_vec(), Tree, "it is no tar archive"),
        ("nothing", Vec::new(), Tree, "it is empty"),
        // Extended headers.
        ("1 MiB of header", archive(&[deep_pax, file("f", b"")]), Damaged, "more than 1048576"),
        (
            "damaged header",
            archive(&[member(b'x', "", "", b"99 path=x\n", |_| {}), file("f", b"")]),
            Damaged,
            "extended header is damaged",
        ),
        (
            "a name for all",
            archive(&[pax(b'g', "path", "f"), file("g", b"")]),
            Damaged,
            "a header for all members gives them one name",
        ),
        (
            "no time",
            archive(&[with_record("mtime", "soon", file("f", b""))]),
            Damaged,
            "the mtime `soon`: that is no time",
        ),
        // Holes.
        (
            "beyond the end",
            archive(&[sparse(["1000", "4"], "100")]),
            Damaged,
            "its map of holes makes no sense",
        ),
        (
            "negative holes",
            archive(&[sparse(["\u{7f}", "4"], "100")]),
            Damaged,
            "where a number should be",
        ),
        (
            "fewer bytes",
            archive(&[sparse(["0", "5"], "100")]),
            Damaged,
            "its map of holes tells of 5 bytes, and 4 follow",
        ),
        (
            "2^36 of hole",
            archive(&[sparse(["0", "4"], "777777777777")]),
            Tree,
            "more than the 4 GiB that fit in a module",
        ),
        (
            "runs that overlap",
            archive(&[sparse_of_pax("2\n0\n2\n1\n2\n", "9")]),
            Damaged,
            "its map of holes makes no sense",
        ),
        (
            "endless map",
            archive(&[sparse_of_pax("9999999999999\n", "9")]),
            Damaged,
            "its map of holes has something else",
        ),
        (
            "run of 2^64",
            archive(&[sparse_of_pax("1\n1\n18446744073709551615\n", "9")]),
            Damaged,
            "makes no sense",
        ),
        (
            "number beyond 2^64",
            archive(&[sparse_of_pax("99999999999999999999\n", "9")]),
            Damaged,
            "something else than numbers",
        ),
        (
            "half a run",
            archive(&[with_record(
                "GNU.sparse.size",
                "9",
                with_record("GNU.sparse.map", "0,4,5", file("f", b"data")),
            )]),
            Damaged,
            "ends with half a run",
        ),
        (
            "no list",
            archive(&[with_record("GNU.sparse.map", "0,,4", file("f", b"data"))]),
            Damaged,
            "that is no list of numbers",
        ),
        (
            "unknown version",
            archive(&[with_record("GNU.sparse.major", "2", file("f", b"data"))]),
            Tree,
            "in a format that is not known here",
        ),
        (
            "huge file",
            archive(&[sparse_of_pax("1\n0\n4\n", "18446744073709551615")]),
            Tree,
            "more than the 4 GiB",
        ),
    ];
    for (name, bytes, kind, expected) in rows {
        let path = sandbox.file("x.tar", bytes);
        let error = TreeBuilder::new().tar(&path, "/in").read().expect_err(name);
        let message = format!("{error:#}");
        assert!(message.contains(expected), "{name}: {message}");
        assert_eq!(error.kind(), kind, "{name}: {message}");
    }
}

#[test]
fn hostile_archives_are_contained() {
    let sandbox = Sandbox::new();
    let members = [
        // What leads out on a disk stays a text in a tree.
        empty(b'2', "out", "../../../etc/passwd"),
        empty(b'2', "a", "b"),
        empty(b'2', "b", "a"),
        empty(b'2', "self", "."),
        empty(b'1', "hard", "out"),
        file("/abs", b"x"),
        // Thousands of one name are one file.
        (0..2000).flat_map(|_| file("same", b"y")).collect(),
        sparse(["10", "4"], "100"),
    ];
    let path = sandbox.file("x.tar", archive(&members));
    let tree = TreeBuilder::new().tmp(false).tar(path, "/in").read().unwrap();
    let paths: Vec<String> =
        (0..tree.entries().len()).map(|at| tree.display_path(at).to_string()).collect();
    let expected = [
        "/", "/in", "/in/a", "/in/abs", "/in/b", "/in/f", "/in/hard", "/in/out", "/in/same",
        "/in/self",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn other_sources_do_not_pass_through_links_of_an_archive() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("x.tar", archive(&[empty(b'2', "l", "/etc")]));
    let error = TreeBuilder::new().tar(path, "/").file("/l/passwd", "").read().unwrap_err();
    assert_eq!(error.kind(), Tree);
    let expected = "guest path /l/passwd passes through /l, which is a symbolic link there";
    assert!(error.to_string().starts_with(expected), "{error}");
}
