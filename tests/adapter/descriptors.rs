//! Descriptors: standard streams, preopens, flags, rights, renumbering.

use super::errno::{
    BADF, DIRECTORY, FAULT, INVAL, NAMETOOLONG, NOTCAPABLE, NOTDIR, NOTSOCK, REGULAR_FILE,
};
use super::rig::{ALL, BUFFER, IOVECS, OUT, READ, Rig, Tree, WRITE};

const SEEK: u64 = 1 << 2;

#[test]
fn standard_streams_are_the_hosts() {
    let mut rig = Rig::empty();
    rig.world().host.insert("fd_fdstat_get", |world, args| {
        world.put(args[1] as u32, &[2; 24]);
        0
    });
    rig.world().host.insert("fd_seek", |_, _| 70);
    assert_eq!(rig.write(1, b"hi"), Ok(rig.u32(OUT)));
    assert_eq!(rig.seek(2, 0, 0), Err(70));
    assert_eq!(rig.fdstat(0).unwrap().filetype, 2);
    let calls: Vec<_> =
        rig.world().calls.iter().map(|(name, args)| (name.as_str(), args[0])).collect();
    assert_eq!(calls, [("fd_write", 1), ("fd_seek", 2), ("fd_fdstat_get", 0)]);
    // The program's own pointers go to the host.
    let args = rig.world().calls[0].1.clone();
    assert_eq!(args, [1, u64::from(IOVECS), 1, u64::from(OUT)]);
}

#[test]
fn closing_a_standard_stream_closes_it_at_the_host_and_no_file_takes_its_place() {
    let mut rig = Rig::empty();
    assert_eq!(rig.close(1), Ok(()));
    assert_eq!(rig.world().calls, [("fd_close".to_owned(), vec![1])]);
    assert_eq!(rig.write(1, b"x"), Err(BADF));
    // What a program goes on printing must not end up in the file that it opens next.
    assert_eq!(rig.create("log"), Ok(4));
    assert_eq!(rig.write(1, b"x"), Err(BADF));
    assert_eq!(rig.stat(0, "log").unwrap().size, 0);
    assert_eq!(rig.world().calls.len(), 1);
}

/// The host checks pointers against the whole memory, where the filesystem may lie above the program.
#[test]
fn wild_pointers_do_not_reach_the_host() {
    const WILD: u64 = 0xffff_fff0;
    let mut rig = Rig::empty();
    let iovecs = u64::from(IOVECS);
    // A vector of one piece that is not the program's.
    rig.world().put(IOVECS, &[0xf0, 0xff, 0xff, 0xff, 8, 0, 0, 0]);
    let rows: [(&str, &[u64]); 8] = [
        ("fd_write", &[1, WILD, 1, u64::from(OUT)]),
        ("fd_write", &[1, iovecs, 1, u64::from(OUT)]),
        ("fd_read", &[0, iovecs, 0, WILD]),
        ("fd_read", &[0, iovecs, 0xffff_ffff, u64::from(OUT)]),
        ("fd_fdstat_get", &[1, WILD]),
        ("fd_filestat_get", &[1, WILD]),
        ("fd_seek", &[1, 0, 0, WILD]),
        ("fd_tell", &[1, WILD]),
    ];
    for (name, args) in rows {
        assert_eq!(rig.call(name, args), Err(FAULT), "{name} {args:x?}");
    }
    assert_eq!(rig.world().calls, []);
}

#[test]
fn renumbering() {
    let mut rig = Rig::empty();
    let fd = rig.create("f").unwrap();
    assert_eq!(rig.call("fd_renumber", &[u64::from(fd), 9]), Err(BADF));
    assert_eq!(rig.call("fd_renumber", &[9, u64::from(fd)]), Err(BADF));
    assert_eq!(rig.call("fd_renumber", &[u64::from(fd); 2]), Ok(()));
    // Over stdout: what the program prints goes to the file.
    assert_eq!(rig.call("fd_renumber", &[u64::from(fd), 1]), Ok(()));
    assert_eq!(rig.world().calls, [("fd_close".to_owned(), vec![1])]);
    assert_eq!(rig.write(1, b"printed"), Ok(7));
    assert_eq!(rig.fstat(fd), Err(BADF));
    // stderr elsewhere: still the host's number 2.
    let fd = rig.open("f").unwrap();
    assert_eq!(rig.call("fd_renumber", &[2, u64::from(fd)]), Ok(()));
    rig.write(fd, b"x").unwrap();
    assert_eq!(rig.world().calls.pop().unwrap().1[0], 2);
    // A preopen elsewhere: still one.
    let fd = rig.open("f").unwrap();
    assert_eq!(rig.call("fd_renumber", &[3, u64::from(fd)]), Ok(()));
    assert_eq!(rig.call("fd_prestat_get", &[3, u64::from(OUT)]), Err(BADF));
    assert_eq!(rig.call("fd_prestat_get", &[u64::from(fd), u64::from(OUT)]), Ok(()));
    assert_eq!(rig.u64(OUT), 1 << 32, "a directory with a name of one byte");
    assert!(rig.open_at(fd, 0, "f", 0, READ, 0).is_ok());
}

