//! Files and directories on their way to a name: made beside it, and renamed when they are complete.
//!
//! A process that is killed leaves its own behind. So the name tells what it is, the next process
//! that writes to the same destination removes it, and no tree takes one in. Whether somebody still
//! writes to it is told by a lock, which ends with its process; a process number would be reused.

use crate::disk::removal::remove_tree;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile, TempDir};

/// Between the destination's name, which a dot precedes, and the random part.
const MARK: &str = ".wasm-vfs-";
/// How many letters and digits the random part has.
const RANDOM_CHARACTERS: usize = 6;
/// Behind the random part.
const SUFFIX: &str = ".tmp";

/// How much of the destination's name is in a temporary one: with the rest, at most the 255 bytes
/// that filesystems allow.
const MAX_KEPT_BYTES: usize = 200;

/// How often another process may take a new file for one that was left behind.
const ATTEMPTS: usize = 8;

/// Whether a name is one that this module gives.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let Some(random) = name.strip_suffix(SUFFIX.as_bytes()) else { return false };
    let Some((rest, random)) = random.split_last_chunk::<RANDOM_CHARACTERS>() else { return false };
    let Some(destination) = rest.strip_suffix(MARK.as_bytes()) else { return false };
    destination.len() > 1
        && destination.starts_with(b".")
        && random.iter().all(u8::is_ascii_alphanumeric)
}

/// The directory that holds a file.
fn directory_of(destination: &Path) -> &Path {
    match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What the names begin with of all that is on its way to `destination`.
fn prefix(destination: &Path) -> OsString {
    let name = destination.file_name().unwrap_or(OsStr::new("output")).as_bytes();
    let kept = &name[..name.len().min(MAX_KEPT_BYTES)];
    OsString::from_vec([b".", kept, MARK.as_bytes()].concat())
}

/// A name for an entry of the same directory that is not complete; whoever finds it taken tries the
/// next number.
pub(crate) fn name_for(destination: &OsStr, number: u32) -> OsString {
    let mut name = prefix(Path::new(destination));
    name.push(format!("{:06x}{SUFFIX}", number & 0xff_ffff));
    name
}

/// A new file of this mode, less the umask, beside `destination`. It goes away unless it is renamed.
///
/// # Errors
///
/// When none can be made there.
pub(crate) fn file_beside(destination: &Path, mode: u32) -> io::Result<NamedTempFile> {
    remove_left_behind(destination);
    held(|| {
        let made = Builder::new()
            .prefix(&prefix(destination))
            .rand_bytes(RANDOM_CHARACTERS)
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(directory_of(destination))?;
        let open = made.as_file().try_clone()?;
        Ok((made, open))
    })
    .map(|(made, _)| made)
}

/// A new directory beside another that is to be made.
#[derive(Debug)]
pub(crate) struct TemporaryDirectory {
    directory: TempDir,
    /// Holds the lock.
    _open: File,
}

impl TemporaryDirectory {
    /// Makes it beside `destination`. It goes away, with all that is in it, when this is dropped.
    ///
    /// # Errors
    ///
    /// When none can be made there.
    pub(crate) fn beside(destination: &Path) -> io::Result<Self> {
        remove_left_behind(destination);
        let (directory, open) = held(|| {
            let made = Builder::new()
                .prefix(&prefix(destination))
                .rand_bytes(RANDOM_CHARACTERS)
                .suffix(SUFFIX)
                .tempdir_in(directory_of(destination))?;
            let open = open_found(made.path())?;
            Ok((made, open))
        })?;
        Ok(Self { directory, _open: open })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Removes it.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub(crate) fn close(self) -> io::Result<()> {
        self.directory.close()
    }
}

/// What `make` makes, locked. It also returns it opened.
fn held<T>(make: impl Fn() -> io::Result<(T, File)>) -> io::Result<(T, File)> {
    for _ in 0..ATTEMPTS {
        let (made, open) = make()?;
        match lock(&open) {
            // Between the two somebody may have taken it for left behind, and removed it.
            Ok(()) if open.metadata()?.nlink() == 0 => {}
            Err(Errno::WOULDBLOCK) => {}
            // A filesystem without locks: nobody can lock it to remove it, either.
            Ok(()) | Err(_) => return Ok((made, open)),
        }
    }
    Err(io::Error::other("other processes remove each temporary file at once"))
}

fn lock(open: impl AsFd) -> rustix::io::Result<()> {
    flock(open, FlockOperation::NonBlockingLockExclusive)
}

fn open_found(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?.into())
}

/// Removes what killed processes left beside `destination`. What cannot be removed stays: it is in
/// nobody's way.
fn remove_left_behind(destination: &Path) {
    let Ok(entries) = fs::read_dir(directory_of(destination)) else { return };
    let prefix = prefix(destination);
    let left = entries.filter_map(Result::ok).filter(|entry| {
        let name = entry.file_name();
        let random = name.as_bytes().strip_prefix(prefix.as_bytes());
        random.is_some_and(|random| random.len() == RANDOM_CHARACTERS + SUFFIX.len())
            && is_temporary(&name)
    });
    for path in left.map(|entry| entry.path()) {
        let _ = remove_unless_locked(path);
    }
}

fn remove_unless_locked(path: PathBuf) -> io::Result<()> {
    let open = open_found(&path)?;
    let kind = open.metadata()?.file_type();
    lock(&open)?;
    if kind.is_dir() {
        Ok(remove_tree(&path)?)
    } else if kind.is_file() {
        fs::remove_file(path)
    } else {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn names_are_known() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["out.wasm", "o", &"n".repeat(255)] {
            assert!(is_temporary(&name_for(name.as_ref(), 0x1_234_567)));
            let made = file_beside(&directory.path().join(name), 0o666).unwrap();
            let name = made.path().file_name().unwrap();
            assert!(is_temporary(name), "{name:?}");
        }
        for name in
            ["out.wasm", ".wasm-vfs-abcdef.tmp", "x.wasm-vfs-abcdef.tmp", ".x.wasm-vfs-ab.tmp"]
        {
            assert!(!is_temporary(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_was_left_behind_is_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let file = |name: &str| fs::write(directory.path().join(name), "x").unwrap();
        // Of a dead process; of another destination; of nobody.
        file(".out.wasm-vfs-abcdef.tmp");
        fs::create_dir(directory.path().join(".out.wasm-vfs-direct.tmp")).unwrap();
        file(".out.wasm-vfs-direct.tmp/f");
        file(".out2.wasm-vfs-abcdef.tmp");
        file(".out.wasm-vfs-.tmp");
        let living = file_beside(&out, 0o666).unwrap();
        let also_living = TemporaryDirectory::beside(&out).unwrap();
        drop(file_beside(&out, 0o666).unwrap());
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut expected = vec![
            ".out.wasm-vfs-.tmp".to_owned(),
            ".out2.wasm-vfs-abcdef.tmp".to_owned(),
            name(living.path()),
            name(also_living.path()),
        ];
        expected.sort();
        assert_eq!(names(directory.path()), expected);
        drop(living);
        also_living.close().unwrap();
        assert_eq!(names(directory.path()), [".out.wasm-vfs-.tmp", ".out2.wasm-vfs-abcdef.tmp"]);
    }
}
