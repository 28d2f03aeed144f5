//! What differs from the packed tree: the list, the layer, and the way back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wasm_vfs::embed::{ChangeKind, Differences};
use wasm_vfs::{Errno, Form};

use crate::archives::{export, members};
use crate::linux::{self, Arg, call, linux};
use crate::{FORMS, Running};

/// `AT_FDCWD`, `AT_REMOVEDIR`, and how a file is opened to be written.
pub(crate) const CWD: i64 = -100;
pub(crate) const REMOVEDIR: i64 = 0x200;
pub(crate) const NOFOLLOW: i64 = 0x100;
pub(crate) const O_WRONLY_CREAT: i64 = 0o101;
pub(crate) const POLICY: &str = "clock = \"fixed=2026-01-01T00:00:00Z\"\nno-dev = true";

/// The tree that the program is packed with.
pub(crate) fn packed_tree() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    for name in ["a", "a/b", "a/b/c", "d"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    for name in ["a/f", "a/b/g", "a/b/c/h", "d/i", "j"] {
        std::fs::write(at(name), name.repeat(1000)).unwrap();
    }
    std::fs::hard_link(at("j"), at("d/k")).unwrap();
    std::os::unix::fs::symlink("a/f", at("l")).unwrap();
    directory
}

pub(crate) fn snapshot(running: &mut Running) -> Vec<u8> {
    running.api.snapshot(&mut running.store).unwrap_or_else(|error| panic!("{error:#}"))
}

/// Every file of a tree: its type and status (but for inode numbers, blocks, and times of access and of change), target or contents, attributes,
/// and the first of its names.
fn look(running: &mut Running) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let mut first_names = BTreeMap::new();
    let mut left = vec![String::from("/")];
    while let Some(path) = left.pop() {
        let (api, store) = (running.api.clone(), &mut running.store);
        let stat = api.lstat(&mut *store, &path).unwrap();
        let contents = match stat.file_type() {
            Some(wasm_vfs::FileType::Directory) => {
                let mut names: Vec<String> = api
                    .list(&mut *store, &path)
                    .unwrap()
                    .into_iter()
                    .map(|entry| entry.name)
                    .collect();
                names.sort_by(|a, b| b.cmp(a));
                left.extend(
                    names.iter().map(|name| format!("{}/{name}", path.trim_end_matches('/'))),
                );
                String::new()
            }
            Some(wasm_vfs::FileType::Symlink) => api.read_link(&mut *store, &path).unwrap(),
            Some(wasm_vfs::FileType::Regular) => {
                let bytes = api.read(&mut *store, &path).unwrap();
                format!(
                    "{} bytes, sum {}",
                    bytes.len(),
                    bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>()
                )
            }
            _ => String::new(),
        };
        let first = first_names.entry(stat.ino).or_insert_with(|| path.clone()).clone();
        let size = if stat.nlink > 1 && contents.is_empty() { 0 } else { stat.size };
        let mut attributes = Vec::new();
        for name in ["user.a", "user.b"] {
            if matches!(
                stat.file_type(),
                Some(wasm_vfs::FileType::Directory | wasm_vfs::FileType::Regular)
            ) {
                attributes.push(linux::xattr(running, &path, name));
            }
        }
        seen.insert(
            path,
            format!(
                "{:o} {} {} {} {} {:?} {first} {attributes:?} {contents}",
                stat.mode, stat.nlink, stat.uid, stat.gid, size, stat.mtime
            ),
        );
    }
    seen
}

/// In what two layers differ.
fn differences(a: &[u8], b: &[u8]) -> String {
    let [a, b] = [members(a), members(b)];
    let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let different = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
    let text = |name: &Vec<u8>| {
        let [mut a, mut b] = [a.get(name).cloned(), b.get(name).cloned()];
        for member in [&mut a, &mut b].into_iter().flatten() {
            member.contents.truncate(20);
        }
        format!("{}: {a:?} is not {b:?}", String::from_utf8_lossy(name))
    };
    different.map(text).collect::<Vec<_>>().join("; ")
}

