//! Linux's calls: each with the arguments of its manual page. A path is a [`CStr`], a buffer is a
//! slice, a structure a reference; what is null if it is not given is an [`Option`].

// Written by `cargo xtask calls` from the table of calls.

#![allow(clippy::too_many_arguments, reason = "Linux's calls have so many")]

use core::ffi::CStr;

use crate::errno::{Result, answer};
use crate::raw;
use crate::structures::*;

/// Opens a file, and answers the lowest free descriptor.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn open(pathname: &CStr, flags: i32, mode: u32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::open(pathname.as_ptr() as i32, flags, mode.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Opens a file whose path starts at a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn openat(dirfd: i32, pathname: &CStr, flags: i32, mode: u32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::openat(dirfd, pathname.as_ptr() as i32, flags, mode.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Opens a file as a structure says, which may confine the path.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn openat2(dirfd: i32, pathname: &CStr, how: &OpenHow, size: usize) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::openat2(dirfd, pathname.as_ptr() as i32, core::ptr::from_ref(how) as i32, size as i32) };
    answer(result).map(|value| value as i32)
}

/// Creates a file, or cuts it to nothing, and opens it for writing.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn creat(pathname: &CStr, mode: u32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::creat(pathname.as_ptr() as i32, mode.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Closes a descriptor.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn close(fd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::close(fd) };
    answer(result).map(|_| ())
}

/// Closes all descriptors of a range.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn close_range(first: u32, last: u32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::close_range(first.cast_signed(), last.cast_signed(), flags) };
    answer(result).map(|_| ())
}

/// Makes a second descriptor of an open file, the lowest that is free.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn dup(oldfd: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::dup(oldfd) };
    answer(result).map(|value| value as i32)
}

/// Makes a second descriptor of an open file, of this number.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn dup2(oldfd: i32, newfd: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::dup2(oldfd, newfd) };
    answer(result).map(|value| value as i32)
}

/// As dup2, with flags; both numbers must differ.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn dup3(oldfd: i32, newfd: i32, flags: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::dup3(oldfd, newfd, flags) };
    answer(result).map(|value| value as i32)
}

/// Duplicates a descriptor, reads or sets its flags, or locks ranges of its file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn fcntl(fd: i32, cmd: i32, arg: u64) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::fcntl(fd, cmd, arg.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Locks a whole file, or unlocks it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn flock(fd: i32, operation: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::flock(fd, operation) };
    answer(result).map(|_| ())
}

/// Asks a device, or how many bytes can be read (`FIONREAD`).
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn ioctl(fd: i32, request: i32, argp: usize) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::ioctl(fd, request, argp as i32) };
    answer(result).map(|value| value as i32)
}

/// Makes a pipe, and stores its two ends.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pipe(pipefd: &mut [i32; 2]) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pipe(core::ptr::from_mut(pipefd) as i32) };
    answer(result).map(|_| ())
}

/// Makes a pipe with flags.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pipe2(pipefd: &mut [i32; 2], flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pipe2(core::ptr::from_mut(pipefd) as i32, flags) };
    answer(result).map(|_| ())
}

/// Makes a counter that is read and written as a file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn eventfd(count: u32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::eventfd(count.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// As eventfd, with flags.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn eventfd2(count: u32, flags: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::eventfd2(count.cast_signed(), flags) };
    answer(result).map(|value| value as i32)
}

/// Waits until a descriptor is ready, or for so many milliseconds.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn poll(fds: &mut [Pollfd], timeout: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::poll(fds.as_mut_ptr() as i32, fds.len() as i64, timeout) };
    answer(result).map(|value| value as i32)
}

/// As poll, with a finer time.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn ppoll(fds: &mut [Pollfd], timeout: Option<&Timespec>, sigmask: Option<&[u64; 1]>, size: usize) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::ppoll(fds.as_mut_ptr() as i32, fds.len() as i64, timeout.map_or(0, |it| core::ptr::from_ref(it) as i32), sigmask.map_or(0, |it| core::ptr::from_ref(it) as i32), size as i32) };
    answer(result).map(|value| value as i32)
}

/// Waits as poll does, for sets of descriptors.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn select(nfds: i32, readfds: Option<&mut [u64; 16]>, writefds: Option<&mut [u64; 16]>, exceptfds: Option<&mut [u64; 16]>, timeout: Option<&mut Timeval>) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::select(nfds, readfds.map_or(0, |it| core::ptr::from_mut(it) as i32), writefds.map_or(0, |it| core::ptr::from_mut(it) as i32), exceptfds.map_or(0, |it| core::ptr::from_mut(it) as i32), timeout.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|value| value as i32)
}

