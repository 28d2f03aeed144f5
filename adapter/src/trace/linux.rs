//! What the lines of Linux's calls have that those of preview1's have not: strings that end with a
//! NUL, modes, structures, and results that are values or minus error numbers.
//!
//! | letter | argument |
//! |---|---|
//! | `h` | a descriptor, which may be `AT_FDCWD` |
//! | `m` | permission bits, in octal |
//! | `s` | a string that ends with a NUL |
//! | `a` | an address |
//! | `f` `g` | a buffer that is read, or filled as far as the result says; and its length |
//! | `t` | a `struct stat` that is filled |
//! | `j` | two descriptors that are stored |
//! | `k` | a `struct timespec` that is read |

use super::line::{Line, SHOWN_DATA_BYTES, low};
use crate::bytes::{append, append_decimal};
use crate::errno::Result;
use crate::memory::user::UserRange;

/// `AT_FDCWD`, as a descriptor.
const AT_FDCWD: u32 = (-100_i32).cast_unsigned();
/// The letter of the flags of open(2), whose lowest bits are a number.
const OPEN_FLAGS: u8 = b'!';
/// Those bits; 0 is `O_RDONLY`.
const ACCESS_MODE: u32 = 3;
/// The letter of the list of error numbers.
const ERRNOS: u8 = b'0';
/// What an address in place of a result is marked with.
const ADDRESS: &[u8] = b"a";
/// The most bytes of a string that are shown.
const MOST_STRING_BYTES: u32 = 4096;
/// The highest error number.
const MAX_ERRNO: i64 = 4095;

impl Line<'_> {
    /// Writes an argument of one of Linux's calls; how many parameters it took. `None`: the letter
    /// means what it means for preview1.
    pub(super) fn linux_argument(
        &mut self,
        letter: u8,
        value: u64,
        second: u64,
        result: i64,
    ) -> Result<Option<usize>> {
        let addr = low(value);
        match letter {
            b'h' if addr == AT_FDCWD => append(&mut self.out, b"AT_FDCWD")?,
            b'h' => self.signed(i64::from(addr.cast_signed()))?,
            b'm' => self.octal(addr)?,
            OPEN_FLAGS if addr & ACCESS_MODE == 0 => {
                append(&mut self.out, b"O_RDONLY")?;
                if addr != 0 {
                    self.push(b'|')?;
                    self.name(OPEN_FLAGS, addr.into())?;
                }
            }
            b's' => self.string(addr)?,
            b'a' => self.pointer(addr)?,
            b'f' | b'g' => {
                let filled = if letter == b'g' { result.clamp(0, i64::MAX) } else { i64::MAX };
                let len = low(second).min(u32::try_from(filled).unwrap_or(u32::MAX));
                if letter == b'g' && result < 0 {
                    self.pointer(addr)?;
                } else {
                    self.quote(addr, len, SHOWN_DATA_BYTES)?;
                }
                self.comma()?;
                append_decimal(&mut self.out, u64::from(low(second)))?;
                return Ok(Some(2));
            }
            b't' | b'j' | b'k' => {
                let bytes = match letter {
                    b't' => 144,
                    b'j' => 8,
                    _ => 16,
                };
                match UserRange::new(addr, bytes) {
                    Ok(at) if addr != 0 && (result >= 0 || letter == b'k') => match letter {
                        b't' => self.stat(at)?,
                        b'j' => self.pair(at)?,
                        _ => self.timespec(at)?,
                    },
                    _ => self.pointer(addr)?,
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(1))
    }

    /// Writes what a call answered: a value, an address if `how` says so, or an error.
    pub(super) fn linux_result(&mut self, result: i64, how: &[u8]) -> Result<()> {
        if (-MAX_ERRNO..0).contains(&result) {
            append(&mut self.out, b"-1 ")?;
            return self.name(ERRNOS, result.unsigned_abs());
        }
        if how == ADDRESS { self.address(low(result.cast_unsigned())) } else { self.signed(result) }
    }

    fn comma(&mut self) -> Result<()> {
        Ok(append(&mut self.out, b", ")?)
    }

    /// An address, or `NULL`.
    fn pointer(&mut self, addr: u32) -> Result<()> {
        if addr == 0 { Ok(append(&mut self.out, b"NULL")?) } else { self.address(addr) }
    }

    fn octal(&mut self, value: u32) -> Result<()> {
        self.push(b'0')?;
        let digits = (32 - value.leading_zeros()).div_ceil(3);
        for digit in (0..digits).rev() {
            let [byte, ..] = (value >> (3 * digit) & 7).to_le_bytes();
            self.push(b'0' + byte)?;
        }
        Ok(())
    }

    /// A string up to its NUL; its address, if it has none.
    fn string(&mut self, addr: u32) -> Result<()> {
        let mut len = 0;
        loop {
            let at = addr.checked_add(len).filter(|_| len < MOST_STRING_BYTES);
            let Some(Ok(byte)) = at.map(|at| UserRange::new(at, 1)) else {
                return self.pointer(addr);
            };
            if byte.load_u8(0) == 0 {
                return self.quote(addr, len, u32::MAX);
            }
            len += 1;
        }
    }

    /// `{st_mode=S_IFREG|0644, st_size=12}`
    fn stat(&mut self, at: UserRange) -> Result<()> {
        let mode = at.load_u32(24);
        append(&mut self.out, b"{st_mode=")?;
        self.name(b'1', u64::from(mode >> 12))?;
        self.push(b'|')?;
        self.octal(mode & 0o7777)?;
        append(&mut self.out, b", st_size=")?;
        append_decimal(&mut self.out, at.load_u64(48))?;
        self.push(b'}')
    }

    /// `[3, 4]`
    fn pair(&mut self, at: UserRange) -> Result<()> {
        self.push(b'[')?;
        self.signed(i64::from(at.load_u32(0).cast_signed()))?;
        self.comma()?;
        self.signed(i64::from(at.load_u32(4).cast_signed()))?;
        self.push(b']')
    }

    /// `{tv_sec=1, tv_nsec=0}`
    fn timespec(&mut self, at: UserRange) -> Result<()> {
        append(&mut self.out, b"{tv_sec=")?;
        self.signed(at.load_u64(0).cast_signed())?;
        append(&mut self.out, b", tv_nsec=")?;
        self.signed(at.load_u64(8).cast_signed())?;
        self.push(b'}')
    }
}
