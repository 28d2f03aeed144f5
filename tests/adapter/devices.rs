//! Devices, names of descriptors, read-only trees, limits and owners.

use super::errno::{NOENT, NOTDIR};
use super::rig::{READ, Rig, Tree, WRITE};
use wasm_vfs_core::Dev;
use wasm_vfs_core::manifest::RecordKind;

const CHARACTER_DEVICE: u8 = 2;
const MFILE: u16 = 33;
const NOSPC: u16 = 51;
const NXIO: u16 = 60;
const ROFS: u16 = 69;
const IO: u16 = 29;

/// A tree with `/dev` and a file.
fn tree() -> Tree {
    let mut tree = Tree::new();
    tree.file(0, "file", b"contents");
    let dev = tree.dir(0, "dev");
    tree.add(dev, "fd", RecordKind::DescriptorDirectory);
    for (name, dev_number) in [
        ("full", Dev::FULL),
        ("null", Dev::NULL),
        ("tty", Dev::TTY),
        ("urandom", Dev::URANDOM),
        ("zero", Dev::ZERO),
    ] {
        tree.add(dev, name, RecordKind::CharDevice { dev: dev_number });
    }
    tree.symlink(dev, "stdin", "fd/0");
    tree.symlink(dev, "stdout", "fd/1");
    tree
}

/// A core module with the tree, after `choose` has called the baking exports that it wants.
fn baked(choose: impl FnOnce(&mut Rig), afterwards: impl FnOnce(&mut Rig)) -> Rig {
    let tree = tree();
    let mut rig = Rig::unbaked();
    rig.world().contents = tree.contents.clone();
    assert_eq!(rig.bake(&tree.records), Ok(()));
    choose(&mut rig);
    assert_eq!(rig.raw("bake_open_all", &[]), 0);
    afterwards(&mut rig);
    let seal = rig.instance.get_typed_func::<(), ()>(&mut rig.store, "wizer-initialize");
    seal.unwrap().call(&mut rig.store, ()).unwrap();
    rig
}

fn open_for_both(rig: &mut Rig, path: &str) -> Result<u32, u16> {
    rig.open_at(3, 1, path, 0, READ | WRITE, 0)
}

#[test]
fn devices_read_and_write_as_on_linux() {
    let mut rig = Rig::baked(&tree());
    rig.world().host.insert("random_get", |world, args| {
        world.put(args[0] as u32, &vec![7; args[1] as usize]);
        0
    });
    // rows: device, what 20 bytes of it are, what writing 3 bytes and none answers
    for (path, read, written) in [
        ("dev/null", &[][..], Ok(3)),
        ("dev/zero", &[0; 20], Ok(3)),
        ("dev/full", &[0; 20], Err(NOSPC)),
        ("dev/urandom", &[7; 20], Ok(3)),
    ] {
        let fd = open_for_both(&mut rig, path).unwrap();
        assert_eq!(rig.read(fd, 20).unwrap(), read, "{path}");
        assert_eq!(rig.pread(fd, 20, 99).unwrap(), read, "{path}");
        assert_eq!(rig.write(fd, b"abc"), written, "{path}");
        assert_eq!(rig.seek(fd, 5, 0), Ok(0), "{path}");
        assert_eq!(rig.fstat(fd).unwrap().filetype, CHARACTER_DEVICE, "{path}");
        assert_eq!(rig.fdstat(fd).unwrap().filetype, CHARACTER_DEVICE, "{path}");
        assert_eq!(rig.close(fd), Ok(()));
    }
    assert_eq!(rig.open("dev/tty"), Err(NXIO));
    // What was borrowed of the program's memory is as it was.
    assert_eq!(rig.world().get(1024, 8), [0xa5; 8]);
    rig.world().host.insert("random_get", |_, _| 52);
    let fd = rig.open("dev/urandom").unwrap();
    assert_eq!(rig.read(fd, 20), Err(IO));
}

