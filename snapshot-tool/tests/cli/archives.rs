//! Archives as sources of a tree: what tar writes is what its directory gives, in every format and
//! compression.

use crate::sandbox::{NOTHING, Sandbox, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::process::Command;
use tar::{EntryType, Header};
use wasm_vfs::{ErrorKind, Packer, TreeBuilder};

/// A member: its header, changed by `change`, and its contents, in whole blocks.
pub(crate) fn member(
    kind: u8,
    name: &str,
    link: &str,
    contents: &[u8],
    change: impl FnOnce(&mut Header),
) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(0o644);
    header.set_size(contents.len() as u64);
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    change(&mut header);
    header.set_cksum();
    let mut blocks = [header.as_bytes(), contents].concat();
    blocks.resize(blocks.len().next_multiple_of(512), 0);
    blocks
}

pub(crate) fn file(name: &str, contents: &[u8]) -> Vec<u8> {
    member(b'0', name, "", contents, |_| {})
}

/// An archive of these members, with the mark of its end.
pub(crate) fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

/// Runs a command of the system's in the sandbox.
#[track_caller]
fn system(sandbox: &Sandbox, command: &[&str]) {
    let done = Command::new(command[0])
        .args(&command[1..])
        .current_dir(sandbox.path("."))
        .output()
        .unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A directory with some of everything, dated `date`.
fn fill(sandbox: &Sandbox, date: &str) {
    sandbox.file("host/a", "a");
    sandbox.file("host/empty", "");
    sandbox.file("host/sub/ä b", vec![7; 100_000]);
    sandbox.file("host/sub/mode", "m");
    sandbox.dress("host/sub/mode", 0o4751);
    let long = format!("host/{}/{}/{}", "d".repeat(120), "e".repeat(255), "f".repeat(200));
    sandbox.file(&long, "long");
    fs::hard_link(sandbox.path("host/sub/mode"), sandbox.path("host/other")).unwrap();
    symlink("sub/mode", sandbox.path("host/link")).unwrap();
    symlink("x".repeat(300), sandbox.path("host/long-link")).unwrap();
    sandbox.directory("host/sub/nothing");
    system(sandbox, &["find", "host", "-exec", "touch", "-h", "-d", date, "{}", "+"]);
}

#[test]
fn what_tar_writes_is_what_its_directory_gives() {
    for (format, date) in
        [("pax", "@1600000000.123456789"), ("gnu", "@1600000000"), ("pax", "@-1.5")]
    {
        let sandbox = Sandbox::new();
        fill(&sandbox, date);
        let format = format!("--format={format}");
        system(&sandbox, &["tar", &format, "-C", "host", "-cf", "host.tar", "."]);
        for (guest, all) in [
            ("/", &[&[][..], &["--owner", "host"]][..]),
            ("/somewhere/else", &[&["--exclude", "sub/m*"]]),
        ] {
            for more in all.iter().copied() {
                let (dir, tar) = (format!("host::{guest}"), format!("host.tar::{guest}"));
                sandbox.image(&[&["--dir", &dir], more].concat());
                let expected = read(sandbox.path("image.wasm"));
                let ran = sandbox.image(&[&["--tar", &tar], more].concat());
                assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
                assert!(read(sandbox.path("image.wasm")) == expected, "{format} {guest} {more:?}");
            }
        }
    }
}

#[test]
fn older_formats() {
    for format in ["ustar", "oldgnu", "v7"] {
        let sandbox = Sandbox::new();
        sandbox.file("host/sub/a", "a");
        sandbox.file("host/b", "");
        symlink("b", sandbox.path("host/link")).unwrap();
        fs::hard_link(sandbox.path("host/b"), sandbox.path("host/c")).unwrap();
        system(&sandbox, &["find", "host", "-exec", "touch", "-h", "-d", "@1600000000", "{}", "+"]);
        let format = format!("--format={format}");
        system(&sandbox, &["tar", &format, "-C", "host", "-cf", "host.tar", "."]);
        sandbox.image(&["--dir", "host::/"]);
        let expected = read(sandbox.path("image.wasm"));
        // FILE alone fills the root.
        sandbox.image(&["--tar", "host.tar"]);
        assert!(read(sandbox.path("image.wasm")) == expected, "{format}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

#[test]
fn compressed_archives_and_streams() {
    let sandbox = Sandbox::new();
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
    let plain = archive(&[file("large", &large), file("sub/small", b"s")]);
    sandbox.file("plain.tar", &plain);
    sandbox.image(&["--tar", "plain.tar::/data"]);
    let expected = read(sandbox.path("image.wasm"));
    let (head, tail) = plain.split_at(1_000_000);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(&plain)].concat();
    let rows = [
        ("plain", plain.clone()),
        ("gzip", gzip(&plain)),
        ("gzip of two members", [gzip(head), gzip(tail)].concat()),
        ("zstd", zstd(&plain)),
        ("zstd of two frames", [zstd(head), zstd(tail)].concat()),
        ("zstd behind a frame to be skipped", skipped),
    ];
    for (name, bytes) in rows {
        // The name tells nothing.
        sandbox.file("some", &bytes);
        sandbox.image(&["--tar", "some::/data"]);
        assert!(read(sandbox.path("image.wasm")) == expected, "{name}");
        for stream in ["-::/data", "/dev/stdin::/data"] {
            let args = ["image", "--no-dev", "-o", "image.wasm", "--tar", stream];
            sandbox.tool_with(&args, &[], &bytes).ok();
            assert!(read(sandbox.path("image.wasm")) == expected, "{name}: {stream}");
        }
    }
}

#[test]
fn archives_that_cannot_be_unpacked() {
    let sandbox = Sandbox::new();
    let plain = archive(&[file("a", &[1; 100_000])]);
    let spoilt = |mut bytes: Vec<u8>, from_end: usize| {
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    let (gz, zst) = (gzip(&plain), zstd(&plain));
    let rows = [
        ("gzip cut short", gz[..gz.len() - 20].to_vec(), ErrorKind::Damaged, "it is damaged"),
        ("gzip with a wrong checksum", spoilt(gz, 6), ErrorKind::Damaged, "it is damaged"),
        ("zstd cut short", zst[..zst.len() - 20].to_vec(), ErrorKind::Damaged, "it is damaged"),
        ("zstd with a wrong checksum", spoilt(zst, 2), ErrorKind::Damaged, "checksum of a frame"),
        (
            "xz",
            b"\xfd7zXZ\0...".to_vec(),
            ErrorKind::Tree,
            "compressed with xz, which is not read: unpack",
        ),
        ("bzip2", b"BZh91AY".to_vec(), ErrorKind::Tree, "`bzip2 -dc FILE | wasm-vfs ... --tar -`"),
        ("gzip of nothing", gzip(b""), ErrorKind::Tree, "it is empty"),
        ("gzip of no archive", gzip(b"text"), ErrorKind::Tree, "no tar archive"),
    ];
    for (name, bytes, kind, expected) in rows {
        let path = sandbox.file("archive", &bytes);
        let error = TreeBuilder::new().tar(&path, "/").read().unwrap_err();
        let message = format!("{error:#}");
        assert!(error.kind() == kind && message.contains(expected), "{name}: {error:?}");
        assert!(message.contains(path.to_str().unwrap()), "{name}: {message}");
        let stream = TreeBuilder::new().tar_stream(&bytes[..], "/").and_then(|tree| tree.read());
        let error = stream.unwrap_err();
        let message = format!("{error:#}");
        assert!(error.kind() == kind && message.contains(expected), "{name}: {error:?}");
        assert!(message.starts_with("the archive from a stream: "), "{name}: {message}");
    }
}

#[test]
fn where_no_temporary_file_can_be_written() {
    let sandbox = Sandbox::new();
    sandbox.file("x.tar.gz", gzip(&archive(&[file("a", b"")])));
    let args = ["image", "-o", "out.wasm", "--tar", "x.tar.gz"];
    let ran = sandbox.tool_with(&args, &[("TMPDIR", "/no/such")], b"");
    let expected = "`x.tar.gz`: cannot write a temporary file in `/no/such`; TMPDIR chooses another directory: No such";
    assert!(ran.error().starts_with(expected), "{}", ran.stderr);
}

#[test]
fn files_with_holes() {
    let sandbox = Sandbox::new();
    sandbox.directory("host");
    // As many runs as need several blocks of GNU tar's map; one ends in a hole, one is nothing else.
    for (name, runs, len) in [("many", 60, 60 << 20), ("few", 3, 9 << 20), ("hole", 0, 5 << 20)] {
        let file = File::create(sandbox.path(&format!("host/{name}"))).unwrap();
        for run in 0..runs {
            file.write_all_at(format!("{name} {run}").as_bytes(), run << 20).unwrap();
        }
        file.set_len(len).unwrap();
    }
    system(&sandbox, &["find", "host", "-exec", "touch", "-d", "@1600000000", "{}", "+"]);
    sandbox.image(&["--dir", "host::/"]);
    let expected = read(sandbox.path("image.wasm"));
    for version in ["--format=gnu", "0.0", "0.1", "1.0"] {
        let version_of_pax = format!("--sparse-version={version}");
        let format = match version {
            "--format=gnu" => &[version][..],
            _ => &["--format=pax", &version_of_pax],
        };
        let args = ["tar", "--sparse", "-C", "host", "-cf", "host.tar", "."];
        system(&sandbox, &[&args[..2], format, &args[2..]].concat());
        assert!(fs::metadata(sandbox.path("host.tar")).unwrap().len() < 2 << 20);
        sandbox.image(&["--tar", "host.tar"]);
        assert!(read(sandbox.path("image.wasm")) == expected, "{format:?}");
    }
}

#[test]
fn an_export_is_packed_as_what_it_was_made_of() {
    let sandbox = Sandbox::new();
    fill(&sandbox, "@1600000000.123456789");
    sandbox.file("host/zeros", vec![0; 3 << 20]);
    sandbox.image_with_dev(&["--dir", "host::/"]);
    let expected = read(sandbox.path("image.wasm"));
    sandbox.tool(&["export", "image.wasm", "-o", "tree.tar"]).ok();
    sandbox.image_with_dev(&["--tar", "tree.tar"]);
    assert!(read(sandbox.path("image.wasm")) == expected);
}

#[test]
fn pack_run_and_the_configuration_file_take_archives() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("conf/x.tar", archive(&[file("x", b"from x")]));
    sandbox.file("y.tar", archive(&[file("y", b"from y")]));
    sandbox.file("conf/vfs.toml", "tar = ['x.tar::/x']");
    let args = ["--config", "conf/vfs.toml", "--tar", "y.tar::/x/y"];
    sandbox.tool(&[&["pack", "app.wasm", "-o", "packed.wasm"][..], &args].concat()).ok();
    let cat = sandbox.tool(&["cat", "packed.wasm", "/x/x", "/x/y/y"]).ok();
    assert_eq!(cat.stdout(), "from xfrom y");
    let run = ["run", "--tar", "none.tar", "app.wasm"];
    assert!(
        sandbox.tool(&run).error().contains("`none.tar`: cannot read `none.tar`: No such file")
    );
}

#[test]
fn later_members_replace_earlier_ones() {
    let sandbox = Sandbox::new();
    let members = [
        file("a", b"old"),
        member(b'1', "linked", "a", b"", |_| {}),
        file("a", b"new"),
        file("b", b"a file"),
        member(b'2', "b", "a", b"", |_| {}),
        member(b'5', "c/", "", b"", |header| header.set_mode(0o700)),
        file("c/d", b"stays"),
        member(b'5', "c", "", b"", |header| header.set_mode(0o711)),
        member(b'5', "e", "", b"", |_| {}),
        file("e", b"for an empty directory"),
        // A name of itself.
        member(b'1', "linked", "linked", b"", |_| {}),
        member(b'3', "null", "", b"", |header| {
            header.set_device_major(1).unwrap();
            header.set_device_minor(3).unwrap();
        }),
        // Before POSIX a directory was such a file.
        file("f/", b""),
        member(b'0', "g//./h", "", b"", |_| {}),
    ];
    sandbox.file("x.tar", archive(&members));
    sandbox.image(&["--no-tmp", "--tar", "x.tar"]);
    let expected = "/\n├── a\n├── b -> a\n├── c\n│   └── d\n├── e\n├── f\n├── g\n│   └── h\n├── linked\n└── null";
    assert_eq!(sandbox.image_tree(), expected);
    for (name, contents) in [("a", "new"), ("linked", "old"), ("c/d", "stays")] {
        assert_eq!(sandbox.tool(&["cat", "image.wasm", name]).ok().stdout(), contents);
    }
    let stat = sandbox.tool(&["stat", "image.wasm", "c"]).ok();
    assert!(stat.stdout().contains("(0711/"), "{}", stat.stdout());
}

#[test]
fn notes_tell_what_was_taken_otherwise() {
    let sandbox = Sandbox::new();
    let kept = b"30 SCHILY.xattr.user.k=a\nb\0cd\n";
    let unknown = b"25 SCHILY.xattr.other.k=\n";
    let acl = b"28 SCHILY.acl.access=u::rw-\n";
    let members = [
        file("/etc/passwd", b"p"),
        file("///top", b"t"),
        member(b'1', "hard", "/etc/passwd", b"", |_| {}),
        member(b'x', "pax", "", kept, |_| {}),
        file("kept", b""),
        member(b'x', "pax", "", unknown, |_| {}),
        file("with", b""),
        member(b'x', "pax", "", acl, |_| {}),
        file("acl", b""),
        member(b'x', "pax", "", kept, |_| {}),
        member(b'2', "slink", "x", b"", |_| {}),
    ];
    sandbox.file("x.tar", members.concat());
    let ran = sandbox.image(&["--no-tmp", "--tar", "x.tar::/in"]);
    let expected = [
        "wasm-vfs: note: `x.tar`: absolute names were taken as relative, of 2 members (`/etc/passwd` ...)",
        "wasm-vfs: note: `x.tar`: access control lists and attributes that the filesystem does not know were left out, of 3 members (`with` ...)",
        "wasm-vfs: note: `x.tar`: it ends without a mark of its end, so it may be cut short",
    ];
    assert_eq!(ran.stderr.lines().take(3).collect::<Vec<_>>(), expected);
    let tree = "/\n└── in\n    ├── acl\n    ├── etc\n    │   └── passwd\n    ├── hard\n    ├── kept\n    ├── slink -> x\n    ├── top\n    └── with";
    assert_eq!(sandbox.image_tree(), tree);
    let stat = sandbox.tool(&["stat", "image.wasm", "/in/kept", "/in/with", "/in/acl"]).ok();
    let xattrs: Vec<&str> = stat.stdout().lines().filter(|line| line.contains("Xattr")).collect();
    assert_eq!(xattrs, [r#" Xattr: user.k="a\nb\000cd""#]);
}

#[test]
fn headers_of_no_member() {
    let sandbox = Sandbox::new();
    let global = |text: &[u8]| member(b'g', "pax_global_header", "", text, |_| {});
    let rows = [
        ("nothing", Vec::new(), "/"),
        ("a comment, as git writes", global(b"13 comment=x\n"), "/"),
        ("a volume's name", member(b'V', "volume", "", b"", |_| {}), "/"),
        ("a date for all", [global(b"11 mtime=7\n"), file("f", b"")].concat(), "/\n└── f"),
    ];
    for (name, members, expected) in rows {
        sandbox.file("x.tar", archive(&[members]));
        let ran = sandbox.image(&["--no-tmp", "--tar", "x.tar"]);
        assert_eq!(sandbox.image_tree(), expected, "{name}");
        assert_eq!(ran.stderr.lines().count(), 1, "{name}: {}", ran.stderr);
    }
    let stat = sandbox.tool(&["stat", "image.wasm", "f"]).ok();
    assert!(stat.stdout().contains("Modify: 1970-01-01 00:00:07"), "{}", stat.stdout());
}

#[test]
fn an_archive_is_held_to_what_it_was() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("x.tar", archive(&[file("a", b"first")]));
    let packed = Packer::new(TreeBuilder::new().tar(&path, "/")).bake().unwrap();
    fs::write(&path, archive(&[file("a", b"other")])).unwrap();
    let error = packed.write(sandbox.path("out.wasm")).unwrap_err();
    assert!(format!("{error:#}").contains("changed while it was being read"), "{error:#}");
    assert!(!sandbox.path("out.wasm").exists());
}

#[test]
fn patterns_hold_for_archives() {
    let sandbox = Sandbox::new();
    let members = [
        member(b'4', "disk", "", b"", |_| {}),
        file("keep", b""),
        file("a.log", b""),
        file("sub/.wasmvfsignore", b"x\n"),
        file("sub/x", b"linked"),
        member(b'1', "kept-x", "sub/x", b"", |_| {}),
        file("sub/y", b""),
        file("build/z", b""),
    ];
    sandbox.file("x.tar", archive(&members));
    let args = [
        "--no-tmp",
        "--tar",
        "x.tar",
        "--exclude",
        "*.log",
        "--exclude",
        "build/",
        "--exclude",
        "/disk",
    ];
    sandbox.image(&args);
    assert_eq!(sandbox.image_tree(), "/\n├── keep\n├── kept-x\n└── sub\n    └── y");
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "kept-x"]).ok().stdout(), "linked");
}
