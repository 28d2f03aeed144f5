//! Which calls are not compared: those that Linux could wait in for ever, and those whose answer is
//! each world's own.

use super::{Kernel, of_fd, sys};
use crate::call::Call;
use crate::outcome::Meta;
use crate::raw::look;

impl Kernel {
    /// Whether a call is none to compare: Linux could wait for ever in it, or asks for more than
    /// fs-core knows, or the answer is each world's own.
    pub(crate) fn is_out_of_scope(&mut self, call: &Call) -> bool {
        let nonblocking = |flags: i64| flags & i64::from(libc::O_NONBLOCK | libc::O_PATH) != 0;
        let is_fifo = |meta: &Meta| meta.mode & libc::S_IFMT == libc::S_IFIFO;
        let waits = |fd: i64| {
            let flags = sys!(SYS_fcntl, fd, libc::F_GETFL).unwrap_or(0);
            let may_wait = |meta: Meta| is_fifo(&meta) || meta.mode & libc::S_IFMT == 0;
            of_fd(fd).is_some_and(may_wait) && !nonblocking(flags)
        };
        // Descriptors of inotify are to be read only, those of eventfd to be read and written.
        let is_anonymous = |fd: i64| of_fd(fd).is_some_and(|meta| meta.mode & libc::S_IFMT == 0);
        let mode = |fd: i64| sys!(SYS_fcntl, fd, libc::F_GETFL).unwrap_or(0) & 3;
        let is_inotify = |fd: i64| is_anonymous(fd) && mode(fd) == i64::from(libc::O_RDONLY);
        let is_eventfd = |fd: i64| is_anonymous(fd) && mode(fd) == i64::from(libc::O_RDWR);
        let (at, path, flags) = match call.name {
            "openat" | "openat2" => (call.number(0), call.bytes(1), call.number(2)),
            "linkat" => return self.ids.euid != 0 && call.number(4) & 0x1000 != 0,
            "creat" => (libc::AT_FDCWD.into(), call.bytes(0), 0),
            // Events are read by `events`.
            "read" | "readv" | "write" | "event_read" | "event_write" | "preadv2" => {
                return waits(call.number(0)) || is_inotify(call.number(0));
            }
            // DEVIATIONS.md: Linux takes a number from each piece.
            "writev" | "pwritev2" => {
                let fd = call.number(0);
                return waits(fd) || is_inotify(fd) || is_eventfd(fd);
            }
            // DEVIATIONS.md: a file that is copied over itself.
            "sendfile" => {
                let ino = |fd| of_fd(fd).map(|meta| meta.ino);
                let (to, from) = (call.number(0), call.number(1));
                return waits(to) || ino(to).is_some() && ino(to) == ino(from);
            }
            // Which of the two it is depends on the descriptor.
            "vmsplice" | "vmsplice_to" => {
                let flags = sys!(SYS_fcntl, call.number(0), libc::F_GETFL);
                let reads = |flags| flags & i64::from(libc::O_ACCMODE) == i64::from(libc::O_RDONLY);
                return flags.is_ok_and(|flags| reads(flags) != (call.name == "vmsplice_to"));
            }
            "events" => {
                let flags = sys!(SYS_fcntl, call.number(0), libc::F_GETFL).unwrap_or(0);
                return !is_inotify(call.number(0)) || !nonblocking(flags);
            }
            // DEVIATIONS.md: all descriptors of these kinds share an inode.
            "flock" | "getlk" | "setlk" | "ofd_getlk" | "ofd_setlk" => {
                return is_anonymous(call.number(0));
            }
            // Positions in directories are each world's own, but for the start.
            "lseek" => {
                let is_dir = |meta: Meta| meta.mode & libc::S_IFMT == libc::S_IFDIR;
                let is_own = !matches!((call.number(1), call.number(2)), (0, 0) | (_, 2..));
                return is_own && of_fd(call.number(0)).is_some_and(is_dir);
            }
            _ => return false,
        };
        let is_fifo = |meta: Meta| is_fifo(&meta);
        let meta = |raw: &mut _| look::meta_at(raw, at, path, 0);
        !nonblocking(flags) && look::observe(self, meta).is_ok_and(is_fifo)
    }
}
