//! Zip archives that somebody made to do harm, or that are damaged: each is refused with the member's
//! name, or what it holds stays in its place.

use crate::sandbox::Sandbox;
use crate::zips::{Member, STORED, THEN, UNKNOWN, archive, dated, end, field, file, member, parts};
use std::panic;
use wasm_vfs::ErrorKind::{self, Damaged, Tree};
use wasm_vfs::tree::{EntryKind, FinalSymlink};
use wasm_vfs::{PackedModule, TreeBuilder};

#[test]
fn hostile_archives_are_refused() {
    let with = |change: &dyn Fn(&mut Member)| {
        let mut member = file("x");
        change(&mut member);
        archive(&[file("before"), member])
    };
    let whole = archive(&[file("x")]);
    // A block of a type that there is not, behind the header and its name.
    let mut no_deflate = whole.clone();
    no_deflate[31] = 7;
    let bomb: Vec<_> =
        (0..5).map(|it| Member { size: Some(UNKNOWN - 1), ..file(&it.to_string()) }).collect();
    let zeros = vec![0; 1 << 20];
    let mut volumes = whole.clone();
    let at = volumes.len() - 18;
    volumes[at..at + 4].copy_from_slice(&[1, 0, 0, 0]);
    let [bytes, directory] = parts(&[file("x")]);
    let miscounted = [&bytes[..], &directory, &end(2, directory.len(), bytes.len(), b"")].concat();
    let far = |it: &mut Member| {
        it.size = Some(UNKNOWN);
        it.extra = field(1, &(u64::MAX - 1).to_le_bytes());
    };
    let link = |target: &[u8]| archive(&[member("l", target, 0o120_777)]);
    let rows: Vec<(&str, Vec<u8>, ErrorKind, &str)> = vec![
        // Names that lead out, or are none.
        ("..", with(&|it| it.name = b"a/../../x".to_vec()), Tree, "`a/../../x`: its name has `..`"),
        ("NUL", with(&|it| it.name = b"a\0b".to_vec()), Tree, "`a\\000b`: its name has a NUL byte"),
        ("no name", with(&|it| it.name = Vec::new()), Tree, "``: it has no name"),
        ("encoding", with(&|it| it.name = b"caf\x82".to_vec()), Tree, "its name is not UTF-8"),
        ("long", with(&|it| it.name = vec![b'n'; 256]), Tree, "more than 255 bytes"),
        (
            "itself",
            with(&|it| it.name = b".".to_vec()),
            Tree,
            "`.`: it has the name of the archive's own",
        ),
        // Links that lead out.
        (
            "beneath a link",
            archive(&[member("l", b"/etc", 0o120_777), file("l/x")]),
            Tree,
            "`l/x`: it lies beneath `l`, which is a symbolic link",
        ),
        (
            "beneath a file",
            archive(&[file("f"), file("f/x")]),
            Tree,
            "beneath `f`, which is a file",
        ),
        ("long link", link(&[b'x'; 5000]), Tree, "`l`: it is a symbolic link of 5000 bytes"),
        ("NUL in a link", link(b"a\0b"), Tree, "`l`: it is a symbolic link with a NUL byte"),
        ("empty link", link(b""), Tree, "`l`: it is a symbolic link with an empty text"),
        // Two of one name.
        ("twice", archive(&[file("x"), file("x")]), Tree, "`x`: another member has the same name"),
        ("twice", archive(&[file("x/y"), file("./x//y")]), Tree, "`./x//y`: another member has"),
        (
            "file and directory",
            archive(&[member("x/", b"", 0o040_755), file("x")]),
            Tree,
            "`x`: another member has the same name",
        ),
        // Headers that lie.
        (
            "more",
            with(&|it| it.size = Some(3)),
            Damaged,
            "`x`: it unpacks to more than the 3 bytes",
        ),
        (
            "less",
            with(&|it| it.size = Some(9)),
            Damaged,
            "`x`: it unpacks to 8 bytes, and its headers say 9",
        ),
        ("far", with(&far), Tree, "it unpacks to more than 17.1 GB"),
        (
            "checksum",
            with(&|it| it.crc = Some(1)),
            Damaged,
            "`x`: its contents have another checksum",
        ),
        (
            "stored, less",
            with(&|it| (it.method, it.size) = (STORED, Some(9))),
            Damaged,
            "`x`: it unpacks to 8 bytes",
        ),
        (
            "two names",
            with(&|it| it.local_name = Some(b"y".to_vec())),
            Damaged,
            "`x`: its header has another name, size",
        ),
        (
            "two sizes",
            with(&|it| it.local_size = Some(7)),
            Damaged,
            "`x`: its header has another name",
        ),
        ("tail", with(&|it| it.more = b"tail".to_vec()), Damaged, "compressed data, and"),
        ("no deflate", no_deflate, Damaged, "`x`: it cannot be unpacked ("),
        ("miscounted", miscounted, Damaged, "its directory has 1 members, and its end says 2"),
        // Bombs.
        (
            "bomb",
            archive(&[Member { size: Some(1 << 10), ..member("x", &zeros, 0o100_644) }]),
            Damaged,
            "`x`: it unpacks to more than the 1024 bytes that its headers say: the archive is damaged; get it again",
        ),
        ("bombs", archive(&bomb), Tree, "it unpacks to more than 17.1 GB, the limit of an archive"),
        (
            "one header for two",
            with(&|it| it.is_shared = true),
            Damaged,
            "`x`: its header has another name, size",
        ),
        // What is not read.
        (
            "encrypted",
            with(&|it| it.flags |= 1),
            Tree,
            "`x`: it is encrypted, which is not read; make",
        ),
        ("strong", with(&|it| it.flags |= 0x40), Tree, "`x`: it is encrypted"),
        (
            "bzip2",
            with(&|it| it.method = 12),
            Tree,
            "`x`: it is compressed in a way that is not read, BZIP2; make",
        ),
        (
            "unknown",
            with(&|it| it.method = 4711),
            Tree,
            "`x`: it is compressed in a way that is not read, number 4711",
        ),
        ("volumes", volumes, Tree, "it is one of several volumes; put them together first"),
        // Kinds.
        ("device", with(&|it| it.mode = Some(0o060_644)), Tree, "`x`: it is a device or a socket"),
        ("socket", with(&|it| it.mode = Some(0o140_644)), Tree, "`x`: it is a device or a socket"),
        (
            "full directory",
            archive(&[member("d/", b"bytes", 0o040_755)]),
            Tree,
            "`d/`: it is no file and says that it has 5 bytes",
        ),
        (
            "a slash",
            archive(&[file("f/")]),
            Tree,
            "`f/`: its name ends in a slash and it is no directory",
        ),
        // No archives.
        (
            "cut short",
            whole[..whole.len() - 5].to_vec(),
            Damaged,
            "it is no zip archive, or cut short",
        ),
        ("text", b"#!/bin/sh\n".repeat(100), Damaged, "it is no zip archive"),
        ("empty", Vec::new(), Damaged, "it is no zip archive"),
    ];
    let sandbox = Sandbox::new();
    for (what, bytes, kind, wants) in rows {
        sandbox.file("x.zip", &bytes);
        let error = TreeBuilder::new().zip(sandbox.path("x.zip"), "/").read();
        let error = error.map(|_| ()).expect_err(what);
        assert!(error.to_string().contains(wants), "{what}: {error}");
        assert!(error.to_string().contains("x.zip`: "), "{what}: {error}");
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
}

#[test]
fn members_do_not_share_bytes() {
    // The second header lies in the contents of the first member, which is stored: one reader sees it
    // as contents, another as a member.
    let inner = parts(&[file("inner")]);
    let mut outer = file("outer");
    (outer.method, outer.contents) = (STORED, inner[0].clone());
    let [bytes, mut directory] = parts(&[outer]);
    let mut second = inner[1].clone();
    let at = u32::try_from(bytes.len() - inner[0].len()).unwrap();
    second[42..46].copy_from_slice(&at.to_le_bytes());
    directory.extend(second);
    let shared = [&bytes[..], &directory, &end(2, directory.len(), bytes.len(), b"")].concat();
    let error = TreeBuilder::new().zip_stream(&shared[..], "/").unwrap_err();
    let expected = "the archive from a stream: the member `inner` has bytes of the member `outer`";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!(error.kind(), Damaged);
    // A member that goes on into the directory.
    let mut longer = archive(&[file("x")]);
    let packed_len = u32::from_le_bytes(longer[18..22].try_into().unwrap());
    let directory = 30 + 1 + packed_len as usize;
    let more = (packed_len + 1).to_le_bytes();
    longer[18..22].copy_from_slice(&more);
    longer[directory + 20..directory + 24].copy_from_slice(&more);
    let error = TreeBuilder::new().zip_stream(&longer[..], "/").unwrap_err();
    assert!(error.to_string().contains("the member `x`: it should end at byte"), "{error}");
}

#[test]
fn nothing_leads_out() {
    let sandbox = Sandbox::new();
    let members = [
        file("/etc/x"),
        member("out", b"../../../etc/passwd", 0o120_777),
        file("./y"),
        file("a\\b"),
        file("d/.wasmvfsignore"),
    ];
    sandbox.file("x.zip", archive(&members));
    let ran = sandbox.image(&["--zip", "x.zip::/in", "--no-tmp"]);
    let note = "note: `x.zip`: absolute names were taken as relative, of 1 member (`/etc/x`)";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    let packed = PackedModule::open(sandbox.path("image.wasm")).unwrap();
    let tree = packed.tree();
    let paths: Vec<String> = (0..tree.entries().len()).map(|it| tree.display_path(it)).collect();
    let expected = ["/", "/in", r"/in/a\b", "/in/d", "/in/etc", "/in/etc/x", "/in/out", "/in/y"];
    assert_eq!(paths, expected);
    let link = tree.lookup(b"/in/out", FinalSymlink::Keep).unwrap();
    let text = EntryKind::Symlink { target: b"../../../etc/passwd".to_vec() };
    assert_eq!(tree.entries()[link].kind, text);
}

#[test]
fn damage_is_an_error_or_harmless() {
    let whole = archive(&[dated(file("d/a"), THEN), member("l", b"d/a", 0o120_777)]);
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            let read = || {
                let tree = TreeBuilder::new().zip_stream(&bytes[..], "/");
                let _ = tree.and_then(|tree| tree.read());
            };
            assert!(panic::catch_unwind(read).is_ok(), "byte {at}, changed by {change:#x}");
        }
        let cut = TreeBuilder::new().zip_stream(&whole[..at], "/");
        assert!(cut.is_err(), "cut at {at}");
    }
}
