//! Each call on the kernel, by its name.
//!
//! Neighbours: [`crate::kernel`] is the world that makes them, [`crate::core_fs`] does the same on
//! fs-core.

use std::ffi::CString;

use wasm_vfs_core::Errno;

use crate::call::{Call, UTIME_NOW};
use crate::children::fork_as;
use crate::kernel::{BASE_FD, Kernel, MAPPED_FROM, SCRATCH_FD, c, meta_at, names, remount, sys};
use crate::locks;
use crate::outcome::{Outcome, Value, event_value, parse_old_dirents, time_text, typed_names};
use crate::world::Ids;

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;

/// `SPLICE_F_NONBLOCK`.
const DO_NOT_WAIT: i64 = 2;

/// Pieces of memory of these lengths, and a `struct iovec` for each.
fn pieces(lengths: &[u32]) -> (Vec<Vec<u8>>, Vec<libc::iovec>) {
    let mut pieces: Vec<Vec<u8>> = lengths.iter().map(|&len| vec![0; len as usize]).collect();
    let iovecs = pieces
        .iter_mut()
        .map(|piece| libc::iovec { iov_base: piece.as_mut_ptr().cast(), iov_len: piece.len() })
        .collect();
    (pieces, iovecs)
}

fn iovecs_of(parts: &[&[u8]]) -> Vec<libc::iovec> {
    parts
        .iter()
        .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
        .collect()
}

fn read_into(length: i64, read: impl FnOnce(*mut u8, usize) -> Result<i64, Errno>) -> Outcome {
    let mut buffer = vec![0u8; length as usize];
    let count = read(buffer.as_mut_ptr(), buffer.len())?;
    buffer.truncate(count as usize);
    Ok(Value::Bytes(buffer))
}

/// A C `off_t *`.
struct Offset(Option<i64>);

impl Offset {
    fn of(list: &[u32]) -> Offset {
        Offset(list.first().map(|&offset| offset.into()))
    }

    fn pointer(&mut self) -> *mut i64 {
        self.0.as_mut().map_or(std::ptr::null_mut(), |offset| &raw mut *offset)
    }
}

fn gathered(count: i64, pieces: &[Vec<u8>]) -> Outcome {
    let mut bytes = pieces.concat();
    bytes.truncate(count as usize);
    Ok(Value::Bytes(bytes))
}

/// What statfs says. The directory that is the root of a tree is not in the figures of fs-core.
fn statfs(ask: impl FnOnce(*mut libc::statfs) -> Result<i64, Errno>) -> Outcome {
    // SAFETY: the structure is plain data, for which zeros are valid.
    let mut s: libc::statfs = unsafe { std::mem::zeroed() };
    ask(&raw mut s)?;
    let files = s.f_files.saturating_sub(1);
    // `f_flags`, which the crate libc does not name: the eleventh word (asm-generic/statfs.h).
    // SAFETY: the structure has fifteen words, all of them set.
    let flags = unsafe { *(&raw const s).cast::<u64>().add(10) };
    Ok(Value::Text(format!(
        "type={:x} blocks={} free={} available={} files={files} files_free={} namelen={} bsize={} ro={}",
        s.f_type,
        s.f_blocks,
        s.f_bfree,
        s.f_bavail,
        s.f_ffree,
        s.f_namelen,
        s.f_bsize,
        flags & 1
    )))
}

fn times(call: &Call, first: usize) -> [libc::timespec; 2] {
    [first, first + 1].map(|index| {
        let (tv_sec, tv_nsec) = call.time(index);
        libc::timespec { tv_sec, tv_nsec }
    })
}

/// `times` for a call that takes the null pointer for the current time.
fn null_for_now(times: &[libc::timespec; 2]) -> *const libc::timespec {
    if times[0].tv_nsec == UTIME_NOW { std::ptr::null() } else { times.as_ptr() }
}

