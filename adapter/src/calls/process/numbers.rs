//! Numbers of processes: getpid(2), getpgid(2), setsid(2), kill(2), wait4(2).

use wasm_vfs_core::Errno;

use super::{ECHILD, ESRCH, PID, is_self};
use crate::calls::error;

/// The highest signal (`_NSIG`).
pub(super) const SIGNALS: i32 = 64;

#[unsafe(export_name = "SYS_getpid")]
extern "C" fn getpid() -> i64 {
    PID.into()
}

/// Nobody here started the program.
#[unsafe(export_name = "SYS_getppid")]
extern "C" fn getppid() -> i64 {
    0
}

#[unsafe(export_name = "SYS_gettid")]
extern "C" fn gettid() -> i64 {
    PID.into()
}

#[unsafe(export_name = "SYS_getpgid")]
extern "C" fn getpgid(pid: i32) -> i64 {
    if is_self(pid) { PID.into() } else { ESRCH }
}

#[unsafe(export_name = "SYS_getsid")]
extern "C" fn getsid(pid: i32) -> i64 {
    getpgid(pid)
}

/// DEVIATION: a program that sets the group that it has is content, though it leads a session.
#[unsafe(export_name = "SYS_setpgid")]
extern "C" fn setpgid(pid: i32, pgid: i32) -> i64 {
    if pgid < 0 {
        error(Errno::EINVAL)
    } else if !is_self(pid) {
        ESRCH
    } else if !is_self(pgid) {
        error(Errno::EPERM)
    } else {
        0
    }
}

/// The program leads a group already.
#[unsafe(export_name = "SYS_setsid")]
extern "C" fn setsid() -> i64 {
    error(Errno::EPERM)
}

#[unsafe(export_name = "SYS_wait4")]
extern "C" fn wait4(_pid: i32, _wstatus: u32, _options: i32, _rusage: u32) -> i64 {
    ECHILD
}

/// Whether there is such a process; DEVIATION: signals themselves are `ENOSYS`.
#[unsafe(export_name = "SYS_kill")]
extern "C" fn kill(pid: i32, sig: i32) -> i64 {
    if !(0..=SIGNALS).contains(&sig) {
        error(Errno::EINVAL)
    } else if !is_self(pid) && pid != -PID {
        ESRCH
    } else if sig != 0 {
        error(Errno::ENOSYS)
    } else {
        0
    }
}

#[unsafe(export_name = "SYS_tkill")]
extern "C" fn tkill(tid: i32, sig: i32) -> i64 {
    if tid <= 0 { error(Errno::EINVAL) } else { kill(tid, sig) }
}
