//! A descriptor that is closed when it is dropped, and the commands of fcntl(2) that take a number.

use crate::errno::{Errno, Result};
use crate::{calls, names};

/// A descriptor that is closed when it is dropped.
#[derive(Debug)]
pub struct Fd(i32);

impl Fd {
    /// Takes a descriptor that nobody else closes.
    #[must_use]
    pub const fn new(number: i32) -> Fd {
        Fd(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> i32 {
        self.0
    }

    /// Hands the number out: it stays open.
    #[must_use]
    pub const fn into_number(self) -> i32 {
        let number = self.0;
        core::mem::forget(self);
        number
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        // What is wrong with a descriptor is not to be mended here.
        let _ = calls::close(self.0);
    }
}

/// Duplicates a descriptor (`F_DUPFD`, `F_DUPFD_CLOEXEC`), reads or sets its flags, or reads or sets the size of
/// a pipe (`F_SETPIPE_SZ`). [`calls::fcntl`] knows the other commands as well.
///
/// # Errors
///
/// What fcntl(2) says. `EINVAL` for a command whose argument is, or may be, an address.
pub fn fcntl(fd: i32, cmd: i32, arg: i32) -> Result<i32> {
    match cmd {
        names::F_DUPFD
        | names::F_DUPFD_CLOEXEC
        | names::F_GETFD
        | names::F_SETFD
        | names::F_GETFL
        | names::F_SETFL
        | names::F_GETPIPE_SZ
        | names::F_SETPIPE_SZ => {}
        _ => return Err(Errno::EINVAL),
    }
    // SAFETY: none of these commands takes an address.
    unsafe { calls::fcntl(fd, cmd, u64::from(arg.cast_unsigned())) }
}

#[cfg(test)]
mod tests {
    use super::fcntl;
    use crate::{Errno, names};

    #[test]
    fn commands_with_addresses_are_not_made() {
        assert_eq!(fcntl(0, names::F_SETLK, 0), Err(Errno::EINVAL));
        // Here, where no call is served.
        assert_eq!(fcntl(0, names::F_GETFD, 0), Err(Errno::ENOSYS));
    }
}
