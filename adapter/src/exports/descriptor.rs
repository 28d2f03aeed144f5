//! Descriptors themselves: closing, renumbering, flags, rights, preopens; and what there is to say
//! about a file's storage.

#![allow(
    clippy::redundant_closure,
    reason = "an imported function is no `FnOnce`; only its stand-in is"
)]

use wasm_vfs_core::{FallocateMode, FileType, OFlags, OpenFile, Target};

use crate::abi::rights::{self, Private};
use crate::abi::{imports as host, layout, open_flags};
use crate::defect::len32;
use crate::errno::{Error, Result, answer};
use crate::exports::on_fd;
use crate::kernel::descriptors::{Owner, owner};
use crate::kernel::token::host_fd;
use crate::kernel::{self, Kernel};
use crate::memory::user::{UserRange, check_for_host};
use crate::mounts;

/// Nothing of the host's.
const NONE: u32 = u32::MAX;
/// Standard error of the host.
const STDERR: u32 = 2;

/// Closes what a descriptor of the host's stood for, or answers why none was closed.
fn close_at_host(closed: Result<u32>) -> i32 {
    match closed {
        Ok(NONE) => 0,
        Ok(host_fd) => host::fd_close(host_fd),
        Err(error) => error.number(),
    }
}

/// As [`close_at_host`], where calls are traced: their lines still go to standard error when the
/// program has closed it.
fn close_at_host_but_stderr(closed: Result<u32>) -> i32 {
    close_at_host(match closed {
        Ok(STDERR) => Ok(NONE),
        closed => closed,
    })
}

/// The host's number of what a descriptor stood for, or [`NONE`]: also if another stands for it,
/// one that was opened as `/dev/fd/N`.
#[inline(never)]
fn at_host(owner: Owner) -> u32 {
    let Owner::Host(number) = owner else { return NONE };
    // A number of the host's is one of a kind, through whichever mount it was opened.
    let still_open =
        kernel::enter(|kernel, _| Ok(kernel.fs.is_foreign_open(|token| host_fd(token) == number)));
    if matches!(still_open, Ok(true)) { NONE } else { number }
}

/// Closes a descriptor; what is to be closed at the host.
#[inline(never)]
fn close(fd: i32) -> Result<u32> {
    let owner = owner(fd, 0)?;
    mounts::forget_listing(fd);
    kernel::enter(|kernel, _| Ok(kernel.fs.close(&mut kernel.process, fd)?))?;
    Ok(at_host(owner))
}

/// Renumbers a descriptor; what is to be closed at the host.
#[inline(never)]
fn renumber(from: i32, to: i32) -> Result<u32> {
    owner(from, 0)?;
    let replaced = owner(to, 0)?;
    if from == to {
        return Ok(NONE);
    }
    mounts::forget_listing(to);
    kernel::enter(|kernel, _| {
        kernel.fs.dup2(&mut kernel.process, from, to)?;
        Ok(kernel.fs.close(&mut kernel.process, from)?)
    })?;
    Ok(at_host(replaced))
}

#[unsafe(no_mangle)]
extern "C" fn fd_close(fd: i32) -> i32 {
    close_at_host(close(fd))
}

#[unsafe(no_mangle)]
extern "C" fn fd_renumber(from: i32, to: i32) -> i32 {
    close_at_host(renumber(from, to))
}

#[unsafe(export_name = "fd_close@traced")]
extern "C" fn fd_close_traced(fd: i32) -> i32 {
    close_at_host_but_stderr(close(fd))
}

#[unsafe(export_name = "fd_renumber@traced")]
extern "C" fn fd_renumber_traced(from: i32, to: i32) -> i32 {
    close_at_host_but_stderr(renumber(from, to))
}

#[unsafe(no_mangle)]
extern "C" fn fd_fdstat_get(fd: i32, stat: u32) -> i32 {
    match fdstat(fd, stat) {
        Ok(None) => 0,
        Ok(Some(host_fd)) => match check_for_host(stat, layout::FDSTAT_BYTES) {
            0 => host::fd_fdstat_get(host_fd, stat),
            fault => fault,
        },
        Err(error) => error.number(),
    }
}

/// Stores the `fdstat` of a descriptor; says the host's number if it is the host's. What is shown
/// is in the description, so one look-up does for both.
fn fdstat(fd: i32, stat: u32) -> Result<Option<u32>> {
    kernel::enter(|kernel, _| {
        let file = kernel.fs.fdget(&kernel.process, fd)?;
        let descriptor = kernel.fs.described(file)?;
        if let Target::Foreign(token) = descriptor.target {
            return Ok(Some(host_fd(token)));
        }
        let out = UserRange::new(stat, layout::FDSTAT_BYTES)?;
        let file_type = kernel.file_type(file)?;
        let private = Private(descriptor.private_data);
        let (base, inheriting) = rights::shown(private, file_type, descriptor.flags);
        // Wasmtime keeps none for a directory: there is nothing that they would change.
        let flags = match file_type {
            FileType::Directory => 0,
            _ => u64::from(open_flags::fdflags(descriptor.flags)),
        };
        // Type, flags at offset 2, and padding, which is zero.
        out.store_u64(0, u64::from(layout::file_type(file_type)) | flags << 16);
        out.store_u64(8, base);
        out.store_u64(16, inheriting);
        Ok(None)
    })
}

