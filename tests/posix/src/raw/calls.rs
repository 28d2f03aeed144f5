//! Each call of the language, by its name: which raw calls it is, and what they answer.
//!
//! [`crate::core_fs`] does the same on fs-core, where calls are functions of Rust.

use wasm_vfs_calls::Layout;

use super::layout::{room, stat, statfs, statx};
use super::look::{meta_at, names, names_with_types};
use super::{Raw, Word, ask};
use crate::call::{Call, UTIME_NOW};
use crate::locks;
use crate::outcome::{Outcome, Value, attribute_names, event_value};
use crate::world::Ids;

/// `SPLICE_F_NONBLOCK`.
const DO_NOT_WAIT: i64 = 2;

/// The arguments of a call, as words.
struct Words<'a>(&'a Call);

impl Words<'_> {
    /// A number.
    fn n(&self, index: usize) -> Word {
        Word::Number(self.0.number(index))
    }

    /// A number as it is.
    fn i(&self, index: usize) -> i64 {
        self.0.number(index)
    }

    /// A path, or the name of an attribute.
    fn path(&self, index: usize) -> Word {
        Word::string(self.0.bytes(index))
    }

    /// Data and its length.
    fn data(&self, index: usize) -> [Word; 2] {
        let bytes = self.0.bytes(index);
        [Word::In(bytes.to_vec()), Word::Number(i64::try_from(bytes.len()).unwrap())]
    }

    /// A buffer and its length.
    fn buffer(&self, index: usize) -> [Word; 2] {
        [Word::buffer(self.i(index)), self.n(index)]
    }

    /// Two pieces of data, and that they are two.
    fn gather(&self, first: usize) -> [Word; 2] {
        let pieces = [first, first + 1].map(|index| self.0.bytes(index).to_vec());
        [Word::InVec(pieces.to_vec()), Word::Number(2)]
    }

    /// Pieces of these lengths, and how many they are.
    fn scatter(&self, index: usize) -> [Word; 2] {
        let lengths = self.0.list(index);
        let pieces = lengths.iter().map(|&len| vec![0; len as usize]).collect();
        [Word::OutVec(pieces), Word::Number(i64::try_from(lengths.len()).unwrap())]
    }

    /// A C `off_t *`: the null pointer for an empty list.
    fn offset(&self, index: usize) -> Word {
        let offset = self.0.list(index).first();
        offset.map_or(NULL, |&offset| Word::Out(i64::from(offset).to_le_bytes().to_vec()))
    }

    /// Two times, each of two words.
    fn times(&self, first: usize) -> Word {
        let [a, m] = [first, first + 1].map(|index| self.0.time(index));
        Word::words(&[a.0, a.1, m.0, m.1])
    }

    /// Times for a call that takes the null pointer for the current time.
    fn null_for_now(&self, first: usize, times: Word) -> Word {
        if self.0.time(first).1 == UTIME_NOW { NULL } else { times }
    }
}

/// The null pointer.
const NULL: Word = Word::Number(0);
/// No bits, or nothing at all.
const NONE: Word = Word::Number(0);

/// A call that answers a number.
fn number<const N: usize>(raw: &mut impl Raw, name: &'static str, args: [Word; N]) -> Outcome {
    ask(raw, name, args).map(Value::Number)
}

/// A call that fills the buffer in argument `filled`, and answers how far.
fn bytes<const N: usize>(
    raw: &mut impl Raw,
    name: &'static str,
    args: [Word; N],
    filled: usize,
) -> Outcome {
    let mut args = args;
    let count = raw.raw(name, &mut args)?;
    let mut bytes = args[filled].filled();
    // A longer answer is how much there would be, to a buffer of no length.
    bytes.truncate(count as usize);
    Ok(Value::Bytes(bytes))
}

/// A call that fills the structure in argument `filled`, which `read` reads.
fn structure<const N: usize>(
    raw: &mut impl Raw,
    name: &'static str,
    args: [Word; N],
    filled: usize,
    read: impl FnOnce(&[u8]) -> Value,
) -> Outcome {
    let mut args = args;
    raw.raw(name, &mut args)?;
    Ok(read(&args[filled].filled()))
}

