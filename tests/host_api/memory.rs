//! What works when the program has used up all memory, or all that the policy allows: all that reads or removes, and of what
//! writes as much as there is room for.

use std::collections::BTreeSet;

use tar::EntryType;
use wasm_vfs::{Errno, Form, Policy};

use crate::archives::{export, import, members, one};
use crate::{FORMS, Running, noise, pack};

/// A tree that programs are packed with here.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir_all(at("t/deep/er")).unwrap();
    std::fs::write(at("t/a.txt"), b"a packed file").unwrap();
    std::fs::write(at("t/deep/er/large"), noise(400_000)).unwrap();
    std::fs::hard_link(at("t/a.txt"), at("t/deep/again")).unwrap();
    std::os::unix::fs::symlink("a.txt", at("t/link")).unwrap();
    std::os::unix::fs::symlink("t".repeat(300), at("t/long-link")).unwrap();
    directory
}

/// What the filesystem answered.
#[track_caller]
fn errno<T: std::fmt::Debug>(result: Result<T, wasm_vfs::Error>) -> Errno {
    let error = result.unwrap_err();
    *error.find::<Errno>().unwrap_or_else(|| panic!("{error:#}"))
}

/// Checks all that reads.
fn reading_works(running: &mut Running, what: &str) {
    let (api, store) = (running.api.clone(), &mut running.store);
    let stat = api.stat(&mut *store, "/t/link").unwrap();
    assert_eq!((stat.size, stat.nlink), (13, 2), "{what}");
    assert_eq!(api.lstat(&mut *store, "/t/link").unwrap().size, 5, "{what}");
    assert_eq!(api.read(&mut *store, "/t/a.txt").unwrap(), b"a packed file", "{what}");
    assert!(api.read(&mut *store, "/t/deep/er/large").unwrap() == noise(400_000), "{what}");
    assert_eq!(api.read_link(&mut *store, "/t/long-link").unwrap(), "t".repeat(300), "{what}");
    assert_eq!(api.next_data(&mut *store, "/t/a.txt", 0).unwrap(), Some(0..13), "{what}");
    assert_eq!(errno(api.read(&mut *store, "/none")), Errno::ENOENT, "{what}");
    let listed = running.names("/");
    assert!(listed.iter().any(|name| name == "t"), "{what}: {listed:?}");
    let exported = members(&export(running, "/"));
    assert_eq!(exported[&b"t/deep/er/large"[..]].contents, noise(400_000), "{what}");
    assert_eq!(exported[&b"t/deep/again"[..]].link, b"t/a.txt", "{what}");
    let top: BTreeSet<String> = exported
        .keys()
        .map(|name| String::from_utf8_lossy(name.split(|byte| *byte == b'/').next().unwrap()))
        .filter(|name| name != ".")
        .map(std::borrow::Cow::into_owned)
        .collect();
    assert!(top.iter().eq(&listed), "{what}: {top:?} is not {listed:?}");
}

/// Checks that what needs more room than there is is refused. There may be room for something small.
fn writing_is_refused(running: &mut Running, what: &str) {
    let before = export(running, "/t");
    let (api, store) = (running.api.clone(), &mut running.store);
    let large = noise(300_000);
    assert_eq!(errno(api.put(&mut *store, "/t/n/new", 0o644, &large[..])), Errno::ENOSPC, "{what}");
    // As much of it as there was room for.
    if let Ok(part) = api.read(&mut *store, "/t/n/new") {
        assert!(large.starts_with(&part), "{what}");
        api.remove(&mut *store, "/t/n").unwrap();
    }
    let archive = one(EntryType::Regular, b"n/e/w", b"", &large);
    let error = errno(api.import_tar(&mut *store, "/t", &archive[..]));
    assert!(matches!(error, Errno::ENOSPC | Errno::ENOMEM), "{what}: {error:?}");
    for small in 0..3 {
        let made = match small {
            0 => api.create_dir_all(&mut *store, "/t/n/e/w", 0o755),
            1 => api.symlink(&mut *store, "x", "/t/n/e/w"),
            _ => api.put(&mut *store, "/t/n/e/w", 0o644, &b"x"[..]).map(|_| ()),
        };
        match made {
            Err(error) => assert_eq!(error.find(), Some(&Errno::ENOSPC), "{what}"),
            Ok(()) => assert!(api.lstat(&mut *store, "/t/n/e/w").is_ok(), "{what}"),
        }
        if let Err(error) = api.remove(&mut *store, "/t/n") {
            assert_eq!(error.find(), Some(&Errno::ENOENT), "{what}");
        }
    }
    let (before, after) = (members(&before), members(&export(running, "/t")));
    assert!(before.keys().eq(after.keys()), "{what}: {:?}", after.keys());
}

