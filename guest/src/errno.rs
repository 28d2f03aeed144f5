//! Linux's error numbers.

use core::fmt;

/// What a call answers.
pub type Result<T> = core::result::Result<T, Errno>;

/// A Linux error number (errno(3)).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

/// What a raw call answered.
pub(crate) fn answer(result: i64) -> Result<i64> {
    match i32::try_from(result) {
        Ok(number @ -4095..=-1) => Err(Errno(-number)),
        _ => Ok(result),
    }
}

macro_rules! errnos {
    ($($name:ident $number:literal)*) => {
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`, ", stringify!($number), ".")]
                pub const $name: Errno = Errno($number);
            )*

            /// Its name in C, if this crate knows it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EPERM 1 ENOENT 2 ESRCH 3 EINTR 4 EIO 5 ENXIO 6 E2BIG 7 ENOEXEC 8 EBADF 9 ECHILD 10 EAGAIN 11 ENOMEM 12 EACCES 13
    EFAULT 14 ENOTBLK 15 EBUSY 16 EEXIST 17 EXDEV 18 ENODEV 19 ENOTDIR 20 EISDIR 21 EINVAL 22 ENFILE 23 EMFILE 24
    ENOTTY 25 ETXTBSY 26 EFBIG 27 ENOSPC 28 ESPIPE 29 EROFS 30 EMLINK 31 EPIPE 32 EDOM 33 ERANGE 34 EDEADLK 35
    ENAMETOOLONG 36 ENOLCK 37 ENOSYS 38 ENOTEMPTY 39 ELOOP 40 ENODATA 61 EREMOTE 66 EOVERFLOW 75 EILSEQ 84
    ENOTSOCK 88 EOPNOTSUPP 95 ETIMEDOUT 110 ESTALE 116 EDQUOT 122
}

impl Errno {
    /// The number, which is positive.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error {}", self.0),
        }
    }
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::{Errno, answer};

    #[test]
    fn small_negative_numbers_are_errors() {
        assert_eq!(answer(7), Ok(7));
        assert_eq!(answer(-2), Err(Errno::ENOENT));
        assert_eq!(answer(-4096), Ok(-4096));
        assert_eq!(answer(i64::MIN), Ok(i64::MIN));
    }
}
