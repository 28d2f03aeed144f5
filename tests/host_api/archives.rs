//! Tar archives, held against the `tar` crate.

use std::collections::BTreeMap;
use std::io::Read as _;

use tar::{Builder, EntryType, Header};
use wasm_vfs::{Errno, FileType, PackedModule, Policy};

use crate::sparse::put_at;
use crate::{FORMS, Running, noise, pack};

/// A member as the tests see it: type, mode, owner, time, link, contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) entry_type: EntryType,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// Seconds and what follows the point.
    pub(crate) mtime: String,
    pub(crate) link: Vec<u8>,
    pub(crate) contents: Vec<u8>,
}

/// What the `tar` crate reads of an archive, by name.
pub(crate) fn members(archive: &[u8]) -> BTreeMap<Vec<u8>, Member> {
    let mut members = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut member = Member {
            entry_type: entry.header().entry_type(),
            mode: entry.header().mode().unwrap(),
            uid: entry.header().uid().unwrap(),
            gid: entry.header().gid().unwrap(),
            mtime: entry.header().mtime().unwrap().to_string(),
            link: entry.link_name_bytes().unwrap_or_default().into_owned(),
            contents: Vec::new(),
        };
        if let Some(records) = entry.pax_extensions().unwrap() {
            for record in records {
                let record = record.unwrap();
                let value = || record.value().unwrap().to_owned();
                match record.key().unwrap() {
                    "mtime" => member.mtime = value(),
                    "uid" => member.uid = value().parse().unwrap(),
                    "gid" => member.gid = value().parse().unwrap(),
                    _ => {}
                }
            }
        }
        entry.read_to_end(&mut member.contents).unwrap();
        members.insert(entry.path_bytes().into_owned(), member);
    }
    members
}

pub(crate) fn import(running: &mut Running, archive: &[u8]) -> Result<(), wasm_vfs::Error> {
    running.api.import_tar(&mut running.store, "/in", archive)
}

pub(crate) fn export(running: &mut Running, path: &str) -> Vec<u8> {
    let mut archive = Vec::new();
    running.api.export_tar(&mut running.store, path, &mut archive).unwrap();
    archive
}

pub(crate) fn header(entry_type: EntryType, mode: u32, mtime: u64, size: usize) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_uid(7);
    header.set_gid(8);
    header.set_mtime(mtime);
    header.set_size(size as u64);
    header
}

