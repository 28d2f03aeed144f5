//! Pipes: a ring of page-sized buffers, with a count of who may read and who may write.
//!
//! Linux: `struct pipe_inode_info` (fs/pipe.c). The capacity is a number of buffers, not of bytes,
//! and a write adds to the last buffer only if all that does not fill a page of its own fits there;
//! so this keeps Linux's buffers, and a pipe is full when Linux's is.
//!
//! Nothing here waits. `syscalls::descriptors::pipe` decides what a call answers that would have
//! to.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::FS_PAGE_BYTES;
use crate::objects::file_description::FileDescription;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};

/// Writes of at most this many bytes are not torn (`PIPE_BUF`, limits.h).
pub const PIPE_BUF: usize = 4096;

/// How many buffers a new pipe has (`PIPE_DEF_BUFFERS`): 64 KiB.
const DEFAULT_BUFFERS: u32 = 16;

/// The largest capacity that a process without `CAP_SYS_RESOURCE` may ask for
/// (`/proc/sys/fs/pipe-max-size`).
const MAX_UNPRIVILEGED_BYTES: u32 = 1 << 20;

/// The largest capacity there is (`round_pipe_size`).
const MAX_BYTES: u32 = 1 << 31;

/// [`FS_PAGE_BYTES`] as a capacity.
const PAGE_BYTES: u32 = 4096;
const _: () = assert!(PAGE_BYTES as usize == FS_PAGE_BYTES);

/// Where a pipe comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PipeOrigin {
    /// pipe(2): its inode has no name and goes with its last description.
    Anonymous,
    /// A named pipe that is open. The buffers go with the last description, the inode stays.
    Named,
}

/// What may still be done with a buffer (`PIPE_BUF_FLAG_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BufferKind {
    /// Later writes may add to it (`PIPE_BUF_FLAG_CAN_MERGE`).
    Merge,
    /// It came from a file or from the caller's memory: nothing is added to it.
    Whole,
    /// One packet: a read takes it out whole and drops what it had no room for
    /// (`PIPE_BUF_FLAG_PACKET`).
    Packet,
}

impl BufferKind {
    /// The kind of a buffer that has bytes of one of this kind: nothing is added to it.
    fn of_part(self) -> BufferKind {
        match self {
            BufferKind::Merge | BufferKind::Whole => BufferKind::Whole,
            BufferKind::Packet => BufferKind::Packet,
        }
    }
}

/// A buffer (`struct pipe_buffer`).
#[derive(Debug)]
struct PipeBuffer {
    /// At most [`FS_PAGE_BYTES`] bytes.
    page: Vec<u8>,
    /// How many of them were read already; less than there are.
    taken: usize,
    kind: BufferKind,
}

impl PipeBuffer {
    fn unread(&self) -> &[u8] {
        self.page.get(self.taken..).or_after_defect(&[])
    }
}

/// A pipe.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// The oldest first; none is empty.
    buffers: VecDeque<PipeBuffer>,
    /// How many buffers there may be (`max_usage`).
    max_buffers: u32,
    /// The memory of a buffer that was emptied, for the next one (`tmp_page`).
    spare: Vec<u8>,
    /// How many descriptions may read it.
    pub(crate) readers: u32,
    /// How many descriptions may write it.
    pub(crate) writers: u32,
    /// How often it was opened for writing (`w_counter`): tells "no writer yet" from "no writer any
    /// more".
    pub(crate) times_opened_for_writing: u64,
    /// Whether it has a name.
    pub(crate) origin: PipeOrigin,
}

impl Pipe {
    /// An empty pipe that nobody has open.
    pub(crate) fn new(origin: PipeOrigin) -> Pipe {
        Pipe {
            buffers: VecDeque::new(),
            max_buffers: DEFAULT_BUFFERS,
            spare: Vec::new(),
            readers: 0,
            writers: 0,
            times_opened_for_writing: 0,
            origin,
        }
    }

    /// Counts a description that was opened on it (`fifo_open`).
    pub(crate) fn add_description(&mut self, description: &FileDescription) {
        self.readers += u32::from(description.readable());
        if description.writable() {
            self.writers += 1;
            self.times_opened_for_writing += 1;
        }
    }

