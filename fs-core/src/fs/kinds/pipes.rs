//! Inodes that are pipes: opening and closing their ends, reading and writing them.
//!
//! Neighbours: [`crate::objects::pipe`] is the ring of buffers; `syscalls::data::read_write` comes
//! here when a descriptor turns out to be a pipe; `syscalls::data::transfer` moves bytes between
//! pipes and files.
//!
//! DEVIATION: nothing blocks. A call that would wait for another process answers `EAGAIN`, with and
//! without `NONBLOCK`: the caller is the only one who could ever end the wait.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::base::ids::{Ino, PipeId};
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::file_description::{FileDescription, FileKind, OpenFile};
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::pipe::{BufferKind, Pipe, PipeOrigin};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};

impl<P: Platform> Fs<P> {
    /// The pipe that an open inode is.
    #[inline]
    pub(crate) fn pipe_of(&self, ino: Ino) -> Option<PipeId> {
        match self.inodes.get(ino.0)?.kind {
            InodeKind::Fifo(pipe) => pipe,
            _ => None,
        }
    }

    /// Whether the inode is a pipe that never had a name.
    pub(crate) fn is_anonymous_pipe(&self, inode: &Inode) -> bool {
        let InodeKind::Fifo(Some(id)) = inode.kind else { return false };
        self.pipes.get(id.0).is_some_and(|pipe| pipe.origin == PipeOrigin::Anonymous)
    }

    /// The pipe behind a descriptor (`get_pipe_info`).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not an open pipe.
    pub(crate) fn pipe_of_fd(&self, process: &Process, fd: Fd) -> Result<(Ino, PipeId), Errno> {
        let description = self.description(process, fd)?;
        let FileKind::Inode(ino) = description.kind else { return Err(Errno::EBADF) };
        let pipe = self.pipe_of(ino).filter(|_| !description.flags.contains(OFlags::PATH));
        pipe.map(|pipe| (ino, pipe)).ok_or(Errno::EBADF)
    }

    /// Opens an end of a pipe by a name, or by that of a descriptor (`fifo_open`). Any other inode is
    /// left alone, but for what `DIRECT` asks of it.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: it is neither to be read nor to be written.
    /// * `ENXIO`: it has a name, is to be written without waiting, and nobody has it open for
    ///   reading.
    /// * `EAGAIN`: it has a name, and nobody has the other end open, which would be waited for.
    /// * `EINVAL`: `DIRECT`. (The flag can be set later: fcntl(2).)
    /// * `ENOMEM`: no memory.
    pub(crate) fn open_pipe_end(
        &mut self,
        ino: Ino,
        description: &mut FileDescription,
    ) -> Result<(), Errno> {
        if description.flags.contains(OFlags::PATH) {
            return Ok(());
        }
        let inode = self.inode(ino)?;
        let is_direct = description.flags.contains(OFlags::DIRECT);
        let InodeKind::Fifo(open) = inode.kind else {
            let refused = is_direct && inode.file_type() != FileType::Regular;
            return if refused { Err(Errno::EINVAL) } else { Ok(()) };
        };
        let (reads, writes) = (description.readable(), description.writable());
        let waits = !description.flags.contains(OFlags::NONBLOCK);
        let ends = open.and_then(|id| self.pipes.get(id.0));
        let (readers, writers) = ends.map_or((0, 0), |pipe| (pipe.readers, pipe.writers));
        // `is_pipe` in fifo_open: whoever opens a pipe without a name (`/dev/fd/N`) waits for
        // nobody.
        let is_named = ends.is_none_or(|pipe| pipe.origin == PipeOrigin::Named);
        match (reads, writes) {
            (false, false) => return Err(Errno::EINVAL),
            (true, false) if is_named && waits && writers == 0 => return Err(Errno::EAGAIN),
            (false, true) if is_named && readers == 0 => {
                return Err(if waits { Errno::EAGAIN } else { Errno::ENXIO });
            }
            _ if is_direct => return Err(Errno::EINVAL),
            _ => {}
        }
        let id = match open {
            Some(id) => id,
            None => PipeId(self.pipes.insert(Pipe::new(PipeOrigin::Named))?),
        };
        let pipe = self.pipes.get_mut(id.0).or_defect()?;
        pipe.add_description(description);
        if is_named && reads && writers == 0 {
            description.offset = pipe.times_opened_for_writing;
        }
        self.inode_mut(ino)?.kind = InodeKind::Fifo(Some(id));
        Ok(())
    }

    /// Notes that a description of a pipe is gone (`pipe_release`). Any other inode is left alone.
    pub(crate) fn close_pipe_end(&mut self, ino: Ino, description: &FileDescription) {
        let Some(id) = self.pipe_of(ino) else { return };
        if description.flags.contains(OFlags::PATH) {
            return;
        }
        let Some(pipe) = self.pipes.get_mut(id.0) else { return };
        if pipe.remove_description(description) {
            let origin = pipe.origin;
            self.pipes.remove(id.0);
            if let Some(inode) = self.inodes.get_mut(ino.0) {
                inode.kind = InodeKind::Fifo(None);
            }
            self.anonymous_inodes -= u32::from(origin == PipeOrigin::Anonymous);
        }
    }

    /// Reads from a pipe (`anon_pipe_read`).
    ///
    /// # Errors
    ///
    /// `EAGAIN`: it is empty and may still be written to.
    pub(crate) fn read_pipe(
        &mut self,
        file: OpenFile,
        ino: Ino,
        buf: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let id = self.pipe_of(ino).or_defect()?;
        let pipe = self.pipes.get_mut(id.0).or_defect()?;
        if buf.count() == 0 {
            return Ok(0);
        }
        if pipe.is_empty() {
            return if pipe.writers == 0 { Ok(0) } else { Err(Errno::EAGAIN) };
        }
        let read = pipe.read(buf);
        if !self.is_anonymous_pipe(self.inode(ino)?) {
            self.accessed(file, ino)?;
        }
        Ok(read)
    }

    /// Writes to a pipe (`anon_pipe_write`).
    ///
    /// # Errors
    ///
    /// * `EPIPE`: nobody can read it.
    /// * `EAGAIN`: it is too full for even one byte, or for all bytes where those are at most
    ///   [`PIPE_BUF`](crate::PIPE_BUF).
    /// * `ENOMEM`: no memory.
    pub(crate) fn write_pipe(
        &mut self,
        file: OpenFile,
        ino: Ino,
        buf: &mut impl UserRef,
    ) -> Result<usize, Errno> {
        if buf.count() == 0 {
            return Ok(0);
        }
        let packets = self.file(file)?.flags.contains(OFlags::DIRECT);
        let kind = if packets { BufferKind::Packet } else { BufferKind::Merge };
        let id = self.pipe_of(ino).or_defect()?;
        let pipe = self.pipes.get_mut(id.0).or_defect()?;
        if pipe.readers == 0 {
            return Err(Errno::EPIPE);
        }
        let written = pipe.write(buf, kind)?;
        if written == 0 {
            return Err(Errno::EAGAIN);
        }
        if !self.is_anonymous_pipe(self.inode(ino)?) {
            // Since Linux 6.15 only a named pipe notes the time (`fifo_pipe_write`).
            let now = self.now();
            self.touch(ino, now)?;
        }
        Ok(written)
    }
}
