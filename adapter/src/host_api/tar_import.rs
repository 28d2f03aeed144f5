//! A tar archive, given in pieces of any size, becomes files of the tree.
//!
//! A member appears when it is complete: a file is written under a name of its own in the archive's
//! directory and renamed. Of a member that is refused nothing is left, nor are the directories that
//! were made for it. Nothing leads out of the archive's directory, whatever links the archive
//! holds. A device is made if the filesystem has one of that number; others, and pipes, are
//! refused, as they are when a tree is packed. Sparse files keep their holes ([`tar_sparse`]).
//!
//! [`tar_sparse`]: super::tar_sparse

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Dev, Errno, Fd, FileType, Fs, OFlags, Process, ResolveFlags, TimeSpecifier,
    Timespec,
};

use super::embedder::Embedder;
use super::make::{PARENT_MODE, make_directory, with_parents};
use super::tar_header::{self as header, BLOCK_BYTES, Block, Kind};
use super::tar_member::{Member, Records, Said, clean, padding_after};
use super::tar_sparse::{Map, MapText, Run, Sparse};
use crate::bytes::{append, append_decimal, is_utf8};
use crate::defect::{OrDefect, defect};
use crate::platform::Host;

/// The most bytes that the records of one member may have.
const MAX_GATHERED_BYTES: u64 = 1 << 20;

/// What a member is called until it is complete; a number follows.
const UNFINISHED: &[u8] = b".wasm-vfs-import-";

/// An import under way.
pub(super) struct Import {
    /// The directory that it goes into.
    directory: Fd,
    /// What a member is called until it is complete: a name that was free.
    unfinished: Vec<u8>,
    expecting: Expecting,
    /// The block that is being collected.
    block: Block,
    /// How many bytes of it are there.
    filled: usize,
    /// What the headers before a member say of it.
    said: Said,
    /// What they say of all members.
    global: Records,
    /// The member that is being worked on.
    member: Member,
    /// Bytes that fill its last block.
    padding: u64,
    /// Where its contents go.
    contents: Contents,
    /// Directories that were made: their times are set at the end, after all that goes into them.
    directories: Vec<(Vec<u8>, Timespec)>,
}

/// Where the contents of a member go in its file.
#[derive(Default)]
struct Contents {
    /// Where the next bytes go, and how many.
    run: Run,
    /// Where those after them go: from this run on.
    map: Map,
    next: usize,
    /// The size of a sparse file.
    real_size: Option<u64>,
    /// The map, as far as it was read.
    text: MapText,
}

impl Contents {
    /// The next place for at most `most` bytes.
    ///
    /// # Errors
    ///
    /// `EIO`: a defect, since the runs have as many bytes as the member.
    fn place(&mut self, most: usize) -> Result<(u64, usize), Errno> {
        if self.run.len == 0 {
            self.run = *self.map.runs.get(self.next).or_defect()?;
            self.next += 1;
        }
        let len = usize::try_from(self.run.len).unwrap_or(usize::MAX).min(most);
        Ok((self.run.offset, len))
    }

    /// So many bytes are there.
    fn wrote(&mut self, len: usize) {
        self.run.offset += len as u64;
        self.run.len -= len as u64;
    }

