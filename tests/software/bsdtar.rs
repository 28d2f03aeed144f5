//! libarchive's tar: what it extracts in a packed tree is what the machine's tar extracts on the disk, and what it writes there the
//! machine's tar reads.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};
use wasm_vfs::{Owner, TreeBuilder};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::on_disk::{Facts, assert_same, done, extract, facts, has, unpacked};
use wasm_vfs_tests::tools;

/// What a file system may refuse to make, and a tree that is packed may not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinds {
    /// Devices, named pipes and attributes too.
    All,
    /// What can be packed.
    Packable,
}

/// The size of a file that is nearly all holes; all others together are far smaller.
const HOLES: u64 = 5 << 20;

/// Makes a tree of all that a tar archive can hold.
fn tree(root: &Path, kinds: Kinds) -> io::Result<()> {
    let at = |name: &str| root.join(name);
    for (name, mode) in [
        ("closed", 0o555),
        ("private", 0o700),
        ("nobody's", 0o000),
        ("sticky", 0o1777),
        ("group", 0o2775),
        ("empty", 0o755),
        ("many", 0o755),
    ] {
        fs::create_dir(at(name))?;
        if !matches!(name, "empty" | "many") {
            fs::write(at(name).join("inside"), name)?;
        }
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode))?;
    }
    for number in 0..200 {
        fs::write(at("many").join(format!("{number}")), [0xa5].repeat(number * 7))?;
    }
    let long = "long/".to_owned() + &["d".repeat(100), "e".repeat(120), "f".repeat(130)].join("/");
    fs::create_dir_all(at(&long))?;
    fs::write(at(&long).join("g".repeat(255)), "far away")?;
    for name in ["naïve ☃ 文件 🦀", "-dash", "new\nline", "back\\slash", " blanks ", "a*[b]?"]
    {
        fs::write(at(name), name)?;
    }
    for (name, mode, uid, gid) in [
        ("setuid", 0o4755, 1000, 1001),
        ("setgid", 0o2711, 0, 50),
        ("both", 0o7777, 1, 2),
        ("unreadable", 0o000, 65_534, 65_534),
        ("large-owner", 0o640, 3_000_000, 4_000_000),
    ] {
        fs::write(at(name), name)?;
        lchown(at(name), Some(uid), Some(gid))?;
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode))?;
    }
    lchown(at("private"), Some(1000), Some(1000))?;
    fs::write(at("linked"), "three names")?;
    fs::hard_link(at("linked"), at("empty/also"))?;
    fs::hard_link(at("linked"), at("z-last"))?;
    symlink("linked", at("link"))?;
    symlink("no/such/file", at("dangling"))?;
    symlink("/absolute/".to_owned() + &"x".repeat(300), at("long-link"))?;
    lchown(at("link"), Some(7), Some(8))?;
    fs::hard_link(at("dangling"), at("dangling-too"))?;
    fs::write(at("nothing"), "")?;
    let noise = (0..400_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8);
    fs::write(at("large"), noise.collect::<Vec<_>>())?;
    let sparse = fs::File::create(at("sparse"))?;
    sparse.set_len(HOLES)?;
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 2 << 20)?;
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"later", (3 << 20) + 5000)?;
    if kinds == Kinds::All {
        for (name, kind, mode, device) in [
            ("fifo", FileType::Fifo, 0o620, (0, 0)),
            ("character", FileType::CharacterDevice, 0o660, (1, 300)),
            ("block", FileType::BlockDevice, 0o600, (259, 70_000)),
        ] {
            let device = rustix::fs::makedev(device.0, device.1);
            rustix::fs::mknodat(CWD, at(name), kind, Mode::from_raw_mode(mode), device)?;
        }
        for (name, attribute, value) in [
            ("large", "user.comment", &b"a \0 and \xff"[..]),
            ("large", "user.empty", b""),
            ("many", "user.directory", b"too"),
            ("unreadable", "trusted.secret", b"of the superuser"),
        ] {
            rustix::fs::setxattr(at(name), attribute, value, XattrFlags::empty())?;
        }
    }
    // Times last, and of what is deepest first: all that was done above has set others.
    for (number, name) in facts(root).into_keys().rev().enumerate() {
        let number = i64::try_from(number).unwrap();
        let time = |seconds| Timespec { tv_sec: seconds + number, tv_nsec: 123_456_789 + number };
        // After 1970: a tree to be packed has no earlier ones.
        let times = Timestamps { last_access: time(2_000_000_000), last_modification: time(4) };
        rustix::fs::utimensat(CWD, root.join(name), &times, AtFlags::SYMLINK_NOFOLLOW)?;
    }
    Ok(())
}

/// Whether this test can run here.
fn possible(what: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        tools::leave_out(what, "only root can make devices and give files away");
        return false;
    }
    has("tar", what)
}

