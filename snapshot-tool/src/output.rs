//! Where results are written: to a temporary file beside the destination that takes its name
//! when everything is there. Whoever reads the destination sees the old file or the new one,
//! and an error leaves nothing behind.
//!
//! As `cp` does, a symbolic link is followed, a file that is replaced gives its mode (and its owner,
//! where the system lets us) to the new one, and pipes and devices are written to.

use crate::disk::sparse_file::SparseFile;
use crate::disk::temporary;
use crate::error::{ErrorKind, mark};
use crate::progress::Progress;
#[cfg(feature = "run")]
use crate::progress::Silent;
use anyhow::{Context as _, Result, anyhow};
use rustix::io::Errno;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, BufWriter, Write};
#[cfg(feature = "run")]
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 20;

/// Paths of standard output. If it is a file, replacing that would leave the process that opened it
/// with the old one.
const STDOUT_PATHS: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// How many symbolic links lead to a destination at most: Linux's limit.
const MAX_SYMLINKS: usize = 40;

/// Where a result goes.
///
/// ```
/// use wasm_vfs::Destination;
///
/// assert_eq!(Destination::from("out.wasm"), Destination::File("out.wasm".into()));
/// assert_eq!(Destination::from_option("-".as_ref()), Destination::Stdout);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A file, made or replaced.
    File(PathBuf),
    /// Standard output. Here an error in the middle cannot be taken back.
    Stdout,
}

impl Destination {
    /// Reads the value of `-o`: a path, or `-` or `/dev/stdout` for standard output.
    #[must_use]
    pub fn from_option(path: &Path) -> Self {
        let is_stdout = path.as_os_str() == "-" || is_stdout(path);
        if is_stdout { Self::Stdout } else { Self::File(path.to_owned()) }
    }

    /// Writes what `contents` produces; returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// When `contents` fails or the destination cannot be written. A file is then as before.
    pub(crate) fn write_with(
        &self,
        progress: &dyn Progress,
        contents: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<u64> {
        match self {
            Self::File(path) if !is_stdout(path) => replace(path, Durability::Ordinary, |file| {
                // Checks against the limits of this process, too, and keeps no zeros.
                let mut out = SparseFile::new(file).context("cannot write the output")?;
                let unwritable = || format!("cannot write `{}`", path.display());
                let written = write_to(&mut out, progress, contents, unwritable)?;
                out.finish().with_context(|| format!("cannot write `{}`", path.display()))?;
                Ok(written)
            }),
            Self::File(_) | Self::Stdout => {
                let unwritable = || "cannot write to standard output".to_owned();
                write_to(io::stdout().lock(), progress, contents, unwritable)
            }
        }
    }
}

macro_rules! from_path {
    ($($path:ty),*) => {$(
        impl From<$path> for Destination {
            /// The file of that path.
            fn from(path: $path) -> Self {
                Self::File(path.into())
            }
        }
    )*};
}

from_path!(&str, String, &Path, PathBuf, &PathBuf);

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Stdout => f.write_str("standard output"),
        }
    }
}

fn is_stdout(path: &Path) -> bool {
    STDOUT_PATHS.iter().any(|name| path.as_os_str() == *name)
}

/// Writes a file as [`Destination::write_with`] does, with the holes that `contents` leaves.
///
/// # Errors
///
/// When `contents` fails or the file cannot be written. It is then as before.
#[cfg(feature = "run")]
pub(crate) fn write_sparse_file(
    path: &Path,
    contents: impl FnOnce(&mut SparseFile<&File>) -> Result<()>,
) -> Result<()> {
    if is_stdout(path) {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        return contents(&mut SparseFile::stream(&stdout));
    }
    replace(path, Durability::Ordinary, |file| {
        let mut out = SparseFile::new(file).context("cannot write the output")?;
        contents(&mut out)?;
        out.finish().with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(())
    })
}

/// Writes a file as [`Destination::write_with`] does, so that it is on the disk, under its name, when
/// this returns: whatever happens to the machine, there is the old file or the new one.
///
/// # Errors
///
/// When `contents` fails or the file cannot be written. It is then as before.
#[cfg(feature = "run")]
pub(crate) fn write_durably(
    path: &Path,
    contents: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<u64> {
    replace(path, Durability::Synced, |file| {
        write_to(file, &Silent, contents, || format!("cannot write `{}`", path.display()))
    })
}

/// Whether a file is on the disk when it has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// The system writes it when it likes.
    Ordinary,
    /// File and name are on the disk.
    #[cfg(feature = "run")]
    Synced,
}