    /// Takes in a map; the member has so many bytes of data.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is of another file.
    fn check_map(&self, data: u64) -> Result<(), Errno> {
        let fits = self.real_size.is_some_and(|size| self.map.end <= size);
        if fits && self.map.data == data { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

/// What the next bytes are.
enum Expecting {
    /// A header.
    Header,
    /// A block that has more of an old map; so many bytes of data follow the map.
    OldMap(u64),
    /// A block of a map in front of data; so many bytes of both.
    Map(u64),
    /// Records for the next member: of this kind, so many bytes of them and of what fills the last
    /// block.
    Records(Kind, u64, u64),
    /// Contents of the member, which is this file; so many bytes of them.
    Contents(Fd, u64),
    /// So many bytes that mean nothing.
    Nothing(u64),
    /// What follows the end of an archive.
    End,
}

impl Import {
    /// Begins one into a directory, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// What mkdirat(2) and openat(2) answer.
    pub(super) fn begin(
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
    ) -> Result<Import, Errno> {
        make_directory(fs, embedder, AT_FDCWD, path, PARENT_MODE)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = embedder.open(fs, AT_FDCWD, path, flags, 0)?;
        let unfinished = match free_name(fs, &embedder.process, directory) {
            Ok(name) => name,
            Err(errno) => {
                embedder.close(fs, directory)?;
                return Err(errno);
            }
        };
        Ok(Import {
            directory,
            unfinished,
            expecting: Expecting::Header,
            block: [0; BLOCK_BYTES],
            filled: 0,
            said: Said::default(),
            global: Records::default(),
            member: Member::default(),
            padding: 0,
            contents: Contents::default(),
            directories: Vec::new(),
        })
    }

    /// Takes the next bytes of the archive.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the archive is damaged, or a name in it leads out of its directory.
    /// * `EOPNOTSUPP`: a member is of a kind that a tree does not hold.
    /// * `E2BIG`: the records or the map of a member have too many bytes.
    /// * `EXDEV`: a link in the tree leads out of the archive's directory.
    /// * What the calls answer that make the member.
    pub(super) fn take(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        data: &[u8],
    ) -> Result<(), Errno> {
        embedder.process.confine(ResolveFlags::BENEATH);
        let mut rest = data;
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            result = self.step(fs, embedder, &mut rest);
        }
        embedder.process.confine(ResolveFlags::empty());
        result
    }

    /// Takes some of `rest`, which is not empty.
    fn step(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        rest: &mut &[u8],
    ) -> Result<(), Errno> {
        match self.expecting {
            Expecting::Header | Expecting::OldMap(_) | Expecting::Map(_) => {
                let part = split_off(rest, (BLOCK_BYTES - self.filled) as u64);
                for (place, byte) in self.block.iter_mut().skip(self.filled).zip(part) {
                    *place = *byte;
                }
                self.filled += part.len();
                if self.filled == BLOCK_BYTES {
                    self.filled = 0;
                    match self.expecting {
                        Expecting::OldMap(data) => {
                            self.old_map(fs, embedder, header::FURTHER_MAP, data)?;
                        }
                        Expecting::Map(left) => self.map(fs, embedder, left)?,
                        _ => self.header(fs, embedder)?,
                    }
                }
            }
            Expecting::Records(kind, left, padding) => {
                let part = split_off(rest, left);
                append(&mut self.said.gathered, part)?;
                let left = left - part.len() as u64;
                self.expecting = Expecting::Records(kind, left, padding);
                if left == 0 {
                    self.expecting = Expecting::Nothing(padding);
                    self.said.take_in(kind, &mut self.global)?;
                    self.skip_nothing();
                }
            }
            Expecting::Contents(fd, left) => {
                let part = split_off(rest, left);
                let mut unwritten = part;
                while !unwritten.is_empty() {
                    let (at, len) = self.contents.place(unwritten.len())?;
                    let at = i64::try_from(at).map_err(|_| Errno::EFBIG)?;
                    let piece = unwritten.get(..len).unwrap_or_default();
                    let written = fs.pwrite64(&embedder.process, fd, piece, at)?;
                    if written == 0 {
                        // Writing answers an error where it can write nothing.
                        return Err(defect());
                    }
                    self.contents.wrote(written);
                    unwritten = unwritten.get(written..).unwrap_or_default();
                }
                self.contents_left(fs, embedder, fd, left - part.len() as u64)?;
            }
            Expecting::Nothing(left) => {
                let part = split_off(rest, left);
                self.expecting = Expecting::Nothing(left - part.len() as u64);
                self.skip_nothing();
            }
            Expecting::End => *rest = &[],
        }
        Ok(())
    }

    /// Expects a header where there is nothing to skip.
    fn skip_nothing(&mut self) {
        if let Expecting::Nothing(0) = self.expecting {
            self.expecting = Expecting::Header;
        }
    }

    /// Acts on the header in the block.
    fn header(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        if self.block.iter().all(|byte| *byte == 0) {
            self.expecting = Expecting::End;
            return Ok(());
        }
        self.member = Member::default();
        header::check(&self.block)?;
        let mut kind = Kind::of(&self.block);
        if let Ok(Kind::Pax | Kind::LongName | Kind::LongLink | Kind::GlobalPax) = kind {
            return self.expect_records(kind?, header::size(&self.block, header::SIZE)?);
        }
        let said = take(&mut self.said);
        self.member.name = said.name(&self.block, &self.global)?;
        // Before there was a letter for directories, a slash said it.
        if kind == Ok(Kind::File) && self.member.name.ends_with(b"/") {
            kind = Ok(Kind::Directory);
        }
        let kind = kind?;
        self.member.describe(&self.block, &said, &self.global)?;
        if self.member.path.split(|byte| *byte == b'/').next() == Some(&self.unfinished[..]) {
            return Err(Errno::EEXIST);
        }
        match kind {
            Kind::Directory => return self.directory(fs, embedder),
            Kind::CharDevice => return self.device(fs, embedder, FileType::CharDevice),
            Kind::BlockDevice => return self.device(fs, embedder, FileType::BlockDevice),
            Kind::Fifo => return self.node(fs, embedder, FileType::Fifo, Dev::new(0, 0)),
            Kind::Symlink | Kind::HardLink => {
                let link = said.link(&self.block, &self.global)?;
                return match kind {
                    Kind::Symlink => self.symlink(fs, embedder, &link),
                    _ => self.hard_link(fs, embedder, &link),
                };
            }
            _ => {}
        }
        let size = said.size(&self.block, &self.global)?;
        self.padding = padding_after(size);
        self.contents = Contents::default();
        if kind == Kind::Sparse {
            self.contents.real_size = Some(header::size(&self.block, header::REAL_SIZE)?);
            return self.old_map(fs, embedder, header::SPARSE_MAP, size);
        }
        match said.sparse.of_member()? {
            None => self.contents.run = Run { offset: 0, len: size },
            Some((real_size, sparse)) => {
                self.contents.real_size = Some(real_size);
                match sparse {
                    Sparse::Known(map) => self.contents.map = map,
                    Sparse::BeforeData => return self.expect_map(size),
                }
                self.contents.check_map(size)?;
            }
        }
        self.begin_file(fs, embedder, size)
    }

    /// Expects what says more of the next member, or of all.
    fn expect_records(&mut self, kind: Kind, size: u64) -> Result<(), Errno> {
        if size > MAX_GATHERED_BYTES {
            return Err(Errno::E2BIG);
        }
        self.said.gathered = Vec::new();
        if size > 0 {
            self.expecting = Expecting::Records(kind, size, padding_after(size));
        }
        Ok(())
    }

    /// Takes the part of an old map that is in the block.
    fn old_map(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        (at, count): (usize, usize),
        data: u64,
    ) -> Result<(), Errno> {
        self.contents.map.add_fields(&self.block, at, count)?;
        let is_header = (at, count) == header::SPARSE_MAP;
        let flag = if is_header { header::MAP_GOES_ON } else { header::FURTHER_MAP_GOES_ON };
        if header::goes_on(&self.block, flag) {
            self.expecting = Expecting::OldMap(data);
            return Ok(());
        }
        self.contents.check_map(data)?;
        self.begin_file(fs, embedder, data)
    }

    /// Expects a block of a map in front of data, of the `left` bytes of both.
    fn expect_map(&mut self, left: u64) -> Result<(), Errno> {
        if left < BLOCK_BYTES as u64 {
            return Err(Errno::EINVAL);
        }
        self.expecting = Expecting::Map(left);
        Ok(())
    }

    /// Takes the part of a map that is in the block.
    fn map(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder, left: u64) -> Result<(), Errno> {
        let left = left - BLOCK_BYTES as u64;
        let Contents { text, map, .. } = &mut self.contents;
        if !text.take(&self.block, map)? {
            return self.expect_map(left);
        }
        self.contents.check_map(left)?;
        self.begin_file(fs, embedder, left)
    }

    fn begin_file(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        size: u64,
    ) -> Result<(), Errno> {
        if self.member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::EXCL;
        let fd = embedder.open(fs, self.directory, &self.unfinished, flags, self.member.mode)?;
        self.contents_left(fs, embedder, fd, size)
    }

    /// So many bytes are left of the file's contents.
    fn contents_left(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        fd: Fd,
        left: u64,
    ) -> Result<(), Errno> {
        self.expecting = Expecting::Contents(fd, left);
        if left > 0 {
            return Ok(());
        }
        if let Some(size) = self.contents.real_size {
            let size = i64::try_from(size).map_err(|_| Errno::EFBIG)?;
            fs.ftruncate(&embedder.process, fd, size)?;
        }
        self.contents = Contents::default();
        self.expecting = Expecting::Nothing(self.padding);
        self.skip_nothing();
        embedder.close(fs, fd)?;
        self.finish(fs, embedder, Dress::Fully)
    }

    fn directory(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        // First of all: afterwards nothing can fail.
        self.directories.try_reserve(1)?;
        let Member { path, mode, uid, gid, mtime, .. } = &mut self.member;
        if path.is_empty() {
            append(path, b".")?;
        } else {
            let nofollow = AtFlags::SYMLINK_NOFOLLOW;
            make_directory(fs, embedder, self.directory, path, *mode)?;
            let stat = fs.newfstatat(&embedder.process, self.directory, path, nofollow)?;
            if stat.file_type() != FileType::Directory {
                // A link to a directory, which is not the archive's to change.
                return Err(Errno::EEXIST);
            }
        }
        let (process, empty) = (&embedder.process, AtFlags::empty());
        fs.fchownat(process, self.directory, path, *uid, *gid, empty)?;
        fs.fchmodat(process, self.directory, path, *mode)?;
        self.directories.push((take(path), *mtime));
        Ok(())
    }

    fn symlink(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        target: &[u8],
    ) -> Result<(), Errno> {
        if !is_utf8(target) {
            return Err(Errno::EILSEQ);
        }
        fs.symlinkat(&embedder.process, target, self.directory, &self.unfinished)?;
        self.finish(fs, embedder, Dress::AllButMode)
    }

    /// Makes the node of a device. One without a driver cannot be opened, so it does no harm.
    fn device(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        kind: FileType,
    ) -> Result<(), Errno> {
        let number =
            |field| u32::try_from(header::number(&self.block, field)?).or(Err(Errno::EINVAL));
        let dev = Dev::new(number(header::DEVICE_MAJOR)?, number(header::DEVICE_MINOR)?);
        self.node(fs, embedder, kind, dev)
    }

    /// Makes a device or a named pipe.
    fn node(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        kind: FileType,
        dev: Dev,
    ) -> Result<(), Errno> {
        let mode = kind.mode_bits() | self.member.mode;
        fs.mknodat(&embedder.process, self.directory, &self.unfinished, mode, dev)?;
        self.finish(fs, embedder, Dress::Fully)
    }

    fn hard_link(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        original: &[u8],
    ) -> Result<(), Errno> {
        let original = clean(original)?;
        let (process, directory) = (&embedder.process, self.directory);
        let (unfinished, empty) = (&self.unfinished, AtFlags::empty());
        fs.linkat(process, directory, &original, directory, unfinished, empty)?;
        self.finish(fs, embedder, Dress::Not)
    }

    /// Gives the member what its header says, and its name.
    fn finish(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        dress: Dress,
    ) -> Result<(), Errno> {
        let Import { directory, unfinished, member, .. } = self;
        let directory = *directory;
        if member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        if dress != Dress::Not {
            let process = &embedder.process;
            let nofollow = AtFlags::SYMLINK_NOFOLLOW;
            fs.fchownat(process, directory, unfinished, member.uid, member.gid, nofollow)?;
            if dress == Dress::Fully {
                fs.fchmodat(process, directory, unfinished, member.mode)?;
            }
            let times = [TimeSpecifier::At(member.mtime); 2];
            fs.utimensat(process, directory, unfinished, times, nofollow)?;
        }
        let path = &member.path;
        with_parents(fs, embedder, directory, path, |fs, embedder| {
            fs.renameat(&embedder.process, directory, unfinished, directory, path)
        })?;
        // rename(2) does nothing if both are the same file.
        self.remove_unfinished(fs, &embedder.process)
    }

    fn remove_unfinished(&self, fs: &mut Fs<Host>, process: &Process) -> Result<(), Errno> {
        match fs.unlinkat(process, self.directory, &self.unfinished, AtFlags::empty()) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Ends the import.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the archive is not complete.
    /// * What utimensat(2) answers.
    pub(super) fn end(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Result<(), Errno> {
        match self.expecting {
            Expecting::End => {}
            Expecting::Contents(..) => return Err(Errno::EINVAL),
            _ => {
                // No member is at fault.
                self.member.name = Vec::new();
                return Err(Errno::EINVAL);
            }
        }
        self.date_directories(fs, embedder)
    }

    /// Sets the times of directories, once; those within others first.
    fn date_directories(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        let mut dated = Ok(());
        embedder.process.confine(ResolveFlags::BENEATH);
        while let Some((path, mtime)) = self.directories.pop() {
            let times = [TimeSpecifier::At(mtime); 2];
            let (process, nofollow) = (&embedder.process, AtFlags::SYMLINK_NOFOLLOW);
            match fs.utimensat(process, self.directory, &path, times, nofollow) {
                // A later member took its place.
                Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(errno) => dated = Err(errno),
            }
        }
        embedder.process.confine(ResolveFlags::empty());
        dated
    }

    /// Lets go of everything; the name of the member that was being worked on.
    pub(super) fn give_up(&mut self, fs: &mut Fs<Host>, embedder: &mut Embedder) -> Vec<u8> {
        if let Expecting::Contents(fd, _) = self.expecting {
            let _ = embedder.close(fs, fd);
        }
        let _ = self.remove_unfinished(fs, &embedder.process);
        // Directories that are complete are whole members, whatever became of those after them.
        let _ = self.date_directories(fs, embedder);
        let _ = embedder.close(fs, self.directory);
        take(&mut self.member.name)
    }
}

/// What of a header a member gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dress {
    Fully,
    AllButMode,
    Not,
}

/// A name that no entry of a directory has.
///
/// # Errors
///
/// What newfstatat(2) answers; `ENOMEM`: no memory.
fn free_name(fs: &Fs<Host>, process: &Process, directory: Fd) -> Result<Vec<u8>, Errno> {
    let mut number = 0;
    loop {
        let mut name = Vec::new();
        append(&mut name, UNFINISHED)?;
        append_decimal(&mut name, number)?;
        match fs.newfstatat(process, directory, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => number += 1,
            Err(Errno::ENOENT) => return Ok(name),
            Err(errno) => return Err(errno),
        }
    }
}

/// Splits at most `len` bytes off.
fn split_off<'a>(rest: &mut &'a [u8], len: u64) -> &'a [u8] {
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
    let (part, after) = rest.split_at_checked(len).unwrap_or((*rest, &[]));
    *rest = after;
    part
}
