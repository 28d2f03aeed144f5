//! Record locks: `F_SETLK` of fcntl(2) and the commands beside it.

use wasm_vfs_core::Flock;

use crate::calls::call;
use crate::calls::user::range;
use crate::memory::user::UserRange;

/// A command about a lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// `F_GETLK`.
    Get,
    /// `F_SETLK`, and `F_SETLKW`: nothing waits.
    Set,
    /// `F_OFD_GETLK`.
    OfdGet,
    /// `F_OFD_SETLK`, and `F_OFD_SETLKW`.
    OfdSet,
}

/// Bytes of a `struct flock`, and where its fields are, with padding before the first and after the
/// last of these.
const FLOCK_BYTES: u32 = 32;
const START: u32 = 8;
const LEN: u32 = 16;
const PID: u32 = 24;

#[expect(clippy::cast_possible_truncation, reason = "two halves of a word")]
fn load(place: UserRange) -> Flock {
    let head = place.load_u32(0).cast_signed();
    Flock {
        l_type: head as i16,
        l_whence: (head >> 16) as i16,
        l_start: place.load_u64(START).cast_signed(),
        l_len: place.load_u64(LEN).cast_signed(),
        l_pid: place.load_u32(PID).cast_signed(),
    }
}

fn store(place: UserRange, lock: Flock) {
    let [kind, whence] = [lock.l_type, lock.l_whence].map(|half| u32::from(half.cast_unsigned()));
    place.store_u32(0, kind | whence << 16);
    place.store_u64(START, lock.l_start.cast_unsigned());
    place.store_u64(LEN, lock.l_len.cast_unsigned());
    place.store_u32(PID, lock.l_pid.cast_unsigned());
}

/// Locks, unlocks, or asks about a lock.
pub(super) fn fcntl(fd: i32, command: Command, lock: u32) -> i64 {
    call(|kernel, _| {
        // Before the structure is read.
        kernel.open_flags(fd)?;
        let place = range(lock, FLOCK_BYTES)?;
        let lock = load(place);
        let (fs, process) = (&mut kernel.fs, &kernel.process);
        match command {
            Command::Get => store(place, fs.fcntl_getlk(process, fd, lock)?),
            Command::OfdGet => store(place, fs.fcntl_ofd_getlk(process, fd, lock)?),
            Command::Set => fs.fcntl_setlk(process, fd, lock)?,
            Command::OfdSet => fs.fcntl_ofd_setlk(process, fd, lock)?,
        }
        Ok(())
    })
}