/// Opens a file for `write`, which takes its place when that has succeeded.
fn replace<T>(
    path: &Path,
    durability: Durability,
    write: impl FnOnce(&File) -> Result<T>,
) -> Result<T> {
    let unwritable = || format!("cannot write `{}`", path.display());
    let target = target(path).with_context(unwritable)?;
    let replaced = match fs::metadata(&target) {
        Ok(found) if found.is_dir() => {
            let error =
                anyhow!("cannot write `{}`: it is a directory; give a file name", path.display());
            return Err(mark(error, ErrorKind::Io));
        }
        // A pipe or a device cannot be replaced.
        Ok(found) if !found.is_file() => {
            return write(&File::options().write(true).open(&target).with_context(unwritable)?);
        }
        Ok(found) => Some(found),
        Err(_) => None,
    };
    // What any new file gets; or what only we read, until it gets the mode of what it replaces.
    let mode = if replaced.is_some() { 0o600 } else { 0o666 };
    let temporary = temporary::file_beside(&target, mode).with_context(unwritable)?;
    let written = write(temporary.as_file())?;
    if let Some(replaced) = replaced {
        dress(temporary.as_file(), &replaced).with_context(unwritable)?;
    }
    if durability != Durability::Ordinary {
        temporary.as_file().sync_all().with_context(unwritable)?;
    }
    temporary.persist(&target).map_err(|failure| failure.error).with_context(unwritable)?;
    if durability != Durability::Ordinary {
        let directory = target.parent().filter(|it| !it.as_os_str().is_empty());
        let directory = File::open(directory.unwrap_or(Path::new(".")));
        directory.and_then(|directory| directory.sync_all()).with_context(unwritable)?;
    }
    Ok(written)
}

/// The file that is written when somebody writes to `path`, whether or not it exists: symbolic
/// links lead to it.
pub(crate) fn target(path: &Path) -> io::Result<PathBuf> {
    if let Ok(target) = fs::canonicalize(path) {
        return Ok(target);
    }
    let mut target = path.to_owned();
    for _ in 0..MAX_SYMLINKS {
        let Ok(text) = fs::read_link(&target) else { return Ok(target) };
        target = target.parent().unwrap_or(Path::new("")).join(text);
    }
    Err(Errno::LOOP.into())
}

/// Gives a file the mode of the one that it replaces, and its owner and group where we may.
fn dress(file: &File, replaced: &Metadata) -> io::Result<()> {
    let found = file.metadata()?;
    let mut mode = replaced.mode() & 0o777;
    if found.gid() != replaced.gid() && fchown(file, None, Some(replaced.gid())).is_err() {
        // What one group may do is not for another.
        mode = (mode & 0o707) | (mode & 0o007) << 3;
    }
    if found.uid() != replaced.uid() {
        // Only root may give files away.
        let _ = fchown(file, Some(replaced.uid()), None);
    }
    file.set_permissions(Permissions::from_mode(mode))
}

/// Writes through a buffer, counting. An error begins with `unwritable` if it comes of `out`.
fn write_to(
    out: impl Write,
    progress: &dyn Progress,
    contents: impl FnOnce(&mut dyn Write) -> Result<()>,
    unwritable: impl FnOnce() -> String,
) -> Result<u64> {
    let mut counting = Counting { out, progress, written: 0, has_failed: false };
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, &mut counting);
    let done = contents(&mut buffered).and_then(|()| Ok(buffered.flush()?));
    // What is left in it after an error stays there.
    drop(buffered.into_parts());
    match done {
        Err(error) if counting.has_failed => Err(error.context(unwritable())),
        done => done.map(|()| counting.written),
    }
}

struct Counting<'a, W> {
    out: W,
    progress: &'a dyn Progress,
    written: u64,
    /// Whether `out` has given an error.
    has_failed: bool,
}

impl<W: Write> Write for Counting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes).inspect_err(|_| self.has_failed = true)?;
        self.written += written as u64;
        self.progress.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