/// As select, with a finer time.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pselect6(nfds: i32, readfds: Option<&mut [u64; 16]>, writefds: Option<&mut [u64; 16]>, exceptfds: Option<&mut [u64; 16]>, timeout: Option<&Timespec>, sigmask: Option<&[u64; 1]>) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pselect6(nfds, readfds.map_or(0, |it| core::ptr::from_mut(it) as i32), writefds.map_or(0, |it| core::ptr::from_mut(it) as i32), exceptfds.map_or(0, |it| core::ptr::from_mut(it) as i32), timeout.map_or(0, |it| core::ptr::from_ref(it) as i32), sigmask.map_or(0, |it| core::ptr::from_ref(it) as i32)) };
    answer(result).map(|value| value as i32)
}

/// Makes an instance that tells of changes.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn inotify_init() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::inotify_init() };
    answer(result).map(|value| value as i32)
}

/// As inotify_init, with flags.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn inotify_init1(flags: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::inotify_init1(flags) };
    answer(result).map(|value| value as i32)
}

/// Watches a file or directory, and answers the number of the watch.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn inotify_add_watch(fd: i32, pathname: &CStr, mask: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::inotify_add_watch(fd, pathname.as_ptr() as i32, mask) };
    answer(result).map(|value| value as i32)
}

/// Ends a watch.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn inotify_rm_watch(fd: i32, wd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::inotify_rm_watch(fd, wd) };
    answer(result).map(|_| ())
}

/// Makes a file without a name, in no directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn memfd_create(name: &CStr, flags: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::memfd_create(name.as_ptr() as i32, flags) };
    answer(result).map(|value| value as i32)
}

/// Reads from the file offset on, and moves it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn read(fd: i32, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::read(fd, buf.as_mut_ptr() as i32, buf.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Writes at the file offset, and moves it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn write(fd: i32, buf: &[u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::write(fd, buf.as_ptr() as i32, buf.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Reads into several buffers.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn readv(fd: i32, iov: &mut [IoSliceMut<'_>]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::readv(fd, iov.as_mut_ptr() as i32, iov.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Writes from several buffers.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn writev(fd: i32, iov: &[IoSlice<'_>]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::writev(fd, iov.as_ptr() as i32, iov.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Reads from an offset; that of the file stays.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pread64(fd: i32, buf: &mut [u8], offset: i64) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pread64(fd, buf.as_mut_ptr() as i32, buf.len() as i32, offset) };
    answer(result).map(|value| value as usize)
}

/// Writes at an offset; that of the file stays.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pwrite64(fd: i32, buf: &[u8], offset: i64) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pwrite64(fd, buf.as_ptr() as i32, buf.len() as i32, offset) };
    answer(result).map(|value| value as usize)
}

/// Reads from an offset into several buffers.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn preadv(fd: i32, iov: &mut [IoSliceMut<'_>], offset: i64) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::preadv(fd, iov.as_mut_ptr() as i32, iov.len() as i32, offset) };
    answer(result).map(|value| value as usize)
}

/// Writes at an offset from several buffers.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pwritev(fd: i32, iov: &[IoSlice<'_>], offset: i64) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pwritev(fd, iov.as_ptr() as i32, iov.len() as i32, offset) };
    answer(result).map(|value| value as usize)
}

/// As preadv, with flags; offset -1 is that of the file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn preadv2(fd: i32, iov: &mut [IoSliceMut<'_>], offset: i64, flags: i32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::preadv2(fd, iov.as_mut_ptr() as i32, iov.len() as i32, offset, flags) };
    answer(result).map(|value| value as usize)
}

/// As pwritev, with flags; offset -1 is that of the file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn pwritev2(fd: i32, iov: &[IoSlice<'_>], offset: i64, flags: i32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::pwritev2(fd, iov.as_ptr() as i32, iov.len() as i32, offset, flags) };
    answer(result).map(|value| value as usize)
}

/// Moves the file offset; or finds data, or a hole.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lseek(fd: i32, offset: i64, whence: i32) -> Result<u64> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lseek(fd, offset, whence) };
    answer(result).map(i64::cast_unsigned)
}

/// Sets the size of a file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn ftruncate(fd: i32, length: i64) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::ftruncate(fd, length) };
    answer(result).map(|_| ())
}

/// Sets the size of a file by its path.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn truncate(path: &CStr, length: i64) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::truncate(path.as_ptr() as i32, length) };
    answer(result).map(|_| ())
}

/// Takes room for a range of a file, makes a hole or zeros of it, or moves what follows.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fallocate(fd: i32, mode: i32, offset: i64, len: i64) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fallocate(fd, mode, offset, len) };
    answer(result).map(|_| ())
}

/// Says how a range will be used.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fadvise64(fd: i32, offset: i64, len: i64, advice: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fadvise64(fd, offset, len, advice) };
    answer(result).map(|_| ())
}

/// Copies bytes from one descriptor to another.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn sendfile(out_fd: i32, in_fd: i32, offset: Option<&mut i64>, count: usize) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::sendfile(out_fd, in_fd, offset.map_or(0, |it| core::ptr::from_mut(it) as i32), count as i32) };
    answer(result).map(|value| value as usize)
}

