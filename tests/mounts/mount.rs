//! `--mount`: a directory of the host's at a place in the tree, which the program may change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;
use wasm_vfs::{Form, Program, TreeBuilder};
use wasmtime_wasi::FsPerms;

use crate::puppet::*;

/// A directory of the host: a file, a directory with a file, and links of all kinds.
fn host() -> TempDir {
    let host = tempfile::tempdir().unwrap();
    let at = |name: &str| host.path().join(name);
    fs::create_dir_all(at("d/deep")).unwrap();
    fs::write(at("f"), "of the host").unwrap();
    fs::write(at("d/g"), "deeper").unwrap();
    symlink("d/deep", at("to-deep")).unwrap();
    symlink("d/g", at("to-g")).unwrap();
    symlink("../outside", at("leaves")).unwrap();
    symlink("/etc/passwd", at("absolute")).unwrap();
    host
}

/// A tree with things beside the mount point, and links into it.
fn tree() -> (TempDir, TreeBuilder) {
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str| files.path().join(name);
    fs::create_dir_all(at("a/sub")).unwrap();
    fs::write(at("top"), "of the tree").unwrap();
    fs::write(at("a/beside"), "beside").unwrap();
    symlink("a/mnt", at("to-mnt")).unwrap();
    symlink("/a/mnt/d/g", at("to-g")).unwrap();
    symlink("a/mnt/to-deep", at("to-to-deep")).unwrap();
    symlink("a/mnt/leaves", at("to-leaves")).unwrap();
    symlink("a/mnt/../beside", at("around")).unwrap();
    symlink("a/mnt/../../in-circles", at("in-circles")).unwrap();
    let tree = TreeBuilder::new().dir(files.path(), "/");
    (files, tree)
}

const MOUNT: &str = "mount = ['/a/mnt=data']";

fn mounted(form: Form, host: &Path) -> Puppet {
    let (_files, tree) = tree();
    Puppet::new(tree, policy(MOUNT), form, &[(host, "data", FsPerms::ReadWrite)])
}

#[test]
fn a_path_walks_into_it() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        // rows: path, contents
        for (path, expected) in [
            ("a/mnt/f", Ok("of the host")),
            ("a/mnt/d/g", Ok("deeper")),
            ("a//./mnt/./d//g", Ok("deeper")),
            ("a/mnt/to-g", Ok("deeper")),
            ("a/mnt/to-deep/../g", Ok("deeper")),
            ("a/mnt/x", Err(NOENT)),
            ("a/mnt/f/x", Err(NOTDIR)),
            ("a/beside", Ok("beside")),
            // Links of the tree that point into it.
            ("to-mnt/f", Ok("of the host")),
            ("to-g", Ok("deeper")),
            ("to-to-deep/../g", Ok("deeper")),
        ] {
            assert_eq!(p.read(path).as_deref(), expected.as_ref().copied(), "{form} {path}");
        }
        p.assert_untouched();
    }
}

#[test]
fn dot_dot_leads_out_of_it_into_the_tree() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        for (path, expected) in [
            ("a/mnt/../beside", Ok("beside")),
            ("a/mnt/d/../../beside", Ok("beside")),
            ("a/mnt/d/deep/../../../../top", Ok("of the tree")),
            ("a/mnt/../mnt/f", Ok("of the host")),
            ("to-mnt/../beside", Ok("beside")),
            ("around", Ok("beside")),
            // What is said on the way has to be there, and to be a directory.
            ("a/mnt/nothing/../../beside", Err(NOENT)),
            ("a/mnt/f/../../beside", Err(NOTDIR)),
            // A link is the host's to follow: there, this is `d/g`, and above `d` is the root of what it may give.
            ("a/mnt/to-deep/../../d/g", Ok("deeper")),
            ("a/mnt/to-deep/../../../beside", Err(PERM)),
            ("a/mnt/../../../top", Err(PERM)),
            ("in-circles", Err(LOOP)),
        ] {
            assert_eq!(p.read(path).as_deref(), expected.as_ref().copied(), "{form} {path}");
        }
        let above = p.stat("a").unwrap();
        assert_eq!(p.stat("a/mnt/.."), Ok(above));
        assert_eq!(p.stat("a/mnt/../"), Ok(above));
        assert_eq!(p.lstat("a/mnt/d/.././../."), Ok(above));
        // From a descriptor: never above it, whatever lies between.
        let a = p.open_at(3, true, "a", DIRECTORY, READ).unwrap();
        assert_eq!(p.stat_at(a, true, "mnt/.."), Ok(above));
        assert_eq!(p.stat_at(a, true, "mnt/../.."), Err(PERM));
        let mnt = p.open_at(3, true, "a/mnt", DIRECTORY, READ).unwrap();
        assert_eq!(p.stat_at(mnt, true, ".."), Err(PERM));
        p.assert_untouched();
    }
}