/// Writes a tree as an archive, by the machine's tar.
fn archive(root: &Path, format: &str) -> Vec<u8> {
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sparse", "--numeric-owner", "--sort=name"]);
    if format == "pax" {
        tar.args(["--xattrs", "--xattrs-include=*"]);
    }
    tar.arg(format!("--format={format}")).arg("--directory").arg(root).args(["--file", "-", "."]);
    done(&mut tar).stdout
}

/// Where packed archives come from.
#[derive(Clone, Copy, Debug)]
enum From {
    Tree,
    StandardInput,
}

/// Takes the time of the directory that is extracted into for right: libarchive keeps times of those only that it makes.
fn is_as_made(found: &mut BTreeMap<PathBuf, Facts>, expected: &BTreeMap<PathBuf, Facts>) {
    let time = |facts: &Facts| facts.iter().position(|fact| fact.starts_with("mtime ")).unwrap();
    let expected = &expected[Path::new("")];
    let found = found.get_mut(Path::new("")).unwrap();
    let at = time(found);
    found[at].clone_from(&expected[time(expected)]);
}

/// What the host extracts, and what the packed program does.
fn check_extraction(format: &str, from: From) {
    let Some(program) = tools::guest("bsdtar") else { return };
    if !possible("bsdtar") {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    tree(source.path(), Kinds::All).unwrap();
    let archive = archive(source.path(), format);
    let expected = tempfile::tempdir().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &archive).unwrap();
    extract(file.path(), expected.path());
    let expected = facts(expected.path());
    if format == "pax" {
        assert_same(&facts(source.path()), &expected, "the machine's tar loses nothing");
    }
    for form in crate::FORMS {
        let mut tree = TreeBuilder::new().file("/out/.keep", "");
        let mut line = Invocation::of("bsdtar -xpf - --numeric-owner -C /out");
        match from {
            From::Tree => {
                tree = tree.file("/in.tar", archive.clone());
                line.args[2] = "/in.tar".to_owned();
            }
            From::StandardInput => line.stdin.clone_from(&archive),
        }
        let (outcome, exported) = crate::run_and_export(&program, tree, form, &line);
        assert_eq!(outcome.status, Some(0), "{form}: {outcome:?}");
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), "", "{form}");
        let left = unpacked(&exported);
        fs::remove_file(left.path().join("out/.keep")).unwrap();
        let mut found = facts(&left.path().join("out"));
        is_as_made(&mut found, &expected);
        let sparse = fs::metadata(left.path().join("out/sparse")).unwrap();
        assert!(sparse.blocks() * 512 < HOLES / 2, "{form}: {} blocks", sparse.blocks());
        assert_same(&expected, &found, &format!("{format}, {from:?}, {form}"));
    }
}

#[test]
fn a_pax_archive_is_extracted_as_by_the_machine() {
    check_extraction("pax", From::Tree);
}

#[test]
fn an_archive_is_read_from_standard_input() {
    check_extraction("pax", From::StandardInput);
}

#[test]
fn a_gnu_archive_is_extracted_as_by_the_machine() {
    check_extraction("gnu", From::Tree);
}

/// With attributes: what has been extracted is written again.
#[test]
fn what_was_extracted_is_written_again() {
    let Some(program) = tools::guest("bsdtar") else { return };
    if !possible("bsdtar") {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    tree(source.path(), Kinds::All).unwrap();
    let archive = archive(source.path(), "pax");
    for form in crate::FORMS {
        let tree = TreeBuilder::new().file("/in.tar", archive.clone()).file("/out/.keep", "");
        let line = "bsdtar -xpf /in.tar --numeric-owner -C /out \
                    ; --format=pax --numeric-owner --exclude ./.keep -cf - -C /out .";
        let (outcome, _) = crate::run_and_export(&program, tree, form, &Invocation::of(line));
        assert_eq!(outcome.status, Some(0), "{form}: {:?}", outcome.stderr);
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), "", "{form}");
        assert!((outcome.stdout.len() as u64) < HOLES / 2, "{form}: its holes are written");
        let found = unpacked(&outcome.stdout);
        let expected = facts(source.path());
        let mut found = facts(found.path());
        is_as_made(&mut found, &expected);
        assert_same(&expected, &found, &form.to_string());
    }
}

#[test]
fn a_packed_tree_is_written_as_an_archive() {
    let Some(program) = tools::guest("bsdtar") else { return };
    if !possible("bsdtar") {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    tree(source.path(), Kinds::Packable).unwrap();
    for form in crate::FORMS {
        let tree = TreeBuilder::new().owner(Owner::Host).dir(source.path(), "/data");
        let line = "bsdtar --format=pax --numeric-owner -cf - -C /data .";
        let (outcome, _) = crate::run_and_export(&program, tree, form, &Invocation::of(line));
        assert_eq!(outcome.status, Some(0), "{form}: {:?}", outcome.stderr);
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), "", "{form}");
        let found = unpacked(&outcome.stdout);
        assert_same(&facts(source.path()), &facts(found.path()), &form.to_string());
    }
}
