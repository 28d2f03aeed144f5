//! Where paths start, and what is in a directory: chdir(2), chroot(2), mount(2), getcwd(2),
//! getdents(2).

use wasm_vfs_core::{Errno, Fd, Fs, MountFlags, Process};

use super::user::{Result, StringArg, Unchecked, path, readable_part};
use super::{call, on_path};
use crate::memory::user::UserRange;
use crate::platform::Host;

/// Bytes of the shortest record of either layout: that of `.`.
const LEAST_RECORD_BYTES: u32 = 24;

#[unsafe(export_name = "SYS_chdir")]
extern "C" fn chdir(path: u32) -> i64 {
    on_path(path, |kernel, path| kernel.fs.chdir(&mut kernel.process, path))
}

#[unsafe(export_name = "SYS_fchdir")]
extern "C" fn fchdir(fd: i32) -> i64 {
    call(|kernel, _| kernel.fs.fchdir(&mut kernel.process, fd))
}

#[unsafe(export_name = "SYS_mount")]
extern "C" fn mount(source: u32, target: u32, fs_type: u32, flags: i64, data: u32) -> i64 {
    call(|kernel, buffers| {
        // Copied in this order (`mount`, fs/namespace.c); what they say is nobody's business here.
        for string in [fs_type, source, data] {
            if string != 0 {
                path(&mut buffers.path, string).map_err(|errno| match errno {
                    Errno::ENAMETOOLONG => Errno::EINVAL,
                    errno => errno,
                })?;
            }
        }
        let target = StringArg::copy(&mut buffers.path, target);
        // Whichever it is, there is none.
        let fs_type = if fs_type == 0 { None } else { Some(&b""[..]) };
        let flags = MountFlags::from_bits_retain(flags.cast_unsigned());
        let result = kernel.fs.mount(&kernel.process, target.bytes, fs_type, flags);
        target.settle(Errno::ENAMETOOLONG, result)
    })
}

#[unsafe(export_name = "SYS_chroot")]
extern "C" fn chroot(path: u32) -> i64 {
    on_path(path, |kernel, path| kernel.fs.chroot(&mut kernel.process, path))
}

#[unsafe(export_name = "SYS_getcwd")]
extern "C" fn getcwd(buf: u32, size: u32) -> i64 {
    call(|kernel, _| {
        let mut buf = Unchecked::new(buf, size);
        let result = kernel.fs.getcwd(&kernel.process, &mut buf);
        buf.settle(result)
    })
}

#[unsafe(export_name = "SYS_getdents")]
extern "C" fn getdents(fd: i32, dirp: u32, count: u32) -> i64 {
    list(fd, dirp, count, Fs::getdents)
}

#[unsafe(export_name = "SYS_getdents64")]
extern "C" fn getdents64(fd: i32, dirp: u32, count: u32) -> i64 {
    list(fd, dirp, count, Fs::getdents64)
}

/// Reads entries. Those that have a place in the program's memory are read; it is a fault if there
/// is one for none.
#[inline]
fn list(
    fd: i32,
    dirp: u32,
    count: u32,
    read: impl FnOnce(&mut Fs<Host>, &Process, Fd, UserRange) -> Result<usize>,
) -> i64 {
    call(|kernel, _| {
        let room = readable_part(dirp, count);
        match read(&mut kernel.fs, &kernel.process, fd, room) {
            // The kernel asks first whether the record fits into the buffer.
            Err(Errno::EINVAL) if room.len() < count && count >= LEAST_RECORD_BYTES => {
                Err(Errno::EFAULT)
            }
            result => result,
        }
    })
}
