//! Sockets: the filesystem has none, so these are for descriptors of the host's.

use wasm_vfs_core::OFlags;

use crate::abi::imports as host;
use crate::errno::{Error, answer};
use crate::exports::on_fd;
use crate::kernel;
use crate::memory::iovec::check_vector_for_host;
use crate::memory::user::{UserRange, check_for_host};

#[unsafe(no_mangle)]
extern "C" fn sock_accept(fd: i32, flags: u32, opened: u32) -> i32 {
    on_fd(
        fd,
        0,
        |host_fd| match check_for_host(opened, 4) {
            0 => accept(host_fd, flags, opened),
            fault => fault,
        },
        |_, _, _| Err(Error::NOTSOCK),
    )
}

/// Lets the host accept; the program gets a number of ours for the connection.
fn accept(host_fd: u32, flags: u32, opened: u32) -> i32 {
    match host::sock_accept(host_fd, flags, opened) {
        0 => answer(kernel::enter(|kernel, _| {
            let out = UserRange::new(opened, 4)?;
            let token = u64::from(out.load_u32(0));
            let fd = kernel.fs.open_foreign(&mut kernel.process, token, OFlags::RDWR)?;
            out.store_u32(0, fd.cast_unsigned());
            Ok(())
        })),
        errno => errno,
    }
}

#[unsafe(no_mangle)]
extern "C" fn sock_recv(
    fd: i32,
    iovs: u32,
    iovs_len: u32,
    flags: u32,
    nread: u32,
    roflags: u32,
) -> i32 {
    on_fd(
        fd,
        0,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nread) | check_for_host(roflags, 2) {
            0 => host::sock_recv(host_fd, iovs, iovs_len, flags, nread, roflags),
            fault => fault,
        },
        |_, _, _| Err(Error::NOTSOCK),
    )
}

#[unsafe(no_mangle)]
extern "C" fn sock_send(fd: i32, iovs: u32, iovs_len: u32, flags: u32, nsent: u32) -> i32 {
    on_fd(
        fd,
        0,
        |host_fd| match check_vector_for_host(iovs, iovs_len, nsent) {
            0 => host::sock_send(host_fd, iovs, iovs_len, flags, nsent),
            fault => fault,
        },
        |_, _, _| Err(Error::NOTSOCK),
    )
}

#[unsafe(no_mangle)]
extern "C" fn sock_shutdown(fd: i32, how: u32) -> i32 {
    on_fd(fd, 0, |host_fd| host::sock_shutdown(host_fd, how), |_, _, _| Err(Error::NOTSOCK))
}
