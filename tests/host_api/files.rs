//! Single files.

use wasm_vfs::{Errno, FileType};

use crate::{FORMS, Running, noise};

/// More than several pieces.
const LARGE: usize = 1_000_003;

#[track_caller]
fn errno<T: std::fmt::Debug>(result: Result<T, wasm_vfs::Error>) -> Errno {
    let error = result.unwrap_err();
    *error.find::<Errno>().unwrap_or_else(|| panic!("{error:#}"))
}

#[test]
fn input_in_program_output_out() {
    for form in FORMS {
        for len in [0, 1, 4096, LARGE] {
            let contents = noise(len);
            let mut running = Running::new(form);
            running.put("/input/in", &contents);
            running.call::<(), ()>("_start", ()).unwrap();
            running.call::<(), ()>("copy", ()).unwrap();
            assert_eq!(running.read("/output/out"), contents, "{form}, {len} bytes");
            assert_eq!(running.api.exit_status(&mut running.store).unwrap(), None);
        }
    }
}

#[test]
fn it_works_after_an_exit_and_after_a_trap() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/input/in", b"left behind");
        running.call::<(), ()>("copy", ()).unwrap();
        running.call::<i32, ()>("exit", 3).unwrap_err();
        assert_eq!(running.api.exit_status(&mut running.store).unwrap(), Some(3));
        assert_eq!(running.read("/output/out"), b"left behind");
        running.put("/after", b"exit");

        running.call::<(), ()>("trap", ()).unwrap_err();
        assert_eq!(running.read("/after"), b"exit");
        running.put("/after", b"trap");
        assert_eq!(running.read("/after"), b"trap");
        assert_eq!(running.names("/"), ["after", "dev", "input", "output", "tmp"]);
    }
}

#[test]
fn it_takes_none_of_the_programs_descriptors_and_needs_none() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.api.create_dir_all(&mut running.store, "output", 0o755).unwrap();
        let used = running.call::<(), i32>("use_up", ()).unwrap();
        // 65,536 but for the standard streams and the preopen.
        assert_eq!(used, 65_532, "{form}");
        running.put("/input/in", b"x");
        assert_eq!(running.read("/input/in"), b"x");
        assert_eq!(running.names("/"), ["dev", "input", "output", "tmp"]);
        running.api.remove(&mut running.store, "/input").unwrap();
    }
}

#[test]
fn the_memory_may_move_between_calls() {
    for form in FORMS {
        let mut running = Running::new(form);
        let contents = noise(LARGE);
        running.put("/input/in", &contents);
        for pages in [1, 100, 1000] {
            assert_ne!(running.call::<i32, i32>("grow", pages).unwrap(), -1);
            assert_eq!(running.read("/input/in"), contents, "{form}, {pages} pages");
            running.put("/more", &contents);
        }
        running.call::<(), ()>("copy", ()).unwrap();
        assert_eq!(running.read("/output/out"), contents);
    }
}

#[test]
fn what_files_are() {
    for form in FORMS {
        let mut running = Running::new(form);
        let (api, store) = (running.api.clone(), &mut running.store);
        api.put(&mut *store, "/a/b/c", 0o751, &b"0123456789"[..]).unwrap();
        api.symlink(&mut *store, "b/c", "/a/link").unwrap();
        api.create_dir_all(&mut *store, "/a/d/e", 0o700).unwrap();
        let file = api.stat(&mut *store, "/a/link").unwrap();
        assert_eq!(file.file_type(), Some(FileType::Regular));
        assert_eq!((file.size, file.mode & 0o7777, file.nlink), (10, 0o751, 1));
        assert_eq!((file.uid, file.gid, file.blocks), (0, 0, 8));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(file.mtime.0.abs_diff(now.as_secs().cast_signed()) < 600, "{file:?}");
        let link = api.lstat(&mut *store, "/a/link").unwrap();
        assert_eq!((link.file_type(), link.size), (Some(FileType::Symlink), 3));
        assert_eq!(api.read_link(&mut *store, "/a/link").unwrap(), "b/c");
        assert_eq!(api.stat(&mut *store, "a/d/e").unwrap().mode & 0o7777, 0o700);
        assert_eq!(api.stat(&mut *store, "a/d").unwrap().mode & 0o7777, 0o755);
        let listed = api.list(&mut *store, "/a").unwrap();
        let listed: Vec<_> =
            listed.iter().map(|entry| (entry.name.as_str(), entry.file_type)).collect();
        assert_eq!(
            listed,
            [
                ("b", Some(FileType::Directory)),
                ("link", Some(FileType::Symlink)),
                ("d", Some(FileType::Directory)),
            ]
        );
        // A file that is put again is cut, and has the mode that it is given.
        api.put(&mut *store, "/a/link", 0o600, &b"abc"[..]).unwrap();
        assert_eq!(api.read(&mut *store, "/a/b/c").unwrap(), b"abc");
        assert_eq!(api.stat(&mut *store, "/a/b/c").unwrap().mode & 0o7777, 0o600);
    }
}

