//! The running Linux kernel as a [`World`]: raw system calls in a `chroot` on a tmpfs.
//!
//! Descriptor table, root, current directory, mount namespace and credentials belong to a thread when it asks for it
//! (`unshare(2)`, and raw `setres*id` calls), so a thread of the test is a process of its own here: it closes all that it inherited, and its descriptors
//! begin at 0 as those of fs-core do. Nothing is left behind: the mount goes with the namespace.

use std::ffi::CString;
use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::outcome::{Meta, Outcome, Value};
use crate::world::{Contents, Ids, Seen, World};

/// One more than the highest descriptor (`RLIMIT_NOFILE`) of both worlds.
pub const MAX_FDS: u32 = 64;

/// Where the descriptor for the root of the tmpfs is kept: beyond what calls can give.
const BASE_FD: i64 = 1000;

/// Limits of the tmpfs, as mount options. Both 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Pages that files may take.
    pub pages: u64,
    /// Inodes that there may be, the root included.
    pub inodes: u32,
}

/// A thread with a tmpfs of its own. It stays on the thread that made it.
#[derive(Debug)]
pub struct Kernel {
    ids: Ids,
    /// How many trees there were: each has a directory of its own as its root.
    trees: u32,
    _not_send: std::marker::PhantomData<*const ()>,
}

/// Runs `work` with a [`Kernel`], on a thread for it.
///
/// # Errors
///
/// Why there is no tmpfs to be had.
pub fn with_kernel<T: Send>(
    limits: Limits,
    work: impl FnOnce(&mut Kernel) -> T + Send,
) -> Result<T, String> {
    // While /proc is in sight.
    protected_hardlinks();
    // The limit of descriptors is the whole process's: one kernel at a time.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let mut kernel = Kernel::new(limits).map_err(|error| error.to_string())?;
            Ok(work(&mut kernel))
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// How this kernel is set up: `/proc/sys/fs/protected_hardlinks`.
pub fn protected_hardlinks() -> bool {
    static SETTING: OnceLock<bool> = OnceLock::new();
    *SETTING.get_or_init(|| {
        let value = std::fs::read_to_string("/proc/sys/fs/protected_hardlinks");
        value.is_ok_and(|value| value.trim() != "0")
    })
}

/// A system call. Every pointer argument must point to what that call reads or writes there.
unsafe fn syscall(number: i64, args: [i64; 6]) -> Result<i64, Errno> {
    let [a, b, c, d, e, f] = args;
    // SAFETY: the caller answers for the arguments.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result >= 0 {
        return Ok(result);
    }
    let number = io::Error::last_os_error().raw_os_error().unwrap_or(0);
    let number = u16::try_from(number).unwrap();
    Err(Errno::from_number(number).unwrap_or_else(|| panic!("fs-core has no errno {number}")))
}

/// Up to six arguments as six.
fn padded(given: &[i64]) -> [i64; 6] {
    let mut args = [0; 6];
    args[..given.len()].copy_from_slice(given);
    args
}

/// A system call whose pointers all come from `pointer`, `iovecs` and the like in the same expression.
macro_rules! sys {
    ($name:ident $(, $arg:expr)*) => {{
        // SAFETY: pointers among the arguments are to local buffers and NUL-terminated strings, of the length that is
        // passed along, which outlive the call (temporaries too, for they are made in the call's own expression).
        unsafe { syscall(libc::$name, padded(&[$(($arg) as i64),*])) }
    }};
}

/// `path` as the kernel wants it.
fn c(path: &[u8]) -> CString {
    CString::new(path).unwrap_or_else(|_| panic!("a path for the kernel has a NUL"))
}

fn as_unit(result: Result<i64, Errno>) -> Outcome {
    result.map(Value::Number)
}

