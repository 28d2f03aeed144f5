//! What a layer says beyond what an archive says: how a directory differs from what it was.
//!
//! What was there before can be gone ([`whiteout`](crate::host_api::tar::whiteout)), and a member takes the place
//! of whatever was there before, with all that is in it. What the layer itself has brought stays,
//! whatever comes after it.

use wasm_vfs_core::{AtFlags, Errno, Fd, FileType, Fs, OFlags, ResolveFlags};

use super::destination::{BENEATH, Destination, Place, Purpose};
use super::sweep::{Spare, holds_brought, reset, sweep};
use crate::bytes::{append, copy};
use crate::host_api::embedder::Embedder;
use crate::host_api::remove::DIRECTORY;
use crate::host_api::system::{ino_of, lstat, rename, rmdir, stat, unlink};
use crate::host_api::tar::whiteout::Whiteout;
use crate::platform::Host;

impl Destination {
    /// Gives the member the place of a directory that was there before, with all that is in it.
    ///
    /// # Errors
    ///
    /// `EISDIR`: the layer itself has brought the directory, or something in it.
    pub(super) fn replace_directory(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        place: &Place<'_>,
    ) -> Result<(), Errno> {
        if self.is_brought(fs, embedder, place)? {
            return Err(Errno::EISDIR);
        }
        let (from, path) = (place.from, place.path);
        let brought = &self.brought;
        let holds = with_directory(fs, embedder, from, path, |fs, embedder, fd| {
            holds_brought(fs, embedder, fd, brought)
        })?;
        if holds {
            return Err(Errno::EISDIR);
        }
        let (directory, aside) = (self.directory, &self.aside);
        self.set_aside(fs, embedder, place)?;
        let swept = with_directory(fs, embedder, directory, aside, |fs, embedder, fd| {
            sweep(fs, embedder, fd, brought, Spare::Nothing)
        });
        let process = &embedder.process;
        let removed = swept.and_then(|_| rmdir(fs, process, directory, aside));
        if removed.is_err() {
            // Something in it cannot be removed.
            let (aside, unfinished) = ((directory, &aside[..]), &self.unfinished[..]);
            rename(fs, process, (place.from, place.path), (directory, unfinished))?;
            rename(fs, process, aside, (place.from, place.path))?;
        }
        removed
    }

    /// Gives the unfinished member its place, and what is there another name.
    ///
    /// # Errors
    ///
    /// What rename(2) answers; then what was there is there.
    pub(super) fn set_aside(
        &self,
        fs: &mut Fs<Host>,
        embedder: &Embedder,
        place: &Place<'_>,
    ) -> Result<(), Errno> {
        let (process, there) = (&embedder.process, (place.from, place.path));
        let aside = (self.directory, &self.aside[..]);
        rename(fs, process, there, aside)?;
        let renamed = rename(fs, process, (self.directory, &self.unfinished), there);
        if renamed.is_err() {
            rename(fs, process, aside, there)?;
        }
        renamed
    }

    /// Notes the time of a directory in which a layer is about to change something, at the first
    /// time: the one that is reached from `from`, and has this path in the archive.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory. What newfstatat(2) answers; one that is not there has no time.
    pub(super) fn keep_time(
        &mut self,
        fs: &Fs<Host>,
        embedder: &Embedder,
        from: Fd,
        directory: &[u8],
        path: &[u8],
    ) -> Result<(), Errno> {
        if self.purpose == Purpose::Archive {
            return Ok(());
        }
        let stat = match stat(fs, &embedder.process, from, directory, AtFlags::empty()) {
            Err(Errno::ENOENT) => return Ok(()),
            stat => stat?,
        };
        // No entry has an empty name: this one says that the directory is known.
        if !self.brought.has(stat.st_ino, b"") {
            self.touched.try_reserve(1)?;
            self.brought.prepare()?;
            let mut kept = copy(path)?;
            // What a link leads to, not the link.
            append(&mut kept, if path.is_empty() { b"." } else { b"/." })?;
            self.touched.push((kept, stat.st_mtime));
            self.brought.note(stat.st_ino, b"");
        }
        Ok(())
    }

    /// Whether a layer has brought what is there.
    pub(super) fn is_brought(
        &self,
        fs: &Fs<Host>,
        embedder: &Embedder,
        place: &Place<'_>,
    ) -> Result<bool, Errno> {
        let (parent, name) = place.parts();
        let stat = stat(fs, &embedder.process, place.from, parent, AtFlags::empty())?;
        Ok(self.brought.has(stat.st_ino, name))
    }