/// Makes a call.
pub fn call(raw: &mut impl Raw, call: &Call) -> Outcome {
    let Some(outcome) = of_program(raw, call)
        .or_else(|| of_descriptors(raw, call))
        .or_else(|| of_data(raw, call))
        .or_else(|| of_names(raw, call))
        .or_else(|| of_attributes(raw, call))
        .or_else(|| of_extended_attributes(raw, call))
        .or_else(|| of_memory(raw, call))
    else {
        panic!("no raw call for {}", call.name)
    };
    outcome
}

/// What is no system call, or several.
fn of_program(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    Some(match call.name {
        "become_user" => {
            let (uid, gid, groups) = (call.bits(0), call.bits(1), call.list(2).to_vec());
            let ids = Ids { uid, euid: uid, gid, egid: gid, groups };
            raw.set_ids(&ids).map(|()| Value::Number(0))
        }
        "become_ids" => {
            let [uid, euid, gid, egid] = [0, 1, 2, 3].map(|index| call.bits(index));
            let ids = Ids { uid, euid, gid, egid, groups: call.list(4).to_vec() };
            raw.set_ids(&ids).map(|()| Value::Number(0))
        }
        "fill_descriptors" => {
            let open = |raw: &mut _| {
                ask(raw, "open", [Word::string(b"."), Word::Number(libc::O_PATH.into()), NONE])
            };
            while open(raw).is_ok() {}
            Ok(Value::Number(0))
        }
        "list" => names(raw, w.i(0)),
        "list_types" => names_with_types(raw, w.i(0)),
        "umask" => number(raw, "umask", [w.n(0)]),
        "chdir" => number(raw, "chdir", [w.path(0)]),
        "fchdir" => number(raw, "fchdir", [w.n(0)]),
        "chroot" => number(raw, "chroot", [w.path(0)]),
        "mount" => number(raw, "mount", [NULL, w.path(0), NULL, w.n(1), NULL]),
        "getcwd" => {
            let [at, len] = w.buffer(0);
            bytes(raw, "getcwd", [at, len], 0)
        }
        _ => return None,
    })
}

