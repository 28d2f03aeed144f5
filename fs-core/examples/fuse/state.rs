//! What the server does for a request: calls of the filesystem, made as one process.
//!
//! Neighbour: `server` says which request asks for which.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use fuser::{FileAttr, FileHandle, INodeNo, ReplyDirectory};
use wasm_vfs_core::{
    AtFlags, Credentials, Errno, Fd, Fs, OFlags, Platform, Process, Stat, TimeSpecifier,
};

use crate::convert::{attributes, file_type};
use crate::nodes::Nodes;

/// An owner or group that is to stay (chown(2)).
const UNCHANGED: u32 = u32::MAX;

/// Flags of open(2) that are not for the filesystem: names are resolved, and the kernel keeps the
/// offset.
///
/// `APPEND` has to go: the kernel itself says where the end is, and pages of a mapping that it
/// writes back through the same descriptor go where they belong.
const KERNELS_FLAGS: OFlags = OFlags::NOFOLLOW.union(OFlags::APPEND);

#[derive(Debug)]
pub(crate) struct State<P: Platform> {
    pub(crate) fs: Fs<P>,
    pub(crate) process: Process,
    pub(crate) nodes: Nodes,
}

/// What a SETATTR request changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    pub(crate) mode: Option<u32>,
    pub(crate) owner: (Option<u32>, Option<u32>),
    pub(crate) size: Option<u64>,
    pub(crate) times: [TimeSpecifier; 2],
    pub(crate) handle: Option<FileHandle>,
}

impl<P: Platform> State<P> {
    /// Adds a name to a directory with `add` and looks it up.
    pub(crate) fn entry(
        &mut self,
        parent: INodeNo,
        name: &OsStr,
        add: impl FnOnce(&mut Fs<P>, &Process, Fd) -> Result<(), Errno>,
    ) -> Result<FileAttr, Errno> {
        let directory = self.nodes.fd(parent.0)?;
        add(&mut self.fs, &self.process, directory)?;
        // Whoever may write a directory but not search it may not have got this far.
        let name = name.as_bytes();
        let stat = self.nodes.look_up(&mut self.fs, &mut self.process, directory, name)?;
        Ok(attributes(&stat))
    }

    pub(crate) fn stat(&self, ino: INodeNo) -> Result<Stat, Errno> {
        self.fs.fstat(&self.process, self.nodes.fd(ino.0)?)
    }

    pub(crate) fn open(&mut self, ino: INodeNo, flags: OFlags) -> Result<FileHandle, Errno> {
        let named = self.nodes.fd(ino.0)?;
        self.fs.reopen(&mut self.process, named, flags - KERNELS_FLAGS).map(handle_of)
    }

    pub(crate) fn create(
        &mut self,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        flags: OFlags,
    ) -> Result<(FileAttr, FileHandle), Errno> {
        let State { fs, process, nodes } = self;
        let (directory, name) = (nodes.fd(parent.0)?, name.as_bytes());
        let flags = (flags - KERNELS_FLAGS) | OFlags::CREAT | OFlags::NOFOLLOW;
        let fd = fs.openat(process, directory, name, flags, mode)?;
        let stat = nodes.look_up(fs, process, directory, name)?;
        Ok((attributes(&stat), handle_of(fd)))
    }

    /// truncate(2), or ftruncate(2) with a handle.
    pub(crate) fn set_size(
        &mut self,
        ino: INodeNo,
        handle: Option<FileHandle>,
        size: u64,
    ) -> Result<(), Errno> {
        let length = offset(size)?;
        if let Some(handle) = handle {
            return self.fs.ftruncate(&self.process, fd_of(handle), length);
        }
        let named = self.nodes.fd(ino.0)?;
        let fd = self.fs.reopen(&mut self.process, named, OFlags::WRONLY)?;
        let done = self.fs.ftruncate(&self.process, fd, length);
        self.fs.close(&mut self.process, fd)?;
        done
    }

