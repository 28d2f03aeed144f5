//! close, close_range.

use crate::base::errno::Errno;
use crate::base::flags::Fd;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;

/// `CLOSE_RANGE_UNSHARE` (close_range(2)).
const CLOSE_RANGE_UNSHARE: u32 = 1 << 1;

/// `CLOSE_RANGE_CLOEXEC` (close_range(2)).
const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

impl<P: Platform> Fs<P> {
    /// `int close(int fd)`
    ///
    /// Closes a descriptor. The record locks that the process has on its file are given back
    /// ([`fcntl_setlk`](Self::fcntl_setlk)).
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open.
    pub fn close(&mut self, process: &mut Process, fd: Fd) -> Result<(), Errno> {
        let id = process.fds.remove(fd)?;
        if P::LOCKS {
            self.remove_process_locks(process, id);
        }
        self.release_description(id);
        Ok(())
    }

    /// `int close_range(unsigned int first, unsigned int last, int flags)`
    ///
    /// Closes every descriptor from `first` to `last`; with `CLOSE_RANGE_CLOEXEC` only marks them
    /// as closed on exec. `CLOSE_RANGE_UNSHARE` has no effect: no process shares its table.
    ///
    /// # Errors
    ///
    /// `EINVAL`: unknown flags, or `first` is above `last`.
    pub fn close_range(
        &mut self,
        process: &mut Process,
        first: u32,
        last: u32,
        flags: u32,
    ) -> Result<(), Errno> {
        if flags & !(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) != 0 || first > last {
            return Err(Errno::EINVAL);
        }
        let end =
            process.fds.bound().min(Fd::try_from(last).map_or(Fd::MAX, |fd| fd.saturating_add(1)));
        // A number in between that is not open is none to close.
        let range = Fd::try_from(first).unwrap_or(Fd::MAX)..end;
        if flags & CLOSE_RANGE_CLOEXEC == 0 {
            if P::LOCKS {
                let closed = range.clone().filter_map(|fd| process.fds.get(fd).ok());
                closed.for_each(|id| self.remove_process_locks(process, id));
            }
            self.release_descriptions(range.filter_map(|fd| process.fds.remove(fd).ok()));
        } else {
            range.for_each(|fd| {
                let _ = process.fds.set_cloexec(fd, true);
            });
        }
        Ok(())
    }
}