#[test]
fn preopens() {
    let mut rig = Rig::empty();
    rig.call("fd_prestat_get", &[3, u64::from(OUT)]).unwrap();
    assert_eq!(rig.call("fd_prestat_dir_name", &[3, u64::from(BUFFER), 1]), Ok(()));
    assert_eq!(rig.world().get(BUFFER, 2), [b'/', 0xa5]);
    assert_eq!(rig.call("fd_prestat_dir_name", &[3, u64::from(BUFFER), 0]), Err(NAMETOOLONG));
    let fd = rig.create("f").unwrap();
    for fd in [0, u64::from(fd), 50] {
        assert_eq!(rig.call("fd_prestat_get", &[fd, u64::from(OUT)]), Err(BADF), "{fd}");
    }
    assert_eq!(rig.call("fd_prestat_dir_name", &[0, u64::from(BUFFER), 1]), Err(NOTDIR));
    assert_eq!(rig.call("fd_prestat_dir_name", &[50, u64::from(BUFFER), 1]), Err(BADF));
    assert_eq!(rig.close(3), Ok(()));
    assert_eq!(rig.call("fd_prestat_get", &[3, u64::from(OUT)]), Err(BADF));
    assert_eq!(rig.open("f"), Err(BADF));
}

#[test]
fn fdstat_shows_wasmtimes_rights() {
    let mut rig = Rig::empty();
    let preopen = rig.fdstat(3).unwrap();
    assert_eq!((preopen.filetype, preopen.flags), (DIRECTORY, 0));
    // What wasmtime-wasi 48 reports for a preopen: `fs_rights_base` and more in `fs_rights_inheriting`.
    assert_eq!(preopen.base, 0x7b7_fe00 & !(1 << 19));
    assert_eq!(preopen.inheriting, 0xff7_ffff);
    let file = rig.create("f").unwrap();
    let stat = rig.fdstat(file).unwrap();
    assert_eq!((stat.filetype, stat.flags), (REGULAR_FILE, 0));
    assert_eq!((stat.base, stat.inheriting), (ALL, ALL));
    let only_read = rig.open("f").unwrap();
    assert_eq!(rig.fdstat(only_read).unwrap().base, ALL & !WRITE);
    let only_write = rig.open_at(3, 0, "f", 0, WRITE, 1).unwrap();
    let stat = rig.fdstat(only_write).unwrap();
    assert_eq!((stat.flags, stat.base), (1, ALL & !READ & !(1 << 14)));
    rig.at("path_create_directory", 3, "d").unwrap();
    let dir = rig.open_at(3, 0, "d", 2, READ, 0).unwrap();
    let stat = rig.fdstat(dir).unwrap();
    assert_eq!(stat.base, ALL & !WRITE & !SEEK & !(1 << 22) & !(1 << 19));
}

#[test]
fn flags_can_be_set() {
    let mut rig = Rig::empty();
    let fd = rig.open_at(3, 0, "f", 1, READ | WRITE, 1).unwrap();
    assert_eq!(rig.write(fd, b"ab"), Ok(2));
    assert_eq!(rig.pwrite(fd, b"c", 0), Ok(1), "appends, as on Linux");
    assert_eq!(rig.pread(fd, 9, 0).unwrap(), b"abc");
    assert_eq!(rig.call("fd_fdstat_set_flags", &[u64::from(fd), 4]), Ok(()));
    assert_eq!(rig.fdstat(fd).unwrap().flags, 4);
    assert_eq!(rig.pwrite(fd, b"X", 0), Ok(1));
    assert_eq!(rig.pread(fd, 9, 0).unwrap(), b"Xbc");
    for sync in [2, 8, 16] {
        assert_eq!(rig.call("fd_fdstat_set_flags", &[u64::from(fd), sync]), Err(INVAL));
    }
    assert_eq!(rig.call("fd_fdstat_set_flags", &[3, 0]), Err(BADF), "a directory");
    let fd = rig.open_at(3, 0, "f", 0, WRITE, 16).unwrap();
    assert_eq!(rig.fdstat(fd).unwrap().flags, 16 | 2);
    assert_eq!(rig.call("fd_fdstat_set_flags", &[u64::from(fd), 16 | 1]), Ok(()));
}