/// What every kind of member is imported from: ustar with a prefix, GNU long names, pax records.
fn archive() -> Vec<u8> {
    let long = format!("{}/{}", "l".repeat(200), "n".repeat(150));
    let split = format!("{}/{}", "p".repeat(90), "s".repeat(80));
    let mut builder = Builder::new(Vec::new());
    let mut directory = header(EntryType::Directory, 0o1770, 1_000_000, 0);
    builder.append_data(&mut directory, "dir/", &[][..]).unwrap();
    for (name, contents) in [
        ("dir/empty", vec![]),
        ("dir/block", noise(512)),
        ("no/directory/of/its/own", noise(513)),
        (&split, noise(100)),
        (&long, noise(700_001)),
        ("ümläut", b"x".to_vec()),
    ] {
        let mut file = header(EntryType::Regular, 0o640, 2_000_000, contents.len());
        builder.append_data(&mut file, name, &contents[..]).unwrap();
    }
    let mut link = header(EntryType::Symlink, 0o777, 3_000_000, 0);
    builder.append_link(&mut link, "dir/link", "../somewhere").unwrap();
    builder.append_link(&mut link, "dir/absolute", "/etc/passwd").unwrap();
    builder.append_link(&mut link, "dir/long-link", "t".repeat(300)).unwrap();
    let mut hard = header(EntryType::Link, 0o640, 2_000_000, 0);
    builder.append_link(&mut hard, "second-name", "dir/block").unwrap();
    builder.append_link(&mut hard, "third-name", &long).unwrap();
    builder
        .append_pax_extensions([
            ("mtime", &b"-1.25"[..]),
            ("uid", b"3000000000"),
            ("path", "from-pax/é".as_bytes()),
            ("comment", b"nobody looks at it"),
        ])
        .unwrap();
    let mut file = header(EntryType::Regular, 0o4755, 0, 3);
    builder.append_data(&mut file, "not-this-name", &b"pax"[..]).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn what_goes_in_comes_out() {
    let archive = archive();
    let expected = members(&archive);
    for form in FORMS {
        let mut running = Running::new(form);
        import(&mut running, &archive).unwrap();
        let got = members(&export(&mut running, "/in"));
        for (name, expected) in &expected {
            let mut name = name.clone();
            let mut expected = expected.clone();
            match &name[..] {
                b"not-this-name" => unreachable!("the tar crate reads pax paths"),
                b"second-name" | b"third-name" | b"dir/block" => continue,
                _ if name.starts_with(b"lll") => continue,
                b"dir" => name.push(b'/'),
                _ => {}
            }
            let mut got = got.get(&name).cloned().unwrap_or_else(|| {
                panic!("{} is missing of {:?}", String::from_utf8_lossy(&name), got.keys())
            });
            if expected.entry_type == EntryType::Symlink {
                // The mode of a link means nothing.
                got.mode = expected.mode;
            }
            expected.mtime = expected.mtime.trim_end_matches('0').to_owned();
            got.mtime = got.mtime.trim_end_matches('0').to_owned();
            assert_eq!(got, expected, "{}", String::from_utf8_lossy(&name));
        }
        // Whichever name comes first is the file.
        let (api, store) = (running.api.clone(), &mut running.store);
        let first = api.stat(&mut *store, "/in/dir/block").unwrap();
        assert_eq!(first, api.stat(&mut *store, "/in/second-name").unwrap());
        assert_eq!((first.nlink, first.size, first.mtime), (2, 512, (2_000_000, 0)));
        assert_eq!(api.read(&mut *store, "/in/third-name").unwrap(), noise(700_001));
        let pax = api.stat(&mut *store, "/in/from-pax/é").unwrap();
        assert_eq!((pax.mtime, pax.uid, pax.gid), ((-2, 750_000_000), 3_000_000_000, 8));
        assert_eq!(pax.mode & 0o7777, 0o4755);
        assert_eq!(running.names("/"), ["dev", "in", "tmp"]);
    }
}

#[test]
fn an_archive_imported_anew_changes_nothing() {
    let mut running = Running::new(FORMS[0]);
    import(&mut running, &archive()).unwrap();
    let once = export(&mut running, "/in");
    let mut again = Running::new(FORMS[0]);
    for _ in 0..3 {
        import(&mut again, &once).unwrap();
        assert_eq!(members(&export(&mut again, "/in")), members(&once));
    }
}

#[test]
fn pieces_may_be_of_any_size() {
    let mut whole = Running::new(FORMS[0]);
    import(&mut whole, &archive()).unwrap();
    // A sparse member whose map has several blocks.
    whole.put("/in/sparse", b"");
    for at in 1..100 {
        assert_eq!(put_at(&mut whole, "/in/sparse", at * 12_345, &noise(500)), 500);
    }
    // Here every directory is a member, with its time.
    let archive = export(&mut whole, "/in");
    for size in [1, 511, 513, 4099] {
        let mut running = Running::new(FORMS[1]);
        running.api.create_dir_all(&mut running.store, "/in", 0o755).unwrap();
        let room = running.call::<u32, u32>("wasm_vfs_allocate", 8192).unwrap();
        let memory = running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
        memory.write(&mut running.store, room as usize, b"/in").unwrap();
        assert_eq!(running.call::<(u32, u32), i32>("wasm_vfs_import_begin", (room, 3)).unwrap(), 0);
        for piece in archive.chunks(size) {
            memory.write(&mut running.store, room as usize, piece).unwrap();
            let args = (room, piece.len() as u32);
            assert_eq!(running.call::<(u32, u32), i32>("wasm_vfs_import", args).unwrap(), 0);
        }
        assert_eq!(running.call::<(), i32>("wasm_vfs_import_end", ()).unwrap(), 0);
        memory.write(&mut running.store, room as usize, b"/in").unwrap();
        assert_eq!(running.call::<(u32, u32), i32>("wasm_vfs_export_begin", (room, 3)).unwrap(), 0);
        let mut exported = Vec::new();
        loop {
            let args = (room, size as u32);
            match running.call::<(u32, u32), i32>("wasm_vfs_export", args).unwrap() {
                0 => break,
                filled => {
                    assert!(filled > 0, "{filled}");
                    let piece = &memory.data(&running.store)[room as usize..][..filled as usize];
                    exported.extend_from_slice(piece);
                }
            }
        }
        assert!(exported == archive, "pieces of {size}");
    }
}

#[test]
fn a_fresh_tree_exports_as_the_packed_file_does() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir_all(at("a/b")).unwrap();
    std::fs::write(at("a/b/file"), noise(3000)).unwrap();
    std::fs::write(at("a/empty"), b"").unwrap();
    std::fs::hard_link(at("a/b/file"), at("z")).unwrap();
    std::fs::write(at(&"n".repeat(200)), b"long").unwrap();
    std::os::unix::fs::symlink("b/file", at("a/link")).unwrap();
    std::os::unix::fs::symlink("t".repeat(150), at("long-link")).unwrap();
    // A link with two names.
    std::fs::hard_link(at("a/link"), at("a/link-again")).unwrap();
    for form in FORMS {
        let packed = pack(directory.path(), form, Policy::from_toml("no-dev = true").unwrap());
        let mut expected = Vec::new();
        let mut module = PackedModule::from_reader(std::io::Cursor::new(&packed)).unwrap();
        module.export_tar(&mut expected).unwrap();
        let exported = export(&mut Running::of(&packed), "/");
        assert_eq!(members(&exported), members(&expected));
        assert!(exported == expected, "the same members, other bytes");
    }
}

