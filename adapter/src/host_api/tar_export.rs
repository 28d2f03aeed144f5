//! A directory of the tree becomes a tar archive, in pieces of any size: what `wasm-vfs export`
//! writes of a packed file, byte for byte, as long as nothing has changed and no packed file has a
//! run of 1 MiB of zeros or more (a hole there).
//!
//! Members are in the order in which directories list them. Sockets are left out: archives have no
//! members for them. The second name of anything but a directory is a hard link to the first. A
//! file with holes is a sparse member ([`tar_contents`]).
//!
//! Whoever runs the program between two pieces gets an archive of what each piece found. Only a
//! sparse member must not change while it is written.
//!
//! [`tar_contents`]: super::tar_contents

use alloc::vec::Vec;

use wasm_vfs_core::{AT_FDCWD, AtFlags, Errno, Fd, FileType, Fs, OFlags, S_IALLUGO, Stat};

use super::embedder::Embedder;
use super::remove::{Entry, go};
use super::tar_contents::{Contents, Layout};
use super::tar_header::{self as header, BLOCK_BYTES, Header, Kind};
use super::tar_member::padding_after;
use crate::bytes::{append, append_decimal, copy, zeros};
use crate::defect::OrDefect;
use crate::platform::Host;

/// The largest id in a header's octal digits; readers before GNU's know no larger one.
const MAX_HEADER_ID: u32 = 0o7_777_777;

/// The largest time in a header's octal digits.
const MAX_HEADER_TIME: u64 = 0o77_777_777_777;

/// Bytes of a name in a header.
const HEADER_NAME_BYTES: usize = 100;

