//! `export` and `extract`: what went in comes out.

use crate::sandbox::{Sandbox, THEN, read};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

/// A tree with every kind of entry, packed into `image.wasm`.
fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    let long = format!("host/d/{}/{}", "long".repeat(30), "name".repeat(30));
    sandbox.file(&long, "deep");
    let original = sandbox.file("host/d/file", vec![7; 100_000]);
    sandbox.file("host/d/empty", "");
    fs::hard_link(&original, sandbox.path("host/hard")).unwrap();
    symlink("../d/file", sandbox.path("host/d/link")).unwrap();
    symlink("x".repeat(200), sandbox.path("host/longlink")).unwrap();
    sandbox.directory("host/hidden");
    sandbox.file("host/hidden/inside", "kept");
    sandbox.dress("host/d/file", 0o640);
    sandbox.dress("host/d/empty", 0o4755);
    sandbox.dress("host/d", 0o1770);
    // Nothing can be made in it: its mode must come after what is in it.
    sandbox.dress("host/hidden", 0o500);
    sandbox.dress("host", 0o755);
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    sandbox
}

/// Everything about a directory that packing keeps.
pub(crate) fn describe(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = vec![root.to_owned()];
    while let Some(path) = rest.pop() {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            rest.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(name, (path, metadata));
    }
    let mut first_names: BTreeMap<u64, String> = BTreeMap::new();
    let text = |(name, (path, metadata)): (String, (PathBuf, fs::Metadata))| {
        let mut text =
            format!("{:o} {}.{}", metadata.mode(), metadata.mtime(), metadata.mtime_nsec());
        if metadata.is_symlink() {
            text += &format!(" -> {}", fs::read_link(&path).unwrap().display());
        }
        if metadata.is_file() {
            let bytes = read(&path);
            text += &format!(" {} {:?}", bytes.len(), bytes.first());
        }
        if !metadata.is_dir() {
            let first = first_names.entry(metadata.ino()).or_insert_with(|| name.clone());
            text += &format!(" {} names, first {first}", metadata.nlink());
        }
        (name, text)
    };
    found.into_iter().map(text).collect()
}

#[test]
fn extract_restores_everything() {
    let sandbox = sample();
    sandbox.tool(&["extract", "image.wasm", "-C", "new/out"]).ok();
    let (host, out) = (describe(&sandbox.path("host")), describe(&sandbox.path("new/out")));
    assert_eq!(out, host);
    assert!(host.len() == 11, "{host:?}");
}

#[test]
fn extract_replaces_only_by_force() {
    let sandbox = sample();
    sandbox.file("out/d/file", "mine");
    let ran = sandbox.tool(&["extract", "image.wasm", "-C", "out"]);
    assert_eq!(
        ran.error(),
        "cannot extract `out/d/file`: it exists; remove it or replace files with --force"
    );
    assert_eq!(read(sandbox.path("out/d/file")), b"mine");
    sandbox.tool(&["extract", "image.wasm", "-C", "out", "--force"]).ok();
    assert_eq!(describe(&sandbox.path("out")), describe(&sandbox.path("host")));
    // And again, over what it made itself.
    sandbox.tool(&["extract", "image.wasm", "-C", "out", "--force"]).ok();
    assert_eq!(describe(&sandbox.path("out")), describe(&sandbox.path("host")));
}

#[test]
fn extract_never_leaves_its_directory() {
    let sandbox = sample();
    sandbox.directory("elsewhere");
    sandbox.directory("out");
    symlink("../elsewhere", sandbox.path("out/d")).unwrap();
    for force in [&[][..], &["--force"]] {
        let ran = sandbox.tool(&[&["extract", "image.wasm", "-C", "out"], force].concat());
        assert_eq!(ran.error(), "cannot extract `out/d`: it exists and is no directory");
        assert!(sandbox.names("elsewhere").is_empty());
    }
    // A file that is a link is replaced, not written through.
    fs::remove_file(sandbox.path("out/d")).unwrap();
    sandbox.file("elsewhere/target", "untouched");
    sandbox.directory("out/d");
    symlink("../../elsewhere/target", sandbox.path("out/d/file")).unwrap();
    sandbox.tool(&["extract", "image.wasm", "-C", "out", "--force"]).ok();
    assert_eq!(read(sandbox.path("elsewhere/target")), b"untouched");
    assert_eq!(describe(&sandbox.path("out")), describe(&sandbox.path("host")));
}