/// The names of devices in an archive, with their numbers.
fn devices(archive: &[u8]) -> BTreeMap<Vec<u8>, (u32, u32)> {
    let mut devices = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        if matches!(header.entry_type(), EntryType::Char | EntryType::Block) {
            let number = |field: std::io::Result<Option<u32>>| field.unwrap().unwrap();
            let numbers = (number(header.device_major()), number(header.device_minor()));
            devices.insert(entry.path_bytes().into_owned(), numbers);
        }
    }
    devices
}

#[test]
fn a_tree_with_devices_can_be_imported_again() {
    for form in FORMS {
        let packed = pack(tempfile::tempdir().unwrap().path(), form, Policy::default());
        let mut by_tool = Vec::new();
        let mut module = PackedModule::from_reader(std::io::Cursor::new(&packed)).unwrap();
        module.export_tar(&mut by_tool).unwrap();
        let by_program = export(&mut Running::of(&packed), "/");
        assert_eq!(devices(&by_tool).get(&b"dev/null"[..]), Some(&(1, 3)));
        assert_eq!(devices(&by_program), devices(&by_tool), "{form}");
        assert_eq!(members(&by_program), members(&by_tool), "{form}");
        for archive in [&by_tool, &by_program] {
            let mut running = Running::new(form);
            import(&mut running, archive).unwrap();
            assert_eq!(members(&export(&mut running, "/in")), members(archive), "{form}");
            // They are what they say.
            assert_eq!(running.read("/in/dev/null"), b"");
            running.put("/in/dev/null", b"gone");
            assert_eq!(running.read("/in/dev/null"), b"");
            // Onto the tree's own, too.
            running.api.import_tar(&mut running.store, "/", &archive[..]).unwrap();
            assert_eq!(running.read("/dev/null"), b"");
        }
    }
}

