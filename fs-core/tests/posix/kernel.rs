//! The running Linux kernel as a [`World`]: raw system calls in a `chroot` on a tmpfs.
//!
//! Descriptor table, root, current directory, mount namespace and credentials belong to a thread
//! when it asks for it (`unshare(2)`, and raw `setres*id` calls), so a thread of the test is a
//! process of its own here: it closes all that it inherited, and its descriptors begin at 0 as
//! those of fs-core do. Nothing is left behind: the mount goes with the namespace.

use std::ffi::CString;
use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::children::{Children, PROCESSES, fork_as};
use crate::locks;
use crate::outcome::{Cookies, Meta, Outcome, Value};
use crate::world::{Contents, Descriptors, Ids, Seen, World, from_root};

/// One more than the highest descriptor (`RLIMIT_NOFILE`) of both worlds.
pub const MAX_FDS: u32 = 64;

/// Where the descriptor for the root of the tmpfs is kept: beyond what calls can give.
pub const BASE_FD: i64 = 1000;

/// A file that `load` and `store` copy through, outside of the tmpfs.
pub const SCRATCH_FD: i64 = BASE_FD + 1;

/// The root of the tree: a mount of its own, so that nothing is above it.
const ROOT_FD: i64 = BASE_FD + 2;

/// The descriptors from [`BASE_FD`] on that are the test's own.
const OWN_FDS: u32 = 64;

/// Where the addresses of mappings count from: far from all that a program has there.
pub const MAPPED_FROM: i64 = 1 << 44;