impl Kernel {
    fn new(limits: Limits) -> io::Result<Kernel> {
        let check = |result: i32| if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
        let Limits { pages, inodes } = limits;
        // The directory that is the root of a tree takes one inode more.
        let inodes = if inodes == 0 { 0 } else { inodes + 1 };
        let options = format!("mode=755,huge=never,size={},nr_inodes={inodes}", pages * 4096);
        let options = CString::new(options)?;
        let private = libc::MS_REC | libc::MS_PRIVATE;
        limit_descriptors(BASE_FD as u32 + 1);
        // SAFETY: all strings are NUL-terminated and outlive the calls.
        unsafe {
            check(libc::unshare(libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_NEWNS))?;
            check(libc::mount(
                c"none".as_ptr(),
                c"/".as_ptr(),
                std::ptr::null(),
                private,
                std::ptr::null(),
            ))?;
            let place = c"/tmp".as_ptr();
            check(libc::mount(
                c"none".as_ptr(),
                place,
                c"tmpfs".as_ptr(),
                libc::MS_NOATIME,
                options.as_ptr().cast(),
            ))?;
            let base = libc::open(place, libc::O_RDONLY | libc::O_DIRECTORY);
            check(base)?;
            if base != BASE_FD as i32 {
                check(libc::dup2(base, BASE_FD as i32))?;
            }
            check(libc::close_range(0, BASE_FD as u32 - 1, 0))?;
            check(libc::close_range(BASE_FD as u32 + 1, u32::MAX, 0))?;
        }
        limit_descriptors(MAX_FDS);
        Ok(Kernel { ids: Ids::default(), trees: 0, _not_send: std::marker::PhantomData })
    }

    /// A fresh process on an empty tree: descriptors closed, superuser, umask 022, in the root directory.
    pub fn reset(&mut self) {
        self.set_ids(&Ids::default()).unwrap();
        sys!(SYS_close_range, 0, BASE_FD - 1, 0).unwrap();
        sys!(SYS_umask, 0o022).unwrap();
        sys!(SYS_fchdir, BASE_FD).unwrap();
        let dot = c(b".");
        sys!(SYS_chroot, dot.as_ptr()).unwrap();
        if self.trees > 0 {
            remove_all(BASE_FD, &c(self.trees.to_string().as_bytes()));
        }
        self.trees += 1;
        let root = c(self.trees.to_string().as_bytes());
        sys!(SYS_mkdir, root.as_ptr(), 0o755).unwrap();
        sys!(SYS_chroot, root.as_ptr()).unwrap();
        let slash = c(b"/");
        sys!(SYS_chdir, slash.as_ptr()).unwrap();
    }

    /// Whether a call is none to compare: Linux could wait for ever in it, or knows who opened a descriptor and asks.
    pub fn is_out_of_scope(&mut self, call: &Call) -> bool {
        let nonblocking = |flags: i64| flags & i64::from(libc::O_NONBLOCK | libc::O_PATH) != 0;
        let is_fifo = |meta: Meta| meta.mode & libc::S_IFMT == libc::S_IFIFO;
        let (at, path, flags) = match call.name {
            "openat" | "openat2" => (call.number(0), c(call.bytes(1)), call.number(2)),
            "linkat" => return self.ids.uid != 0 && call.number(4) & 0x1000 != 0,
            "creat" => (libc::AT_FDCWD.into(), c(call.bytes(0)), 0),
            "read" | "readv" | "write" | "writev" => {
                let fd = call.number(0);
                let flags = sys!(SYS_fcntl, fd, libc::F_GETFL).unwrap_or(0);
                let meta = meta_at(fd, &c(b""), libc::AT_EMPTY_PATH.into());
                return meta.is_ok_and(is_fifo) && !nonblocking(flags);
            }
            _ => return false,
        };
        !nonblocking(flags) && self.observe(|| meta_at(at, &path, 0)).is_ok_and(is_fifo)
    }

