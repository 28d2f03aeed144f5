//! Pointers of Linux's calls: ranges, strings that end with a NUL, and structures.
//!
//! A range that a call needs as a whole is checked when it is made. [`Unchecked`] is checked where
//! bytes move, as the kernel checks it: of a large buffer only what is filled must be there. A
//! [`StringArg`] that cannot be read is an error when its turn comes.

use wasm_vfs_core::{Errno, UserMut, UserRef};

use crate::defect::len32;
use crate::memory::path::{ONES, PathBuffer, TOP_BITS};
use crate::memory::user::UserRange;
use crate::platform::Host;

/// What a call answers.
pub(super) type Result<T> = core::result::Result<T, Errno>;

/// The `len` bytes at `addr`.
///
/// # Errors
///
/// `EFAULT`: not all of them are in the program's memory, or they begin at the null pointer. On
/// Linux nothing is mapped there (`mmap_min_addr`); here toolchains put nothing there.
#[inline]
pub(super) fn range(addr: u32, len: u32) -> Result<UserRange> {
    match UserRange::new(addr, len) {
        Ok(range) if addr != 0 || len == 0 => Ok(range),
        _ => Err(Errno::EFAULT),
    }
}

/// `count` elements of `element_bytes` bytes at `addr`.
///
/// # Errors
///
/// `EFAULT`: not all of them are in the program's memory.
pub(super) fn array(addr: u32, count: u32, element_bytes: u32) -> Result<UserRange> {
    range(addr, count.checked_mul(element_bytes).ok_or(Errno::EFAULT)?)
}

/// The structure of `len` bytes at `addr`; `None`: it is null.
///
/// # Errors
///
/// `EFAULT`: not all of it is in the program's memory.
pub(super) fn if_any(addr: u32, len: u32) -> Result<Option<UserRange>> {
    if addr == 0 { Ok(None) } else { range(addr, len).map(Some) }
}

/// Copies a path from the program, without its NUL (`getname`).
///
/// # Errors
///
/// * `EFAULT`: the memory ends before it does.
/// * `ENAMETOOLONG`: it has `PATH_MAX` bytes or more.
pub(super) fn path(buffer: &mut PathBuffer, addr: u32) -> Result<&[u8]> {
    string(buffer, addr)?.ok_or(Errno::ENAMETOOLONG)
}

/// A string of the program, for a call that may find something else wrong before it.
///
/// The filesystem's methods check flags, then strings, then descriptors, each in Linux's place. So
/// a string that cannot be read becomes one that is too long, which every method refuses without
/// doing anything, and [`settle`](Self::settle) turns that error into `EFAULT`. An error that comes
/// first on Linux comes first here.
pub(super) struct StringArg<'a> {
    /// Its bytes, without the NUL: as many as the buffer has, if they are too many or unreadable.
    pub(super) bytes: &'a [u8],
    /// Whether the program's memory ended before it did.
    faulted: bool,
}

impl<'a> StringArg<'a> {
    /// The empty string.
    pub(super) const EMPTY: StringArg<'static> = StringArg { bytes: b"", faulted: false };

