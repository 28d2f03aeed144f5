//! Linux error numbers in preview1's words: the only place that knows both.
//!
//! Everything in this crate fails with [`Error`]; `?` turns what the filesystem answers into it.

use wasm_vfs_core::Errno;

/// A preview1 error: what a function of the interface answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Error(u16);

/// What the body of an export answers.
pub(crate) type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// The descriptor is not open, or is of the wrong kind.
    pub(crate) const BADF: Error = Error(wasi::ERRNO_BADF.raw());
    /// An argument that makes no sense.
    pub(crate) const INVAL: Error = Error(wasi::ERRNO_INVAL.raw());
    /// An address outside the program's memory.
    pub(crate) const FAULT: Error = Error(wasi::ERRNO_FAULT.raw());
    /// A path that is not UTF-8.
    pub(crate) const ILSEQ: Error = Error(wasi::ERRNO_ILSEQ.raw());
    /// A path that leads out of its directory.
    pub(crate) const PERM: Error = Error(wasi::ERRNO_PERM.raw());
    /// The descriptor lost the right to do this.
    pub(crate) const NOTCAPABLE: Error = Error(wasi::ERRNO_NOTCAPABLE.raw());
    /// Not a directory.
    pub(crate) const NOTDIR: Error = Error(wasi::ERRNO_NOTDIR.raw());
    /// A name that does not fit.
    pub(crate) const NAMETOOLONG: Error = Error(wasi::ERRNO_NAMETOOLONG.raw());
    /// A number that does not fit.
    pub(crate) const OVERFLOW: Error = Error(wasi::ERRNO_OVERFLOW.raw());
    /// Two places that are not on one filesystem.
    #[cfg(feature = "mounts")]
    pub(crate) const XDEV: Error = Error(wasi::ERRNO_XDEV.raw());
    /// Not there.
    #[cfg(feature = "mounts")]
    pub(crate) const NOENT: Error = Error(wasi::ERRNO_NOENT.raw());
    /// Too many symbolic links.
    #[cfg(feature = "mounts")]
    pub(crate) const LOOP: Error = Error(wasi::ERRNO_LOOP.raw());
    /// Input or output failed.
    #[cfg(feature = "mounts")]
    pub(crate) const IO: Error = Error(wasi::ERRNO_IO.raw());
    /// No memory.
    #[cfg(feature = "mounts")]
    pub(crate) const NOMEM: Error = Error(wasi::ERRNO_NOMEM.raw());
    /// Not a socket.
    pub(crate) const NOTSOCK: Error = Error(wasi::ERRNO_NOTSOCK.raw());

    /// The number that the ABI wants.
    pub(crate) fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// The error of a number that [`number`](Self::number) gave.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it came from 16 bits")]
    pub(crate) fn of_number(number: u32) -> Error {
        Error(number as u16)
    }

    /// The result of a function of the host.
    ///
    /// # Errors
    ///
    /// What it answered, if not zero.
    pub(crate) fn check_host(number: i32) -> Result<()> {
        if number == 0 { Ok(()) } else { Err(Error::of_host(number)) }
    }

    /// What a function of the host answered, if not zero.
    pub(crate) fn of_host(number: i32) -> Error {
        Error(u16::try_from(number).unwrap_or(wasi::ERRNO_IO.raw()))
    }
}

/// What an export returns for the result of its body: zero, or the number of the error.
pub(crate) fn answer(result: Result<()>) -> i32 {
    match result {
        Ok(()) => i32::from(wasi::ERRNO_SUCCESS.raw()),
        Err(error) => error.number(),
    }
}

impl From<Errno> for Error {
    #[inline]
    fn from(errno: Errno) -> Error {
        let number = NUMBERS.get(usize::from(errno.number())).copied();
        Error(u16::from(number.unwrap_or(IO)))
    }
}

/// preview1's numbers are below 77, so a byte holds one.
#[expect(clippy::cast_possible_truncation, reason = "below 77")]
const fn byte(errno: wasi::Errno) -> u8 {
    errno.raw() as u8
}

/// `EIO` there.
const IO: u8 = byte(wasi::ERRNO_IO);

/// [`to_wasi`] by the Linux number: a table is a third of the code that the match is.
static NUMBERS: [u8; 128] = {
    let mut numbers = [IO; 128];
    let mut index = 0;
    while index < Errno::ALL.len() {
        let errno = Errno::ALL[index];
        if let Some(number) = to_wasi(errno) {
            numbers[errno.number() as usize] = byte(number);
        }
        index += 1;
    }
    numbers
};

