//! Where results are written: to a temporary file beside the destination that takes its name
//! when everything is there. Whoever reads the destination sees the old file or the new one,
//! and an error leaves nothing behind.

use crate::disk::sparse_file::SparseFile;
use crate::error::{ErrorKind, mark};
use crate::progress::Progress;
use anyhow::{Context as _, Result, anyhow};
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 20;

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
    /// Reads the value of `-o`: a path, or `-` for standard output.
    #[must_use]
    pub fn from_option(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdout } else { Self::File(path.to_owned()) }
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
            Self::File(path) => replace(path, |file| {
                // Checks against the limits of this process, too, and keeps no zeros.
                let mut out = SparseFile::new(file).context("cannot write the output")?;
                let written = write_to(&mut out, progress, contents)?;
                out.finish().with_context(|| format!("cannot write `{}`", path.display()))?;
                Ok(written)
            }),
            Self::Stdout => write_to(io::stdout().lock(), progress, contents),
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
    replace(path, |file| {
        let mut out = SparseFile::new(file).context("cannot write the output")?;
        contents(&mut out)?;
        out.finish().with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(())
    })
}

/// Opens a file for `write`, which takes its place when that has succeeded.
fn replace<T>(path: &Path, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let unwritable = || format!("cannot write `{}`", path.display());
    // Through a symbolic link, as other tools write.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => {
            let error =
                anyhow!("cannot write `{}`: it is a directory; give a file name", path.display());
            return Err(mark(error, ErrorKind::Io));
        }
        // A pipe or a device cannot be replaced.
        Ok(found) if !found.is_file() => {
            return write(&File::options().write(true).open(&target).with_context(unwritable)?);
        }
        _ => {}
    }
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".wasm-vfs-")
        // What any new file gets: the umask takes its part away.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .with_context(unwritable)?;
    let written = write(temporary.as_file())?;
    temporary.persist(&target).map_err(|failure| failure.error).with_context(unwritable)?;
    Ok(written)
}

/// Writes through a buffer, counting.
fn write_to(
    out: impl Write,
    progress: &dyn Progress,
    contents: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<u64> {
    let mut counting = Counting { out, progress, written: 0 };
    {
        let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, &mut counting);
        contents(&mut buffered)?;
        buffered.flush().context("cannot write the output")?;
    }
    Ok(counting.written)
}

struct Counting<'a, W> {
    out: W,
    progress: &'a dyn Progress,
    written: u64,
}

impl<W: Write> Write for Counting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.written += written as u64;
        self.progress.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
