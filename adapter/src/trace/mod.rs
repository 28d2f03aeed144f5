//! A line on standard error for each call of a program that was packed with `--trace`, as strace(1)
//! writes them.
//!
//! Where tracing is chosen, lowering puts a function around each that the program calls: it tells
//! [`trace_begin`] which call it is and [`trace_arg`] each argument, makes the call, and tells
//! [`trace_end`] the result. Where it is not chosen nothing of this is linked. All words come from
//! the tool that packs (`snapshot-tool/src/adapter/trace_table.rs` documents the table), so that no
//! packed program carries them for nothing: a line for each function, with a letter for each
//! argument, and a line for each set of names.
//!
//! Lines go where descriptor 2 led when the program started, whatever the program does with it.

mod line;
#[cfg(feature = "calls")]
mod linux;
mod table;

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Target};

use crate::abi::imports;
use crate::defect::defect;
use crate::errno::Result;
use crate::exports::environment;
use crate::kernel::{self, Kernel};
use crate::memory::borrowed::Borrowed;
use crate::one_thread::{Later, OneThread};
use line::Line;
use table::Trace;

/// Standard error.
const STDERR: i32 = 2;
/// The letter of the line that has the variable which must be in the environment, if one must.
const VARIABLE: u8 = b'V';
/// More than the highest descriptor that a program starts with.
const INITIAL_FDS: i32 = 64;

/// Made if tracing was chosen.
static TRACE: OneThread<Later<Trace>> = OneThread::new(Later::new());

/// Chooses tracing, with this table, while a tree is baked.
pub(crate) fn choose(words: Vec<u8>) {
    // SAFETY: `body` calls nothing.
    unsafe { TRACE.with(|trace| trace.make(Trace { words, ..Trace::default() })) }
}

/// Runs `body` on the kernel and what tracing needs.
///
/// # Errors
///
/// What `body` answers; `EIO`: tracing was not chosen, or nothing was baked.
fn enter<T>(body: impl FnOnce(&mut Kernel, &mut Trace) -> Result<T>) -> Result<T> {
    kernel::enter(|kernel, _| {
        // SAFETY: `body` calls the host only through `lend`. A call that comes back here meanwhile
        // takes over, and `body` does not go on.
        unsafe {
            TRACE.with(|trace| match trace.get() {
                Some(trace) => body(kernel, trace),
                None => Err(defect().into()),
            })
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn trace_begin(call: u32) {
    let _ = begin(call);
}

fn begin(call: u32) -> Result<()> {
    let (is_decided, asks) = enter(|_, trace| {
        trace.call = call;
        trace.count = 0;
        Ok((trace.on.is_some(), trace.list(VARIABLE).is_some()))
    })?;
    if is_decided {
        return Ok(());
    }
    let held = if asks { environment()? } else { Vec::new() };
    enter(|kernel, trace| {
        let on = match trace.list(VARIABLE) {
            Some((_, variable)) => held.split(|byte| *byte == 0).any(|held| held == variable),
            None => true,
        };
        trace.on = Some(on);
        if on {
            let mut process = kernel.fs.fork(&kernel.process)?;
            for fd in 0..INITIAL_FDS {
                if fd != STDERR {
                    let _ = kernel.fs.close(&mut process, fd);
                }
            }
            trace.stderr = Some(process);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn trace_arg(value: u64) {
    let _ = enter(|_, trace| {
        if let Some(place) = trace.args.get_mut(trace.count) {
            *place = value;
            trace.count += 1;
        }
        Ok(())
    });
}

#[unsafe(no_mangle)]
extern "C" fn trace_end(result: i32) {
    let _ = end(|trace| Line {
        trace,
        out: Vec::new(),
        result,
        #[cfg(feature = "calls")]
        linux: None,
    });
}

/// One of Linux's calls has answered.
#[cfg(feature = "calls")]
#[unsafe(no_mangle)]
extern "C" fn trace_end_call(result: i64) {
    let _ = end(|trace| Line { trace, out: Vec::new(), result: 0, linux: Some(result) });
}

/// Writes the line of the call that ends.
fn end(line: impl FnOnce(&Trace) -> Line<'_>) -> Result<()> {
    let (line, target) = enter(|kernel, trace| {
        let fs = &mut kernel.fs;
        let Some(process) = trace.stderr.as_ref().filter(|_| trace.on == Some(true)) else {
            return Err(Errno::EBADF.into());
        };
        let stderr = fs.fdget(process, STDERR)?;
        let target = fs.described(stderr)?.target;
        let line = line(trace).write()?;
        if target == Target::Inode {
            fs.vfs_write(process, stderr, &line[..])?;
        }
        Ok((line, target))
    })?;
    // The host is called when nothing of the filesystem is borrowed.
    match target {
        Target::Inode => Ok(()),
        Target::Foreign(token) => to_host(u32::try_from(token).map_err(|_| Errno::EBADF)?, &line),
    }
}

/// Writes bytes to a descriptor of the host's.
///
/// # Errors
///
/// What the host answers; `NOMEM`: no memory to borrow.
fn to_host(fd: u32, bytes: &[u8]) -> Result<()> {
    /// A vector of one piece, and where the host says how much it wrote.
    const HEAD_BYTES: u32 = 16;
    let mut rest = bytes;
    while !rest.is_empty() {
        let len = u32::try_from(rest.len()).map_err(|_| Errno::ENOMEM)?;
        let borrowed = Borrowed::new(HEAD_BYTES + len)?;
        let mut place = borrowed.range();
        let head = place.take(HEAD_BYTES);
        head.store_u32(0, borrowed.addr() + HEAD_BYTES);
        head.store_u32(4, len);
        head.store_u32(8, 0);
        place.store_bytes(rest);
        let errno = imports::fd_write(fd, borrowed.addr(), 1, borrowed.addr() + 8);
        let written = head.load_u32(8);
        borrowed.give_back();
        if errno != 0 || written == 0 {
            return Err(Errno::EIO.into());
        }
        rest = rest.get(written as usize..).unwrap_or_default();
    }
    Ok(())
}
