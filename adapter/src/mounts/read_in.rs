//! Overlays: a directory of the host below one of the tree.
//!
//! Linux: overlayfs, with the tree as the upper layer. Departure: a directory of the host is read once, whole, when a path first
//! leads into it or it is listed, and is part of the tree from then on. So whiteouts, opaque directories, renaming and merged
//! listings need nothing here: what is removed is gone from the tree, and nobody looks below any more. Of files only names
//! and sizes are read; their bytes are read from the host where they are, into the program's buffer, until they are written to.

use alloc::vec::Vec;

use wasm_vfs_core::{DirectoryId, Errno, Foreign, LOWER_IMAGE, LowerFile, LowerKind, PATH_MAX};

use crate::convert::{DIRENT_BYTES, timespec};
use crate::errno::{Error, Result};
use crate::host::{BORROWED_ADDR, import as host};
use crate::mounts::calls::{OpenHow, open, readlink};
use crate::mounts::lead::{HostPath, filestat};
use crate::mounts::loan::Loan;
use crate::mounts::{Mounts, copy, host_directory, import, of_host, with};
use crate::state;
use crate::user::UserRange;

/// How many lower files are kept open at the host. The one that was opened first is closed for another.
const OPEN_FILES: usize = 16;

/// How much of a directory is asked for at a time: at least one entry with the longest name.
const LISTING_BYTES: u32 = 4096;

/// How many bytes are copied up at a time: a page.
const COPY_BYTES: usize = 4096;

/// The target of a link whose own the host does not tell. Like that it leads nowhere that a program may go: `EPERM`.
const UNTOLD_TARGET: &[u8] = b"/..";

/// A file or directory of the host's, by number.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The directory that it is in; of an overlay's root, [`NO_NODE`].
    parent: u32,
    /// Where its name begins in `names`; of a root, the number of the overlay.
    name_at: u32,
    name_len: u32,
}

/// No node.
const NO_NODE: u32 = u32::MAX;

/// What is known of lower directories.
#[derive(Debug, Default)]
pub(super) struct Lower {
    /// By number: what [`Foreign::Unread`] says, and [`LowerKind::Regular`].
    nodes: Vec<Node>,
    names: Vec<u8>,
    /// Files that are open: their numbers, and the host's.
    open: [Option<(u32, u32)>; OPEN_FILES],
    /// Which of them is closed next.
    next: usize,
}

impl Lower {
    /// None.
    pub(super) const fn new() -> Lower {
        Lower { nodes: Vec::new(), names: Vec::new(), open: [None; OPEN_FILES], next: 0 }
    }

    fn add(&mut self, node: Node) -> core::result::Result<u32, Errno> {
        let number = u32::try_from(self.nodes.len()).map_err(|_| Errno::ENOSPC)?;
        if number > Foreign::MAX {
            return Err(Errno::ENOSPC);
        }
        self.nodes.try_reserve(1)?;
        self.nodes.push(node);
        Ok(number)
    }

