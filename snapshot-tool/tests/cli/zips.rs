//! `--zip`: zip archives as trees. Hostile ones are in `hostile_zips`.

use crate::sandbox::{NOTHING, Sandbox, read};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;
use wasm_vfs::ErrorKind::Damaged;
use wasm_vfs::tree::{EntryKind, FinalSymlink, TreeEntry};
use wasm_vfs::{PackedModule, TreeBuilder};

/// 2020-09-13 12:26:40 UTC.
pub(crate) const THEN: u32 = 1_600_000_000;

/// 2001-02-03 04:05:06 UTC, and the same as DOS has it: time and date.
const DOS_THEN: (i64, u16, u16) = (981_173_106, (4 << 11) | (5 << 5) | 3, (21 << 9) | (2 << 5) | 3);

pub(crate) const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// What stands for a number that is in the field of zip64.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// A member, and what its headers say of it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) contents: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// With the bits that say what it is; `None`: made by DOS.
    pub(crate) mode: Option<u32>,
    /// DOS's attributes.
    pub(crate) attributes: u32,
    pub(crate) extra: Vec<u8>,
    /// What the headers say in place of the size of the contents.
    pub(crate) size: Option<u32>,
    pub(crate) crc: Option<u32>,
    /// What only the header before the contents says.
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) local_size: Option<u32>,
    /// Bytes behind the compressed data that belong to it.
    pub(crate) more: Vec<u8>,
    /// Whether its bytes are those of the member before it.
    pub(crate) is_shared: bool,
}

pub(crate) fn member(name: &str, contents: &[u8], mode: u32) -> Member {
    Member {
        name: name.as_bytes().to_vec(),
        contents: contents.to_vec(),
        method: DEFLATED,
        flags: 0x800,
        mode: Some(mode),
        attributes: 0,
        extra: Vec::new(),
        size: None,
        crc: None,
        local_name: None,
        local_size: None,
        more: Vec::new(),
        is_shared: false,
    }
}

pub(crate) fn file(name: &str) -> Member {
    member(name, b"contents", 0o100_644)
}

/// An extra field.
pub(crate) fn field(id: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&id.to_le_bytes()[..], &len.to_le_bytes(), data].concat()
}

/// The field of Info-ZIP with the time in seconds.
pub(crate) fn dated(mut member: Member, seconds: u32) -> Member {
    member.extra = field(0x5455, &[&[1_u8][..], &seconds.to_le_bytes()].concat());
    member
}

/// The headers of members, and the directory.
pub(crate) fn parts(members: &[Member]) -> [Vec<u8>; 2] {
    let (mut bytes, mut directory) = (Vec::<u8>::new(), Vec::<u8>::new());
    let mut last = 0;
    for member in members {
        let mut packed = match member.method {
            DEFLATED => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&member.contents).unwrap();
                encoder.finish().unwrap()
            }
            _ => member.contents.clone(),
        };
        packed.extend(&member.more);
        let mut crc = Crc::new();
        crc.update(&member.contents);
        let crc = member.crc.unwrap_or_else(|| crc.sum());
        let packed_len = u32::try_from(packed.len()).unwrap();
        let size = member.size.unwrap_or(u32::try_from(member.contents.len()).unwrap());
        let head = |name: &[u8], size: u32| {
            let mut head = Vec::<u8>::new();
            for field in [20_u16, member.flags, member.method, DOS_THEN.1, DOS_THEN.2] {
                head.extend(field.to_le_bytes());
            }
            for field in [crc, packed_len, size] {
                head.extend(field.to_le_bytes());
            }
            for len in [name.len(), member.extra.len()] {
                head.extend(u16::try_from(len).unwrap().to_le_bytes());
            }
            head
        };
        if !member.is_shared {
            last = u32::try_from(bytes.len()).unwrap();
            let name = member.local_name.as_ref().unwrap_or(&member.name);
            let head = head(name, member.local_size.unwrap_or(size));
            bytes.extend([b"PK\x03\x04", &head[..], name, &member.extra, &packed].concat());
        }
        let (made_by, attributes) = match member.mode {
            Some(mode) => (0x0314_u16, mode << 16),
            None => (20, 0),
        };
        directory.extend(b"PK\x01\x02");
        directory.extend(made_by.to_le_bytes());
        directory.extend(head(&member.name, size));
        directory.extend([0_u8; 6]);
        directory.extend((attributes | member.attributes).to_le_bytes());
        directory.extend(last.to_le_bytes());
        directory.extend([&member.name[..], &member.extra].concat());
    }
    [bytes, directory]
}

