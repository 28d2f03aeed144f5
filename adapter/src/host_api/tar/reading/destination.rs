//! Where the members of an archive go: a directory of the tree.
//!
//! A member appears when it is complete: a file is written under a name of its own in that
//! directory and renamed. Nothing leads out of the directory, whatever links the archive or the
//! tree holds. [`import`](super::import) reads the archive and says what is to be made.
//!
//! What a layer says beyond that is in [`replace`](super::replace).

use alloc::vec::Vec;

use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Dev, Errno, Fd, FileType, Fs, OFlags, PATH_MAX, Process, ResolveFlags,
    Timespec,
};

use super::brought::Brought;
use super::sweep::{Spare, sweep};
use crate::bytes::{append, append_decimal, copy};
use crate::host_api::embedder::Embedder;
use crate::host_api::make::{PARENT_MODE, make_directory, with_parents};
use crate::host_api::system::{date, lstat, mkdir, own, rename, rmdir, symlink, unlink};
use crate::host_api::tar::member::{Member, check_encoding, clean};
use crate::host_api::tar::xattrs::{self, Others};
use crate::platform::Host;

/// What a member is called until it is complete; a number follows.
const UNFINISHED: &[u8] = b".wasm-vfs-import-";

/// Every name in an archive is beneath its directory.
pub(super) const BENEATH: ResolveFlags = ResolveFlags::BENEATH;

/// What an archive says of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host_api) enum Purpose {
    /// What is to be in it.
    Archive,
    /// How it differs from what it was.
    Layer,
}

/// What of a header a member gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dress {
    Fully,
    AllButMode,
    Not,
}

/// A directory that an archive goes into.
pub(super) struct Destination {
    pub(super) directory: Fd,
    /// What a member is called until it is complete: a name that was free.
    pub(super) unfinished: Vec<u8>,
    /// What is called that is to be removed: another free name.
    pub(super) aside: Vec<u8>,
    pub(super) purpose: Purpose,
    /// What a layer has brought.
    pub(super) brought: Brought,
    /// Directories that were made: their times are set at the end, after all that goes into them.
    directories: Vec<(Vec<u8>, Timespec)>,
    /// Directories that were there before a layer, in which something changed: they keep the times
    /// that they had, unless the layer has them.
    pub(super) touched: Vec<(Vec<u8>, Timespec)>,
    /// Directories of which all is gone, but for what a layer may yet bring.
    pub(super) to_sweep: Vec<Vec<u8>>,
}

/// A path from a directory that it can be reached from: [`PATH_MAX`] is not the longest path that
/// a tree has.
pub(super) struct Place<'p> {
    pub(super) from: Fd,
    pub(super) path: &'p [u8],
}

impl Place<'_> {
    /// The last name of the path, and what is before it.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        let slash = self.path.iter().rposition(|byte| *byte == b'/');
        let parent = slash.and_then(|slash| self.path.get(..slash)).unwrap_or(b".");
        let name = self.path.get(slash.map_or(0, |slash| slash + 1)..).unwrap_or_default();
        (parent, name)
    }
}

impl Destination {
    /// Opens a directory, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// What mkdirat(2) and openat(2) answer.
    pub(super) fn open(
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
        purpose: Purpose,
    ) -> Result<Destination, Errno> {
        make_directory(fs, embedder, AT_FDCWD, path, PARENT_MODE)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = embedder.open(fs, AT_FDCWD, path, flags, 0)?;
        let (unfinished, aside) = match free_names(fs, &embedder.process, directory) {
            Ok(names) => names,
            Err(errno) => {
                embedder.close(fs, directory)?;
                return Err(errno);
            }
        };
        let mut destination = Destination {
            directory,
            unfinished,
            aside,
            purpose,
            brought: Brought::default(),
            directories: Vec::new(),
            touched: Vec::new(),
            to_sweep: Vec::new(),
        };
        // What is not complete is in it.
        match destination.keep_time(fs, embedder, directory, b".", b"") {
            Ok(()) => Ok(destination),
            Err(errno) => {
                destination.close(fs, embedder);
                Err(errno)
            }
        }
    }

    /// Confines the embedder to the directory.
    pub(super) fn confine(embedder: &mut Embedder) {
        embedder.confine(BENEATH);
    }

    /// Checks that a member does not have the name of what is not complete.
    ///
    /// # Errors
    ///
    /// `EEXIST`: it does.
    pub(super) fn check_name(&self, path: &[u8]) -> Result<(), Errno> {
        let first = path.split(|byte| *byte == b'/').next();
        match first == Some(&self.unfinished[..]) || first == Some(&self.aside[..]) {
            true => Err(Errno::EEXIST),
            false => Ok(()),
        }
    }