#[test]
fn a_link_that_would_leave_it_is_stopped() {
    for form in FORMS {
        let host = host();
        fs::write(host.path().parent().unwrap().join("outside"), "secret").ok();
        let mut p = mounted(form, host.path());
        for path in ["a/mnt/leaves", "a/mnt/absolute", "to-leaves", "to-mnt/absolute"] {
            assert_eq!(p.read(path), Err(PERM), "{form} {path}");
            assert_eq!(p.stat(path), Err(PERM), "{form} {path}");
        }
        // It is there all the same.
        assert_eq!(p.lstat("a/mnt/leaves").unwrap().filetype, TYPE_SYMLINK);
        assert_eq!(p.readlink("a/mnt/leaves").as_deref(), Ok("../outside"));
        // Wasmtime does not say where an absolute one leads.
        assert_eq!(p.readlink("a/mnt/absolute"), Err(PERM));
    }
}

#[test]
fn it_shows_in_the_directory_above_and_lists_as_the_host_lists_it() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        assert_eq!(p.list("a").as_deref(), Ok("beside mnt/ sub/"));
        assert_eq!(p.list("a/mnt").as_deref(), Ok("absolute@ d/ f leaves@ to-deep@ to-g@"));
        assert_eq!(p.list("to-mnt/d").as_deref(), Ok("deep/ g"));
        let fd = p.open_at(3, true, "a/mnt", DIRECTORY, READ).unwrap();
        let entries = p.entries(fd, 4096).unwrap();
        assert!(entries.contains(&(".".into(), TYPE_DIRECTORY)));
        assert!(entries.contains(&("..".into(), TYPE_DIRECTORY)));
        p.assert_untouched();
    }
}

#[test]
fn statistics_are_the_hosts_with_a_device_number_of_its_own() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        let tree = p.stat("top").unwrap().dev;
        let root = p.stat("a/mnt").unwrap();
        assert_eq!(root.filetype, TYPE_DIRECTORY);
        assert_eq!(p.lstat("a/mnt/"), Ok(root));
        assert_eq!(p.stat("to-mnt"), Ok(root));
        assert_eq!(p.lstat("to-mnt/"), Ok(root));
        assert_eq!(p.lstat("to-mnt").unwrap().dev, tree);
        let file = p.stat("a/mnt/f").unwrap();
        assert_eq!((file.size, file.filetype, file.dev), (11, TYPE_FILE, root.dev));
        assert_ne!(file.dev, tree);
        let fd = p.open("a/mnt/f").unwrap();
        assert_eq!(p.fstat(fd), Ok(file));
        let fd = p.open_at(3, true, "a/mnt", DIRECTORY, READ).unwrap();
        assert_eq!(p.fstat(fd), Ok(root));
        assert_eq!(p.stat_at(fd, true, "f"), Ok(file));
    }
}

