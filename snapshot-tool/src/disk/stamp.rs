//! What tells whether a file of the disk is still what it was: [`Stamp`].

use anyhow::{Result, bail};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far apart two writes are at most that get one modification time: the kernel's clock for
/// files ticks a hundred times a second or more.
const TICK: Duration = Duration::from_millis(12);

/// Identity, size and modification time of a file when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    /// Seconds and nanoseconds since 1970.
    mtime: (i64, i64),
}

impl Stamp {
    /// The stamp of a file with this metadata.
    pub(crate) fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            len: found.len(),
            mtime: (found.mtime(), found.mtime_nsec()),
        }
    }

    /// How long the file was, in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Checks that the file is still the same, unchanged.
    ///
    /// # Errors
    ///
    /// When it is not; the message names it.
    pub(crate) fn check(&self, path: &Path, now: &Metadata) -> Result<()> {
        let now = Self::of(now);
        if now.len != self.len {
            bail!(
                "`{}` changed from {} to {} bytes while it was being read; try again",
                path.display(),
                self.len,
                now.len
            );
        }
        if now != *self {
            bail!("`{}` changed while it was being read; try again", path.display());
        }
        Ok(())
    }

    /// Waits, a few milliseconds at most, until whoever writes to the files of these stamps gives
    /// them other stamps. What is read afterwards, and checked, is of one time.
    pub(crate) fn settle(stamps: impl IntoIterator<Item = Self>) {
        let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else { return };
        let age = |stamp: Self| {
            let (sec, nsec) = (u64::try_from(stamp.mtime.0), u32::try_from(stamp.mtime.1));
            now.checked_sub(Duration::new(sec.ok()?, nsec.ok()?))
        };
        // What is dated later than now stays so for longer than anybody waits.
        if let Some(youngest) = stamps.into_iter().filter_map(age).min()
            && let Some(left) = TICK.checked_sub(youngest)
        {
            thread::sleep(left);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Instant;

    #[test]
    fn what_is_written_after_settling_gets_another_stamp() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for _ in 0..30 {
            fs::write(&path, "old").unwrap();
            let stamp = Stamp::of(&fs::metadata(&path).unwrap());
            stamp.check(&path, &fs::metadata(&path).unwrap()).unwrap();
            Stamp::settle([stamp]);
            fs::write(&path, "new").unwrap();
            let error = stamp.check(&path, &fs::metadata(&path).unwrap()).unwrap_err();
            assert!(error.to_string().contains("changed while it was being read"), "{error}");
        }
    }

    #[test]
    fn only_young_files_are_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let file = fs::File::create(directory.path().join("file")).unwrap();
        let started = Instant::now();
        let (day, now) = (Duration::from_secs(86_400), SystemTime::now());
        let dates = [now - day, now + day, UNIX_EPOCH, UNIX_EPOCH - day];
        for date in dates.into_iter().cycle().take(400) {
            file.set_modified(date).unwrap();
            Stamp::settle([Stamp::of(&file.metadata().unwrap())]);
        }
        // Else it would be some seconds.
        assert!(started.elapsed() < TICK * 300);
    }
}
