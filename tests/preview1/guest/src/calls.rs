//! The calls of preview1 with paths of any bytes, flags of any bits and descriptors of any number, which the safe bindings
//! would not let through. What they answer is the call's errno or its results, nothing more.

use wasi::wasi_snapshot_preview1 as raw;

use crate::errno::{Answer, Errno};

pub type Fd = u32;

pub const O_CREAT: u16 = wasi::OFLAGS_CREAT;
pub const O_DIRECTORY: u16 = wasi::OFLAGS_DIRECTORY;
pub const O_EXCL: u16 = wasi::OFLAGS_EXCL;
pub const O_TRUNC: u16 = wasi::OFLAGS_TRUNC;

pub const APPEND: u16 = wasi::FDFLAGS_APPEND;
pub const DSYNC: u16 = wasi::FDFLAGS_DSYNC;
pub const NONBLOCK: u16 = wasi::FDFLAGS_NONBLOCK;
pub const RSYNC: u16 = wasi::FDFLAGS_RSYNC;
pub const SYNC: u16 = wasi::FDFLAGS_SYNC;

pub const READ: u64 = wasi::RIGHTS_FD_READ;
pub const WRITE: u64 = wasi::RIGHTS_FD_WRITE;

pub const FOLLOW: u32 = wasi::LOOKUPFLAGS_SYMLINK_FOLLOW;
pub const NOFOLLOW: u32 = 0;

pub const ATIM: u16 = wasi::FSTFLAGS_ATIM;
pub const ATIM_NOW: u16 = wasi::FSTFLAGS_ATIM_NOW;
pub const MTIM: u16 = wasi::FSTFLAGS_MTIM;
pub const MTIM_NOW: u16 = wasi::FSTFLAGS_MTIM_NOW;

pub const SET: u32 = 0;
pub const CUR: u32 = 1;
pub const END: u32 = 2;

pub const TYPE_CHARACTER: u8 = 2;
pub const TYPE_DIRECTORY: u8 = 3;
pub const TYPE_REGULAR: u8 = 4;
pub const TYPE_SYMLINK: u8 = 7;

/// What came of a call.
fn answer<T>(errno: i32, result: T) -> Answer<T> {
    if errno == 0 { Ok(result) } else { Err(Errno(errno as u16)) }
}

fn address<T: ?Sized>(place: *const T) -> i32 {
    place.cast::<u8>() as usize as i32
}

/// A path's address and length.
fn path(bytes: &[u8]) -> (i32, i32) {
    (address(bytes), bytes.len() as i32)
}

/// Every right there is.
pub const ALL: u64 = (1 << 30) - 1;

/// Opens with the links at the end of the path followed. `rights` says whether for reading and for
/// writing; no rights at all are passed on so, and with any the program asks for all that are
/// neither, as libraries do. [`open_for`] asks for no more than it is told.
pub fn open(dir: Fd, at: impl AsRef<[u8]>, oflags: u16, rights: u64, fdflags: u16) -> Answer<Fd> {
    open_at(dir, FOLLOW, at, oflags, rights, fdflags)
}

pub fn open_at(
    dir: Fd,
    lookup: u32,
    at: impl AsRef<[u8]>,
    oflags: u16,
    rights: u64,
    fdflags: u16,
) -> Answer<Fd> {
    let rights = if rights == 0 { (0, 0) } else { (rights | ALL & !(READ | WRITE), ALL) };
    path_open(dir, lookup, at.as_ref(), oflags, rights, fdflags)
}

/// Opens for these base and inheriting rights, with the links at the end of the path followed.
pub fn open_for(dir: Fd, at: impl AsRef<[u8]>, oflags: u16, rights: (u64, u64)) -> Answer<Fd> {
    path_open(dir, FOLLOW, at.as_ref(), oflags, rights, 0)
}

