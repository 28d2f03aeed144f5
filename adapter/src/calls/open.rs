//! Opening: open(2), openat2(2), memfd_create(2).

use wasm_vfs_core::{AT_FDCWD, Errno, MFD_NAME_MAX_LEN, MemfdFlags, OFlags, OpenHow};

use super::user::{Result, range, string};
use super::{answer, call, on_path};

/// Bytes of `struct open_how` (`OPEN_HOW_SIZE_VER0`).
const OPEN_HOW_BYTES: u32 = 24;
/// The most bytes that a later `struct open_how` may have: a page.
const MAX_OPEN_HOW_BYTES: u32 = 4096;

#[unsafe(export_name = "SYS_open")]
extern "C" fn open(pathname: u32, flags: u32, mode: u32) -> i64 {
    openat(AT_FDCWD, pathname, flags, mode)
}

#[unsafe(export_name = "SYS_openat")]
extern "C" fn openat(dirfd: i32, pathname: u32, flags: u32, mode: u32) -> i64 {
    let flags = OFlags::from_bits_retain(flags);
    on_path(pathname, |kernel, path| {
        kernel.fs.openat(&mut kernel.process, dirfd, path, flags, mode)
    })
}

#[unsafe(export_name = "SYS_openat2")]
extern "C" fn openat2(dirfd: i32, pathname: u32, how: u32, size: u32) -> i64 {
    match open_how(how, size) {
        Ok(how) => on_path(pathname, |kernel, path| {
            kernel.fs.openat2(&mut kernel.process, dirfd, path, &how)
        }),
        Err(errno) => answer(Err::<(), Errno>(errno)),
    }
}

/// Reads a `struct open_how` (`copy_struct_from_user`). A program may know a longer one, if what we
/// do not know of it is zero.
///
/// # Errors
///
/// * `EINVAL`: it is too short. `E2BIG`: it is longer than a page.
/// * `EFAULT`: it is not all in the program's memory.
/// * `E2BIG`: not all is zero that we do not know.
fn open_how(addr: u32, size: u32) -> Result<OpenHow> {
    if size < OPEN_HOW_BYTES {
        return Err(Errno::EINVAL);
    }
    if size > MAX_OPEN_HOW_BYTES {
        return Err(Errno::E2BIG);
    }
    let how = range(addr, size)?;
    if (OPEN_HOW_BYTES..size).any(|offset| how.load_u8(offset) != 0) {
        return Err(Errno::E2BIG);
    }
    Ok(OpenHow { flags: how.load_u64(0), mode: how.load_u64(8), resolve: how.load_u64(16) })
}

#[unsafe(export_name = "SYS_creat")]
extern "C" fn creat(pathname: u32, mode: u32) -> i64 {
    let flags = OFlags::CREAT | OFlags::WRONLY | OFlags::TRUNC;
    openat(AT_FDCWD, pathname, flags.bits(), mode)
}

#[unsafe(export_name = "SYS_memfd_create")]
extern "C" fn memfd_create(name: u32, flags: u32) -> i64 {
    let flags = MemfdFlags::from_bits_retain(flags);
    call(|kernel, buffers| {
        flags.check()?;
        let room = buffers.path.get_mut(..=MFD_NAME_MAX_LEN).unwrap_or_default();
        let name = string(room, name)?.ok_or(Errno::EINVAL)?;
        kernel.fs.memfd_create(&mut kernel.process, name, flags)
    })
}