#[test]
fn export_is_a_tar_that_others_read() {
    let sandbox = sample();
    sandbox.tool(&["export", "image.wasm", "-o", "out.tar"]).ok();
    let bytes = read(sandbox.path("out.tar"));
    let mut members = BTreeMap::new();
    let mut archive = tar::Archive::new(bytes.as_slice());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let link = entry.link_name_bytes().map(|l| String::from_utf8(l.into_owned()).unwrap());
        let pax: Vec<(String, String)> = entry
            .pax_extensions()
            .unwrap()
            .into_iter()
            .flatten()
            .map(|e| e.unwrap())
            .map(|e| (e.key().unwrap().to_owned(), e.value().unwrap().to_owned()))
            .collect();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        let header = entry.header();
        let kind = header.entry_type();
        let times = (header.mode().unwrap(), header.mtime().unwrap());
        members.insert(name, (kind, times, link, pax, contents.len()));
    }
    let mtime = ("mtime".to_owned(), format!("{}.{}", THEN.0, THEN.1));
    let file = &members["d/file"];
    assert_eq!((file.0, file.1), (tar::EntryType::Regular, (0o640, THEN.0)));
    assert!(file.3.contains(&mtime) && file.4 == 100_000, "{file:?}");
    let root = &members["./"];
    assert_eq!((root.0, root.1), (tar::EntryType::Directory, (0o755, THEN.0)));
    let hard = &members["hard"];
    assert_eq!((hard.0, hard.2.as_deref()), (tar::EntryType::Link, Some("d/file")));
    let link = &members["d/link"];
    assert_eq!((link.0, link.2.as_deref()), (tar::EntryType::Symlink, Some("../d/file")));
    assert_eq!(members["longlink"].2.as_deref(), Some("x".repeat(200).as_str()));
    let deep = format!("d/{}/{}", "long".repeat(30), "name".repeat(30));
    assert_eq!(members[&deep].4, 4);
    assert_eq!(members.len(), 11);
}

#[test]
fn export_and_the_systems_tar_give_the_tree_back() {
    let sandbox = sample();
    let ran = sandbox.tool(&["export", "image.wasm", "-o", "-"]).ok();
    let again = sandbox.tool(&["export", "image.wasm", "-o", "out.tar"]).ok();
    assert_eq!(again.stderr.lines().count(), 1);
    assert!(ran.stdout == read(sandbox.path("out.tar")));
    sandbox.directory("untarred");
    let tar = std::process::Command::new("tar")
        .args(["--no-same-owner", "-xpf", "../out.tar"])
        .current_dir(sandbox.path("untarred"))
        .status();
    match tar {
        Ok(status) => {
            assert!(status.success());
            assert_eq!(describe(&sandbox.path("untarred")), describe(&sandbox.path("host")));
        }
        Err(error) => println!("no tar on this system, left out: {error}"),
    }
}

#[test]
fn a_symbolic_link_with_two_names_stays_one() {
    let sandbox = Sandbox::new();
    symlink("target", sandbox.directory("host").join("s1")).unwrap();
    fs::hard_link(sandbox.path("host/s1"), sandbox.path("host/s2")).unwrap();
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    sandbox.tool(&["extract", "image.wasm", "-C", "out"]).ok();
    let found = |name: &str| fs::symlink_metadata(sandbox.path(name)).unwrap();
    assert_eq!((found("out/s1").nlink(), found("out/s1").ino()), (2, found("out/s2").ino()));
    // Also over what is there.
    sandbox.tool(&["extract", "--force", "image.wasm", "-C", "out"]).ok();
    assert_eq!((found("out/s1").nlink(), found("out/s1").ino()), (2, found("out/s2").ino()));
    assert_eq!(sandbox.names("out"), ["s1", "s2"]);
}

/// A full disk: a tmpfs of this many bytes at a directory of the sandbox, while it lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(directory: PathBuf, bytes: u64) -> Option<Self> {
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(&directory)
            .output();
        match mounted {
            Ok(ran) if ran.status.success() => Some(Self(directory)),
            ran => {
                println!("no tmpfs can be mounted here, left out: {ran:?}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_cuts_no_file_and_loses_none() {
    let sandbox = Sandbox::new();
    sandbox.file("host/a/small", "small");
    sandbox.file("host/b", vec![7; 1 << 20]);
    sandbox.wasm("program.wasm", crate::sandbox::NOTHING);
    sandbox
        .tool(&[
            "pack",
            "program.wasm",
            "--no-tmp",
            "--no-dev",
            "--dir",
            "host::/",
            "-o",
            "app.wasm",
        ])
        .ok();
    let disk = SmallDisk::at(sandbox.directory("full"), 512 << 10);
    let Some(_disk) = disk else { return };
    let full = |ran: crate::sandbox::Ran, what: &str| {
        assert!(ran.error().contains("No space left on device"), "{}", ran.stderr);
        assert!(ran.error().contains(what), "{}", ran.stderr);
    };
    full(sandbox.tool(&["extract", "app.wasm", "-C", "full/out"]), "`full/out/b`");
    assert_eq!(sandbox.names("full/out"), ["a"]);
    assert_eq!(read(sandbox.path("full/out/a/small")), b"small");
    // What was there is there still, also where it was to be replaced.
    sandbox.file("full/out/b", "mine");
    full(sandbox.tool(&["extract", "--force", "app.wasm", "-C", "full/out"]), "`full/out/b`");
    assert_eq!(sandbox.names("full/out"), ["a", "b"]);
    assert_eq!(read(sandbox.path("full/out/b")), b"mine");
    sandbox.file("full/b", "mine");
    for args in [
        &["run", "app.wasm", "--get", "/::full/got"][..],
        &["run", "app.wasm", "--get", "/b::full/b"],
        &["run", "app.wasm", "--export", "full/b"],
        &["export", "app.wasm", "-o", "full/b"],
        &["pack", "program.wasm", "--dir", "host::/", "-o", "full/b"],
    ] {
        full(sandbox.tool(args), "full/");
        assert_eq!(sandbox.names("full"), ["b", "out"], "{args:?}");
        assert_eq!(read(sandbox.path("full/b")), b"mine");
    }
}
