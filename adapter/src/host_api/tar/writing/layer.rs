//! What differs from the tree that was baked becomes a layer, in pieces of any size.
//!
//! A layer is an archive ([`writer`](super::writer)) of what is new or changed, whole, and
//! whiteouts of what is gone ([`whiteout`](crate::host_api::tar::whiteout)), as OCI images have them. Members are
//! in pre-order, by the bytes of the names in each directory; the whiteouts of a directory come
//! right after its own member. So equal changes make equal bytes, whatever led to them.
//!
//! If it is not known what differs, for want of memory, the layer is the whole tree, in place of
//! everything that was there. Nothing may change while a layer is written.

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{AT_FDCWD, Change, ChangeKind, Errno, Fd, FileType, Fs, heap_sort};

use super::linked::add_further_names;
use super::listing::Listing;
use super::writer::{Source, Writer};
use crate::bytes::{append, copy};
use crate::defect::OrDefect;
use crate::host_api::embedder::Embedder;
use crate::host_api::remove::{DIRECTORY, go};
use crate::host_api::system::lstat;
use crate::host_api::tar::whiteout;
use crate::platform::Host;

/// A layer that is being written.
pub(in crate::host_api) struct Layer {
    writer: Writer,
    walk: Walk,
}

/// Where it is.
struct Walk {
    /// The directory where the next member is.
    directory: Fd,
    /// Its name in the archive, with a slash at the end; empty for the root.
    path: Vec<u8>,
    /// What is to be written, the next one last.
    changes: Vec<Change>,
    /// The directory whose whole contents are being written.
    whole: Option<Whole>,
    /// What cannot be written.
    culprit: Vec<u8>,
}

/// A directory that is written with all in it.
struct Whole {
    /// How many bytes the directory's own path has.
    base: usize,
    /// The names left of the directory where the walk is, and how many bytes its path has; before
    /// it those of the directories above, as many as there is memory for.
    listings: Vec<(usize, Listing)>,
    /// The name that was taken last.
    last: Vec<u8>,
}

impl Layer {
    /// Begins one.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: no memory.
    /// * `EIO`: the tree is damaged.
    pub(in crate::host_api) fn begin(
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<Layer, Errno> {
        let changes = fs.changes().and_then(|mut changes| {
            add_further_names(fs, embedder, &mut changes)?;
            Ok(changes)
        });
        let changes = match changes {
            Ok(mut changes) => {
                heap_sort(&mut changes, |a, b| keys(b).lt(keys(a)));
                Some(changes)
            }
            Err(Errno::ENOMEM | Errno::EOVERFLOW) => None,
            Err(errno) => return Err(errno),
        };
        let directory = embedder.open(fs, AT_FDCWD, b"/", DIRECTORY, 0)?;
        let is_whole = changes.is_none();
        let walk = Walk {
            directory,
            path: Vec::new(),
            changes: changes.unwrap_or_default(),
            whole: None,
            culprit: Vec::new(),
        };
        let mut layer = Layer { writer: Writer::default(), walk };
        if is_whole {
            let begun = layer.walk.begin_whole(&mut layer.writer, fs, embedder);
            if begun.is_err() {
                layer.close(fs, embedder);
            }
            begun?;
        }
        Ok(layer)
    }

    /// Fills in the next bytes; 0: there are no more.
    ///
    /// # Errors
    ///
    /// * As [`Writer::fill`].
    /// * `EINVAL`: a name begins as those of whiteouts do, and no layer can have it;
    ///   [`culprit`](Self::culprit) says which.
    /// * `EBUSY`: the tree has changed since the layer was begun.
    pub(in crate::host_api) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let walk = &mut self.walk;
        self.writer.fill(fs, embedder, out, |writer, fs, embedder| {
            let written = walk.next_member(writer, fs, embedder);
            written.map_err(|errno| match errno {
                Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP => Errno::EBUSY,
                errno => errno,
            })
        })
    }

    /// What cannot be written.
    pub(in crate::host_api) fn culprit(&mut self) -> Vec<u8> {
        take(&mut self.walk.culprit)
    }

    /// Lets go of everything.
    pub(in crate::host_api) fn close(&self, fs: &mut Fs<Host>, embedder: &mut Embedder) {
        self.writer.close(fs, embedder);
        let _ = embedder.close(fs, self.walk.directory);
    }
}

/// The order of members, whiteouts of a directory before its entries: for each name of the path,
/// whether it is an entry, and the name.
fn keys(change: &Change) -> impl Iterator<Item = (bool, &[u8])> {
    let is_gone = matches!(change.kind, ChangeKind::Removed { .. });
    let mut names = change.path.split(|byte| *byte == b'/').peekable();
    core::iter::from_fn(move || {
        let name = names.next().filter(|name| !name.is_empty())?;
        Some((!is_gone || names.peek().is_some(), name))
    })
}

/// The directory of a path, with the slash, and the name in it.
fn parts(path: &[u8]) -> (&[u8], &[u8]) {
    let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    path.split_at_checked(at).unwrap_or_default()
}

