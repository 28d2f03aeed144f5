//! Error numbers by their names.

use std::fmt;

/// An error number of preview1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub u16);

/// What a call answers.
pub type Answer<T> = Result<T, Errno>;

macro_rules! names {
    ($($name:ident = $wasi:ident,)*) => {
        $(pub const $name: Errno = Errno(wasi::$wasi.raw());)*

        impl fmt::Debug for Errno {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $($name => formatter.write_str(stringify!($name)),)*
                    Errno(number) => write!(formatter, "errno {number}"),
                }
            }
        }
    };
}

names! {
    ACCES = ERRNO_ACCES,
    AGAIN = ERRNO_AGAIN,
    BADF = ERRNO_BADF,
    BUSY = ERRNO_BUSY,
    EXIST = ERRNO_EXIST,
    FAULT = ERRNO_FAULT,
    FBIG = ERRNO_FBIG,
    ILSEQ = ERRNO_ILSEQ,
    INVAL = ERRNO_INVAL,
    IO = ERRNO_IO,
    ISDIR = ERRNO_ISDIR,
    LOOP = ERRNO_LOOP,
    NAMETOOLONG = ERRNO_NAMETOOLONG,
    NOENT = ERRNO_NOENT,
    NOSPC = ERRNO_NOSPC,
    NOSYS = ERRNO_NOSYS,
    NOTCAPABLE = ERRNO_NOTCAPABLE,
    NOTDIR = ERRNO_NOTDIR,
    NOTEMPTY = ERRNO_NOTEMPTY,
    NOTSOCK = ERRNO_NOTSOCK,
    NOTSUP = ERRNO_NOTSUP,
    OVERFLOW = ERRNO_OVERFLOW,
    PERM = ERRNO_PERM,
    ROFS = ERRNO_ROFS,
    SPIPE = ERRNO_SPIPE,
    XDEV = ERRNO_XDEV,
}
