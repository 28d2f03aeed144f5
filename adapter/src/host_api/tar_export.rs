//! A directory of the tree becomes a tar archive, in pieces of any size: what `wasm-vfs export`
//! writes of a packed file, byte for byte, as long as nothing has changed.
//!
//! Members are in the order in which directories list them. Of devices those that the filesystem
//! has are members; others, pipes and sockets are left out, as a tree that is packed has none.
//! Whoever runs the program between two pieces gets an archive of what each piece found.

use alloc::vec::Vec;

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, Fd, FileType, Fs, OFlags, Process, S_IALLUGO, Stat};

use super::remove::{Entry, go};
use super::tar_header::{self as header, BLOCK_BYTES, Header, Kind};
use super::tar_member::{KNOWN_DEVICES, padding_after};
use crate::bytes::{append, append_decimal};
use crate::platform::Host;

/// The largest id in a header's octal digits; readers before GNU's know no larger one.
const MAX_HEADER_ID: u32 = 0o7_777_777;

/// The largest time in a header's octal digits.
const MAX_HEADER_TIME: u64 = 0o77_777_777_777;

/// Bytes of a name in a header.
const HEADER_NAME_BYTES: usize = 100;

/// An export under way.
pub(super) struct Export {
    /// The directory that is being listed.
    directory: Fd,
    /// Its name in the archive, with a slash at the end; empty for the first.
    path: Vec<u8>,
    /// Where the listing goes on.
    cookie: u64,
    /// Where that of each directory above goes on.
    above: Vec<u64>,
    /// Bytes to be handed out first, and how many of them have been.
    pending: Vec<u8>,
    handed_out: usize,
    /// The file whose contents come then, and how many bytes are left of them.
    file: Option<(Fd, u64, u64)>,
    /// Files with several names that have been met, by inode number: their first names.
    originals: Vec<(u64, Vec<u8>)>,
    /// Whether the end of the archive is among the bytes that are pending.
    ended: bool,
}

