//! poll: what a descriptor is ready for.

use crate::base::errno::Errno;
use crate::base::flags::{Fd, OFlags, PollEvents};
use crate::fs::Fs;
use crate::objects::device::Device;
use crate::objects::file_description::FileKind;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `int poll(struct pollfd *fds, nfds_t nfds, int timeout)`, of one descriptor
    ///
    /// Everything that `fd` is ready for, now. A caller that waits for some events picks them, and
    /// `ERR`, `HUP` and `NVAL` in any case; one that waits for several descriptors asks for each.
    /// Files and directories are always ready; so are the embedder's descriptors, of which only it
    /// knows more. A negative `fd` is left out: it is ready for nothing.
    pub fn poll(&self, process: &Process, fd: Fd) -> PollEvents {
        if fd < 0 {
            return PollEvents::empty();
        }
        self.ready_events(process, fd).unwrap_or(PollEvents::NVAL)
    }

    /// # Errors
    ///
    /// `EBADF`: `fd` is not open, or only names a file.
    fn ready_events(&self, process: &Process, fd: Fd) -> Result<PollEvents, Errno> {
        let description = self.description(process, fd)?;
        if description.flags.contains(OFlags::PATH) {
            return Err(Errno::EBADF);
        }
        let ino = match description.kind {
            FileKind::Inode(ino) => ino,
            FileKind::Inotify(id) => {
                let waits = self.inotifies.get(id.0).is_some_and(|all| all.first().is_some());
                let ready = PollEvents::IN | PollEvents::RDNORM;
                return Ok(if waits { ready } else { PollEvents::empty() });
            }
            FileKind::Eventfd(eventfd) => return Ok(eventfd.ready_events()),
            FileKind::Foreign(_) => return Ok(PollEvents::ALWAYS),
        };
        let Some(pipe) = self.pipe_of(ino).and_then(|id| self.pipes.get(id.0)) else {
            let device = if P::DEVICES { self.device_of(ino) } else { None };
            return Ok(device.map_or(PollEvents::ALWAYS, Device::ready_events));
        };
        // pipe_poll
        let mut events = PollEvents::empty();
        if description.readable() {
            if !pipe.is_empty() {
                events |= PollEvents::IN | PollEvents::RDNORM;
            }
            if pipe.writers == 0 && description.offset != pipe.times_opened_for_writing {
                events |= PollEvents::HUP;
            }
        }
        if description.writable() {
            if !pipe.is_full() {
                events |= PollEvents::OUT | PollEvents::WRNORM;
            }
            if pipe.readers == 0 {
                events |= PollEvents::ERR;
            }
        }
        Ok(events)
    }
}
