//! Writes the line of one call, as strace(1) does: the function, its arguments, its result.
//!
//! The table of words says how to show each argument (`snapshot-tool/src/adapter/trace_table.rs`
//! documents it). `core::fmt` would be most of the adapter's code, so nothing here uses it.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use super::table::Trace;
use crate::bytes::{append, append_decimal};
use crate::errno::Result;
use crate::memory::user::UserRange;

/// The most bytes of data that are shown.
pub(super) const SHOWN_DATA_BYTES: u32 = 32;
/// The most names of a set of flags that are shown.
const SHOWN_FLAGS: usize = 5;
/// What `trace_end` is told of a call that will not return.
const NO_RESULT: i32 = -1;

/// A line that is being written.
pub(super) struct Line<'t> {
    pub(super) trace: &'t Trace,
    pub(super) out: Vec<u8>,
    pub(super) result: i32,
    /// What one of Linux's calls answered; the call is one of preview1's without it.
    #[cfg(feature = "calls")]
    pub(super) linux: Option<i64>,
}

/// The low half of an argument, which is all of one with 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "that is the point")]
pub(super) fn low(value: u64) -> u32 {
    value as u32
}

/// Whether a bit or a number has a name. Those of preview1 all have one.
#[inline]
fn has_name(name: &[u8]) -> bool {
    !cfg!(feature = "calls") || name != b"-"
}

