//! The host interface: how an embedder reaches the tree of a packed program, before it starts, after it has ended (by
//! returning, by `proc_exit`, by a trap), and between its calls.
//!
//! # Version 1
//!
//! Functions take and return `i32`, but for offsets and cookies, which are `i64`. An answer that is negative is a Linux error
//! number with its sign turned; `-EFAULT` says that an address or a length is not within the buffer.
//!
//! Data goes through one buffer in the filesystem's memory, which the module exports as `wasm_vfs_memory`. An address counts from
//! the exported global `wasm_vfs_base`, which any call may change, as any call may grow the memory: read both anew after each.
//!
//! | function | does |
//! |---|---|
//! | `wasm_vfs_version() -> version` | 1 |
//! | `wasm_vfs_allocate(len) -> address` | makes the buffer, all zeros, in place of the one before; 0: no memory |
//! | `wasm_vfs_put(path, path_len, data, len, offset, mode) -> written` | writes to a file; at offset 0 the file is made, with its directories, or emptied, and gets `mode` |
//! | `wasm_vfs_get(path, path_len, data, len, offset) -> read` | reads from a file; 0: the end |
//! | `wasm_vfs_list(path, path_len, data, len, cookie) -> filled` | fills in `struct linux_dirent64`s from `cookie` (at first 0, then the last `d_off`) on; 0: the end |
//! | `wasm_vfs_stat(path, path_len, flags, data) -> 0` | fills in what is in the table below; flag 0x100: of a symbolic link itself |
//! | `wasm_vfs_mkdir(path, path_len, mode) -> 0` | makes a directory, and those that it is in |
//! | `wasm_vfs_symlink(target, target_len, path, path_len) -> 0` | makes a symbolic link, and the directories that it is in |
//! | `wasm_vfs_readlink(path, path_len, data, len) -> filled` | reads a symbolic link's target, cut to `len` |
//! | `wasm_vfs_remove(path, path_len) -> 0` | removes a file, or a directory with all beneath it |
//! | `wasm_vfs_import_begin(path, path_len) -> 0` | a tar archive is to go into this directory, made if it is missing |
//! | `wasm_vfs_import(data, len) -> 0` | the next bytes of the archive |
//! | `wasm_vfs_import_end() -> 0` | there are no more; `-EINVAL` if the archive is not complete |
//! | `wasm_vfs_export_begin(path, path_len) -> 0` | this directory is to become a tar archive |
//! | `wasm_vfs_export(data, len) -> filled` | the next bytes of the archive; 0: the end |
//! | `wasm_vfs_culprit(data, len) -> filled` | the name of the member at which the last import failed |
//! | `wasm_vfs_exit_status() -> status` | what `proc_exit` was given, or -1 |
//!
//! What `wasm_vfs_stat` fills in, 80 bytes, little-endian:
//!
//! | at | type | what | | at | type | what |
//! |---|---|---|---|---|---|---|
//! | 0 | u64 | inode number | | 40 | i64 | access time, seconds |
//! | 8 | u64 | size in bytes | | 48 | i64 | modification time, seconds |
//! | 16 | u64 | blocks of 512 bytes | | 56 | i64 | change time, seconds |
//! | 24 | u32 | type and mode (`S_IFMT`) | | 64 | u32 | access time, nanoseconds |
//! | 28 | u32 | hard links | | 68 | u32 | modification time, nanoseconds |
//! | 32 | u32 | owner | | 72 | u32 | change time, nanoseconds |
//! | 36 | u32 | group | | 76 | u32 | 0 |
//!
//! Paths are UTF-8 and start at the root of the tree, with or without a slash. Symbolic links are followed within the tree.
//!
//! # What holds
//!
//! * The host is a process of its own: it takes none of the program's descriptors, knows nothing of its rights, and its
//!   calls work when the program has used up whatever it may have.
//! * Its arguments are checked as a program's are: none leads to a trap.
//! * What the calls change, they change as system calls do. The times of files come from the program's clock.
//! * An engine that stops a program in the middle of a call (stack exhausted, out of fuel) may leave the tree half-changed.
//!   A trap of the program's own never does.
//! * Not to be called by the clock that the filesystem asks for the time.

mod buffer;
mod files;
mod remove;
mod tar_export;
mod tar_header;
mod tar_import;

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use wasm_vfs_core::{AT_FDCWD, AtFlags, Credentials, Errno, Fd, Fs, OFlags, Process};

use crate::bytes::is_utf8;
use crate::kernel::{self, Buffers};
use crate::memory::path::PathBuffer;
use crate::platform::Host;
use buffer::Buffer;
use tar_export::Export;
use tar_import::Import;

/// The version of the interface that this file documents.
const VERSION: i32 = 1;

/// The mode of directories that are made for what is in them.
const PARENT_MODE: u32 = 0o755;

/// What the host's calls need beside the filesystem.
struct Side {
    /// The host, as the filesystem sees it.
    process: Process,
    /// What arguments and results lie in.
    buffer: Buffer,
    /// The archive that is being imported.
    import: Option<Import>,
    /// The archive that is being exported.
    export: Option<Export>,
    /// The name of the member that an import failed at.
    culprit: Vec<u8>,
}

struct Global {
    /// Whether `side` was made.
    ready: UnsafeCell<bool>,
    side: UnsafeCell<MaybeUninit<Side>>,
}