#[test]
fn everything_can_be_changed_there_as_on_the_host() {
    for form in FORMS {
        let host = host();
        let at = |name: &str| host.path().join(name);
        let mut p = mounted(form, host.path());
        assert_eq!(p.write("a/mnt/new", "made"), Ok(()));
        assert_eq!(fs::read_to_string(at("new")).unwrap(), "made");
        assert_eq!(p.open_at(3, true, "a/mnt/new", CREAT | EXCL, WRITE), Err(EXIST));
        assert_eq!(p.mkdir("a/mnt/d/e"), Ok(()));
        assert!(at("d/e").is_dir());
        assert_eq!(p.mkdir("a/mnt/d/e"), Err(EXIST));
        assert_eq!(p.rename("a/mnt/new", "a/mnt/d/e/newer"), Ok(()));
        assert_eq!(fs::read_to_string(at("d/e/newer")).unwrap(), "made");
        assert_eq!(p.link("a/mnt/d/e/newer", "to-mnt/linked"), Ok(()));
        assert_eq!(p.stat("a/mnt/linked").unwrap().nlink, 2);
        assert_eq!(p.symlink("d/e", "a/mnt/l"), Ok(()));
        assert_eq!(fs::read_link(at("l")).unwrap(), Path::new("d/e"));
        assert_eq!(p.read("a/mnt/l/newer").as_deref(), Ok("made"));
        assert_eq!(p.rmdir("a/mnt/d/e"), Err(NOTEMPTY));
        assert_eq!(p.unlink("a/mnt/d/e/newer"), Ok(()));
        assert_eq!(p.rmdir("a/mnt/d/e"), Ok(()));
        assert!(!at("d/e").exists());
        let args = {
            let path = "a/mnt/linked";
            p.put(0x8000, path.as_bytes());
            [3, 0, 0x8000, path.len() as u64, 0, 1_000_000_000, 4]
        };
        assert_eq!(p.call("path_filestat_set_times", &args), Ok(()));
        assert_eq!(p.stat("a/mnt/linked").unwrap().mtim, 1_000_000_000);
        p.assert_untouched();
        // The tree's own are where they were.
        assert_eq!(p.write("a/own", "own"), Ok(()));
        assert!(!at("own").exists());
    }
}

#[test]
fn nothing_is_renamed_or_linked_across_its_edge() {
    for form in FORMS {
        let host = host();
        let other = tempfile::tempdir().unwrap();
        let (_files, tree) = tree();
        let policy = policy("mount = ['/a/mnt=data', '/b=other']");
        let directories = [
            (host.path(), "data", FsPerms::ReadWrite),
            (other.path(), "other", FsPerms::ReadWrite),
        ];
        let mut p = Puppet::new(tree, policy, form, &directories);
        for (old, new) in [
            ("top", "a/mnt/top"),
            ("a/mnt/f", "f"),
            ("a/mnt/f", "b/f"),
            ("to-mnt/f", "a/beside"),
            ("a/mnt/d/../../beside", "a/mnt/x"),
        ] {
            assert_eq!(p.rename(old, new), Err(XDEV), "{form} {old} {new}");
            assert_eq!(p.link(old, new), Err(XDEV), "{form} {old} {new}");
        }
        // Around, within the tree, and within one mount by two ways.
        assert_eq!(p.rename("a/mnt/../beside", "a/mnt/../../moved"), Ok(()));
        assert_eq!(p.read("moved").as_deref(), Ok("beside"));
        let d = p.open_at(3, true, "a/mnt/d", DIRECTORY, READ).unwrap();
        p.put(0x8000, b"g");
        p.put(0xa000, b"a/mnt/g");
        assert_eq!(p.call("path_rename", &[u64::from(d), 0x8000, 1, 3, 0xa000, 7]), Ok(()));
        assert_eq!(p.read("a/mnt/g").as_deref(), Ok("deeper"));
        assert_eq!(p.call("path_rename", &[u64::from(d), 0x8000, 1, 99, 0xa000, 7]), Err(BADF));
        assert_eq!(p.call("path_rename", &[u64::from(d), 0x8000, 1, 1, 0xa000, 7]), Err(BADF));
    }
}

#[test]
fn the_mount_point_itself_stays() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        assert_eq!(p.rmdir("a/mnt"), Err(BUSY));
        assert_eq!(p.rename("a/mnt", "b"), Err(BUSY));
        assert_eq!(p.rename("a/sub", "a/mnt"), Err(BUSY));
        assert_eq!(p.mkdir("a/mnt"), Err(EXIST));
        assert_eq!(p.symlink("x", "a/mnt"), Err(EXIST));
        assert_eq!(p.unlink("a/mnt"), Err(31));
        assert_eq!(p.readlink("a/mnt"), Err(INVAL));
        // It may move with what holds it.
        assert_eq!(p.rename("a", "b"), Ok(()));
        assert_eq!(p.read("b/mnt/f").as_deref(), Ok("of the host"));
        assert_eq!(p.read("b/mnt/../beside").as_deref(), Ok("beside"));
    }
}