/// The directory in which readers that do not know sparse members find them: their maps and data,
/// which are not the files.
const SPARSE_DIRECTORY: &[u8] = b"GNUSparseFile.0/";

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
    /// The contents that come then.
    file: Option<Contents>,
    /// What has several names and has been met, by inode number: the first names.
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
        embedder: &mut Embedder,
        path: &[u8],
    ) -> Result<Export, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = embedder.open(fs, AT_FDCWD, path, flags, 0)?;
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
        let stat = fs.fstat(&embedder.process, directory)?;
        match export.announce(Kind::Directory, b"./", None, &stat, None) {
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
    /// * `ENOMEM`: no memory.
    /// * `EBUSY`: a file with holes has changed since its headers were written.
    /// * `EIO`: the tree is damaged.
    pub(super) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
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
                continue;
            }
            self.pending.clear();
            self.handed_out = 0;
            if let Some(file) = &mut self.file {
                if !file.is_done() {
                    filled += file.fill(fs, &embedder.process, room, &mut self.pending)?;
                    continue;
                }
                let (fd, padding) = (file.fd, file.padding());
                self.file = None;
                embedder.close(fs, fd)?;
                self.pad(padding)?;
            } else if self.ended {
                break;
            } else {
                self.next_member(fs, embedder)?;
            }
        }
        Ok(filled)
    }

    /// Adds so many zeros, less than a block.
    fn pad(&mut self, padding: u64) -> Result<(), Errno> {
        let zeros = [0; BLOCK_BYTES];
        let padding = usize::try_from(padding).unwrap_or(0);
        append(&mut self.pending, zeros.get(..padding).unwrap_or_default())
    }

    /// Goes on to the next member.
    fn next_member(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        let process = &embedder.process;
        let entry = match Entry::first_from(fs, process, self.directory, self.cookie) {
            Ok(Some(entry)) => entry,
            // A directory that was removed meanwhile has no more entries.
            Ok(None) | Err(Errno::ENOENT) => return self.leave(fs, embedder),
            Err(errno) => return Err(errno),
        };
        self.cookie = entry.next;
        let mut name = Vec::new();
        append(&mut name, &self.path)?;
        append(&mut name, entry.name())?;
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        let stat = fs.newfstatat(process, self.directory, entry.name(), nofollow)?;
        match entry.file_type {
            FileType::Directory => return self.enter(fs, embedder, &entry, name, &stat),
            FileType::Socket => return Ok(()),
            _ => {}
        }
        if stat.st_nlink > 1 && self.further_name(&name, &stat)? {
            return Ok(());
        }
        match entry.file_type {
            FileType::Regular if stat.st_size > 0 => {
                self.regular(fs, embedder, &entry, &name, &stat)
            }
            FileType::Regular => self.announce(Kind::File, &name, None, &stat, None),
            FileType::Symlink => self.symlink(fs, embedder, &entry, &name, &stat),
            FileType::Fifo => self.announce(Kind::Fifo, &name, None, &stat, None),
            FileType::BlockDevice => self.announce(Kind::BlockDevice, &name, None, &stat, None),
            _ => self.announce(Kind::CharDevice, &name, None, &stat, None),
        }
    }

    fn enter(
        &mut self,
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
        self.announce(Kind::Directory, &name, None, stat, None)?;
        self.path = name;
        Ok(())
    }

    /// Goes back up, or ends the archive.
    fn leave(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        let Some(cookie) = self.above.last() else {
            append(&mut self.pending, &[0; 2 * BLOCK_BYTES])?;
            self.ended = true;
            return Ok(());
        };
        go(fs, embedder, &mut self.directory, b"..")?;
        self.cookie = *cookie;
        self.above.pop();
        self.path.pop(); // its slash
        while self.path.pop_if(|byte| *byte != b'/').is_some() {}
        Ok(())
    }

    /// Adds a hard link if what has several names has been met by another; says whether it has.
    fn further_name(&mut self, name: &[u8], stat: &Stat) -> Result<bool, Errno> {
        match self.originals.binary_search_by_key(&stat.st_ino, |(ino, _)| *ino) {
            Ok(at) => {
                let original = self.originals.get(at).map(|(_, first)| copy(first));
                let original = original.or_defect()??;
                self.announce(Kind::HardLink, name, Some(&original), stat, None)?;
                Ok(true)
            }
            Err(at) => {
                let first = copy(name)?;
                self.originals.try_reserve(1)?;
                self.originals.insert(at, (stat.st_ino, first));
                Ok(false)
            }
        }
    }

    /// Adds a file that is not empty.
    fn regular(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        entry: &Entry,
        name: &[u8],
        stat: &Stat,
    ) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
        let fd = embedder.open(fs, self.directory, entry.name(), flags, 0)?;
        let layout = Layout::of(fs, &embedder.process, fd, stat.st_size);
        let announced = layout.and_then(|layout| {
            self.announce(Kind::File, name, None, stat, layout.as_ref())?;
            Ok(Contents::new(fd, stat, layout.as_ref()))
        });
        match announced {
            Ok(contents) => self.file = Some(contents),
            Err(errno) => {
                embedder.close(fs, fd)?;
                return Err(errno);
            }
        }
        Ok(())
    }

    fn symlink(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        entry: &Entry,
        name: &[u8],
        stat: &Stat,
    ) -> Result<(), Errno> {
        let len = usize::try_from(stat.st_size).map_err(|_| Errno::EIO)?;
        let mut target = zeros(len)?;
        fs.readlinkat(&embedder.process, self.directory, entry.name(), &mut target[..])?;
        self.announce(Kind::Symlink, name, Some(&target), stat, None)
    }

    /// Adds the headers of a member; of a sparse one, whose layout is given, its records too.
    fn announce(
        &mut self,
        kind: Kind,
        name: &[u8],
        link: Option<&[u8]>,
        stat: &Stat,
        layout: Option<&Layout>,
    ) -> Result<(), Errno> {
        let mut records = Vec::new();
        let mut value = Vec::new();
        let mut member = Header::new(kind);
        let size = match layout {
            Some(layout) => layout.archived_bytes(),
            None if kind == Kind::File => stat.st_size,
            None => 0,
        };
        member.put_number(header::SIZE, size);
        for (field, key, name) in
            [(header::NAME, &b"path"[..], Some(name)), (header::LINK_NAME, b"linkpath", link)]
        {
            let Some(name) = name else { continue };
            member.put(field, name);
            if name.len() > HEADER_NAME_BYTES && layout.is_none() {
                header::append_record(&mut records, key, name)?;
            }
        }
        if layout.is_some() {
            put_sparse_name(&mut member, name)?;
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
        if matches!(kind, Kind::CharDevice | Kind::BlockDevice) {
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
        if layout.is_some() {
            header::append_record(&mut records, b"GNU.sparse.major", b"1")?;
            header::append_record(&mut records, b"GNU.sparse.minor", b"0")?;
            header::append_record(&mut records, b"GNU.sparse.name", name)?;
            value.clear();
            append_decimal(&mut value, stat.st_size)?;
            header::append_record(&mut records, b"GNU.sparse.realsize", &value)?;
        }
        if !records.is_empty() {
            let mut pax = Header::new(Kind::Pax);
            pax.put_number(header::SIZE, records.len() as u64);
            append(&mut self.pending, &pax.finish())?;
            append(&mut self.pending, &records)?;
            self.pad(padding_after(records.len() as u64))?;
        }
        append(&mut self.pending, &member.finish())?;
        match layout {
            Some(layout) => layout.append_count(&mut self.pending),
            None => Ok(()),
        }
    }

    /// Lets go of everything.
    pub(super) fn close(&self, fs: &mut Fs<Host>, embedder: &mut Embedder) {
        if let Some(file) = &self.file {
            let _ = embedder.close(fs, file.fd);
        }
        let _ = embedder.close(fs, self.directory);
    }
}

/// Stores the name of a sparse member for readers that do not know such members: in a directory
/// beside the file, as GNU tar does.
fn put_sparse_name(member: &mut Header, name: &[u8]) -> Result<(), Errno> {
    let base = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (directory, base) = name.split_at_checked(base).or_defect()?;
    let mut put = Vec::new();
    for part in [directory, SPARSE_DIRECTORY, base] {
        append(&mut put, part)?;
    }
    member.put(header::NAME, &put);
    Ok(())
}
