//! The one thread: prctl(2), sched_yield(2), sched_getaffinity(2), set_tid_address(2).

use wasm_vfs_core::Errno;

use super::{ESRCH, PID, is_self};
use crate::calls::user::{range, string};
use crate::calls::{Result, answer, error};
use crate::one_thread::OneThread;

const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;

/// Bytes of the name of a thread, with its NUL (`TASK_COMM_LEN`).
const NAME_BYTES: usize = 16;

static NAME: OneThread<[u8; NAME_BYTES]> = OneThread::new([0; NAME_BYTES]);

/// `EINVAL`, but for the name of the thread.
#[unsafe(export_name = "SYS_prctl")]
extern "C" fn prctl(option: i32, arg2: u64, _arg3: u64, _arg4: u64, _arg5: u64) -> i64 {
    let served = || {
        let addr = u32::try_from(arg2).map_err(|_| Errno::EFAULT);
        match option {
            PR_SET_NAME => set_name(addr?),
            PR_GET_NAME => {
                // SAFETY: the closure only copies.
                let name = unsafe { NAME.with(|name| *name) };
                range(addr?, 16)?.store_bytes(&name);
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    };
    answer(served())
}

/// Keeps as much of a name as fits.
fn set_name(addr: u32) -> Result<()> {
    let mut name = [0; NAME_BYTES];
    if let Some((_, room)) = name.split_last_mut() {
        string(room, addr)?;
    }
    // SAFETY: the closure only stores.
    unsafe { NAME.with(|place| *place = name) }
    Ok(())
}

/// Gives way to nobody.
#[unsafe(export_name = "SYS_sched_yield")]
extern "C" fn sched_yield() -> i64 {
    0
}

#[unsafe(export_name = "SYS_set_tid_address")]
extern "C" fn set_tid_address(_tidptr: u32) -> i64 {
    PID.into()
}

/// Bytes of the kernel's set of processors, of which there is one.
const CPUSET_BYTES: u32 = 8;

#[unsafe(export_name = "SYS_sched_getaffinity")]
extern "C" fn sched_getaffinity(pid: i32, cpusetsize: u32, mask: u32) -> i64 {
    if cpusetsize == 0 || !cpusetsize.is_multiple_of(CPUSET_BYTES) {
        return error(Errno::EINVAL);
    }
    if !is_self(pid) {
        return ESRCH;
    }
    answer(range(mask, CPUSET_BYTES).map(|out| {
        out.store_u64(0, 1);
        CPUSET_BYTES
    }))
}