/// Copies a range of a file to another.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn copy_file_range(fd_in: i32, off_in: Option<&mut i64>, fd_out: i32, off_out: Option<&mut i64>, len: usize, flags: u32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::copy_file_range(fd_in, off_in.map_or(0, |it| core::ptr::from_mut(it) as i32), fd_out, off_out.map_or(0, |it| core::ptr::from_mut(it) as i32), len as i32, flags.cast_signed()) };
    answer(result).map(|value| value as usize)
}

/// Moves bytes between a pipe and another descriptor.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn splice(fd_in: i32, off_in: Option<&mut i64>, fd_out: i32, off_out: Option<&mut i64>, len: usize, flags: i32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::splice(fd_in, off_in.map_or(0, |it| core::ptr::from_mut(it) as i32), fd_out, off_out.map_or(0, |it| core::ptr::from_mut(it) as i32), len as i32, flags) };
    answer(result).map(|value| value as usize)
}

/// Copies bytes from one pipe to another and leaves them there.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn tee(fd_in: i32, fd_out: i32, len: usize, flags: i32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::tee(fd_in, fd_out, len as i32, flags) };
    answer(result).map(|value| value as usize)
}

/// Moves bytes of the program into a pipe, or out of one.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn vmsplice(fd: i32, iov: &[IoSlice<'_>], flags: i32) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::vmsplice(fd, iov.as_ptr() as i32, iov.len() as i64, flags) };
    answer(result).map(|value| value as usize)
}

/// Has what was written stored, where the embedder does that (`run --sync`, `pack --events`); the memory is always in step.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fsync(fd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fsync(fd) };
    answer(result).map(|_| ())
}

/// As fsync: nothing is told apart.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fdatasync(fd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fdatasync(fd) };
    answer(result).map(|_| ())
}

/// As fsync, of all files.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn sync() -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::sync() };
    answer(result).map(|_| ())
}

/// As fsync, of all files.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn syncfs(fd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::syncfs(fd) };
    answer(result).map(|_| ())
}

/// Stores what a file is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn stat(pathname: &CStr, statbuf: &mut Stat) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::stat(pathname.as_ptr() as i32, core::ptr::from_mut(statbuf) as i32) };
    answer(result).map(|_| ())
}

/// As stat, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lstat(pathname: &CStr, statbuf: &mut Stat) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lstat(pathname.as_ptr() as i32, core::ptr::from_mut(statbuf) as i32) };
    answer(result).map(|_| ())
}

/// As stat, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fstat(fd: i32, statbuf: &mut Stat) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fstat(fd, core::ptr::from_mut(statbuf) as i32) };
    answer(result).map(|_| ())
}

/// As stat, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn newfstatat(dirfd: i32, pathname: &CStr, statbuf: &mut Stat, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::newfstatat(dirfd, pathname.as_ptr() as i32, core::ptr::from_mut(statbuf) as i32, flags) };
    answer(result).map(|_| ())
}

/// Stores more of what a file is, such as when it was made.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn statx(dirfd: i32, pathname: &CStr, flags: i32, mask: i32, statxbuf: &mut Statx) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::statx(dirfd, pathname.as_ptr() as i32, flags, mask, core::ptr::from_mut(statxbuf) as i32) };
    answer(result).map(|_| ())
}

/// Stores how large the filesystem is and how full.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn statfs(path: &CStr, buf: &mut Statfs) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::statfs(path.as_ptr() as i32, core::ptr::from_mut(buf) as i32) };
    answer(result).map(|_| ())
}

/// As statfs, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fstatfs(fd: i32, buf: &mut Statfs) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fstatfs(fd, core::ptr::from_mut(buf) as i32) };
    answer(result).map(|_| ())
}

/// Says whether a file may be used so.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn access(pathname: &CStr, mode: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::access(pathname.as_ptr() as i32, mode) };
    answer(result).map(|_| ())
}

/// As access, from a directory. The kernel's call has no flags; WALI's passes them on, as faccessat2.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn faccessat(dirfd: i32, pathname: &CStr, mode: i32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::faccessat(dirfd, pathname.as_ptr() as i32, mode, flags) };
    answer(result).map(|_| ())
}

/// As access, from a directory, with flags.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn faccessat2(dirfd: i32, pathname: &CStr, mode: i32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::faccessat2(dirfd, pathname.as_ptr() as i32, mode, flags) };
    answer(result).map(|_| ())
}

/// Sets the permission bits of a file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn chmod(pathname: &CStr, mode: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::chmod(pathname.as_ptr() as i32, mode.cast_signed()) };
    answer(result).map(|_| ())
}

/// As chmod, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchmod(fd: i32, mode: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchmod(fd, mode.cast_signed()) };
    answer(result).map(|_| ())
}

