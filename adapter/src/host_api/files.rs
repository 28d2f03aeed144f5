//! The exports for single files, for the buffer, and for the end of the program.

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, OFlags, Stat, Whence};

use super::make::{make_directory, with_open, with_parents};
use super::session::serve;
use super::{VERSION, remove, system};
use crate::kernel::{self, Buffers};

/// Bytes of what `wasm_vfs_stat` fills in.
const STAT_BYTES: u32 = 80;

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_version() -> i32 {
    VERSION
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_exit_status() -> i32 {
    let status = kernel::enter(|kernel, _| Ok(kernel.settings.exit_status));
    status.ok().flatten().map_or(-1, u32::cast_signed)
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_allocate(len: u32) -> u32 {
    let mut address = 0;
    serve(|_, session, _| {
        address = session.buffer.allocate(len).unwrap_or(0);
        Ok(0)
    });
    address
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_put(
    path: u32,
    path_len: u32,
    data: u32,
    len: u32,
    offset: i64,
    mode: u32,
) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let data = session.buffer.get(data, len)?;
        let embedder = &mut session.embedder;
        if offset == 0 {
            let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::TRUNC;
            let fd = with_parents(fs, embedder, AT_FDCWD, path, |fs, embedder| {
                embedder.open(fs, AT_FDCWD, path, flags, mode)
            })?;
            // It may have been there, with another.
            let changed = fs.fchmod(&embedder.process, fd, mode);
            embedder.close(fs, fd)?;
            changed?;
        }
        with_open(fs, embedder, path, OFlags::WRONLY, |fs, process, fd| {
            fs.pwrite64(process, fd, data, offset)
        })
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_get(path: u32, path_len: u32, data: u32, len: u32, offset: i64) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let out = session.buffer.get_mut(data, len)?;
        with_open(fs, &mut session.embedder, path, OFlags::RDONLY, |fs, process, fd| {
            fs.pread64(process, fd, out, offset)
        })
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_seek(path: u32, path_len: u32, offset: i64, whence: u32) -> i64 {
    let mut found = 0;
    let answer = serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let whence = Whence::from_number(whence)?;
        if !matches!(whence, Whence::Data | Whence::Hole) {
            return Err(Errno::EINVAL);
        }
        let flags = OFlags::RDONLY;
        found = with_open(fs, &mut session.embedder, path, flags, |fs, process, fd| {
            fs.lseek(process, fd, offset, whence)
        })?;
        Ok(0)
    });
    // No file has a byte beyond 2^63.
    if answer < 0 { answer.into() } else { found.cast_signed() }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_list(path: u32, path_len: u32, data: u32, len: u32, cookie: i64) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let out = session.buffer.get_mut(data, len)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        with_open(fs, &mut session.embedder, path, flags, |fs, process, fd| {
            fs.lseek(process, fd, cookie, Whence::Set)?;
            fs.getdents64(process, fd, out)
        })
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_stat(path: u32, path_len: u32, flags: u32, data: u32) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let out = session.buffer.get_mut(data, STAT_BYTES)?;
        let flags = match flags {
            0 => AtFlags::empty(),
            _ if flags == AtFlags::SYMLINK_NOFOLLOW.bits() => AtFlags::SYMLINK_NOFOLLOW,
            _ => return Err(Errno::EINVAL),
        };
        let stat = system::stat(fs, &session.embedder.process, AT_FDCWD, path, flags)?;
        store_stat(out, &stat);
        Ok(0)
    })
}

/// Writes [`STAT_BYTES`] bytes, as the table in [`host_api`](super) says.
#[expect(clippy::cast_sign_loss, reason = "seconds keep their bits")]
fn store_stat(out: &mut [u8], stat: &Stat) {
    let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let [atime, mtime, ctime] = [stat.st_atime, stat.st_mtime, stat.st_ctime];
    let words = [
        stat.st_ino,
        stat.st_size,
        stat.st_blocks,
        pair(stat.st_mode, stat.st_nlink),
        pair(stat.st_uid, stat.st_gid),
        atime.tv_sec as u64,
        mtime.tv_sec as u64,
        ctime.tv_sec as u64,
        pair(atime.tv_nsec, mtime.tv_nsec),
        u64::from(ctime.tv_nsec),
    ];
    let (places, _) = out.as_chunks_mut::<8>();
    for (place, word) in places.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_mkdir(path: u32, path_len: u32, mode: u32) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        make_directory(fs, &mut session.embedder, AT_FDCWD, path, mode)?;
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_symlink(target: u32, target_len: u32, path: u32, path_len: u32) -> i32 {
    serve(|fs, session, Buffers { path: room, second_path, .. }| {
        let path = session.path(room, path, path_len)?;
        let mut target = session.path(second_path, target, target_len)?;
        if target_len == 0 {
            // No root: ENOENT.
            target = &[];
        }
        with_parents(fs, &mut session.embedder, AT_FDCWD, path, |fs, embedder| {
            system::symlink(fs, &embedder.process, target, AT_FDCWD, path)
        })?;
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_readlink(path: u32, path_len: u32, data: u32, len: u32) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        let out = session.buffer.get_mut(data, len)?;
        fs.readlinkat(&session.embedder.process, AT_FDCWD, path, out)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_remove(path: u32, path_len: u32) -> i32 {
    serve(|fs, session, buffers| {
        let path = session.path(&mut buffers.path, path, path_len)?;
        remove::all(fs, &mut session.embedder, path)?;
        Ok(0)
    })
}
