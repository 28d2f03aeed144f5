//! The shell's descriptors: its own lie above those that scripts and utilities use.

use wasm_vfs_guest::names::{F_DUPFD_CLOEXEC, F_SETPIPE_SZ, MFD_CLOEXEC, O_CLOEXEC, SEEK_SET};
use wasm_vfs_guest::{Errno, Fd, Result, calls, fcntl};

/// The shell's own descriptors are this and above.
const OWN: i32 = 100;

/// How many bytes a pipe holds: the most that Linux gives a user.
const PIPE_BYTES: i32 = 1 << 20;

/// Duplicates a descriptor to where scripts and utilities do not see it.
pub fn out_of_the_way(fd: i32) -> Result<Fd> {
    fcntl(fd, F_DUPFD_CLOEXEC, OWN).map(Fd::new)
}

/// What a redirected descriptor was: `None` if it was closed.
pub struct Saved {
    number: i32,
    before: Option<Fd>,
}

impl Saved {
    /// Keeps what a descriptor is.
    pub fn of(number: i32) -> Result<Saved> {
        match out_of_the_way(number) {
            Ok(before) => Ok(Saved { number, before: Some(before) }),
            Err(Errno::EBADF) => Ok(Saved { number, before: None }),
            Err(errno) => Err(errno),
        }
    }

    /// Makes it again what it was.
    pub fn put_back(self) {
        let _ = match self.before {
            Some(before) => calls::dup2(before.number(), self.number).map(drop),
            None => calls::close(self.number),
        };
    }
}

/// How the output of one command becomes the input of the next, which starts when the first has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// A pipe. What it has no room for is `EAGAIN`: nobody reads yet.
    Pipe,
    /// A file without a name, of any size.
    File,
}

impl Between {
    /// Makes one: the end to read from, and the end to write to.
    pub fn make(self) -> Result<[Fd; 2]> {
        match self {
            Between::Pipe => {
                let mut ends = [0; 2];
                calls::pipe2(&mut ends, O_CLOEXEC)?;
                let ends = ends.map(Fd::new);
                fcntl(ends[1].number(), F_SETPIPE_SZ, PIPE_BYTES)?;
                Ok([out_of_the_way(ends[0].number())?, out_of_the_way(ends[1].number())?])
            }
            Between::File => {
                let file = Fd::new(calls::memfd_create(c"between", MFD_CLOEXEC)?);
                Ok([out_of_the_way(file.number())?, out_of_the_way(file.number())?])
            }
        }
    }

    /// Makes the end to read from standard input, when all was written.
    pub fn read_from(self, end: &Fd) -> Result<()> {
        if self == Between::File {
            calls::lseek(end.number(), 0, SEEK_SET)?;
        }
        calls::dup2(end.number(), 0).map(drop)
    }
}

/// The lowest descriptor that a program opens: those below are the standard streams and the preopened directories.
pub fn lowest() -> Result<i32> {
    calls::dup(0).map(|number| Fd::new(number).number())
}

/// Closes what a utility left open, from the lowest number that it could have.
pub fn close_left_open(lowest: i32) -> Result<()> {
    calls::close_range(lowest as u32, OWN as u32 - 1, 0)
}