/// As chmod, from a directory. The kernel's call has no flags; WALI's passes them on, as fchmodat2.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchmodat(dirfd: i32, pathname: &CStr, mode: u32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchmodat(dirfd, pathname.as_ptr() as i32, mode.cast_signed(), flags) };
    answer(result).map(|_| ())
}

/// As chmod, from a directory, with flags.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchmodat2(dirfd: i32, pathname: &CStr, mode: u32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchmodat2(dirfd, pathname.as_ptr() as i32, mode.cast_signed(), flags) };
    answer(result).map(|_| ())
}

/// Sets owner and group of a file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn chown(pathname: &CStr, owner: u32, group: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::chown(pathname.as_ptr() as i32, owner.cast_signed(), group.cast_signed()) };
    answer(result).map(|_| ())
}

/// As chown, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lchown(pathname: &CStr, owner: u32, group: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lchown(pathname.as_ptr() as i32, owner.cast_signed(), group.cast_signed()) };
    answer(result).map(|_| ())
}

/// As chown, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchown(fd: i32, owner: u32, group: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchown(fd, owner.cast_signed(), group.cast_signed()) };
    answer(result).map(|_| ())
}

/// As chown, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchownat(dirfd: i32, pathname: &CStr, owner: u32, group: u32, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchownat(dirfd, pathname.as_ptr() as i32, owner.cast_signed(), group.cast_signed(), flags) };
    answer(result).map(|_| ())
}

/// Sets which permission bits new files do not get, and answers what they were.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn umask(mask: u32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::umask(mask.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Sets the times of a file, in seconds.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn utime(filename: &CStr, times: Option<&Utimbuf>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::utime(filename.as_ptr() as i32, times.map_or(0, |it| core::ptr::from_ref(it) as i32)) };
    answer(result).map(|_| ())
}

/// Sets the times of a file, in microseconds.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn utimes(filename: &CStr, times: Option<&[Timeval; 2]>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::utimes(filename.as_ptr() as i32, times.map_or(0, |it| core::ptr::from_ref(it) as i32)) };
    answer(result).map(|_| ())
}

/// As utimes, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn futimesat(dirfd: i32, pathname: &CStr, times: Option<&[Timeval; 2]>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::futimesat(dirfd, pathname.as_ptr() as i32, times.map_or(0, |it| core::ptr::from_ref(it) as i32)) };
    answer(result).map(|_| ())
}

/// Sets the times of a file, in nanoseconds. Without a path, of the open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn utimensat(dirfd: i32, pathname: Option<&CStr>, times: Option<&[Timespec; 2]>, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::utimensat(dirfd, pathname.map_or(0, |it| it.as_ptr() as i32), times.map_or(0, |it| core::ptr::from_ref(it) as i32), flags) };
    answer(result).map(|_| ())
}

/// Sets an extended attribute.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setxattr(path: &CStr, name: &CStr, value: &[u8], flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setxattr(path.as_ptr() as i32, name.as_ptr() as i32, value.as_ptr() as i32, value.len() as i32, flags) };
    answer(result).map(|_| ())
}

/// As setxattr, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lsetxattr(path: &CStr, name: &CStr, value: &[u8], flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lsetxattr(path.as_ptr() as i32, name.as_ptr() as i32, value.as_ptr() as i32, value.len() as i32, flags) };
    answer(result).map(|_| ())
}

/// As setxattr, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fsetxattr(fd: i32, name: &CStr, value: &[u8], flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fsetxattr(fd, name.as_ptr() as i32, value.as_ptr() as i32, value.len() as i32, flags) };
    answer(result).map(|_| ())
}

/// Stores an extended attribute; of size 0, only answers how long it is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getxattr(path: &CStr, name: &CStr, value: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getxattr(path.as_ptr() as i32, name.as_ptr() as i32, value.as_mut_ptr() as i32, value.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// As getxattr, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lgetxattr(path: &CStr, name: &CStr, value: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lgetxattr(path.as_ptr() as i32, name.as_ptr() as i32, value.as_mut_ptr() as i32, value.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// As getxattr, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fgetxattr(fd: i32, name: &CStr, value: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fgetxattr(fd, name.as_ptr() as i32, value.as_mut_ptr() as i32, value.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Stores the names of all extended attributes.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn listxattr(path: &CStr, list: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::listxattr(path.as_ptr() as i32, list.as_mut_ptr() as i32, list.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// As listxattr, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn llistxattr(path: &CStr, list: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::llistxattr(path.as_ptr() as i32, list.as_mut_ptr() as i32, list.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// As listxattr, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn flistxattr(fd: i32, list: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::flistxattr(fd, list.as_mut_ptr() as i32, list.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Removes an extended attribute.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn removexattr(path: &CStr, name: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::removexattr(path.as_ptr() as i32, name.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As removexattr, of a symbolic link itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn lremovexattr(path: &CStr, name: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::lremovexattr(path.as_ptr() as i32, name.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As removexattr, of an open file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fremovexattr(fd: i32, name: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fremovexattr(fd, name.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// Makes a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mkdir(pathname: &CStr, mode: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mkdir(pathname.as_ptr() as i32, mode.cast_signed()) };
    answer(result).map(|_| ())
}

