//! Times and modes as ls(1) and stat(1) write them.

use crate::tree::{EntryKind, Metadata};

/// A time in UTC: year, month, day, hour, minute, second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UtcTime {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl UtcTime {
    /// Converts seconds since 1970 in the Gregorian calendar.
    fn from_unix(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let in_day = seconds.rem_euclid(86_400);
        // Years begin in March here, so that the leap day is the last: Hinnant's
        // `civil_from_days`, counted in eras of 400 years (146,097 days) from 0000-03-01.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: in_day / 3600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
        }
    }
}

/// `2024-02-29 13:05`, UTC.
pub(super) fn short_time(seconds: i64) -> String {
    let t = UtcTime::from_unix(seconds);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute)
}

/// `2024-02-29 13:05:09.000000001 +0000`, as stat(1) writes it.
pub(super) fn full_time(metadata: &Metadata) -> String {
    let t = UtcTime::from_unix(metadata.mtime_sec);
    let minutes = short_time(metadata.mtime_sec);
    format!("{minutes}:{:02}.{:09} +0000", t.second, metadata.mtime_nsec)
}

/// `-rw-r--r--`, as ls(1) writes it. A hard link shows its original's kind.
pub(super) fn mode_letters(original: &EntryKind, mode: u16) -> String {
    let mut letters = String::with_capacity(10);
    letters.push(match original {
        EntryKind::Directory | EntryKind::DescriptorDirectory => 'd',
        EntryKind::CharDevice { .. } => 'c',
        EntryKind::Fifo => 'p',
        EntryKind::Symlink { .. } => 'l',
        EntryKind::File { .. } | EntryKind::HardLink { .. } => '-',
    });
    // Each class: its shift, the bit that changes its x, and the letter for that.
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        letters.push(if bits & 4 != 0 { 'r' } else { '-' });
        letters.push(if bits & 2 != 0 { 'w' } else { '-' });
        letters.push(match (bits & 1 != 0, mode & special != 0) {
            (true, false) => 'x',
            (false, false) => '-',
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
        });
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let rows = [
            (0, "1970-01-01 00:00"),
            (-1, "1969-12-31 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (1_709_211_909, "2024-02-29 13:05"),
            (4_107_542_400, "2100-03-01 00:00"),
            (-62_167_219_200, "0000-01-01 00:00"),
        ];
        for (seconds, text) in rows {
            assert_eq!(short_time(seconds), text);
        }
    }

    #[test]
    fn modes() {
        let file = EntryKind::File { offset: 0, len: 0 };
        assert_eq!(mode_letters(&file, 0o644), "-rw-r--r--");
        assert_eq!(mode_letters(&file, 0o6755), "-rwsr-sr-x");
        assert_eq!(mode_letters(&file, 0o4600), "-rwS------");
        assert_eq!(mode_letters(&EntryKind::Directory, 0o1777), "drwxrwxrwt");
        assert_eq!(mode_letters(&EntryKind::Directory, 0o1776), "drwxrwxrwT");
    }
}
