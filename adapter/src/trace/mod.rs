//! A line on standard error for each call of a program that was packed with `--trace`, as strace(1) writes them.
//!
//! Where tracing is chosen, lowering puts a function around each that the program calls: it tells [`trace_begin`] which call it
//! is and [`trace_arg`] each argument, makes the call, and tells [`trace_end`] the result. Where it is not chosen nothing of
//! this is linked. All words come from the tool that packs (`snapshot-tool/src/trace.rs` documents the table), so that no packed
//! program carries them for nothing: a line for each function, with a letter for each argument, and a line for each set of names.
//!
//! Lines go where descriptor 2 led when the program started, whatever the program does with it.

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use wasm_vfs_core::{Errno, Process, Target};

use crate::abi::imports;
use crate::bytes::{append, append_decimal};
use crate::errno::Result;
use crate::exports::environment;
use crate::kernel::{self, Kernel};
use crate::memory::borrowed::Borrowed;
use crate::memory::user::UserRange;

/// The most arguments that a function of preview1 has.
const MAX_ARGS: usize = 9;
/// The most bytes of data that are shown.
const SHOWN_DATA_BYTES: u32 = 32;
/// The most names of a set of flags that are shown.
const SHOWN_FLAGS: usize = 5;
/// What `trace_end` is told of a call that will not return.
const NO_RESULT: i32 = -1;
/// Standard error.
const STDERR: i32 = 2;
/// The letter of the line that has the variable which must be in the environment, if one must.
const VARIABLE: u8 = b'V';
/// More than the highest descriptor that a program starts with.
const INITIAL_FDS: i32 = 64;

/// What tracing needs between calls.
#[derive(Debug, Default)]
struct Trace {
    /// The table.
    words: Vec<u8>,
    /// Whether lines are written; `None` until the first call.
    on: Option<bool>,
    /// A process that has standard error as it was at the first call.
    stderr: Option<Process>,
    /// The call that is being made.
    call: u32,
    args: [u64; MAX_ARGS],
    count: usize,
}

struct Global {
    /// Whether `trace` was made, which it is while a tree is baked.
    ready: UnsafeCell<bool>,
    trace: UnsafeCell<MaybeUninit<Trace>>,
}

// SAFETY: a wasm instance has one thread.
unsafe impl Sync for Global {}

/// All zeros, so that it takes no room where calls are not traced.
static GLOBAL: Global =
    Global { ready: UnsafeCell::new(false), trace: UnsafeCell::new(MaybeUninit::uninit()) };

/// Chooses tracing, with this table, while a tree is baked.
pub(crate) fn choose(words: Vec<u8>) {
    // SAFETY: one thread, and no reference into GLOBAL outlives the function that made it.
    unsafe {
        (*GLOBAL.trace.get()).write(Trace { words, ..Trace::default() });
        *GLOBAL.ready.get() = true;
    }
}

/// Runs `body` on the kernel and what tracing needs.
///
/// # Errors
///
/// What `body` answers; `EIO`: tracing was not chosen, or nothing was baked.
fn enter<T>(body: impl FnOnce(&mut Kernel, &mut Trace) -> Result<T>) -> Result<T> {
    kernel::enter(|kernel, _| {
        // SAFETY: `ready` says that `trace` was written. One thread; the reference ends with this function, and nothing
        // that `body` calls comes back here.
        let trace = unsafe {
            if !*GLOBAL.ready.get() {
                return Err(Errno::EIO.into());
            }
            (*GLOBAL.trace.get()).assume_init_mut()
        };
        body(kernel, trace)
    })
}

impl Trace {
    /// The line of the table that has this letter, and what stands between it and the words.
    fn list(&self, letter: u8) -> Option<(u8, &[u8])> {
        let mut lines = self.words.split(|byte| *byte == b'\n');
        lines.find_map(|line| match line {
            &[first, kind @ (b'|' | b'='), ref words @ ..] if first == letter => {
                Some((kind, words))
            }
            _ => None,
        })
    }
}

#[unsafe(no_mangle)]
extern "C" fn trace_begin(call: u32) {
    let _ = begin(call);
}

