//! ioctl(2): the few requests that every kind of descriptor knows.
//!
//! There are no terminals: who asks for the size of one, as isatty(3) does, gets `ENOTTY`.

use wasm_vfs_core::{Errno, Ioctl, OFlags};

use super::status_flags;
use crate::calls::user::range;
use crate::calls::{Result, call, on_fd};
use crate::kernel::Kernel;

/// Requests (`include/uapi/asm-generic/ioctls.h`).
const FIONREAD: u32 = 0x541b;
const FIONBIO: u32 = 0x5421;
const FIONCLEX: u32 = 0x5450;
const FIOCLEX: u32 = 0x5451;

#[unsafe(export_name = "SYS_ioctl")]
extern "C" fn ioctl(fd: i32, request: u32, argp: u32) -> i64 {
    match request {
        FIOCLEX => call(|kernel, _| ask(kernel, fd, Ioctl::FioClex)),
        FIONCLEX => call(|kernel, _| ask(kernel, fd, Ioctl::FioNClex)),
        FIONREAD => call(|kernel, _| {
            let bytes = ask(kernel, fd, Ioctl::FioNRead)?;
            range(argp, 4)?.store_u32(0, bytes.cast_unsigned());
            Ok(())
        }),
        FIONBIO => on_fd(
            fd,
            |host_fd| {
                let on = load(argp)? != 0;
                let mut flags = status_flags::get(host_fd)?;
                flags.set(OFlags::NONBLOCK, on);
                status_flags::set(host_fd, flags)
            },
            |kernel, _, _| {
                kernel.open_flags(fd)?;
                ask(kernel, fd, Ioctl::FioNBio(load(argp)?)).map(|_| ())
            },
        ),
        _ => call(|kernel, _| kernel.open_flags(fd).and(Err::<(), _>(Errno::ENOTTY))),
    }
}

fn ask(kernel: &mut Kernel, fd: i32, request: Ioctl) -> Result<i32> {
    kernel.fs.ioctl(&mut kernel.process, fd, request)
}

/// The `int` at an address.
///
/// # Errors
///
/// `EFAULT`: it is not all in the program's memory.
fn load(addr: u32) -> Result<i32> {
    Ok(range(addr, 4)?.load_u32(0).cast_signed())
}