    /// Counts a description that was closed (`pipe_release`); says whether none is left.
    pub(crate) fn remove_description(&mut self, description: &FileDescription) -> bool {
        self.readers -= u32::from(description.readable());
        self.writers -= u32::from(description.writable());
        self.readers == 0 && self.writers == 0
    }

    /// Whether there is nothing to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// Whether there is no buffer left to write to (`pipe_full`).
    pub(crate) fn is_full(&self) -> bool {
        self.buffers.len() >= self.max_buffers as usize
    }

    /// How many bytes wait to be read (`FIONREAD`).
    pub(crate) fn unread_bytes(&self) -> usize {
        self.buffers.iter().map(|buffer| buffer.unread().len()).sum()
    }

    /// The capacity in bytes (`F_GETPIPE_SZ`).
    pub(crate) fn capacity_bytes(&self) -> u64 {
        u64::from(self.max_buffers) * FS_PAGE_BYTES as u64
    }

    /// Sets the capacity to at least `bytes` (`F_SETPIPE_SZ`): a power of two of pages.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: more than 2 GiB.
    /// * `EPERM`: more than before and more than 1 MiB, and not `privileged`.
    /// * `EBUSY`: more buffers than that are in use.
    pub(crate) fn set_capacity(&mut self, bytes: u32, privileged: bool) -> Result<(), Errno> {
        if bytes > MAX_BYTES {
            return Err(Errno::EINVAL);
        }
        let bytes = bytes.max(PAGE_BYTES).next_power_of_two();
        let buffers = bytes / PAGE_BYTES;
        if buffers > self.max_buffers && bytes > MAX_UNPRIVILEGED_BYTES && !privileged {
            return Err(Errno::EPERM);
        }
        if self.buffers.len() > buffers as usize {
            return Err(Errno::EBUSY);
        }
        self.max_buffers = buffers;
        Ok(())
    }

    /// Moves bytes out, as many as there are and as `out` has room for. Of a packet the rest is
    /// lost.
    pub(crate) fn read<P: Platform>(&mut self, out: &mut impl UserMut<P>) -> usize {
        let room = out.count();
        while let Some((kind, left)) = self.take_front(out) {
            if kind == BufferKind::Packet {
                if left > 0 {
                    self.drop_front();
                }
                break;
            }
        }
        room - out.count()
    }

    /// Moves bytes out as [`read`](Self::read) does, but a packet is as good as other bytes
    /// (`pipe_to_user`): what there is no room for stays.
    pub(crate) fn splice_to_user<P: Platform>(&mut self, out: &mut impl UserMut<P>) -> usize {
        let room = out.count();
        while self.take_front(out).is_some() {}
        room - out.count()
    }

    /// Moves bytes out of the first buffer, which goes when none are left in it: what kind it is,
    /// and how many are left. `None`: there is no buffer, or no room.
    fn take_front<P: Platform>(
        &mut self,
        out: &mut impl UserMut<P>,
    ) -> Option<(BufferKind, usize)> {
        if out.count() == 0 {
            return None;
        }
        let buffer = self.buffers.front_mut()?;
        let unread = buffer.unread();
        let bytes = unread.get(..out.count()).unwrap_or(unread);
        let (len, left) = (bytes.len(), unread.len() - bytes.len());
        out.copy_to_user(bytes);
        buffer.taken += len;
        let kind = buffer.kind;
        if left == 0 {
            self.drop_front();
        }
        Some((kind, left))
    }

    fn drop_front(&mut self) {
        if let Some(buffer) = self.buffers.pop_front() {
            self.spare = buffer.page;
            self.spare.clear();
        }
    }

