//! The WASI host's functions, by their preview1 names. A pointer argument is an address in the
//! program's memory.
//!
//! A host checks pointers against the whole memory that it sees. In a portable module the
//! filesystem's memory is part of that memory, so callers check every pointer of the program's
//! first.

#[cfg(target_arch = "wasm32")]
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

/// Stand-ins, so that the crate can be checked and its pure parts tested on the machine that builds
/// it.
#[cfg(not(target_arch = "wasm32"))]
mod stand_ins {
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

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use stand_ins::*;