/// Opening and descriptors.
fn of_descriptors(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    let fcntl = |raw: &mut _, command: i32, arg: Word| {
        number(raw, "fcntl", [w.n(0), Word::Number(command.into()), arg])
    };
    Some(match call.name {
        "openat" => number(raw, "openat", [w.n(0), w.path(1), w.n(2), w.n(3)]),
        "openat2" => {
            let how = Word::words(&[w.i(2), w.i(3), w.i(4)]);
            let size = Word::Number(Layout::OpenHow.bytes().into());
            number(raw, "openat2", [w.n(0), w.path(1), how, size])
        }
        "creat" => number(raw, "creat", [w.path(0), w.n(1)]),
        "close" => number(raw, "close", [w.n(0)]),
        "close_range" => {
            // Not those of the test.
            let last_fd = raw.last_fd();
            let is_beyond = w.i(1) > last_fd && w.i(0) <= last_fd + 1;
            let last = if is_beyond { last_fd } else { w.i(1) };
            number(raw, "close_range", [w.n(0), Word::Number(last), w.n(2)])
        }
        "dup" => number(raw, "dup", [w.n(0)]),
        "dup2" => number(raw, "dup2", [w.n(0), w.n(1)]),
        "dup3" => number(raw, "dup3", [w.n(0), w.n(1), w.n(2)]),
        "dupfd" => fcntl(raw, libc::F_DUPFD, w.n(1)),
        "dupfd_cloexec" => fcntl(raw, libc::F_DUPFD_CLOEXEC, w.n(1)),
        "getfd" => fcntl(raw, libc::F_GETFD, NONE),
        "setfd" => fcntl(raw, libc::F_SETFD, w.n(1)),
        "getfl" => fcntl(raw, libc::F_GETFL, NONE).map(|flags| match flags {
            Value::Number(flags) => Value::Text(format!("0o{flags:o}")),
            other => other,
        }),
        "setfl" => fcntl(raw, libc::F_SETFL, w.n(1)),
        "getpipe_sz" => fcntl(raw, libc::F_GETPIPE_SZ, NONE),
        "setpipe_sz" => fcntl(raw, libc::F_SETPIPE_SZ, w.n(1)),
        // It would wait.
        "flock" => {
            let operation = w.i(1) | i64::from(libc::LOCK_NB);
            number(raw, "flock", [w.n(0), Word::Number(operation)])
        }
        "pipe2" => number(raw, "pipe2", [room(Layout::Fds), w.n(0)]),
        "fionread" => {
            let request = Word::Number(i64::try_from(libc::FIONREAD).unwrap());
            structure(raw, "ioctl", [w.n(0), request, room(Layout::Int)], 2, |count| {
                Value::Number(i32::from_le_bytes(count.try_into().unwrap()).into())
            })
        }
        "poll" => {
            // All events are asked for.
            let asked = [&call.fd(0).to_le_bytes()[..], &[0xff, 0xff, 0, 0]].concat();
            let args = [Word::Out(asked), Word::Number(1), NONE];
            structure(raw, "poll", args, 0, |poll| {
                Value::Text(format!("{:#x}", u16::from_le_bytes([poll[6], poll[7]])))
            })
        }
        "getlk" | "setlk" | "ofd_getlk" | "ofd_setlk" => locks::on_raw(raw, call),
        "eventfd2" => number(raw, "eventfd2", [w.n(0), w.n(1)]),
        "event_read" => {
            let args = [w.n(0), Word::buffer(8), Word::Number(8)];
            bytes(raw, "read", args, 1).map(|value| match value {
                Value::Bytes(bytes) => event_value(bytes),
                other => other,
            })
        }
        "event_write" => number(raw, "write", [w.n(0), Word::words(&[w.i(1)]), Word::Number(8)]),
        "inotify_init1" => number(raw, "inotify_init1", [w.n(0)]),
        "inotify_add_watch" => number(raw, "inotify_add_watch", [w.n(0), w.path(1), w.n(2)]),
        "inotify_rm_watch" => number(raw, "inotify_rm_watch", [w.n(0), w.n(1)]),
        _ => return None,
    })
}

