//! The operations of FUSE as system calls: one call for each, or close to it.
//!
//! The server is one process whose credentials become those of whoever asks, for each request. The
//! umask is the kernel's business: it was applied when a mode arrives here.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, FileHandle, Filesystem, FopenFlags, Generation,
    INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite,
    ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use wasm_vfs_core::{
    AtFlags, Credentials, Dev, Errno, FallocateMode, Fs, OFlags, PATH_MAX, Platform, RenameFlags,
    Whence, XattrFlags,
};

use crate::convert::{attributes, errno, time_specifier};
use crate::nodes::Nodes;
use crate::state::{Changes, State, fd_of, offset};

/// How long the kernel may keep a name or attributes: not at all, so that it asks each time.
const TTL: Duration = Duration::ZERO;

/// Numbers are given again only when the kernel has forgotten them, so one generation will do.
const GENERATION: Generation = Generation(0);

/// A filesystem that answers FUSE requests.
#[derive(Debug)]
pub(crate) struct Server<P: Platform> {
    state: Mutex<State<P>>,
}

impl<P: Platform> Server<P> {
    /// A server of this filesystem.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: not even the root directory can be opened.
    pub(crate) fn new(mut fs: Fs<P>) -> Result<Server<P>, Errno> {
        let mut process = fs.spawn(Credentials::ROOT)?;
        fs.umask(&mut process, 0);
        let nodes = Nodes::with_root(&mut fs, &mut process)?;
        Ok(Server { state: Mutex::new(State { fs, process, nodes }) })
    }

    /// The state, to act as whoever sent the request.
    fn act_for(&self, request: &Request) -> MutexGuard<'_, State<P>> {
        let (uid, gid) = (request.uid(), request.gid());
        // The superuser's groups are never asked.
        let groups = if uid == 0 { Vec::new() } else { supplementary_groups(request.pid()) };
        self.act_as(Credentials { groups, ..Credentials::user(uid, gid) })
    }

    fn act_as(&self, credentials: Credentials) -> MutexGuard<'_, State<P>> {
        // A call that panicked has answered nothing; the filesystem is sound between calls.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.process.credentials = credentials;
        state
    }
}

/// The supplementary groups of a process, which a FUSE request does not carry (proc_pid_status(5)).
fn supplementary_groups(pid: u32) -> Vec<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    line.unwrap_or_default().split_whitespace().filter_map(|group| group.parse().ok()).collect()
}

/// Answers with the bytes, or with how many there are if none were asked for.
fn xattr_bytes(reply: ReplyXattr, bytes: &[u8], len: usize) {
    if bytes.is_empty() {
        reply.size(u32::try_from(len).unwrap_or(u32::MAX));
    } else {
        reply.data(&bytes[..len]);
    }
}

/// Answers `reply` with an error, or with what `$answer` makes of the result.
macro_rules! answer {
    ($result:expr, $reply:ident, $value:pat => $answer:expr) => {
        match $result {
            Ok($value) => $answer,
            Err(error) => $reply.error(errno(error)),
        }
    };
}