#[test]
fn a_directory_of_thousands_is_listed_in_pieces() {
    let mut running = Running::new(FORMS[0]);
    let expected: Vec<String> = (0..12_000).map(|n| format!("a-rather-long-name-{n:06}")).collect();
    for name in &expected {
        running.put(&format!("/many/{name}"), b"");
    }
    assert_eq!(running.names("/many"), expected);
    running.api.remove(&mut running.store, "/many").unwrap();
    assert_eq!(running.names("/"), ["dev", "tmp"]);
}

#[test]
fn errors_are_errnos_and_name_the_path() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/f", b"x");
        running.put("/d/x", b"x");
        let (api, store) = (running.api.clone(), &mut running.store);
        let error = api.read(&mut *store, "/none").unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "cannot get `/none` from the tree: No such file or directory (ENOENT)"
        );
        assert_eq!(errno(api.read(&mut *store, "/d")), Errno::EISDIR);
        assert_eq!(errno(api.read(&mut *store, "/f/x")), Errno::ENOTDIR);
        assert_eq!(errno(api.list(&mut *store, "/f")), Errno::ENOTDIR);
        assert_eq!(errno(api.put(&mut *store, "/d", 0o644, &b""[..])), Errno::EISDIR);
        assert_eq!(errno(api.put(&mut *store, "/f/x", 0o644, &b""[..])), Errno::ENOTDIR);
        assert_eq!(errno(api.put(&mut *store, "/d/", 0o644, &b""[..])), Errno::EISDIR);
        assert_eq!(errno(api.create_dir_all(&mut *store, "/f", 0o755)), Errno::EEXIST);
        assert_eq!(errno(api.create_dir_all(&mut *store, "/f/g/h", 0o755)), Errno::ENOTDIR);
        assert_eq!(errno(api.symlink(&mut *store, "x", "/f")), Errno::EEXIST);
        assert_eq!(errno(api.symlink(&mut *store, "", "/g")), Errno::ENOENT);
        assert_eq!(errno(api.read_link(&mut *store, "/f")), Errno::EINVAL);
        let long = "x/".repeat(3000);
        assert_eq!(errno(api.stat(&mut *store, &long)), Errno::ENAMETOOLONG);
        assert_eq!(errno(api.stat(&mut *store, "/f\0")), Errno::EINVAL);
        // An empty path is the root.
        assert_eq!(api.stat(&mut *store, "").unwrap(), api.stat(&mut *store, "/").unwrap());
    }
}

#[test]
fn removing() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/d/e/f", b"x");
        running.put("/d/g", b"x");
        let (api, store) = (running.api.clone(), &mut running.store);
        api.symlink(&mut *store, "/d", "/link").unwrap();
        assert_eq!(errno(api.remove(&mut *store, "/none")), Errno::ENOENT);
        assert_eq!(errno(api.remove(&mut *store, "/")), Errno::EBUSY);
        assert_eq!(errno(api.remove(&mut *store, "/d/.")), Errno::EINVAL);
        assert_eq!(errno(api.remove(&mut *store, "/d/e/..")), Errno::EINVAL);
        assert_eq!(errno(api.remove(&mut *store, "/d/g/x")), Errno::ENOTDIR);
        api.remove(&mut *store, "/link").unwrap();
        assert_eq!(running.names("/d"), ["e", "g"]);
        running.api.remove(&mut running.store, "/d").unwrap();
        assert_eq!(running.names("/"), ["dev", "tmp"]);
    }
}

#[test]
fn a_tree_deeper_than_any_path_is_exported_and_removed() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.call::<i32, ()>("nest", 5000).unwrap();
        let mut archive = Vec::new();
        running.api.export_tar(&mut running.store, "/", &mut archive).unwrap();
        let mut longest = 0;
        for member in tar::Archive::new(&archive[..]).entries().unwrap() {
            longest = longest.max(member.unwrap().path_bytes().len());
        }
        assert_eq!(longest, 10_000);
        running.api.remove(&mut running.store, "/d").unwrap();
        assert_eq!(running.names("/"), ["dev", "tmp"]);
    }
}