    /// The root of overlay `mount`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn add_root(&mut self, mount: u32) -> core::result::Result<u32, Errno> {
        self.add(Node { parent: NO_NODE, name_at: mount, name_len: 0 })
    }

    fn add_named(&mut self, parent: u32, name: &[u8]) -> core::result::Result<u32, Errno> {
        let name_at = u32::try_from(self.names.len()).map_err(|_| Errno::ENOSPC)?;
        let name_len = u32::try_from(name.len()).map_err(|_| Errno::ENAMETOOLONG)?;
        self.names.try_reserve(name.len())?;
        let number = self.add(Node { parent, name_at, name_len })?;
        self.names.extend_from_slice(name);
        Ok(number)
    }

    /// The overlay and the path in it.
    fn path(&self, number: u32) -> Result<(u32, Vec<u8>)> {
        let mut backwards: Vec<u8> = Vec::new();
        let mut at = number;
        loop {
            let node = self.nodes.get(at as usize).ok_or(Error::IO)?;
            if node.parent == NO_NODE {
                if backwards.is_empty() {
                    return Ok((node.name_at, copy(b".")?));
                }
                backwards.reverse();
                return Ok((node.name_at, backwards));
            }
            let start = node.name_at as usize;
            let name = self.names.get(start..start + node.name_len as usize).ok_or(Error::IO)?;
            if backwards.len() + name.len() + 1 >= PATH_MAX {
                return Err(Error::NAMETOOLONG);
            }
            backwards.try_reserve(name.len() + 1).map_err(Errno::from)?;
            if !backwards.is_empty() {
                backwards.push(b'/');
            }
            backwards.extend(name.iter().rev());
            at = node.parent;
        }
    }

    /// The host's number of a file, if it is open.
    fn open_file(&self, number: u32) -> Option<u32> {
        self.open.iter().flatten().find(|(open, _)| *open == number).map(|&(_, fd)| fd)
    }

    /// Notes that a file is open; says which one is to be closed for it.
    fn keep_open(&mut self, number: u32, fd: u32) -> Option<u32> {
        let slot = self.open.get_mut(self.next)?;
        self.next = (self.next + 1) % OPEN_FILES;
        slot.replace((number, fd)).map(|(_, fd)| fd)
    }
}

/// Reads a directory of the host's into the one of the tree that is above it.
///
/// # Errors
///
/// What the host answers; then it will be tried again. `NOSPC`, `NOMEM`: no room.
pub(super) fn read_in(at: DirectoryId, number: u32) -> Result<()> {
    let (mount, path) = state::enter(|kernel, _| {
        with(&kernel.fs.platform().mounts.lower, |lower| lower.path(number))
    })?;
    if let Some(fd) = host_directory(mount)? {
        let rights = wasi::RIGHTS_FD_READDIR
            | wasi::RIGHTS_PATH_OPEN
            | wasi::RIGHTS_PATH_FILESTAT_GET
            | wasi::RIGHTS_PATH_READLINK;
        let how = OpenHow {
            dirflags: 0,
            oflags: u32::from(wasi::OFLAGS_DIRECTORY),
            rights_base: rights,
            rights_inheriting: rights,
            fdflags: 0,
        };
        let directory = open(&HostPath { fd, mount, path }, &how)?;
        let added = list(directory)
            .and_then(|names| names.each(|name| add(at, number, directory, mount, name)));
        host::fd_close(directory);
        added?;
    }
    state::enter(|kernel, _| Ok(kernel.fs.mark(at, None)?))
}

/// Adds one entry of a directory of the host's.
fn add(at: DirectoryId, parent: u32, directory: u32, mount: u32, name: &[u8]) -> Result<()> {
    let stat = match filestat(directory, 0, name) {
        // Gone meanwhile.
        Err(Error::NOENT) => return Ok(()),
        stat => stat?,
    };
    let mut target = [0; PATH_MAX];
    let mut target_len = 0;
    let file_type = stat.file_type();
    if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() {
        let path = HostPath { fd: directory, mount, path: copy(name)? };
        // Wasmtime does not tell absolute ones.
        target_len = match readlink(&path, &mut target) {
            Err(Error::PERM | Error::NOTCAPABLE) => {
                let (out, _) = target.split_at_mut(UNTOLD_TARGET.len());
                out.copy_from_slice(UNTOLD_TARGET);
                UNTOLD_TARGET.len()
            }
            len => len?,
        };
    }
    state::enter(|kernel, _| {
        let number =
            || with(&kernel.fs.platform().mounts.lower, |lower| lower.add_named(parent, name));
        let kind = if file_type == wasi::FILETYPE_DIRECTORY.raw() {
            LowerKind::Directory(number()?)
        } else if file_type == wasi::FILETYPE_REGULAR_FILE.raw() {
            LowerKind::Regular { number: number()?, size: stat.size() }
        } else if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() && target_len > 0 {
            LowerKind::Symlink(target.get(..target_len).unwrap_or_default())
        } else {
            // Devices, sockets and pipes: nothing that could be read here.
            return Ok(());
        };
        let file = LowerFile {
            name,
            kind,
            atime: timespec(stat.atim()),
            mtime: timespec(stat.mtim()),
            ctime: timespec(stat.ctim()),
        };
        Ok(kernel.fs.add_lower(at, &file)?)
    })
}

