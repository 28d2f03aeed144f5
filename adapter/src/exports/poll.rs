//! Waiting.
//!
//! A file of the filesystem is ready at once; clocks and the host's descriptors are the host's to
//! wait for, in one call. If a file is ready there is nothing to wait for, but what else is ready
//! belongs to the answer: then the host gets a clock that rings at once beside the program's
//! subscriptions.
//!
//! On a clock of our own nothing has to be waited for: the time that a program waits passes at
//! once. Where the host may not be asked to wait, no time is waited for at all, and its descriptors
//! are events with an error.

use alloc::vec::Vec;
use core::mem::{offset_of, size_of};

use wasi::{Event, EventFdReadwrite, Subscription, SubscriptionClock};
use wasm_vfs_core::{Errno, FileType, OpenFile, Whence};

use super::clock;
use crate::abi::imports;
use crate::errno::{Error, Result};
use crate::kernel::Entered;
use crate::kernel::descriptors::{Owner, owner};
use crate::memory::borrowed::{BORROWED_ADDR, Borrowed};
use crate::memory::user::UserRange;
use crate::platform::clock::host_time;

/// A `subscription`, as words: the program's token, the tag, and what the tag says.
pub(crate) type SubscriptionWords = [u64; 6];
/// An `event`, as words: the token, error and type, bytes, flags.
pub(crate) type EventWords = [u64; 4];

/// Bytes of a `subscription`.
pub(super) const SUBSCRIPTION_BYTES: u32 = 48;
/// Bytes of an `event`.
pub(super) const EVENT_BYTES: u32 = 32;

const _: () = {
    assert!(size_of::<Subscription>() == SUBSCRIPTION_BYTES as usize);
    assert!(offset_of!(Subscription, u) == 8 && offset_of!(wasi::SubscriptionU, u) == 8);
    assert!(offset_of!(SubscriptionClock, id) == 0 && offset_of!(SubscriptionClock, timeout) == 8);
    assert!(offset_of!(SubscriptionClock, flags) == 24);
    assert!(size_of::<Event>() == EVENT_BYTES as usize);
    assert!(offset_of!(Event, error) == 8 && offset_of!(Event, type_) == 10);
    assert!(offset_of!(Event, fd_readwrite) == 16 && offset_of!(EventFdReadwrite, flags) == 8);
};

/// The token of the clock that rings at once. The program's subscriptions have their numbers there.
pub(crate) const AT_ONCE: u64 = u64::MAX;

#[unsafe(no_mangle)]
pub(super) extern "C" fn poll_oneoff(subs: u32, events: u32, count: u32, nevents: u32) -> i32 {
    match poll(subs, events, count, nevents) {
        Ok(true) => 0,
        // Usual: a program sleeps, or waits for its standard streams.
        Ok(false) => imports::poll_oneoff(subs, events, count, nevents),
        Err(error) => error.number(),
    }
}