/// Checks that what is removed makes room.
fn removing_makes_room(running: &mut Running, what: &str) {
    let (api, store) = (running.api.clone(), &mut running.store);
    for name in (1..8).map(|number| format!("/f000000{number}")) {
        api.remove(&mut *store, &name).unwrap();
    }
    let contents = noise(100_000);
    api.put(&mut *store, "/t/n/new", 0o644, &contents[..]).unwrap();
    assert!(api.read(&mut *store, "/t/n/new").unwrap() == contents, "{what}");
    let archive = one(EntryType::Regular, b"n/e/w", b"", &contents[..1000]);
    import(running, &archive).unwrap();
    assert!(running.read("/in/n/e/w") == contents[..1000], "{what}");
    // A file in place of itself.
    running.put("/t/n/new", b"less");
    assert_eq!(running.read("/t/n/new"), b"less", "{what}");
    running.api.remove(&mut running.store, "/t/n").unwrap();
}

/// How much memory the limits allow: the heap is cut at many places.
fn limits() -> impl Iterator<Item = usize> {
    (0..24).map(|step| (2 << 20) + step * 65_536 + step * step * 4096)
}

#[test]
fn after_the_program_has_used_up_all_memory() {
    let directory = directory();
    for form in FORMS {
        let packed = pack(directory.path(), form, Policy::default());
        for limit in limits() {
            let what = format!("{form}, {limit} bytes");
            let mut running = Running::of(&packed);
            running.limit_memory(limit);
            running.call::<(), ()>("fill", ()).unwrap();
            // Again and again, and nothing of it is used up.
            for _ in 0..3 {
                reading_works(&mut running, &what);
                writing_is_refused(&mut running, &what);
            }
            removing_makes_room(&mut running, &what);
            running.call::<(), ()>("fill", ()).unwrap();
            reading_works(&mut running, &what);
        }
    }
}

#[test]
fn after_the_program_has_used_up_what_the_policy_allows() {
    let directory = directory();
    for form in FORMS {
        for policy in ["max-bytes = '1MiB'\nmax-inodes = 60", "max-inodes = 40"] {
            let packed = pack(directory.path(), form, Policy::from_toml(policy).unwrap());
            let what = format!("{form}, {policy}");
            let mut running = Running::of(&packed);
            running.call::<(), ()>("fill", ()).unwrap();
            reading_works(&mut running, &what);
            writing_is_refused(&mut running, &what);
            removing_makes_room(&mut running, &what);
            reading_works(&mut running, &what);
        }
    }
}

#[test]
fn a_deep_tree_is_removed_without_memory() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.call::<i32, ()>("nest", 5000).unwrap();
        running.limit_memory(3 << 20);
        running.call::<(), ()>("fill", ()).unwrap();
        running.api.remove(&mut running.store, "/d").unwrap();
        assert!(!running.names("/").iter().any(|name| name == "d"), "{form}");
    }
}

/// An import and an export under way have files open, and other calls come between.
#[test]
fn archives_under_way_leave_descriptors_for_other_calls() {
    let directory = directory();
    let packed = pack(directory.path(), Form::Isolated, Policy::default());
    let mut running = Running::of(&packed);
    running.limit_memory(3 << 20);
    running.call::<(), ()>("fill", ()).unwrap();
    let memory = running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
    let room = running.call::<u32, u32>("wasm_vfs_allocate", 12 << 10).unwrap();
    assert_ne!(room, 0, "what can always be had");
    let data = room + 4096;
    let mut call = |name: &str, path: &str, rest: &[u32]| {
        memory.write(&mut running.store, room as usize, path.as_bytes()).unwrap();
        let function = running.instance.get_func(&mut running.store, name).unwrap();
        let place = [room, path.len() as u32];
        let place = if path.is_empty() { &[][..] } else { &place };
        let args = place.iter().chain(rest);
        let mut args: Vec<_> = args.map(|&it| wasmtime::Val::I32(it as i32)).collect();
        if name == "wasm_vfs_get" {
            args.push(wasmtime::Val::I64(0));
        }
        let mut results = [wasmtime::Val::I32(0)];
        function.call(&mut running.store, &args, &mut results).unwrap();
        results[0].unwrap_i32()
    };
    for _ in 0..100 {
        assert_eq!(call("wasm_vfs_export_begin", "/t", &[]), 0);
        let mut pieces = 0;
        loop {
            assert_eq!(call("wasm_vfs_get", "/t/a.txt", &[data, 100]), 13);
            match call("wasm_vfs_export", "", &[data, 8000]) {
                0 => break,
                filled => assert!(filled > 0, "{filled}"),
            }
            pieces += 1;
        }
        assert!(pieces > 50, "{pieces}");
    }
}
