//! Removes what was in a directory before a layer, and leaves what the layer has brought.
//!
//! It goes as [`remove`](crate::host_api::remove) does: down by descriptor and up by `..`, so no
//! tree is too deep. Where there is no memory to remember the way back, it finds the entry that it
//! came from by its inode number.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fd, FileType, Fs};

use super::brought::Brought;
use crate::defect::OrDefect;
use crate::host_api::embedder::Embedder;
use crate::host_api::make::PARENT_MODE;
use crate::host_api::remove::{DIRECTORY, Entry, go};
use crate::host_api::system::{ino_of, own, rmdir, unlink};
use crate::host_api::tar::xattrs;
use crate::platform::Host;

/// What is not removed although it was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spare {
    /// Nothing.
    Nothing,
    /// Directories that the layer may yet bring, and that it could not make again: those that list
    /// descriptors, and those of the WASI host.
    Irreplaceable,
}

/// A sweep under way.
struct Sweep<'a> {
    fs: &'a mut Fs<Host>,
    embedder: &'a mut Embedder,
    /// The directory that is being swept.
    fd: &'a mut Fd,
    /// Its inode number.
    ino: u64,
    brought: &'a Brought,
    spare: Spare,
    /// Whether something was spared.
    has_spared: bool,
}

/// Removes what an open directory holds, but for what the layer has brought. `fd` is left on the
/// directory at which it ended. The process is not confined.
///
/// A directory that was there before stays if something is in it that the layer has brought; it
/// gets the mode and the owner of one that is made for what is in it. Says whether something was
/// spared.
///
/// # Errors
///
/// What unlinkat(2) and openat(2) answer; `EBUSY`: a directory of the WASI host's.
pub(super) fn sweep(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    fd: &mut Fd,
    brought: &Brought,
    spare: Spare,
) -> Result<bool, Errno> {
    let ino = ino_of(fs, &embedder.process, *fd)?;
    let mut sweep = Sweep { fs, embedder, fd, ino, brought, spare, has_spared: false };
    sweep.run()?;
    Ok(sweep.has_spared)
}

/// Whether a directory holds anything that the layer has brought, at any depth. As [`sweep`] in
/// everything else.
///
/// # Errors
///
/// What openat(2) answers.
pub(super) fn holds_brought(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    fd: &mut Fd,
    brought: &Brought,
) -> Result<bool, Errno> {
    if brought.is_empty() {
        return Ok(false);
    }
    let ino = ino_of(fs, &embedder.process, *fd)?;
    let spare = Spare::Nothing;
    let mut sweep = Sweep { fs, embedder, fd, ino, brought, spare, has_spared: false };
    sweep.finds_brought()
}

/// The cookies of the entries that were entered, from the top; as many as there was memory for.
#[derive(Default)]
struct WayBack {
    depth: usize,
    cookies: Vec<u64>,
}