impl Walk {
    fn next_member(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        if self.whole.is_some() {
            return self.next_of_whole(writer, fs, embedder);
        }
        let Some(change) = self.changes.pop() else { return writer.end() };
        if change.path.is_empty() {
            return self.add_root(writer, fs, embedder);
        }
        self.check(&change.path)?;
        let (parent, name) = parts(&change.path);
        self.go_to(fs, embedder, parent)?;
        let replaces = match change.kind {
            ChangeKind::Removed { .. } => return self.add_mark(writer, &[whiteout::PREFIX, name]),
            ChangeKind::Added { replaces, .. } => replaces,
            _ => None,
        };
        let stat = lstat(fs, &embedder.process, self.directory, name)?;
        let directory = self.directory;
        if stat.file_type() != FileType::Directory {
            let source = Source { directory, entry: name, name: &change.path, stat: &stat };
            return writer.add(fs, embedder, source);
        }
        let mut path = copy(&change.path)?;
        append(&mut path, b"/")?;
        writer.add_directory(
            fs,
            embedder,
            Source { directory, entry: name, name: &path, stat: &stat },
        )?;
        if replaces == Some(FileType::Directory) {
            self.go_to(fs, embedder, &path)?;
            self.add_mark(writer, &[whiteout::OPAQUE])?;
        }
        if let ChangeKind::Added { from: Some(_), .. } = change.kind {
            // It was in the sealed tree, so that not all in it is among the changes.
            while self.changes.pop_if(|change| change.path.starts_with(&path)).is_some() {}
            self.go_to(fs, embedder, &path)?;
            self.whole = Some(Whole { base: path.len(), listings: Vec::new(), last: Vec::new() });
        }
        Ok(())
    }

    /// Begins the whole tree in place of what was there.
    fn begin_whole(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        self.add_root(writer, fs, embedder)?;
        self.add_mark(writer, &[whiteout::OPAQUE])?;
        self.whole = Some(Whole { base: 0, listings: Vec::new(), last: Vec::new() });
        Ok(())
    }

    fn add_root(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        self.go_to(fs, embedder, b"")?;
        let directory = self.directory;
        let stat = lstat(fs, &embedder.process, directory, b".")?;
        let source = Source { directory, entry: b".", name: b"./", stat: &stat };
        writer.add_directory(fs, embedder, source)
    }

    /// Adds an empty file to the directory where the walk is.
    fn add_mark(&self, writer: &mut Writer, name: &[&[u8]]) -> Result<(), Errno> {
        let mut path = copy(&self.path)?;
        for part in name {
            append(&mut path, part)?;
        }
        writer.add_mark(&path)
    }

    /// Checks that a layer can have a path.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it cannot.
    fn check(&mut self, path: &[u8]) -> Result<(), Errno> {
        if path.split(|byte| *byte == b'/').any(|name| name.starts_with(whiteout::PREFIX)) {
            self.culprit = copy(path)?;
            return Err(Errno::EINVAL);
        }
        Ok(())
    }

    /// Goes to the directory with this path, which ends in a slash unless it is empty.
    fn go_to(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        to: &[u8],
    ) -> Result<(), Errno> {
        while !to.starts_with(&self.path) {
            self.go_up(fs, embedder)?;
        }
        let down = to.get(self.path.len()..).unwrap_or_default();
        for name in down.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            self.path.try_reserve(name.len() + 1)?;
            go(fs, embedder, &mut self.directory, name)?;
            self.path.extend_from_slice(name);
            self.path.push(b'/');
        }
        Ok(())
    }

    fn go_up(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        go(fs, embedder, &mut self.directory, b"..")?;
        self.path.pop(); // its slash
        while self.path.pop_if(|byte| *byte != b'/').is_some() {}
        Ok(())
    }

    /// Goes on with the directory that is written with all in it.
    fn next_of_whole(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let at = self.path.len();
        let whole = self.whole.as_mut().or_defect()?;
        let mut next = None;
        if let Some((of, listing)) = whole.listings.last_mut()
            && *of == at
        {
            next = listing.next(&mut whole.last)?;
        }
        match next {
            Some(true) => self.add_of_whole(writer, fs, embedder),
            Some(false) => {
                whole.listings.pop();
                if at == whole.base {
                    self.whole = None;
                    return Ok(());
                }
                // The one above goes on after this one.
                let (_, name) = parts(self.path.get(..at - 1).unwrap_or_default());
                whole.last.clear();
                append(&mut whole.last, name)?;
                self.go_up(fs, embedder)
            }
            None => {
                if whole.listings.last().is_some_and(|(of, _)| *of == at) {
                    whole.listings.pop();
                }
                let (process, fd) = (&embedder.process, self.directory);
                let mut listed = Listing::after(fs, process, fd, &whole.last);
                if listed.is_err() {
                    // Those above can be had again.
                    whole.listings = Vec::new();
                    listed = Listing::after(fs, process, fd, &whole.last);
                }
                if whole.listings.try_reserve(1).is_err() {
                    whole.listings = Vec::new();
                    whole.listings.try_reserve(1)?;
                }
                whole.listings.push((at, listed?));
                Ok(())
            }
        }
    }

    /// Adds the entry whose name was taken last.
    fn add_of_whole(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let whole = self.whole.as_mut().or_defect()?;
        let mut path = copy(&self.path)?;
        append(&mut path, &whole.last)?;
        let name = take(&mut whole.last);
        self.check(&path)?;
        let directory = self.directory;
        let stat = lstat(fs, &embedder.process, directory, &name)?;
        let is_directory = stat.file_type() == FileType::Directory;
        if is_directory {
            append(&mut path, b"/")?;
        }
        let source = Source { directory, entry: &name, name: &path, stat: &stat };
        if !is_directory {
            writer.add(fs, embedder, source)?;
            let whole = self.whole.as_mut().or_defect()?;
            whole.last = name;
            return Ok(());
        }
        writer.add_directory(fs, embedder, source)?;
        // What is in it comes next, from its first name on.
        self.go_to(fs, embedder, &path)
    }
}