/// A call that changes something; paths are chosen by number.
#[derive(Clone, Debug)]
enum Step {
    Write(usize, u8, u16),
    Truncate(usize, u32),
    Mkdir(usize),
    Symlink(usize),
    Mkfifo(usize),
    Link(usize, usize),
    Unlink(usize),
    Rmdir(usize),
    Rename(usize, usize),
    Exchange(usize, usize),
    Chmod(usize, u16),
    Chown(usize, u16),
    Utimes(usize, u32),
    SetXattr(usize, bool, u8),
    RemoveXattr(usize, bool),
}

const PATHS: &[&str] = &[
    "a", "a/b", "a/b/c", "a/b/c/h", "a/b/g", "a/f", "d", "d/i", "d/k", "j", "l", "n", "n/o",
    "n/o/p", "a/n", "a/b/n", "d/n", "d/n/o", "z",
];

fn any_step() -> impl Strategy<Value = Step> {
    let path = || 0..PATHS.len();
    prop_oneof![
        3 => (path(), any::<u8>(), any::<u16>()).prop_map(|(p, byte, at)| Step::Write(p, byte, at)),
        1 => (path(), 0..20_000u32).prop_map(|(p, size)| Step::Truncate(p, size)),
        3 => path().prop_map(Step::Mkdir),
        1 => path().prop_map(Step::Symlink),
        1 => path().prop_map(Step::Mkfifo),
        2 => (path(), path()).prop_map(|(a, b)| Step::Link(a, b)),
        4 => path().prop_map(Step::Unlink),
        2 => path().prop_map(Step::Rmdir),
        4 => (path(), path()).prop_map(|(a, b)| Step::Rename(a, b)),
        2 => (path(), path()).prop_map(|(a, b)| Step::Exchange(a, b)),
        1 => (path(), 0..0o10000u16).prop_map(|(p, mode)| Step::Chmod(p, mode)),
        1 => (path(), 0..9u16).prop_map(|(p, id)| Step::Chown(p, id)),
        1 => (path(), any::<u32>()).prop_map(|(p, time)| Step::Utimes(p, time)),
        1 => (path(), any::<bool>(), any::<u8>()).prop_map(|(p, a, byte)| Step::SetXattr(p, a, byte)),
        1 => (path(), any::<bool>()).prop_map(|(p, a)| Step::RemoveXattr(p, a)),
    ]
}

/// Makes the call, which may fail.
fn make(running: &mut Running, step: &Step) {
    let cwd = Arg::Number(CWD);
    let path = |at: usize| Arg::from(PATHS[at]);
    let number = |number: i64| Arg::Number(number);
    let name = |first: bool| Arg::from(if first { "user.a" } else { "user.b" });
    match *step {
        Step::Write(p, byte, at) => {
            let fd =
                call(running, "openat", &[cwd, path(p), number(O_WRONLY_CREAT), number(0o644)]);
            if fd >= 0 {
                let bytes = [byte; 100];
                call(
                    running,
                    "pwrite64",
                    &[number(fd), bytes[..].into(), number(100), number(at.into())],
                );
                call(running, "close", &[number(fd)]);
            }
        }
        Step::Truncate(p, size) => {
            call(running, "truncate", &[path(p), number(size.into())]);
        }
        Step::Mkdir(p) => {
            call(running, "mkdirat", &[cwd, path(p), number(0o755)]);
        }
        Step::Symlink(p) => {
            call(running, "symlinkat", &["a/f".into(), cwd, path(p)]);
        }
        Step::Mkfifo(p) => {
            call(running, "mknodat", &[cwd, path(p), number(0o010_600), number(0)]);
        }
        Step::Link(a, b) => {
            call(running, "linkat", &[cwd, path(a), cwd, path(b), number(0)]);
        }
        Step::Unlink(p) => {
            call(running, "unlinkat", &[cwd, path(p), number(0)]);
        }
        Step::Rmdir(p) => {
            call(running, "unlinkat", &[cwd, path(p), number(REMOVEDIR)]);
        }
        Step::Rename(a, b) => {
            call(running, "renameat", &[cwd, path(a), cwd, path(b)]);
        }
        Step::Exchange(a, b) => {
            call(running, "renameat2", &[cwd, path(a), cwd, path(b), number(2)]);
        }
        Step::Chmod(p, mode) => {
            call(running, "fchmodat", &[cwd, path(p), number(mode.into()), number(0)]);
        }
        Step::Chown(p, id) => {
            let id = number(id.into());
            call(running, "fchownat", &[cwd, path(p), id, id, number(NOFOLLOW)]);
        }
        Step::Utimes(p, time) => {
            let mut times = [0; 32];
            for at in [0, 16] {
                times[at..at + 4].copy_from_slice(&(time / 3).to_le_bytes());
                times[at + 8..at + 12].copy_from_slice(&(time % 1_000_000_000).to_le_bytes());
            }
            call(running, "utimensat", &[cwd, path(p), times[..].into(), number(NOFOLLOW)]);
        }
        Step::SetXattr(p, first, byte) => {
            call(
                running,
                "setxattr",
                &[path(p), name(first), [byte; 3][..].into(), number(3), number(0)],
            );
        }
        Step::RemoveXattr(p, first) => {
            call(running, "removexattr", &[path(p), name(first)]);
        }
    }
}

