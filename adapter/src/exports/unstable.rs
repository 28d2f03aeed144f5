//! `wasi_unstable`, the preview before preview1: the four functions in which the two differ, each
//! in terms of preview1's.
//!
//! A linker prefers `function@unstable` for an import from `wasi_unstable`; all other functions are
//! the same in both, and what no program calls is dropped.
//!
//! What differs (from the witx of both): the numbers of `whence`; a `filestat`, whose count of
//! links has 32 bits; a `subscription`, whose clock has a token of its own.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use super::io::fd_seek;
use super::path::path_filestat_get;
use super::poll::{EVENT_BYTES, SUBSCRIPTION_BYTES, poll_oneoff};
use super::stat::fd_filestat_get;
use crate::abi::layout::FILESTAT_BYTES;
use crate::errno::{Error, Result, answer};
use crate::memory::borrowed::Borrowed;
use crate::memory::user::UserRange;

/// Bytes of a `filestat` there.
const UNSTABLE_FILESTAT_BYTES: u32 = 56;
/// Bytes of a `subscription` there.
const UNSTABLE_SUBSCRIPTION_BYTES: u32 = 56;
/// Bytes of a size.
const SIZE_BYTES: u32 = 4;

#[unsafe(export_name = "fd_seek@unstable")]
extern "C" fn fd_seek_unstable(fd: i32, offset: i64, whence: u32, newoffset: u32) -> i32 {
    // From the offset, from the end, from the start; in preview1 the start comes first.
    let whence = if whence < 3 { (whence + 1) % 3 } else { whence };
    fd_seek(fd, offset, whence, newoffset)
}

#[unsafe(export_name = "fd_filestat_get@unstable")]
extern "C" fn fd_filestat_get_unstable(fd: i32, filestat: u32) -> i32 {
    answer(narrow_filestat(filestat, |wide| fd_filestat_get(fd, wide)))
}

#[unsafe(export_name = "path_filestat_get@unstable")]
extern "C" fn path_filestat_get_unstable(
    dirfd: i32,
    flags: u32,
    addr: u32,
    len: u32,
    filestat: u32,
) -> i32 {
    answer(narrow_filestat(filestat, |wide| path_filestat_get(dirfd, flags, addr, len, wide)))
}

/// Has a preview1 `filestat` stored in borrowed memory, and stores it at `filestat` as it was
/// before.
fn narrow_filestat(filestat: u32, get: impl FnOnce(u32) -> i32) -> Result<()> {
    let out = UserRange::new(filestat, UNSTABLE_FILESTAT_BYTES)?;
    let borrowed = Borrowed::nested(FILESTAT_BYTES)?;
    let errno = get(borrowed.addr());
    let mut words = [0; FILESTAT_BYTES as usize / 8];
    for (offset, word) in (0..).step_by(8).zip(&mut words) {
        *word = borrowed.range().load_u64(offset);
    }
    borrowed.give_back();
    Error::check_host(errno)?;
    // The type's byte, padding, and the number of links in the word's upper half.
    let [dev, ino, file_type, links, times @ ..] = words;
    let links = u32::try_from(links).unwrap_or(u32::MAX);
    let narrow = [dev, ino, file_type & 0xff | u64::from(links) << 32];
    for (offset, word) in (0..).step_by(8).zip(narrow.into_iter().chain(times)) {
        out.store_u64(offset, word);
    }
    Ok(())
}

#[unsafe(export_name = "poll_oneoff@unstable")]
extern "C" fn poll_oneoff_unstable(subs: u32, events: u32, count: u32, nevents: u32) -> i32 {
    answer(poll(subs, events, count, nevents))
}

/// Polls with the subscriptions as preview1 has them, in borrowed memory: there the events go
/// first, for the program's place for them may overlap.
fn poll(subs: u32, events: u32, count: u32, nevents: u32) -> Result<()> {
    let subs = UserRange::array(subs, count, UNSTABLE_SUBSCRIPTION_BYTES)?;
    let events = UserRange::array(events, count, EVENT_BYTES)?;
    let nevents = UserRange::new(nevents, SIZE_BYTES)?;
    let each = SUBSCRIPTION_BYTES + EVENT_BYTES;
    let bytes = each.checked_mul(count).and_then(|bytes| bytes.checked_add(8));
    let mut words = Vec::new();
    words.try_reserve_exact(count as usize * 6).map_err(Errno::from)?;
    for index in 0..count {
        let word = |number: u32| subs.load_u64(index * UNSTABLE_SUBSCRIPTION_BYTES + 8 * number);
        let is_clock = word(1).to_le_bytes()[0] == wasi::EVENTTYPE_CLOCK.raw();
        // A clock has its own token first, which nothing tells of.
        let skip = u32::from(is_clock);
        words.extend([word(0), word(1), word(2 + skip), word(3 + skip), word(4 + skip)]);
        words.push(if is_clock { word(6) } else { 0 });
    }
    let borrowed = Borrowed::nested(bytes.ok_or(Errno::ENOMEM)?)?;
    let mut rest = borrowed.range();
    let (size_at, events_at) = (rest.take(8), rest.take(EVENT_BYTES * count));
    for (offset, word) in (0..).step_by(8).zip(&words) {
        rest.store_u64(offset, *word);
    }
    let errno = poll_oneoff(rest.addr(), events_at.addr(), count, size_at.addr());
    let stored = size_at.load_u32(0).min(count);
    let mut result = Vec::new();
    let kept = result.try_reserve_exact((stored * EVENT_BYTES) as usize).map(|()| {
        result.resize((stored * EVENT_BYTES) as usize, 0);
        if errno == 0 {
            events_at.copy_to_kernel(&mut result);
        }
    });
    borrowed.give_back();
    kept.map_err(Errno::from)?;
    Error::check_host(errno)?;
    events.store_prefix(&result);
    nevents.store_u32(0, stored);
    Ok(())
}
