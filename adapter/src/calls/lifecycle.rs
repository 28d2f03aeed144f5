//! How a program of WALI starts and ends: what its C library imports beside the calls.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "exported there only"))]

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fcntl, Fd, OFlags, Target};

use super::Result;
use super::host::linux;
use super::process::exit_with;
use super::user::range;
use crate::abi::imports;
use crate::bytes::{append, append_decimal};
use crate::exports::{arguments, environment};
use crate::kernel::token::host_fd;
use crate::kernel::{Kernel, enter_call};
use crate::memory::borrowed::Borrowed;

#[unsafe(export_name = "__init")]
extern "C" fn init() -> i32 {
    0
}

#[unsafe(export_name = "__deinit")]
extern "C" fn deinit() -> i32 {
    0
}

#[unsafe(export_name = "__proc_exit")]
extern "C" fn proc_exit(status: u32) {
    exit_with(status);
}

/// What a function answers that is no call: a number that is not negative, or minus an error
/// number.
fn answer(result: Result<u32>) -> i32 {
    match result {
        Ok(value) => i32::try_from(value).unwrap_or(i32::MAX),
        Err(errno) => -i32::from(errno.number()),
    }
}

/// Runs `body` on the arguments, each ended by a NUL.
fn on_arguments(body: impl FnOnce(&[u8]) -> Result<u32>) -> i32 {
    answer(arguments().map_err(linux).and_then(|all| body(&all)))
}

/// An argument, with its NUL.
///
/// # Errors
///
/// `EINVAL`: there are not so many.
fn argument(all: &[u8], index: i32) -> Result<&[u8]> {
    let index = usize::try_from(index).map_err(|_| Errno::EINVAL)?;
    all.split_inclusive(|&byte| byte == 0).nth(index).ok_or(Errno::EINVAL)
}

/// A length or a number, as functions here answer it.
///
/// # Errors
///
/// `EINVAL`: it does not fit.
fn number(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Errno::EINVAL)
}

#[unsafe(export_name = "__cl_get_argc")]
extern "C" fn cl_get_argc() -> i32 {
    on_arguments(|all| number(all.iter().filter(|&&byte| byte == 0).count()))
}

#[unsafe(export_name = "__cl_get_argv_len")]
extern "C" fn cl_get_argv_len(index: i32) -> i32 {
    on_arguments(|all| number(argument(all, index)?.len() - 1))
}

#[unsafe(export_name = "__cl_copy_argv")]
extern "C" fn cl_copy_argv(buf: u32, index: i32) -> i32 {
    on_arguments(|all| {
        let argument = argument(all, index)?;
        range(buf, number(argument.len())?)?.store_bytes(argument);
        Ok(0)
    })
}

/// The descriptor under which the environment is there as `/dev/fd/N`: beyond those that a program
/// counts.
const ENVIRONMENT_FD: Fd = 200;
/// Where descriptors have names.
const DESCRIPTORS: &[u8] = b"/dev/fd/";
/// The files that hold the environment where they have none.
const FILES: [&[u8]; 2] = [b"/tmp/.environment", b".environment"];
/// The mode of the file.
const ENVIRONMENT_MODE: u32 = 0o600;

/// Stores the path of a file with the environment. The file has no name in the tree: it is open at
/// [`ENVIRONMENT_FD`], and its path is the descriptor's. Only in a tree without `/dev/fd` it is one
/// of [`FILES`]; if no file can be made at all, the program sees no environment.
#[unsafe(export_name = "__get_init_envfile")]
extern "C" fn get_init_envfile(buf: u32, size: u32) -> i32 {
    let stored = || -> Result<i32> {
        let lines = lines(environment().map_err(linux)?)?;
        if lines.is_empty() {
            return Ok(0);
        }
        let mut path = enter_call(|kernel, _| kernel.environment_file(&lines))?;
        append(&mut path, &[0])?;
        let len = number(path.len())?;
        if len > size {
            return Ok(0);
        }
        range(buf, len)?.store_bytes(&path);
        Ok(1)
    };
    // An error is an environment that is not there.
    stored().unwrap_or(0)
}

/// The environment, a line for each variable. One that has a line break itself cannot be said.
///
/// # Errors
///
/// `ENOMEM`: no memory.
fn lines(environment: Vec<u8>) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for variable in environment.split(|&byte| byte == 0) {
        if !variable.is_empty() && !variable.contains(&b'\n') {
            append(&mut lines, variable)?;
            append(&mut lines, b"\n")?;
        }
    }
    Ok(lines)
}

