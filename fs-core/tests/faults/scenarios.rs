//! Sequences that lead to where random ones seldom get: each call's effect is there for the next.
//!
//! The numbers pick from the tables in `calls/args.rs`: paths 0 `a`, 1 `b`, 2 `d`, 3 `d/a`, 4
//! `d/e`, 9 `baked`; lengths 1: 1, 3: 100, 5: 4096, 7: 20,000, 8: 65,536; flags of open 1
//! `RDWR | CREAT`, 2 `RDWR`, 8 `DIRECTORY`, 11 `TMPFILE`. A number from 200 on where a directory's
//! descriptor is expected is one, below that the current directory.

use crate::calls::{Code, code};

/// Opens `a`, which is created: descriptor 0 if it is the first.
fn open_a() -> Code {
    code("openat", [0, 0, 1, 0, 0, 0])
}

/// Opens `b`, which is created.
fn open_b() -> Code {
    code("openat", [1, 0, 1, 0, 0, 0])
}

/// The sequences by name.
pub(crate) fn all() -> [(&'static str, Vec<Code>); 11] {
    [
        ("contents", contents()),
        ("names", names()),
        ("unnamed files", unnamed()),
        ("pipes", pipes()),
        ("transfers", transfers()),
        ("attributes", attributes()),
        ("locks", locks()),
        ("record locks", record_locks()),
        ("roots and counters", roots_and_counters()),
        ("notification", notification()),
        ("memory", memory()),
    ]
}

fn contents() -> Vec<Code> {
    vec![
        open_a(),
        code("write", [0, 1, 0, 0, 0, 0]),
        code("write", [0, 7, 0, 0, 0, 0]),
        code("writev", [0, 9, 0, 0, 0, 0]),
        code("pwrite64", [0, 3, 7, 0, 0, 0]),
        code("pwritev", [0, 5, 8, 0, 0, 0]),
        code("pwritev2", [0, 7, 0, 1, 0, 0]),
        code("truncate", [0, 0, 2, 0, 0, 0]),
        code("ftruncate", [0, 0, 6, 0, 0, 0]),
        // Everything, kept size, a hole, zeros.
        code("fallocate", [0, 0, 6, 0, 0, 0]),
        code("fallocate", [0, 6, 6, 0, 1, 0]),
        code("fallocate", [0, 2, 3, 0, 2, 0]),
        code("fallocate", [0, 2, 3, 0, 3, 0]),
        // Pages of the baked contents are copied when they are written to.
        code("openat", [9, 0, 2, 0, 0, 0]),
        code("pwrite64", [1, 1, 3, 0, 0, 0]),
        code("truncate", [9, 0, 2, 0, 0, 0]),
        code("openat2", [0, 0, 1, 0, 0, 0]),
        code("reopen", [0, 0, 2, 0, 0, 0]),
        code("open_by_ino", [2, 0, 2, 0, 0, 0]),
        code("open_foreign", [0; 6]),
    ]
}

fn names() -> Vec<Code> {
    vec![
        open_a(),
        open_b(),
        code("mkdir", [4, 2, 0, 0, 0, 0]),
        code("mkdirat", [5, 0, 0, 2, 0, 0]),
        code("symlink", [11, 7, 0, 0, 0, 0]),
        code("symlinkat", [12, 0, 0, 0, 0, 0]),
        code("link", [0, 3, 0, 0, 0, 0]),
        code("linkat", [1, 21, 0, 0, 0, 0]),
        code("mknod", [10, 1, 0, 0, 0, 0]),
        code("chdir", [2, 0, 0, 0, 0, 0]),
        code("getcwd", [7, 0, 0, 0, 0, 0]),
        // An exchange, a move into a directory, one over another, one of a directory.
        code("renameat2", [19, 0, 0, 0, 0, 0]),
        code("renameat2", [0, 3, 0, 0, 2, 0]),
        code("chdir", [18, 0, 0, 0, 0, 0]),
        code("renameat2", [0, 1, 0, 0, 2, 0]),
        code("rename", [0, 6, 0, 0, 0, 0]),
        code("renameat", [3, 1, 0, 0, 0, 0]),
        code("rename", [4, 11, 0, 0, 0, 0]),
        code("renameat2", [4, 11, 0, 0, 0, 0]),
        code("unlink", [1, 0, 0, 0, 0, 0]),
        code("unlinkat", [21, 0, 0, 0, 0, 0]),
        code("rmdir", [5, 0, 0, 0, 0, 0]),
        code("openat", [2, 0, 8, 0, 0, 0]),
        code("getdents64", [2, 7, 0, 0, 0, 0]),
    ]
}

fn unnamed() -> Vec<Code> {
    vec![
        code("openat", [2, 0, 11, 0, 0, 0]),
        code("write", [0, 7, 0, 0, 0, 0]),
        code("linkat", [0, 0, 0, 0, 0, 0]),
        code("openat2", [2, 0, 11, 0, 0, 0]),
        code("close", [1, 0, 0, 0, 0, 0]),
        code("close", [0, 0, 0, 0, 0, 0]),
    ]
}

fn pipes() -> Vec<Code> {
    vec![
        code("pipe", [0; 6]),
        code("write", [1, 3, 0, 0, 0, 0]),
        code("write", [1, 7, 0, 0, 0, 0]),
        // Descriptors 2 and 3, of packets.
        code("pipe2", [1, 0, 0, 0, 0, 0]),
        code("write", [3, 6, 0, 0, 0, 0]),
        code("tee", [0, 3, 6, 0, 0, 0]),
        code("splice", [0, 3, 7, 0, 0, 0]),
        code("vmsplice", [1, 7, 0, 0, 0, 0]),
        code("vmsplice_to_user", [2, 5, 0, 0, 0, 0]),
        // Larger, smaller than what is in it, small, and full then.
        code("fcntl", [1, 4, 5, 0, 0, 0]),
        code("fcntl", [1, 0, 5, 0, 0, 0]),
        code("read", [0, 9, 0, 0, 0, 0]),
        code("fcntl", [1, 0, 5, 0, 0, 0]),
        code("write", [1, 9, 0, 0, 0, 0]),
        code("mknod", [10, 1, 0, 0, 0, 0]),
        code("openat", [10, 0, 9, 0, 0, 0]),
        code("write", [4, 8, 0, 0, 0, 0]),
        code("close", [0, 0, 0, 0, 0, 0]),
        code("close", [4, 0, 0, 0, 0, 0]),
    ]
}

fn transfers() -> Vec<Code> {
    vec![
        open_a(),
        code("write", [0, 7, 0, 0, 0, 0]),
        open_b(),
        // Descriptors 2 and 3.
        code("pipe", [0; 6]),
        code("copy_file_range", [0, 1, 0, 0, 7, 0]),
        code("copy_file_range", [0, 1, 0, 6, 7, 0]),
        code("sendfile64", [1, 0, 7, 0, 0, 0]),
        code("lseek", [0, 0, 0, 0, 0, 0]),
        code("sendfile", [1, 0, 7, 0, 0, 0]),
        code("lseek", [0, 0, 0, 0, 0, 0]),
        code("sendfile", [3, 0, 5, 0, 0, 0]),
        code("splice", [0, 3, 7, 0, 0, 0]),
        code("splice", [2, 1, 7, 0, 0, 0]),
        code("openat", [9, 0, 2, 0, 0, 0]),
        code("copy_file_range", [4, 1, 0, 1, 7, 0]),
    ]
}

fn attributes() -> Vec<Code> {
    vec![
        open_a(),
        code("setxattr", [0, 0, 3, 0, 0, 0]),
        code("lsetxattr", [0, 1, 7, 0, 0, 0]),
        code("fsetxattr", [0, 2, 8, 0, 0, 0]),
        code("fsetxattr", [0, 0, 6, 0, 0, 0]),
        code("lsetxattr", [7, 2, 3, 0, 0, 0]),
        code("setxattr", [2, 3, 3, 1, 0, 0]),
        code("getxattr", [0, 0, 9, 0, 0, 0]),
        code("listxattr", [0, 9, 0, 0, 0, 0]),
        code("removexattr", [0, 0, 0, 0, 0, 0]),
        code("lremovexattr", [0, 1, 0, 0, 0, 0]),
        code("fremovexattr", [0, 2, 0, 0, 0, 0]),
        code("chmod", [0, 5, 0, 0, 0, 0]),
        code("fchown", [0, 2, 2, 0, 0, 0]),
        code("futimens", [0, 2, 0, 0, 0, 0]),
    ]
}

fn locks() -> Vec<Code> {
    vec![
        open_a(),
        open_a(),
        open_a(),
        code("flock", [0, 1, 0, 0, 0, 0]),
        code("flock", [1, 1, 0, 0, 0, 0]),
        code("flock", [2, 1, 0, 0, 0, 0]),
        // Not to be had, given back, had.
        code("flock", [0, 6, 0, 0, 0, 0]),
        code("flock", [1, 8, 0, 0, 0, 0]),
        code("close", [2, 0, 0, 0, 0, 0]),
        code("flock", [0, 6, 0, 0, 0, 0]),
        code("fork", [0; 6]),
        code("flock", [1, 5, 0, 0, 0, 0]),
        code("fork", [0; 6]),
    ]
}

/// Types 0 `RDLCK`, 1 `WRLCK`, 2 `UNLCK`; then the first byte; lengths 0: all, 1: 1, 3: 10.
fn record_locks() -> Vec<Code> {
    vec![
        open_a(),
        open_a(),
        code("fcntl_setlk", [0, 1, 10, 3, 0, 0]),
        // In the middle: what was one lock is three, then two, then one.
        code("fcntl_setlk", [0, 0, 15, 1, 0, 0]),
        code("fcntl_setlk", [0, 2, 12, 1, 0, 0]),
        code("fcntl_setlk", [0, 1, 10, 3, 0, 0]),
        code("fcntl_setlk", [0, 2, 15, 1, 0, 0]),
        code("fcntl_ofd_setlk", [1, 1, 30, 3, 0, 0]),
        code("fcntl_ofd_setlk", [0, 0, 12, 0, 0, 0]),
        code("fcntl_ofd_setlk", [0, 0, 0, 1, 0, 0]),
        code("fork", [0; 6]),
        code("fcntl_getlk", [0, 1, 0, 0, 0, 0]),
        code("close", [1, 0, 0, 0, 0, 0]),
        code("fork", [0; 6]),
    ]
}

fn roots_and_counters() -> Vec<Code> {
    vec![
        code("mkdir", [2, 2, 0, 0, 0, 0]),
        code("eventfd", [3, 0, 0, 0, 0, 0]),
        code("eventfd2", [3, 1, 0, 0, 0, 0]),
        code("chroot", [2, 0, 0, 0, 0, 0]),
        code("getcwd", [3, 0, 0, 0, 0, 0]),
        code("fork", [0; 6]),
        open_a(),
        code("read", [1, 3, 0, 0, 0, 0]),
        code("fork", [0; 6]),
        code("mount", [0; 6]),
    ]
}

fn notification() -> Vec<Code> {
    let mut sequence = vec![
        code("inotify_init1", [0; 6]),
        // Everything in the current directory; in `d`; a file, once.
        code("inotify_add_watch", [0, 17, 0, 0, 0, 0]),
        code("inotify_add_watch", [0, 2, 5, 0, 0, 0]),
        code("inotify_init", [0; 6]),
        code("inotify_add_watch", [1, 17, 2, 0, 0, 0]),
        // Descriptor 2.
        open_a(),
        code("inotify_add_watch", [0, 0, 1, 0, 0, 0]),
        code("inotify_add_watch", [1, 0, 3, 0, 0, 0]),
        code("write", [2, 3, 0, 0, 0, 0]),
        code("write", [2, 3, 0, 0, 0, 0]),
        code("rename", [0, 1, 0, 0, 0, 0]),
        code("rename", [1, 3, 0, 0, 0, 0]),
        code("link", [3, 0, 0, 0, 0, 0]),
        code("chmod", [0, 1, 0, 0, 0, 0]),
        code("mkdir", [4, 2, 0, 0, 0, 0]),
        // A name that goes while it is open: the events of the file still say it.
        code("unlink", [0, 0, 0, 0, 0, 0]),
        code("unlink", [3, 0, 0, 0, 0, 0]),
        code("write", [2, 3, 0, 0, 0, 0]),
        open_a(),
        code("openat", [2, 0, 11, 0, 0, 0]),
        code("linkat", [4, 1, 0, 0, 0, 0]),
        code("store", [0, 1, 0, 0, 0, 0]),
        code("copy_file_range", [2, 3, 0, 0, 3, 0]),
        code("close", [2, 0, 0, 0, 0, 0]),
        code("rmdir", [4, 0, 0, 0, 0, 0]),
        code("inotify_rm_watch", [0, 1, 0, 0, 0, 0]),
        code("read", [0, 3, 0, 0, 0, 0]),
        code("renameat2", [1, 3, 0, 0, 2, 0]),
        code("rename", [1, 0, 0, 0, 0, 0]),
    ];
    sequence.extend([code("close", [0, 0, 0, 0, 0, 0]), code("close", [1, 0, 0, 0, 0, 0])]);
    sequence
}

fn memory() -> Vec<Code> {
    vec![
        open_a(),
        code("write", [0, 7, 0, 0, 0, 0]),
        code("ftruncate", [0, 0, 6, 0, 0, 0]),
        // Shared at the first pages, private behind, nobody's behind that.
        code("mmap", [255, 7, 0, 0, 0, 0]),
        code("store", [0, 6, 9, 0, 0, 0]),
        // A hole gets its page.
        code("store", [4, 7, 0, 0, 0, 0]),
        code("mmap", [255, 7, 0, 1, 0, 0]),
        code("store", [5, 6, 9, 0, 0, 0]),
        code("mmap", [255, 7, 0, 3, 0, 0]),
        code("store", [10, 6, 9, 0, 0, 0]),
        code("mmap", [255, 7, 0, 2, 0, 0]),
        code("store", [15, 6, 9, 0, 0, 0]),
        code("fork", [0; 6]),
        code("store", [10, 1, 0, 0, 0, 0]),
        code("store", [7, 1, 0, 0, 0, 0]),
        // In the middle, so that areas are parted.
        code("mprotect", [1, 5, 1, 0, 0, 0]),
        code("munmap", [6, 5, 0, 0, 0, 0]),
        code("mlock", [11, 5, 0, 0, 0, 0]),
        code("munlock", [11, 1, 0, 0, 0, 0]),
        code("mmap", [2, 5, 0, 4, 0, 0]),
        code("mmap", [12, 7, 0, 5, 0, 0]),
        code("store", [2, 5, 0, 0, 0, 0]),
        code("msync", [0, 7, 0, 0, 0, 0]),
        code("truncate", [0, 0, 1, 0, 0, 0]),
        code("fork", [0; 6]),
        code("munmap", [0, 9, 0, 0, 0, 0]),
    ]
}