/// Serves the call; `false`: it is the host's as it is.
fn poll(subs: u32, events: u32, count: u32, nevents: u32) -> Result<bool> {
    if count == 0 {
        return Err(Error::INVAL);
    }
    let subs = UserRange::array(subs, count, SUBSCRIPTION_BYTES)?;
    let events = UserRange::array(events, count, EVENT_BYTES)?;
    let nevents = UserRange::new(nevents, 4)?;
    let mut forwards = true;
    for index in 0..count {
        let sub = Sub::of(subs, index);
        forwards &= match sub.source()? {
            Source::Clock => !sub.is_absolute(),
            Source::Host(host_fd) => host_fd == sub.fd().cast_unsigned(),
            Source::File(_) | Source::OwnClock { .. } => false,
        };
    }
    if forwards {
        return Ok(false);
    }
    let (mut ready, mut for_host, mut own) = (Vec::new(), Vec::new(), Vec::new());
    ready.try_reserve_exact(count as usize).map_err(Errno::from)?;
    for_host.try_reserve_exact(count as usize + 1).map_err(Errno::from)?;
    own.try_reserve_exact(count as usize).map_err(Errno::from)?;
    for index in 0..count {
        let Sub(mut words) = Sub::of(subs, index);
        match Sub(words).source()? {
            Source::File(event) => {
                ready.push(event);
                continue;
            }
            Source::OwnClock { delay } => {
                own.push((words[0], delay));
                continue;
            }
            Source::Host(host_fd) => words[2] = u64::from(host_fd),
            Source::Clock => words = Sub(words).relative(),
        }
        words[0] = u64::from(index);
        for_host.push(words);
    }
    if !for_host.is_empty() {
        if !ready.is_empty() || !own.is_empty() {
            for_host.push([AT_ONCE, 0, u64::from(wasi::CLOCKID_MONOTONIC.raw()), 0, 0, 0]);
        }
        for mut event in ask_host(&for_host)? {
            if event[0] != AT_ONCE {
                // A number that we gave; the host only hands it back.
                let index = u32::try_from(event[0]).ok().filter(|&index| index < count);
                event[0] = Sub::of(subs, index.ok_or(Errno::EIO)?).0[0];
                ready.push(event);
            }
        }
    }
    // Time passes only if nothing else ends the waiting.
    let earliest = own.iter().map(|&(_, delay)| delay).min().unwrap_or(0);
    let passed = if ready.is_empty() { earliest } else { 0 };
    clock::wait(passed)?;
    for &(token, _) in own.iter().filter(|&&(_, delay)| delay <= passed) {
        ready.push([token, u64::from(wasi::EVENTTYPE_CLOCK.raw()) << 16, 0, 0]);
    }
    // One for each subscription at most, so there is room.
    let mut left = events;
    for word in ready.iter().take(count as usize).flatten() {
        left.take(8).store_u64(0, *word);
    }
    nevents.store_u32(0, (events.len() - left.len()) / EVENT_BYTES);
    Ok(true)
}

/// A subscription of the program's.
#[derive(Clone, Copy)]
struct Sub(SubscriptionWords);

/// What is waited for.
enum Source {
    /// A clock of the host's.
    Clock,
    /// A clock that nobody waits for: it will have rung after so many nanoseconds of our own.
    OwnClock { delay: u64 },
    /// A descriptor of the host's.
    Host(u32),
    /// A file, which is ready.
    File(EventWords),
}

impl Sub {
    /// The subscription number `index` of an array.
    fn of(subs: UserRange, index: u32) -> Sub {
        let mut sub = [0; 6];
        let mut offset = index * SUBSCRIPTION_BYTES;
        for word in &mut sub {
            *word = subs.load_u64(offset);
            offset += 8;
        }
        Sub(sub)
    }

    /// The tag.
    fn tag(self) -> u8 {
        self.0[1].to_le_bytes()[0]
    }

    /// Whether a clock's time is a point in time.
    fn is_absolute(self) -> bool {
        self.0[5] & u64::from(wasi::SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) != 0
    }

    /// Turns a clock's point in time into how long it is until then: Node takes the one for the
    /// other.
    #[expect(clippy::cast_possible_truncation, reason = "a field of 32 bits")]
    fn relative(self) -> SubscriptionWords {
        let Sub(mut words) = self;
        if self.is_absolute()
            && let Some(now) = host_time(words[2] as u32)
        {
            words[3] = words[3].saturating_sub(now);
            words[5] = 0;
        }
        words
    }

    /// The descriptor, if it is not a clock.
    #[expect(clippy::cast_possible_truncation, reason = "a field of 32 bits")]
    fn fd(self) -> i32 {
        self.0[2] as i32
    }

    /// What is waited for.
    ///
    /// # Errors
    ///
    /// * `INVAL`: no such tag.
    /// * `BADF`: the descriptor is not open, or is a directory: wasmtime too answers it for the
    ///   whole call.
    /// * `NOTCAPABLE`: the descriptor lost the right to be polled.
    fn source(self) -> Result<Source> {
        if self.tag() == wasi::EVENTTYPE_CLOCK.raw() {
            return self.clock();
        }
        if self.tag() > wasi::EVENTTYPE_FD_WRITE.raw() {
            return Err(Error::INVAL);
        }
        match owner(self.fd(), wasi::RIGHTS_POLL_FD_READWRITE)? {
            Owner::Host(host_fd) if clock::host_waits()? => Ok(Source::Host(host_fd)),
            Owner::Host(_) => Ok(Source::File(self.refused())),
            Owner::Tree(entered, file) => self.file_event(entered, file).map(Source::File),
        }
    }