/// The bytes of files and pipes.
fn of_data(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    Some(match call.name {
        "read" | "events" => {
            let [at, len] = w.buffer(1);
            bytes(raw, "read", [w.n(0), at, len], 1)
        }
        "pread" => {
            let [at, len] = w.buffer(1);
            bytes(raw, "pread64", [w.n(0), at, len, w.n(2)], 1)
        }
        "readv" => {
            let [at, count] = w.scatter(1);
            bytes(raw, "readv", [w.n(0), at, count], 1)
        }
        "preadv" => {
            let [at, count] = w.scatter(1);
            bytes(raw, "preadv", [w.n(0), at, count, w.n(2)], 1)
        }
        "preadv2" => {
            let [at, count] = w.scatter(1);
            bytes(raw, "preadv2", [w.n(0), at, count, w.n(2), w.n(3)], 1)
        }
        "write" => {
            let [at, len] = w.data(1);
            number(raw, "write", [w.n(0), at, len])
        }
        "pwrite" => {
            let [at, len] = w.data(1);
            number(raw, "pwrite64", [w.n(0), at, len, w.n(2)])
        }
        "writev" => {
            let [at, count] = w.gather(1);
            number(raw, "writev", [w.n(0), at, count])
        }
        "pwritev" => {
            let [at, count] = w.gather(1);
            number(raw, "pwritev", [w.n(0), at, count, w.n(3)])
        }
        "pwritev2" => {
            let [at, count] = w.gather(1);
            number(raw, "pwritev2", [w.n(0), at, count, w.n(3), w.n(4)])
        }
        "lseek" => number(raw, "lseek", [w.n(0), w.n(1), w.n(2)]),
        "getdents" | "getdents64" => {
            let [at, len] = w.buffer(1);
            number(raw, call.name, [w.n(0), at, len])
        }
        "truncate" => number(raw, "truncate", [w.path(0), w.n(1)]),
        "ftruncate" => number(raw, "ftruncate", [w.n(0), w.n(1)]),
        "fallocate" => number(raw, "fallocate", [w.n(0), w.n(1), w.n(2), w.n(3)]),
        // What the C library makes of it, where the filesystem has that call.
        "posix_fallocate" => number(raw, "fallocate", [w.n(0), NONE, w.n(1), w.n(2)]),
        "sendfile" => number(raw, "sendfile", [w.n(0), w.n(1), w.offset(2), w.n(3)]),
        "splice" => {
            let flags = Word::Number(w.i(5) | DO_NOT_WAIT);
            number(raw, "splice", [w.n(0), w.offset(1), w.n(2), w.offset(3), w.n(4), flags])
        }
        "tee" => {
            let flags = Word::Number(w.i(3) | DO_NOT_WAIT);
            number(raw, "tee", [w.n(0), w.n(1), w.n(2), flags])
        }
        "vmsplice" => {
            let pieces = Word::InVec(vec![call.bytes(1).to_vec()]);
            let flags = Word::Number(w.i(2) | DO_NOT_WAIT);
            number(raw, "vmsplice", [w.n(0), pieces, Word::Number(1), flags])
        }
        "vmsplice_to" => {
            let [at, count] = w.scatter(1);
            let flags = Word::Number(w.i(2) | DO_NOT_WAIT);
            bytes(raw, "vmsplice", [w.n(0), at, count, flags], 1)
        }
        "copy_file_range" => {
            let args = [w.n(0), w.offset(1), w.n(2), w.offset(3), w.n(4), NONE];
            number(raw, "copy_file_range", args)
        }
        "fsync" | "fdatasync" | "syncfs" => number(raw, call.name, [w.n(0)]),
        "sync" => number(raw, "sync", []),
        _ => return None,
    })
}

/// Names in directories.
fn of_names(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    Some(match call.name {
        "mkdir" => number(raw, "mkdir", [w.path(0), w.n(1)]),
        "mkdirat" => number(raw, "mkdirat", [w.n(0), w.path(1), w.n(2)]),
        "rmdir" | "unlink" => number(raw, call.name, [w.path(0)]),
        "unlinkat" => number(raw, "unlinkat", [w.n(0), w.path(1), w.n(2)]),
        "rename" | "link" | "symlink" => number(raw, call.name, [w.path(0), w.path(1)]),
        "renameat2" | "linkat" => {
            number(raw, call.name, [w.n(0), w.path(1), w.n(2), w.path(3), w.n(4)])
        }
        "symlinkat" => number(raw, "symlinkat", [w.path(0), w.n(1), w.path(2)]),
        "readlink" => {
            let [at, len] = w.buffer(1);
            bytes(raw, "readlink", [w.path(0), at, len], 1)
        }
        "readlinkat" => {
            let [at, len] = w.buffer(2);
            bytes(raw, "readlinkat", [w.n(0), w.path(1), at, len], 2)
        }
        "mknod" => number(raw, "mknod", [w.path(0), w.n(1), w.n(2)]),
        "mknodat" => number(raw, "mknodat", [w.n(0), w.path(1), w.n(2), w.n(3)]),
        _ => return None,
    })
}

