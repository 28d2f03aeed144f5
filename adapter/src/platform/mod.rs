//! What the host still provides: descriptors 0 to 2, arguments, environment, clocks, random numbers, waiting, exit.
//!
//! A host function reads and writes only the program's memory. So a call on the program's behalf passes the program's
//! own pointers on, and for a result that this crate wants itself, bytes of the program's memory are borrowed: saved,
//! written by the host, read, and put back.

use alloc::vec::Vec;
#[cfg(feature = "mounts")]
use wasm_vfs_core::{DirectoryId, Foreign};
use wasm_vfs_core::{Errno, Platform, Timespec};

use crate::clock::Clock;
use crate::convert;
use crate::errno::Result;
#[cfg(feature = "mounts")]
use crate::mounts::Mounts;
use crate::random::Random;
use crate::user::{self, UserRange};

/// The functions themselves, by their preview1 names. A pointer argument is an address in the program's memory.
#[cfg(target_arch = "wasm32")]
pub(crate) mod import {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(crate) safe fn args_get(pointers: u32, strings: u32) -> i32;
        pub(crate) safe fn args_sizes_get(count: u32, bytes: u32) -> i32;
        pub(crate) safe fn clock_res_get(id: u32, resolution: u32) -> i32;
        pub(crate) safe fn clock_time_get(id: u32, precision: u64, time: u32) -> i32;
        pub(crate) safe fn environ_get(pointers: u32, strings: u32) -> i32;
        pub(crate) safe fn environ_sizes_get(count: u32, bytes: u32) -> i32;
        pub(crate) safe fn fd_advise(fd: u32, offset: u64, len: u64, advice: u32) -> i32;
        pub(crate) safe fn fd_allocate(fd: u32, offset: u64, len: u64) -> i32;
        pub(crate) safe fn fd_close(fd: u32) -> i32;
        pub(crate) safe fn fd_datasync(fd: u32) -> i32;
        pub(crate) safe fn fd_fdstat_get(fd: u32, stat: u32) -> i32;
        pub(crate) safe fn fd_fdstat_set_flags(fd: u32, flags: u32) -> i32;
        pub(crate) safe fn fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) -> i32;
        pub(crate) safe fn fd_filestat_get(fd: u32, stat: u32) -> i32;
        pub(crate) safe fn fd_filestat_set_size(fd: u32, size: u64) -> i32;
        pub(crate) safe fn fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32) -> i32;
        pub(crate) safe fn fd_pread(fd: u32, iovs: u32, len: u32, offset: u64, nread: u32) -> i32;
        pub(crate) safe fn fd_pwrite(fd: u32, iovs: u32, len: u32, offset: u64, n: u32) -> i32;
        pub(crate) safe fn fd_read(fd: u32, iovs: u32, iovs_len: u32, nread: u32) -> i32;
        pub(crate) safe fn fd_seek(fd: u32, offset: i64, whence: u32, new: u32) -> i32;
        pub(crate) safe fn fd_sync(fd: u32) -> i32;
        pub(crate) safe fn fd_tell(fd: u32, offset: u32) -> i32;
        pub(crate) safe fn fd_write(fd: u32, iovs: u32, iovs_len: u32, nwritten: u32) -> i32;
        pub(crate) safe fn poll_oneoff(subs: u32, events: u32, count: u32, nevents: u32) -> i32;
        pub(crate) safe fn proc_exit(status: u32) -> !;
        pub(crate) safe fn proc_raise(signal: u32) -> i32;
        pub(crate) safe fn random_get(buf: u32, len: u32) -> i32;
        pub(crate) safe fn sched_yield() -> i32;
        pub(crate) safe fn sock_accept(fd: u32, flags: u32, new: u32) -> i32;
        pub(crate) safe fn sock_recv(
            fd: u32,
            iovs: u32,
            len: u32,
            flags: u32,
            nread: u32,
            roflags: u32,
        ) -> i32;
        pub(crate) safe fn sock_send(fd: u32, iovs: u32, len: u32, flags: u32, sent: u32) -> i32;
        pub(crate) safe fn sock_shutdown(fd: u32, how: u32) -> i32;
    }
}

/// Stand-ins, so that the crate can be checked and its pure parts tested on the host.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod import {
    macro_rules! absent {
        ($($name:ident($($arg:ty),*);)*) => {
            $(pub(crate) fn $name($(_: $arg),*) -> i32 {
                i32::from(wasi::ERRNO_NOSYS.raw())
            })*
        };
    }
    pub(crate) fn proc_exit(_status: u32) {}

    absent! {
        args_get(u32, u32);
        args_sizes_get(u32, u32);
        clock_res_get(u32, u32);
        environ_get(u32, u32);
        environ_sizes_get(u32, u32);
        proc_raise(u32);
        random_get(u32, u32);
        sched_yield();
        clock_time_get(u32, u64, u32);
        fd_advise(u32, u64, u64, u32);
        fd_allocate(u32, u64, u64);
        fd_close(u32);
        fd_datasync(u32);
        fd_fdstat_get(u32, u32);
        fd_fdstat_set_flags(u32, u32);
        fd_fdstat_set_rights(u32, u64, u64);
        fd_filestat_get(u32, u32);
        fd_filestat_set_size(u32, u64);
        fd_filestat_set_times(u32, u64, u64, u32);
        fd_pread(u32, u32, u32, u64, u32);
        fd_pwrite(u32, u32, u32, u64, u32);
        fd_read(u32, u32, u32, u32);
        fd_seek(u32, i64, u32, u32);
        fd_sync(u32);
        fd_tell(u32, u32);
        fd_write(u32, u32, u32, u32);
        poll_oneoff(u32, u32, u32, u32);
        sock_accept(u32, u32, u32);
        sock_recv(u32, u32, u32, u32, u32, u32);
        sock_send(u32, u32, u32, u32, u32);
        sock_shutdown(u32, u32);
    }
}