    /// Makes a call that a descriptor which only names its file is too little for. It is opened as
    /// the superuser would open it; the call itself asks what whoever sent the request may do.
    pub(crate) fn with_opened<T>(
        &mut self,
        ino: INodeNo,
        call: impl FnOnce(&mut Fs<P>, &Process, Fd) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let State { fs, process, nodes } = self;
        let named = nodes.fd(ino.0)?;
        let asking = std::mem::replace(&mut process.credentials, Credentials::ROOT);
        let opened = fs.reopen(process, named, OFlags::RDONLY | OFlags::NONBLOCK);
        process.credentials = asking;
        // Symbolic links, sockets and devices, which the kernel asks for `trusted.` and `security.`
        // only.
        let fd = opened.map_err(|_| Errno::EOPNOTSUPP)?;
        let done = call(fs, process, fd);
        fs.close(process, fd)?;
        done
    }

    pub(crate) fn close(&mut self, handle: FileHandle) -> Result<(), Errno> {
        self.fs.close(&mut self.process, fd_of(handle))
    }

    pub(crate) fn readdir(
        &mut self,
        handle: FileHandle,
        offset: u64,
        reply: &mut ReplyDirectory,
    ) -> Result<(), Errno> {
        let add = |entry: &wasm_vfs_core::DirEntryView<'_>| {
            let name = OsStr::from_bytes(entry.name);
            let kind = file_type(entry.file_type);
            !reply.add(INodeNo(entry.ino), entry.next_offset, kind, name)
        };
        match self.fs.readdir(&self.process, fd_of(handle), offset, add) {
            // getdents(2) of a removed directory: the kernel knows by itself and does not ask.
            Err(Errno::ENOENT) => Ok(()),
            done => done,
        }
    }
}

impl<P: Platform> State<P> {
    /// Which call a SETATTR request was: it carries only what that call changes.
    pub(crate) fn set_attributes(
        &mut self,
        ino: INodeNo,
        changes: Changes,
    ) -> Result<FileAttr, Errno> {
        let fd = self.nodes.fd(ino.0)?;
        let Changes { mode, owner: (uid, gid), size, times, handle } = changes;
        let untimed = times == [TimeSpecifier::Omit; 2];
        if uid.is_some() || gid.is_some() {
            let (uid, gid) = (uid.unwrap_or(UNCHANGED), gid.unwrap_or(UNCHANGED));
            self.fs.fchownat(&self.process, fd, b"", uid, gid, AtFlags::EMPTY_PATH)?;
        } else if mode.is_none() && size.is_none() && untimed {
            // chown(2) that changes nothing but set-id bits and ctime; or a write whose set-id bits
            // the kernel knows must go (file_remove_privs), by whoever may write: that happens at
            // the write.
            let (fs, process) = (&mut self.fs, &self.process);
            match fs.fchownat(process, fd, b"", UNCHANGED, UNCHANGED, AtFlags::EMPTY_PATH) {
                Ok(()) | Err(Errno::EPERM) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(mode) = mode {
            self.fs.fchmodat2(&self.process, fd, b"", mode, AtFlags::EMPTY_PATH)?;
        }
        if let Some(size) = size {
            // The times that come with it are what truncate(2) sets anyhow.
            self.set_size(ino, handle, size)?;
        } else if !untimed {
            self.fs.utimensat(&self.process, fd, b"", times, AtFlags::EMPTY_PATH)?;
        }
        self.stat(ino).map(|stat| attributes(&stat))
    }
}

pub(crate) fn fd_of(handle: FileHandle) -> Fd {
    Fd::try_from(handle.0).unwrap_or(-1)
}

pub(crate) fn handle_of(fd: Fd) -> FileHandle {
    FileHandle(fd.unsigned_abs().into())
}

pub(crate) fn offset(from: u64) -> Result<i64, Errno> {
    i64::try_from(from).map_err(|_| Errno::EINVAL)
}
