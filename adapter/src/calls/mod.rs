//! Linux's calls, as functions of the ABI that `wasm_vfs.NAME` and `wali.SYS_NAME` share.
//!
//! The table is the crate `wasm-vfs-calls`: it says which calls there are, what their arguments are
//! and who serves each. Here is a file for each family, with the functions themselves. Each is a
//! short shell, as those in [`exports`](crate::exports) are: it checks the program's pointers in
//! the order in which Linux does, calls the filesystem, and stores the result. The answer is a
//! value, or minus an error number.
//!
//! A program may import functions of preview1 beside these: both work on one process
//! ([`crate::kernel`]). Calls on descriptors of the host's are passed on ([`host`]).
//!
//! Only the build with the feature `calls` has them.

mod absent;
mod attributes;
mod data;
mod descriptors;
mod directories;
mod host;
mod lifecycle;
mod memory;
mod names;
mod open;
mod process;
mod time;
mod user;
mod wait;

use wasm_vfs_core::{Errno, OpenFile, Target};

use crate::kernel::token::host_fd;
use crate::kernel::{Buffers, Kernel, enter_call};
use user::{Result, StringArg};

/// What a call can answer with: a number that is not negative, or nothing.
trait Answer {
    /// The number.
    fn number(self) -> i64;
}

impl Answer for () {
    fn number(self) -> i64 {
        0
    }
}

impl Answer for i32 {
    fn number(self) -> i64 {
        self.into()
    }
}

impl Answer for i64 {
    fn number(self) -> i64 {
        self
    }
}

impl Answer for u32 {
    fn number(self) -> i64 {
        self.into()
    }
}

impl Answer for u64 {
    fn number(self) -> i64 {
        self.cast_signed()
    }
}

impl Answer for usize {
    fn number(self) -> i64 {
        (self as u64).cast_signed()
    }
}

/// What a call returns that fails.
fn error(errno: Errno) -> i64 {
    -i64::from(errno.number())
}

/// What a call returns for the result of its body.
#[inline]
fn answer(result: Result<impl Answer>) -> i64 {
    match result {
        Ok(value) => value.number(),
        Err(errno) => error(errno),
    }
}

/// A call.
#[inline]
fn call<T: Answer>(serve: impl FnOnce(&mut Kernel, &mut Buffers) -> Result<T>) -> i64 {
    answer(enter_call(serve))
}

/// A call on one path.
///
/// # Errors
///
/// * What `serve` answers before it looks at the path.
/// * `EFAULT`: the memory ends before the path does. `ENAMETOOLONG`: it has `PATH_MAX` bytes or
///   more.
/// * What `serve` answers.
#[inline]
fn on_path<T: Answer>(addr: u32, serve: impl FnOnce(&mut Kernel, &[u8]) -> Result<T>) -> i64 {
    call(|kernel, buffers| {
        let path = StringArg::copy(&mut buffers.path, addr);
        path.settle(Errno::ENAMETOOLONG, serve(kernel, path.bytes))
    })
}

/// A call on two paths.
///
/// # Errors
///
/// As [`on_path`]; the second path is looked at when `serve` looks at it.
#[inline]
fn on_two_paths<T: Answer>(
    first: u32,
    second: u32,
    serve: impl FnOnce(&mut Kernel, &[u8], &[u8]) -> Result<T>,
) -> i64 {
    call(|kernel, buffers| {
        let first = StringArg::copy(&mut buffers.path, first);
        let second = StringArg::copy(&mut buffers.second_path, second);
        let result = serve(kernel, first.bytes, second.bytes);
        second.settle(Errno::ENAMETOOLONG, first.settle(Errno::ENAMETOOLONG, result))
    })
}

/// A call on one descriptor: `forward` calls the host, if it is the host's.
///
/// # Errors
///
/// `EBADF`: it is not open. What `serve` answers.
#[inline]
fn on_fd<T: Answer>(
    fd: i32,
    forward: impl FnOnce(u32) -> Result<T>,
    serve: impl FnOnce(&mut Kernel, OpenFile, &mut Buffers) -> Result<T>,
) -> i64 {
    /// Served, or the host's number of the descriptor.
    enum Found<T> {
        Served(T),
        Host(u32),
    }
    let found = enter_call(|kernel, buffers| {
        let file = kernel.fs.fdget(&kernel.process, fd)?;
        match kernel.fs.described(file)?.target {
            Target::Inode => Ok(Found::Served(serve(kernel, file, buffers)?)),
            Target::Foreign(token) => Ok(Found::Host(host_fd(token))),
        }
    });
    answer(match found {
        Ok(Found::Served(value)) => Ok(value),
        // Nothing of the filesystem is borrowed while the host works.
        Ok(Found::Host(number)) => forward(number),
        Err(errno) => Err(errno),
    })
}
