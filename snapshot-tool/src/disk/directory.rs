//! A directory of the disk that is filled with a tree: entries in any order in which each comes
//! after the directory that it is in.
//!
//! Everything is made relative to open directories and without following symbolic links, so nothing
//! outside is touched, whatever links the tree or the directory hold. Owners are not given, and
//! device nodes not made: only root could.

use super::new_entry::{Existing, NewFile, make};
use super::places::{Cursor, Places, TOP, directory_flags};
use crate::disk::xattrs;
use crate::error::InnerResult;
use crate::tree::{Metadata, Xattr};
use anyhow::{Context as _, anyhow};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The number of a directory that is being filled.
pub(crate) use super::places::TOP as TOP_DIRECTORY;

/// A directory that is being filled.
#[derive(Debug)]
pub(crate) struct DirectoryWriter {
    existing: Existing,
    places: Places,
    /// For each place the metadata and the extended attributes that it gets at the end: making
    /// entries changes times, and a mode may forbid it.
    metadata: Vec<Option<Dress>>,
    /// Where entries are made.
    here: Cursor,
    /// Where the files are that get one more name: elsewhere, but mostly near the last one.
    originals: Cursor,
}

impl DirectoryWriter {
    /// Begins with a directory that is there.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub(crate) fn open(directory: &Path, existing: Existing) -> InnerResult<Self> {
        let top = fs::open(directory, directory_flags() - OFlags::NOFOLLOW, Mode::empty())?;
        let places = Places::beneath(top.as_fd())?;
        let originals = Cursor::at_top(top.try_clone()?);
        let here = Cursor::at_top(top);
        Ok(Self { existing, places, metadata: vec![None], here, originals })
    }

    /// Says what the directory itself gets at the end.
    pub(crate) fn dress_top(&mut self, metadata: Metadata, xattrs: &[Xattr]) {
        self.metadata[TOP] = Some((metadata, xattrs.into()));
    }

    /// Makes a directory in one that is being filled, or uses one that is there; returns its
    /// number.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something else is there.
    pub(crate) fn directory(
        &mut self,
        parent: usize,
        name: &[u8],
        metadata: Metadata,
        xattrs: &[Xattr],
    ) -> InnerResult<usize> {
        let directory = self.go(parent)?;
        let file_name = OsStr::from_bytes(name);
        match fs::mkdirat(directory, file_name, Mode::RWXU) {
            Err(Errno::EXIST) => {
                let open = fs::openat(directory, file_name, directory_flags(), Mode::empty())
                    .map_err(|_| anyhow!("it exists and is no directory"))?;
                if self.existing == Existing::Replace {
                    // Its mode may forbid replacing what is in it; the tree's comes last.
                    fs::fchmod(&open, Mode::RWXU)?;
                }
            }
            made => made?,
        }
        self.metadata.push(Some((metadata, xattrs.into())));
        Ok(self.places.add(parent, name))
    }

    /// Begins a file; it is there when [`finish_file`](Self::finish_file) says so.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something is there already.
    pub(crate) fn begin_file(&mut self, parent: usize, name: &[u8]) -> InnerResult<NewFile> {
        let existing = self.existing;
        NewFile::begin(self.go(parent)?, name, existing)
    }

    /// Gives a file, whose contents are there, its mode, its time, its attributes and its name.
    ///
    /// # Errors
    ///
    /// When it cannot be, or something is there already.
    pub(crate) fn finish_file(
        &self,
        mut file: NewFile,
        name: &[u8],
        metadata: &Metadata,
        xattrs: &[Xattr],
    ) -> InnerResult<()> {
        file.out.finish()?;
        xattrs::set(file.out.file().as_fd(), xattrs)?;
        dress(file.out.file().as_fd(), metadata)?;
        file.finish(name)
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something is there already.
    pub(crate) fn symlink(
        &mut self,
        parent: usize,
        name: &[u8],
        target: &[u8],
        metadata: &Metadata,
    ) -> InnerResult<()> {
        let existing = self.existing;
        let directory = self.go(parent)?;
        let target = OsStr::from_bytes(target);
        make(directory, name, existing, |name| fs::symlinkat(target, directory, name))?;
        let (name, times) = (OsStr::from_bytes(name), timestamps(metadata));
        Ok(fs::utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Makes a pipe.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something is there already.
    pub(crate) fn fifo(
        &mut self,
        parent: usize,
        name: &[u8],
        metadata: &Metadata,
    ) -> InnerResult<()> {
        let existing = self.existing;
        let directory = self.go(parent)?;
        make(directory, name, existing, |name| {
            fs::mknodat(directory, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        })?;
        let (name, times) = (OsStr::from_bytes(name), timestamps(metadata));
        // Not opened: that would wait for whoever has the other end.
        let mode = Mode::from_raw_mode(metadata.mode.into());
        fs::chmodat(directory, name, mode, AtFlags::empty())?;
        Ok(fs::utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Makes one more name of a file or a symbolic link that was made: of this name in this
    /// directory.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something is there already.
    pub(crate) fn hard_link(
        &mut self,
        parent: usize,
        name: &[u8],
        (place, original): (usize, &[u8]),
    ) -> InnerResult<()> {
        self.go(parent)?;
        self.originals.go(&mut self.places, place)?;
        let (directory, from) = (self.here.fd(), self.originals.fd());
        let original = OsStr::from_bytes(original);
        make(directory, name, self.existing, |name| {
            fs::linkat(from, original, directory, name, AtFlags::empty())
        })
    }

    /// Gives directories their modes and times, from the bottom; the top one gets its own from what
    /// is returned.
    ///
    /// # Errors
    ///
    /// When one cannot get them; with its number.
    pub(crate) fn finish(mut self) -> Result<Top, (usize, anyhow::Error)> {
        for place in (TOP + 1..self.places.len()).rev() {
            self.finish_one(place).map_err(|error| (place, error))?;
        }
        let top = self.go(TOP).and_then(|top| Ok(top.try_clone_to_owned()?));
        let open = top.map_err(|error| (TOP, error))?;
        Ok(Top { open, dress: self.metadata[TOP].take() })
    }

    fn finish_one(&mut self, place: usize) -> InnerResult<()> {
        let Some((metadata, xattrs)) = self.metadata[place].take() else { return Ok(()) };
        let open = self.go(place)?.try_clone_to_owned()?;
        // Away from it before its mode may forbid that.
        let parent = self.places.parent(place);
        self.go(parent)?;
        xattrs::set(open.as_fd(), &xattrs)?;
        dress(open.as_fd(), &metadata)
    }

    fn go(&mut self, place: usize) -> InnerResult<BorrowedFd<'_>> {
        self.here.go(&mut self.places, place).context("cannot open the directory that it is in")?;
        Ok(self.here.fd())
    }
}

/// A directory that was filled, open.
#[derive(Debug)]
pub(crate) struct Top {
    open: OwnedFd,
    dress: Option<Dress>,
}

/// What a directory gets at the end.
type Dress = (Metadata, Box<[Xattr]>);

impl Top {
    /// Gives it its mode and its time, after which nothing of it may change.
    ///
    /// # Errors
    ///
    /// When it cannot get them.
    pub(crate) fn dress(self) -> InnerResult<()> {
        let Some((metadata, xattrs)) = &self.dress else { return Ok(()) };
        xattrs::set(self.open.as_fd(), xattrs)?;
        dress(self.open.as_fd(), metadata)
    }
}

fn dress(file: BorrowedFd<'_>, metadata: &Metadata) -> InnerResult<()> {
    fs::fchmod(file, Mode::from_raw_mode(metadata.mode.into()))?;
    fs::futimens(file, &timestamps(metadata))?;
    Ok(())
}

/// The modification time for both: when a file was last read is not kept.
fn timestamps(metadata: &Metadata) -> Timestamps {
    let time = Timespec { tv_sec: metadata.mtime_sec, tv_nsec: i64::from(metadata.mtime_nsec) };
    Timestamps { last_access: time, last_modification: time }
}
