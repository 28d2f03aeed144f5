//! A tar file mounted in this process, and used through the kernel as any program would.
//!
//! What suites run on a mount of an empty tree is in `xtask/src/chores/suites/fuse_mount.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use clap::Parser;
use fuser::BackgroundSession;
use tar::{Builder, EntryType, Header};

use crate::linux::{Options, filesystem, how_to_mount};
use crate::server::Server;

/// A directory of this test's own, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let name = format!("wasm-vfs-example-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Not a tree: if something were still mounted in it, its files would go.
        let _ = fs::remove_file(self.0.join("tree.tar"));
        let _ = fs::remove_dir(self.0.join("mnt"));
        let _ = fs::remove_dir(&self.0);
    }
}

/// A file whose contents are no multiple of a page.
fn contents() -> Vec<u8> {
    (0u32..10_000).map(|number| (number % 251) as u8).collect()
}

/// Writes a tar file with one entry of each kind; some parents are missing, and one entry comes
/// twice.
fn write_tar(path: &Path) {
    let mut tar = Builder::new(fs::File::create(path).unwrap());
    let mut add = |name: &str, kind: EntryType, mode: u32, link: Option<&str>, data: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(1_000_000_000);
        header.set_uid(12);
        header.set_gid(34);
        header.set_size(data.len() as u64);
        match link {
            Some(target) => tar.append_link(&mut header, name, target).unwrap(),
            None => tar.append_data(&mut header, name, data).unwrap(),
        }
    };
    add("./d/", EntryType::Directory, 0o750, None, b"");
    add("./d/file", EntryType::Regular, 0o640, None, b"an older one");
    add("./d/file", EntryType::Regular, 0o640, None, &contents());
    add("link", EntryType::Symlink, 0o777, Some("d/file"), b"");
    add("hard", EntryType::Link, 0o640, Some("d/file"), b"");
    let long = "n".repeat(200);
    add(&format!("without/parents/{long}"), EntryType::Regular, 0o600, None, b"deep");
    tar.finish().unwrap();
}

/// Mounts what the command line asks for.
///
/// `None`: this machine cannot mount, which is told past the test runner's capture.
fn mounted(arguments: &[&str], at: &Path) -> Option<BackgroundSession> {
    fs::create_dir_all(at).unwrap();
    let options = [&["fuse", at.to_str().unwrap()], arguments].concat();
    let server = Server::new(filesystem(&Options::parse_from(options)).unwrap()).unwrap();
    let device = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let superuser = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let why = match device {
        Err(error) => format!("/dev/fuse: {error}"),
        Ok(_) if !superuser => "only root may mount for everybody".to_owned(),
        Ok(_) => match fuser::spawn_mount(server, at, &how_to_mount()) {
            Ok(session) => return Some(session),
            // A container that shows the device and forbids mounting.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => error.to_string(),
            Err(error) => panic!("cannot mount: {error}"),
        },
    };
    let line = format!("\n*** NO MOUNT ({why}): the example `fuse` is NOT tested ***\n\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

#[test]
fn a_tar_file_is_mounted_and_can_be_changed() {
    let scratch = Scratch::new("tar");
    let (tar, at) = (scratch.0.join("tree.tar"), scratch.0.join("mnt"));
    write_tar(&tar);
    let Some(session) = mounted(&["--tar", tar.to_str().unwrap()], &at) else { return };

    let mut names: Vec<_> =
        fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["d", "hard", "link", "without"]);
    assert_eq!(fs::read(at.join("d/file")).unwrap(), contents());
    assert_eq!(fs::read(at.join("link")).unwrap(), contents());
    assert_eq!(fs::read_link(at.join("link")).unwrap(), Path::new("d/file"));
    let long = "n".repeat(200);
    assert_eq!(fs::read(at.join("without/parents").join(long)).unwrap(), b"deep");

    let metadata = fs::metadata(at.join("d/file")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
    assert_eq!((metadata.uid(), metadata.gid()), (12, 34));
    assert_eq!((metadata.mtime(), metadata.nlink()), (1_000_000_000, 2));

    // A baked page is copied when it is written to; both names see it, the tar file does
    // not.
    let before = fs::read(&tar).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(at.join("hard")).unwrap();
    file.write_all(b"more").unwrap();
    drop(file);
    assert_eq!(fs::read(at.join("d/file")).unwrap(), [&contents()[..], b"more"].concat());
    fs::create_dir(at.join("new")).unwrap();
    fs::rename(at.join("d/file"), at.join("new/name")).unwrap();
    symlink("nowhere", at.join("new/dangling")).unwrap();
    assert_eq!(fs::read_dir(at.join("new")).unwrap().count(), 2);
    fs::remove_dir_all(at.join("without")).unwrap();
    assert!(!at.join("without").exists());
    assert_eq!(fs::read(&tar).unwrap(), before);

    session.umount_and_join().unwrap();
    assert_eq!(fs::read_dir(&at).unwrap().count(), 0);
}

#[test]
fn an_empty_tree_has_the_limits_that_were_asked_for() {
    let scratch = Scratch::new("empty");
    let at = scratch.0.join("mnt");
    let Some(session) = mounted(&["--size", "8192", "--inodes", "3"], &at) else { return };
    fs::write(at.join("a"), [1; 8192]).unwrap();
    let full = fs::write(at.join("b"), [1; 1]).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    // The root, `a`, and `b`, which is there and empty.
    let none = fs::create_dir(at.join("c")).unwrap_err();
    assert_eq!(none.kind(), io::ErrorKind::StorageFull);
    fs::remove_file(at.join("a")).unwrap();
    // The kernel tells of closed files when it comes to it; until then their space is taken.
    let begin = Instant::now();
    while fs::write(at.join("b"), [1; 8192]).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(10), "no space comes back");
        thread::sleep(Duration::from_millis(1));
    }
    session.umount_and_join().unwrap();
}

#[test]
fn a_tree_that_cannot_be_is_refused_by_name() {
    let scratch = Scratch::new("refused");
    let tar = scratch.0.join("tree.tar");
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Link);
    header.set_mode(0o644);
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    let mut builder = Builder::new(fs::File::create(&tar).unwrap());
    builder.append_link(&mut header, "hard", "missing").unwrap();
    builder.finish().unwrap();
    let options = Options::parse_from(["fuse", "/mnt", "--tar", tar.to_str().unwrap()]);
    let told = format!("{:#}", filesystem(&options).unwrap_err());
    assert!(told.ends_with("`hard` is a hard link to what is not there"), "{told}");
}