impl Export {
    /// Begins one of a directory.
    ///
    /// # Errors
    ///
    /// What openat(2) answers.
    pub(super) fn begin(
        fs: &mut Fs<Host>,
        process: &mut Process,
        path: &[u8],
    ) -> Result<Export, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = fs.openat(process, AT_FDCWD, path, flags, 0)?;
        let mut export = Export {
            directory,
            path: Vec::new(),
            cookie: 0,
            above: Vec::new(),
            pending: Vec::new(),
            handed_out: 0,
            file: None,
            originals: Vec::new(),
            ended: false,
        };
        let stat = fs.fstat(process, directory)?;
        match export.announce(Kind::Directory, b"./", None, &stat) {
            Ok(()) => Ok(export),
            Err(errno) => {
                export.close(fs, process);
                Err(errno)
            }
        }
    }

    /// Fills in the next bytes; 0: there are no more.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory. `EIO`: the tree is damaged.
    pub(super) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let mut filled = 0;
        while let Some(room) = out.get_mut(filled..)
            && !room.is_empty()
        {
            let pending = self.pending.get(self.handed_out..).unwrap_or_default();
            if !pending.is_empty() {
                let len = pending.len().min(room.len());
                for (place, byte) in room.iter_mut().zip(pending) {
                    *place = *byte;
                }
                self.handed_out += len;
                filled += len;
            } else if let Some((fd, offset, end)) = self.file {
                filled += self.contents(fs, process, fd, offset, end, room)?;
            } else if self.ended {
                break;
            } else {
                self.pending.clear();
                self.handed_out = 0;
                self.next_member(fs, process)?;
            }
        }
        Ok(filled)
    }

    /// Hands out contents of a file; how many bytes.
    fn contents(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        fd: Fd,
        offset: u64,
        end: u64,
        room: &mut [u8],
    ) -> Result<usize, Errno> {
        let len = usize::try_from(end - offset).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..len).unwrap_or_default();
        let from = i64::try_from(offset).map_err(|_| Errno::EIO)?;
        let read = fs.pread64(process, fd, &mut *room, from)?;
        // A file that has been cut meanwhile goes on with zeros: its header said how long it is.
        room.get_mut(read..).unwrap_or_default().fill(0);
        let offset = offset + len as u64;
        self.file = Some((fd, offset, end));
        if offset == end {
            self.file = None;
            fs.close(process, fd)?;
            self.pending.clear();
            self.handed_out = 0;
            self.pad(end)?;
        }
        Ok(len)
    }

    /// Adds what fills the last block after `size` bytes.
    fn pad(&mut self, size: u64) -> Result<(), Errno> {
        let zeros = [0; BLOCK_BYTES];
        let padding = usize::try_from(padding_after(size)).unwrap_or(0);
        append(&mut self.pending, zeros.get(..padding).unwrap_or_default())
    }

    /// Goes on to the next member.
    fn next_member(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        let entry = match Entry::first_from(fs, process, self.directory, self.cookie) {
            Ok(Some(entry)) => entry,
            // A directory that was removed meanwhile has no more entries.
            Ok(None) | Err(Errno::ENOENT) => return self.leave(fs, process),
            Err(errno) => return Err(errno),
        };
        let before = self.cookie;
        self.cookie = entry.next;
        let mut name = Vec::new();
        append(&mut name, &self.path)?;
        append(&mut name, entry.name())?;
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        let stat = fs.newfstatat(process, self.directory, entry.name(), nofollow)?;
        let result = match entry.file_type {
            FileType::Directory => self.enter(fs, process, &entry, name, &stat),
            FileType::Regular => self.regular(fs, process, &entry, name, &stat),
            FileType::Symlink => self.symlink(fs, process, &entry, &name, &stat),
            FileType::CharDevice if KNOWN_DEVICES.contains(&stat.st_rdev) => {
                self.announce(Kind::CharDevice, &name, None, &stat)
            }
            FileType::Fifo | FileType::CharDevice | FileType::BlockDevice | FileType::Socket => {
                Ok(())
            }
        };
        if result.is_err() {
            self.cookie = before;
        }
        result
    }

    fn enter(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        entry: &Entry,
        mut name: Vec<u8>,
        stat: &Stat,
    ) -> Result<(), Errno> {
        append(&mut name, b"/")?;
        self.above.try_reserve(1)?;
        go(fs, process, &mut self.directory, entry.name())?;
        self.above.push(self.cookie);
        // The names in /dev/fd are descriptors of the process that looks, here the embedder.
        let is_empty = fs.lists_descriptors(process, self.directory)?;
        self.cookie = if is_empty { u64::MAX } else { 0 };
        self.announce(Kind::Directory, &name, None, stat)?;
        self.path = name;
        Ok(())
    }

    /// Goes back up, or ends the archive.
    fn leave(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        let Some(cookie) = self.above.last() else {
            append(&mut self.pending, &[0; 2 * BLOCK_BYTES])?;
            self.ended = true;
            return Ok(());
        };
        go(fs, process, &mut self.directory, b"..")?;
        self.cookie = *cookie;
        self.above.pop();
        self.path.pop(); // its slash
        while self.path.pop_if(|byte| *byte != b'/').is_some() {}
        Ok(())
    }

    fn regular(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        entry: &Entry,
        name: Vec<u8>,
        stat: &Stat,
    ) -> Result<(), Errno> {
        if stat.st_nlink > 1 {
            match self.originals.binary_search_by_key(&stat.st_ino, |(ino, _)| *ino) {
                Ok(at) => {
                    let mut original = Vec::new();
                    if let Some((_, first)) = self.originals.get(at) {
                        append(&mut original, first)?;
                    }
                    return self.announce(Kind::HardLink, &name, Some(&original), stat);
                }
                Err(at) => {
                    let mut first = Vec::new();
                    append(&mut first, &name)?;
                    self.originals.try_reserve(1)?;
                    self.originals.insert(at, (stat.st_ino, first));
                }
            }
        }
        self.announce(Kind::File, &name, None, stat)?;
        if stat.st_size > 0 {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
            let fd = fs.openat(process, self.directory, entry.name(), flags, 0)?;
            self.file = Some((fd, 0, stat.st_size));
        }
        Ok(())
    }

    fn symlink(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        entry: &Entry,
        name: &[u8],
        stat: &Stat,
    ) -> Result<(), Errno> {
        let len = usize::try_from(stat.st_size).map_err(|_| Errno::EIO)?;
        let mut target = Vec::new();
        target.try_reserve_exact(len)?;
        target.resize(len, 0);
        fs.readlinkat(process, self.directory, entry.name(), &mut target[..])?;
        self.announce(Kind::Symlink, name, Some(&target), stat)
    }

    /// Adds the headers of a member.
    fn announce(
        &mut self,
        kind: Kind,
        name: &[u8],
        link: Option<&[u8]>,
        stat: &Stat,
    ) -> Result<(), Errno> {
        let mut records = Vec::new();
        let mut value = Vec::new();
        let mut member = Header::new(kind);
        let size = if kind == Kind::File { stat.st_size } else { 0 };
        member.put_number(header::SIZE, size);
        for (field, key, name) in
            [(header::NAME, &b"path"[..], Some(name)), (header::LINK_NAME, b"linkpath", link)]
        {
            let Some(name) = name else { continue };
            member.put(field, name);
            if name.len() > HEADER_NAME_BYTES {
                header::append_record(&mut records, key, name)?;
            }
        }
        member.put_number(header::MODE, u64::from(stat.st_mode & S_IALLUGO));
        for (field, key, id) in
            [(header::UID, b"uid", stat.st_uid), (header::GID, b"gid", stat.st_gid)]
        {
            member.put_number(field, u64::from(id.min(MAX_HEADER_ID)));
            if id > MAX_HEADER_ID {
                value.clear();
                append_decimal(&mut value, u64::from(id))?;
                header::append_record(&mut records, key, &value)?;
            }
        }
        if kind == Kind::CharDevice {
            member.put_number(header::DEVICE_MAJOR, u64::from(stat.st_rdev.major()));
            member.put_number(header::DEVICE_MINOR, u64::from(stat.st_rdev.minor()));
        }
        let mtime = stat.st_mtime;
        let whole = u64::try_from(mtime.tv_sec).ok().filter(|sec| *sec <= MAX_HEADER_TIME);
        member.put_number(header::MTIME, whole.unwrap_or(0));
        if whole.is_none() || mtime.tv_nsec != 0 {
            value.clear();
            header::append_time(&mut value, mtime)?;
            header::append_record(&mut records, b"mtime", &value)?;
        }
        if !records.is_empty() {
            let mut pax = Header::new(Kind::Pax);
            pax.put_number(header::SIZE, records.len() as u64);
            append(&mut self.pending, &pax.finish())?;
            append(&mut self.pending, &records)?;
            self.pad(records.len() as u64)?;
        }
        append(&mut self.pending, &member.finish())
    }

    /// Lets go of everything.
    pub(super) fn close(&self, fs: &mut Fs<Host>, process: &mut Process) {
        if let Some((fd, ..)) = self.file {
            let _ = fs.close(process, fd);
        }
        let _ = fs.close(process, self.directory);
    }
}
