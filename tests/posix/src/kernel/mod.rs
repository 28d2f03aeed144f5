//! The running Linux kernel as a [`World`]: raw system calls in a `chroot` on a tmpfs.
//!
//! Descriptor table, root, current directory, mount namespace and credentials belong to a thread
//! when it asks for it (`unshare(2)`, and raw `setres*id` calls), so a thread of the test is a
//! process of its own here: it closes all that it inherited, and its descriptors begin at 0 as
//! those of fs-core do. Nothing is left behind: the mount goes with the namespace.

pub mod children;
mod numbers;
mod scope;

use std::ffi::CString;
use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::locks;
use crate::outcome::{Cookies, Meta, Outcome, Value};
use crate::raw::{Raw, Word, calls, layout, look};
use crate::world::{Descriptors, Ids, Seen, World};
use children::{Children, PROCESSES, fork_as};
use wasm_vfs_calls::Layout;

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

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;

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

/// A system call.
///
/// # Safety
///
/// Every pointer argument must point to what that call reads or writes there.
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
            remove_all(self, BASE_FD, &c(self.trees.to_string().as_bytes()));
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

/// An open file's metadata.
fn of_fd(fd: i64) -> Option<Meta> {
    let mut stat = [0; Layout::Stat.bytes() as usize];
    sys!(SYS_fstat, fd, stat.as_mut_ptr()).ok()?;
    Some(layout::stat(&stat))
}

/// Whether a path, with its NUL, leads to the root that the test sees.
fn is_root(path: &[u8]) -> bool {
    let mut stat = [0; Layout::Stat.bytes() as usize];
    let found = sys!(SYS_newfstatat, libc::AT_FDCWD, path.as_ptr(), stat.as_mut_ptr(), 0);
    found.is_ok() && of_fd(ROOT_FD).is_some_and(|root| root.ino == layout::stat(&stat).ino)
}

/// Removes a tree below a directory, as root.
fn remove_all(kernel: &mut Kernel, at: i64, name: &CString) {
    if sys!(SYS_unlinkat, at, name.as_ptr(), 0).is_ok() {
        return;
    }
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let fd = sys!(SYS_openat, at, name.as_ptr(), flags, 0).unwrap();
    let Ok(Value::Names(names)) = look::names(kernel, fd) else { panic!("{name:?}") };
    for name in names {
        remove_all(kernel, fd, &c(&name));
    }
    sys!(SYS_close, fd).unwrap();
    sys!(SYS_unlinkat, at, name.as_ptr(), libc::AT_REMOVEDIR).unwrap();
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
        look::records(self, "getdents64", fd.into(), len.try_into().unwrap())
    }

    fn look(&mut self, path: &[u8]) -> Option<Seen> {
        look::look(self, path)
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
    /// Makes a call in this very process.
    pub fn local_call(&mut self, call: &Call) -> Outcome {
        if call.name == "fork" {
            return Ok(Value::Number(fork_as(self, call.number(0) as usize).into()));
        }
        calls::call(self, call)
    }

    /// The descriptors of this very process.
    pub fn local_descriptors(&mut self) -> Descriptors {
        look::descriptors(self)
    }

    /// Memory for a pipe to keep: at the start of a page, as fs-core takes it.
    fn gift(&mut self, bytes: &[u8]) -> *mut u8 {
        let mut memory = vec![0; bytes.len() + PAGE_BYTES as usize];
        let start = memory.as_ptr().align_offset(PAGE_BYTES as usize);
        memory[start..start + bytes.len()].copy_from_slice(bytes);
        let gift = memory[start..].as_mut_ptr();
        self.gifts.push(memory);
        gift
    }

    /// The `struct iovec` array of pieces that a call reads.
    fn vector_of(&mut self, name: &str, pieces: &mut [Vec<u8>]) -> Vec<libc::iovec> {
        let is_gift = name == "vmsplice";
        let place = |piece: &mut Vec<u8>| {
            let at = if is_gift { self.gift(piece) } else { piece.as_mut_ptr() };
            libc::iovec { iov_base: at.cast(), iov_len: piece.len() }
        };
        pieces.iter_mut().map(place).collect()
    }
}

impl Raw for Kernel {
    fn raw(&mut self, name: &'static str, args: &mut [Word]) -> Result<i64, Errno> {
        let number = numbers::number(name).unwrap();
        // What the addresses are of; moving it does not move the arrays.
        let mut vectors: Vec<Vec<libc::iovec>> = Vec::new();
        let mut numbers: Vec<i64> = Vec::new();
        for arg in &mut *args {
            numbers.push(match arg {
                Word::Number(number) => *number,
                Word::In(bytes) | Word::Out(bytes) => bytes.as_mut_ptr() as i64,
                Word::InVec(pieces) => {
                    vectors.push(self.vector_of(name, pieces));
                    vectors[vectors.len() - 1].as_ptr() as i64
                }
                Word::OutVec(pieces) => {
                    vectors.push(self.vector_of("", pieces));
                    vectors[vectors.len() - 1].as_ptr() as i64
                }
            });
        }
        if matches!(name, "preadv2" | "pwritev2") {
            // The offset takes two arguments, of which the first has all of it (`pos_from_hilo`).
            numbers.insert(4, 0);
        }
        // SAFETY: the pointers among the arguments are to bytes and arrays that `args` and `vectors`
        // hold, of the lengths that `crate::raw::calls` passes along; or they are addresses in the
        // range of MAPPED_FROM, where there is nothing of Rust's.
        let answer = unsafe { syscall(number, padded(&numbers)) };
        match args {
            // The root that the test sees is a directory of the mount, not where it is mounted.
            [_, Word::In(target), ..] if name == "mount" && answer == Err(Errno::EINVAL) => {
                if is_root(target) {
                    remount(b"ro").map(|()| 0)
                } else {
                    answer
                }
            }
            _ => answer,
        }
    }

    fn ids(&mut self) -> &mut Ids {
        &mut self.ids
    }

    fn mapped_from(&self) -> i64 {
        MAPPED_FROM
    }

    /// The kernel copies as the program would, and answers EFAULT where that would get a signal.
    fn load(&mut self, address: i64, len: i64) -> Outcome {
        let place = address % PAGE_BYTES;
        let copied = sys!(SYS_pwrite64, SCRATCH_FD, address, len, place)?;
        let mut bytes = vec![0u8; copied as usize];
        sys!(SYS_pread64, SCRATCH_FD, bytes.as_mut_ptr(), bytes.len(), place)?;
        Ok(Value::Bytes(bytes))
    }

    fn store(&mut self, address: i64, bytes: &[u8]) -> Outcome {
        let place = address % PAGE_BYTES;
        sys!(SYS_pwrite64, SCRATCH_FD, bytes.as_ptr(), bytes.len(), place)?;
        sys!(SYS_pread64, SCRATCH_FD, address, bytes.len(), place).map(Value::Number)
    }

    fn root_fd(&self) -> i64 {
        ROOT_FD
    }

    /// The directory that is the root of a tree.
    fn inodes_above(&self) -> u64 {
        1
    }

    fn last_fd(&self) -> i64 {
        BASE_FD - 1
    }
}