impl<P: Platform + Send + 'static> Filesystem for Server<P> {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // O_TRUNC comes with the open, and set-id bits are cleared here (else the kernel asks for
        // capabilities before each write).
        let wanted = InitFlags::FUSE_ATOMIC_O_TRUNC | InitFlags::FUSE_HANDLE_KILLPRIV_V2;
        config.add_capabilities(wanted).map_err(|missing| {
            io::Error::new(io::ErrorKind::Unsupported, format!("the kernel lacks {missing:?}"))
        })
    }

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut state = self.act_for(request);
        let result = state.entry(parent, name, |_, _, _| Ok(()));
        answer!(result, reply, attr => reply.entry(&TTL, &attr, GENERATION));
    }

    fn forget(&self, _: &Request, ino: INodeNo, lookups: u64) {
        let mut state = self.act_as(Credentials::ROOT);
        let State { fs, process, nodes } = &mut *state;
        nodes.forget(fs, process, ino.0, lookups);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let state = self.act_for(request);
        answer!(state.stat(ino), reply, stat => reply.attr(&TTL, &attributes(&stat)));
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        handle: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let times = [time_specifier(atime), time_specifier(mtime)];
        let changes = Changes { mode, owner: (uid, gid), size, times, handle };
        let result = self.act_for(request).set_attributes(ino, changes);
        answer!(result, reply, attr => reply.attr(&TTL, &attr));
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        let state = self.act_for(request);
        let mut target = [0; PATH_MAX];
        let fd = state.nodes.fd(ino.0);
        let result =
            fd.and_then(|fd| state.fs.readlinkat(&state.process, fd, b"", &mut target[..]));
        answer!(result, reply, len => reply.data(&target[..len]));
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        rdev: u32,
        reply: ReplyEntry,
    ) {
        let result = self.act_for(request).entry(parent, name, |fs, process, directory| {
            fs.mknodat(process, directory, name.as_bytes(), mode, Dev(rdev.into()))
        });
        answer!(result, reply, attr => reply.entry(&TTL, &attr, GENERATION));
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        let result = self.act_for(request).entry(parent, name, |fs, process, directory| {
            fs.mkdirat(process, directory, name.as_bytes(), mode)
        });
        answer!(result, reply, attr => reply.entry(&TTL, &attr, GENERATION));
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let state = &mut *self.act_for(request);
        let result = state.nodes.fd(parent.0).and_then(|directory| {
            state.fs.unlinkat(&state.process, directory, name.as_bytes(), AtFlags::empty())
        });
        answer!(result, reply, () => reply.ok());
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let state = &mut *self.act_for(request);
        let result = state.nodes.fd(parent.0).and_then(|directory| {
            state.fs.unlinkat(&state.process, directory, name.as_bytes(), AtFlags::REMOVEDIR)
        });
        answer!(result, reply, () => reply.ok());
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let result = self.act_for(request).entry(parent, name, |fs, process, directory| {
            fs.symlinkat(process, target.as_os_str().as_bytes(), directory, name.as_bytes())
        });
        answer!(result, reply, attr => reply.entry(&TTL, &attr, GENERATION));
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: fuser::RenameFlags,
        reply: ReplyEmpty,
    ) {
        let state = &mut *self.act_for(request);
        let directories = (state.nodes.fd(parent.0), state.nodes.fd(new_parent.0));
        let result = match directories {
            (Ok(old), Ok(new)) => {
                let flags = RenameFlags::from_bits_retain(flags.bits());
                let (name, new_name) = (name.as_bytes(), new_name.as_bytes());
                state.fs.renameat2(&state.process, old, name, new, new_name, flags)
            }
            _ => Err(Errno::EIO),
        };
        answer!(result, reply, () => reply.ok());
    }

    fn link(
        &self,
        request: &Request,
        ino: INodeNo,
        new_parent: INodeNo,
        new_name: &OsStr,
        reply: ReplyEntry,
    ) {
        let mut state = self.act_for(request);
        let result = state.nodes.fd(ino.0).and_then(|old| {
            state.entry(new_parent, new_name, |fs, process, directory| {
                let name = new_name.as_bytes();
                fs.linkat(process, old, b"", directory, name, AtFlags::EMPTY_PATH)
            })
        });
        answer!(result, reply, attr => reply.entry(&TTL, &attr, GENERATION));
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let flags = OFlags::from_bits_retain(flags.0.cast_unsigned());
        let result = self.act_for(request).open(ino, flags);
        answer!(result, reply, handle => reply.opened(handle, FopenFlags::empty()));
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let flags = OFlags::from_bits_retain(flags.cast_unsigned());
        let result = self.act_for(request).create(parent, name, mode, flags);
        answer!(result, reply, (attr, handle) => {
            reply.created(&TTL, &attr, GENERATION, handle, FopenFlags::empty());
        });
    }

    fn read(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        from: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let state = &mut *self.act_for(request);
        let mut buffer = vec![0; size as usize];
        let result = offset(from).and_then(|from| {
            state.fs.pread64(&state.process, fd_of(handle), &mut buffer[..], from)
        });
        answer!(result, reply, len => reply.data(&buffer[..len]));
    }

    fn write(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        to: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        // Pages of a mapping are the kernel's to write back; no process asks for it.
        let written_back = write_flags.contains(WriteFlags::FUSE_WRITE_CACHE);
        let state =
            &mut *if written_back { self.act_as(Credentials::ROOT) } else { self.act_for(request) };
        let result =
            offset(to).and_then(|to| state.fs.pwrite64(&state.process, fd_of(handle), data, to));
        // No more than `data`, whose length came as 32 bits.
        answer!(result, reply, len => reply.written(u32::try_from(len).unwrap_or(u32::MAX)));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        let result = self.act_as(Credentials::ROOT).close(handle);
        answer!(result, reply, () => reply.ok());
    }

    fn fsync(&self, request: &Request, _: INodeNo, handle: FileHandle, _: bool, reply: ReplyEmpty) {
        let state = &mut *self.act_for(request);
        let result = state.fs.fsync(&state.process, fd_of(handle));
        answer!(result, reply, () => reply.ok());
    }

    fn opendir(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        self.open(request, ino, flags, reply);
    }

    fn readdir(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        from: u64,
        mut reply: ReplyDirectory,
    ) {
        let result = self.act_for(request).readdir(handle, from, &mut reply);
        answer!(result, reply, () => reply.ok());
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        let result = self.act_as(Credentials::ROOT).close(handle);
        answer!(result, reply, () => reply.ok());
    }

    fn fsyncdir(
        &self,
        request: &Request,
        ino: INodeNo,
        handle: FileHandle,
        datasync: bool,
        reply: ReplyEmpty,
    ) {
        self.fsync(request, ino, handle, datasync, reply);
    }

    fn statfs(&self, request: &Request, ino: INodeNo, reply: ReplyStatfs) {
        let state = self.act_for(request);
        let fd = state.nodes.fd(ino.0);
        let result = fd.and_then(|fd| state.fs.fstatfs(&state.process, fd));
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        answer!(result, reply, it => {
            let (bsize, namelen, frsize) = (it.f_bsize, it.f_namelen, it.f_frsize);
            let (bsize, namelen, frsize) = (narrow(bsize), narrow(namelen), narrow(frsize));
            let (files, ffree) = (it.f_files, it.f_ffree);
            reply.statfs(it.f_blocks, it.f_bfree, it.f_bavail, files, ffree, bsize, namelen, frsize);
        });
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        let flags = XattrFlags::from_bits_retain(flags.cast_unsigned());
        let result = self.act_for(request).with_opened(ino, |fs, process, fd| {
            fs.fsetxattr(process, fd, name.as_bytes(), value, flags)
        });
        answer!(result, reply, () => reply.ok());
    }

    fn getxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        name: &OsStr,
        size: u32,
        reply: ReplyXattr,
    ) {
        let mut value = vec![0; size as usize];
        let result = self.act_for(request).with_opened(ino, |fs, process, fd| {
            fs.fgetxattr(process, fd, name.as_bytes(), &mut value[..])
        });
        answer!(result, reply, len => xattr_bytes(reply, &value, len));
    }

    fn listxattr(&self, request: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        let mut names = vec![0; size as usize];
        let result = self
            .act_for(request)
            .with_opened(ino, |fs, process, fd| fs.flistxattr(process, fd, &mut names[..]));
        answer!(result, reply, len => xattr_bytes(reply, &names, len));
    }

    fn removexattr(&self, request: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let result = self
            .act_for(request)
            .with_opened(ino, |fs, process, fd| fs.fremovexattr(process, fd, name.as_bytes()));
        answer!(result, reply, () => reply.ok());
    }

    fn access(&self, request: &Request, ino: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        let state = &mut *self.act_for(request);
        // The kernel asks with the ids that count: the real ones for access(2).
        let flags = AtFlags::EMPTY_PATH | AtFlags::EACCESS;
        let result = state.nodes.fd(ino.0).and_then(|fd| {
            let mask = mask.bits().cast_unsigned();
            state.fs.faccessat2(&mut state.process, fd, b"", mask, flags)
        });
        answer!(result, reply, () => reply.ok());
    }

    fn fallocate(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        from: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let state = &mut *self.act_for(request);
        let mode = FallocateMode::from_bits_retain(mode.cast_unsigned());
        let result = match (offset(from), offset(length)) {
            (Ok(from), Ok(length)) => {
                state.fs.fallocate(&state.process, fd_of(handle), mode, from, length)
            }
            _ => Err(Errno::EINVAL),
        };
        answer!(result, reply, () => reply.ok());
    }

    fn copy_file_range(
        &self,
        request: &Request,
        _: INodeNo,
        from: FileHandle,
        from_offset: u64,
        _: INodeNo,
        to: FileHandle,
        to_offset: u64,
        len: u64,
        flags: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        let state = &mut *self.act_for(request);
        // The answer has 32 bits; the kernel asks for the rest.
        let size = u32::try_from(len).unwrap_or(u32::MAX) as usize;
        let flags = u32::try_from(flags.bits()).unwrap_or(u32::MAX);
        let result = match (offset(from_offset), offset(to_offset)) {
            (Ok(mut off_in), Ok(mut off_out)) => {
                let State { fs, process, .. } = state;
                let (from, to) = (fd_of(from), fd_of(to));
                let (off_in, off_out) = (Some(&mut off_in), Some(&mut off_out));
                fs.copy_file_range(process, from, off_in, to, off_out, size, flags)
            }
            _ => Err(Errno::EINVAL),
        };
        answer!(result, reply, len => reply.written(u32::try_from(len).unwrap_or(u32::MAX)));
    }

    fn lseek(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        from: i64,
        whence: i32,
        reply: ReplyLseek,
    ) {
        let state = &mut *self.act_for(request);
        let result = Whence::from_number(whence.cast_unsigned())
            .and_then(|whence| state.fs.lseek(&state.process, fd_of(handle), from, whence))
            .and_then(offset);
        answer!(result, reply, at => reply.offset(at));
    }
}