/// As mkdir, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mkdirat(dirfd: i32, pathname: &CStr, mode: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mkdirat(dirfd, pathname.as_ptr() as i32, mode.cast_signed()) };
    answer(result).map(|_| ())
}

/// Removes an empty directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rmdir(pathname: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rmdir(pathname.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// Removes a name, and its file when nothing has it open.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn unlink(pathname: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::unlink(pathname.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As unlink, or as rmdir, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn unlinkat(dirfd: i32, pathname: &CStr, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::unlinkat(dirfd, pathname.as_ptr() as i32, flags) };
    answer(result).map(|_| ())
}

/// Renames a file; takes the place of what has the new name.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rename(oldpath: &CStr, newpath: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rename(oldpath.as_ptr() as i32, newpath.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As rename, from directories.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn renameat(olddirfd: i32, oldpath: &CStr, newdirfd: i32, newpath: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::renameat(olddirfd, oldpath.as_ptr() as i32, newdirfd, newpath.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As renameat, with flags: exchange, or replace nothing.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn renameat2(olddirfd: i32, oldpath: &CStr, newdirfd: i32, newpath: &CStr, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::renameat2(olddirfd, oldpath.as_ptr() as i32, newdirfd, newpath.as_ptr() as i32, flags) };
    answer(result).map(|_| ())
}

/// Gives a file another name.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn link(oldpath: &CStr, newpath: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::link(oldpath.as_ptr() as i32, newpath.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As link, from directories.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn linkat(olddirfd: i32, oldpath: &CStr, newdirfd: i32, newpath: &CStr, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::linkat(olddirfd, oldpath.as_ptr() as i32, newdirfd, newpath.as_ptr() as i32, flags) };
    answer(result).map(|_| ())
}

/// Makes a symbolic link.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn symlink(target: &CStr, linkpath: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::symlink(target.as_ptr() as i32, linkpath.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// As symlink, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn symlinkat(target: &CStr, newdirfd: i32, linkpath: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::symlinkat(target.as_ptr() as i32, newdirfd, linkpath.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// Stores the target of a symbolic link, without a NUL.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn readlink(pathname: &CStr, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::readlink(pathname.as_ptr() as i32, buf.as_mut_ptr() as i32, buf.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// As readlink, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn readlinkat(dirfd: i32, pathname: &CStr, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::readlinkat(dirfd, pathname.as_ptr() as i32, buf.as_mut_ptr() as i32, buf.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Makes a named pipe, a device node, a socket's name or an empty file.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mknod(pathname: &CStr, mode: i32, dev: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mknod(pathname.as_ptr() as i32, mode, dev.cast_signed()) };
    answer(result).map(|_| ())
}

/// As mknod, from a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mknodat(dirfd: i32, pathname: &CStr, mode: i32, dev: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mknodat(dirfd, pathname.as_ptr() as i32, mode, dev.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets the current directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn chdir(path: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::chdir(path.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// Sets the current directory to an open one.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fchdir(fd: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fchdir(fd) };
    answer(result).map(|_| ())
}

/// Stores the path of the current directory; answers its length with the NUL.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getcwd(buf: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getcwd(buf.as_mut_ptr() as i32, buf.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Sets the root directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn chroot(path: &CStr) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::chroot(path.as_ptr() as i32) };
    answer(result).map(|_| ())
}

/// Makes the filesystem read-only: `MS_REMOUNT | MS_RDONLY` on `/`, and nothing else.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mount(source: Option<&CStr>, target: &CStr, filesystemtype: Option<&CStr>, mountflags: u64, data: Option<&CStr>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mount(source.map_or(0, |it| it.as_ptr() as i32), target.as_ptr() as i32, filesystemtype.map_or(0, |it| it.as_ptr() as i32), mountflags.cast_signed(), data.map_or(0, |it| it.as_ptr() as i32)) };
    answer(result).map(|_| ())
}

/// Stores the next entries of a directory, in the old layout.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getdents(fd: i32, dirp: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getdents(fd, dirp.as_mut_ptr() as i32, dirp.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Stores the next entries of a directory.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getdents64(fd: i32, dirp: &mut [u8]) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getdents64(fd, dirp.as_mut_ptr() as i32, dirp.len() as i32) };
    answer(result).map(|value| value as usize)
}

/// Maps a file, or zeros, into the program's memory, and answers where.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn mmap(addr: usize, length: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::mmap(addr as i32, length as i32, prot, flags, fd, offset) };
    answer(result).map(|value| value as usize)
}

/// Ends what is mapped in a range.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn munmap(addr: usize, length: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::munmap(addr as i32, length as i32) };
    answer(result).map(|_| ())
}