fn statx(fd: i64, path: &CString, flags: i64, mask: i64) -> Outcome {
    // SAFETY: the structure is plain data, for which zeros are valid.
    let mut s: libc::statx = unsafe { std::mem::zeroed() };
    sys!(SYS_statx, fd, path.as_ptr(), flags, mask, &raw mut s)?;
    let is_anonymous = u32::from(s.stx_mode) & libc::S_IFMT == 0;
    let time = |time: libc::statx_timestamp| match is_anonymous {
        true => time_text((0, 0)),
        false => time_text((time.tv_sec, time.tv_nsec)),
    };
    Ok(Value::Text(format!(
        "mask={:x} blksize={} attributes={:x} of={:x} nlink={} uid={} gid={} mode={:o} size={} blocks={} \
         rdev={}:{} atime={} btime={} ctime={} mtime={}",
        s.stx_mask,
        s.stx_blksize,
        s.stx_attributes,
        s.stx_attributes_mask,
        s.stx_nlink,
        s.stx_uid,
        s.stx_gid,
        s.stx_mode,
        s.stx_size,
        s.stx_blocks,
        s.stx_rdev_major,
        s.stx_rdev_minor,
        time(s.stx_atime),
        time(s.stx_btime),
        time(s.stx_ctime),
        time(s.stx_mtime),
    )))
}

/// All names in an open directory with their types, by the older call.
fn names_with_types(fd: i64) -> Outcome {
    let mut buffer = vec![0u8; 4096];
    let mut all = Vec::new();
    sys!(SYS_lseek, fd, 0, libc::SEEK_SET)?;
    loop {
        let read = sys!(SYS_getdents, fd, buffer.as_mut_ptr(), buffer.len())?;
        if read == 0 {
            return Ok(typed_names(all));
        }
        all.extend(parse_old_dirents(&buffer[..read as usize]));
    }
}

/// An address that a call means.
fn mapped(address: i64) -> i64 {
    MAPPED_FROM.wrapping_add(address)
}