/// Where bytes of the program's memory are borrowed: any place would do. Not address 0, which some hosts take for a
/// null pointer; aligned for every structure of preview1.
pub(crate) const BORROWED_ADDR: u32 = 1024;

/// Memory of the program that the host writes to in between, and that is as it was afterwards.
#[derive(Debug)]
pub(crate) struct Borrowed {
    range: UserRange,
    saved: Vec<u8>,
}

impl Borrowed {
    /// Borrows so many bytes.
    ///
    /// # Errors
    ///
    /// `NOMEM`: the program has not so much memory, or there is none to save it in.
    pub(crate) fn new(bytes: u32) -> Result<Borrowed> {
        Borrowed::at(BORROWED_ADDR, bytes)
    }

    /// Borrows so many bytes where nobody else does: for what stays borrowed while others borrow.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn nested(bytes: u32) -> Result<Borrowed> {
        Borrowed::at(NESTED_ADDR, bytes)
    }

    /// As [`new`](Self::new), at `addr`.
    pub(crate) fn at(addr: u32, bytes: u32) -> Result<Borrowed> {
        let range = UserRange::new(addr, bytes).map_err(|_| Errno::ENOMEM)?;
        let mut saved = Vec::new();
        saved.try_reserve_exact(bytes as usize).map_err(Errno::from)?;
        saved.resize(bytes as usize, 0);
        range.copy_to_kernel(&mut saved);
        Ok(Borrowed { range, saved })
    }

    /// Where it is.
    pub(crate) fn range(&self) -> UserRange {
        self.range
    }

    /// Its address.
    pub(crate) fn addr(&self) -> u32 {
        self.range.addr()
    }

    /// Makes it as it was, for good.
    pub(crate) fn give_back(self) {
        self.restore();
    }

    /// Makes it as it was.
    pub(crate) fn restore(&self) {
        self.range.store_bytes(&self.saved);
    }
}

/// Where bytes are borrowed while others may be at [`BORROWED_ADDR`], two paths and more.
const NESTED_ADDR: u32 = BORROWED_ADDR + 16 * 1024;

/// The host, as the filesystem sees it.
#[derive(Debug)]
pub(crate) struct Host {
    /// What tells the time.
    pub(crate) clock: Clock,
    /// Its directories.
    #[cfg(feature = "mounts")]
    pub(crate) mounts: Mounts,
    /// What random numbers come from.
    pub(crate) random: Random,
}

impl Host {
    /// The host of a filesystem that is being baked.
    pub(crate) const fn baking() -> Host {
        Host {
            clock: Clock::baking(),
            random: Random::of_host(),
            #[cfg(feature = "mounts")]
            mounts: Mounts::new(),
        }
    }
}

impl Platform for Host {
    // No function of preview1 leads to these, a baked tree has no pipes, and the program is the superuser.
    const PIPES: bool = false;
    const NOTIFY: bool = false;
    const UNNAMED_FILES: bool = false;
    const LOCKS: bool = false;
    const XATTRS: bool = false;
    const MAPPINGS: bool = false;
    const PERMISSIONS: bool = false;
    const ACCESS_TIMES: bool = false;

    /// The realtime clock; 1970 if the host has none.
    fn current_time(&self) -> Timespec {
        convert::timespec(self.clock.realtime())
    }

    #[cfg(not(feature = "mounts"))]
    fn image_to_kernel(&self, dst: &mut [u8], offset: u64) {
        user::image_to_kernel(dst, offset);
    }

    #[cfg(feature = "mounts")]
    const FOREIGN: bool = true;

    #[cfg(feature = "mounts")]
    fn image_to_kernel(&self, dst: &mut [u8], offset: u64) {
        if !self.mounts.lower_to_kernel(dst, offset) {
            user::image_to_kernel(dst, offset);
        }
    }

    #[cfg(feature = "mounts")]
    fn image_failed(&self) -> bool {
        self.mounts.read_failed()
    }

    #[cfg(feature = "mounts")]
    fn walk_stopped(&self, at: DirectoryId, foreign: Foreign, rest: &[u8]) {
        self.mounts.note_stop(at, foreign, rest);
    }

    #[cfg(feature = "mounts")]
    fn walk_stopped_in_link(&self, rest: &[u8]) {
        self.mounts.note_rest(rest);
    }

    fn random(&self) -> core::result::Result<u64, Errno> {
        self.random.next()
    }
}

/// Lets the host store eight bytes in borrowed memory. `None`: it answers an error.
fn ask(store: impl FnOnce(u32) -> i32) -> Option<u64> {
    let borrowed = UserRange::new(BORROWED_ADDR, 8).ok()?;
    let saved = borrowed.load_u64(0);
    let errno = store(BORROWED_ADDR);
    let answer = borrowed.load_u64(0);
    borrowed.store_u64(0, saved);
    (errno == 0).then_some(answer)
}

/// Random bytes of the host. `None`: it has none.
pub(crate) fn random() -> Option<u64> {
    ask(|addr| import::random_get(addr, 8))
}

/// What a clock of the host says, in nanoseconds. `None`: it has no such clock.
pub(crate) fn clock_time(id: u32) -> Option<u64> {
    ask(|addr| import::clock_time_get(id, 1, addr))
}