/// Notes what may be done with mapped memory; nothing enforces it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mprotect(addr: usize, len: usize, prot: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mprotect(addr as i32, len as i32, prot) };
    answer(result).map(|_| ())
}

/// Makes a mapping longer or shorter, or moves it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn mremap(old_address: usize, old_size: usize, new_size: usize, flags: i32, new_address: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::mremap(old_address as i32, old_size as i32, new_size as i32, flags, new_address as i32) };
    answer(result).map(|value| value as usize)
}

/// Brings a file's times up to date with what was stored through a mapping; with MS_SYNC also as fsync.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn msync(addr: usize, length: usize, flags: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::msync(addr as i32, length as i32, flags) };
    answer(result).map(|_| ())
}

/// Says how mapped memory will be used.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn madvise(addr: usize, length: usize, advice: i32) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::madvise(addr as i32, length as i32, advice) };
    answer(result).map(|_| ())
}

/// Checks that a range is mapped: all memory stays where it is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn mlock(addr: usize, len: usize) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::mlock(addr as i32, len as i32) };
    answer(result).map(|_| ())
}

/// Checks that a range is mapped.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn munlock(addr: usize, len: usize) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::munlock(addr as i32, len as i32) };
    answer(result).map(|_| ())
}

/// Sets the end of the heap, and answers where it is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn brk(addr: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::brk(addr as i32) };
    answer(result).map(|value| value as usize)
}

/// Stores the time.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn clock_gettime(clockid: i32, tp: &mut Timespec) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::clock_gettime(clockid, core::ptr::from_mut(tp) as i32) };
    answer(result).map(|_| ())
}

/// Stores how finely a clock tells the time.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn clock_getres(clockid: i32, res: Option<&mut Timespec>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::clock_getres(clockid, res.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Waits for a time, or until it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn clock_nanosleep(clockid: i32, flags: i32, request: &Timespec, remain: Option<&mut Timespec>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::clock_nanosleep(clockid, flags, core::ptr::from_ref(request) as i32, remain.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Waits for a time.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn nanosleep(request: &Timespec, remain: Option<&mut Timespec>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::nanosleep(core::ptr::from_ref(request) as i32, remain.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Stores the time, in microseconds.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn gettimeofday(tv: Option<&mut Timeval>, tz: Option<&mut [u64; 1]>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::gettimeofday(tv.map_or(0, |it| core::ptr::from_mut(it) as i32), tz.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Is ENOSYS: nothing can interrupt a program.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setitimer(which: i32, new_value: Option<&[u64; 4]>, old_value: Option<&mut [u64; 4]>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setitimer(which, new_value.map_or(0, |it| core::ptr::from_ref(it) as i32), old_value.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Answers 1.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getpid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getpid() };
    answer(result).map(|value| value as i32)
}

/// Answers 0.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getppid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getppid() };
    answer(result).map(|value| value as i32)
}

/// Answers 1.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn gettid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::gettid() };
    answer(result).map(|value| value as i32)
}

/// Answers 1 for the program itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getpgid(pid: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getpgid(pid) };
    answer(result).map(|value| value as i32)
}

/// Answers 1 for the program itself.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getsid(pid: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getsid(pid) };
    answer(result).map(|value| value as i32)
}

/// Is for the program itself, and its own group.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setpgid(pid: i32, pgid: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setpgid(pid, pgid) };
    answer(result).map(|_| ())
}

/// Is EPERM: the program leads a session.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setsid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setsid() };
    answer(result).map(|value| value as i32)
}

/// Answers the user.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getuid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getuid() };
    answer(result).map(|value| value as i32)
}

/// Answers the user that counts.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn geteuid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::geteuid() };
    answer(result).map(|value| value as i32)
}

/// Answers the group.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getgid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getgid() };
    answer(result).map(|value| value as i32)
}

/// Answers the group that counts.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getegid() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getegid() };
    answer(result).map(|value| value as i32)
}

/// Sets the user.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setuid(uid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setuid(uid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets the group.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setgid(gid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setgid(gid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets user and user that counts.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setreuid(ruid: u32, euid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setreuid(ruid.cast_signed(), euid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets group and group that counts.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setregid(rgid: u32, egid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setregid(rgid.cast_signed(), egid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets all three users.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setresuid(ruid: u32, euid: u32, suid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setresuid(ruid.cast_signed(), euid.cast_signed(), suid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Sets all three groups.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setresgid(rgid: u32, egid: u32, sgid: u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setresgid(rgid.cast_signed(), egid.cast_signed(), sgid.cast_signed()) };
    answer(result).map(|_| ())
}

/// Stores all three users.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getresuid(ruid: &mut u32, euid: &mut u32, suid: &mut u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getresuid(core::ptr::from_mut(ruid) as i32, core::ptr::from_mut(euid) as i32, core::ptr::from_mut(suid) as i32) };
    answer(result).map(|_| ())
}