/// The record at the end of an archive of so many members.
pub(crate) fn end(count: u16, directory_len: usize, start: usize, comment: &[u8]) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    for number in [directory_len, start] {
        end.extend(u32::try_from(number).unwrap().to_le_bytes());
    }
    end.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    [&end[..], comment].concat()
}

fn archive_of(members: &[Member], comment: &[u8]) -> Vec<u8> {
    let [bytes, directory] = parts(members);
    let count = u16::try_from(members.len()).unwrap();
    let end = end(count, directory.len(), bytes.len(), comment);
    [bytes, directory, end].concat()
}

pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    archive_of(members, b"")
}

/// Members of each kind.
fn sample() -> Vec<Member> {
    let mut stored = member("d/stored", &[7; 100_000], 0o100_600);
    stored.method = STORED;
    let mut of_dos = file("dos.txt");
    of_dos.mode = None;
    let mut read_only = file("read-only");
    (read_only.mode, read_only.attributes) = (None, 1);
    let mut of_nt = file("nt");
    // 2020-09-13 12:26:40.5, in tenths of microseconds since 1601.
    let ticks = (u64::from(THEN) + 11_644_473_600) * 10_000_000 + 5_000_000;
    let times = [&[0_u8, 0, 0, 0, 1, 0, 24, 0][..], &ticks.to_le_bytes(), &[0; 16]].concat();
    of_nt.extra = field(0x000a, &times);
    // Its header names it in another encoding.
    let mut renamed = file("");
    (renamed.name, renamed.flags) = (b"caf\x82".to_vec(), 0);
    let mut crc = Crc::new();
    crc.update(&renamed.name);
    let name = [&[1_u8][..], &crc.sum().to_le_bytes(), "café".as_bytes()].concat();
    renamed.extra = field(0x7075, &name);
    vec![
        dated(member("d/", b"", 0o040_750), THEN),
        stored,
        dated(member("d/script", b"#!\n", 0o100_755), THEN),
        member("d/link", b"../dos.txt", 0o120_777),
        of_dos,
        read_only,
        of_nt,
        renamed,
        dated(file("ä/ö"), THEN),
        // Before 1970.
        dated(member("old", b"", 0o104_711), 0u32.wrapping_sub(1)),
        member("pipe", b"", 0o010_640),
        member("no-slash", b"", 0o040_700),
        dated(member("d/", b"", 0o040_750), THEN),
    ]
}

fn stat(sandbox: &Sandbox, path: &str) -> (u16, i64, u32) {
    let packed = PackedModule::open(sandbox.path("image.wasm")).unwrap();
    let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Keep).unwrap();
    let metadata = packed.tree().entries()[index].metadata;
    (metadata.mode, metadata.mtime_sec, metadata.mtime_nsec)
}

#[test]
fn archives_are_trees() {
    let sandbox = Sandbox::new();
    sandbox.file("site.zip", archive(&sample()));
    let ran = sandbox.image(&["--zip", "site.zip::/www", "--no-tmp", "--exclude", "pipe"]);
    assert!(!ran.stderr.contains("note"), "{}", ran.stderr);
    let (then, dos) = (i64::from(THEN), DOS_THEN.0);
    for (path, expected) in [
        ("d", (0o750, then, 0)),
        ("d/stored", (0o600, dos, 0)),
        ("d/script", (0o755, then, 0)),
        ("d/link", (0o777, dos, 0)),
        ("dos.txt", (0o644, dos, 0)),
        ("read-only", (0o444, dos, 0)),
        ("nt", (0o644, then, 500_000_000)),
        ("café", (0o644, dos, 0)),
        ("ä/ö", (0o644, then, 0)),
        ("old", (0o4711, -1, 0)),
        ("no-slash", (0o700, dos, 0)),
    ] {
        assert_eq!(stat(&sandbox, &format!("/www/{path}")), expected, "{path}");
    }
    let cat = sandbox.tool(&["cat", "image.wasm", "/www/d/link", "/www/d/script"]).ok();
    assert_eq!(cat.stdout(), "contents#!\n");
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "/www/d/stored"]).ok().stdout, [7; 100_000]);
    assert!(!sandbox.image_tree().contains("pipe"));
    let tree = TreeBuilder::new().zip(sandbox.path("site.zip"), "/").read().unwrap();
    let pipe = tree.lookup(b"/pipe", FinalSymlink::Keep).unwrap();
    assert!(matches!(tree.entries()[pipe].kind, EntryKind::Fifo));
}