#[test]
fn descriptors_opened_there_are_the_hosts_under_our_numbers() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        let d = p.open_at(3, true, "a/mnt/d", DIRECTORY, READ).unwrap();
        assert_eq!(d, 4, "the lowest free number");
        // It is a directory of the host's, but no preopen.
        assert_eq!(p.preopen_name(3).as_deref(), Ok("/"));
        assert_eq!(p.preopen_name(d), Err(BADF));
        assert_eq!(p.list_fd(d).as_deref(), Ok("deep/ g"));
        let g = p.open_at(d, true, "g", 0, READ | WRITE).unwrap();
        assert_eq!(p.pread(g, 3, 2), Ok(b"epe".to_vec()));
        assert_eq!(p.pwrite(g, b"!", 0), Ok(1));
        assert_eq!(fs::read_to_string(host.path().join("d/g")).unwrap(), "!eeper");
        assert_eq!(p.call("fd_filestat_set_size", &[u64::from(g), 2]), Ok(()));
        assert_eq!(p.fstat(g).unwrap().size, 2);
        assert_eq!(p.at("path_create_directory", d, "made"), Ok(()));
        assert!(host.path().join("d/made").is_dir());
        assert_eq!(p.stat_at(d, true, "../f"), Err(PERM));
        assert_eq!(p.stat_at(d, true, ""), Err(NOENT));
        // Numbers: over one of the tree's, and over one of the host's.
        let top = p.open("top").unwrap();
        assert_eq!(p.renumber(g, top), Ok(()));
        assert_eq!(p.pread(top, 9, 0), Ok(b"!e".to_vec()));
        assert_eq!(p.fstat(g), Err(BADF));
        let again = p.open("top").unwrap();
        assert_eq!(again, g);
        assert_eq!(p.renumber(again, top), Ok(()));
        assert_eq!(p.pread(top, 6, 0), Ok(b"of the".to_vec()));
        assert_eq!(p.close(d), Ok(()));
        assert_eq!(p.list_fd(d), Err(BADF));
        // Closed ones are closed at the host: it would have run out of numbers.
        for _ in 0..2000 {
            let fd = p.open("a/mnt/f").unwrap();
            p.close(fd).unwrap();
        }
        p.assert_untouched();
    }
}

#[test]
fn a_descriptor_of_the_hosts_is_open_there_until_its_last_is_closed() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        let first = p.open("a/mnt/f").unwrap();
        let other = p.open(&format!("dev/fd/{first}")).unwrap();
        assert_eq!(p.close(first), Ok(()));
        assert_eq!(p.pread(other, 2, 0), Ok(b"of".to_vec()));
        let third = p.open(&format!("dev/fd/{other}")).unwrap();
        assert_eq!(p.renumber(third, other), Ok(()));
        assert_eq!(p.pread(other, 2, 0), Ok(b"of".to_vec()));
        assert_eq!(p.close(other), Ok(()));
        // Closed ones are closed at the host: it would have run out of numbers.
        for _ in 0..2000 {
            let fd = p.open("a/mnt/f").unwrap();
            let again = p.open(&format!("dev/fd/{fd}")).unwrap();
            p.close(again).unwrap();
            p.close(fd).unwrap();
        }
        p.assert_untouched();
    }
}

#[test]
fn pointers_are_checked_and_results_may_lie_anywhere() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        p.put(0x8000, b"a/mnt/f");
        for out in [0xffff_fff0, 4 * 65_536 - 3] {
            assert_eq!(p.call("path_filestat_get", &[3, 1, 0x8000, 7, out]), Err(FAULT));
            assert_eq!(p.call("path_open", &[3, 1, 0x8000, 7, 0, READ, 0, 0, out]), Err(FAULT));
        }
        assert_eq!(p.call("path_filestat_get", &[3, 1, 0xffff_0000, 7, 0xd000]), Err(FAULT));
        let fd = u64::from(p.open_at(3, true, "a/mnt", DIRECTORY, READ).unwrap());
        assert_eq!(p.call("fd_readdir", &[fd, 0x3_0000, 65_537, 0, 0xd000]), Err(FAULT));
        assert_eq!(p.call("path_filestat_get", &[fd, 1, 0x8000, 7, 4 * 65_536 - 3]), Err(FAULT));
        p.assert_untouched();
        // In the very bytes that are borrowed meanwhile.
        let expected = p.stat("a/mnt/f").unwrap();
        p.put(1024, b"a/mnt/f");
        assert_eq!(p.call("path_filestat_get", &[3, 1, 1024, 7, 1024]), Ok(()));
        assert_eq!(p.get(1024, 8), expected.dev.to_le_bytes());
        p.put(1024, b"a/mnt/leaves");
        assert_eq!(p.call("path_readlink", &[3, 1024, 12, 1024, 10, 1040]), Ok(()));
        assert_eq!(p.get(1024, 10), b"../outside");
        assert_eq!(p.get(1040, 4), 10u32.to_le_bytes());
    }
}