/// Metadata.
fn of_attributes(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    let as_meta = |bytes: &[u8]| Value::Stat(stat(bytes));
    let inodes_above = raw.inodes_above();
    let as_statfs = |bytes: &[u8]| statfs(bytes, inodes_above);
    Some(match call.name {
        "fstat" => structure(raw, "fstat", [w.n(0), room(Layout::Stat)], 1, as_meta),
        "stat" | "lstat" => structure(raw, call.name, [w.path(0), room(Layout::Stat)], 1, as_meta),
        "fstatat" => meta_at(raw, w.i(0), call.bytes(1), w.i(2)).map(Value::Stat),
        "statx" => {
            let args = [w.n(0), w.path(1), w.n(2), w.n(3), room(Layout::Statx)];
            structure(raw, "statx", args, 4, statx)
        }
        "statfs" => structure(raw, "statfs", [w.path(0), room(Layout::Statfs)], 1, as_statfs),
        "fstatfs" => structure(raw, "fstatfs", [w.n(0), room(Layout::Statfs)], 1, as_statfs),
        "utime" => {
            let times = Word::words(&[1, 2].map(|index| call.time(index).0));
            number(raw, "utime", [w.path(0), w.null_for_now(1, times)])
        }
        "utimes" => number(raw, "utimes", [w.path(0), w.null_for_now(1, w.times(1))]),
        "futimesat" => number(raw, "futimesat", [w.n(0), w.path(1), w.null_for_now(2, w.times(2))]),
        "utimensat" => number(raw, "utimensat", [w.n(0), w.path(1), w.times(2), w.n(4)]),
        "futimens" => number(raw, "utimensat", [w.n(0), NULL, w.times(1), NONE]),
        "chmod" => number(raw, "chmod", [w.path(0), w.n(1)]),
        "fchmod" => number(raw, "fchmod", [w.n(0), w.n(1)]),
        "fchmodat2" => number(raw, "fchmodat2", [w.n(0), w.path(1), w.n(2), w.n(3)]),
        "chown" | "lchown" => number(raw, call.name, [w.path(0), w.n(1), w.n(2)]),
        "fchown" => number(raw, "fchown", [w.n(0), w.n(1), w.n(2)]),
        "fchownat" => number(raw, "fchownat", [w.n(0), w.path(1), w.n(2), w.n(3), w.n(4)]),
        "access" => number(raw, "access", [w.path(0), w.n(1)]),
        "faccessat2" => number(raw, "faccessat2", [w.n(0), w.path(1), w.n(2), w.n(3)]),
        _ => return None,
    })
}

/// Extended attributes.
fn of_extended_attributes(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    let file = || if call.name.starts_with('f') { w.n(0) } else { w.path(0) };
    Some(match call.name {
        "setxattr" | "lsetxattr" | "fsetxattr" => {
            let [at, len] = w.data(2);
            number(raw, call.name, [file(), w.path(1), at, len, w.n(3)])
        }
        "getxattr" | "lgetxattr" | "fgetxattr" => {
            let [at, len] = w.buffer(2);
            bytes(raw, call.name, [file(), w.path(1), at, len], 2)
        }
        "listxattr" | "llistxattr" | "flistxattr" => {
            let [at, len] = w.buffer(1);
            attribute_names(bytes(raw, call.name, [file(), at, len], 1))
        }
        "removexattr" | "lremovexattr" | "fremovexattr" => {
            number(raw, call.name, [file(), w.path(1)])
        }
        _ => return None,
    })
}

/// Mappings.
fn of_memory(raw: &mut impl Raw, call: &Call) -> Option<Outcome> {
    let w = Words(call);
    let from = raw.mapped_from();
    let address = from.wrapping_add(w.0.args.first().map_or(0, |_| w.i(0)));
    let at = Word::Number(address);
    Some(match call.name {
        "mmap" => {
            let mapped = ask(raw, "mmap", [at, w.n(1), w.n(2), w.n(3), w.n(4), w.n(5)]);
            mapped.map(|at| Value::Number(at - from))
        }
        "munmap" | "mlock" | "munlock" => number(raw, call.name, [at, w.n(1)]),
        "mprotect" | "msync" => number(raw, call.name, [at, w.n(1), w.n(2)]),
        "load" => raw.load(address, w.i(1)),
        "store" => raw.store(address, call.bytes(1)),
        _ => return None,
    })
}
