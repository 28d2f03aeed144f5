//! What is written of an archive, whichever members it has: headers, contents, its end.
//!
//! The second name of anything but a directory is a hard link to the first. A file with holes is a
//! sparse member ([`contents`](super::contents)). Sockets are left out: archives have no members
//! for them.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fd, FileType, Fs, OFlags, S_IALLUGO, Stat};

use super::contents::{Contents, Layout};
use crate::bytes::{append, append_decimal, copy, zeros};
use crate::defect::OrDefect;
use crate::host_api::embedder::Embedder;
use crate::host_api::tar::header::{self, BLOCK_BYTES, Header, Kind};
use crate::host_api::tar::member::padding_after;
use crate::host_api::tar::xattrs;
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

/// An archive that is being written.
#[derive(Default)]
pub(super) struct Writer {
    /// Bytes to be handed out first, and how many of them have been.
    pending: Vec<u8>,
    handed_out: usize,
    /// The contents that come then.
    file: Option<Contents>,
    /// What has several names and has been met, by inode number: the first names.
    originals: Vec<(u64, Vec<u8>)>,
    /// Whether the end of the archive is among the bytes that are pending.
    has_ended: bool,
}

/// What is to become a member.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    /// The directory that it is in.
    pub(super) directory: Fd,
    /// Its name there; `.` is the directory itself.
    pub(super) entry: &'s [u8],
    /// Its name in the archive.
    pub(super) name: &'s [u8],
    pub(super) stat: &'s Stat,
}

impl Writer {
    /// Fills in the next bytes; 0: there are no more. `next` adds the next member, or the end.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: no memory.
    /// * `EBUSY`: a file with holes has changed since its headers were written.
    /// * `EIO`: the tree is damaged.
    /// * What `next` answers.
    pub(super) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        out: &mut [u8],
        mut next: impl FnMut(&mut Writer, &mut Fs<Host>, &mut Embedder) -> Result<(), Errno>,
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
            } else if self.has_ended {
                break;
            } else {
                next(self, fs, embedder)?;
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

    /// Adds what is no directory.
    ///
    /// # Errors
    ///
    /// * `ENOMEM`: no memory. `E2BIG`: it has more attributes than a header can have.
    /// * What openat(2), readlinkat(2) and llistxattr(2) answer.
    pub(super) fn add(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        source: Source<'_>,
    ) -> Result<(), Errno> {
        let file_type = source.stat.file_type();
        if file_type == FileType::Socket {
            return Ok(());
        }
        if source.stat.st_nlink > 1 && self.further_name(fs, embedder, source)? {
            return Ok(());
        }
        let kind = match file_type {
            FileType::Regular if source.stat.st_size > 0 => {
                return self.regular(fs, embedder, source);
            }
            FileType::Symlink => return self.symlink(fs, embedder, source),
            FileType::Regular => Kind::File,
            FileType::Fifo => Kind::Fifo,
            FileType::BlockDevice => Kind::BlockDevice,
            _ => Kind::CharDevice,
        };
        self.announce(fs, embedder, kind, source, None, None)
    }

    /// Adds a directory, whose name ends in a slash.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub(super) fn add_directory(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        source: Source<'_>,
    ) -> Result<(), Errno> {
        self.announce(fs, embedder, Kind::Directory, source, None, None)
    }

    /// Adds an empty file that means something by its name: nobody's, of no time.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn add_mark(&mut self, name: &[u8]) -> Result<(), Errno> {
        let mut records = Vec::new();
        let mut member = Header::new(Kind::File);
        for field in [header::MODE, header::UID, header::GID, header::SIZE] {
            member.put_number(field, 0);
        }
        member.put(header::NAME, name);
        if name.len() > HEADER_NAME_BYTES {
            header::append_record(&mut records, b"path", name)?;
        }
        self.headers(&records, member)
    }

    /// Ends the archive.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn end(&mut self) -> Result<(), Errno> {
        append(&mut self.pending, &[0; 2 * BLOCK_BYTES])?;
        self.has_ended = true;
        Ok(())
    }

    /// Adds a hard link if what has several names has been met by another; says whether it has.
    fn further_name(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        source: Source<'_>,
    ) -> Result<bool, Errno> {
        let ino = source.stat.st_ino;
        match self.originals.binary_search_by_key(&ino, |(ino, _)| *ino) {
            Ok(at) => {
                let original = self.originals.get(at).map(|(_, first)| copy(first));
                let original = original.or_defect()??;
                let link = Some(&original[..]);
                self.announce(fs, embedder, Kind::HardLink, source, link, None)?;
                Ok(true)
            }
            Err(at) => {
                let first = copy(source.name)?;
                self.originals.try_reserve(1)?;
                self.originals.insert(at, (ino, first));
                Ok(false)
            }
        }
    }

    /// Adds a file that is not empty.
    fn regular(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        source: Source<'_>,
    ) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
        let fd = embedder.open(fs, source.directory, source.entry, flags, 0)?;
        let layout = Layout::of(fs, &embedder.process, fd, source.stat.st_size);
        let announced = layout.and_then(|layout| {
            self.announce(fs, embedder, Kind::File, source, None, layout.as_ref())?;
            Ok(Contents::new(fd, source.stat, layout.as_ref()))
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
        source: Source<'_>,
    ) -> Result<(), Errno> {
        let len = usize::try_from(source.stat.st_size).map_err(|_| Errno::EIO)?;
        let mut target = zeros(len)?;
        fs.readlinkat(&embedder.process, source.directory, source.entry, &mut target[..])?;
        self.announce(fs, embedder, Kind::Symlink, source, Some(&target), None)
    }

    /// Adds the headers of a member; of a sparse one, whose layout is given, its records too.
    fn announce(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        kind: Kind,
        Source { directory, entry, name, stat }: Source<'_>,
        link: Option<&[u8]>,
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
        if kind != Kind::HardLink {
            xattrs::append_records(fs, embedder, directory, entry, &mut records)?;
        }
        if layout.is_some() {
            header::append_record(&mut records, b"GNU.sparse.major", b"1")?;
            header::append_record(&mut records, b"GNU.sparse.minor", b"0")?;
            header::append_record(&mut records, b"GNU.sparse.name", name)?;
            value.clear();
            append_decimal(&mut value, stat.st_size)?;
            header::append_record(&mut records, b"GNU.sparse.realsize", &value)?;
        }
        self.headers(&records, member)?;
        match layout {
            Some(layout) => layout.append_count(&mut self.pending),
            None => Ok(()),
        }
    }

    /// Adds a header, and the one with records before it.
    fn headers(&mut self, records: &[u8], member: Header) -> Result<(), Errno> {
        let len = records.len() as u64;
        if len > header::MAX_RECORDS_BYTES {
            // No reader takes them, this one included.
            return Err(Errno::E2BIG);
        }
        if len > 0 {
            let mut pax = Header::new(Kind::Pax);
            pax.put_number(header::SIZE, len);
            append(&mut self.pending, &pax.finish())?;
            append(&mut self.pending, records)?;
            self.pad(padding_after(len))?;
        }
        append(&mut self.pending, &member.finish())
    }

    /// Lets go of everything.
    pub(super) fn close(&self, fs: &mut Fs<Host>, embedder: &mut Embedder) {
        if let Some(file) = &self.file {
            let _ = embedder.close(fs, file.fd);
        }
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