/// Stores all three groups.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getresgid(rgid: &mut u32, egid: &mut u32, sgid: &mut u32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getresgid(core::ptr::from_mut(rgid) as i32, core::ptr::from_mut(egid) as i32, core::ptr::from_mut(sgid) as i32) };
    answer(result).map(|_| ())
}

/// Stores the further groups; of size 0, only answers how many.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn getgroups(size: i32, list: &mut u32) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::getgroups(size, core::ptr::from_mut(list) as i32) };
    answer(result).map(|value| value as i32)
}

/// Sets the further groups.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn setgroups(size: usize, list: &u32) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::setgroups(size as i32, core::ptr::from_ref(list) as i32) };
    answer(result).map(|_| ())
}

/// Stores what system this is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn uname(buf: &mut Utsname) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::uname(core::ptr::from_mut(buf) as i32) };
    answer(result).map(|_| ())
}

/// Stores how much memory there is.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn sysinfo(info: &mut [u64; 14]) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::sysinfo(core::ptr::from_mut(info) as i32) };
    answer(result).map(|_| ())
}

/// Fills a buffer with random bytes.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getrandom(buf: &mut [u8], flags: i32) -> Result<usize> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getrandom(buf.as_mut_ptr() as i32, buf.len() as i32, flags) };
    answer(result).map(|value| value as usize)
}

/// Gives way to nobody.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn sched_yield() -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::sched_yield() };
    answer(result).map(|_| ())
}

/// Stores a limit.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getrlimit(resource: i32, rlim: &mut Rlimit) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getrlimit(resource, core::ptr::from_mut(rlim) as i32) };
    answer(result).map(|_| ())
}

/// Sets a limit: that of descriptors holds.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn setrlimit(resource: i32, rlim: &Rlimit) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::setrlimit(resource, core::ptr::from_ref(rlim) as i32) };
    answer(result).map(|_| ())
}

/// Stores a limit, and sets it.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn prlimit64(pid: i32, resource: i32, new_limit: Option<&Rlimit>, old_limit: Option<&mut Rlimit>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::prlimit64(pid, resource, new_limit.map_or(0, |it| core::ptr::from_ref(it) as i32), old_limit.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Stores zeros, but for the time that has passed.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn getrusage(who: i32, usage: &mut [u64; 18]) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::getrusage(who, core::ptr::from_mut(usage) as i32) };
    answer(result).map(|_| ())
}

/// Is EINVAL, but for the name of the thread.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn prctl(option: i32, arg2: u64, arg3: u64, arg4: u64, arg5: u64) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::prctl(option, arg2.cast_signed(), arg3.cast_signed(), arg4.cast_signed(), arg5.cast_signed()) };
    answer(result).map(|value| value as i32)
}

/// Ends the program.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn exit(status: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::exit(status) };
    answer(result).map(|_| ())
}

/// Ends the program.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn exit_group(status: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::exit_group(status) };
    answer(result).map(|_| ())
}

/// Is ENOSYS: there is one process.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn fork() -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::fork() };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn execve(pathname: usize, argv: usize, envp: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::execve(pathname as i32, argv as i32, envp as i32) };
    answer(result).map(|_| ())
}

/// Is ECHILD: there are no children.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn wait4(pid: i32, wstatus: usize, options: i32, rusage: usize) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::wait4(pid, wstatus as i32, options, rusage as i32) };
    answer(result).map(|value| value as i32)
}

/// Says whether a process is there, with signal 0: only the program itself is, others are ESRCH. Other signals are ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn kill(pid: i32, sig: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::kill(pid, sig) };
    answer(result).map(|_| ())
}

/// As kill.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn tkill(tid: i32, sig: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::tkill(tid, sig) };
    answer(result).map(|_| ())
}

/// Keeps what was asked for; nothing is ever delivered.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn rt_sigaction(signum: i32, act: Option<&[u64; 4]>, oldact: Option<&mut [u64; 4]>, size: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::rt_sigaction(signum, act.map_or(0, |it| core::ptr::from_ref(it) as i32), oldact.map_or(0, |it| core::ptr::from_mut(it) as i32), size as i32) };
    answer(result).map(|_| ())
}

/// Keeps the mask; nothing is ever delivered.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rt_sigprocmask(how: i32, set: Option<&[u64; 1]>, oldset: Option<&mut [u64; 1]>, size: usize) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rt_sigprocmask(how, set.map_or(0, |it| core::ptr::from_ref(it) as i32), oldset.map_or(0, |it| core::ptr::from_mut(it) as i32), size as i32) };
    answer(result).map(|_| ())
}