    /// Notes that a layer has brought what is there.
    pub(super) fn note(
        &mut self,
        fs: &Fs<Host>,
        embedder: &Embedder,
        place: &Place<'_>,
    ) -> Result<(), Errno> {
        if self.purpose == Purpose::Layer {
            let (parent, name) = place.parts();
            let stat = stat(fs, &embedder.process, place.from, parent, AtFlags::empty())?;
            self.brought.note(stat.st_ino, name);
        }
        Ok(())
    }

    /// Removes what a whiteout says is gone, as far as it was there before the layer.
    ///
    /// # Errors
    ///
    /// What the path walk and unlinkat(2) answer; where nothing is, nothing is gone.
    pub(super) fn whiteout(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        whiteout: Whiteout<'_>,
    ) -> Result<(), Errno> {
        match whiteout {
            Whiteout::Name(parent, name) => {
                self.with_inner(fs, embedder, parent, |destination, fs, embedder, fd| {
                    destination.remove_name(fs, embedder, *fd, name)
                })
            }
            Whiteout::All(path) => {
                self.to_sweep.try_reserve(1)?;
                let kept = copy(path)?;
                let mut has_spared = false;
                self.with_inner(fs, embedder, path, |destination, fs, embedder, fd| {
                    let spare = Spare::Irreplaceable;
                    has_spared = sweep(fs, embedder, fd, &destination.brought, spare)?;
                    Ok(())
                })?;
                if has_spared {
                    self.to_sweep.push(kept);
                }
                Ok(())
            }
        }
    }

    /// Runs `body`, unconfined, with a directory of the destination, if it is there.
    pub(super) fn with_inner(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
        body: impl FnOnce(&mut Self, &mut Fs<Host>, &mut Embedder, &mut Fd) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let kept_path = path;
        let path = if path.is_empty() { b"." } else { path };
        let opened = self.at(fs, embedder, path, |destination, fs, embedder, place| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let fd = embedder.open(fs, place.from, place.path, flags, 0)?;
            let kept = destination.keep_time(fs, embedder, fd, b".", kept_path);
            if kept.is_err() {
                embedder.close(fs, fd)?;
            }
            kept.map(|()| fd)
        });
        let mut fd = match opened {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(()),
            opened => opened?,
        };
        embedder.confine(ResolveFlags::empty());
        let result = body(self, fs, embedder, &mut fd);
        embedder.confine(BENEATH);
        embedder.close(fs, fd)?;
        result
    }

    /// Removes a name of a directory, with all beneath it, but for what the layer has brought.
    fn remove_name(
        &self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        directory: Fd,
        name: &[u8],
    ) -> Result<(), Errno> {
        let process = &embedder.process;
        let is_directory = match lstat(fs, process, directory, name) {
            Err(Errno::ENOENT) => return Ok(()),
            stat => stat?.file_type() == FileType::Directory,
        };
        let is_brought = self.brought.has(ino_of(fs, process, directory)?, name);
        if !is_directory {
            return if is_brought { Ok(()) } else { unlink(fs, process, directory, name) };
        }
        if !is_brought {
            match rmdir(fs, process, directory, name) {
                Err(Errno::ENOTEMPTY) => {}
                result => return result,
            }
        }
        let brought = &self.brought;
        with_directory(fs, embedder, directory, name, |fs, embedder, fd| {
            sweep(fs, embedder, fd, brought, Spare::Nothing)
        })?;
        if is_brought {
            return Ok(());
        }
        match rmdir(fs, &embedder.process, directory, name) {
            Err(Errno::ENOTEMPTY) => reset(fs, embedder, directory, name),
            result => result,
        }
    }
}

/// Runs `body`, unconfined, with an open directory; its descriptor may be replaced.
fn with_directory<T>(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    from: Fd,
    path: &[u8],
    body: impl FnOnce(&mut Fs<Host>, &mut Embedder, &mut Fd) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut fd = embedder.open(fs, from, path, DIRECTORY, 0)?;
    let confined = embedder.confined();
    embedder.confine(ResolveFlags::empty());
    let result = body(fs, embedder, &mut fd);
    embedder.confine(confined);
    embedder.close(fs, fd)?;
    result
}