/// The name of the mark of a directory that hides what was there before.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Whatever a program did: the packed tree and the layer are the tree, equal trees have equal layers, and going back goes back.
#[test]
fn random_changes_come_back() {
    let directory = packed_tree();
    let packed = FORMS.map(|form| linux::pack(directory.path(), form, POLICY));
    let steps = proptest::collection::vec(any_step(), 1..40);
    let mut runner =
        TestRunner::new(Config { cases: 80, failure_persistence: None, ..Config::default() });
    let cell = std::cell::Cell::new(0);
    runner
        .run(&steps, |steps| {
            cell.set(cell.get() + 1);
            let packed = &packed[cell.get() % 2];
            let mut running = Running::of(packed);
            let before = look(&mut running);
            assert_eq!(snapshot(&mut running), [0; 1024], "nothing has changed");
            for step in &steps {
                make(&mut running, step);
            }
            let after = look(&mut running);
            let layer = snapshot(&mut running);
            running.api.check_layer(&mut running.store, &layer[..]).unwrap();
            // On a fresh tree.
            let mut fresh = Running::of(packed);
            fresh.api.restore(&mut fresh.store, &layer).unwrap_or_else(|error| panic!("{error:#}"));
            prop_assert_eq!(look(&mut fresh), after.clone());
            let again = snapshot(&mut fresh);
            // A directory that was replaced has a mark, one that was emptied has whiteouts.
            let has_mark = layer.windows(OPAQUE.len()).any(|bytes| bytes == OPAQUE);
            prop_assert!(
                again == layer || has_mark,
                "another history: {}",
                differences(&layer, &again)
            );
            // On the tree that it came from, after something else.
            make(&mut running, &Step::Rename(0, 17));
            make(&mut running, &Step::Write(9, 1, 1));
            running.api.restore(&mut running.store, &layer).unwrap();
            prop_assert_eq!(look(&mut running), after);
            let again = snapshot(&mut running);
            prop_assert!(again == layer || has_mark, "restored: {}", differences(&layer, &again));
            running.api.revert(&mut running.store).unwrap();
            prop_assert_eq!(look(&mut running), before);
            prop_assert_eq!(snapshot(&mut running), vec![0; 1024]);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_list_of_what_differs() {
    let directory = packed_tree();
    for form in FORMS {
        let mut running = Running::of(&linux::pack(directory.path(), form, POLICY));
        assert_eq!(running.api.changes(&mut running.store).unwrap(), []);
        make(&mut running, &Step::Write(5, 1, 0));
        linux!(&mut running, unlinkat, CWD, "d/i", 0);
        linux!(&mut running, renameat, CWD, "a/b", CWD, "n");
        linux!(&mut running, mkdirat, CWD, "z", 0o700);
        let changes = running.api.changes(&mut running.store).unwrap();
        let told: Vec<String> = changes
            .iter()
            .map(|change| {
                let path = String::from_utf8_lossy(&change.path).into_owned();
                match &change.kind {
                    ChangeKind::Added { from: Some(from), .. } => {
                        format!("A {path} from {}", String::from_utf8_lossy(from))
                    }
                    ChangeKind::Added { .. } => format!("A {path}"),
                    ChangeKind::Removed { is_renamed, .. } => format!("D {path} {is_renamed}"),
                    ChangeKind::Modified(differences) => {
                        let contents = differences.contains(Differences::CONTENTS);
                        format!("M {path} {contents}")
                    }
                    _ => unreachable!(),
                }
            })
            .collect();
        assert_eq!(
            told,
            [
                "M  false",
                "M a false",
                "D a/b true",
                "M a/f true",
                "M d false",
                "D d/i false",
                "A n from a/b",
                "A z"
            ]
        );
        let ino = running.api.stat(&mut running.store, "/n").unwrap().ino;
        assert_eq!(changes.iter().find(|change| change.path == b"n").unwrap().ino, ino);
        // Members in order, whiteouts right after their directory.
        let layer = snapshot(&mut running);
        let names: Vec<String> = tar::Archive::new(&layer[..])
            .entries()
            .unwrap()
            .map(|entry| String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap())
            .collect();
        assert_eq!(
            names,
            ["./", "a/", "a/.wh.b", "a/f", "d/", "d/.wh.i", "n/", "n/c/", "n/c/h", "n/g", "z/"]
        );
    }
}

#[test]
fn damaged_snapshots_change_nothing() {
    let directory = packed_tree();
    let mut running = Running::of(&linux::pack(directory.path(), Form::Isolated, POLICY));
    make(&mut running, &Step::Write(5, 1, 0));
    make(&mut running, &Step::Unlink(9));
    let layer = snapshot(&mut running);
    make(&mut running, &Step::Mkdir(11));
    let before = look(&mut running);
    for len in (0..layer.len() - 1024).step_by(97) {
        running.api.restore(&mut running.store, &layer[..len]).unwrap_err();
    }
    for at in 0..512 {
        let mut damaged = layer.clone();
        damaged[at] ^= 0x11;
        running.api.restore(&mut running.store, &damaged).unwrap_err();
    }
    assert_eq!(look(&mut running), before);
}

/// Names that say what is gone cannot be in a layer.
#[test]
fn names_of_whiteouts_are_refused_by_name() {
    let directory = packed_tree();
    std::fs::write(directory.path().join("a/.wh.old"), "").unwrap();
    let packed = linux::pack(directory.path(), Form::Portable, POLICY);
    for (change, culprit) in [("new", "d/.wh.new"), ("gone", "a/.wh.old"), ("renamed", "n/.wh.old")]
    {
        let mut running = Running::of(&packed);
        match change {
            "new" => drop(linux!(&mut running, mkdirat, CWD, "d/.wh.new", 0o755)),
            "gone" => drop(linux!(&mut running, unlinkat, CWD, "a/.wh.old", 0)),
            _ => drop(linux!(&mut running, renameat, CWD, "a", CWD, "n")),
        }
        let error = running.api.snapshot(&mut running.store).unwrap_err();
        assert_eq!(error.find(), Some(&Errno::EINVAL), "{error:#}");
        assert!(
            format!("{error:#}").contains(&format!("no layer can hold `{culprit}`")),
            "{error:#}"
        );
    }
}

/// Deeper than any path is long.
#[test]
fn deep_trees_come_back() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.call::<i32, ()>("nest", 3000).unwrap();
        let layer = snapshot(&mut running);
        let mut fresh = Running::new(form);
        fresh.api.restore(&mut fresh.store, &layer).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(
            members(&export(&mut fresh, "/d"))
                .keys()
                .eq(members(&export(&mut running, "/d")).keys())
        );
        assert!(snapshot(&mut fresh) == layer);
    }
}

/// Without memory the layer is the whole tree, and says so.
#[test]
fn without_memory_the_layer_is_the_whole_tree() {
    for form in FORMS {
        for step in 0..8 {
            let mut running = Running::new(form);
            running.put("/in/f", b"f");
            running.limit_memory((2 << 20) + step * 100_000);
            running.call::<(), ()>("fill", ()).unwrap();
            let layer = snapshot(&mut running);
            let whole = members(&export(&mut running, "/"));
            let mut fresh = Running::new(form);
            let descriptors = fresh.names("/dev/fd");
            fresh.api.restore(&mut fresh.store, &layer).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(members(&export(&mut fresh, "/")), whole);
            assert_eq!(fresh.names("/dev/fd"), descriptors);
        }
    }
}

#[test]
fn pieces_may_be_of_any_size() {
    let directory = packed_tree();
    let mut running = Running::of(&linux::pack(directory.path(), Form::Portable, POLICY));
    for step in [Step::Write(5, 1, 0), Step::Unlink(7), Step::Rename(1, 11), Step::Mkdir(18)] {
        make(&mut running, &step);
    }
    let whole = snapshot(&mut running);
    let list = running.api.changes(&mut running.store).unwrap();
    let room = running.call::<u32, u32>("wasm_vfs_allocate", 8192).unwrap();
    for size in [1, 511, 513, 4099] {
        assert_eq!(running.call::<(), i32>("wasm_vfs_export_layer_begin", ()).unwrap(), 0);
        let mut layer = Vec::new();
        loop {
            let filled = running.call::<(u32, u32), i32>("wasm_vfs_export", (room, size)).unwrap();
            if filled == 0 {
                break;
            }
            let memory =
                running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
            let base = running.instance.get_global(&mut running.store, "wasm_vfs_base").unwrap();
            let base = base.get(&mut running.store).unwrap_i32() as usize;
            let at = base + room as usize;
            layer.extend_from_slice(&memory.data(&running.store)[at..at + filled as usize]);
        }
        assert!(layer == whole, "pieces of {size}");
    }
    // Records: as many as there is room for, each once.
    for size in [48, 64, 100, 8192] {
        let (mut cookie, mut count) = (0i64, 0);
        loop {
            let args = (room, size, cookie);
            let filled = running.call::<(u32, u32, i64), i32>("wasm_vfs_changes", args).unwrap();
            assert!(filled >= 0, "{filled}");
            if filled == 0 {
                break;
            }
            let memory =
                running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
            let base = running.instance.get_global(&mut running.store, "wasm_vfs_base").unwrap();
            let base = base.get(&mut running.store).unwrap_i32() as usize;
            let mut rest = &memory.data(&running.store)[base + room as usize..][..filled as usize];
            while !rest.is_empty() {
                let len = u32::from_le_bytes(rest[16..20].try_into().unwrap());
                cookie = i64::from_le_bytes(rest[8..16].try_into().unwrap());
                rest = &rest[len as usize..];
                count += 1;
            }
        }
        assert_eq!(count, list.len(), "records of {size} bytes");
    }
    assert_eq!(
        running.call::<(u32, u32, i64), i32>("wasm_vfs_changes", (room, 8, 0)).unwrap(),
        -22
    );
}

/// Others apply it: where nothing is gone, GNU tar.
#[test]
fn gnu_tar_takes_what_is_new() {
    let directory = packed_tree();
    let mut running = Running::of(&linux::pack(directory.path(), Form::Portable, POLICY));
    for step in
        [Step::Write(5, 1, 9000), Step::Mkdir(11), Step::Write(12, 2, 0), Step::Link(12, 18)]
    {
        make(&mut running, &step);
    }
    let layer = snapshot(&mut running);
    let mut command = Command::new("tar");
    command.args(["-xf", "-", "-C"]).arg(directory.path());
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &layer).unwrap();
    assert!(child.wait().unwrap().success());
    let got = |path: &Path| std::fs::read(directory.path().join(path)).unwrap();
    for path in ["a/f", "a/b/g", "n/o", "z", "j"] {
        assert!(got(Path::new(path)) == running.read(&format!("/{path}")), "{path}");
    }
}