    /// Whether a descriptor is a directory.
    pub fn is_directory(&self, fd: i32) -> bool {
        meta_at(fd.into(), &c(b""), libc::AT_EMPTY_PATH.into())
            .is_ok_and(|meta| meta.mode & libc::S_IFMT == libc::S_IFDIR)
    }

    fn set_ids(&mut self, ids: &Ids) -> Result<(), Errno> {
        // The saved user id stays 0, so that the way back is open.
        sys!(SYS_setresuid, 0, 0, 0)?;
        sys!(SYS_setgroups, ids.groups.len(), ids.groups.as_ptr())?;
        sys!(SYS_setresgid, ids.gid, ids.gid, ids.gid)?;
        sys!(SYS_setresuid, ids.uid, ids.uid, 0)?;
        self.ids = ids.clone();
        Ok(())
    }

    /// Does something with all permissions.
    fn observe<T>(&mut self, look: impl FnOnce() -> T) -> T {
        if self.ids.uid == 0 {
            return look();
        }
        sys!(SYS_setresuid, -1, 0, -1).unwrap();
        let seen = look();
        sys!(SYS_setresuid, -1, self.ids.uid, -1).unwrap();
        seen
    }
}

/// Sets `RLIMIT_NOFILE`. It is one for all threads of the test; none of them opens many.
fn limit_descriptors(limit: u32) {
    let mut limits = [0u64; 2];
    sys!(SYS_getrlimit, libc::RLIMIT_NOFILE, limits.as_mut_ptr()).unwrap();
    limits[0] = limit.into();
    sys!(SYS_setrlimit, libc::RLIMIT_NOFILE, limits.as_ptr()).unwrap();
}