/// How much is mapped at most.
pub const MAPPED_BYTES: i64 = 1 << 20;

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
    pub(crate) ids: Ids,
    /// How many trees there were: each has a directory of its own as its root.
    trees: u32,
    /// The other processes.
    pub(crate) children: Children,
    /// The number of the process that makes the calls.
    current: usize,
    /// Whether this is one of [`children`](Self::children), by a fork.
    pub(crate) is_forked: bool,
    cookies: Cookies,
    /// What pipes were given by vmsplice(2): it must stay as it is until they are gone.
    pub(crate) gifts: Vec<Vec<u8>>,
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
        thread.join().unwrap_or_else(|panic| {
            // The thread has no standard error any more.
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
            panic!("on the kernel's thread: {text}")
        })
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
pub unsafe fn syscall(number: i64, args: [i64; 6]) -> Result<i64, Errno> {
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
pub fn padded(given: &[i64]) -> [i64; 6] {
    let mut args = [0; 6];
    args[..given.len()].copy_from_slice(given);
    args
}

/// A system call whose pointers all come from `pointer`, `iovecs` and the like in the same
/// expression.
macro_rules! sys {
    ($name:ident $(, $arg:expr)*) => {{
        // SAFETY: pointers among the arguments are to local buffers and NUL-terminated strings, of
        // the length that is passed along, which outlive the call (temporaries too, for they are
        // made in the call's own expression); or they are addresses in the range of MAPPED_FROM,
        // where there is nothing of Rust's.
        unsafe { $crate::kernel::syscall(libc::$name, $crate::kernel::padded(&[$(($arg) as i64),*])) }
    }};
}

pub(crate) use sys;

/// `path` as the kernel wants it.
pub fn c(path: &[u8]) -> CString {
    CString::new(path).unwrap_or_else(|_| panic!("a path for the kernel has a NUL"))
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
        limit_descriptors(BASE_FD as u32 + OWN_FDS);
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
            let scratch = libc::memfd_create(c"scratch".as_ptr(), 0);
            check(scratch)?;
            check(libc::dup2(scratch, SCRATCH_FD as i32))?;
            check(libc::close(scratch))?;
        }
        let children = Children::new();
        limit_descriptors(MAX_FDS);
        Ok(Kernel {
            ids: Ids::default(),
            trees: 0,
            children,
            current: 0,
            is_forked: false,
            cookies: Cookies::default(),
            gifts: Vec::new(),
            _not_send: std::marker::PhantomData,
        })
    }

    /// A fresh process on an empty tree: descriptors closed, superuser, umask 022, in the root
    /// directory.
    pub fn reset(&mut self) {
        for slot in 1..PROCESSES {
            self.children.end(slot);
        }
        self.current = 0;
        self.cookies = Cookies::default();
        sys!(SYS_munmap, MAPPED_FROM, MAPPED_BYTES).unwrap();
        self.set_ids(&Ids::default()).unwrap();
        sys!(SYS_close_range, 0, BASE_FD - 1, 0).unwrap();
        self.gifts.clear();
        sys!(SYS_umask, 0o022).unwrap();
        sys!(SYS_fchdir, BASE_FD).unwrap();
        let dot = c(b".");
        sys!(SYS_chroot, dot.as_ptr()).unwrap();
        remount(b"rw").unwrap();
        if self.trees > 0 {
            remove_all(BASE_FD, &c(self.trees.to_string().as_bytes()));
        }
        self.trees += 1;
        let root = c(self.trees.to_string().as_bytes());
        sys!(SYS_mkdir, root.as_ptr(), 0o755).unwrap();
        // A mount that is nowhere: `..` of its root is the root, wherever a process has its own.
        let tree = sys!(SYS_open_tree, BASE_FD, root.as_ptr(), libc::OPEN_TREE_CLONE).unwrap();
        limit_descriptors(BASE_FD as u32 + OWN_FDS);
        sys!(SYS_dup2, tree, ROOT_FD).unwrap();
        limit_descriptors(MAX_FDS);
        sys!(SYS_close, tree).unwrap();
        sys!(SYS_fchdir, ROOT_FD).unwrap();
        sys!(SYS_chroot, dot.as_ptr()).unwrap();
        let slash = c(b"/");
        sys!(SYS_chdir, slash.as_ptr()).unwrap();
    }

    /// A second process, number `slot`, that is as the current one is. It makes no call yet.
    fn fork(&mut self, slot: usize) -> Outcome {
        if slot >= PROCESSES || self.children.is_alive(slot) {
            return Err(Errno::EAGAIN);
        }
        let pid = match self.children.connection(self.current) {
            Some(child) => match child.call(&Call::parse(&format!("fork {slot}")).unwrap()) {
                Ok(Value::Number(pid)) => pid as i32,
                other => panic!("{other:?}"),
            },
            None => fork_as(self, slot),
        };
        self.children.add(slot, pid);
        Ok(Value::Number(0))
    }

    /// Lets process number `slot` make the calls from now on.
    fn switch(&mut self, slot: usize) -> Outcome {
        if slot >= PROCESSES || !self.children.is_alive(slot) {
            return Err(Errno::EINVAL);
        }
        self.current = slot;
        Ok(Value::Number(0))
    }

    /// Ends the current process, unless it is the first one, which makes the calls then.
    fn exit(&mut self) -> Outcome {
        if self.current == 0 {
            return Err(Errno::EINVAL);
        }
        self.children.end(self.current);
        self.current = 0;
        Ok(Value::Number(0))
    }

    /// Makes a call, unless that is none to compare.
    pub fn attempt(&mut self, call: &Call) -> Option<Outcome> {
        let own = matches!(call.name, "fork" | "switch" | "exit");
        let outcome = match self.children.connection(self.current) {
            _ if own => return Some(self.call(call)),
            Some(child) => child.attempt(call)?,
            None => self.local_attempt(call)?,
        };
        Some(self.readable(call, outcome))
    }

    /// [`attempt`](Self::attempt) in this very process.
    pub fn local_attempt(&mut self, call: &Call) -> Option<Outcome> {
        (!self.is_out_of_scope(call)).then(|| self.local_call(call))
    }

    fn readable(&mut self, call: &Call, outcome: Outcome) -> Outcome {
        match outcome {
            Ok(Value::Bytes(records)) if call.name == "events" => Ok(self.cookies.events(&records)),
            Ok(Value::Text(text)) if call.name.ends_with("getlk") => {
                Ok(Value::Text(locks::with_slot(&text, &self.children.pids())))
            }
            other => other,
        }
    }

    pub(crate) fn set_ids(&mut self, ids: &Ids) -> Result<(), Errno> {
        // The saved user id stays 0, so that the way back is open.
        sys!(SYS_setresuid, 0, 0, 0)?;
        sys!(SYS_setgroups, ids.groups.len(), ids.groups.as_ptr())?;
        sys!(SYS_setresgid, ids.gid, ids.egid, ids.egid)?;
        sys!(SYS_setresuid, ids.uid, ids.euid, 0)?;
        self.ids = ids.clone();
        Ok(())
    }

    /// Does something with all permissions.
    pub(crate) fn observe<T>(&mut self, look: impl FnOnce() -> T) -> T {
        if self.ids.euid == 0 {
            return look();
        }
        sys!(SYS_setresuid, -1, 0, -1).unwrap();
        let seen = look();
        sys!(SYS_setresuid, -1, self.ids.euid, -1).unwrap();
        seen
    }
}

impl Drop for Kernel {
    /// The mount goes with the last process that is in its namespace.
    fn drop(&mut self) {
        if !self.is_forked && !std::thread::panicking() {
            (1..PROCESSES).for_each(|slot| self.children.end(slot));
        }
    }
}