    /// Opens the directory from which a path can be walked. [`leave`](Self::leave) it.
    fn reach<'p>(
        &self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &'p [u8],
    ) -> Result<Place<'p>, Errno> {
        let mut place = Place { from: self.directory, path };
        while place.path.len() >= PATH_MAX {
            let head = place.path.get(..PATH_MAX - 1).unwrap_or_default();
            let slash = head.iter().rposition(|byte| *byte == b'/').ok_or(Errno::ENAMETOOLONG);
            let next = slash.and_then(|slash| {
                let head = head.get(..slash).unwrap_or_default();
                let fd =
                    embedder.open(fs, place.from, head, OFlags::PATH | OFlags::DIRECTORY, 0)?;
                Ok((fd, place.path.get(slash + 1..).unwrap_or_default()))
            });
            self.leave(fs, embedder, place.from)?;
            (place.from, place.path) = next?;
        }
        Ok(place)
    }

    fn leave(&self, fs: &mut Fs<Host>, embedder: &mut Embedder, from: Fd) -> Result<(), Errno> {
        if from == self.directory { Ok(()) } else { embedder.close(fs, from) }
    }

    /// Runs `body` with a path from where it can be walked.
    pub(super) fn at<T>(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
        body: impl FnOnce(&mut Self, &mut Fs<Host>, &mut Embedder, &Place<'_>) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let place = self.reach(fs, embedder, path)?;
        let result = body(self, fs, embedder, &place);
        self.leave(fs, embedder, place.from)?;
        result
    }

    /// Makes the file that is to become a member, open for writing.
    ///
    /// # Errors
    ///
    /// What openat(2) answers; `EISDIR`: the member is the directory itself.
    pub(super) fn begin_file(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
    ) -> Result<Fd, Errno> {
        if member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::EXCL;
        embedder.open(fs, self.directory, &self.unfinished, flags, member.mode)
    }

    /// Gives the file that has been written its place.
    ///
    /// # Errors
    ///
    /// What chown(2), chmod(2), utimensat(2), setxattr(2) and rename(2) answer.
    pub(super) fn finish_file(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
    ) -> Result<(), Errno> {
        self.finish(fs, embedder, member, Dress::Fully)
    }

    /// Makes a directory, or gives one that is there what the member says.
    ///
    /// # Errors
    ///
    /// What mkdirat(2), chown(2), chmod(2) and setxattr(2) answer. `EEXIST`: something else is
    /// there, or a link to a directory, which is not the archive's to change.
    pub(super) fn directory(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
    ) -> Result<(), Errno> {
        // First of all: afterwards nothing can fail.
        self.directories.try_reserve(1)?;
        let kept = if member.path.is_empty() { copy(b".")? } else { copy(&member.path)? };
        self.at(fs, embedder, &kept, |destination, fs, embedder, place| {
            let from = place.from;
            if !member.path.is_empty() {
                let parent = place.parts().0;
                destination.keep_time(fs, embedder, from, parent, parent_of(&member.path))?;
                destination.brought.prepare()?;
                destination.directory_at(fs, embedder, place, member.mode)?;
            }
            let (owner, mode) = ((member.uid, member.gid), Some(member.mode));
            own(fs, &embedder.process, (from, place.path), owner, mode)?;
            let others =
                if destination.purpose == Purpose::Layer { Others::Go } else { Others::Stay };
            xattrs::set(fs, embedder, from, place.path, &member.xattrs, others)
        })?;
        self.directories.push((kept, member.mtime));
        Ok(())
    }

    fn directory_at(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        place: &Place<'_>,
        mode: u32,
    ) -> Result<(), Errno> {
        let Place { from, path } = *place;
        let made = make_directory(fs, embedder, from, path, mode);
        if !matches!(made, Ok(()) | Err(Errno::EEXIST)) {
            return made;
        }
        let stat = lstat(fs, &embedder.process, from, path)?;
        if stat.file_type() != FileType::Directory {
            if self.purpose == Purpose::Archive || self.is_brought(fs, embedder, place)? {
                return Err(Errno::EEXIST);
            }
            let process = &embedder.process;
            mkdir(fs, process, self.directory, &self.unfinished, mode)?;
            let replaced = self.set_aside(fs, embedder, place);
            if replaced.is_err() {
                rmdir(fs, process, self.directory, &self.unfinished)?;
            }
            replaced?;
            unlink(fs, process, self.directory, &self.aside)?;
        }
        self.note(fs, embedder, place)
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    ///
    /// What symlinkat(2) answers, and as [`finish_file`](Self::finish_file). `EILSEQ`: no program
    /// can read its target.
    pub(super) fn symlink(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
        target: &[u8],
    ) -> Result<(), Errno> {
        check_encoding(target)?;
        symlink(fs, &embedder.process, target, self.directory, &self.unfinished)?;
        self.finish(fs, embedder, member, Dress::AllButMode)
    }

    /// Makes a device or a named pipe. A device without a driver cannot be opened, so it does no
    /// harm.
    ///
    /// # Errors
    ///
    /// What mknodat(2) answers, and as [`finish_file`](Self::finish_file).
    pub(super) fn node(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
        kind: FileType,
        dev: Dev,
    ) -> Result<(), Errno> {
        let mode = kind.mode_bits() | member.mode;
        fs.mknodat(&embedder.process, self.directory, &self.unfinished, mode, dev)?;
        self.finish(fs, embedder, member, Dress::Fully)
    }

    /// Makes a further name of what is there.
    ///
    /// # Errors
    ///
    /// What linkat(2) answers, and as [`finish_file`](Self::finish_file).
    pub(super) fn hard_link(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
        original: &[u8],
    ) -> Result<(), Errno> {
        let original = clean(original)?;
        self.at(fs, embedder, &original, |destination, fs, embedder, place| {
            let Destination { directory, unfinished, .. } = destination;
            let empty = AtFlags::empty();
            fs.linkat(&embedder.process, place.from, place.path, *directory, unfinished, empty)
        })?;
        self.finish(fs, embedder, member, Dress::Not)
    }

    /// Gives the member what its header says, and its name.
    fn finish(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        member: &Member,
        dress: Dress,
    ) -> Result<(), Errno> {
        if member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        let Destination { directory, unfinished, .. } = self;
        let directory = *directory;
        if dress != Dress::Not {
            let mode = (dress == Dress::Fully).then_some(member.mode);
            let owner = (member.uid, member.gid);
            own(fs, &embedder.process, (directory, unfinished), owner, mode)?;
            xattrs::set(fs, embedder, directory, unfinished, &member.xattrs, Others::Stay)?;
            date(fs, &embedder.process, directory, unfinished, member.mtime)?;
        }
        self.at(fs, embedder, &member.path, |destination, fs, embedder, place| {
            let Place { from, path } = *place;
            destination.keep_time(fs, embedder, from, place.parts().0, parent_of(&member.path))?;
            destination.brought.prepare()?;
            let unfinished = &destination.unfinished;
            let renamed = with_parents(fs, embedder, from, path, |fs, embedder| {
                rename(fs, &embedder.process, (directory, unfinished), (from, path))
            });
            match renamed {
                Err(Errno::EISDIR) if destination.purpose == Purpose::Layer => {
                    destination.replace_directory(fs, embedder, place)?;
                }
                renamed => renamed?,
            }
            destination.note(fs, embedder, place)
        })?;
        // rename(2) does nothing if both are the same file.
        self.remove_unfinished(fs, &embedder.process)
    }

    /// Ends it: directories get their times, and what a layer could have brought and has not goes.
    ///
    /// # Errors
    ///
    /// What unlinkat(2) and utimensat(2) answer.
    pub(super) fn end(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        embedder.confine(BENEATH);
        let mut swept = Ok(());
        while let Some(path) = self.to_sweep.pop() {
            let last = self.with_inner(fs, embedder, &path, |destination, fs, embedder, fd| {
                sweep(fs, embedder, fd, &destination.brought, Spare::Nothing).map(|_| ())
            });
            swept = swept.and(last);
        }
        self.brought.clear();
        let dated = self.date_directories(fs, embedder);
        embedder.confine(ResolveFlags::empty());
        swept.and(dated)
    }

    /// Sets the times of directories, once; those within others first.
    fn date_directories(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let mut dated = Ok(());
        while let Some((path, mtime)) = self.touched.pop().or_else(|| self.directories.pop()) {
            let set = self.at(fs, embedder, &path, |_, fs, embedder, place| {
                date(fs, &embedder.process, place.from, place.path, mtime)
            });
            match set {
                // A later member took its place.
                Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(errno) => dated = Err(errno),
            }
        }
        dated
    }

    fn remove_unfinished(&self, fs: &mut Fs<Host>, process: &Process) -> Result<(), Errno> {
        match unlink(fs, process, self.directory, &self.unfinished) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Lets go of everything, and leaves nothing of a member that is not complete.
    pub(super) fn close(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) {
        let _ = self.remove_unfinished(fs, &embedder.process);
        // Directories that are complete are whole members, whatever became of those after them.
        self.to_sweep.clear();
        let _ = self.end(fs, embedder);
        let _ = embedder.close(fs, self.directory);
    }
}

/// The directory of a path; empty is the archive's own.
fn parent_of(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    slash.and_then(|slash| path.get(..slash)).unwrap_or_default()
}

/// Two names that no entry of a directory has.
///
/// # Errors
///
/// What newfstatat(2) answers; `ENOMEM`: no memory.
fn free_names(
    fs: &Fs<Host>,
    process: &Process,
    directory: Fd,
) -> Result<(Vec<u8>, Vec<u8>), Errno> {
    let mut number = 0;
    let mut next = || loop {
        let mut name = Vec::new();
        append(&mut name, UNFINISHED)?;
        append_decimal(&mut name, number)?;
        number += 1;
        match lstat(fs, process, directory, &name) {
            Ok(_) => {}
            Err(Errno::ENOENT) => return Ok(name),
            Err(errno) => return Err(errno),
        }
    };
    Ok((next()?, next()?))
}
