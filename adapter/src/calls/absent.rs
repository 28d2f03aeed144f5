//! What there is none of: sockets and epoll, processes beside the program, signals that arrive.

use super::error;
use wasm_vfs_core::Errno;

/// Functions that answer `ENOSYS`, with the types that the table says.
macro_rules! absent {
    ($($export:literal $name:ident($($arg:ty),*);)*) => {
        $(#[unsafe(export_name = $export)]
        extern "C" fn $name($(_: $arg),*) -> i64 {
            error(Errno::ENOSYS)
        })*
    };
}

absent! {
    "SYS_epoll_create1" epoll_create1(u32);
    "SYS_epoll_ctl" epoll_ctl(i32, i32, i32, u32);
    "SYS_epoll_pwait" epoll_pwait(i32, u32, i32, i32, u32, u32);
    "SYS_socket" socket(i32, i32, i32);
    "SYS_socketpair" socketpair(i32, i32, i32, u32);
    "SYS_connect" connect(i32, u32, u32);
    "SYS_accept" accept(i32, u32, u32);
    "SYS_accept4" accept4(i32, u32, u32, i32);
    "SYS_bind" bind(i32, u32, u32);
    "SYS_listen" listen(i32, i32);
    "SYS_sendto" sendto(i32, u32, u32, i32, u32, u32);
    "SYS_recvfrom" recvfrom(i32, u32, u32, i32, u32, u32);
    "SYS_sendmsg" sendmsg(i32, u32, i32);
    "SYS_recvmsg" recvmsg(i32, u32, i32);
    "SYS_shutdown" shutdown(i32, i32);
    "SYS_getsockname" getsockname(i32, u32, u32);
    "SYS_getpeername" getpeername(i32, u32, u32);
    "SYS_setsockopt" setsockopt(i32, i32, i32, u32, u32);
    "SYS_getsockopt" getsockopt(i32, i32, i32, u32, u32);
    "SYS_fork" fork();
    "SYS_execve" execve(u32, u32, u32);
    "SYS_rt_sigsuspend" rt_sigsuspend(u32, u32);
    "SYS_rt_sigreturn" rt_sigreturn(u64);
}