#[unsafe(no_mangle)]
extern "C" fn fd_fdstat_set_flags(fd: i32, flags: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_FDSTAT_SET_FLAGS,
        |host_fd| host::fd_fdstat_set_flags(host_fd, flags),
        |kernel, file, _| {
            let flags = open_flags::status_flags(flags)?;
            kernel.require_file(file)?;
            let descriptor = kernel.described(file)?;
            // fcntl(2) would ignore them; preview1 has no way to say that.
            if (flags - descriptor.flags).intersects(OFlags::SYNC) {
                return Err(Error::INVAL);
            }
            Ok(kernel.fs.setfl(&kernel.process, file, flags)?)
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_fdstat_set_rights(fd: i32, base: u64, inheriting: u64) -> i32 {
    on_fd(
        fd,
        0,
        |host_fd| host::fd_fdstat_set_rights(host_fd, base, inheriting),
        |kernel, file, _| {
            let descriptor = kernel.described(file)?;
            let private = Private(descriptor.private_data);
            let shown = rights::shown(private, kernel.file_type(file)?, descriptor.flags);
            if base & !shown.0 != 0 || inheriting & !shown.1 != 0 {
                return Err(Error::NOTCAPABLE);
            }
            let private = private.restricted(shown, base, inheriting);
            Ok(kernel.fs.set_private_data_of(file, private.0)?)
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_prestat_get(fd: i32, prestat: u32) -> i32 {
    on_preopen(fd, Error::BADF, |name| {
        let out = UserRange::new(prestat, layout::PRESTAT_BYTES)?;
        out.store_u32(0, u32::from(wasi::PREOPENTYPE_DIR.raw()));
        out.store_u32(4, len32(name.len()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn fd_prestat_dir_name(fd: i32, path: u32, path_len: u32) -> i32 {
    on_preopen(fd, Error::NOTDIR, |name| {
        let len = len32(name.len());
        if len > path_len {
            return Err(Error::NAMETOOLONG);
        }
        UserRange::new(path, len)?.store_bytes(name);
        Ok(())
    })
}

/// A function on the name of a preopen.
///
/// # Errors
///
/// `BADF`: the descriptor is not open. `otherwise`: it is no preopen.
#[inline]
fn on_preopen(fd: i32, otherwise: Error, serve: impl FnOnce(&[u8]) -> Result<()>) -> i32 {
    answer(kernel::enter(|kernel, _| {
        let private = Private(kernel.fs.private_data(&kernel.process, fd)?);
        serve(kernel.settings.preopen_name(private).ok_or(otherwise)?)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn fd_advise(fd: i32, offset: u64, len: u64, advice: u32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_ADVISE,
        |host_fd| host::fd_advise(host_fd, offset, len, advice),
        |kernel, file, _| {
            // The last of posix_fadvise(2)'s advices, and its rule for lengths.
            if advice > u32::from(wasi::ADVICE_NOREUSE.raw()) {
                return Err(Error::INVAL);
            }
            kernel.require_file(file)?;
            if i64::try_from(len).is_err() { Err(Error::INVAL) } else { Ok(()) }
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_allocate(fd: i32, offset: u64, len: u64) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_ALLOCATE,
        |host_fd| host::fd_allocate(host_fd, offset, len),
        |kernel, file, _| {
            kernel.require_file(file)?;
            let offset = i64::try_from(offset).map_err(|_| Error::INVAL)?;
            let len = i64::try_from(len).map_err(|_| Error::INVAL)?;
            let mode = FallocateMode::empty();
            Ok(kernel.fs.vfs_fallocate(&kernel.process, file, mode, offset, len)?)
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_sync(fd: i32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_SYNC,
        |host_fd| host::fd_sync(host_fd),
        |kernel, file, _| sync(kernel, file),
    )
}

#[unsafe(no_mangle)]
extern "C" fn fd_datasync(fd: i32) -> i32 {
    on_fd(
        fd,
        wasi::RIGHTS_FD_DATASYNC,
        |host_fd| host::fd_datasync(host_fd),
        |kernel, file, _| sync(kernel, file),
    )
}

/// Both kinds of synchronising.
#[inline(never)]
fn sync(kernel: &mut Kernel, file: OpenFile) -> Result<()> {
    kernel.require_file(file)?;
    Ok(kernel.fs.vfs_fsync(file)?)
}