impl Sweep<'_> {
    fn run(&mut self) -> Result<(), Errno> {
        let mut way = WayBack::default();
        let mut cookie = 0;
        loop {
            let Some(entry) = self.entry(cookie)? else {
                if way.depth == 0 {
                    return Ok(());
                }
                let entry = self.ascend(&mut way)?;
                if !self.brought.has(self.ino, entry.name()) {
                    self.remove_swept(&entry)?;
                }
                cookie = entry.next;
                continue;
            };
            let is_brought = self.brought.has(self.ino, entry.name());
            if entry.file_type != FileType::Directory {
                if !is_brought {
                    self.remove(&entry)?;
                }
                cookie = entry.next;
                continue;
            }
            if !is_brought && self.spare == Spare::Nothing {
                match self.remove(&entry) {
                    Err(Errno::ENOTEMPTY) => {}
                    result => {
                        result?;
                        cookie = entry.next;
                        continue;
                    }
                }
            }
            self.descend(&mut way, cookie, &entry)?;
            cookie = 0;
        }
    }

    fn finds_brought(&mut self) -> Result<bool, Errno> {
        let mut way = WayBack::default();
        let mut cookie = 0;
        loop {
            let Some(entry) = self.entry(cookie)? else {
                if way.depth == 0 {
                    return Ok(false);
                }
                cookie = self.ascend(&mut way)?.next;
                continue;
            };
            if self.brought.has(self.ino, entry.name()) {
                return Ok(true);
            }
            if entry.file_type == FileType::Directory {
                self.descend(&mut way, cookie, &entry)?;
                cookie = 0;
            } else {
                cookie = entry.next;
            }
        }
    }

    /// The entry at `cookie`. The names in a directory that lists descriptors are no entries.
    fn entry(&self, cookie: u64) -> Result<Option<Entry>, Errno> {
        if lists_descriptors(self.fs, self.embedder, *self.fd)? {
            return Ok(None);
        }
        Entry::first_from(self.fs, &self.embedder.process, *self.fd, cookie)
    }

    fn remove(&mut self, entry: &Entry) -> Result<(), Errno> {
        let (process, fd) = (&self.embedder.process, *self.fd);
        let removed = match entry.file_type {
            FileType::Directory => rmdir(self.fs, process, fd, entry.name()),
            _ => unlink(self.fs, process, fd, entry.name()),
        };
        match removed {
            Err(Errno::EBUSY) if self.spare == Spare::Irreplaceable => {
                self.has_spared = true;
                Ok(())
            }
            result => result,
        }
    }

    /// Removes a directory that was swept; if something is left in it, what it was is gone.
    fn remove_swept(&mut self, entry: &Entry) -> Result<(), Errno> {
        let (fd, name) = (*self.fd, entry.name());
        if self.spare == Spare::Irreplaceable {
            let swept = self.embedder.open(self.fs, fd, name, DIRECTORY, 0)?;
            let lists = lists_descriptors(self.fs, self.embedder, swept);
            self.embedder.close(self.fs, swept)?;
            if lists? {
                self.has_spared = true;
                return Ok(());
            }
        }
        match self.remove(entry) {
            // What is in it may go later.
            Err(Errno::ENOTEMPTY) if self.has_spared => Ok(()),
            Err(Errno::ENOTEMPTY) => reset(self.fs, self.embedder, fd, name),
            result => result,
        }
    }

    fn descend(&mut self, way: &mut WayBack, cookie: u64, entry: &Entry) -> Result<(), Errno> {
        go(self.fs, self.embedder, self.fd, entry.name())?;
        self.ino = ino_of(self.fs, &self.embedder.process, *self.fd)?;
        if way.cookies.len() == way.depth && way.cookies.try_reserve(1).is_ok() {
            way.cookies.push(cookie);
        }
        way.depth += 1;
        Ok(())
    }

    /// Goes up; the entry that it came from.
    fn ascend(&mut self, way: &mut WayBack) -> Result<Entry, Errno> {
        let from = self.ino;
        go(self.fs, self.embedder, self.fd, b"..")?;
        self.ino = ino_of(self.fs, &self.embedder.process, *self.fd)?;
        way.depth -= 1;
        let mut cookie = 0;
        if way.cookies.len() > way.depth {
            cookie = way.cookies.pop().unwrap_or(0);
        }
        loop {
            let entry = self.entry(cookie)?.or_defect()?;
            if entry.ino == from {
                return Ok(entry);
            }
            cookie = entry.next;
        }
    }
}

#[inline(never)]
fn lists_descriptors(fs: &Fs<Host>, embedder: &Embedder, fd: Fd) -> Result<bool, Errno> {
    fs.lists_descriptors(&embedder.process, fd)
}

/// Lets a directory be as one that was made for what is in it.
///
/// # Errors
///
/// What fchmodat(2) and fchownat(2) answer.
pub(super) fn reset(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    parent: Fd,
    name: &[u8],
) -> Result<(), Errno> {
    own(fs, &embedder.process, (parent, name), (0, 0), Some(PARENT_MODE))?;
    xattrs::set(fs, embedder, parent, name, &[], xattrs::Others::Go)
}
