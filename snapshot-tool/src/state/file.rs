//! A state in its file, while a run uses it: [`StateFile`].
//!
//! One run at a time has it, which a lock on a file beside it tells: the state's own file is another
//! one after each run. Whatever ends a run, there is the old state or the new one.

use crate::error::{ErrorKind, InnerResult, mark};
use crate::output::{target, write_durably};
use crate::state::journal::Journal;
use anyhow::{Context as _, anyhow, bail};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What the name of the lock has behind that of the state; a dot comes first.
const LOCK_SUFFIX: &str = ".wasm-vfs-lock";

/// How often the lock may go away between opening and locking it.
const ATTEMPTS: usize = 100;

/// A state's file, which nobody else uses meanwhile.
#[derive(Debug)]
pub(crate) struct StateFile {
    /// As somebody named it.
    named: PathBuf,
    /// The file that it leads to.
    target: PathBuf,
    lock: PathBuf,
    /// Holds the lock.
    _locked: File,
}

impl StateFile {
    /// Takes the state; its file may be missing.
    ///
    /// # Errors
    ///
    /// When another run has it, or no lock can be made beside it.
    pub(crate) fn take(path: &Path) -> InnerResult<Self> {
        let unusable = || format!("cannot use the state `{}`", path.display());
        let target = target(path).with_context(unusable)?;
        let name = target.file_name().with_context(unusable)?;
        let mut lock = OsString::from(".");
        lock.push(name);
        lock.push(LOCK_SUFFIX);
        let lock = target.with_file_name(lock);
        let named = path.to_owned();
        for _ in 0..ATTEMPTS {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let made = open(&lock, flags, Mode::RUSR | Mode::WUSR).map_err(io::Error::from);
            let locked = File::from(made.with_context(unusable)?);
            match flock(&locked, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => {
                    let error = anyhow!(
                        "another run uses the state `{}`: wait for its end, or give this one a state of its own",
                        path.display()
                    );
                    return Err(mark(error, ErrorKind::Io));
                }
                locked => locked.map_err(io::Error::from).with_context(unusable)?,
            }
            // Who had it removes it at the end; then it keeps nobody else away.
            if locked.metadata().with_context(unusable)?.nlink() > 0 {
                return Ok(Self { named, target, lock, _locked: locked });
            }
        }
        bail!("{}: its lock `{}` goes away each time", unusable(), lock.display())
    }

    /// The state's file, as somebody named it.
    pub(crate) fn path(&self) -> &Path {
        &self.named
    }

    /// Opens the state; `None`: there is none yet.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub(crate) fn open(&self) -> InnerResult<Option<File>> {
        match File::open(&self.target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => {
                let unreadable = || format!("cannot read the state `{}`", self.named.display());
                opened.map(Some).with_context(unreadable)
            }
        }
    }

    /// The state, which is there, to be appended to.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or is no archive.
    pub(crate) fn journal(&self) -> InnerResult<Journal<File>> {
        let unusable = || format!("cannot append to the state `{}`", self.named.display());
        let file = File::options().read(true).write(true).open(&self.target);
        Journal::open(file.with_context(unusable)?).with_context(unusable)
    }

    /// Replaces the state by what `contents` writes.
    ///
    /// # Errors
    ///
    /// When that fails; the state is then as before.
    pub(crate) fn save(
        &self,
        contents: impl FnOnce(&mut dyn Write) -> InnerResult<()>,
    ) -> InnerResult<()> {
        write_durably(&self.target, contents)?;
        Ok(())
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        // While it is locked. What stays keeps nobody away.
        let _ = fs::remove_file(&self.lock);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    /// What names the state to a process that [`writes_until_it_is_killed`] starts.
    const VARIABLE: &str = "WASM_VFS_TEST_STATE";

    /// Bytes of a state in the tests.
    const LEN: usize = 300_000;

    fn read(path: &Path) -> Vec<u8> {
        fs::read(path).unwrap()
    }

    #[test]
    fn one_at_a_time_by_whatever_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.state");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("app.state", &link).unwrap();
        let state = StateFile::take(&path).unwrap();
        assert!(state.open().unwrap().is_none());
        for name in [&path, &link] {
            let refused = StateFile::take(name).unwrap_err().to_string();
            assert!(refused.starts_with("another run uses the state `"), "{refused}");
        }
        let other = StateFile::take(&directory.path().join("other")).unwrap();
        drop(other);
        for text in ["one", "two"] {
            state.save(|out| Ok(out.write_all(text.as_bytes())?)).unwrap();
            assert_eq!(read(&path), text.as_bytes());
            // Still locked, though the file is another one.
            StateFile::take(&link).unwrap_err();
        }
        let failed = state.save(|out| {
            out.write_all(b"half")?;
            bail!("it ends here")
        });
        assert_eq!(failed.unwrap_err().to_string(), "it ends here");
        drop(state);
        let state = StateFile::take(&link).unwrap();
        let mut text = String::new();
        state.open().unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
        drop(state);
        let mut names: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["app.state", "link"]);
    }

    /// Not a test: the process that [`writes_until_it_is_killed`] kills.
    #[test]
    fn writer() {
        let Some(path) = std::env::var_os(VARIABLE) else { return };
        let path = Path::new(&path);
        for byte in 0..=u8::MAX {
            let state = StateFile::take(path).unwrap();
            state
                .save(|out| {
                    // In pieces, so that it can be killed between two.
                    (0..100).try_for_each(|_| out.write_all(&[byte; LEN / 100]))?;
                    Ok(())
                })
                .unwrap();
        }
    }

    #[test]
    fn writes_until_it_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.state");
        StateFile::take(&path).unwrap().save(|out| Ok(out.write_all(&[0; LEN])?)).unwrap();
        let began = Instant::now();
        for round in 0..40_u64 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "state::file::tests::writer"])
                .env(VARIABLE, &path)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let nanoseconds = u64::from(began.elapsed().subsec_nanos());
            std::thread::sleep(Duration::from_micros(3000 + round * 400 + nanoseconds % 4000));
            child.kill().unwrap();
            child.wait().unwrap();
            let state = read(&path);
            assert!(state.len() == LEN && state.iter().all(|byte| *byte == state[0]), "{round}");
            // Neither the lock nor what was on its way is in the way of the next one.
            let next = StateFile::take(&path).unwrap();
            next.save(|out| Ok(out.write_all(&state)?)).unwrap();
            drop(next);
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        }
    }
}