// SAFETY: a wasm instance has one thread.
unsafe impl Sync for Global {}

/// All zeros, so that it takes no room in the file.
static GLOBAL: Global =
    Global { ready: UnsafeCell::new(false), side: UnsafeCell::new(MaybeUninit::uninit()) };

/// Runs `body` for the host; an error becomes its number, negative.
#[inline]
fn serve(body: impl FnOnce(&mut Fs<Host>, &mut Side, &mut Buffers) -> Result<usize, Errno>) -> i32 {
    let mut result = Err(Errno::EIO);
    let _ = kernel::enter(|kernel, buffers| {
        result = side(&mut kernel.fs).and_then(|side| body(&mut kernel.fs, side, buffers));
        Ok(())
    });
    answer(result)
}

/// The host's side, made at its first call.
///
/// # Errors
///
/// What spawning a process answers.
#[inline(never)]
fn side(fs: &mut Fs<Host>) -> Result<&'static mut Side, Errno> {
    // SAFETY: one thread; `ready` says that `side` was written. The reference ends with `serve`, and nothing that runs
    // there comes back here.
    unsafe {
        let side = &mut *GLOBAL.side.get();
        if !*GLOBAL.ready.get() {
            side.write(Side::new(fs)?);
            *GLOBAL.ready.get() = true;
        }
        Ok(side.assume_init_mut())
    }
}

/// What an export answers.
#[inline(never)]
fn answer(result: Result<usize, Errno>) -> i32 {
    match result {
        // The buffer has less than 2^31 bytes.
        Ok(count) => i32::try_from(count).unwrap_or(i32::MAX),
        Err(errno) => -i32::from(errno.number()),
    }
}

impl Side {
    fn new(fs: &mut Fs<Host>) -> Result<Side, Errno> {
        let mut process = fs.spawn(Credentials::ROOT)?;
        // Modes are meant as they are said.
        fs.umask(&mut process, 0);
        // The embedder has its own directories anyway.
        process.see_own_tree_only(true);
        Ok(Side {
            process,
            buffer: Buffer::default(),
            import: None,
            export: None,
            culprit: Vec::new(),
        })
    }

    /// Copies a path out of the buffer and checks it. An empty one is the root.
    ///
    /// # Errors
    ///
    /// * `EFAULT`: it is not in the buffer.
    /// * `ENAMETOOLONG`: it has `PATH_MAX` bytes or more.
    /// * `EILSEQ`: it is not UTF-8.
    #[inline(never)]
    fn path<'b>(&self, room: &'b mut PathBuffer, addr: u32, len: u32) -> Result<&'b [u8], Errno> {
        let bytes = self.buffer.get(addr, len)?;
        if bytes.is_empty() {
            return Ok(b"/");
        }
        if bytes.len() >= room.len() {
            return Err(Errno::ENAMETOOLONG);
        }
        let (path, _) = room.split_at_mut(bytes.len());
        path.copy_from_slice(bytes);
        if is_utf8(path) { Ok(path) } else { Err(Errno::EILSEQ) }
    }
}

/// Opens a file for the time of `body`.
///
/// # Errors
///
/// What openat(2) and `body` answer.
fn with_open<T>(
    fs: &mut Fs<Host>,
    process: &mut Process,
    path: &[u8],
    flags: OFlags,
    body: impl FnOnce(&mut Fs<Host>, &Process, Fd) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let fd = fs.openat(process, AT_FDCWD, path, flags, 0)?;
    let result = body(fs, process, fd);
    fs.close(process, fd)?;
    result
}

/// Runs `make`; if it answers `ENOENT`, again after the directories that `path` is in have been made.
///
/// # Errors
///
/// What mkdirat(2) and `make` answer.
fn with_parents<T>(
    fs: &mut Fs<Host>,
    process: &mut Process,
    dirfd: Fd,
    path: &[u8],
    mut make: impl FnMut(&mut Fs<Host>, &mut Process) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match make(fs, process) {
        Err(Errno::ENOENT) => {}
        result => return result,
    }
    for (at, byte) in path.iter().enumerate() {
        let parent = path.get(..at).unwrap_or_default();
        if *byte != b'/' || parent.is_empty() {
            continue;
        }
        match fs.mkdirat(process, dirfd, parent, PARENT_MODE) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    make(fs, process)
}

/// Makes a directory and those that it is in; one that is there already will do.
///
/// # Errors
///
/// What mkdirat(2) answers; `EEXIST`: something else is there.
#[inline(never)]
fn make_directory(
    fs: &mut Fs<Host>,
    process: &mut Process,
    dirfd: Fd,
    path: &[u8],
    mode: u32,
) -> Result<(), Errno> {
    let made = with_parents(fs, process, dirfd, path, |fs, process| {
        fs.mkdirat(process, dirfd, path, mode)
    });
    let is_directory = |fs: &mut Fs<Host>, process: &Process| {
        let stat = fs.newfstatat(process, dirfd, path, AtFlags::empty());
        stat.is_ok_and(|stat| stat.file_type() == wasm_vfs_core::FileType::Directory)
    };
    match made {
        Err(Errno::EEXIST) if is_directory(fs, process) => Ok(()),
        made => made,
    }
}
