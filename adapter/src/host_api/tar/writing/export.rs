//! A directory of the tree becomes a tar archive, in pieces of any size: what `wasm-vfs export`
//! writes of a packed file, byte for byte, as long as nothing has changed and no packed file has a
//! run of 1 MiB of zeros or more (a hole there).
//!
//! Members are in the order in which directories list them.
//!
//! Whoever runs the program between two pieces gets an archive of what each piece found. Only a
//! sparse member must not change while it is written.

use alloc::vec::Vec;

use wasm_vfs_core::{AT_FDCWD, Errno, Fd, FileType, Fs, OFlags, Stat};

use super::writer::{Source, Writer};
use crate::bytes::append;
use crate::host_api::embedder::Embedder;
use crate::host_api::remove::{Entry, go};
use crate::host_api::system::lstat;
use crate::platform::Host;

/// An export under way.
pub(in crate::host_api) struct Export {
    writer: Writer,
    walk: Walk,
}

/// Where an export is.
struct Walk {
    /// The directory that is being listed.
    directory: Fd,
    /// Its name in the archive, with a slash at the end; empty for the first.
    path: Vec<u8>,
    /// Where the listing goes on.
    cookie: u64,
    /// Where that of each directory above goes on.
    above: Vec<u64>,
}

impl Export {
    /// Begins one of a directory.
    ///
    /// # Errors
    ///
    /// What openat(2) answers.
    pub(in crate::host_api) fn begin(
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
    ) -> Result<Export, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = embedder.open(fs, AT_FDCWD, path, flags, 0)?;
        let walk = Walk { directory, path: Vec::new(), cookie: 0, above: Vec::new() };
        let mut export = Export { writer: Writer::default(), walk };
        let begun = lstat(fs, &embedder.process, directory, b".").and_then(|stat| {
            let source = Source { directory, entry: b".", name: b"./", stat: &stat };
            export.writer.add_directory(fs, embedder, source)
        });
        match begun {
            Ok(()) => Ok(export),
            Err(errno) => {
                export.close(fs, embedder);
                Err(errno)
            }
        }
    }

    /// Fills in the next bytes; 0: there are no more.
    ///
    /// # Errors
    ///
    /// As [`Writer::fill`].
    pub(in crate::host_api) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let walk = &mut self.walk;
        self.writer
            .fill(fs, embedder, out, |writer, fs, embedder| walk.next_member(writer, fs, embedder))
    }

    /// Lets go of everything.
    pub(in crate::host_api) fn close(&self, fs: &mut Fs<Host>, embedder: &mut Embedder) {
        self.writer.close(fs, embedder);
        let _ = embedder.close(fs, self.walk.directory);
    }
}

impl Walk {
    /// Goes on to the next member.
    fn next_member(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let process = &embedder.process;
        let entry = match Entry::first_from(fs, process, self.directory, self.cookie) {
            Ok(Some(entry)) => entry,
            // A directory that was removed meanwhile has no more entries.
            Ok(None) | Err(Errno::ENOENT) => return self.leave(writer, fs, embedder),
            Err(errno) => return Err(errno),
        };
        self.cookie = entry.next;
        let mut name = Vec::new();
        append(&mut name, &self.path)?;
        append(&mut name, entry.name())?;
        let stat = lstat(fs, process, self.directory, entry.name())?;
        if entry.file_type == FileType::Directory {
            return self.enter(writer, fs, embedder, &entry, name, &stat);
        }
        let directory = self.directory;
        let source = Source { directory, entry: entry.name(), name: &name, stat: &stat };
        writer.add(fs, embedder, source)
    }

    fn enter(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        entry: &Entry,
        mut name: Vec<u8>,
        stat: &Stat,
    ) -> Result<(), Errno> {
        append(&mut name, b"/")?;
        self.above.try_reserve(1)?;
        go(fs, embedder, &mut self.directory, entry.name())?;
        self.above.push(self.cookie);
        // The names in /dev/fd are descriptors of the process that looks, here the embedder.
        let is_empty = fs.lists_descriptors(&embedder.process, self.directory)?;
        self.cookie = if is_empty { u64::MAX } else { 0 };
        let source = Source { directory: self.directory, entry: b".", name: &name, stat };
        writer.add_directory(fs, embedder, source)?;
        self.path = name;
        Ok(())
    }

    /// Goes back up, or ends the archive.
    fn leave(
        &mut self,
        writer: &mut Writer,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let Some(cookie) = self.above.last() else { return writer.end() };
        go(fs, embedder, &mut self.directory, b"..")?;
        self.cookie = *cookie;
        self.above.pop();
        self.path.pop(); // its slash
        while self.path.pop_if(|byte| *byte != b'/').is_some() {}
        Ok(())
    }
}