#[test]
fn rights_shrink_and_stay_away() {
    let mut rig = Rig::empty();
    let fd = rig.create("f").unwrap();
    let set = |rig: &mut Rig, fd: u32, base: u64, inheriting: u64| {
        rig.call("fd_fdstat_set_rights", &[u64::from(fd), base, inheriting])
    };
    assert_eq!(set(&mut rig, fd, ALL & !WRITE, ALL), Ok(()));
    assert_eq!(rig.fdstat(fd).unwrap().base, ALL & !WRITE);
    assert_eq!(rig.write(fd, b"x"), Err(NOTCAPABLE));
    assert_eq!(rig.read(fd, 1), Ok(vec![]));
    assert_eq!(set(&mut rig, fd, ALL, ALL), Err(NOTCAPABLE), "nothing comes back");
    // A directory passes its inheriting rights on.
    let preopen = rig.fdstat(3).unwrap();
    assert_eq!(set(&mut rig, 3, preopen.base, preopen.inheriting & !WRITE), Ok(()));
    assert_eq!(rig.open_at(3, 0, "f", 0, WRITE, 0), Err(NOTCAPABLE));
    assert_eq!(rig.create("g"), Err(NOTCAPABLE));
    let fd = rig.open("f").unwrap();
    assert_eq!(rig.write(fd, b"x"), Err(NOTCAPABLE));
    assert_eq!(set(&mut rig, 3, preopen.base & !(1 << 13), preopen.inheriting & !WRITE), Ok(()));
    assert_eq!(rig.open("f"), Err(NOTCAPABLE));
    assert!(rig.stat(0, "f").is_ok());
}

#[test]
fn directories_are_no_files() {
    let mut rig = Rig::empty();
    let out = u64::from(OUT);
    assert_eq!(rig.read(3, 1), Err(BADF));
    assert_eq!(rig.pread(3, 1, 0), Err(BADF));
    assert_eq!(rig.write(3, b"x"), Err(BADF));
    assert_eq!(rig.seek(3, 0, 0), Err(BADF));
    for (name, args) in [
        ("fd_tell", &[3, out][..]),
        ("fd_sync", &[3]),
        ("fd_datasync", &[3]),
        ("fd_advise", &[3, 0, 0, 0]),
        ("fd_allocate", &[3, 0, 1]),
        ("fd_filestat_set_size", &[3, 0]),
    ] {
        assert_eq!(rig.call(name, args), Err(BADF), "{name}");
    }
    assert_eq!(rig.call("fd_filestat_set_times", &[3, 7, 8, 1 | 4]), Ok(()));
    assert_eq!(rig.fstat(3).unwrap().mtim, 8);
}

#[test]
fn sizes_and_times() {
    let mut rig = Rig::empty();
    let fd = rig.create("f").unwrap();
    let f = u64::from(fd);
    assert_eq!(rig.call("fd_filestat_set_size", &[f, 1 << 40]), Ok(()));
    assert_eq!(rig.call("fd_filestat_set_size", &[f, 1 << 63]), Err(INVAL));
    assert_eq!(rig.pread(fd, 3, 1 << 39).unwrap(), [0; 3]);
    assert_eq!(rig.call("fd_allocate", &[f, (1 << 40) - 1, 10]), Ok(()));
    assert_eq!(rig.fstat(fd).unwrap().size, (1 << 40) + 9);
    assert_eq!(rig.call("fd_allocate", &[f, 0, 0]), Err(INVAL));
    assert_eq!(rig.call("fd_advise", &[f, 0, 10, 5]), Ok(()));
    assert_eq!(rig.call("fd_advise", &[f, 0, 10, 6]), Err(INVAL));
    assert_eq!(rig.call("fd_advise", &[f, 0, 1 << 63, 0]), Err(INVAL));
    assert_eq!(rig.call("fd_sync", &[f]), Ok(()));
    assert_eq!(rig.call("fd_datasync", &[f]), Ok(()));
    assert_eq!(rig.call("fd_filestat_set_times", &[f, 1, 2_000_000_003, 1 | 4]), Ok(()));
    let stat = rig.fstat(fd).unwrap();
    assert_eq!((stat.atim, stat.mtim), (1, 2_000_000_003));
    assert_eq!(rig.call("fd_filestat_set_times", &[f, 5, 5, 8]), Ok(()));
    let stat = rig.fstat(fd).unwrap();
    assert_eq!((stat.atim, stat.mtim), (1, rig.world().now));
    assert_eq!(rig.call("fd_filestat_set_times", &[f, 5, 5, 4 | 8]), Err(INVAL));
}

