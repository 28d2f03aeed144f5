//! Functions that take paths. Each path is resolved beneath the directory that its descriptor
//! names.

use wasi::Rights;
use wasm_vfs_core::{AtFlags, Errno, FileType, OFlags, Target};

use crate::abi::layout;
use crate::abi::open_flags::{OpenHow, lookup_flags, open_flags};
use crate::abi::rights::{Private, opening_rights};
use crate::defect::len32;
use crate::errno::{Error, Result, answer};
use crate::kernel::{self, Buffers, Kernel};
use crate::memory::path::{self, PathBuffer, UserPath, Which};
use crate::memory::user::UserRange;
use crate::mounts;
use crate::platform::Host;

/// The mode of a new file; the umask is applied to it.
const FILE_MODE: u32 = 0o666;
/// The mode of a new directory.
const DIRECTORY_MODE: u32 = 0o777;

impl UserPath {
    /// Its bytes, or what is said instead of it.
    ///
    /// # Errors
    ///
    /// What [`path::path`] answers.
    #[inline]
    fn bytes<'b>(self, host: &Host, which: Which, buffer: &'b mut PathBuffer) -> Result<&'b [u8]> {
        if let Some(len) = host.mounts.take_way_out(which, buffer) {
            return Ok(buffer.get(..len).unwrap_or_default());
        }
        path::path(buffer, self.addr, self.len)
    }
}

/// A function on one path.
///
/// # Errors
///
/// * `BADF`: the descriptor is not open or not a directory.
/// * `NOTCAPABLE`: it lacks one of the rights `needs`.
/// * What [`path::path`] answers for the path.
#[inline]
fn on_path(
    path: UserPath,
    needs: Rights,
    serve: impl FnOnce(&mut Kernel, &[u8]) -> Result<()>,
) -> i32 {
    answer(kernel::enter(|kernel, buffers| {
        kernel.directory(path.dirfd, needs)?;
        let served = path
            .bytes(kernel.fs.platform(), Which::First, &mut buffers.path)
            .and_then(|bytes| serve(kernel, bytes));
        served.map_err(|error| kernel.explain(path.dirfd, error))
    }))
}

/// A function on two paths.
///
/// # Errors
///
/// As [`on_path`], for both descriptors before both paths.
#[inline]
fn on_two_paths(
    (old, old_needs): (UserPath, Rights),
    (new, new_needs): (UserPath, Rights),
    serve: impl FnOnce(&mut Kernel, &[u8], &[u8]) -> Result<()>,
) -> i32 {
    answer(kernel::enter(|kernel, buffers| {
        kernel.directory(old.dirfd, old_needs)?;
        kernel.directory(new.dirfd, new_needs)?;
        let Buffers { path, second_path, .. } = buffers;
        let served = old.bytes(kernel.fs.platform(), Which::First, path).and_then(|old| {
            let new = new.bytes(kernel.fs.platform(), Which::Second, second_path)?;
            serve(kernel, old, new)
        });
        served.map_err(|error| kernel.explain(new.dirfd, kernel.explain(old.dirfd, error)))
    }))
}

impl Kernel {
    /// The error of making a link at a path. Where something exists and the path ends with a slash,
    /// wasmtime looks first whether it is a directory.
    #[cold]
    fn explain_existing(&mut self, dirfd: i32, path: &[u8], errno: Errno) -> Error {
        if errno == Errno::EEXIST
            && path.ends_with(b"/")
            && let Err(errno) = self.fs.newfstatat(&self.process, dirfd, path, AtFlags::empty())
        {
            return errno.into();
        }
        errno.into()
    }
}

