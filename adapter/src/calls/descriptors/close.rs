//! close(2), close_range(2), dup(2): what a descriptor is open on, and the end of it.

use wasm_vfs_core::{Errno, OFlags};

use crate::abi::imports;
use crate::calls::{Answer, Result, answer, call, host};
use crate::kernel::token::host_fd;
use crate::kernel::{Kernel, enter_call};
use crate::mounts;

/// Standard error of the host. It is never closed there: lines of `--trace`, and of `longjmp`, are
/// for it whatever the program does.
const STDERR: u32 = 2;

/// `CLOSE_RANGE_CLOEXEC` (close_range(2)).
const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

/// A call that ends what `fd` is open on: if that was the host's and nothing else stands for it, it
/// is closed there too.
///
/// # Errors
///
/// What `serve` answers, then what the host does.
fn ending<T: Answer>(fd: i32, serve: impl FnOnce(&mut Kernel) -> Result<T>) -> Result<T> {
    mounts::forget_listing(fd);
    let (value, ended) = enter_call(|kernel, _| {
        let before = kernel.fs.foreign(&kernel.process, fd).ok().flatten().map(host_fd);
        let value = serve(kernel)?;
        let is_open = |number| kernel.fs.is_foreign_open(|token| host_fd(token) == number);
        Ok((value, before.filter(|&number| number != STDERR && !is_open(number))))
    })?;
    if let Some(number) = ended {
        host::check(imports::fd_close(number), Errno::EIO)?;
    }
    Ok(value)
}

#[unsafe(export_name = "SYS_close")]
extern "C" fn close(fd: i32) -> i64 {
    answer(close_fd(fd))
}

#[inline(never)]
fn close_fd(fd: i32) -> Result<()> {
    ending(fd, |kernel| kernel.fs.close(&mut kernel.process, fd))
}

#[unsafe(export_name = "SYS_close_range")]
extern "C" fn close_range(first: u32, last: u32, flags: u32) -> i64 {
    if flags & CLOSE_RANGE_CLOEXEC == 0 && first <= last {
        // The host's go one by one. Their errors are lost, as on Linux.
        while let Some(fd) = first_of_host(first, last) {
            let _ = close_fd(fd);
        }
    }
    call(|kernel, _| kernel.fs.close_range(&mut kernel.process, first, last, flags))
}

/// The first descriptor from `first` to `last` that is the host's.
fn first_of_host(first: u32, last: u32) -> Option<i32> {
    let found = enter_call(|kernel, _| {
        let mut left = kernel.process.open_descriptors();
        for fd in 0..=i32::try_from(last).unwrap_or(i32::MAX) {
            if left == 0 {
                break;
            }
            let Ok(foreign) = kernel.fs.foreign(&kernel.process, fd) else { continue };
            left -= 1;
            if foreign.is_some() && fd.cast_unsigned() >= first {
                return Ok(Some(fd));
            }
        }
        Ok(None)
    });
    found.ok().flatten()
}

#[unsafe(export_name = "SYS_dup")]
extern "C" fn dup(oldfd: i32) -> i64 {
    call(|kernel, _| kernel.fs.dup(&mut kernel.process, oldfd))
}

#[unsafe(export_name = "SYS_dup2")]
extern "C" fn dup2(oldfd: i32, newfd: i32) -> i64 {
    answer(ending(newfd, |kernel| kernel.fs.dup2(&mut kernel.process, oldfd, newfd)))
}

#[unsafe(export_name = "SYS_dup3")]
extern "C" fn dup3(oldfd: i32, newfd: i32, flags: u32) -> i64 {
    let flags = OFlags::from_bits_retain(flags);
    answer(ending(newfd, |kernel| kernel.fs.dup3(&mut kernel.process, oldfd, newfd, flags)))
}