#[test]
fn pipes_and_devices_come_in_and_go_out() {
    let nodes = [
        ("pipe", EntryType::Fifo, 0, 0),
        ("terminal", EntryType::Char, 4, 64),
        ("port", EntryType::Char, 1, 4),
        ("disk", EntryType::Block, 259, 70_000),
    ];
    let mut builder = Builder::new(Vec::new());
    for (name, entry_type, major, minor) in nodes {
        let mut header = header(entry_type, 0o6640, 7, 0);
        header.set_path(name).unwrap();
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
    }
    let mut link = header(EntryType::Link, 0o6640, 7, 0);
    builder.append_link(&mut link, "second", "disk").unwrap();
    let archive = builder.into_inner().unwrap();
    for form in FORMS {
        let mut running = Running::new(form);
        import(&mut running, &archive).unwrap();
        for (name, entry_type, major, minor) in nodes {
            let status = running.api.lstat(&mut running.store, &format!("/in/{name}")).unwrap();
            let expected = match entry_type {
                EntryType::Fifo => FileType::Fifo,
                EntryType::Char => FileType::CharDevice,
                _ => FileType::BlockDevice,
            };
            assert_eq!(status.file_type(), Some(expected), "{form}, {name}");
            // Nothing is behind it: neither a device of the machine's nor another end.
            let error = running.api.read(&mut running.store, &format!("/in/{name}")).unwrap_err();
            assert_eq!(error.find(), Some(&Errno::ENXIO), "{form}, {name}: {error:#}");
            let exported = export(&mut running, "/in");
            let name = name.as_bytes();
            assert_eq!(members(&exported).get(name), members(&archive).get(name), "{form}");
            let numbers = devices(&exported).get(name).copied();
            let is_device = entry_type != EntryType::Fifo;
            assert_eq!(numbers, is_device.then_some((major, minor)), "{form}");
        }
        // As listed: whichever name comes first is the original.
        let exported = members(&export(&mut running, "/in"));
        assert_eq!(exported[&b"second"[..]].entry_type, EntryType::Link, "{form}");
        assert_eq!(exported[&b"second"[..]].link, b"disk", "{form}");
    }
}

/// An archive of one member.
pub(crate) fn one(entry_type: EntryType, name: &[u8], link: &[u8], contents: &[u8]) -> Vec<u8> {
    let mut header = header(entry_type, 0o644, 0, contents.len());
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
    header.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&header, contents).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn refused_members_are_named_and_leave_nothing() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/secret", b"s");
        running.put("/in/d/f", b"f");
        running.api.symlink(&mut running.store, "/", "/in/out").unwrap();
        let before = export(&mut running, "/");
        let rows = [
            (one(EntryType::Regular, b"../x", b"", b"x"), Errno::EINVAL, "../x"),
            (one(EntryType::Regular, b"a/../../x", b"", b"x"), Errno::EINVAL, "a/../../x"),
            (one(EntryType::Regular, b"out/secret", b"", b"x"), Errno::EXDEV, "out/secret"),
            (one(EntryType::Directory, b"out", b"", b""), Errno::EEXIST, "out"),
            (one(EntryType::Link, b"h", b"out/secret", b""), Errno::EXDEV, "h"),
            (one(EntryType::Link, b"h", b"none", b""), Errno::ENOENT, "h"),
            (one(EntryType::Regular, b"d", b"", b"x"), Errno::EISDIR, "d"),
            (one(EntryType::Regular, b"", b"", b"x"), Errno::EISDIR, ""),
            (one(EntryType::Regular, b"\xff", b"", b"x"), Errno::EILSEQ, "\u{fffd}"),
            (one(EntryType::Symlink, b"l", b"\xff", b""), Errno::EILSEQ, "l"),
            (one(EntryType::GNUSparse, b"s", b"", b""), Errno::EOPNOTSUPP, "s"),
            (one(EntryType::new(b'?'), b"q", b"", b""), Errno::EOPNOTSUPP, "q"),
        ];
        for (archive, expected, name) in rows {
            let error = import(&mut running, &archive).unwrap_err();
            assert_eq!(error.find(), Some(&expected), "{error:#}");
            if !name.is_empty() {
                let text = format!("{error:#}");
                assert!(text.contains(&format!("its member `{name}`: ")), "{text}");
            }
            let after = export(&mut running, "/");
            // Only the times of the directory may have changed.
            let contents = |archive: &[u8]| -> Vec<_> {
                members(archive).into_iter().map(|(name, it)| (name, it.contents)).collect()
            };
            assert_eq!(contents(&after), contents(&before), "{name}");
        }
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let archive = one(EntryType::Regular, b"f", b"", &noise(1000));
    let mut running = Running::new(FORMS[0]);
    for at in 0..512 {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x11;
        let error = import(&mut running, &damaged).expect_err("a wrong checksum");
        assert_eq!(error.find(), Some(&Errno::EINVAL), "byte {at}: {error:#}");
        assert_eq!(running.names("/in"), [""; 0], "byte {at}");
    }
    let error = import(&mut running, b"PK\x03\x04 is a zip archive").unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("it is no tar archive, or a damaged or incomplete one"), "{text}");
}