impl Line<'_> {
    /// Writes it: the function, its arguments, its result.
    pub(super) fn write(mut self) -> Result<Vec<u8>> {
        let trace = self.trace;
        let mut lines = trace.words.split(|byte| *byte == b'\n');
        let mut parts =
            lines.nth(trace.call as usize).unwrap_or_default().split(|byte| *byte == b' ');
        append(&mut self.out, parts.next().unwrap_or_default())?;
        let (letters, results) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        self.push(b'(')?;
        let (mut next, mut is_first) = (0, true);
        for letter in letters {
            if *letter != b'x' {
                self.separate(&mut is_first)?;
            }
            next += self.argument(*letter, next, results)?;
        }
        self.push(b')')?;
        self.push(b' ')?;
        self.push(b'=')?;
        self.push(b' ')?;
        #[cfg(feature = "calls")]
        if let Some(result) = self.linux {
            self.linux_result(result, results)?;
            self.push(b'\n')?;
            return Ok(self.out);
        }
        match self.result {
            NO_RESULT => self.push(b'?')?,
            0 => self.results(results)?,
            errno => self.name(b'E', errno.cast_unsigned().into())?,
        }
        self.push(b'\n')?;
        Ok(self.out)
    }

    pub(super) fn push(&mut self, byte: u8) -> Result<()> {
        self.out.try_reserve(1).map_err(Errno::from)?;
        self.out.push(byte);
        Ok(())
    }

    /// A comma and a blank, but for what comes first.
    fn separate(&mut self, is_first: &mut bool) -> Result<()> {
        if !core::mem::replace(is_first, false) {
            self.push(b',')?;
            self.push(b' ')?;
        }
        Ok(())
    }

    pub(super) fn arg(&self, index: usize) -> u64 {
        let given = self.trace.args.get(..self.trace.count).unwrap_or_default();
        given.get(index).copied().unwrap_or(0)
    }

    /// Writes the argument at `index` as its letter says; how many of the function's parameters it
    /// took.
    fn argument(&mut self, letter: u8, index: usize, results: &[u8]) -> Result<usize> {
        let (value, second) = (self.arg(index), self.arg(index + 1));
        #[cfg(feature = "calls")]
        if let Some(result) = self.linux
            && let Some(took) = self.linux_argument(letter, value, second, result)?
        {
            return Ok(took);
        }
        match letter {
            b'x' => {}
            b'd' => self.signed(i64::from(low(value).cast_signed()))?,
            b'i' => self.signed(value.cast_signed())?,
            b'u' => append_decimal(&mut self.out, u64::from(low(value)))?,
            b'n' => append_decimal(&mut self.out, value)?,
            b'p' => {
                self.quote(low(value), low(second), u32::MAX)?;
                return Ok(2);
            }
            // What is filled in by the call: all of the buffer, or as much as the result says.
            b'o' | b'q' => {
                let len = match letter {
                    b'q' => self.filled(results).min(low(second)),
                    _ => low(second),
                };
                match self.result {
                    0 => self.quote(low(value), len, u32::MAX)?,
                    _ => self.address(low(value))?,
                }
                self.push(b',')?;
                self.push(b' ')?;
                append_decimal(&mut self.out, u64::from(low(second)))?;
                return Ok(2);
            }
            b'b' => {
                append_decimal(&mut self.out, u64::from(low(second)))?;
                return Ok(2);
            }
            b'w' | b'r' => {
                self.vector(letter, low(value), low(second), results)?;
                return Ok(2);
            }
            _ => self.name(letter, value)?,
        }
        Ok(1)
    }

    pub(super) fn signed(&mut self, value: i64) -> Result<()> {
        if value < 0 {
            self.push(b'-')?;
        }
        Ok(append_decimal(&mut self.out, value.unsigned_abs())?)
    }

    /// An address that is not looked at.
    pub(super) fn address(&mut self, addr: u32) -> Result<()> {
        self.push(b'0')?;
        self.push(b'x')?;
        for nibble in (0..8).rev() {
            self.hex(addr >> (4 * nibble))?;
        }
        Ok(())
    }

    /// One hexadecimal digit.
    fn hex(&mut self, value: u32) -> Result<()> {
        let [digit, ..] = (value & 15).to_le_bytes();
        self.push(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit })
    }

    /// Bytes of the program in quotes, at most `most`; or their address, if they are not the
    /// program's.
    pub(super) fn quote(&mut self, addr: u32, len: u32, most: u32) -> Result<()> {
        let Ok(range) = UserRange::new(addr, len) else { return self.address(addr) };
        self.push(b'"')?;
        for offset in 0..len.min(most) {
            self.quoted(range.load_u8(offset))?;
        }
        self.push(b'"')?;
        if len > most { self.dots() } else { Ok(()) }
    }

    pub(super) fn dots(&mut self) -> Result<()> {
        for _ in 0..3 {
            self.push(b'.')?;
        }
        Ok(())
    }

    /// One byte between quotes. What is not ASCII stays as it is, so that names are read.
    pub(super) fn quoted(&mut self, byte: u8) -> Result<()> {
        let escaped = match byte {
            b'\n' => b'n',
            b'\t' => b't',
            b'\r' => b'r',
            b'"' | b'\\' => byte,
            0..0x20 | 0x7f => {
                self.push(b'\\')?;
                self.push(b'x')?;
                self.hex(u32::from(byte >> 4))?;
                return self.hex(u32::from(byte));
            }
            _ => return self.push(byte),
        };
        self.push(b'\\')?;
        self.push(escaped)
    }

    /// The data of a vector, of one to be read as much as was read, and how many bytes it has in
    /// all.
    fn vector(&mut self, letter: u8, addr: u32, count: u32, results: &[u8]) -> Result<()> {
        let Ok(vector) = UserRange::array(addr, count, 8) else { return self.address(addr) };
        let data = match (letter, self.result) {
            (b'w', _) => u32::MAX,
            (_, 0) => self.filled(results),
            _ => 0,
        };
        let (mut all, mut shown) = (0u64, 0);
        self.push(b'"')?;
        for index in 0..count {
            let (addr, len) = (vector.load_u32(8 * index), vector.load_u32(8 * index + 4));
            let Ok(piece) = UserRange::new(addr, len) else { continue };
            let left = u64::from(data).saturating_sub(all);
            all += u64::from(len);
            for offset in 0..low(u64::from(len).min(left)).min(SHOWN_DATA_BYTES - shown) {
                self.quoted(piece.load_u8(offset))?;
                shown += 1;
            }
        }
        self.push(b'"')?;
        if u64::from(shown) < all.min(u64::from(data)) {
            self.dots()?;
        }
        self.push(b',')?;
        self.push(b' ')?;
        Ok(append_decimal(&mut self.out, all)?)
    }

    /// What the place of the first result holds: how many bytes were filled in.
    fn filled(&self, results: &[u8]) -> u32 {
        #[cfg(feature = "calls")]
        if let Some(result) = self.linux {
            return u32::try_from(result).unwrap_or(0);
        }
        let addr = results.get(1).map_or(0, |digit| self.arg(usize::from(digit - b'0')));
        UserRange::new(low(addr), 4).map_or(0, |range| range.load_u32(0))
    }

    /// The names of a value: of the set flags, or the one of its number.
    pub(super) fn name(&mut self, letter: u8, value: u64) -> Result<()> {
        let trace = self.trace;
        let (kind, names) = trace.list(letter).unwrap_or((b'|', &[]));
        let mut names = names.split(|byte| *byte == b' ');
        if kind == b'=' {
            let name = usize::try_from(value).ok().and_then(|value| names.nth(value));
            let name = name.filter(|name| has_name(name));
            return match name {
                Some(name) => Ok(append(&mut self.out, name)?),
                None => Ok(append_decimal(&mut self.out, value)?),
            };
        }
        let (mut left, mut shown) = (value, 0);
        for (bit, name) in (0u32..64).zip(names) {
            if left >> bit & 1 == 0 || !has_name(name) {
                continue;
            }
            left &= !(1 << bit);
            if shown < SHOWN_FLAGS {
                if shown > 0 {
                    self.push(b'|')?;
                }
                append(&mut self.out, name)?;
            }
            shown += 1;
        }
        if shown > SHOWN_FLAGS {
            self.push(b'|')?;
            return self.dots();
        }
        if shown == 0 || left != 0 {
            if shown > 0 {
                self.push(b'|')?;
            }
            append_decimal(&mut self.out, left)?;
        }
        Ok(())
    }

    /// What a successful call answered through its pointers: pairs of a letter and a parameter's
    /// number.
    fn results(&mut self, results: &[u8]) -> Result<()> {
        if results.is_empty() {
            return self.push(b'0');
        }
        let mut is_first = true;
        for pair in results.chunks_exact(2) {
            let &[letter, digit] = pair else { continue };
            self.separate(&mut is_first)?;
            let addr = low(self.arg(usize::from(digit - b'0')));
            let bytes = match letter {
                b'u' => 4,
                b'n' | b'p' => 8,
                b's' => 24,
                b'g' => 56,
                _ => 64,
            };
            let Ok(out) = UserRange::new(addr, bytes) else {
                self.address(addr)?;
                continue;
            };
            match letter {
                b'u' => append_decimal(&mut self.out, u64::from(out.load_u32(0)))?,
                b'n' => append_decimal(&mut self.out, out.load_u64(0))?,
                // A preopen: how long its name is.
                b'p' => append_decimal(&mut self.out, u64::from(out.load_u32(4)))?,
                b's' => self.fdstat(out)?,
                // The preview before had 32 bits for the links.
                b'g' => self.filestat(out, u64::from(out.load_u32(20)), 24)?,
                _ => self.filestat(out, out.load_u64(24), 32)?,
            }
        }
        Ok(())
    }

    /// `{REGULAR_FILE, APPEND, FD_READ|FD_WRITE}`
    fn fdstat(&mut self, out: UserRange) -> Result<()> {
        self.push(b'{')?;
        self.name(b'Y', u64::from(out.load_u8(0)))?;
        self.push(b',')?;
        self.push(b' ')?;
        self.name(b'F', u64::from(out.load_u32(0) >> 16))?;
        self.push(b',')?;
        self.push(b' ')?;
        self.name(b'R', out.load_u64(8))?;
        self.push(b'}')
    }

    /// `{REGULAR_FILE, ino=5, nlink=1, size=12}`
    fn filestat(&mut self, out: UserRange, nlink: u64, size_at: u32) -> Result<()> {
        self.push(b'{')?;
        self.name(b'Y', u64::from(out.load_u8(16)))?;
        let fields = [out.load_u64(8), nlink, out.load_u64(size_at)];
        for (number, field) in (0..).zip(fields) {
            self.push(b',')?;
            self.push(b' ')?;
            self.name(b'S', number)?;
            self.push(b'=')?;
            append_decimal(&mut self.out, field)?;
        }
        self.push(b'}')
    }
}