impl Kernel {
    /// Makes the file of the environment; its path.
    ///
    /// # Errors
    ///
    /// Those of open(2) and write(2) for the last of [`FILES`].
    fn environment_file(&mut self, lines: &[u8]) -> Result<Vec<u8>> {
        if let Ok(path) = self.unnamed_environment(lines) {
            return Ok(path);
        }
        let mut made = Err(Errno::ENOENT);
        for file in FILES {
            made = self.named_environment(file, lines);
            if made.is_ok() {
                break;
            }
        }
        made
    }

    fn unnamed_environment(&mut self, lines: &[u8]) -> Result<Vec<u8>> {
        let Kernel { fs, process, .. } = self;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let low = fs.open(process, b".", flags, ENVIRONMENT_MODE)?;
        let written = fs.write(process, low, lines);
        let high = fs.fcntl(process, low, Fcntl::DupFdCloexec(ENVIRONMENT_FD));
        fs.close(process, low)?;
        let high = high?;
        let mut path = Vec::new();
        append(&mut path, DESCRIPTORS)?;
        append_decimal(&mut path, high.into())?;
        // As the program will open it.
        let readable = fs.open(process, &path, OFlags::RDONLY, 0);
        if let Ok(fd) = readable {
            fs.close(process, fd)?;
        }
        if written != Ok(lines.len()) || readable.is_err() {
            fs.close(process, high.cast_signed())?;
            return Err(Errno::ENOENT);
        }
        Ok(path)
    }

    fn named_environment(&mut self, file: &[u8], lines: &[u8]) -> Result<Vec<u8>> {
        let Kernel { fs, process, .. } = self;
        let flags = OFlags::CREAT | OFlags::TRUNC | OFlags::WRONLY | OFlags::NOFOLLOW;
        let fd = fs.open(process, file, flags, ENVIRONMENT_MODE)?;
        let written = fs.write(process, fd, lines);
        fs.close(process, fd)?;
        if written != Ok(lines.len()) {
            return Err(Errno::ENOSPC);
        }
        let mut path = Vec::new();
        append(&mut path, file)?;
        Ok(path)
    }
}

/// Would start a thread: there is no room for another.
#[unsafe(export_name = "__wasm_thread_spawn")]
extern "C" fn wasm_thread_spawn(_setup: u32, _argument: u32) -> i32 {
    -i32::from(Errno::EAGAIN.number())
}

// On other machines than the one that runs packed programs, these are names of the C library's.
#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "setjmp"))]
extern "C" fn setjmp(_env: u32) -> i32 {
    0
}

#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "sigsetjmp"))]
extern "C" fn sigsetjmp(_env: u32, _savesigs: i32) -> i32 {
    0
}

/// What a program is told that cannot go on.
const LONGJMP: &[u8] = b"wasm-vfs: longjmp: a program of WALI cannot jump back to setjmp here\n";

#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "longjmp"))]
extern "C" fn longjmp(_env: u32, _value: i32) {
    let _ = complain(LONGJMP);
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
}

/// Writes a line to standard error, wherever that leads.
///
/// # Errors
///
/// `EBADF`: it is not open. Those of write(2).
fn complain(line: &[u8]) -> Result<()> {
    /// A vector of one piece, and where the host says how much it wrote.
    const HEAD_BYTES: u32 = 16;
    const STDERR: Fd = 2;
    let host = enter_call(|kernel, _| {
        let file = kernel.fs.fdget(&kernel.process, STDERR)?;
        match kernel.fs.described(file)?.target {
            Target::Inode => kernel.fs.vfs_write(&kernel.process, file, line).map(|_| None),
            Target::Foreign(token) => Ok(Some(host_fd(token))),
        }
    })?;
    let Some(host_fd) = host else { return Ok(()) };
    let len = number(line.len())?;
    let borrowed = Borrowed::new(HEAD_BYTES + len).map_err(linux)?;
    let mut place = borrowed.range();
    let head = place.take(HEAD_BYTES);
    head.store_u32(0, borrowed.addr() + HEAD_BYTES);
    head.store_u32(4, len);
    place.store_bytes(line);
    imports::fd_write(host_fd, borrowed.addr(), 1, borrowed.addr() + 8);
    borrowed.give_back();
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{argument, lines};
    use wasm_vfs_core::Errno;

    #[test]
    fn variables_become_lines() {
        let lines = lines(b"A=1\0BAD=x\ny\0B=\0".to_vec()).unwrap();
        assert_eq!(lines, b"A=1\nB=\n");
    }

    #[test]
    fn arguments_are_found_by_number() {
        let all = b"prog\0\0x\0";
        assert_eq!(argument(all, 1), Ok(&b"\0"[..]));
        assert_eq!(argument(all, 2), Ok(&b"x\0"[..]));
        assert_eq!(argument(all, 3), Err(Errno::EINVAL));
        assert_eq!(argument(all, -1), Err(Errno::EINVAL));
    }
}
