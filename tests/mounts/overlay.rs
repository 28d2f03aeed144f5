//! `--overlay`: a directory of the host's below one of the tree. Only the tree is ever written to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

use tempfile::TempDir;
use wasm_vfs::{Errno, Form, TreeBuilder};
use wasmtime_wasi::FsPerms;

use crate::puppet::*;

/// What is below.
fn lower() -> TempDir {
    let host = tempfile::tempdir().unwrap();
    let at = |name: &str| host.path().join(name);
    for directory in ["d/deep/er", "both", "empty", "full"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    for (file, contents) in [
        ("f", "below"),
        ("hidden", "never seen"),
        ("d/g", "g below"),
        ("d/deep/h", "h below"),
        ("d/deep/er/i", "i below"),
        ("both/lower", "lower"),
        ("both/name", "never seen"),
        ("full/x", "x"),
        ("kind", "a file below, a directory above"),
    ] {
        fs::write(at(file), contents).unwrap();
    }
    fs::write(at("pages"), pages()).unwrap();
    symlink("d/g", at("to-g")).unwrap();
    symlink("d/deep/..", at("to-d")).unwrap();
    symlink("../f", at("d/up")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    symlink("/etc/passwd", at("absolute")).unwrap();
    symlink("../../../outside", at("leaves")).unwrap();
    host
}

/// Five pages and a bit, no byte of which is zero.
fn pages() -> Vec<u8> {
    (0..21_000u32).map(|at| (at % 251 + 1) as u8).collect()
}

/// What is baked above it.
fn upper() -> (TempDir, TreeBuilder) {
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str| files.path().join(name);
    for directory in ["o/both", "o/own", "o/kind", "beside"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    for (file, contents) in [
        ("o/hidden", "above"),
        ("o/both/upper", "upper"),
        ("o/both/name", "above"),
        ("o/own/j", "own"),
        ("top", "of the tree"),
    ] {
        fs::write(at(file), contents).unwrap();
    }
    symlink("o/d", at("to-d")).unwrap();
    let tree = TreeBuilder::new().dir(files.path(), "/");
    (files, tree)
}

/// All that a directory of the host's holds: contents, link targets, times.
fn snapshot(host: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut left = vec![host.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let contents = if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else if metadata.is_dir() {
                left.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            let name = path.strip_prefix(host).unwrap().to_str().unwrap().to_owned();
            found.insert(name, (contents, metadata.modified().unwrap()));
        }
    }
    found
}

/// Runs a test in both forms, and looks whether the host's directory is as it was.
fn each_form(test: impl Fn(&mut Puppet)) {
    for form in FORMS {
        let host = lower();
        let before = snapshot(host.path());
        // The host would let it write.
        let mut p = overlaid(form, "overlay = ['/o=data']", host.path());
        test(&mut p);
        p.assert_untouched();
        assert!(snapshot(host.path()) == before, "{form}: something was written below");
    }
}

fn overlaid(form: Form, text: &str, host: &Path) -> Puppet {
    let (_files, tree) = upper();
    Puppet::new(tree, policy(text), form, &[(host, "data", FsPerms::ReadWrite)])
}

const MERGED: &str =
    "absolute@ both/ d/ dangling@ empty/ f full/ hidden kind/ leaves@ own/ pages to-d@ to-g@";

#[test]
fn listings_merge_and_what_is_above_hides_what_is_below() {
    each_form(|p| {
        assert_eq!(p.list("o").as_deref(), Ok(MERGED));
        assert_eq!(p.list("o").as_deref(), Ok(MERGED), "again");
        assert_eq!(p.list("o/both").as_deref(), Ok("lower name upper"));
        assert_eq!(p.list("o/own").as_deref(), Ok("j"));
        assert_eq!(p.list("o/kind").as_deref(), Ok(""));
        assert_eq!(p.list("o/d/deep").as_deref(), Ok("er/ h"));
        for (path, expected) in [
            ("o/f", Ok("below")),
            ("o/hidden", Ok("above")),
            ("o/both/name", Ok("above")),
            ("o/both/lower", Ok("lower")),
            ("o/both/upper", Ok("upper")),
            ("o/d/deep/er/i", Ok("i below")),
            ("o/d/deep/../../d/g", Ok("g below")),
            ("o/../top", Ok("of the tree")),
            ("o/kind/x", Err(NOENT)),
            ("o/x", Err(NOENT)),
            ("o/f/x", Err(NOTDIR)),
            // Links: below, above into it, and out of all.
            ("o/to-g", Ok("g below")),
            ("o/to-d/g", Ok("g below")),
            ("o/d/up", Ok("below")),
            ("to-d/deep/h", Ok("h below")),
            ("o/dangling", Err(NOENT)),
            ("o/absolute", Err(PERM)),
            ("o/leaves", Err(PERM)),
        ] {
            assert_eq!(p.read(path).as_deref(), expected.as_ref().copied(), "{path}");
        }
        assert_eq!(p.readlink("o/d/up").as_deref(), Ok("../f"));
        assert_eq!(p.readlink("o/leaves").as_deref(), Ok("../../../outside"));
        let (file, directory) = (p.stat("o/f").unwrap(), p.stat("o/d").unwrap());
        assert_eq!((file.size, file.filetype, file.nlink), (5, TYPE_FILE, 1));
        assert_eq!((file.dev, directory.dev), (p.stat("top").unwrap().dev, file.dev));
        assert_ne!(file.ino, directory.ino);
        assert_eq!((directory.filetype, directory.nlink), (TYPE_DIRECTORY, 3));
        assert_eq!(p.lstat("o/to-g").unwrap().size, 3);
    });
}

#[test]
fn a_change_is_copied_up_and_stays_in_the_tree() {
    each_form(|p| {
        let mut expected = pages();
        let fd = p.open_at(3, true, "o/pages", 0, READ | WRITE).unwrap();
        let mtim = p.fstat(fd).unwrap().mtim;
        for (at, bytes) in [(5000, &b"changed"[..]), (4090, b"over the edge"), (0, b"first")] {
            assert_eq!(p.pwrite(fd, bytes, at as u64), Ok(bytes.len() as u32));
            expected[at..at + bytes.len()].copy_from_slice(bytes);
        }
        assert_eq!(p.pread(fd, 30_000, 0).as_ref(), Ok(&expected));
        assert_eq!(p.pread(fd, 100, 4096), Ok(expected[4096..4196].to_vec()));
        assert_ne!(p.fstat(fd).unwrap().mtim, mtim);
        // Shorter, then longer: what was below does not come back.
        assert_eq!(p.call("fd_filestat_set_size", &[u64::from(fd), 10_000]), Ok(()));
        assert_eq!(p.call("fd_filestat_set_size", &[u64::from(fd), 20_000]), Ok(()));
        expected.truncate(10_000);
        expected.resize(20_000, 0);
        assert_eq!(p.pread(fd, 30_000, 0).as_ref(), Ok(&expected));
        p.close(fd).unwrap();
        assert_eq!(p.write("o/f", "anew"), Ok(()));
        assert_eq!(p.read("o/f").as_deref(), Ok("anew"));
        assert_eq!(p.write("o/d/deep/new", "new"), Ok(()));
        assert_eq!(p.list("o/d/deep").as_deref(), Ok("er/ h new"));
        assert_eq!(p.link("o/d/g", "beside/g"), Ok(()));
        assert_eq!(p.stat("o/d/g").unwrap().nlink, 2);
        assert_eq!(p.read("beside/g").as_deref(), Ok("g below"));
    });
}

#[test]
fn what_is_removed_is_gone_until_it_is_made_again() {
    each_form(|p| {
        assert_eq!(p.unlink("o/f"), Ok(()));
        assert_eq!(p.read("o/f"), Err(NOENT));
        assert_eq!(p.unlink("o/hidden"), Ok(()), "what is above");
        assert_eq!(p.read("o/hidden"), Err(NOENT), "and what was below");
        assert_eq!(p.write("o/f", "another"), Ok(()));
        assert_eq!(p.read("o/f").as_deref(), Ok("another"));
        // A directory that nobody has looked into yet.
        assert_eq!(p.rmdir("o/full"), Err(NOTEMPTY));
        assert_eq!(p.rename("o/empty", "o/full"), Err(NOTEMPTY));
        assert_eq!(p.rmdir("o/empty"), Ok(()));
        assert_eq!(p.unlink("o/full/x"), Ok(()));
        assert_eq!(p.rmdir("o/full"), Ok(()));
        assert_eq!(p.mkdir("o/full"), Ok(()), "opaque");
        assert_eq!(p.list("o/full").as_deref(), Ok(""));
        assert_eq!(p.read("o/full/x"), Err(NOENT));
        assert_eq!(p.unlink("o/d/up"), Ok(()));
        assert_eq!(
            p.list("o").as_deref(),
            Ok("absolute@ both/ d/ dangling@ f full/ kind/ leaves@ own/ pages to-d@ to-g@")
        );
        // An open file that loses its name is read on.
        let fd = p.open("o/d/g").unwrap();
        assert_eq!(p.unlink("o/d/g"), Ok(()));
        assert_eq!(p.pread(fd, 20, 0), Ok(b"g below".to_vec()));
    });
}

#[test]
fn what_is_below_can_be_renamed() {
    each_form(|p| {
        assert_eq!(p.rename("o/f", "o/d/f"), Ok(()));
        assert_eq!(p.read("o/d/f").as_deref(), Ok("below"));
        assert_eq!(p.read("o/f"), Err(NOENT));
        // A directory that was not read yet, with what is beneath, also out of the overlay: it is all one filesystem.
        assert_eq!(p.rename("o/d/deep", "beside/deep"), Ok(()));
        assert_eq!(p.read("beside/deep/er/i").as_deref(), Ok("i below"));
        assert_eq!(p.list("beside/deep").as_deref(), Ok("er/ h"));
        assert_eq!(p.read("o/d/deep/h"), Err(NOENT));
        assert_eq!(p.rename("top", "o/hidden"), Ok(()));
        assert_eq!(p.read("o/hidden").as_deref(), Ok("of the tree"));
        assert_eq!(p.rename("o/full", "o/empty"), Ok(()), "the one replaced is empty");
        assert_eq!(p.read("o/empty/x").as_deref(), Ok("x"));
        assert_eq!(p.rename("o/d", "o/d/x"), Err(INVAL));
        assert_eq!(p.rename("o/d", "o/renamed"), Ok(()));
        assert_eq!(p.read("o/renamed/g").as_deref(), Ok("g below"));
        assert_eq!(p.read("o/to-g"), Err(NOENT));
    });
}

#[test]
fn reading_copies_nothing_and_fills_any_buffer() {
    const LARGE: u64 = 64 << 20;
    for form in FORMS {
        let host = lower();
        let file = fs::File::create(host.path().join("large")).unwrap();
        file.set_len(LARGE).unwrap();
        fs::File::create(host.path().join("huge")).unwrap().set_len(5 << 30).unwrap();
        let mut p = overlaid(form, "overlay = ['/o=data']", host.path());
        let fd = p.open("o/large").unwrap();
        assert_eq!(p.stat("o/large").unwrap().size, LARGE);
        let before = p.pages();
        for at in (0..LARGE).step_by(1 << 17) {
            assert_eq!(p.pread_to(fd, 0x1_0000, 1 << 17, at), Ok(1 << 17));
        }
        assert!(p.pages() <= before + 1, "{form}: {before} pages became {}", p.pages());
        // What is too large for our numbers says so.
        assert_eq!(p.stat("o/huge").unwrap().size, 5 << 30);
        assert_eq!(p.open("o/huge"), Err(OVERFLOW));
        p.assert_untouched();

        // In, around and across the bytes that are borrowed meanwhile.
        let expected = pages();
        let fd = p.open("o/pages").unwrap();
        for (addr, len, at) in [
            (1024, 16, 0),
            (1020, 8, 7),
            (1030, 5, 4095),
            (1039, 2, 9000),
            (1040, 16, 1),
            (1000, 200, 4000),
            (0, 21_000, 0),
            (1056, 100, 20_990),
        ] {
            p.put(0, &[0x77; 0x8000]);
            let want = expected.len().min(at + len as usize) - at;
            assert_eq!(p.pread_to(fd, addr, len, at as u64), Ok(want as u32), "{addr} {len} {at}");
            let (got, rest) = p.get(0, 0x8000).split_at(addr as usize + want);
            assert!(got[..addr as usize].iter().all(|&byte| byte == 0x77), "{addr} {len} {at}");
            assert!(got[addr as usize..] == expected[at..at + want], "{addr} {len} {at}");
            assert!(rest.iter().all(|&byte| byte == 0x77), "{addr} {len} {at}");
        }
    }
}

#[test]
fn what_changes_below_meanwhile_does_no_harm() {
    for form in FORMS {
        let host = lower();
        let mut p = overlaid(form, "overlay = ['/o=data']", host.path());
        let fd = p.open("o/pages").unwrap();
        assert_eq!(p.pread(fd, 3, 0), Ok(pages()[..3].to_vec()));
        fs::OpenOptions::new()
            .write(true)
            .open(host.path().join("pages"))
            .unwrap()
            .set_len(2)
            .unwrap();
        assert_eq!(p.pread(fd, 4, 0), Ok(vec![1, 2, 0, 0]), "shorter: zeros");
        fs::remove_file(host.path().join("f")).unwrap();
        assert_eq!(p.stat("o/f").unwrap().size, 5, "it was listed");
        let f = p.open_at(3, true, "o/f", 0, READ | WRITE).unwrap();
        assert_eq!(p.pread(f, 5, 0), Err(IO), "it cannot be read");
        assert_eq!(p.pwrite(f, b"x", 1), Err(IO), "nor copied up");
        assert_eq!(p.pwrite(f, b"whole", 0), Ok(5), "but replaced");
        assert_eq!(p.pread(f, 5, 0), Ok(b"whole".to_vec()));
        fs::remove_dir_all(host.path().join("d")).unwrap();
        assert_eq!(p.read("o/d/g"), Err(NOENT));
        p.assert_untouched();
    }
}

#[test]
fn an_embedder_is_told_of_the_file_that_cannot_be_read_and_of_no_other() {
    for form in FORMS {
        let host = lower();
        let mut p = overlaid(form, "overlay = ['/o=data']", host.path());
        for directory in ["o", "o/d", "o/both"] {
            p.list(directory).unwrap();
        }
        let other = p.open("o/both/lower").unwrap();
        fs::remove_file(host.path().join("f")).unwrap();
        let (api, store) = p.host_api();
        let error = api.read(&mut *store, "/o/f").unwrap_err();
        assert_eq!(error.find::<Errno>(), Some(&Errno::EIO), "{form}: {error:#}");
        assert_eq!(api.read(&mut *store, "/o/d/g").unwrap(), b"g below", "{form}");
        assert!(api.read(&mut *store, "/o/f").is_err(), "{form}");
        // Nor does the program learn of it.
        assert_eq!(p.pread(other, 9, 0), Ok(b"lower".to_vec()), "{form}");
        assert_eq!(p.read("o/d/g").as_deref(), Ok("g below"), "{form}");
        p.assert_untouched();
    }
}

#[test]
fn many_names_and_many_open_files() {
    for form in FORMS {
        let host = tempfile::tempdir().unwrap();
        for n in 0..500 {
            let name = format!("{n}{}", "-long".repeat(n % 40));
            fs::write(host.path().join(name), n.to_string()).unwrap();
        }
        let mut p = overlaid(form, "overlay = ['/o=data']", host.path());
        let names = p.list("o").unwrap();
        assert_eq!(names.split(' ').count(), 500 + 4);
        let names: Vec<&str> = names.split(' ').filter(|name| !name.ends_with('/')).collect();
        let mut open = Vec::new();
        for name in names.iter().filter(|name| **name != "hidden").take(100) {
            open.push((p.open(&format!("o/{name}")).unwrap(), name.split('-').next().unwrap()));
        }
        for _ in 0..3 {
            for (fd, number) in &open {
                assert_eq!(p.pread(*fd, 9, 0), Ok(number.as_bytes().to_vec()));
            }
        }
        p.assert_untouched();
    }
}

#[test]
fn a_missing_preopen_leaves_what_is_baked() {
    for form in FORMS {
        let (_files, tree) = upper();
        let mut policy = policy("overlay = ['/o=data']");
        policy.verbose = true;
        let mut p = Puppet::new(tree, policy, form, &[]);
        assert_eq!(p.read("top").as_deref(), Ok("of the tree"));
        assert_eq!(p.stderr(), "");
        assert_eq!(p.list("o").as_deref(), Ok("both/ hidden kind/ own/"));
        let told =
            "wasm-vfs: the host preopens no directory `data`, so there is nothing of it at /o\n";
        assert_eq!(p.stderr(), told);
        assert_eq!(p.read("o/f"), Err(NOENT));
        assert_eq!(p.read("o/both/name").as_deref(), Ok("above"));
        assert_eq!(p.write("o/f", "made"), Ok(()));
        assert_eq!(p.stderr(), told, "once");
        p.assert_untouched();
    }
}

#[test]
fn overlays_mounts_and_preopens_go_together() {
    for form in FORMS {
        let (host, mounted) = (lower(), lower());
        let (_files, tree) = upper();
        let policy = policy(
            "overlay = ['/=data', '/beside=data']\nmount = ['/o/m=other']\npreopen = ['/', '.=/o/both']",
        );
        let directories = [
            (host.path(), "data", FsPerms::ReadOnly),
            (mounted.path(), "other", FsPerms::ReadWrite),
        ];
        fs::create_dir_all(host.path().join("o/both/below")).unwrap();
        fs::create_dir_all(host.path().join("o/m/hidden")).unwrap();
        let mut p = Puppet::new(tree, policy, form, &directories);
        // The directory of a preopen, of which nobody has walked the path.
        assert_eq!(p.list_fd(4).as_deref(), Ok("below/ name upper"));
        assert!(p.stat_at(4, true, "below").is_ok());
        assert_eq!(p.stat_at(4, true, "../own"), Err(PERM));
        assert_eq!(
            p.list(".").as_deref(),
            Ok(
                "absolute@ beside/ both/ d/ dangling@ dev/ empty/ f full/ hidden kind leaves@ o/ pages tmp/ to-d@ to-g@ top"
            )
        );
        assert_eq!(p.list("o").as_deref(), Ok("both/ hidden kind/ m/ own/"));
        assert_eq!(p.read("o/m/f").as_deref(), Ok("below"));
        assert_eq!(p.read("o/m/hidden").as_deref(), Ok("never seen"), "the mount's");
        assert_eq!(p.read("o/m/../../f").as_deref(), Ok("below"));
        assert_eq!(p.write("o/m/f", "written"), Ok(()));
        assert_eq!(fs::read_to_string(mounted.path().join("f")).unwrap(), "written");
        assert_eq!(p.read("beside/d/g").as_deref(), Ok("g below"));
        assert_eq!(p.unlink("beside/d/g"), Ok(()));
        assert_eq!(p.read("d/g").as_deref(), Ok("g below"), "the other overlay of it");
        assert_eq!(p.rename("f", "o/m/f2"), Err(XDEV));
        p.assert_untouched();
    }
}

#[test]
fn an_embedder_sees_the_tree_alone() {
    for form in FORMS {
        let (host, mounted) = (lower(), lower());
        let (_files, tree) = upper();
        let policy = policy("overlay = ['/o=data']\nmount = ['/m=other']");
        let directories = [
            (host.path(), "data", FsPerms::ReadOnly),
            (mounted.path(), "other", FsPerms::ReadWrite),
        ];
        let mut p = Puppet::new(tree, policy, form, &directories);
        let names = |p: &mut Puppet, path: &str| {
            let (api, store) = p.host_api();
            let names = api.list(store, path).unwrap().into_iter().map(|entry| entry.name);
            let mut names: Vec<String> = names.collect();
            names.sort();
            names.join(" ")
        };
        // Nothing was read in yet.
        assert_eq!(names(&mut p, "/o"), "both hidden kind own");
        assert_eq!(names(&mut p, "/m"), "");
        let (api, store) = p.host_api();
        api.put(&mut *store, "/o/put", 0o644, &b"put"[..]).unwrap();
        assert!(api.put(&mut *store, "/m/put", 0o644, &b"put"[..]).is_err(), "nothing of the host");
        assert_eq!(p.read("o/put").as_deref(), Ok("put"));
        assert_eq!(p.read("o/d/g").as_deref(), Ok("g below"));
        assert_eq!(p.write("o/f", "written"), Ok(()));
        assert_eq!(names(&mut p, "/o/d"), "deep g up");
        let (api, store) = p.host_api();
        assert_eq!(api.read(&mut *store, "/o/d/g").unwrap(), b"g below");
        assert_eq!(api.read(&mut *store, "/o/f").unwrap(), b"written");
        let mut tar = Vec::new();
        api.export_tar(&mut *store, "/", &mut tar).unwrap();
        let mut archive = tar::Archive::new(&tar[..]);
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        for path in ["o/d/g", "o/both/upper", "m/", "o/to-g"] {
            assert!(
                paths.iter().any(|found| found.trim_start_matches("./") == path),
                "{path}: {paths:?}"
            );
        }
        p.assert_untouched();
    }
}
