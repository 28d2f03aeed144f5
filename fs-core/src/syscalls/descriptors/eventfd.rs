//! eventfd, eventfd2, and reading and writing the counter.

use bitflags::bitflags;

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags};
use crate::fs::Fs;
use crate::objects::eventfd::{EVENT_BYTES, Eventfd, EventfdKind};
use crate::objects::file_description::{FileDescription, FileKind, OpenFile};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{UserMut, UserRef};

bitflags! {
    /// The flags of eventfd2(2) (`include/uapi/linux/eventfd.h`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct EventfdFlags: u32 {
        /// A read takes one from the count, and not all of it.
        const SEMAPHORE = 1;
        /// As [`OFlags::NONBLOCK`].
        const NONBLOCK = OFlags::NONBLOCK.bits();
        /// As [`OFlags::CLOEXEC`].
        const CLOEXEC = OFlags::CLOEXEC.bits();
        // Unknown bits are kept: eventfd2 answers EINVAL for them.
        const _ = !0;
    }
}

impl<P: Platform> Fs<P> {
    /// `int eventfd2(unsigned int initval, int flags)`
    ///
    /// Makes a counter: a descriptor to read the count from, which makes it 0, and to write numbers
    /// to, which are added. Both have 8 bytes, in the byte order of the machine.
    ///
    /// DEVIATION: nothing waits. With and without `NONBLOCK`, reading a count of 0 and writing what
    /// would exceed 2^64 - 2 is `EAGAIN`. writev(2) takes the bytes of all pieces together, where
    /// Linux takes a number from each piece.
    ///
    /// # Errors
    ///
    /// * `ENOSYS`: [`Platform::PIPES`] is off.
    /// * `EINVAL`: flags but those of [`EventfdFlags`].
    /// * `EMFILE`: no descriptor left.
    /// * `ENOMEM`: no memory.
    pub fn eventfd2(
        &mut self,
        process: &mut Process,
        initval: u32,
        flags: EventfdFlags,
    ) -> Result<Fd, Errno> {
        if !P::PIPES {
            return Err(Errno::ENOSYS);
        }
        let known = EventfdFlags::SEMAPHORE | EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        if !(flags - known).is_empty() {
            return Err(Errno::EINVAL);
        }
        let kind = match flags.contains(EventfdFlags::SEMAPHORE) {
            true => EventfdKind::Semaphore,
            false => EventfdKind::Counter,
        };
        let mut status = OFlags::RDWR;
        status.set(OFlags::NONBLOCK, flags.contains(EventfdFlags::NONBLOCK));
        let eventfd = FileKind::Eventfd(Eventfd { count: initval.into(), kind });
        let cloexec = flags.contains(EventfdFlags::CLOEXEC);
        self.install(process, FileDescription::new(eventfd, status), cloexec)
    }

    /// `int eventfd(unsigned int initval)`
    ///
    /// [`eventfd2`](Self::eventfd2) without flags.
    ///
    /// # Errors
    ///
    /// As [`eventfd2`](Self::eventfd2).
    pub fn eventfd(&mut self, process: &mut Process, initval: u32) -> Result<Fd, Errno> {
        self.eventfd2(process, initval, EventfdFlags::empty())
    }

    /// Reads the count (`eventfd_read`).
    ///
    /// # Errors
    ///
    /// * `EINVAL`: there is no room for 8 bytes.
    /// * `EAGAIN`: the count is 0.
    pub(crate) fn read_eventfd(
        &mut self,
        file: OpenFile,
        buf: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        if buf.count() < EVENT_BYTES {
            return Err(Errno::EINVAL);
        }
        let FileKind::Eventfd(eventfd) = &mut self.file_mut(file)?.kind else {
            return Err(Errno::EBADF);
        };
        buf.copy_to_user(&eventfd.take()?.to_ne_bytes());
        Ok(EVENT_BYTES)
    }

    /// Adds a number to the count (`eventfd_write`).
    ///
    /// # Errors
    ///
    /// * `otherwise`: the file is no counter.
    /// * `EINVAL`: it is not 8 bytes; or the largest number of 64 bits.
    /// * `EAGAIN`: the count would be too high.
    #[cold]
    #[inline(never)]
    pub(crate) fn write_eventfd(
        &mut self,
        file: OpenFile,
        buf: &mut impl UserRef,
        otherwise: Errno,
    ) -> Result<usize, Errno> {
        let FileKind::Eventfd(eventfd) = &mut self.file_mut(file)?.kind else {
            return Err(otherwise);
        };
        // Since Linux 6.9; before, at least 8.
        if buf.count() != EVENT_BYTES {
            return Err(Errno::EINVAL);
        }
        let mut number = [0; EVENT_BYTES];
        buf.copy_from_user(&mut number);
        eventfd.add(u64::from_ne_bytes(number))?;
        Ok(EVENT_BYTES)
    }
}
