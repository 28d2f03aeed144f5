//! Times of files.
//!
//! Neighbours: [`crate::Platform`] says what time it is; [`crate::objects::inode`] stores
//! times packed. This crate never reads a clock by itself.

/// A point in time: seconds and nanoseconds since 1970 (`struct timespec`).
///
/// Seconds may be negative; `tv_nsec` always counts forward, 0..=999,999,999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timespec {
    /// Whole seconds since the Epoch.
    pub tv_sec: i64,
    /// Nanoseconds after `tv_sec`.
    pub tv_nsec: u32,
}

impl Timespec {
    /// The Epoch.
    pub const EPOCH: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    /// A time from its two parts.
    #[must_use]
    pub const fn new(tv_sec: i64, tv_nsec: u32) -> Timespec {
        Timespec { tv_sec, tv_nsec }
    }
}

/// A [`Timespec`] in 12 bytes without padding, as inodes store four of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedTime {
    sec_low: u32,
    sec_high: i32,
    nsec: u32,
}

impl From<Timespec> for PackedTime {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the two halves of a 64-bit number"
    )]
    fn from(time: Timespec) -> PackedTime {
        PackedTime {
            sec_low: time.tv_sec as u32,
            sec_high: (time.tv_sec >> 32) as i32,
            nsec: time.tv_nsec,
        }
    }
}

impl From<PackedTime> for Timespec {
    fn from(time: PackedTime) -> Timespec {
        Timespec {
            tv_sec: (i64::from(time.sec_high) << 32) | i64::from(time.sec_low),
            tv_nsec: time.nsec,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PackedTime, Timespec};

    #[test]
    fn packing_keeps_every_time() {
        for tv_sec in [0, 1, -1, i64::MIN, i64::MAX, 1 << 32, -(1 << 32), 4_294_967_295] {
            let time = Timespec::new(tv_sec, 999_999_999);
            assert_eq!(Timespec::from(PackedTime::from(time)), time);
        }
        assert_eq!(size_of::<PackedTime>(), 12);
    }
}
