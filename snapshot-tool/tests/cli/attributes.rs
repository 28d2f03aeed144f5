//! Pipes and extended attributes in trees: from directories and archives, through files that are
//! packed, and out again.

use crate::archives::{archive, file, member};
use crate::sandbox::{NOTHING, Sandbox, THEN, read};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};
use rustix::fs::{getxattr, mknodat, setxattr, utimensat};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;

fn set(sandbox: &Sandbox, path: &str, name: &str, value: &[u8]) {
    setxattr(sandbox.path(path), name, value, XattrFlags::empty()).unwrap();
}

fn get(path: &Path, name: &str) -> Vec<u8> {
    let mut value = [0; 100];
    let len = getxattr(path, name, &mut value[..]).unwrap();
    value[..len].to_vec()
}

/// `host`, with a pipe of two names and attributes, as `image.wasm`.
fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/sub/file", "contents");
    sandbox.file("host/plain", "contents");
    fs::hard_link(sandbox.path("host/sub/file"), sandbox.path("host/other")).unwrap();
    symlink("sub/file", sandbox.path("host/link")).unwrap();
    mknodat(CWD, sandbox.path("host/pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    fs::hard_link(sandbox.path("host/pipe"), sandbox.path("host/sub/pipe")).unwrap();
    let then = Timespec { tv_sec: THEN.0.cast_signed(), tv_nsec: THEN.1.into() };
    let times = Timestamps { last_access: then, last_modification: then };
    utimensat(CWD, sandbox.path("host/pipe"), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    set(&sandbox, "host/sub/file", "user.of=a%3D", b"\0\xff=\n");
    set(&sandbox, "host/sub/file", "user.a", b"");
    set(&sandbox, "host/sub", "user.directory", b"d");
    set(&sandbox, "host/sub", "user.long", &[b'l'; 3000]);
    set(&sandbox, "host", "user.top", b"t");
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    sandbox
}

/// The lines of `stat` about attributes, and what kind it is.
fn stat(sandbox: &Sandbox, file: &str, path: &str) -> Vec<String> {
    let ran = sandbox.tool(&["stat", file, path]).ok();
    let kept = |line: &&str| line.contains("Xattr: ") || line.contains("Access: ");
    ran.stdout().lines().filter(kept).map(str::to_owned).collect()
}

fn check(sandbox: &Sandbox, file: &str) {
    let xattrs = |path| stat(sandbox, file, path).split_off(1);
    let of_file = [r#" Xattr: user.a="""#, r#" Xattr: user.of=a%3D="\000\377=\n""#];
    assert_eq!(xattrs("/sub/file"), of_file);
    assert_eq!(xattrs("/other"), of_file);
    let long = format!(r#" Xattr: user.long="{}""#, "l".repeat(3000));
    assert_eq!(xattrs("/sub"), [r#" Xattr: user.directory="d""#, &long]);
    assert_eq!(xattrs("/"), [r#" Xattr: user.top="t""#]);
    assert!(xattrs("/plain").is_empty() && xattrs("/link").is_empty());
    let pipe = stat(sandbox, file, "/sub/pipe");
    assert!(pipe[0].contains("(0600/prw-------)"), "{pipe:?}");
    let listed = sandbox.tool(&["ls", "-l", file, "/"]).ok();
    let pipe = listed.stdout().lines().find(|line| line.ends_with(" pipe")).unwrap();
    assert!(pipe.starts_with("prw------- 2 0 0 "), "{pipe}");
    let cat = sandbox.tool(&["cat", file, "/pipe"]);
    assert!(cat.error().contains("/pipe: is a named pipe, which has no contents"), "{cat:?}");
}

#[test]
fn a_directory_gives_them_and_packing_again_keeps_them() {
    let sandbox = sample();
    check(&sandbox, "image.wasm");
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.tool(&["pack", "app.wasm", "--no-tmp", "--dir", "host::/", "-o", "one.wasm"]).ok();
    check(&sandbox, "one.wasm");
    sandbox.tool(&["pack", "one.wasm", "--isolate", "--text", "/new=n", "-o", "two.wasm"]).ok();
    check(&sandbox, "two.wasm");
    // Another directory has its own attributes.
    sandbox.file("over/sub/new", "");
    set(&sandbox, "over/sub", "user.over", b"o");
    sandbox.tool(&["pack", "two.wasm", "--dir", "over::/", "-o", "three.wasm"]).ok();
    let sub = stat(&sandbox, "three.wasm", "/sub");
    assert_eq!(sub[1..], [r#" Xattr: user.over="o""#]);
}

#[test]
fn an_export_is_packed_as_what_it_was_made_of() {
    let sandbox = sample();
    let expected = read(sandbox.path("image.wasm"));
    sandbox.tool(&["export", "image.wasm", "-o", "tree.tar"]).ok();
    let ran = sandbox.image(&["--no-tmp", "--tar", "tree.tar"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(read(sandbox.path("image.wasm")) == expected);
}

#[test]
fn extract_makes_pipes_and_sets_what_users_may_set() {
    let sandbox = sample();
    let pax = b"31 SCHILY.xattr.trusted.t=kept\n";
    sandbox.file("x.tar", archive(&[member(b'x', "pax", "", pax, |_| {}), file("t", b"")]));
    sandbox.image(&["--no-tmp", "--dir", "host::/", "--tar", "x.tar::/x"]);
    assert_eq!(stat(&sandbox, "image.wasm", "/x/t")[1..], [r#" Xattr: trusted.t="kept""#]);
    sandbox.tool(&["extract", "image.wasm", "-C", "out"]).ok();
    let file = sandbox.path("out/sub/file");
    assert_eq!((get(&file, "user.of=a%3D"), get(&file, "user.a")), (b"\0\xff=\n".to_vec(), vec![]));
    assert_eq!(get(&sandbox.path("out/sub"), "user.directory"), b"d");
    assert_eq!(get(&sandbox.path("out"), "user.top"), b"t");
    let pipe = fs::symlink_metadata(sandbox.path("out/sub/pipe")).unwrap();
    assert!(pipe.file_type().is_fifo());
    assert_eq!((pipe.mode() & 0o7777, pipe.nlink()), (0o600, 2));
    assert_eq!((pipe.mtime(), pipe.mtime_nsec()), (THEN.0.cast_signed(), THEN.1.into()));
    getxattr(sandbox.path("out/x/t"), "trusted.t", &mut [0; 9][..]).unwrap_err();
    let again = sandbox.tool(&["extract", "image.wasm", "-C", "out"]);
    assert!(again.error().contains("it exists"), "{again:?}");
    sandbox.tool(&["extract", "--force", "image.wasm", "-C", "out"]).ok();
}

#[test]
fn what_tar_writes_of_attributes_is_read() {
    let sandbox = sample();
    // GNU tar knows further names of files only.
    fs::remove_file(sandbox.path("host/sub/pipe")).unwrap();
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    let expected = read(sandbox.path("image.wasm"));
    let args = ["--xattrs", "--format=pax", "-C", "host", "-cf", "host.tar", "."];
    let tar = Command::new("tar").args(args).current_dir(sandbox.path(".")).status().unwrap();
    assert!(tar.success());
    sandbox.image(&["--no-tmp", "--tar", "host.tar"]);
    assert!(read(sandbox.path("image.wasm")) == expected);
}

#[test]
fn a_running_program_has_the_pipes() {
    let sandbox = sample();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox
        .tool(&["pack", "app.wasm", "--no-tmp", "--dir", "host::/", "-o", "app-packed.wasm"])
        .ok();
    sandbox.tool(&["run", "--export", "out.tar", "app-packed.wasm"]).ok();
    let out = read(sandbox.path("out.tar"));
    let mut kinds = BTreeMap::new();
    for member in tar::Archive::new(&out[..]).entries().unwrap() {
        let member = member.unwrap();
        kinds.insert(member.path().unwrap().display().to_string(), member.header().entry_type());
    }
    assert_eq!(kinds["pipe"], tar::EntryType::Fifo);
    assert_eq!(kinds["sub/pipe"], tar::EntryType::Link);
}

#[test]
fn a_file_that_older_tools_cannot_read_says_so() {
    // Their message names the version: this byte. Without pipes and attributes they read it.
    let sandbox = sample();
    let version = |file| {
        let bytes = read(sandbox.path(file));
        let name = b"\x08wasm-vfs";
        let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
        bytes[at + name.len()]
    };
    assert_eq!(version("image.wasm"), 5);
    sandbox.image(&["--dir", "host::/", "--exclude", "*"]);
    // The directory itself has one.
    assert_eq!(version("image.wasm"), 5);
    sandbox.image(&["--file", "host/plain::/plain"]);
    assert_eq!(version("image.wasm"), 4);
}