    /// Copies a string of the program. The buffer has the number of bytes that is one too many.
    pub(super) fn copy(buffer: &'a mut [u8], addr: u32) -> StringArg<'a> {
        let (len, faulted) = match copy_string(buffer, addr) {
            Ok(Some(len)) => (len, false),
            Ok(None) => (buffer.len(), false),
            Err(_) => (buffer.len(), true),
        };
        StringArg { bytes: buffer.get(..len).unwrap_or_default(), faulted }
    }

    /// The answer of a call with this string, which answers `too_long` if it is too long.
    ///
    /// # Errors
    ///
    /// `EFAULT`: the answer is `too_long`, and the string could not be read. What `result` is.
    #[inline]
    pub(super) fn settle<T>(&self, too_long: Errno, result: Result<T>) -> Result<T> {
        match result {
            Err(errno) if errno == too_long && self.faulted => Err(Errno::EFAULT),
            result => result,
        }
    }
}

/// Copies a string from the program, without its NUL; `None`: there is none within the buffer
/// (`strncpy_from_user`).
///
/// # Errors
///
/// `EFAULT`: the memory ends before it does.
pub(super) fn string(buffer: &mut [u8], addr: u32) -> Result<Option<&[u8]>> {
    Ok(match copy_string(buffer, addr)? {
        Some(len) => buffer.get(..len),
        None => None,
    })
}

/// As [`string`]; answers its length. Not inlined: most calls take these steps.
#[inline(never)]
fn copy_string(buffer: &mut [u8], addr: u32) -> Result<Option<usize>> {
    let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let mut done = 0;
    // Most strings are nowhere near the end of memory.
    let whole = range(addr, room);
    // Eight bytes at a time; what comes after the NUL is copied with it and is nobody's.
    if let Ok(whole) = whole {
        let (places, _) = buffer.as_chunks_mut::<8>();
        for place in places {
            let word = whole.load_u64(done);
            *place = word.to_le_bytes();
            // The lowest of these bits is that of the first NUL.
            let nuls = word.wrapping_sub(ONES) & !word & TOP_BITS;
            if nuls != 0 {
                return Ok(Some((done + nuls.trailing_zeros() / 8) as usize));
            }
            done += 8;
        }
    }
    while done < room {
        let byte = match whole {
            Ok(whole) => whole.load_u8(done),
            Err(_) => at(addr, done, 1)?.load_u8(0),
        };
        if byte == 0 {
            return Ok(Some(done as usize));
        }
        if let Some(place) = buffer.get_mut(done as usize) {
            *place = byte;
        }
        done += 1;
    }
    Ok(None)
}

/// The `len` bytes at `offset` behind `addr`.
fn at(addr: u32, offset: u32, len: u32) -> Result<UserRange> {
    range(addr.checked_add(offset).ok_or(Errno::EFAULT)?, len)
}

/// As many of the `len` bytes at `addr` as are in the program's memory, from the front.
pub(super) fn readable_part(addr: u32, len: u32) -> UserRange {
    if let Ok(whole) = range(addr, len) {
        return whole;
    }
    let mut part = UserRange::EMPTY;
    let mut too_many = len;
    while too_many - part.len() > 1 {
        let half = part.len() + (too_many - part.len()) / 2;
        match range(addr, half) {
            Ok(longer) => part = longer,
            Err(_) => too_many = half,
        }
    }
    part
}

/// A buffer of the program that is checked where bytes move, as `copy_to_user` and
/// `copy_from_user` check: a fault becomes the call's answer in [`settle`](Self::settle).
pub(super) struct Unchecked {
    addr: u32,
    len: u32,
    faulted: bool,
}

impl Unchecked {
    /// The `len` bytes at `addr`.
    pub(super) fn new(addr: u32, len: u32) -> Unchecked {
        Unchecked { addr, len, faulted: false }
    }

    /// The answer of a call that moved bytes here.
    ///
    /// # Errors
    ///
    /// `EFAULT`: they had no place in the program's memory. What `result` is.
    #[inline]
    pub(super) fn settle<T>(&self, result: Result<T>) -> Result<T> {
        if self.faulted { result.and(Err(Errno::EFAULT)) } else { result }
    }

    /// The first `len` bytes, or none of them if they are not all in the program's memory. What
    /// comes after them is left.
    fn take(&mut self, len: usize) -> Option<UserRange> {
        let len = len32(len).min(self.len);
        if len == 0 {
            // Nothing is anywhere.
            return Some(UserRange::EMPTY);
        }
        let taken = range(self.addr, len).ok();
        self.faulted |= taken.is_none();
        self.addr = self.addr.wrapping_add(len);
        self.len -= len;
        taken
    }
}

impl UserMut<Host> for &mut Unchecked {
    fn count(&self) -> usize {
        self.len as usize
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        if let Some(place) = self.take(src.len()) {
            place.store_prefix(src);
        }
    }

    fn clear_user(&mut self, len: usize) {
        if let Some(place) = self.take(len) {
            place.clear();
        }
    }

    fn contents_to_user(&mut self, host: &Host, offset: u64, len: usize) {
        if let Some(mut place) = self.take(len) {
            UserMut::<Host>::contents_to_user(&mut place, host, offset, len);
        }
    }
}

impl UserRef for &mut Unchecked {
    fn count(&self) -> usize {
        self.len as usize
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        match self.take(dst.len()) {
            Some(place) if place.len() as usize == dst.len() => place.copy_to_kernel(dst),
            _ => self.faulted = true,
        }
    }
}