/// Names, one after another, each with its length before it.
#[derive(Default)]
struct Names(Vec<u8>);

impl Names {
    fn push(&mut self, name: &[u8]) -> Result<()> {
        // No filesystem has longer ones, and no name here may be longer.
        let len = u8::try_from(name.len()).map_err(|_| Error::NAMETOOLONG)?;
        self.0.try_reserve(name.len() + 1).map_err(Errno::from)?;
        self.0.push(len);
        self.0.extend_from_slice(name);
        Ok(())
    }

    fn each(&self, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = &self.0[..];
        while let Some((&len, tail)) = rest.split_first() {
            let (name, tail) = tail.split_at_checked(usize::from(len)).unwrap_or((tail, &[]));
            visit(name)?;
            rest = tail;
        }
        Ok(())
    }
}

/// The names in a directory of the host's, but for `.` and `..`.
///
/// # Errors
///
/// What the host answers; `IO`: its answer makes no sense; `NOMEM`: no memory.
fn list(directory: u32) -> Result<Names> {
    let mut names = Names::default();
    let mut cookie = 0;
    loop {
        let mut listing = [0; LISTING_BYTES as usize];
        let used = {
            let mut loan = Loan::of(Loan::room_for(&[listing.len(), 4])?)?;
            let used = loan.take(4);
            let buf = loan.take(LISTING_BYTES);
            let (addr, len) = (buf.addr(), buf.len());
            of_host(import::fd_readdir(directory, addr, len, cookie, used.addr()))?;
            buf.copy_to_kernel(&mut listing);
            used.load_u32(0)
        };
        let mut rest = listing.get(..used as usize).ok_or(Error::IO)?;
        let before = cookie;
        while let Some((header, tail)) = rest.split_first_chunk::<{ DIRENT_BYTES as usize }>() {
            let (next, after) = header.split_first_chunk::<8>().ok_or(Error::IO)?;
            let (_, after) = after.split_first_chunk::<8>().ok_or(Error::IO)?;
            let (namlen, _) = after.split_first_chunk::<4>().ok_or(Error::IO)?;
            let namlen = u32::from_le_bytes(*namlen) as usize;
            // One that is cut off comes again.
            let Some((name, tail)) = tail.split_at_checked(namlen) else { break };
            if !matches!(name, b"." | b"..") {
                names.push(name)?;
            }
            cookie = u64::from_le_bytes(*next);
            rest = tail;
        }
        if used < LISTING_BYTES {
            return Ok(names);
        }
        if cookie == before {
            return Err(Error::IO);
        }
    }
}

impl Mounts {
    /// Fills a buffer of the program's from a lower file, if the image is one's at `offset`. What cannot be read is zero; unless that is
    /// because the file has become shorter, [`read_failed`](Self::read_failed) says so.
    pub(crate) fn lower_to_user(&self, dst: UserRange, offset: u64) -> bool {
        let Some((number, at)) = file_at(offset) else { return false };
        let result = self.read(number, at, dst);
        let done = *result.as_ref().unwrap_or(&0);
        let mut rest = dst;
        rest.take(done);
        rest.clear();
        if result.is_err() {
            self.read_failed.set(true);
        }
        true
    }