#[test]
fn rights_that_were_taken_away_stay_away() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        p.call("fd_fdstat_get", &[3, 0xd000]).unwrap();
        let rights = |at: u32, p: &Puppet| u64::from_le_bytes(p.get(at, 8).try_into().unwrap());
        let (base, inheriting) = (rights(0xd008, &p), rights(0xd010, &p));
        let create_directory = 1 << 9;
        let (datasync, sync, poll) = (1, 1 << 4, 1 << 27);
        let taken = READ | datasync | sync | poll;
        let args = [3, base & !create_directory, inheriting & !taken];
        assert_eq!(p.call("fd_fdstat_set_rights", &args), Ok(()));
        assert_eq!(p.mkdir("a/mnt/x"), Err(NOTCAPABLE));
        assert_eq!(p.open("a/mnt/f"), Err(NOTCAPABLE));
        // Neither through a directory that was opened through it, nor by not asking for it.
        let d = p.open_at(3, true, "a/mnt/d", DIRECTORY, 0).unwrap();
        assert_eq!(p.open_at(d, true, "g", 0, READ), Err(NOTCAPABLE));
        let g = p.open_at(d, true, "g", 0, 0).unwrap();
        assert_eq!(p.pread(g, 1, 0), Err(NOTCAPABLE));
        assert_eq!(p.call("fd_sync", &[u64::from(g)]), Err(NOTCAPABLE));
        assert_eq!(p.call("fd_datasync", &[u64::from(g)]), Err(NOTCAPABLE));
        // A subscription to reading: user data, the tag, the descriptor.
        let mut subscription = [0; 48];
        subscription[8] = 1;
        subscription[16..20].copy_from_slice(&g.to_le_bytes());
        p.put(0xd100, &subscription);
        assert_eq!(p.call("poll_oneoff", &[0xd100, 0xd200, 1, 0xd300]), Err(NOTCAPABLE));
        assert_eq!(p.fstat(g).unwrap().size, 6);
    }
}

#[test]
fn without_a_mount_no_directory_of_the_host_is_touched() {
    for form in FORMS {
        let host = host();
        let (_files, tree) = tree();
        let packed = wasm_vfs::Packer::new(tree)
            .form(form)
            .pack(Program::bytes("program", program()))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        let imports: Vec<String> = wasmparser::Parser::new(0)
            .parse_all(&packed)
            .filter_map(|payload| match payload.unwrap() {
                wasmparser::Payload::ImportSection(imports) => Some(imports),
                _ => None,
            })
            .flat_map(wasmparser::SectionLimited::into_imports)
            .map(|import| import.unwrap().name.to_owned())
            .collect();
        let on_directories = imports.iter().filter(|name| {
            name.starts_with("path_")
                || name.starts_with("fd_prestat")
                || name.as_str() == "fd_readdir"
        });
        assert_eq!(on_directories.count(), 0, "{imports:?}");
        let directories =
            [(host.path(), "data", FsPerms::ReadWrite), (host.path(), "/", FsPerms::ReadWrite)];
        let mut p = Puppet::start(&packed, &directories);
        assert_eq!(p.read("top").as_deref(), Ok("of the tree"));
        assert_eq!(p.list("").map_err(|_| ()), Err(()));
        assert_eq!(
            p.list(".").unwrap(),
            "a/ around@ dev/ in-circles@ tmp/ to-g@ to-leaves@ to-mnt@ to-to-deep@ top"
        );
        assert_eq!(p.read("a/mnt/f"), Err(NOENT));
        assert_eq!(p.stat_at(4, true, "f"), Err(BADF), "the host's descriptor 4");
    }
}

