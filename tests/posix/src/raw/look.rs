//! Looking at a tree, and at the open descriptors, by raw calls.

use wasm_vfs_calls::Layout;
use wasm_vfs_core::Errno;

use super::layout::{room, stat};
use super::{Raw, Word, ask};
use crate::kernel::MAX_FDS;
use crate::outcome::{Meta, Outcome, Value, parse_dirents, parse_old_dirents, typed_names};
use crate::world::{Contents, Descriptors, Ids, Seen, from_root};

/// Room for directory entries, and for the target of a link.
const BUFFER_BYTES: i64 = 4096;

fn number(number: impl Into<i64>) -> Word {
    Word::Number(number.into())
}

/// Does something with all permissions.
pub fn observe<R: Raw, T>(raw: &mut R, look: impl FnOnce(&mut R) -> T) -> T {
    let Ids { euid, .. } = *raw.ids();
    if euid == 0 {
        return look(raw);
    }
    ask(raw, "setresuid", [-1, 0, -1].map(Word::Number)).unwrap();
    let seen = look(raw);
    ask(raw, "setresuid", [-1, i64::from(euid), -1].map(Word::Number)).unwrap();
    seen
}

/// fstatat(2).
pub fn meta_at(raw: &mut impl Raw, fd: i64, path: &[u8], flags: i64) -> Result<Meta, Errno> {
    let mut args = [number(fd), Word::string(path), room(Layout::Stat), number(flags)];
    raw.raw("newfstatat", &mut args)?;
    Ok(stat(&args[2].filled()))
}

/// Sets the limit of descriptors.
pub fn limit_descriptors(raw: &mut impl Raw, limit: u32) {
    let resource = number(libc::RLIMIT_NOFILE);
    let mut args = [resource.clone(), room(Layout::Rlimit)];
    raw.raw("getrlimit", &mut args).unwrap();
    let mut limits = args[1].filled();
    limits[..8].copy_from_slice(&u64::from(limit).to_le_bytes());
    ask(raw, "setrlimit", [resource, Word::In(limits)]).unwrap();
}

/// A file without following a link.
pub fn look(raw: &mut impl Raw, path: &[u8]) -> Option<Seen> {
    let path = from_root(path);
    observe(raw, |raw| {
        let at = raw.root_fd();
        let meta = meta_at(raw, at, path, libc::AT_SYMLINK_NOFOLLOW.into()).ok()?;
        let contents = match meta.mode & libc::S_IFMT {
            libc::S_IFREG => {
                let fd = open(raw, path);
                let extents = extents(raw, fd, meta.size);
                ask(raw, "close", [number(fd)]).unwrap();
                Contents::Extents(extents)
            }
            libc::S_IFDIR => {
                let fd = open(raw, path);
                let names = names(raw, fd);
                ask(raw, "close", [number(fd)]).unwrap();
                let Ok(Value::Names(names)) = names else { panic!("{path:?}: {names:?}") };
                Contents::Names(names)
            }
            libc::S_IFLNK => {
                let (buffer, len) = (Word::buffer(BUFFER_BYTES), number(BUFFER_BYTES));
                let mut args = [number(at), Word::string(path), buffer, len];
                let len = raw.raw("readlinkat", &mut args).unwrap();
                let mut target = args[2].filled();
                target.truncate(len as usize);
                Contents::Target(target)
            }
            _ => Contents::Other,
        };
        Some(Seen { meta, contents })
    })
}

fn open(raw: &mut impl Raw, path: &[u8]) -> i64 {
    let flags = libc::O_RDONLY | libc::O_NOFOLLOW;
    let at = raw.root_fd();
    let open = |raw: &mut _| {
        ask(raw, "openat", [number(at), Word::string(path), number(flags), number(0)])
    };
    match open(raw) {
        Ok(fd) => fd,
        Err(Errno::EMFILE) => {
            // Every descriptor that calls may have is taken; one more is for us.
            limit_descriptors(raw, MAX_FDS + 1);
            let fd = open(raw).unwrap();
            limit_descriptors(raw, MAX_FDS);
            fd
        }
        Err(error) => panic!("{path:?}: {error}"),
    }
}

fn extents(raw: &mut impl Raw, fd: i64, size: u64) -> Vec<(u64, Vec<u8>)> {
    let mut extents = Vec::new();
    let mut at = 0;
    let seek = |raw: &mut _, at: i64, whence: i32| {
        ask(raw, "lseek", [number(fd), number(at), number(whence)])
    };
    while at < size as i64 {
        let Ok(start) = seek(raw, at, libc::SEEK_DATA) else { break };
        let end = seek(raw, start, libc::SEEK_HOLE).unwrap();
        let len = end - start;
        let mut args = [number(fd), Word::buffer(len), number(len), number(start)];
        let read = raw.raw("pread64", &mut args).unwrap();
        assert_eq!(read, len);
        extents.push((start as u64, args[1].filled()));
        at = end;
    }
    extents
}

/// The records that a call gives.
pub fn records(
    raw: &mut impl Raw,
    name: &'static str,
    fd: i64,
    len: i64,
) -> Result<Vec<u8>, Errno> {
    let mut args = [number(fd), Word::buffer(len), number(len)];
    let read = raw.raw(name, &mut args)?;
    let mut records = args[1].filled();
    records.truncate(read as usize);
    Ok(records)
}

/// Names with types.
type Entries = Vec<(Vec<u8>, u8)>;

/// All records of an open directory, from its start, as `parse` reads them.
fn entries(
    raw: &mut impl Raw,
    name: &'static str,
    fd: i64,
    parse: fn(&[u8]) -> Entries,
) -> Result<Entries, Errno> {
    let mut all = Vec::new();
    ask(raw, "lseek", [number(fd), number(0), number(libc::SEEK_SET)])?;
    loop {
        let records = records(raw, name, fd, BUFFER_BYTES)?;
        if records.is_empty() {
            return Ok(all);
        }
        all.extend(parse(&records));
    }
}

/// All names in an open directory, sorted, without `.` and `..`.
pub fn names(raw: &mut impl Raw, fd: i64) -> Outcome {
    let entries = entries(raw, "getdents64", fd, parse_dirents)?;
    let mut names: Vec<Vec<u8>> = entries.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(Value::Names(names))
}

/// All names in an open directory with their types, by the older call.
pub fn names_with_types(raw: &mut impl Raw, fd: i64) -> Outcome {
    entries(raw, "getdents", fd, parse_old_dirents).map(typed_names)
}

/// The open descriptors.
pub fn descriptors(raw: &mut impl Raw) -> Descriptors {
    let mut all = Vec::new();
    let fcntl = |raw: &mut _, fd: i64, command: i32| {
        ask(raw, "fcntl", [number(fd), number(command), number(0)])
    };
    for fd in 0..i64::from(MAX_FDS) {
        let Ok(fd_flags) = fcntl(raw, fd, libc::F_GETFD) else { continue };
        let meta = meta_at(raw, fd, b"", libc::AT_EMPTY_PATH.into()).unwrap();
        let flags = fcntl(raw, fd, libc::F_GETFL).unwrap();
        let mut text = format!("fd_flags={fd_flags} flags=0o{flags:o}");
        if meta.mode & libc::S_IFMT == libc::S_IFREG {
            let offset = ask(raw, "lseek", [number(fd), number(0), number(libc::SEEK_CUR)]);
            text += &format!(" offset={offset:?}");
        }
        all.push((fd as i32, meta, text));
    }
    all
}
