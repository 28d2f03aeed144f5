//! The way from directory to directory beneath one of the disk, with one descriptor: down by a
//! name, up by `..`. Symbolic links are never followed, paths have no length, and nothing recurses.
//!
//! A directory that somebody else moves or replaces meanwhile is noticed: each is known by its
//! inode once it was entered.

use rustix::fs::{self, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

/// The number of the directory that is at the top.
pub(crate) const TOP: usize = 0;

/// How a directory is opened: itself, not what a symbolic link points at.
pub(crate) fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Device and inode number.
pub(crate) type Identity = (u64, u64);

/// Which file something is.
#[allow(clippy::unnecessary_cast, reason = "the types differ from system to system")]
#[allow(clippy::cast_sign_loss, reason = "the numbers are only compared")]
pub(crate) fn identity(stat: &Stat) -> Identity {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// Directories that are known, by numbers in the order in which they were added. Each comes after
/// the one that it is in.
#[derive(Debug)]
pub(crate) struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    parent: usize,
    /// How many directories it is beneath the top.
    depth: usize,
    name: Vec<u8>,
    /// Known when it was first entered.
    identity: Option<Identity>,
}

impl Places {
    /// Only the top, which is open.
    ///
    /// # Errors
    ///
    /// What fstat(2) answers.
    pub(crate) fn beneath(top: BorrowedFd<'_>) -> Result<Self, Errno> {
        let identity = Some(identity(&fs::fstat(top)?));
        Ok(Self(vec![Place { parent: TOP, depth: 0, name: Vec::new(), identity }]))
    }

    /// Adds a directory; returns its number.
    pub(crate) fn add(&mut self, parent: usize, name: &[u8]) -> usize {
        let depth = self.0[parent].depth + 1;
        self.0.push(Place { parent, depth, name: name.to_vec(), identity: None });
        self.0.len() - 1
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of the directory that one is in; the top is in itself.
    pub(crate) fn parent(&self, place: usize) -> usize {
        self.0[place].parent
    }
}

/// A directory that is open, and can become another.
#[derive(Debug)]
pub(crate) struct Cursor {
    at: usize,
    open: OwnedFd,
}

impl Cursor {
    /// At the top, which is open.
    pub(crate) fn at_top(open: OwnedFd) -> Self {
        Self { at: TOP, open }
    }

    /// The directory.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.open.as_fd()
    }

    /// Goes to another directory: up as far as must be, then down.
    ///
    /// # Errors
    ///
    /// What openat(2) answers; `ESTALE` if a directory is not the one that it was. The cursor is
    /// then where it came to.
    pub(crate) fn go(&mut self, places: &mut Places, to: usize) -> Result<(), Errno> {
        let mut down = Vec::new();
        let mut target = to;
        while self.at != target {
            if places.0[target].depth >= places.0[self.at].depth {
                down.push(target);
                target = places.parent(target);
            } else {
                self.enter(places, b"..", places.parent(self.at))?;
            }
        }
        while let Some(place) = down.pop() {
            let name = std::mem::take(&mut places.0[place].name);
            let entered = self.enter(places, &name, place);
            places.0[place].name = name;
            entered?;
        }
        Ok(())
    }

    /// Goes to the directory that has a name here.
    fn enter(&mut self, places: &mut Places, name: &[u8], place: usize) -> Result<(), Errno> {
        let name = OsStr::from_bytes(name);
        let open = fs::openat(&self.open, name, directory_flags(), Mode::empty())?;
        let found = identity(&fs::fstat(&open)?);
        if *places.0[place].identity.get_or_insert(found) != found {
            return Err(Errno::STALE);
        }
        (self.at, self.open) = (place, open);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn open(path: &std::path::Path) -> OwnedFd {
        fs::open(path, directory_flags(), Mode::empty()).unwrap()
    }

    #[test]
    fn a_cursor_goes_anywhere_and_notices_moves() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join("a/b/c")).unwrap();
        std::fs::create_dir_all(path.join("x/y")).unwrap();
        let top = open(path);
        let mut places = Places::beneath(top.as_fd()).unwrap();
        let a = places.add(TOP, b"a");
        let b = places.add(a, b"b");
        let c = places.add(b, b"c");
        let x = places.add(TOP, b"x");
        let y = places.add(x, b"y");
        let mut cursor = Cursor::at_top(top);
        for (to, name) in [(c, "a/b/c"), (y, "x/y"), (TOP, "."), (b, "a/b"), (a, "a"), (c, "a/b/c")]
        {
            cursor.go(&mut places, to).unwrap();
            let expected = fs::fstat(open(&path.join(name))).unwrap();
            assert_eq!(identity(&fs::fstat(cursor.fd()).unwrap()), identity(&expected), "{name}");
        }
        // From within a directory that was moved, `..` leads elsewhere.
        std::fs::rename(path.join("a/b/c"), path.join("x/c")).unwrap();
        assert_eq!(cursor.go(&mut places, b), Err(Errno::STALE));
        // What took the place of a directory is not entered.
        let mut cursor = Cursor::at_top(open(path));
        std::fs::remove_dir(path.join("x/y")).unwrap();
        std::os::unix::fs::symlink("../a", path.join("x/y")).unwrap();
        assert!(cursor.go(&mut places, y).is_err());
    }
}