#[test]
fn a_missing_preopen_is_an_empty_directory() {
    for form in FORMS {
        for verbose in [false, true] {
            let host = host();
            let (_files, tree) = tree();
            let mut policy = policy(MOUNT);
            policy.verbose = verbose;
            let directories = [(host.path(), "another", FsPerms::ReadWrite)];
            let mut p = Puppet::new(tree, policy, form, &directories);
            assert_eq!(p.read("top").as_deref(), Ok("of the tree"));
            assert_eq!(p.stderr(), "", "nobody has asked for it");
            assert_eq!(p.read("a/mnt/f"), Err(NOENT));
            let told = "wasm-vfs: the host preopens no directory `data`, so there is nothing of it at /a/mnt\n";
            assert_eq!(p.stderr(), if verbose { told } else { "" });
            assert_eq!(p.write("a/mnt/f", "lost?"), Err(NOENT));
            assert_eq!(p.mkdir("a/mnt/d"), Err(NOENT));
            assert_eq!(p.rename("top", "a/mnt/top"), Err(NOENT));
            assert_eq!(p.list("a/mnt").as_deref(), Ok(""));
            assert_eq!(p.stat("a/mnt").unwrap().filetype, TYPE_DIRECTORY);
            assert_eq!(p.read("a/mnt/../beside").as_deref(), Ok("beside"));
            assert_eq!(p.rmdir("a/mnt"), Err(BUSY));
            assert_eq!(p.stderr(), if verbose { told } else { "" }, "once");
            p.assert_untouched();
        }
    }
}

#[test]
fn a_mount_point_may_be_a_preopen() {
    for form in FORMS {
        let host = host();
        let (_files, tree) = tree();
        let policy = policy("mount = ['/a/mnt']\npreopen = ['/', '/work=/a/mnt', '.=/a']");
        let directories = [(host.path(), "/a/mnt/", FsPerms::ReadWrite)];
        let mut p = Puppet::new(tree, policy, form, &directories);
        assert_eq!(p.preopen_name(4).as_deref(), Ok("/work"));
        assert_eq!(p.list_fd(4).as_deref(), Ok("absolute@ d/ f leaves@ to-deep@ to-g@"));
        let root = p.stat("a/mnt").unwrap();
        assert_eq!(p.fstat(4), Ok(root));
        assert_eq!(p.stat_at(4, true, "."), Ok(root));
        assert!(p.open_at(4, true, "d/g", 0, READ).is_ok());
        assert_eq!(p.stat_at(4, true, "../beside"), Err(PERM));
        assert_eq!(p.stat_at(5, true, "mnt"), Ok(root));
        assert!(p.stat_at(5, true, "mnt/../beside").is_ok());
        assert_eq!(p.call("fd_filestat_set_times", &[4, 0, 5_000_000_000, 4]), Ok(()));
        assert_eq!(p.fstat(4).unwrap().mtim, 5_000_000_000);
        // Closing it closes nothing of the host's.
        assert_eq!(p.close(4), Ok(()));
        assert_eq!(p.read("a/mnt/f").as_deref(), Ok("of the host"));
    }
}

#[test]
fn the_tool_says_what_does_not_fit() {
    let (files, tree) = tree();
    let error = |tree: TreeBuilder, text: &str| {
        let packer = wasm_vfs::Packer::new(tree).policy(policy(text));
        packer
            .pack(Program::bytes("program", program()))
            .and_then(|packed| packed.to_vec())
            .map_or_else(|error| format!("{error:#}"), |_| "none".into())
    };
    for (text, wants) in [
        ("mount = ['/top/x']", "passes through /top, which is a file"),
        ("overlay = ['/top=x']", "there is a file at /top, where the overlay is to be"),
        ("mount = ['/a', '/a/b']", "hidden"),
        ("mount = ['/to-mnt/x']", "passes through /to-mnt, which is a symbolic link"),
    ] {
        let message = error(tree.clone(), text);
        assert!(message.contains(wants), "{text}: {message}");
    }
    let inside = tree.dir(files.path(), "/m/inside");
    let message = error(inside, "mount = ['/m']");
    assert!(message.contains("at /m/inside would be hidden by the mount at /m"), "{message}");
}