impl Kernel {
    /// Makes a call in this very process.
    pub fn local_call(&mut self, call: &Call) -> Outcome {
        let n = |index| call.number(index);
        let path = |index| c(call.bytes(index));
        let number = match call.name {
            "become_user" => {
                let (uid, gid, groups) = (call.bits(0), call.bits(1), call.list(2).to_vec());
                self.set_ids(&Ids { uid, euid: uid, gid, egid: gid, groups }).map(|()| 0)
            }
            "become_ids" => {
                let [uid, euid, gid, egid] = [0, 1, 2, 3].map(|index| call.bits(index));
                let groups = call.list(4).to_vec();
                self.set_ids(&Ids { uid, euid, gid, egid, groups }).map(|()| 0)
            }
            "fork" => Ok(fork_as(self, call.number(0) as usize).into()),
            "fill_descriptors" => {
                let dot = c(b".");
                while sys!(SYS_openat, libc::AT_FDCWD, dot.as_ptr(), libc::O_PATH, 0).is_ok() {}
                Ok(0)
            }
            "list" => return names(n(0)),
            "remount_read_only" => remount(b"ro").map(|()| 0),
            "list_types" => return names_with_types(n(0)),
            "openat" => sys!(SYS_openat, n(0), path(1).as_ptr(), n(2), n(3)),
            "creat" => sys!(SYS_creat, path(0).as_ptr(), n(1)),
            "openat2" => {
                let how = [n(2), n(3), n(4)];
                sys!(SYS_openat2, n(0), path(1).as_ptr(), how.as_ptr(), size_of_val(&how))
            }
            "chdir" => sys!(SYS_chdir, path(0).as_ptr()),
            "fchdir" => sys!(SYS_fchdir, n(0)),
            "chroot" => sys!(SYS_chroot, path(0).as_ptr()),
            "getcwd" => return read_into(n(0), |at, len| sys!(SYS_getcwd, at, len)),
            "close_range" if n(1) >= BASE_FD && n(0) <= BASE_FD => {
                sys!(SYS_close_range, n(0), BASE_FD - 1, n(2))
            }
            "close_range" => sys!(SYS_close_range, n(0), n(1), n(2)),
            "syncfs" => sys!(SYS_syncfs, n(0)),
            "close" => sys!(SYS_close, n(0)),
            "read" => {
                return read_into(n(1), |at, len| sys!(SYS_read, n(0), at, len));
            }
            "pread" => {
                return read_into(n(1), |at, len| sys!(SYS_pread64, n(0), at, len, n(2)));
            }
            "readv" => {
                let (pieces, iovecs) = pieces(call.list(1));
                let count = sys!(SYS_readv, n(0), iovecs.as_ptr(), iovecs.len())?;
                return gathered(count, &pieces);
            }
            "preadv" => {
                let (pieces, iovecs) = pieces(call.list(1));
                let count = sys!(SYS_preadv, n(0), iovecs.as_ptr(), iovecs.len(), n(2), 0)?;
                return gathered(count, &pieces);
            }
            "write" => sys!(SYS_write, n(0), call.bytes(1).as_ptr(), call.bytes(1).len()),
            "pwrite" => {
                sys!(SYS_pwrite64, n(0), call.bytes(1).as_ptr(), call.bytes(1).len(), n(2))
            }
            "writev" => {
                let iovecs = iovecs_of(&[call.bytes(1), call.bytes(2)]);
                sys!(SYS_writev, n(0), iovecs.as_ptr(), iovecs.len())
            }
            "pwritev" => {
                let iovecs = iovecs_of(&[call.bytes(1), call.bytes(2)]);
                sys!(SYS_pwritev, n(0), iovecs.as_ptr(), iovecs.len(), n(3), 0)
            }
            "preadv2" => {
                let (pieces, iovecs) = pieces(call.list(1));
                let (at, len) = (iovecs.as_ptr(), iovecs.len());
                let count = sys!(SYS_preadv2, n(0), at, len, n(2), 0, n(3))?;
                return gathered(count, &pieces);
            }
            "pwritev2" => {
                let iovecs = iovecs_of(&[call.bytes(1), call.bytes(2)]);
                sys!(SYS_pwritev2, n(0), iovecs.as_ptr(), iovecs.len(), n(3), 0, n(4))
            }
            "lseek" => sys!(SYS_lseek, n(0), n(1), n(2)),
            "getdents" => {
                let mut buffer = vec![0u8; n(1) as usize];
                sys!(SYS_getdents, n(0), buffer.as_mut_ptr(), buffer.len())
            }
            "getdents64" => {
                let mut buffer = vec![0u8; n(1) as usize];
                sys!(SYS_getdents64, n(0), buffer.as_mut_ptr(), buffer.len())
            }
            "fstat" => {
                let empty = c(b"");
                let found = if n(0) == i64::from(libc::AT_FDCWD) {
                    Err(Errno::EBADF)
                } else {
                    meta_at(n(0), &empty, i64::from(libc::AT_EMPTY_PATH))
                };
                return found.map(Value::Stat);
            }
            "stat" => return meta_at(libc::AT_FDCWD.into(), &path(0), 0).map(Value::Stat),
            "lstat" => {
                let flags = i64::from(libc::AT_SYMLINK_NOFOLLOW);
                return meta_at(libc::AT_FDCWD.into(), &path(0), flags).map(Value::Stat);
            }
            "fstatat" => return meta_at(n(0), &path(1), n(2)).map(Value::Stat),
            "statx" => return statx(n(0), &path(1), n(2), n(3)),
            "mkdir" => sys!(SYS_mkdir, path(0).as_ptr(), n(1)),
            "mkdirat" => sys!(SYS_mkdirat, n(0), path(1).as_ptr(), n(2)),
            "rmdir" => sys!(SYS_rmdir, path(0).as_ptr()),
            "unlink" => sys!(SYS_unlink, path(0).as_ptr()),
            "unlinkat" => sys!(SYS_unlinkat, n(0), path(1).as_ptr(), n(2)),
            "rename" => sys!(SYS_rename, path(0).as_ptr(), path(1).as_ptr()),
            "renameat2" => {
                sys!(SYS_renameat2, n(0), path(1).as_ptr(), n(2), path(3).as_ptr(), n(4))
            }
            "link" => sys!(SYS_link, path(0).as_ptr(), path(1).as_ptr()),
            "linkat" => sys!(SYS_linkat, n(0), path(1).as_ptr(), n(2), path(3).as_ptr(), n(4)),
            "symlink" => sys!(SYS_symlink, path(0).as_ptr(), path(1).as_ptr()),
            "symlinkat" => sys!(SYS_symlinkat, path(0).as_ptr(), n(1), path(2).as_ptr()),
            "readlink" => {
                let path = path(0);
                return read_into(n(1), |at, len| sys!(SYS_readlink, path.as_ptr(), at, len));
            }
            "readlinkat" => {
                let path = path(1);
                return read_into(n(2), |at, len| {
                    sys!(SYS_readlinkat, n(0), path.as_ptr(), at, len)
                });
            }
            "mknod" => sys!(SYS_mknod, path(0).as_ptr(), n(1), n(2)),
            "mknodat" => sys!(SYS_mknodat, n(0), path(1).as_ptr(), n(2), n(3)),
            "truncate" => sys!(SYS_truncate, path(0).as_ptr(), n(1)),
            "ftruncate" => sys!(SYS_ftruncate, n(0), n(1)),
            "fallocate" => sys!(SYS_fallocate, n(0), n(1), n(2), n(3)),
            "posix_fallocate" => {
                // SAFETY: no pointer.
                match unsafe { libc::posix_fallocate(call.fd(0), n(1), n(2)) } {
                    0 => Ok(0),
                    error => Err(Errno::from_number(error as u16).unwrap()),
                }
            }
            "utime" => {
                let [actime, modtime] = [1, 2].map(|index| call.time(index).0);
                let times = libc::utimbuf { actime, modtime };
                let at =
                    if call.time(1).1 == UTIME_NOW { std::ptr::null() } else { &raw const times };
                sys!(SYS_utime, path(0).as_ptr(), at)
            }
            "utimes" => {
                let times = times(call, 1);
                sys!(SYS_utimes, path(0).as_ptr(), null_for_now(&times))
            }
            "futimesat" => {
                let times = times(call, 2);
                sys!(SYS_futimesat, n(0), path(1).as_ptr(), null_for_now(&times))
            }
            "utimensat" => {
                let times = times(call, 2);
                sys!(SYS_utimensat, n(0), path(1).as_ptr(), times.as_ptr(), n(4))
            }
            "futimens" => {
                let times = times(call, 1);
                sys!(SYS_utimensat, n(0), std::ptr::null::<u8>(), times.as_ptr(), 0)
            }
            "chmod" => sys!(SYS_chmod, path(0).as_ptr(), n(1)),
            "fchmod" => sys!(SYS_fchmod, n(0), n(1)),
            "fchmodat2" => sys!(SYS_fchmodat2, n(0), path(1).as_ptr(), n(2), n(3)),
            "chown" => sys!(SYS_chown, path(0).as_ptr(), n(1), n(2)),
            "lchown" => sys!(SYS_lchown, path(0).as_ptr(), n(1), n(2)),
            "fchown" => sys!(SYS_fchown, n(0), n(1), n(2)),
            "fchownat" => sys!(SYS_fchownat, n(0), path(1).as_ptr(), n(2), n(3), n(4)),
            "access" => sys!(SYS_access, path(0).as_ptr(), n(1)),
            "faccessat2" => sys!(SYS_faccessat2, n(0), path(1).as_ptr(), n(2), n(3)),
            "statfs" => {
                let path = path(0);
                return statfs(|at| sys!(SYS_statfs, path.as_ptr(), at));
            }
            "fstatfs" => return statfs(|at| sys!(SYS_fstatfs, n(0), at)),
            "dup" => sys!(SYS_dup, n(0)),
            "dup2" => sys!(SYS_dup2, n(0), n(1)),
            "dup3" => sys!(SYS_dup3, n(0), n(1), n(2)),
            "dupfd" => sys!(SYS_fcntl, n(0), libc::F_DUPFD, n(1)),
            "dupfd_cloexec" => sys!(SYS_fcntl, n(0), libc::F_DUPFD_CLOEXEC, n(1)),
            "getfd" => sys!(SYS_fcntl, n(0), libc::F_GETFD),
            "setfd" => sys!(SYS_fcntl, n(0), libc::F_SETFD, n(1)),
            "getfl" => {
                let flags = sys!(SYS_fcntl, n(0), libc::F_GETFL)?;
                return Ok(Value::Text(format!("0o{flags:o}")));
            }
            "setfl" => sys!(SYS_fcntl, n(0), libc::F_SETFL, n(1)),
            "umask" => sys!(SYS_umask, n(0)),
            "fsync" => sys!(SYS_fsync, n(0)),
            "fdatasync" => sys!(SYS_fdatasync, n(0)),
            "sync" => sys!(SYS_sync),
            "pipe2" => {
                let mut fds = [0i32; 2];
                sys!(SYS_pipe2, fds.as_mut_ptr(), n(0))
            }
            "getpipe_sz" => sys!(SYS_fcntl, n(0), libc::F_GETPIPE_SZ),
            "setpipe_sz" => sys!(SYS_fcntl, n(0), libc::F_SETPIPE_SZ, n(1)),
            "fionread" => {
                let mut bytes = 0i32;
                sys!(SYS_ioctl, n(0), libc::FIONREAD, &raw mut bytes)?;
                Ok(bytes.into())
            }
            "poll" => {
                let mut poll = libc::pollfd { fd: call.fd(0), events: !0, revents: 0 };
                sys!(SYS_poll, &raw mut poll, 1, 0)?;
                return Ok(Value::Text(format!("{:#x}", poll.revents)));
            }
            "eventfd2" => sys!(SYS_eventfd2, n(0), n(1)),
            "event_read" => {
                return match read_into(8, |at, len| sys!(SYS_read, n(0), at, len))? {
                    Value::Bytes(bytes) => Ok(event_value(bytes)),
                    other => Ok(other),
                };
            }
            "event_write" => {
                let number = n(1).to_ne_bytes();
                sys!(SYS_write, n(0), number.as_ptr(), number.len())
            }
            "sendfile" => {
                let mut offset = Offset::of(call.list(2));
                sys!(SYS_sendfile, n(0), n(1), offset.pointer(), n(3))
            }
            "splice" => {
                let (mut from, mut to) = (Offset::of(call.list(1)), Offset::of(call.list(3)));
                sys!(SYS_splice, n(0), from.pointer(), n(2), to.pointer(), n(4), n(5) | DO_NOT_WAIT)
            }
            "tee" => sys!(SYS_tee, n(0), n(1), n(2), n(3) | DO_NOT_WAIT),
            "vmsplice" => {
                let gift = self.gift(call.bytes(1));
                sys!(SYS_vmsplice, n(0), &raw const gift, 1, n(2) | DO_NOT_WAIT)
            }
            "vmsplice_to" => {
                let (pieces, iovecs) = pieces(call.list(1));
                let (at, len) = (iovecs.as_ptr(), iovecs.len());
                let count = sys!(SYS_vmsplice, n(0), at, len, n(2) | DO_NOT_WAIT)?;
                return gathered(count, &pieces);
            }
            "copy_file_range" => {
                let (mut from, mut to) = (Offset::of(call.list(1)), Offset::of(call.list(3)));
                sys!(SYS_copy_file_range, n(0), from.pointer(), n(2), to.pointer(), n(4), 0)
            }
            "getlk" | "setlk" | "ofd_getlk" | "ofd_setlk" => return locks::on_kernel(call),
            // It would wait.
            "flock" => sys!(SYS_flock, n(0), n(1) | i64::from(libc::LOCK_NB)),
            "setxattr" => {
                let value = call.bytes(2);
                let (at, len) = (value.as_ptr(), value.len());
                sys!(SYS_setxattr, path(0).as_ptr(), path(1).as_ptr(), at, len, n(3))
            }
            "lsetxattr" => {
                let value = call.bytes(2);
                let (at, len) = (value.as_ptr(), value.len());
                sys!(SYS_lsetxattr, path(0).as_ptr(), path(1).as_ptr(), at, len, n(3))
            }
            "fsetxattr" => {
                let value = call.bytes(2);
                sys!(SYS_fsetxattr, n(0), path(1).as_ptr(), value.as_ptr(), value.len(), n(3))
            }
            "getxattr" => {
                let (path, name) = (path(0), path(1));
                return read_into(n(2), |at, len| {
                    sys!(SYS_getxattr, path.as_ptr(), name.as_ptr(), at, len)
                });
            }
            "lgetxattr" => {
                let (path, name) = (path(0), path(1));
                return read_into(n(2), |at, len| {
                    sys!(SYS_lgetxattr, path.as_ptr(), name.as_ptr(), at, len)
                });
            }
            "fgetxattr" => {
                let name = path(1);
                return read_into(n(2), |at, len| {
                    sys!(SYS_fgetxattr, n(0), name.as_ptr(), at, len)
                });
            }
            "llistxattr" => {
                let path = path(0);
                return read_into(n(1), |at, len| sys!(SYS_llistxattr, path.as_ptr(), at, len));
            }
            "flistxattr" => {
                return read_into(n(1), |at, len| sys!(SYS_flistxattr, n(0), at, len));
            }
            "lremovexattr" => sys!(SYS_lremovexattr, path(0).as_ptr(), path(1).as_ptr()),
            "fremovexattr" => sys!(SYS_fremovexattr, n(0), path(1).as_ptr()),
            "listxattr" => {
                let path = path(0);
                return read_into(n(1), |at, len| sys!(SYS_listxattr, path.as_ptr(), at, len));
            }
            "removexattr" => sys!(SYS_removexattr, path(0).as_ptr(), path(1).as_ptr()),
            "inotify_init1" => sys!(SYS_inotify_init1, n(0)),
            "inotify_add_watch" => {
                sys!(SYS_inotify_add_watch, n(0), path(1).as_ptr(), n(2))
            }
            "inotify_rm_watch" => sys!(SYS_inotify_rm_watch, n(0), n(1)),
            "events" => return read_into(n(1), |at, len| sys!(SYS_read, n(0), at, len)),
            "mmap" => sys!(SYS_mmap, mapped(n(0)), n(1), n(2), n(3), n(4), n(5))
                .map(|at| at - MAPPED_FROM),
            "munmap" => sys!(SYS_munmap, mapped(n(0)), n(1)),
            "mprotect" => sys!(SYS_mprotect, mapped(n(0)), n(1), n(2)),
            "mlock" => sys!(SYS_mlock, mapped(n(0)), n(1)),
            "munlock" => sys!(SYS_munlock, mapped(n(0)), n(1)),
            "msync" => sys!(SYS_msync, mapped(n(0)), n(1), n(2)),
            // The kernel copies as the program would, and answers EFAULT where that would get a
            // signal.
            "load" => {
                let place = n(0) % PAGE_BYTES;
                let copied = sys!(SYS_pwrite64, SCRATCH_FD, mapped(n(0)), n(1), place)?;
                return read_into(copied, |at, len| sys!(SYS_pread64, SCRATCH_FD, at, len, place));
            }
            "store" => {
                let (place, bytes) = (n(0) % PAGE_BYTES, call.bytes(1));
                sys!(SYS_pwrite64, SCRATCH_FD, bytes.as_ptr(), bytes.len(), place)?;
                sys!(SYS_pread64, SCRATCH_FD, mapped(n(0)), bytes.len(), place)
            }
            name => panic!("the kernel world lacks {name}"),
        };
        number.map(Value::Number)
    }

    /// Memory for a pipe to keep: at the start of a page, as fs-core takes it.
    fn gift(&mut self, bytes: &[u8]) -> libc::iovec {
        let mut memory = vec![0; bytes.len() + PAGE_BYTES as usize];
        let start = memory.as_ptr().align_offset(PAGE_BYTES as usize);
        memory[start..start + bytes.len()].copy_from_slice(bytes);
        let iov_base = memory[start..].as_mut_ptr().cast();
        self.gifts.push(memory);
        libc::iovec { iov_base, iov_len: bytes.len() }
    }
}