    /// The clock that is waited for.
    ///
    /// # Errors
    ///
    /// `INVAL`: one that is not there, or unknown flags; the host tells of its own clocks itself.
    #[expect(clippy::cast_possible_truncation, reason = "fields of 32 and 16 bits")]
    fn clock(self) -> Result<Source> {
        let [_, _, id, timeout, _, flags] = self.0;
        clock::check(id as u32)?;
        if clock::is_host()? {
            let waits = clock::host_waits()?;
            return Ok(if waits { Source::Clock } else { Source::OwnClock { delay: 0 } });
        }
        let now = clock::now(id as u32)?;
        let absolute = flags as u16 == wasi::SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
        if flags as u16 != 0 && !absolute {
            return Err(Error::INVAL);
        }
        let delay = if absolute { timeout.saturating_sub(now) } else { timeout };
        Ok(Source::OwnClock { delay })
    }

    /// The event of what nobody may wait for.
    fn refused(self) -> EventWords {
        let error = u64::from(wasi::ERRNO_NOTSUP.raw());
        [self.0[0], error | u64::from(self.tag()) << 16, 0, 0]
    }

    /// The event of a file: how much there is to read, and whether that is the end.
    fn file_event(self, entered: Entered, file: OpenFile) -> Result<EventWords> {
        let (mut bytes, mut flags) = (1, 0);
        entered.run(|kernel, _| {
            kernel.require_file(file)?;
            if self.tag() == wasi::EVENTTYPE_FD_READ.raw()
                && kernel.file_type(file)? == FileType::Regular
            {
                let size = kernel.fs.vfs_fstat(file)?.st_size;
                let at = kernel.fs.vfs_llseek(file, 0, Whence::Cur)?;
                bytes = size.saturating_sub(at);
                if bytes == 0 {
                    flags = wasi::EVENTRWFLAGS_FD_READWRITE_HANGUP;
                }
            }
            Ok(())
        })?;
        // The error, which there is none, and the type at offset 10.
        Ok([self.0[0], u64::from(self.tag()) << 16, bytes, u64::from(flags)])
    }
}

/// Asks the host about subscriptions, in borrowed memory of the program.
///
/// # Errors
///
/// What the host answers; `NOMEM`: there is not so much memory to borrow.
pub(crate) fn ask_host(subs: &[SubscriptionWords]) -> Result<Vec<EventWords>> {
    let count = u32::try_from(subs.len()).map_err(|_| Errno::ENOMEM)?;
    let bytes =
        (SUBSCRIPTION_BYTES + EVENT_BYTES).checked_mul(count).and_then(|n| n.checked_add(8));
    let borrowed = Borrowed::new(bytes.ok_or(Errno::ENOMEM)?)?;
    let mut answer = Vec::new();
    answer.try_reserve_exact(subs.len()).map_err(Errno::from)?;

    let mut rest = borrowed.range();
    let for_count = rest.take(8);
    let mut for_events = rest.take(EVENT_BYTES * count);
    for word in subs.iter().flatten() {
        rest.take(8).store_u64(0, *word);
    }
    let subs_addr = BORROWED_ADDR + 8 + EVENT_BYTES * count;
    let events_addr = BORROWED_ADDR + 8;
    let errno = imports::poll_oneoff(subs_addr, events_addr, count, BORROWED_ADDR);
    for _ in 0..for_count.load_u32(0).min(count) {
        let event = for_events.take(EVENT_BYTES);
        answer.push([event.load_u64(0), event.load_u64(8), event.load_u64(16), event.load_u64(24)]);
    }
    borrowed.give_back();
    if errno == 0 { Ok(answer) } else { Err(Error::of_host(errno)) }
}