#[test]
fn wherever_tar_may_stand() {
    let sandbox = Sandbox::new();
    let bytes = archive(&sample());
    sandbox.file("conf/site.zip", &bytes);
    sandbox.image(&["--zip", "conf/site.zip::/www"]);
    let kept = read(sandbox.path("image.wasm"));
    let args = ["image", "-o", "image.wasm", "--no-dev"];
    // From standard input, from a pipe with a name, by a configuration file.
    for from in ["-::/www", "/dev/stdin::/www"] {
        fs::remove_file(sandbox.path("image.wasm")).unwrap();
        let ran = sandbox.tool_with(&[&args[..], &["--zip", from]].concat(), &[], &bytes);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(read(sandbox.path("image.wasm")) == kept, "{from}");
    }
    sandbox.file("conf/vfs.toml", "zip = ['site.zip::/www']");
    fs::remove_file(sandbox.path("image.wasm")).unwrap();
    sandbox.tool(&[&args[..], &["--config", "conf/vfs.toml"]].concat()).ok();
    assert!(read(sandbox.path("image.wasm")) == kept);
    // In pack and run.
    sandbox.wasm("app.wasm", NOTHING);
    let zip = ["--zip", "conf/site.zip"];
    sandbox.tool(&[&["pack", "app.wasm", "-o", "packed.wasm"][..], &zip].concat()).ok();
    assert_eq!(sandbox.tool(&["cat", "packed.wasm", "/dos.txt"]).ok().stdout(), "contents");
    let run = [&["run"][..], &zip, &["--get", "/dos.txt::got", "app.wasm"]].concat();
    sandbox.tool(&run).ok();
    assert_eq!(read(sandbox.path("got")), b"contents");
    // By the library.
    let tree = TreeBuilder::new().zip(sandbox.path("conf/site.zip"), "/").read().unwrap();
    let same = TreeBuilder::new().zip_stream(&bytes[..], "/").unwrap().read().unwrap();
    assert_eq!(same.entries(), tree.entries());
    // What is wrong with an option.
    for (args, expected) in [
        (&["--zip", "::/x"][..], "--zip ::/x: it names no archive; write FILE::GUEST"),
        (&["--zip", "-", "--tar", "-"], "--zip -: standard input can be read once"),
        (&["--zip", "none.zip"], "`none.zip`: cannot read `none.zip`: No such file"),
        (&["--zip", "conf"], "`conf`: it is a directory: map it with --dir"),
        (&["--tar", "conf/site.zip"], "--zip takes zip archives"),
        (&["--zip", "app.wasm"], "--tar takes tar archives"),
    ] {
        let ran = sandbox.tool(&[&["image", "-o", "x.wasm"], args].concat());
        let error = ran.error();
        assert!(error.contains(expected), "{error}");
    }
    let error = sandbox.tool_with(&["image", "-o", "x.wasm", "--zip", "-"], &[], b"text");
    assert!(error.error().starts_with("--zip -: the archive from a stream: it is no zip"));
    let zip = ["image", "-o", "out.wasm", "--zip", "conf/site.zip"];
    let ran = sandbox.tool_with(&zip, &[("TMPDIR", "/no/such")], b"");
    let expected = "`conf/site.zip`: cannot write a temporary file in `/no/such`; TMPDIR chooses";
    assert!(ran.error().starts_with(expected), "{}", ran.stderr);
}