    /// As [`lower_to_user`](Self::lower_to_user), for a buffer of this memory.
    pub(crate) fn lower_to_kernel(&self, dst: &mut [u8], offset: u64) -> bool {
        let Some((number, at)) = file_at(offset) else { return false };
        dst.fill(0);
        for (part, index) in dst.chunks_mut(COPY_BYTES).zip(0..) {
            let at = at + index * COPY_BYTES as u64;
            let read =
                Loan::room_for(&[part.len()]).and_then(Loan::after_windows).and_then(|mut loan| {
                    let out = loan.take(u32::try_from(part.len()).unwrap_or(0));
                    let done = self.read(number, at, out)?;
                    let (head, _) = part.split_at_mut(part.len().min(done as usize));
                    out.copy_to_kernel(head);
                    Ok(())
                });
            if read.is_err() {
                self.read_failed.set(true);
            }
        }
        true
    }

    /// Reads a lower file from `at` on, until the buffer is full or the file ends; says how many bytes there were.
    fn read(&self, number: u32, at: u64, dst: UserRange) -> Result<u32> {
        let fd = self.open_lower(number)?;
        let (mut rest, mut done) = (dst, 0);
        while rest.len() > 0 {
            let part = until_window(rest);
            let read = pread(fd, part, at + u64::from(done))?;
            if read == 0 {
                break;
            }
            rest.take(read.min(part.len()));
            done = dst.len() - rest.len();
        }
        Ok(done)
    }

    /// The host's number of a lower file, which is opened if need be.
    fn open_lower(&self, number: u32) -> Result<u32> {
        if let Some(fd) = with(&self.lower, |lower| lower.open_file(number)) {
            return Ok(fd);
        }
        let (mount, path) = with(&self.lower, |lower| lower.path(number))?;
        // It was there when the directory was read.
        let fd = with(&self.list, |list| {
            list.get(mount as usize).and_then(|mount| mount.directory.open())
        });
        let rights = wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_TELL;
        let how = OpenHow {
            dirflags: 0,
            oflags: 0,
            rights_base: rights,
            rights_inheriting: 0,
            fdflags: 0,
        };
        let fd = open(&HostPath { fd: fd.ok_or(Error::IO)?, mount, path }, &how)?;
        if let Some(other) = with(&self.lower, |lower| lower.keep_open(number, fd)) {
            host::fd_close(other);
        }
        Ok(fd)
    }
}

/// The lower file and the byte of it that an offset in the image stands for.
fn file_at(offset: u64) -> Option<(u32, u64)> {
    let number = (offset / LOWER_IMAGE).checked_sub(1)?;
    Some((u32::try_from(number).ok()?, offset % LOWER_IMAGE))
}

/// Bytes of a vector of one piece, and of a result.
const WINDOW_BYTES: u32 = 16;
/// Where they are put. The host must not find them in the buffer that it fills, so there are two places.
const WINDOWS: [u32; 2] = [BORROWED_ADDR, BORROWED_ADDR + WINDOW_BYTES];

impl Loan {
    /// Borrows `len` bytes that no window is in.
    fn after_windows(len: u32) -> Result<Loan> {
        Loan::at(BORROWED_ADDR + 2 * WINDOW_BYTES, len)
    }
}

/// The first part of a buffer that lies on one side of the first window, or in it.
fn until_window(buffer: UserRange) -> UserRange {
    let [first, second] = WINDOWS;
    let mut rest = buffer;
    let end = match buffer.addr() {
        addr if addr < first => first - addr,
        addr if addr < second => second - addr,
        _ => buffer.len(),
    };
    rest.take(end)
}

/// Reads from the host into a buffer that [`until_window`] gave.
fn pread(fd: u32, buffer: UserRange, at: u64) -> Result<u32> {
    let [first, second] = WINDOWS;
    let in_first = buffer.addr() >= first && buffer.addr() < second;
    let mut loan = Loan::at(if in_first { second } else { first }, WINDOW_BYTES)?;
    let iovec = loan.take(8);
    iovec.store_u32(0, buffer.addr());
    iovec.store_u32(4, buffer.len());
    let read = loan.take(4);
    of_host(host::fd_pread(fd, iovec.addr(), 1, at, read.addr()))?;
    Ok(read.load_u32(0).min(buffer.len()))
}