#[test]
fn a_streams_name_is_one_more_descriptor_of_it() {
    let mut rig = Rig::baked(&tree());
    let again = open_for_both(&mut rig, "dev/stdout").unwrap();
    let closes = |rig: &mut Rig| {
        let calls = &rig.world().calls;
        calls
            .iter()
            .filter(|(name, _)| name == "fd_close")
            .map(|(_, args)| args[0])
            .collect::<Vec<_>>()
    };
    assert!(rig.write(again, b"x").is_ok());
    assert_eq!(rig.world().calls.last().unwrap().1[0], 1, "the host knows it as 1");
    assert_eq!(rig.close(1), Ok(()));
    assert_eq!(closes(&mut rig), [0_u64; 0]);
    assert_eq!(rig.open("dev/stdout"), Err(NOENT));
    assert_eq!(rig.close(again), Ok(()));
    assert_eq!(closes(&mut rig), [1]);
    assert_eq!(rig.stat(1, "dev/stdin").unwrap().filetype, CHARACTER_DEVICE);
    assert_eq!(rig.open_at(3, 1, "dev/stdin", 2, READ, 0), Err(NOTDIR));
    assert_eq!(rig.open("dev/fd/4"), Err(NOENT), "nothing stays open after that");
    assert_eq!(rig.readlink("dev/stdin", 20).unwrap(), b"fd/0");
    // A file gets a description of its own.
    let file = rig.open("file").unwrap();
    rig.read(file, 5).unwrap();
    let other = rig.open(format!("dev/fd/{file}")).unwrap();
    assert_eq!(rig.read(other, 5).unwrap(), b"conte");
    let directory = rig.open("dev/fd").unwrap();
    let entries = rig.entries(directory, 4000, 0).unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, [".", "..", "0", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_stream_may_be_the_null_device() {
    let mut rig = baked(
        |rig| {
            for fd in 0..3 {
                assert_eq!(rig.raw("bake_stream", &[fd, 1, 0]), 0);
            }
        },
        |_| {},
    );
    assert_eq!(rig.read(0, 9).unwrap(), b"");
    assert_eq!(rig.write(1, b"abc"), Ok(3));
    assert_eq!(rig.fdstat(2).unwrap().filetype, CHARACTER_DEVICE);
    assert_eq!(rig.close(1), Ok(()));
    assert!(rig.world().calls.is_empty());
}

#[test]
fn a_read_only_tree_refuses_changes() {
    let mut rig = baked(|_| {}, |rig| assert_eq!(rig.raw("bake_read_only", &[]), 0));
    assert_eq!(rig.create("new"), Err(ROFS));
    assert_eq!(open_for_both(&mut rig, "file"), Err(ROFS));
    assert_eq!(rig.at("path_create_directory", 3, "d"), Err(ROFS));
    assert_eq!(rig.at("path_unlink_file", 3, "file"), Err(ROFS));
    assert_eq!(rig.rename("file", "other"), Err(ROFS));
    assert_eq!(rig.symlink("x", "link"), Err(ROFS));
    let fd = rig.open("file").unwrap();
    assert_eq!(rig.read(fd, 20).unwrap(), b"contents");
    let null = open_for_both(&mut rig, "dev/null").unwrap();
    assert_eq!(rig.write(null, b"abc"), Ok(3));
}

#[test]
fn limits_are_kept() {
    let mut rig = baked(
        |_| {},
        |rig| {
            // The file takes one page; the root and what else is in the tree are eleven.
            assert_eq!(rig.raw("bake_limits", &[4095, 0, 0]), 22);
            assert_eq!(rig.raw("bake_limits", &[0, 10, 0]), 22);
            assert_eq!(rig.raw("bake_limits", &[8192, 12, 6]), 0);
        },
    );
    let fd = rig.create("new").unwrap();
    assert_eq!(rig.write(fd, &[1; 4096]), Ok(4096));
    assert_eq!(rig.write(fd, &[1; 1]), Err(NOSPC));
    assert_eq!(rig.create("newer"), Err(NOSPC));
    assert_eq!(rig.open("file"), Ok(5));
    assert_eq!(rig.open("file"), Err(MFILE));
}
