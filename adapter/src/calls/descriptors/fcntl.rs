//! fcntl(2), flock(2).

use wasm_vfs_core::{Errno, Fcntl, FlockOperation, OFlags};

use super::status_flags;
use crate::calls::{call, on_fd};

/// `F_DUPFD` and the others: commands of fcntl(2) (`include/uapi/asm-generic/fcntl.h`).
const F_DUPFD: u32 = 0;
const F_GETFD: u32 = 1;
const F_SETFD: u32 = 2;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;
/// Those of Linux alone (`include/uapi/linux/fcntl.h`).
const F_DUPFD_CLOEXEC: u32 = 1030;
const F_SETPIPE_SZ: u32 = 1031;
const F_GETPIPE_SZ: u32 = 1032;

#[unsafe(export_name = "SYS_fcntl")]
#[expect(clippy::cast_possible_truncation, reason = "Linux takes the low half, too")]
extern "C" fn fcntl(fd: i32, cmd: u32, arg: i64) -> i64 {
    let number = arg as i32;
    let word = number.cast_unsigned();
    let command = match cmd {
        F_DUPFD => Fcntl::DupFd(number),
        F_DUPFD_CLOEXEC => Fcntl::DupFdCloexec(number),
        F_GETFD => Fcntl::GetFd,
        F_SETFD => Fcntl::SetFd(word),
        F_GETFL => {
            return on_fd(
                fd,
                |host_fd| status_flags::get(host_fd).map(|flags| flags.bits()),
                |kernel, _, _| kernel.fs.fcntl(&mut kernel.process, fd, Fcntl::GetFl),
            );
        }
        F_SETFL => {
            let flags = OFlags::from_bits_retain(word);
            return on_fd(
                fd,
                |host_fd| status_flags::set(host_fd, flags),
                |kernel, file, _| kernel.fs.setfl(&kernel.process, file, flags),
            );
        }
        F_SETPIPE_SZ => Fcntl::SetPipeSz(word),
        F_GETPIPE_SZ => Fcntl::GetPipeSz,
        // What is not open, or only names a file, comes first.
        _ => return call(|kernel, _| kernel.open_flags(fd).and(Err::<(), _>(Errno::EINVAL))),
    };
    call(|kernel, _| kernel.fs.fcntl(&mut kernel.process, fd, command))
}

#[unsafe(export_name = "SYS_flock")]
extern "C" fn flock(fd: i32, operation: u32) -> i64 {
    let operation = FlockOperation::from_bits_retain(operation);
    call(|kernel, _| kernel.fs.flock(&kernel.process, fd, operation))
}