#[test]
fn an_archive_that_is_cut_short_is_refused_and_leaves_no_half_member() {
    let (first, second) = (noise(1000), noise(2000));
    let mut builder = Builder::new(Vec::new());
    for (name, contents) in [("first", &first), ("second", &second)] {
        let mut file = header(EntryType::Regular, 0o644, 0, contents.len());
        builder.append_data(&mut file, name, &contents[..]).unwrap();
    }
    let archive = builder.into_inner().unwrap();
    // Where the members end, and where the archive's end begins.
    let (first_end, second_end) = (512 + 1000, 512 + 1024 + 512 + 2000);
    let complete = 512 + 1024 + 512 + 2048 + 512;
    let mut running = Running::new(FORMS[1]);
    for len in (0..archive.len()).step_by(97).chain([complete - 1, complete]) {
        let result = import(&mut running, &archive[..len]);
        assert_eq!(result.is_ok(), len >= complete, "{len} bytes of {complete}: {result:?}");
        let names = running.names("/in");
        let expected: &[&str] = match len {
            _ if len >= second_end => &["first", "second"],
            _ if len >= first_end => &["first"],
            _ => &[],
        };
        assert_eq!(names, expected, "{len} bytes");
        for (name, contents) in [("first", &first), ("second", &second)] {
            if names.iter().any(|there| there == name) {
                assert!(running.read(&format!("/in/{name}")) == *contents, "{len} bytes");
            }
        }
        running.api.remove(&mut running.store, "/in").unwrap();
    }
}

#[test]
fn a_second_import_or_export_takes_the_place_of_the_first() {
    let archive = one(EntryType::Regular, b"f", b"", &noise(5000));
    for form in FORMS {
        let mut running = Running::new(form);
        let (api, store) = (running.api.clone(), &mut running.store);
        // The first ends in the middle of a member, for its source does.
        struct Broken<'a>(&'a [u8]);
        impl std::io::Read for Broken<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(std::io::Error::other("the disk is broken")),
                    read => Ok(read),
                }
            }
        }
        let error = api.import_tar(&mut *store, "/in", Broken(&archive[..2000])).unwrap_err();
        assert!(format!("{error:#}").ends_with("the disk is broken"), "{error:#}");
        assert_eq!(running.names("/in"), [""; 0]);
        import(&mut running, &archive).unwrap();
        assert_eq!(running.names("/in"), ["f"]);
        // Half an export, then another.
        let (api, store) = (running.api.clone(), &mut running.store);
        struct Full;
        impl std::io::Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the disk is full"))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        assert!(api.export_tar(&mut *store, "/in", Full).is_err());
        assert_eq!(members(&export(&mut running, "/in")).len(), 2);
    }
}