fn path_open(
    dir: Fd,
    lookup: u32,
    at: &[u8],
    oflags: u16,
    (base, inheriting): (u64, u64),
    fdflags: u16,
) -> Answer<Fd> {
    let (addr, len) = path(at);
    let mut fd: Fd = u32::MAX;
    let errno = unsafe {
        raw::path_open(
            dir as i32,
            lookup as i32,
            addr,
            len,
            i32::from(oflags),
            base as i64,
            inheriting as i64,
            i32::from(fdflags),
            address(&raw mut fd),
        )
    };
    answer(errno, fd)
}

pub fn close(fd: Fd) -> Answer<()> {
    answer(unsafe { raw::fd_close(fd as i32) }, ())
}

pub fn renumber(from: Fd, to: Fd) -> Answer<()> {
    answer(unsafe { raw::fd_renumber(from as i32, to as i32) }, ())
}

/// An `iovec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Piece {
    pub addr: u32,
    pub len: u32,
}

impl Piece {
    pub fn of(bytes: &mut [u8]) -> Piece {
        Piece { addr: address(bytes) as u32, len: bytes.len() as u32 }
    }
}

pub fn readv(fd: Fd, pieces: &[Piece]) -> Answer<usize> {
    let mut done = 0_usize;
    let errno = unsafe {
        raw::fd_read(fd as i32, address(pieces), pieces.len() as i32, address(&raw mut done))
    };
    answer(errno, done)
}

pub fn writev(fd: Fd, pieces: &[Piece]) -> Answer<usize> {
    let mut done = 0_usize;
    let errno = unsafe {
        raw::fd_write(fd as i32, address(pieces), pieces.len() as i32, address(&raw mut done))
    };
    answer(errno, done)
}

pub fn read(fd: Fd, room: usize) -> Answer<Vec<u8>> {
    let mut bytes = vec![0xa5; room];
    let done = readv(fd, &[Piece::of(&mut bytes)])?;
    bytes.truncate(done);
    Ok(bytes)
}

pub fn write(fd: Fd, bytes: &[u8]) -> Answer<usize> {
    writev(fd, &[Piece { addr: address(bytes) as u32, len: bytes.len() as u32 }])
}

pub fn pread(fd: Fd, room: usize, offset: u64) -> Answer<Vec<u8>> {
    let mut bytes = vec![0xa5; room];
    let piece = Piece::of(&mut bytes);
    let mut done = 0_usize;
    let errno = unsafe {
        raw::fd_pread(
            fd as i32,
            address(&raw const piece),
            1,
            offset as i64,
            address(&raw mut done),
        )
    };
    bytes.truncate(done);
    answer(errno, bytes)
}

pub fn pwrite(fd: Fd, bytes: &[u8], offset: u64) -> Answer<usize> {
    let piece = Piece { addr: address(bytes) as u32, len: bytes.len() as u32 };
    let mut done = 0_usize;
    let errno = unsafe {
        raw::fd_pwrite(
            fd as i32,
            address(&raw const piece),
            1,
            offset as i64,
            address(&raw mut done),
        )
    };
    answer(errno, done)
}

pub fn seek(fd: Fd, offset: i64, whence: u32) -> Answer<u64> {
    let mut to = u64::MAX;
    let errno = unsafe { raw::fd_seek(fd as i32, offset, whence as i32, address(&raw mut to)) };
    answer(errno, to)
}

pub fn tell(fd: Fd) -> Answer<u64> {
    let mut at = u64::MAX;
    answer(unsafe { raw::fd_tell(fd as i32, address(&raw mut at)) }, ()).map(|()| at)
}

pub fn sync(fd: Fd) -> Answer<()> {
    answer(unsafe { raw::fd_sync(fd as i32) }, ())
}

pub fn datasync(fd: Fd) -> Answer<()> {
    answer(unsafe { raw::fd_datasync(fd as i32) }, ())
}

pub fn advise(fd: Fd, offset: u64, len: u64, advice: u8) -> Answer<()> {
    answer(unsafe { raw::fd_advise(fd as i32, offset as i64, len as i64, i32::from(advice)) }, ())
}

pub fn allocate(fd: Fd, offset: u64, len: u64) -> Answer<()> {
    answer(unsafe { raw::fd_allocate(fd as i32, offset as i64, len as i64) }, ())
}