/// Makes the tmpfs read-only, `ro`, or writable again, `rw`.
pub fn remount(option: &[u8]) -> Result<(), Errno> {
    // From linux/mount.h.
    const FSPICK_EMPTY_PATH: i64 = 8;
    const FSCONFIG_SET_FLAG: i64 = 0;
    const FSCONFIG_CMD_RECONFIGURE: i64 = 7;
    let (here, option) = (c(b""), c(option));
    let null = std::ptr::null::<u8>();
    let fd = sys!(SYS_fspick, BASE_FD, here.as_ptr(), FSPICK_EMPTY_PATH)?;
    let done = sys!(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, option.as_ptr(), null, 0)
        .and_then(|_| sys!(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, null, null, 0));
    sys!(SYS_close, fd)?;
    done.map(|_| ())
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

/// The names and types in `struct linux_dirent64` records, without `.` and `..`. Panics on a
/// malformed one: the layout is part of what is tested.
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

pub fn names(fd: i64) -> Outcome {
    let mut names: Vec<Vec<u8>> = entries(fd, 0)?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(Value::Names(names))
}

/// `fstatat`, with the path relative to a descriptor.
pub fn meta_at(fd: i64, path: &CString, flags: i64) -> Result<Meta, Errno> {
    // SAFETY: the structure is plain data, for which zeros are valid.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    sys!(SYS_newfstatat, fd, path.as_ptr(), &raw mut stat, flags)?;
    Ok(meta(&stat))
}

fn meta(stat: &libc::stat) -> Meta {
    // All inotify descriptors share an inode, whose times are those of the system's start.
    let is_anonymous = stat.st_mode & libc::S_IFMT == 0;
    let time = |sec, nsec: i64| if is_anonymous { (0, 0) } else { (sec, nsec as u32) };
    Meta {
        // Unique among all filesystems.
        ino: stat.st_ino ^ (stat.st_dev << 40),
        mode: stat.st_mode,
        nlink: stat.st_nlink,
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: stat.st_rdev,
        size: stat.st_size as u64,
        blocks: stat.st_blocks as u64,
        times: [
            time(stat.st_atime, stat.st_atime_nsec),
            time(stat.st_mtime, stat.st_mtime_nsec),
            time(stat.st_ctime, stat.st_ctime_nsec),
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

impl World for Kernel {
    fn call(&mut self, call: &Call) -> Outcome {
        let outcome = match call.name {
            "fork" => self.fork(call.number(0) as usize),
            "switch" => self.switch(call.number(0) as usize),
            "exit" => self.exit(),
            _ => match self.children.connection(self.current) {
                Some(child) => child.call(call),
                None => self.local_call(call),
            },
        };
        self.readable(call, outcome)
    }

    fn dirents(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, Errno> {
        let mut records = vec![0u8; len];
        let read = sys!(SYS_getdents64, fd, records.as_mut_ptr(), len)?;
        records.truncate(read as usize);
        Ok(records)
    }

    fn look(&mut self, path: &[u8]) -> Option<Seen> {
        let path = c(from_root(path));
        self.observe(|| {
            let at = ROOT_FD;
            let meta = meta_at(at, &path, libc::AT_SYMLINK_NOFOLLOW.into()).ok()?;
            let flags = libc::O_RDONLY | libc::O_NOFOLLOW;
            let open = || match sys!(SYS_openat, at, path.as_ptr(), flags, 0) {
                Ok(fd) => fd,
                Err(Errno::EMFILE) => {
                    // Every descriptor that calls may have is taken; one more is for us.
                    limit_descriptors(MAX_FDS + 1);
                    let fd = sys!(SYS_openat, at, path.as_ptr(), flags, 0).unwrap();
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
                    let mut target = vec![0u8; 4096];
                    let to = target.as_mut_ptr();
                    let len = sys!(SYS_readlinkat, at, path.as_ptr(), to, target.len()).unwrap();
                    target.truncate(len as usize);
                    Contents::Target(target)
                }
                _ => Contents::Other,
            };
            Some(Seen { meta, contents })
        })
    }

    fn descriptors(&mut self) -> Vec<(usize, Descriptors)> {
        let ask = |kernel: &mut Kernel, slot| match kernel.children.connection(slot) {
            Some(child) => child.descriptors(),
            None => kernel.local_descriptors(),
        };
        self.children.alive().into_iter().map(|slot| (slot, ask(self, slot))).collect()
    }
}

impl Kernel {
    /// The descriptors of this very process.
    pub fn local_descriptors(&mut self) -> Descriptors {
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