fn begin(call: u32) -> Result<()> {
    let (is_decided, asks) = enter(|_, trace| {
        trace.call = call;
        trace.count = 0;
        Ok((trace.on.is_some(), trace.list(VARIABLE).is_some()))
    })?;
    if is_decided {
        return Ok(());
    }
    let held = if asks { environment()? } else { Vec::new() };
    enter(|kernel, trace| {
        let on = match trace.list(VARIABLE) {
            Some((_, variable)) => held.split(|byte| *byte == 0).any(|held| held == variable),
            None => true,
        };
        trace.on = Some(on);
        if on {
            let mut process = kernel.fs.fork(&kernel.process)?;
            for fd in 0..INITIAL_FDS {
                if fd != STDERR {
                    let _ = kernel.fs.close(&mut process, fd);
                }
            }
            trace.stderr = Some(process);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn trace_arg(value: u64) {
    let _ = enter(|_, trace| {
        if let Some(place) = trace.args.get_mut(trace.count) {
            *place = value;
            trace.count += 1;
        }
        Ok(())
    });
}

#[unsafe(no_mangle)]
extern "C" fn trace_end(result: i32) {
    let _ = end(result);
}

fn end(result: i32) -> Result<()> {
    let (line, target) = enter(|kernel, trace| {
        let fs = &mut kernel.fs;
        let Some(process) = trace.stderr.as_ref().filter(|_| trace.on == Some(true)) else {
            return Err(Errno::EBADF.into());
        };
        let target = fs.descriptor(process, STDERR)?.target;
        let line = Line { trace, out: Vec::new(), result }.write()?;
        if target == Target::Inode {
            fs.write(process, STDERR, &line[..])?;
        }
        Ok((line, target))
    })?;
    // The host is called when nothing of the filesystem is borrowed.
    match target {
        Target::Inode => Ok(()),
        Target::Foreign(token) => to_host(u32::try_from(token).map_err(|_| Errno::EBADF)?, &line),
    }
}

/// Writes bytes to a descriptor of the host's.
///
/// # Errors
///
/// What the host answers; `NOMEM`: no memory to borrow.
fn to_host(fd: u32, bytes: &[u8]) -> Result<()> {
    /// A vector of one piece, and where the host says how much it wrote.
    const HEAD_BYTES: u32 = 16;
    let mut rest = bytes;
    while !rest.is_empty() {
        let len = u32::try_from(rest.len()).map_err(|_| Errno::ENOMEM)?;
        let borrowed = Borrowed::new(HEAD_BYTES + len)?;
        let mut place = borrowed.range();
        let head = place.take(HEAD_BYTES);
        head.store_u32(0, borrowed.addr() + HEAD_BYTES);
        head.store_u32(4, len);
        head.store_u32(8, 0);
        place.store_bytes(rest);
        let errno = imports::fd_write(fd, borrowed.addr(), 1, borrowed.addr() + 8);
        let written = head.load_u32(8);
        borrowed.give_back();
        if errno != 0 || written == 0 {
            return Err(Errno::EIO.into());
        }
        rest = rest.get(written as usize..).unwrap_or_default();
    }
    Ok(())
}

/// A line that is being written.
struct Line<'t> {
    trace: &'t Trace,
    out: Vec<u8>,
    result: i32,
}

/// The low half of an argument, which is all of one with 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "that is the point")]
fn low(value: u64) -> u32 {
    value as u32
}

impl Line<'_> {
    /// Writes it: the function, its arguments, its result.
    fn write(mut self) -> Result<Vec<u8>> {
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
        match self.result {
            NO_RESULT => self.push(b'?')?,
            0 => self.results(results)?,
            errno => self.name(b'E', errno.cast_unsigned().into())?,
        }
        self.push(b'\n')?;
        Ok(self.out)
    }

    fn push(&mut self, byte: u8) -> Result<()> {
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

    fn arg(&self, index: usize) -> u64 {
        let given = self.trace.args.get(..self.trace.count).unwrap_or_default();
        given.get(index).copied().unwrap_or(0)
    }

    /// Writes the argument at `index` as its letter says; how many of the function's parameters it took.
    fn argument(&mut self, letter: u8, index: usize, results: &[u8]) -> Result<usize> {
        let (value, second) = (self.arg(index), self.arg(index + 1));
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

    fn signed(&mut self, value: i64) -> Result<()> {
        if value < 0 {
            self.push(b'-')?;
        }
        Ok(append_decimal(&mut self.out, value.unsigned_abs())?)
    }

    /// An address that is not looked at.
    fn address(&mut self, addr: u32) -> Result<()> {
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

    /// Bytes of the program in quotes, at most `most`; or their address, if they are not the program's.
    fn quote(&mut self, addr: u32, len: u32, most: u32) -> Result<()> {
        let Ok(range) = UserRange::new(addr, len) else { return self.address(addr) };
        self.push(b'"')?;
        for offset in 0..len.min(most) {
            self.quoted(range.load_u8(offset))?;
        }
        self.push(b'"')?;
        if len > most { self.dots() } else { Ok(()) }
    }

    fn dots(&mut self) -> Result<()> {
        for _ in 0..3 {
            self.push(b'.')?;
        }
        Ok(())
    }

    /// One byte between quotes. What is not ASCII stays as it is, so that names are read.
    fn quoted(&mut self, byte: u8) -> Result<()> {
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

    /// The data of a vector, of one to be read as much as was read, and how many bytes it has in all.
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
        let addr = results.get(1).map_or(0, |digit| self.arg(usize::from(digit - b'0')));
        UserRange::new(low(addr), 4).map_or(0, |range| range.load_u32(0))
    }

    /// The names of a value: of the set flags, or the one of its number.
    fn name(&mut self, letter: u8, value: u64) -> Result<()> {
        let trace = self.trace;
        let (kind, names) = trace.list(letter).unwrap_or((b'|', &[]));
        let mut names = names.split(|byte| *byte == b' ');
        if kind == b'=' {
            let name = usize::try_from(value).ok().and_then(|value| names.nth(value));
            return match name {
                Some(name) => Ok(append(&mut self.out, name)?),
                None => Ok(append_decimal(&mut self.out, value)?),
            };
        }
        let (mut left, mut shown) = (value, 0);
        for (bit, name) in (0u32..64).zip(names) {
            if left >> bit & 1 == 0 {
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

    /// What a successful call answered through its pointers: pairs of a letter and a parameter's number.
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