/// An `fdstat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fdstat {
    pub filetype: u8,
    pub flags: u16,
    pub base: u64,
    pub inheriting: u64,
}

pub fn fdstat(fd: Fd) -> Answer<Fdstat> {
    let mut words = [0_u64; 3];
    let errno = unsafe { raw::fd_fdstat_get(fd as i32, address(&raw mut words)) };
    let fdstat = Fdstat {
        filetype: words[0] as u8,
        flags: (words[0] >> 16) as u16,
        base: words[1],
        inheriting: words[2],
    };
    answer(errno, fdstat)
}

/// The flags of a descriptor.
pub fn fdflags(fd: Fd) -> Answer<u16> {
    fdstat(fd).map(|stat| stat.flags)
}

pub fn set_fdflags(fd: Fd, flags: u16) -> Answer<()> {
    answer(unsafe { raw::fd_fdstat_set_flags(fd as i32, i32::from(flags)) }, ())
}

pub fn set_rights(fd: Fd, base: u64, inheriting: u64) -> Answer<()> {
    answer(unsafe { raw::fd_fdstat_set_rights(fd as i32, base as i64, inheriting as i64) }, ())
}

/// A `filestat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub nlink: u64,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

impl Filestat {
    fn of(words: [u64; 8]) -> Filestat {
        let [dev, ino, filetype, nlink, size, atim, mtim, ctim] = words;
        Filestat { dev, ino, filetype: filetype as u8, nlink, size, atim, mtim, ctim }
    }
}

pub fn fstat(fd: Fd) -> Answer<Filestat> {
    let mut words = [0_u64; 8];
    let errno = unsafe { raw::fd_filestat_get(fd as i32, address(&raw mut words)) };
    answer(errno, ()).map(|()| Filestat::of(words))
}

pub fn stat_at(dir: Fd, lookup: u32, at: impl AsRef<[u8]>) -> Answer<Filestat> {
    let (addr, len) = path(at.as_ref());
    let mut words = [0_u64; 8];
    let errno = unsafe {
        raw::path_filestat_get(dir as i32, lookup as i32, addr, len, address(&raw mut words))
    };
    answer(errno, ()).map(|()| Filestat::of(words))
}

pub fn stat(dir: Fd, at: impl AsRef<[u8]>) -> Answer<Filestat> {
    stat_at(dir, FOLLOW, at)
}

pub fn lstat(dir: Fd, at: impl AsRef<[u8]>) -> Answer<Filestat> {
    stat_at(dir, NOFOLLOW, at)
}

/// The type of a file, the links at the end of the path followed.
pub fn filetype(dir: Fd, at: impl AsRef<[u8]>) -> Answer<u8> {
    stat(dir, at).map(|stat| stat.filetype)
}

/// The type of a file or link.
pub fn lfiletype(dir: Fd, at: impl AsRef<[u8]>) -> Answer<u8> {
    lstat(dir, at).map(|stat| stat.filetype)
}

pub fn truncate(fd: Fd, size: u64) -> Answer<()> {
    answer(unsafe { raw::fd_filestat_set_size(fd as i32, size as i64) }, ())
}

pub fn set_times(fd: Fd, atim: u64, mtim: u64, flags: u16) -> Answer<()> {
    answer(
        unsafe {
            raw::fd_filestat_set_times(fd as i32, atim as i64, mtim as i64, i32::from(flags))
        },
        (),
    )
}

pub fn set_times_at(
    dir: Fd,
    lookup: u32,
    at: impl AsRef<[u8]>,
    atim: u64,
    mtim: u64,
    flags: u16,
) -> Answer<()> {
    let (addr, len) = path(at.as_ref());
    let errno = unsafe {
        raw::path_filestat_set_times(
            dir as i32,
            lookup as i32,
            addr,
            len,
            atim as i64,
            mtim as i64,
            i32::from(flags),
        )
    };
    answer(errno, ())
}

pub fn mkdir(dir: Fd, at: impl AsRef<[u8]>) -> Answer<()> {
    let (addr, len) = path(at.as_ref());
    answer(unsafe { raw::path_create_directory(dir as i32, addr, len) }, ())
}

