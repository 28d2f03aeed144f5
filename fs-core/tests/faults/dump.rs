//! All that can be seen of a world, as text: two worlds are equal if their dumps are.

use std::fmt::Write;

use wasm_vfs_core::{AtFlags, Credentials, Fcntl, Fd, FileType, Ioctl, OFlags, Process, Whence};

use crate::calls::World;

/// Names, attributes and contents; descriptors of every process; what statfs(2) says. The world is used up: looking at
/// it opens files, and what that allocates would not fail later.
pub(crate) fn dump(mut world: World) -> String {
    let mut text = String::new();
    let mut me = world.fs.spawn(Credentials::ROOT).unwrap();
    tree(&mut world, &mut me, b"/", &mut text);
    let _ = writeln!(text, "{:?}", world.fs.statfs(&me, b"/"));
    world.fs.exit(me);
    for number in 0..world.processes.len() {
        let mut process = world.processes.remove(number);
        for fd in 0..100 {
            descriptor(&mut world, &mut process, fd, number, &mut text);
        }
        world.processes.insert(number, process);
    }
    text
}

fn tree(world: &mut World, me: &mut Process, path: &[u8], text: &mut String) {
    let stat = world.fs.lstat(me, path).unwrap();
    let _ = writeln!(text, "{} {stat:?}", String::from_utf8_lossy(path));
    attributes(world, me, path, text);
    match stat.file_type() {
        FileType::Regular => contents(world, me, path, text),
        FileType::Symlink => {
            let mut target = vec![0; 5000];
            let len = world.fs.readlink(me, path, &mut target[..]).unwrap();
            let _ = writeln!(text, " -> {}", String::from_utf8_lossy(&target[..len]));
        }
        FileType::Directory => {
            let fd = world.fs.open(me, path, OFlags::RDONLY, 0).unwrap();
            let mut names = Vec::new();
            let visit = |entry: &wasm_vfs_core::DirEntryView<'_>| {
                names.push((entry.name.to_vec(), entry.ino, entry.file_type));
                true
            };
            world.fs.readdir(me, fd, 0, visit).unwrap();
            world.fs.close(me, fd).unwrap();
            let _ = writeln!(text, " {names:?}");
            for (name, _, _) in names.into_iter().skip(2) {
                tree(world, me, &[path, &b"/"[..], &name].concat(), text);
            }
        }
        _ => {}
    }
}

fn attributes(world: &World, me: &Process, path: &[u8], text: &mut String) {
    let mut names = vec![0; 65_536];
    let Ok(len) = world.fs.llistxattr(me, path, &mut names[..]) else { return };
    for name in names[..len].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 70_000];
        let len = world.fs.lgetxattr(me, path, name, &mut value[..]).unwrap();
        let hash = fnv(&value[..len]);
        let _ = writeln!(text, " {}={len}#{hash:x}", String::from_utf8_lossy(name));
    }
}

/// The ranges that are data, with what is in them.
fn contents(world: &mut World, me: &mut Process, path: &[u8], text: &mut String) {
    let fd = world.fs.open(me, path, OFlags::RDONLY, 0).unwrap();
    let mut buffer = vec![0; 4 << 20];
    let mut at = 0;
    while let Ok(start) = world.fs.lseek(me, fd, at, Whence::Data) {
        let start = start.cast_signed();
        let end = world.fs.lseek(me, fd, start, Whence::Hole).unwrap().cast_signed();
        let data = &mut buffer[..usize::try_from(end - start).unwrap()];
        assert_eq!(world.fs.pread64(me, fd, &mut data[..], start), Ok(data.len()));
        let _ = writeln!(text, " {start}..{end}#{:x}", fnv(data));
        at = end;
    }
    world.fs.close(me, fd).unwrap();
}

fn descriptor(world: &mut World, process: &mut Process, fd: Fd, number: usize, text: &mut String) {
    let Ok(flags) = world.fs.fcntl(process, fd, Fcntl::GetFl) else { return };
    let cloexec = world.fs.fcntl(process, fd, Fcntl::GetFd);
    let offset = world.fs.lseek(process, fd, 0, Whence::Cur);
    let readable = world.fs.ioctl(process, fd, Ioctl::FioNRead);
    let stat = world.fs.newfstatat(process, fd, b"", AtFlags::EMPTY_PATH);
    let _ = writeln!(text, "{number}:{fd} {flags:o} {cloexec:?} {offset:?} {readable:?} {stat:?}");
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