/// Lists a directory in pieces, and removes each file as soon as it was listed; how many that were.
fn remove_while_listing(p: &mut Puppet, path: &str, room: u32) -> usize {
    let fd = p.open_at(3, true, path, DIRECTORY, READ).unwrap();
    let (mut cookie, mut seen) = (0, 0);
    loop {
        let (entries, next) = p.entries_from(fd, room, cookie).unwrap();
        for (name, kind) in entries {
            if kind == TYPE_FILE {
                seen += 1;
                p.at("path_unlink_file", fd, &name).unwrap();
            }
        }
        let Some(next) = next else { break };
        cookie = next;
    }
    p.close(fd).unwrap();
    seen
}

/// wasmtime's cookies count positions, so what moves up would be missed.
#[test]
fn removing_what_is_listed_misses_none() {
    for form in FORMS {
        let host = host();
        fs::create_dir(host.path().join("many")).unwrap();
        for number in 0..300 {
            fs::write(host.path().join(format!("many/some-longer-name-{number}")), "").unwrap();
            fs::write(host.path().join(format!("{number}")), "").unwrap();
        }
        let mut p = mounted(form, host.path());
        // A directory in it, and the mount point itself.
        assert_eq!(remove_while_listing(&mut p, "a/mnt/many", 300), 300, "{form}");
        assert_eq!(p.rmdir("a/mnt/many"), Ok(()));
        assert_eq!(remove_while_listing(&mut p, "a/mnt", 200), 301, "{form}");
        assert_eq!(p.list("a/mnt").unwrap(), "absolute@ d/ leaves@ to-deep@ to-g@");
        p.assert_untouched();
    }
}

/// A listing is of the moment at which it began: at cookie 0, for each descriptor of its own.
#[test]
fn a_listing_is_as_old_as_its_beginning() {
    for form in FORMS {
        let host = host();
        let mut p = mounted(form, host.path());
        let open = |p: &mut Puppet| p.open_at(3, true, "a/mnt/d", DIRECTORY, READ).unwrap();
        let (one, other) = (open(&mut p), open(&mut p));
        assert_eq!(p.list_fd(one).unwrap(), "deep/ g");
        let names = |p: &mut Puppet, fd, cookie| {
            let (entries, _) = p.entries_from(fd, 4000, cookie).unwrap();
            let mut names: Vec<String> = entries.into_iter().map(|(name, _)| name).collect();
            names.sort();
            names.join(" ")
        };
        fs::write(host.path().join("d/new"), "").unwrap();
        assert_eq!(names(&mut p, one, 1).split(' ').count(), 3, "the beginning was before");
        assert_eq!(names(&mut p, other, 0), ". .. deep g new");
        fs::remove_file(host.path().join("d/new")).unwrap();
        assert_eq!(names(&mut p, other, 1).split(' ').count(), 4);
        assert_eq!(names(&mut p, one, 0), ". .. deep g");
        // Beyond the end there is nothing; a listing need not begin at its beginning.
        assert_eq!(names(&mut p, one, u64::MAX), "");
        p.close(one).unwrap();
        let again = open(&mut p);
        assert_eq!(again, one);
        fs::write(host.path().join("d/newer"), "").unwrap();
        assert_eq!(names(&mut p, again, 1).split(' ').count(), 4, "the one before is forgotten");
        p.renumber(again, other).unwrap();
        assert_eq!(names(&mut p, other, 0), ". .. deep g newer");
        // It takes no memory of the program's, and none that is not given back.
        let pages = p.pages();
        for _ in 0..300 {
            let fd = open(&mut p);
            assert_eq!(names(&mut p, fd, 0), ". .. deep g newer");
            p.close(fd).unwrap();
        }
        assert_eq!(p.pages(), pages);
        // What is written is written where it may be.
        let args = [u64::from(other), 0xffff_fff0, 300, 0, u64::from(OUT)];
        assert_eq!(p.call("fd_readdir", &args), Err(FAULT));
        p.assert_untouched();
    }
}