pub fn rmdir(dir: Fd, at: impl AsRef<[u8]>) -> Answer<()> {
    let (addr, len) = path(at.as_ref());
    answer(unsafe { raw::path_remove_directory(dir as i32, addr, len) }, ())
}

pub fn unlink(dir: Fd, at: impl AsRef<[u8]>) -> Answer<()> {
    let (addr, len) = path(at.as_ref());
    answer(unsafe { raw::path_unlink_file(dir as i32, addr, len) }, ())
}

pub fn link(
    dir: Fd,
    lookup: u32,
    old: impl AsRef<[u8]>,
    to: Fd,
    new: impl AsRef<[u8]>,
) -> Answer<()> {
    let ((old_addr, old_len), (new_addr, new_len)) = (path(old.as_ref()), path(new.as_ref()));
    let errno = unsafe {
        raw::path_link(dir as i32, lookup as i32, old_addr, old_len, to as i32, new_addr, new_len)
    };
    answer(errno, ())
}

pub fn rename(dir: Fd, old: impl AsRef<[u8]>, to: Fd, new: impl AsRef<[u8]>) -> Answer<()> {
    let ((old_addr, old_len), (new_addr, new_len)) = (path(old.as_ref()), path(new.as_ref()));
    let errno =
        unsafe { raw::path_rename(dir as i32, old_addr, old_len, to as i32, new_addr, new_len) };
    answer(errno, ())
}

pub fn symlink(target: impl AsRef<[u8]>, dir: Fd, at: impl AsRef<[u8]>) -> Answer<()> {
    let ((target_addr, target_len), (addr, len)) = (path(target.as_ref()), path(at.as_ref()));
    answer(unsafe { raw::path_symlink(target_addr, target_len, dir as i32, addr, len) }, ())
}

pub fn readlink(dir: Fd, at: impl AsRef<[u8]>, room: usize) -> Answer<Vec<u8>> {
    let (addr, len) = path(at.as_ref());
    let mut bytes = vec![0xa5; room];
    let mut used = usize::MAX;
    let errno = unsafe {
        raw::path_readlink(
            dir as i32,
            addr,
            len,
            address(bytes.as_mut_slice()),
            room as i32,
            address(&raw mut used),
        )
    };
    answer(errno, ())?;
    bytes.truncate(used);
    Ok(bytes)
}

/// The length of a preopen's name.
pub fn prestat(fd: Fd) -> Answer<u32> {
    let mut words = [0_u32; 2];
    let errno = unsafe { raw::fd_prestat_get(fd as i32, address(&raw mut words)) };
    answer(errno, words[1])
}

pub fn prestat_dir_name(fd: Fd, room: u32) -> Answer<Vec<u8>> {
    let mut bytes = vec![0xa5; room as usize];
    let errno =
        unsafe { raw::fd_prestat_dir_name(fd as i32, address(bytes.as_mut_slice()), room as i32) };
    answer(errno, bytes)
}

