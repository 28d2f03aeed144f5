//! All that can be seen of a world, as text: two worlds are equal if their dumps are.

use std::fmt::Write;

use wasm_vfs_core::{
    AtFlags, Credentials, Errno, Fcntl, Fd, FileType, Flock, FlockOperation, Ioctl, OFlags,
    Process, Target, Whence,
};

use crate::calls::{FIRST_ADDRESS, PAGES, World};

/// How the line of an inotify queue begins in which an event was lost for want of memory, which is
/// not an error of the call that it would have told of.
pub(crate) const OVERFLOWED: &str = "overflowed queue";

/// Names, attributes and contents; descriptors, locks, memory and directory of every process, what
/// waits in its pipes and inotify queues; what statfs(2) says. The world is used up: looking at it
/// opens files, and what that allocates would not fail later.
pub(crate) fn dump(mut world: World) -> String {
    let mut text = String::new();
    // First of all, for looking makes events too.
    for number in 0..world.processes.len() {
        for fd in 0..100 {
            queue(&mut world, number, fd, &mut text);
        }
    }
    let mut me = world.fs.spawn(Credentials::ROOT).unwrap();
    tree(&mut world, &mut me, b"/", &mut text);
    let _ = writeln!(text, "{:?}", world.fs.statfs(&me, b"/"));
    world.fs.exit(me);
    for number in 0..world.processes.len() {
        let mut process = world.processes.remove(number);
        for fd in 0..100 {
            descriptor(&mut world, &mut process, fd, number, &mut text);
        }
        memory(&world, &mut process, number, &mut text);
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

/// The events that wait at a descriptor, if it is an inotify instance.
fn queue(world: &mut World, number: usize, fd: Fd, text: &mut String) {
    let World { fs, processes, .. } = world;
    let process = &processes[number];
    if !is_anonymous(fs, process, fd) {
        return;
    }
    if fs.descriptor(process, fd).is_ok_and(|eventfd| eventfd.flags.contains(OFlags::RDWR)) {
        let mut count = [0; 8];
        let read = fs.read(process, fd, &mut count[..]);
        let _ = writeln!(text, "count {number}:{fd} {read:?} {count:?}");
        return;
    }
    let mut events = vec![0; 65_536];
    let mut line = String::new();
    let mut overflowed = false;
    while let Ok(len) = fs.read(process, fd, &mut events[..]) {
        let mut rest = &events[..len];
        while let Some((header, after)) = rest.split_at_checked(16) {
            let word = |at: usize| u32::from_le_bytes(*header[at..].first_chunk().unwrap());
            let (name, after) = after.split_at(word(12) as usize);
            let mask = word(4);
            overflowed |= mask == 0x4000;
            let _ = write!(line, " {}:{mask:x}:{}:{:?}", word(0), word(8), name.trim_ascii_end());
            rest = after;
        }
    }
    let kind = if overflowed { OVERFLOWED } else { "queue" };
    let _ = writeln!(text, "{kind} {number}:{fd}{line}");
}

fn is_anonymous(fs: &wasm_vfs_core::Fs<impl wasm_vfs_core::Platform>, p: &Process, fd: Fd) -> bool {
    let inode = fs.descriptor(p, fd).is_ok_and(|descriptor| descriptor.target == Target::Inode);
    inode && fs.file_type(p, fd) == Err(Errno::EBADF)
}

fn descriptor(world: &mut World, process: &mut Process, fd: Fd, number: usize, text: &mut String) {
    let fs = &mut world.fs;
    let Ok(flags) = fs.fcntl(process, fd, Fcntl::GetFl) else { return };
    let cloexec = fs.fcntl(process, fd, Fcntl::GetFd);
    let offset = fs.lseek(process, fd, 0, Whence::Cur);
    let _ = writeln!(text, "{number}:{fd} {flags:o} {cloexec:?} {offset:?}");
    if is_anonymous(fs, process, fd) {
        return;
    }
    let readable = fs.ioctl(process, fd, Ioctl::FioNRead);
    let stat = fs.newfstatat(process, fd, b"", AtFlags::EMPTY_PATH);
    // What somebody else has locked, and what this description has.
    for l_type in [Flock::WRLCK, Flock::UNLCK] {
        let whole = Flock { l_type, ..Flock::default() };
        let _ = writeln!(text, " {:?}", fs.fcntl_ofd_getlk(process, fd, whole));
    }
    for byte in 0..32 {
        let one = Flock { l_type: Flock::WRLCK, l_start: byte, l_len: 1, ..Flock::default() };
        let found = fs.fcntl_getlk(process, fd, one);
        if let Some(lock) = found.ok().filter(|lock| lock.l_type != Flock::UNLCK) {
            let _ = writeln!(text, " {byte} {lock:?}");
        }
    }
    // Takes the lock if it is free: what the next descriptor is told shows who had it.
    let lock = fs.flock(process, fd, FlockOperation::EX | FlockOperation::NB);
    let _ = writeln!(text, " {readable:?} {stat:?} {lock:?}");
    if stat.is_ok_and(|stat| stat.file_type() == FileType::Fifo) {
        let capacity = fs.fcntl(process, fd, Fcntl::GetPipeSz);
        let mut waiting = vec![0; 1 << 20];
        let read = fs.read(process, fd, &mut waiting[..]);
        let hash = fnv(&waiting[..read.unwrap_or(0)]);
        let _ = writeln!(text, " {capacity:?} {read:?} #{hash:x}");
    }
}

/// Each page that could be mapped, the directory and the umask.
fn memory(world: &World, process: &mut Process, number: usize, text: &mut String) {
    let fs = &world.fs;
    for page in 0..PAGES {
        let addr = FIRST_ADDRESS + page * 4096;
        let mut bytes = [0; 4096];
        match fs.load(process, addr, &mut bytes[..]) {
            Ok(_) => writeln!(text, "{number}:{addr:x} #{:x}", fnv(&bytes)),
            Err(Errno::EFAULT) => Ok(()),
            Err(error) => writeln!(text, "{number}:{addr:x} {error:?}"),
        }
        .unwrap();
    }
    let mut path = [0; 4096];
    let cwd = fs.getcwd(process, &mut path[..]);
    let path = String::from_utf8_lossy(&path[..cwd.unwrap_or(0)]);
    let _ = writeln!(text, "{number}: {cwd:?} {path} {:o}", fs.umask(process, 0));
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
