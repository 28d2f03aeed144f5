//! Random numbers, signals, yielding, and the end of the program.

use crate::abi::imports;
use crate::errno::answer;
use crate::kernel;
use crate::memory::user::{UserRange, check_for_host};

#[unsafe(no_mangle)]
extern "C" fn random_get(buf: u32, len: u32) -> i32 {
    match check_for_host(buf, len) {
        0 => imports::random_get(buf, len),
        fault => fault,
    }
}

/// Fills a range with numbers of the generator: the low bytes of one for a rest.
#[unsafe(export_name = "random_get@seeded")]
extern "C" fn random_get_seeded(buf: u32, len: u32) -> i32 {
    answer(UserRange::new(buf, len).and_then(|mut out| {
        kernel::enter(|kernel, _| {
            while out.len() > 0 {
                let word = kernel.fs.platform().random.seeded()?.to_le_bytes();
                out.take(8).store_prefix(&word);
            }
            Ok(())
        })
    }))
}

/// Notes the status, and ends the program. Where the host may not be asked the call becomes a trap.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proc_exit(status: u32) {
    let _ = kernel::enter(|kernel, _| {
        kernel.settings.exit_status = Some(status);
        Ok(())
    });
    imports::proc_exit(status);
}

/// The host's: only where calls are traced is there anything to do.
#[unsafe(export_name = "sched_yield@traced")]
extern "C" fn sched_yield_traced() -> i32 {
    imports::sched_yield()
}

/// The host's: only where calls are traced is there anything to do.
#[unsafe(export_name = "proc_raise@traced")]
extern "C" fn proc_raise_traced(signal: u32) -> i32 {
    imports::proc_raise(signal)
}

/// Nobody to yield to: done.
#[unsafe(export_name = "sched_yield@denied")]
extern "C" fn sched_yield_denied() -> i32 {
    0
}

/// wasmtime knows no signals either.
#[unsafe(export_name = "proc_raise@denied")]
extern "C" fn proc_raise_denied(_signal: u32) -> i32 {
    i32::from(wasi::ERRNO_NOTSUP.raw())
}