/// The bytes that one call lists.
pub fn readdir_bytes(fd: Fd, room: usize, cookie: u64) -> Answer<Vec<u8>> {
    let mut bytes = vec![0xa5; room];
    let mut used = usize::MAX;
    let errno = unsafe {
        raw::fd_readdir(
            fd as i32,
            address(bytes.as_mut_slice()),
            room as i32,
            cookie as i64,
            address(&raw mut used),
        )
    };
    answer(errno, ())?;
    bytes.truncate(used);
    Ok(bytes)
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirent {
    pub next: u64,
    pub ino: u64,
    pub filetype: u8,
    pub name: String,
}

/// The entries among the bytes of a listing; one that is cut off is none.
pub fn dirents(mut bytes: &[u8]) -> Vec<Dirent> {
    let mut entries = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(24) {
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
        let namlen = word(16) as u32 as usize;
        let Some((name, rest)) = rest.split_at_checked(namlen) else { break };
        entries.push(Dirent {
            next: word(0),
            ino: word(8),
            filetype: header[20],
            name: String::from_utf8_lossy(name).into_owned(),
        });
        bytes = rest;
    }
    entries
}

/// The whole of a directory, in calls of `room` bytes.
pub fn readdir(fd: Fd, room: usize) -> Answer<Vec<Dirent>> {
    let (mut all, mut cookie) = (Vec::new(), 0);
    loop {
        let bytes = readdir_bytes(fd, room, cookie)?;
        let some = dirents(&bytes);
        let Some(last) = some.last() else { return Ok(all) };
        cookie = last.next;
        all.extend(some);
        if bytes.len() < room {
            return Ok(all);
        }
    }
}

/// The sorted names in a directory.
pub fn names(fd: Fd) -> Answer<Vec<String>> {
    let mut names: Vec<String> = readdir(fd, 4096)?.into_iter().map(|entry| entry.name).collect();
    names.sort();
    Ok(names)
}

/// A subscription of `poll_oneoff`.
pub type Subscription = [u64; 6];

pub const CLOCK_REALTIME: u32 = 0;
pub const CLOCK_MONOTONIC: u32 = 1;
pub const TAG_CLOCK: u8 = 0;
pub const TAG_READ: u8 = 1;
pub const TAG_WRITE: u8 = 2;

pub fn on_clock(userdata: u64, clock: u32, timeout: u64, absolute: bool) -> Subscription {
    [userdata, u64::from(TAG_CLOCK), u64::from(clock), timeout, 0, u64::from(absolute)]
}

pub fn on_fd(userdata: u64, tag: u8, fd: Fd) -> Subscription {
    [userdata, u64::from(tag), u64::from(fd), 0, 0, 0]
}

/// An event of `poll_oneoff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub userdata: u64,
    pub error: Errno,
    pub tag: u8,
    pub bytes: u64,
    pub flags: u16,
}

pub fn poll(subscriptions: &[Subscription]) -> Answer<Vec<Event>> {
    let mut events = vec![[0_u64; 4]; subscriptions.len()];
    let mut count = usize::MAX;
    let errno = unsafe {
        raw::poll_oneoff(
            address(subscriptions),
            address(events.as_mut_slice()),
            subscriptions.len() as i32,
            address(&raw mut count),
        )
    };
    answer(errno, ())?;
    events.truncate(count);
    let event = |words: [u64; 4]| Event {
        userdata: words[0],
        error: Errno(words[1] as u16),
        tag: (words[1] >> 16) as u8,
        bytes: words[2],
        flags: words[3] as u16,
    };
    Ok(events.into_iter().map(event).collect())
}

pub fn clock_time(clock: u32) -> Answer<u64> {
    let mut time = 0_u64;
    answer(unsafe { raw::clock_time_get(clock as i32, 1, address(&raw mut time)) }, ())
        .map(|()| time)
}

pub fn sock_accept(fd: Fd) -> Answer<Fd> {
    let mut new = u32::MAX;
    answer(unsafe { raw::sock_accept(fd as i32, 0, address(&raw mut new)) }, ()).map(|()| new)
}

pub fn sock_recv(fd: Fd, bytes: &mut [u8]) -> Answer<usize> {
    let piece = Piece::of(bytes);
    let (mut done, mut flags) = (0_usize, 0_u16);
    let errno = unsafe {
        raw::sock_recv(
            fd as i32,
            address(&raw const piece),
            1,
            0,
            address(&raw mut done),
            address(&raw mut flags),
        )
    };
    answer(errno, ()).map(|()| done)
}

pub fn sock_send(fd: Fd, bytes: &mut [u8]) -> Answer<usize> {
    let piece = Piece::of(bytes);
    let mut done = 0_usize;
    let errno = unsafe {
        raw::sock_send(fd as i32, address(&raw const piece), 1, 0, address(&raw mut done))
    };
    answer(errno, ()).map(|()| done)
}

pub fn sock_shutdown(fd: Fd, how: u8) -> Answer<()> {
    answer(unsafe { raw::sock_shutdown(fd as i32, i32::from(how)) }, ())
}