/// The preview1 number for a Linux one.
///
/// `None` stands for a number that this table does not have: [`Errno`] may grow, and a test goes
/// through [`Errno::ALL`].
const fn to_wasi(errno: Errno) -> Option<wasi::Errno> {
    Some(match errno {
        Errno::EPERM => wasi::ERRNO_PERM,
        Errno::ENOENT => wasi::ERRNO_NOENT,
        Errno::EINTR => wasi::ERRNO_INTR,
        Errno::EIO => wasi::ERRNO_IO,
        Errno::ENXIO => wasi::ERRNO_NXIO,
        Errno::E2BIG => wasi::ERRNO_2BIG,
        Errno::EBADF => wasi::ERRNO_BADF,
        Errno::EAGAIN => wasi::ERRNO_AGAIN,
        Errno::ENOMEM => wasi::ERRNO_NOMEM,
        Errno::EACCES => wasi::ERRNO_ACCES,
        Errno::EFAULT => wasi::ERRNO_FAULT,
        Errno::EBUSY => wasi::ERRNO_BUSY,
        Errno::EEXIST => wasi::ERRNO_EXIST,
        // The path walk answers EXDEV for a path that leaves the directory it is confined to, as
        // openat2(2) does with RESOLVE_BENEATH. Wasmtime answers EPERM there.
        Errno::EXDEV => wasi::ERRNO_PERM,
        Errno::ENODEV => wasi::ERRNO_NODEV,
        Errno::ENOTDIR => wasi::ERRNO_NOTDIR,
        Errno::EISDIR => wasi::ERRNO_ISDIR,
        Errno::EINVAL => wasi::ERRNO_INVAL,
        Errno::ENFILE => wasi::ERRNO_NFILE,
        Errno::EMFILE => wasi::ERRNO_MFILE,
        Errno::ENOTTY => wasi::ERRNO_NOTTY,
        Errno::ETXTBSY => wasi::ERRNO_TXTBSY,
        Errno::EFBIG => wasi::ERRNO_FBIG,
        Errno::ENOSPC => wasi::ERRNO_NOSPC,
        Errno::ESPIPE => wasi::ERRNO_SPIPE,
        Errno::EROFS => wasi::ERRNO_ROFS,
        Errno::EMLINK => wasi::ERRNO_MLINK,
        Errno::EPIPE => wasi::ERRNO_PIPE,
        Errno::ERANGE => wasi::ERRNO_RANGE,
        Errno::EDEADLK => wasi::ERRNO_DEADLK,
        Errno::ENAMETOOLONG => wasi::ERRNO_NAMETOOLONG,
        Errno::ENOSYS => wasi::ERRNO_NOSYS,
        Errno::ENOTEMPTY => wasi::ERRNO_NOTEMPTY,
        Errno::ELOOP => wasi::ERRNO_LOOP,
        // preview1 has no such number; nothing that it can call answers it.
        Errno::ENODATA => wasi::ERRNO_NOENT,
        // Nothing but a directory of the host that was not asked about (`mounts`) answers it.
        Errno::EREMOTE => wasi::ERRNO_IO,
        Errno::EOVERFLOW => wasi::ERRNO_OVERFLOW,
        Errno::EILSEQ => wasi::ERRNO_ILSEQ,
        Errno::ENOTSOCK => wasi::ERRNO_NOTSOCK,
        Errno::EOPNOTSUPP => wasi::ERRNO_NOTSUP,
        Errno::ESTALE => wasi::ERRNO_STALE,
        Errno::EDQUOT => wasi::ERRNO_DQUOT,
        _ => return None,
    })
}

/// The Linux number for one of preview1 that the host answered.
#[cfg(feature = "calls")]
pub(crate) fn to_linux(number: i32) -> Errno {
    let is_it = |errno: &&Errno| {
        let own = NUMBERS.get(usize::from(errno.number()));
        own.is_some_and(|own| i32::from(*own) == number)
    };
    match u16::try_from(number) {
        Ok(number) if number == wasi::ERRNO_XDEV.raw() => Errno::EXDEV,
        Ok(number) if number == wasi::ERRNO_NOTCAPABLE.raw() => Errno::EACCES,
        // The first of several that are one in preview1 is the one that it is named for.
        _ => Errno::ALL.iter().find(is_it).copied().unwrap_or(Errno::EIO),
    }
}

#[cfg(test)]
mod tests {
    use super::to_wasi;
    use wasm_vfs_core::Errno;

    #[test]
    fn every_error_of_the_filesystem_has_a_number() {
        for &errno in Errno::ALL {
            assert!(to_wasi(errno).is_some(), "{errno} is not in the table");
        }
    }
}
