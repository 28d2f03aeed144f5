//! What a program has left in its tree, on the disk: unpacked by the machine's tar, and compared.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::tools;

/// Whether the machine has this program; if not, `what` is left out.
pub fn has(program: &str, what: &str) -> bool {
    let has = Command::new(program).arg("--version").output().is_ok();
    if !has {
        tools::leave_out(what, &format!("there is no {program}"));
    }
    has
}

/// Runs a command that must succeed.
#[track_caller]
pub fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    output
}

/// The machine's tar, which shall restore all that an archive holds.
pub fn extract(archive: &Path, to: &Path) {
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--same-permissions", "--numeric-owner"]);
    // Other programs than GNU tar write what is in a directory long after the directory.
    tar.arg("--delay-directory-restore");
    tar.args(["--xattrs", "--xattrs-include=*", "--file"]);
    done(tar.arg(archive).arg("--directory").arg(to));
}

/// Unpacks an archive of bytes into a new directory.
pub fn unpacked(archive: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().with_extension("tar");
    fs::write(&file, archive).unwrap();
    extract(&file, directory.path());
    fs::remove_file(file).unwrap();
    directory
}

/// What is compared of a file: a line for each fact.
pub type Facts = Vec<String>;

/// Returns the facts of all that is beneath a directory, and of itself, by their paths.
///
/// Names of a hard-linked file tell which of them comes first.
pub fn facts(root: &Path) -> BTreeMap<PathBuf, Facts> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        let status = fs::symlink_metadata(&path).unwrap();
        let kind = status.file_type();
        if kind.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path.strip_prefix(root).unwrap().to_owned(), (path, status));
    }
    let mut first_names = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (name, (path, status)) in &found {
        let kind = status.file_type();
        let mut facts = vec![
            format!("mode {:o}", status.mode()),
            format!("owner {}:{}", status.uid(), status.gid()),
            format!("mtime {}.{:09}", status.mtime(), status.mtime_nsec()),
        ];
        if !kind.is_dir() {
            let first = first_names.entry((status.dev(), status.ino())).or_insert(name);
            facts.push(format!("{} links, {first:?}", status.nlink()));
        }
        if kind.is_symlink() {
            facts.push(format!("to {:?}", fs::read_link(path).unwrap()));
        } else if kind.is_file() {
            let bytes = fs::read(path).unwrap();
            facts.push(format!("{} bytes, {:016x}", bytes.len(), digest(&bytes)));
        } else if kind.is_char_device() || kind.is_block_device() {
            facts.push(format!("device {:x}", status.rdev()));
        }
        for (name, value) in attributes(path) {
            facts.push(format!("attribute {name:?} {value:?}"));
        }
        all.insert(name.clone(), facts);
    }
    all
}

/// The extended attributes of a file itself.
fn attributes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 65_536];
    let len = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
    let names = names[..len].split(|&byte| byte == 0).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let mut value = vec![0; 65_536];
            let len = rustix::fs::lgetxattr(path, OsStr::from_bytes(name), &mut value[..]).unwrap();
            value.truncate(len);
            (String::from_utf8(name.to_vec()).unwrap(), value)
        })
        .collect()
}

/// FNV-1a: short in a message.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Compares two directories, and says how each file differs.
#[track_caller]
pub fn assert_same(
    expected: &BTreeMap<PathBuf, Facts>,
    found: &BTreeMap<PathBuf, Facts>,
    what: &str,
) {
    let mut differences = Vec::new();
    for name in expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name))) {
        let (expected, found) = (expected.get(name), found.get(name));
        if expected != found {
            differences.push(format!("{name:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}