    /// Moves bytes in, as many as there are and as there is room for; says how many
    /// (`anon_pipe_write`). What is not a multiple of a page goes to the last buffer if it fits
    /// there as a whole, unless it is to be a buffer of its own.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory for even one byte.
    pub(crate) fn write(
        &mut self,
        from: &mut impl UserRef,
        kind: BufferKind,
    ) -> Result<usize, Errno> {
        let total = from.count();
        let odd = total % FS_PAGE_BYTES;
        if odd > 0
            && kind != BufferKind::Whole
            && let Some(last) = self.buffers.back_mut()
            && last.kind == BufferKind::Merge
            && last.page.len() + odd <= FS_PAGE_BYTES
        {
            append(&mut last.page, odd, from)?;
        }
        while from.count() > 0 && !self.is_full() {
            let len = from.count().min(FS_PAGE_BYTES);
            let added = self.push(len, kind, |page| append(page, len, from));
            match added {
                Ok(()) => {}
                Err(error) if from.count() == total => return Err(error),
                Err(_) => break,
            }
        }
        Ok(total - from.count())
    }

    /// Adds one buffer, which `fill` fills with 1 to `len` bytes. There is room for it: not
    /// [`is_full`](Self::is_full).
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory. And what `fill` answers; nothing has changed then.
    pub(crate) fn push(
        &mut self,
        len: usize,
        kind: BufferKind,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.buffers.try_reserve(1)?;
        let mut page = core::mem::take(&mut self.spare);
        let filled = match page.try_reserve_exact(len) {
            Ok(()) => fill(&mut page),
            Err(_) => Err(Errno::ENOMEM),
        };
        if filled.is_err() || page.is_empty() {
            page.clear();
            self.spare = page;
            return filled;
        }
        self.buffers.push_back(PipeBuffer { page, taken: 0, kind });
        Ok(())
    }

    /// Lets `take` have the bytes of the oldest buffer, and removes as many as it says.
    ///
    /// # Errors
    ///
    /// What `take` answers; nothing is removed then.
    pub(crate) fn consume_front(
        &mut self,
        take: impl FnOnce(&[u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let Some(buffer) = self.buffers.front_mut() else { return Ok(0) };
        let taken = take(buffer.unread())?;
        buffer.taken += taken;
        if buffer.unread().is_empty() {
            self.drop_front();
        }
        Ok(taken)
    }

    /// Moves the first `len` bytes to `other`, buffer by buffer, as far as that has room
    /// (`splice_pipe_to_pipe`); says how many.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory for even one byte.
    pub(crate) fn splice_to(&mut self, other: &mut Pipe, len: usize) -> Result<usize, Errno> {
        let mut moved = 0;
        while moved < len && !other.is_full() {
            let Some(buffer) = self.buffers.front_mut() else { break };
            if buffer.unread().len() <= len - moved {
                // The whole buffer changes hands: no byte is copied.
                if other.buffers.try_reserve(1).is_err() {
                    break;
                }
                let Some(buffer) = self.buffers.pop_front() else { break };
                moved += buffer.unread().len();
                other.buffers.push_back(buffer);
                continue;
            }
            let bytes = buffer.unread().get(..len - moved).or_after_defect(&[]);
            if let Err(error) = other.push(bytes.len(), buffer.kind.of_part(), |page| {
                page.extend_from_slice(bytes);
                Ok(())
            }) {
                return if moved > 0 { Ok(moved) } else { Err(error) };
            }
            buffer.taken += len - moved;
            moved = len;
        }
        Ok(moved)
    }

    /// Copies the first `len` bytes to `other`, as far as that has room (`link_pipe`); says how
    /// many. Nothing is removed.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory for even one byte.
    pub(crate) fn tee_to(&self, other: &mut Pipe, len: usize) -> Result<usize, Errno> {
        let mut copied = 0;
        for buffer in &self.buffers {
            if copied == len || other.is_full() {
                break;
            }
            let unread = buffer.unread();
            let bytes = unread.get(..len - copied).unwrap_or(unread);
            let added = other.push(bytes.len(), buffer.kind.of_part(), |page| {
                page.extend_from_slice(bytes);
                Ok(())
            });
            match added {
                Ok(()) => copied += bytes.len(),
                Err(error) if copied == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(copied)
    }
}

/// Appends `len` bytes of the caller's to a page that has room for them.
fn append(page: &mut Vec<u8>, len: usize, from: &mut impl UserRef) -> Result<(), Errno> {
    let before = page.len();
    page.try_reserve(len)?;
    page.resize(before + len, 0);
    if let Some(target) = page.get_mut(before..) {
        from.copy_from_user(target);
    }
    Ok(())
}