#[test]
fn what_zip_writes_is_what_its_directory_gives() {
    let sandbox = Sandbox::new();
    sandbox.file("host/a", "a");
    sandbox.file("host/empty", "");
    sandbox.file("host/sub/ä b", vec![7; 100_000]);
    sandbox.file("host/sub/mode", "m");
    sandbox.dress("host/sub/mode", 0o4751);
    let long = format!("host/{}/{}", "d".repeat(120), "f".repeat(200));
    sandbox.file(&long, "long");
    symlink("sub/mode", sandbox.path("host/link")).unwrap();
    let system = |command: &[&str]| {
        let mut ran = Command::new(command[0]);
        ran.args(&command[1..]).current_dir(sandbox.path("host")).output().ok()
    };
    assert!(
        system(&["find", ".", "-exec", "touch", "-h", "-d", "@1600000001", "{}", "+"]).is_some()
    );
    sandbox.image(&["--dir", "host::/in"]);
    // What is beneath /in: zip has no member for the directory itself.
    let entries = || {
        let packed = PackedModule::open(sandbox.path("image.wasm")).unwrap();
        let entries = packed.tree().entries().iter().enumerate().skip(2);
        let entry = |(index, entry): (usize, &TreeEntry)| {
            (packed.tree().display_path(index), (entry.metadata, entry.kind.clone()))
        };
        entries.map(entry).collect::<BTreeMap<_, _>>()
    };
    let mut expected = entries();
    // Stored, deflated, with the fields of zip64, and to a pipe, where sizes come behind the contents
    // and zip has no links.
    for (option, to) in [("-0", "../0.zip"), ("-9", "../9.zip"), ("-fz", "../64.zip"), ("-1", "-")]
    {
        if to == "-" {
            fs::remove_file(sandbox.path("host/link")).unwrap();
            expected.remove("/in/link").unwrap();
        }
        let Some(done) = system(&["zip", "-q", "-r", "-y", option, to, "."]) else {
            println!("no zip on this system, left out");
            return;
        };
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        let name = to.trim_start_matches("../");
        if to == "-" {
            sandbox.file(name, done.stdout);
        }
        sandbox.image(&["--zip", &format!("./{name}::/in")]);
        assert_eq!(entries(), expected, "{option}");
    }
}

#[test]
fn large_numbers_are_read() {
    // Sizes and the place of the header are in the field of zip64, and so is what the end says.
    let mut large = file("large");
    (large.method, large.size) = (STORED, Some(UNKNOWN));
    large.extra = field(1, &8_u64.to_le_bytes());
    let [bytes, directory] = parts(&[file("small"), large]);
    let start = bytes.len() as u64;
    let mut zip64 = b"PK\x06\x06".to_vec();
    zip64.extend(44_u64.to_le_bytes());
    zip64.extend([45_u8, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [2_u64, 2, directory.len() as u64, start] {
        zip64.extend(number.to_le_bytes());
    }
    let mut locator = b"PK\x06\x07\0\0\0\0".to_vec();
    locator.extend((start + directory.len() as u64).to_le_bytes());
    locator.extend(1_u32.to_le_bytes());
    let end = end(u16::MAX, u32::MAX as usize, u32::MAX as usize, b"");
    let archive = [bytes, directory, zip64, locator, end].concat();
    let tree = TreeBuilder::new().zip_stream(&archive[..], "/").unwrap().read().unwrap();
    assert_eq!(tree.totals().files, 2);
    let index = tree.lookup(b"/large", FinalSymlink::Keep).unwrap();
    assert!(matches!(tree.entries()[index].kind, EntryKind::File { len: 8, .. }));
}

#[test]
fn the_end_is_found() {
    let read = |bytes: &[u8]| {
        let tree = TreeBuilder::new().zip_stream(bytes, "/").and_then(|it| it.read());
        tree.map(|tree| tree.totals().files)
    };
    let members = [file("a"), file("b")];
    let whole = archive(&members);
    // In front of it: a program that unpacks it. In its comment: what looks like an end.
    assert_eq!(read(&[b"#!/bin/sh\nexec unzip\n", &whole[..]].concat()).unwrap(), 2);
    assert_eq!(read(&archive_of(&members, &end(0, 0, 0, b"and more")[..26])).unwrap(), 2);
    assert_eq!(read(&archive_of(&members, &[b'x'; 0xffff])).unwrap(), 2);
    assert_eq!(read(&archive(&[])).unwrap(), 0);
    // Behind it: another archive, or anything.
    let error = read(&[&whole[..], b"more"].concat()).unwrap_err();
    assert!(error.to_string().contains("something was added behind its end"), "{error}");
    assert_eq!(error.kind(), Damaged);
}