#[test]
fn files_are_no_sockets() {
    let mut rig = Rig::empty();
    let fd = u64::from(rig.create("f").unwrap());
    let out = u64::from(OUT);
    for (name, args) in [
        ("sock_accept", &[fd, 0, out][..]),
        ("sock_recv", &[fd, 0, 0, 0, out, out]),
        ("sock_send", &[fd, 0, 0, 0, out]),
        ("sock_shutdown", &[fd, 1]),
    ] {
        assert_eq!(rig.call(name, args), Err(NOTSOCK), "{name}");
        let closed: Vec<u64> = std::iter::once(77).chain(args[1..].iter().copied()).collect();
        assert_eq!(rig.call(name, &closed), Err(BADF), "{name}");
    }
    // A connection that the host accepts gets a number of ours.
    rig.world().host.insert("sock_accept", |world, args| {
        world.put(args[2] as u32, &77u32.to_le_bytes());
        0
    });
    assert_eq!(rig.call("sock_accept", &[0, 0, out]), Ok(()));
    let connection = rig.u32(OUT);
    assert_eq!(u64::from(connection), fd + 1);
    rig.call("sock_shutdown", &[u64::from(connection), 3]).unwrap();
    assert_eq!(rig.world().calls.pop().unwrap(), ("sock_shutdown".to_owned(), vec![77, 3]));
}

#[test]
fn readdir() {
    let mut tree = Tree::new();
    for n in 0..50 {
        tree.file(0, &format!("file-{n}"), b"");
    }
    tree.symlink(0, "link", "file-0");
    let mut rig = Rig::baked(&tree);
    let entries = rig.entries(3, 4096, 0).unwrap();
    assert_eq!(entries.len(), 53);
    assert_eq!((entries[0].name.as_str(), entries[1].name.as_str()), (".", ".."));
    assert_eq!(entries[0].ino, rig.fstat(3).unwrap().ino);
    assert_eq!(entries[5].ino, rig.stat(0, "file-3").unwrap().ino);
    assert_eq!((entries[5].filetype, entries[52].filetype), (REGULAR_FILE, 7));
    // In small pieces, with entries cut off anywhere, and one removed on the way.
    for room in [24, 25, 31, 32, 33, 100] {
        let (mut names, mut cookie) = (Vec::new(), 0);
        loop {
            let bytes = rig.readdir(3, room, cookie).unwrap();
            let some = rig.entries(3, room, cookie).unwrap();
            if some.is_empty() {
                assert!(bytes.is_empty() || room < 33, "{room}");
                break;
            }
            cookie = some.last().unwrap().next;
            names.extend(some.into_iter().map(|entry| entry.name));
        }
        if room >= 33 {
            assert!(names.iter().eq(entries.iter().map(|entry| &entry.name)), "{room}");
        }
    }
    // A header that is cut off says that there is more.
    let whole = rig.readdir(3, 4096, 0).unwrap();
    for room in 0..60 {
        assert_eq!(rig.readdir(3, room, 0).unwrap(), whole[..room as usize], "{room}");
    }
    assert_eq!(rig.readdir(3, 100, u64::MAX), Ok(vec![]));
    // A position stays good when what is before it goes.
    let cookie = entries[10].next;
    rig.at("path_unlink_file", 3, &entries[5].name).unwrap();
    assert_eq!(rig.entries(3, 100, cookie).unwrap()[0], entries[11]);
}