#[unsafe(no_mangle)]
extern "C" fn path_create_directory(dirfd: i32, addr: u32, len: u32) -> i32 {
    if let Some(answer) = mounts::path_create_directory(UserPath { dirfd, addr, len }) {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_CREATE_DIRECTORY, |kernel, path| {
        Ok(kernel.fs.mkdirat(&kernel.process, dirfd, path, DIRECTORY_MODE)?)
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn path_filestat_get(
    dirfd: i32,
    flags: u32,
    addr: u32,
    len: u32,
    stat: u32,
) -> i32 {
    if let Some(answer) = mounts::path_filestat_get(UserPath { dirfd, addr, len }, flags, stat) {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_FILESTAT_GET, |kernel, path| {
        let out = UserRange::new(stat, layout::FILESTAT_BYTES)?;
        let flags = lookup_flags(flags)?;
        let stat = kernel.fs.newfstatat(&kernel.process, dirfd, path, flags)?;
        layout::store_filestat(out, &stat);
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn path_filestat_set_times(
    dirfd: i32,
    flags: u32,
    addr: u32,
    len: u32,
    atim: u64,
    mtim: u64,
    fst_flags: u32,
) -> i32 {
    if let Some(answer) = mounts::path_filestat_set_times(
        UserPath { dirfd, addr, len },
        flags,
        (atim, mtim, fst_flags),
    ) {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_FILESTAT_SET_TIMES, |kernel, path| {
        let times = layout::time_specifiers(atim, mtim, fst_flags)?;
        let flags = lookup_flags(flags)?;
        if fst_flags == 0 {
            // utimensat(2) would not even look whether the file is there.
            kernel.fs.newfstatat(&kernel.process, dirfd, path, flags)?;
            return Ok(());
        }
        Ok(kernel.fs.utimensat(&kernel.process, dirfd, path, times, flags)?)
    })
}

#[unsafe(no_mangle)]
extern "C" fn path_link(
    old_fd: i32,
    old_flags: u32,
    old_addr: u32,
    old_len: u32,
    new_fd: i32,
    new_addr: u32,
    new_len: u32,
) -> i32 {
    if let Some(answer) = mounts::path_link(
        UserPath { dirfd: old_fd, addr: old_addr, len: old_len },
        old_flags,
        UserPath { dirfd: new_fd, addr: new_addr, len: new_len },
    ) {
        return answer;
    }
    on_two_paths(
        (UserPath { dirfd: old_fd, addr: old_addr, len: old_len }, wasi::RIGHTS_PATH_LINK_SOURCE),
        (UserPath { dirfd: new_fd, addr: new_addr, len: new_len }, wasi::RIGHTS_PATH_LINK_TARGET),
        |kernel, old, new| {
            // wasmtime does not follow links here: it answers INVAL when asked to.
            if lookup_flags(old_flags)? != AtFlags::SYMLINK_NOFOLLOW {
                return Err(Error::INVAL);
            }
            let flags = AtFlags::empty();
            let made = kernel.fs.linkat(&kernel.process, old_fd, old, new_fd, new, flags);
            made.map_err(|errno| kernel.explain_existing(new_fd, new, errno))
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn path_open(
    dirfd: i32,
    dirflags: u32,
    addr: u32,
    len: u32,
    oflags: u32,
    rights_base: u64,
    rights_inheriting: u64,
    fdflags: u32,
    opened: u32,
) -> i32 {
    if let Some(answer) = mounts::path_open(
        UserPath { dirfd, addr, len },
        &OpenHow { dirflags, oflags, rights_base, rights_inheriting, fdflags },
        opened,
    ) {
        return answer;
    }
    answer(kernel::enter(|kernel, buffers| {
        let directory = kernel.fs.descriptor(&kernel.process, dirfd)?;
        let result = open_flags(dirflags, oflags, rights_base, fdflags).and_then(|flags| {
            let out = UserRange::new(opened, 4)?;
            let path = UserPath { dirfd, addr, len };
            let path = path.bytes(kernel.fs.platform(), Which::First, &mut buffers.path)?;
            let private = opening_rights(&directory, rights_base, flags)?;
            let private = private.asked(rights_base, rights_inheriting);
            let fd = open(kernel, dirfd, path, flags, oflags)?;
            if private != Private::default() {
                kernel.fs.set_private_data(&kernel.process, fd, private.0)?;
            }
            // Descriptors are not negative.
            out.store_u32(0, fd.cast_unsigned());
            Ok(())
        });
        result.map_err(|error| match directory.target {
            Target::Foreign(_) => Error::BADF,
            Target::Inode if kernel.is_directory(dirfd) => error,
            Target::Inode => Error::NOTDIR,
        })
    }))
}

/// Opens a file. That it must be a directory is checked afterwards, so that a link which is not to
/// be followed is `ELOOP` also then, as wasmtime has it.
fn open(kernel: &mut Kernel, dirfd: i32, path: &[u8], flags: OFlags, oflags: u32) -> Result<i32> {
    let fd = kernel.fs.openat(&mut kernel.process, dirfd, path, flags, FILE_MODE)?;
    let must_be_directory = oflags & u32::from(wasi::OFLAGS_DIRECTORY) != 0;
    if must_be_directory && !kernel.is_directory(fd) {
        kernel.fs.close(&mut kernel.process, fd)?;
        return Err(Error::NOTDIR);
    }
    Ok(fd)
}

#[unsafe(no_mangle)]
extern "C" fn path_readlink(
    dirfd: i32,
    addr: u32,
    len: u32,
    buf: u32,
    buf_len: u32,
    bufused: u32,
) -> i32 {
    if let Some(answer) =
        mounts::path_readlink(UserPath { dirfd, addr, len }, (buf, buf_len), bufused)
    {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_READLINK, |kernel, path| {
        let used = UserRange::new(bufused, 4)?;
        let out = UserRange::new(buf, buf_len)?;
        let bytes = match kernel.fs.readlinkat(&kernel.process, dirfd, path, out) {
            // readlink(2) wants room for one byte; preview1 cuts off all that does not fit.
            Err(Errno::EINVAL) if buf_len == 0 => {
                let nofollow = AtFlags::SYMLINK_NOFOLLOW;
                let stat = kernel.fs.newfstatat(&kernel.process, dirfd, path, nofollow)?;
                if stat.file_type() != FileType::Symlink {
                    return Err(Error::INVAL);
                }
                0
            }
            read => read?,
        };
        // At most what the buffer has.
        used.store_u32(0, len32(bytes));
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn path_remove_directory(dirfd: i32, addr: u32, len: u32) -> i32 {
    if let Some(answer) = mounts::path_remove_directory(UserPath { dirfd, addr, len }) {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_REMOVE_DIRECTORY, |kernel, path| {
        Ok(kernel.fs.unlinkat(&kernel.process, dirfd, path, AtFlags::REMOVEDIR)?)
    })
}

#[unsafe(no_mangle)]
extern "C" fn path_rename(
    old_fd: i32,
    old_addr: u32,
    old_len: u32,
    new_fd: i32,
    new_addr: u32,
    new_len: u32,
) -> i32 {
    if let Some(answer) = mounts::path_rename(
        UserPath { dirfd: old_fd, addr: old_addr, len: old_len },
        UserPath { dirfd: new_fd, addr: new_addr, len: new_len },
    ) {
        return answer;
    }
    on_two_paths(
        (UserPath { dirfd: old_fd, addr: old_addr, len: old_len }, wasi::RIGHTS_PATH_RENAME_SOURCE),
        (UserPath { dirfd: new_fd, addr: new_addr, len: new_len }, wasi::RIGHTS_PATH_RENAME_TARGET),
        |kernel, old, new| Ok(kernel.fs.renameat(&kernel.process, old_fd, old, new_fd, new)?),
    )
}

#[unsafe(no_mangle)]
extern "C" fn path_symlink(
    target_addr: u32,
    target_len: u32,
    dirfd: i32,
    addr: u32,
    len: u32,
) -> i32 {
    if let Some(answer) =
        mounts::path_symlink((target_addr, target_len), UserPath { dirfd, addr, len })
    {
        return answer;
    }
    let path = UserPath { dirfd, addr, len };
    let target = UserPath { dirfd, addr: target_addr, len: target_len };
    on_two_paths((target, 0), (path, wasi::RIGHTS_PATH_SYMLINK), |kernel, target, path| {
        // wasmtime refuses to make links that lead out of every preopen.
        if target.first() == Some(&b'/') {
            return Err(Error::PERM);
        }
        let made = kernel.fs.symlinkat(&kernel.process, target, dirfd, path);
        made.map_err(|errno| kernel.explain_existing(dirfd, path, errno))
    })
}

#[unsafe(no_mangle)]
extern "C" fn path_unlink_file(dirfd: i32, addr: u32, len: u32) -> i32 {
    if let Some(answer) = mounts::path_unlink_file(UserPath { dirfd, addr, len }) {
        return answer;
    }
    on_path(UserPath { dirfd, addr, len }, wasi::RIGHTS_PATH_UNLINK_FILE, |kernel, path| {
        Ok(kernel.fs.unlinkat(&kernel.process, dirfd, path, AtFlags::empty())?)
    })
}