/// Waits until what the kernel notes as "now" is later than all that it noted before.
pub fn next_tick() {
    let coarse = || {
        let mut time = [0i64; 2];
        sys!(SYS_clock_gettime, libc::CLOCK_REALTIME_COARSE, time.as_mut_ptr()).unwrap();
        time
    };
    let before = coarse();
    while coarse() == before {
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Says that there is no kernel to compare with, so that it is seen even when the test passes.
pub fn complain(what: &str, why: &str) {
    // Not a macro: those are kept from sight when a test passes.
    let line = format!("\n*** NO TMPFS ({why}): {what} NOT compared with the kernel ***\n\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Removes a tree below a directory, as root.
fn remove_all(at: i64, name: &CString) {
    if sys!(SYS_unlinkat, at, name.as_ptr(), 0).is_ok() {
        return;
    }
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let fd = sys!(SYS_openat, at, name.as_ptr(), flags, 0).unwrap();
    for (name, _) in entries(fd, 0).unwrap() {
        remove_all(fd, &c(&name));
    }
    sys!(SYS_close, fd).unwrap();
    sys!(SYS_unlinkat, at, name.as_ptr(), libc::AT_REMOVEDIR).unwrap();
}

/// All entries of an open directory from position `from` on, without `.` and `..`.
fn entries(fd: i64, from: i64) -> Result<Vec<(Vec<u8>, u8)>, Errno> {
    let mut all = Vec::new();
    let mut buffer = vec![0u8; 4096];
    sys!(SYS_lseek, fd, from, libc::SEEK_SET)?;
    loop {
        let read = sys!(SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len())?;
        if read == 0 {
            return Ok(all);
        }
        all.extend(parse_dirents(&buffer[..read as usize]));
    }
}

/// The names and types in `struct linux_dirent64` records, without `.` and `..`. Panics on a malformed one: the layout is part of what
/// is tested.
pub fn parse_dirents(records: &[u8]) -> Vec<(Vec<u8>, u8)> {
    let mut all = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
        let (record, tail) = rest.split_at(length);
        let name_len = record[19..].iter().position(|&byte| byte == 0).expect("no NUL");
        assert_eq!(length, (19 + name_len + 1).next_multiple_of(8), "d_reclen");
        assert!(u64::from_le_bytes(record[..8].try_into().unwrap()) != 0, "d_ino");
        let name = &record[19..19 + name_len];
        if !matches!(name, b"." | b"..") {
            all.push((name.to_vec(), record[18]));
        }
        rest = tail;
    }
    all
}

fn names(fd: i64) -> Outcome {
    let mut names: Vec<Vec<u8>> = entries(fd, 0)?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(Value::Names(names))
}

/// `fstatat`, with the path relative to a descriptor.
fn meta_at(fd: i64, path: &CString, flags: i64) -> Result<Meta, Errno> {
    // SAFETY: the structure is plain data, for which zeros are valid.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    sys!(SYS_newfstatat, fd, path.as_ptr(), &raw mut stat, flags)?;
    Ok(meta(&stat))
}

fn meta(stat: &libc::stat) -> Meta {
    Meta {
        ino: stat.st_ino,
        mode: stat.st_mode,
        nlink: stat.st_nlink,
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: stat.st_rdev,
        size: stat.st_size as u64,
        blocks: stat.st_blocks as u64,
        times: [
            (stat.st_atime, stat.st_atime_nsec as u32),
            (stat.st_mtime, stat.st_mtime_nsec as u32),
            (stat.st_ctime, stat.st_ctime_nsec as u32),
        ],
    }
}

fn extents(fd: i64, size: u64) -> Vec<(u64, Vec<u8>)> {
    let mut extents = Vec::new();
    let mut at = 0;
    while at < size as i64 {
        let Ok(start) = sys!(SYS_lseek, fd, at, libc::SEEK_DATA) else { break };
        let end = sys!(SYS_lseek, fd, start, libc::SEEK_HOLE).unwrap();
        let mut bytes = vec![0; (end - start) as usize];
        let read = sys!(SYS_pread64, fd, bytes.as_mut_ptr(), bytes.len(), start).unwrap();
        assert_eq!(read as usize, bytes.len());
        extents.push((start as u64, bytes));
        at = end;
    }
    extents
}

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
    Ok(Value::Text(format!(
        "type={:x} blocks={} free={} available={} files={files} files_free={} namelen={} bsize={}",
        s.f_type, s.f_blocks, s.f_bfree, s.f_bavail, s.f_ffree, s.f_namelen, s.f_bsize
    )))
}

fn times(call: &Call, first: usize) -> [libc::timespec; 2] {
    [first, first + 1].map(|index| {
        let (tv_sec, tv_nsec) = call.time(index);
        libc::timespec { tv_sec, tv_nsec }
    })
}

impl World for Kernel {
    fn call(&mut self, call: &Call) -> Outcome {
        let n = |index| call.number(index);
        let path = |index| c(call.bytes(index));
        as_unit(match call.name {
            "become_user" => {
                let ids =
                    Ids { uid: call.bits(0), gid: call.bits(1), groups: call.list(2).to_vec() };
                self.set_ids(&ids).map(|()| 0)
            }
            "fill_descriptors" => {
                let dot = c(b".");
                while sys!(SYS_openat, libc::AT_FDCWD, dot.as_ptr(), libc::O_PATH, 0).is_ok() {}
                Ok(0)
            }
            "list" => return names(n(0)),
            "openat" => sys!(SYS_openat, n(0), path(1).as_ptr(), n(2), n(3)),
            "creat" => sys!(SYS_creat, path(0).as_ptr(), n(1)),
            "openat2" => {
                let how = [n(2), n(3), n(4)];
                sys!(SYS_openat2, n(0), path(1).as_ptr(), how.as_ptr(), size_of_val(&how))
            }
            "chdir" => sys!(SYS_chdir, path(0).as_ptr()),
            "fchdir" => sys!(SYS_fchdir, n(0)),
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
            "lseek" => sys!(SYS_lseek, n(0), n(1), n(2)),
            "getdents" => {
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
            "sendfile" => {
                let mut offset = Offset::of(call.list(2));
                sys!(SYS_sendfile, n(0), n(1), offset.pointer(), n(3))
            }
            "splice" => {
                let (mut from, mut to) = (Offset::of(call.list(1)), Offset::of(call.list(3)));
                sys!(SYS_splice, n(0), from.pointer(), n(2), to.pointer(), n(4), n(5))
            }
            "tee" => sys!(SYS_tee, n(0), n(1), n(2), n(3)),
            "copy_file_range" => {
                let (mut from, mut to) = (Offset::of(call.list(1)), Offset::of(call.list(3)));
                sys!(SYS_copy_file_range, n(0), from.pointer(), n(2), to.pointer(), n(4), 0)
            }
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
            "listxattr" => {
                let path = path(0);
                return read_into(n(1), |at, len| sys!(SYS_listxattr, path.as_ptr(), at, len));
            }
            "removexattr" => sys!(SYS_removexattr, path(0).as_ptr(), path(1).as_ptr()),
            name => panic!("the kernel world lacks {name}"),
        })
    }

    fn dirents(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, Errno> {
        let mut records = vec![0u8; len];
        let read = sys!(SYS_getdents64, fd, records.as_mut_ptr(), len)?;
        records.truncate(read as usize);
        Ok(records)
    }

    fn look(&mut self, path: &[u8]) -> Option<Seen> {
        let path = c(path);
        self.observe(|| {
            let at = i64::from(libc::AT_FDCWD);
            let meta = meta_at(at, &path, libc::AT_SYMLINK_NOFOLLOW.into()).ok()?;
            let open = || match sys!(SYS_open, path.as_ptr(), libc::O_RDONLY | libc::O_NOFOLLOW, 0)
            {
                Ok(fd) => fd,
                Err(Errno::EMFILE) => {
                    // Every descriptor that calls may have is taken; one more is for us.
                    limit_descriptors(MAX_FDS + 1);
                    let fd = sys!(SYS_open, path.as_ptr(), libc::O_RDONLY, 0).unwrap();
                    limit_descriptors(MAX_FDS);
                    fd
                }
                Err(error) => panic!("{path:?}: {error}"),
            };
            let contents = match meta.mode & libc::S_IFMT {
                libc::S_IFREG => {
                    let fd = open();
                    let extents = extents(fd, meta.size);
                    sys!(SYS_close, fd).unwrap();
                    Contents::Extents(extents)
                }
                libc::S_IFDIR => {
                    let fd = open();
                    let names = names(fd);
                    sys!(SYS_close, fd).unwrap();
                    let Ok(Value::Names(names)) = names else { panic!("{path:?}: {names:?}") };
                    Contents::Names(names)
                }
                libc::S_IFLNK => {
                    let target =
                        read_into(4096, |at, len| sys!(SYS_readlink, path.as_ptr(), at, len));
                    let Ok(Value::Bytes(target)) = target else { panic!("{path:?}") };
                    Contents::Target(target)
                }
                _ => Contents::Other,
            };
            Some(Seen { meta, contents })
        })
    }

    fn descriptors(&mut self) -> Vec<(i32, Meta, String)> {
        let empty = c(b"");
        let mut all = Vec::new();
        for fd in 0..MAX_FDS as i32 {
            let Ok(fd_flags) = sys!(SYS_fcntl, fd, libc::F_GETFD) else { continue };
            let meta = meta_at(fd.into(), &empty, libc::AT_EMPTY_PATH.into()).unwrap();
            let flags = sys!(SYS_fcntl, fd, libc::F_GETFL).unwrap();
            let mut text = format!("fd_flags={fd_flags} flags=0o{flags:o}");
            if meta.mode & libc::S_IFMT == libc::S_IFREG {
                text += &format!(" offset={:?}", sys!(SYS_lseek, fd, 0, libc::SEEK_CUR));
            }
            all.push((fd, meta, text));
        }
        all
    }
}
