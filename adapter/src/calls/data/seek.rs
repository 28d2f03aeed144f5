//! lseek(2).

use wasm_vfs_core::{Errno, Whence};

use crate::abi::imports;
use crate::calls::host::ask;
use crate::calls::{Result, on_fd};

#[unsafe(export_name = "SYS_lseek")]
extern "C" fn lseek(fd: i32, offset: i64, whence: u32) -> i64 {
    on_fd(
        fd,
        |host_fd| at_host(host_fd, offset, Whence::from_number(whence)?),
        |kernel, file, _| kernel.fs.vfs_llseek(file, offset, Whence::from_number(whence)?),
    )
}

/// Moves the offset of a descriptor of the host's. preview1 knows nothing of holes: all is data, and
/// the end is the only hole (`generic_file_llseek`).
///
/// # Errors
///
/// * `ESPIPE`: it has no offset.
/// * `ENXIO`: data or a hole is looked for outside of the file.
/// * What the host answers else.
fn at_host(host_fd: u32, offset: i64, whence: Whence) -> Result<u64> {
    match whence {
        Whence::Set => seek(host_fd, offset, wasi::WHENCE_SET),
        Whence::Cur => seek(host_fd, offset, wasi::WHENCE_CUR),
        Whence::End => seek(host_fd, offset, wasi::WHENCE_END),
        Whence::Data | Whence::Hole => {
            let before = seek(host_fd, 0, wasi::WHENCE_CUR)?;
            let end = seek(host_fd, 0, wasi::WHENCE_END)?;
            let inside = u64::try_from(offset).is_ok_and(|offset| offset < end);
            if inside && whence == Whence::Hole {
                return Ok(end);
            }
            let to = if inside { offset } else { before.cast_signed() };
            let now = seek(host_fd, to, wasi::WHENCE_SET)?;
            if inside { Ok(now) } else { Err(Errno::ENXIO) }
        }
    }
}

fn seek(host_fd: u32, offset: i64, whence: wasi::Whence) -> Result<u64> {
    let whence = u32::from(whence.raw());
    let answer = ask(Errno::ESPIPE, |addr| imports::fd_seek(host_fd, offset, whence, addr));
    answer.map(|[now, _]| now)
}