/// Stores that nothing waits.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rt_sigpending(set: &mut [u64; 1], size: usize) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rt_sigpending(core::ptr::from_mut(set) as i32, size as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS: nothing would ever come.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rt_sigsuspend(mask: &[u64; 1], size: usize) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rt_sigsuspend(core::ptr::from_ref(mask) as i32, size as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS: no handler was ever called.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn rt_sigreturn(unused: u64) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::rt_sigreturn(unused.cast_signed()) };
    answer(result).map(|_| ())
}

/// Keeps what was asked for; no handler is ever called.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn sigaltstack(ss: Option<&[u32; 3]>, old_ss: Option<&mut [u32; 3]>) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::sigaltstack(ss.map_or(0, |it| core::ptr::from_ref(it) as i32), old_ss.map_or(0, |it| core::ptr::from_mut(it) as i32)) };
    answer(result).map(|_| ())
}

/// Answers the number of the thread, 1.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn set_tid_address(tidptr: usize) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::set_tid_address(tidptr as i32) };
    answer(result).map(|value| value as i32)
}

/// Wakes nobody; waiting is EAGAIN if the value differs, else it waits out its time, or is EDEADLK if it has none.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn futex(uaddr: Option<&mut i32>, futex_op: i32, val: i32, timeout: usize, uaddr2: usize, val3: i32) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::futex(uaddr.map_or(0, |it| core::ptr::from_mut(it) as i32), futex_op, val, timeout as i32, uaddr2 as i32, val3) };
    answer(result).map(|value| value as i32)
}

/// Stores that there is one processor.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn sched_getaffinity(pid: i32, cpusetsize: usize, mask: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::sched_getaffinity(pid, cpusetsize as i32, mask as i32) };
    answer(result).map(|value| value as usize)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn epoll_create1(flags: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::epoll_create1(flags) };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn epoll_ctl(epfd: i32, op: i32, fd: i32, event: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::epoll_ctl(epfd, op, fd, event as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn epoll_pwait(epfd: i32, events: usize, maxevents: i32, timeout: i32, sigmask: usize, size: usize) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::epoll_pwait(epfd, events as i32, maxevents, timeout, sigmask as i32, size as i32) };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn socket(domain: i32, type_: i32, protocol: i32) -> Result<i32> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::socket(domain, type_, protocol) };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn socketpair(domain: i32, type_: i32, protocol: i32, sv: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::socketpair(domain, type_, protocol, sv as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn connect(sockfd: i32, addr: usize, addrlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::connect(sockfd, addr as i32, addrlen as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn accept(sockfd: i32, addr: usize, addrlen: usize) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::accept(sockfd, addr as i32, addrlen as i32) };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn accept4(sockfd: i32, addr: usize, addrlen: usize, flags: i32) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::accept4(sockfd, addr as i32, addrlen as i32, flags) };
    answer(result).map(|value| value as i32)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn bind(sockfd: i32, addr: usize, addrlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::bind(sockfd, addr as i32, addrlen as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn listen(sockfd: i32, backlog: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::listen(sockfd, backlog) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn sendto(sockfd: i32, buf: usize, len: usize, flags: i32, dest_addr: usize, addrlen: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::sendto(sockfd, buf as i32, len as i32, flags, dest_addr as i32, addrlen as i32) };
    answer(result).map(|value| value as usize)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn recvfrom(sockfd: i32, buf: usize, len: usize, flags: i32, src_addr: usize, addrlen: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::recvfrom(sockfd, buf as i32, len as i32, flags, src_addr as i32, addrlen as i32) };
    answer(result).map(|value| value as usize)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn sendmsg(sockfd: i32, msg: usize, flags: i32) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::sendmsg(sockfd, msg as i32, flags) };
    answer(result).map(|value| value as usize)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn recvmsg(sockfd: i32, msg: usize, flags: i32) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::recvmsg(sockfd, msg as i32, flags) };
    answer(result).map(|value| value as usize)
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
pub fn shutdown(sockfd: i32, how: i32) -> Result<()> {
    // SAFETY: what the arguments point to outlives the call, which changes no more than what is borrowed mutably.
    let result = unsafe { raw::shutdown(sockfd, how) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn getsockname(sockfd: i32, addr: usize, addrlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::getsockname(sockfd, addr as i32, addrlen as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn getpeername(sockfd: i32, addr: usize, addrlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::getpeername(sockfd, addr as i32, addrlen as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn setsockopt(sockfd: i32, level: i32, optname: i32, optval: usize, optlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::setsockopt(sockfd, level, optname, optval as i32, optlen as i32) };
    answer(result).map(|_| ())
}

/// Is ENOSYS.
///
/// # Errors
///
/// What Linux's manual page says, and `docs/calls.md`.
///
/// # Safety
///
/// Addresses among the arguments are of memory that nothing else in the program uses, or that
/// the call may read and change.
pub unsafe fn getsockopt(sockfd: i32, level: i32, optname: i32, optval: usize, optlen: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let result = unsafe { raw::getsockopt(sockfd, level, optname, optval as i32, optlen as i32) };
    answer(result).map(|_| ())
}
