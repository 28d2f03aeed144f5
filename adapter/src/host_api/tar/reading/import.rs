//! A tar archive, given in pieces of any size, becomes files of the tree.
//!
//! This file reads the archive; [`destination`] makes its members. Of a member that is refused
//! nothing is left, nor are the directories that were made for it. Sparse files keep their holes
//! ([`sparse`]).
//!
//! [`destination`]: super::destination
//! [`sparse`]: crate::host_api::tar::sparse

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{Dev, Errno, Fd, FileType, Fs, ResolveFlags};

use super::destination::{Destination, Purpose};
use crate::bytes::append;
use crate::defect::{OrDefect, defect};
use crate::host_api::embedder::Embedder;
use crate::host_api::reserve::Reserve;
use crate::host_api::tar::header::{self, BLOCK_BYTES, Block, Kind};
use crate::host_api::tar::member::{Member, Records, Said, check_encoding, clean, padding_after};
use crate::host_api::tar::sparse::{Map, MapText, Run, Sparse};
use crate::host_api::tar::whiteout;
use crate::platform::Host;

/// An import under way.
pub(in crate::host_api) struct Import {
    /// Where it goes; `None`: nowhere, it is only checked.
    destination: Option<Destination>,
    purpose: Purpose,
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
    /// Contents of the member, which is this file, if it is made; so many bytes of them.
    Contents(Option<Fd>, u64),
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
    pub(in crate::host_api) fn begin(
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        path: &[u8],
        purpose: Purpose,
    ) -> Result<Import, Errno> {
        let destination = Destination::open(fs, embedder, path, purpose)?;
        Ok(Import { destination: Some(destination), purpose, ..Import::check() })
    }

    /// Begins one of a layer that goes nowhere: it fails where the layer is damaged, and changes
    /// nothing.
    pub(in crate::host_api) fn check() -> Import {
        Import {
            destination: None,
            purpose: Purpose::Layer,
            expecting: Expecting::Header,
            block: [0; BLOCK_BYTES],
            filled: 0,
            said: Said::default(),
            global: Records::default(),
            member: Member::default(),
            padding: 0,
            contents: Contents::default(),
        }
    }

    /// Takes the next bytes of the archive.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the archive is damaged, or a name in it leads out of its directory, or is a
    ///   whiteout of what has no such name.
    /// * `EOPNOTSUPP`: a member is of a kind that a tree does not hold.
    /// * `E2BIG`: the records or the map of a member have too many bytes.
    /// * `EXDEV`: a link in the tree leads out of the archive's directory.
    /// * What the calls answer that make the member.
    pub(in crate::host_api) fn take(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        reserve: &mut Reserve,
        data: &[u8],
    ) -> Result<(), Errno> {
        Destination::confine(embedder);
        let mut rest = data;
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            result = self.step(fs, embedder, reserve, &mut rest);
        }
        embedder.confine(ResolveFlags::empty());
        result
    }

    /// Takes some of `rest`, which is not empty.
    fn step(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        reserve: &mut Reserve,
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
                        _ => self.header(fs, embedder, reserve)?,
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
                    let written = match fd {
                        Some(fd) => fs.pwrite64(&embedder.process, fd, piece, at)?,
                        None => len,
                    };
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
    fn header(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        reserve: &mut Reserve,
    ) -> Result<(), Errno> {
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
        let mut said = take(&mut self.said);
        self.member.name = said.name(&self.block, &self.global)?;
        // Before there was a letter for directories, a slash said it.
        if kind == Ok(Kind::File) && self.member.name.ends_with(b"/") {
            kind = Ok(Kind::Directory);
        }
        let kind = kind?;
        self.member.describe(&self.block, &mut said, &self.global)?;
        if self.purpose == Purpose::Layer
            && let Some(whiteout) = whiteout::of(&self.member.path)?
        {
            if kind != Kind::File || said.size(&self.block, &self.global)? != 0 {
                return Err(Errno::EINVAL);
            }
            let Some(destination) = &mut self.destination else { return Ok(()) };
            // What removes must not fail for want of memory.
            reserve.release();
            let removed = destination.whiteout(fs, embedder, whiteout);
            reserve.refill();
            return removed;
        }
        if let Some(destination) = &self.destination {
            destination.check_name(&self.member.path)?;
        }
        if kind != Kind::File && kind != Kind::Sparse {
            return self.without_contents(fs, embedder, kind, &said);
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
        if size > header::MAX_RECORDS_BYTES {
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
        let fd = match &mut self.destination {
            Some(destination) => Some(destination.begin_file(fs, embedder, &self.member)?),
            None if self.member.path.is_empty() => return Err(Errno::EISDIR),
            None => None,
        };
        self.contents_left(fs, embedder, fd, size)
    }

    /// So many bytes are left of the file's contents.
    fn contents_left(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        fd: Option<Fd>,
        left: u64,
    ) -> Result<(), Errno> {
        self.expecting = Expecting::Contents(fd, left);
        if left > 0 {
            return Ok(());
        }
        let real_size = match self.contents.real_size {
            Some(size) => Some(i64::try_from(size).map_err(|_| Errno::EFBIG)?),
            None => None,
        };
        if let (Some(fd), Some(size)) = (fd, real_size) {
            fs.ftruncate(&embedder.process, fd, size)?;
        }
        self.contents = Contents::default();
        self.expecting = Expecting::Nothing(self.padding);
        self.skip_nothing();
        let (Some(fd), Some(destination)) = (fd, &mut self.destination) else { return Ok(()) };
        embedder.close(fs, fd)?;
        destination.finish_file(fs, embedder, &self.member)
    }

    /// Makes a member that is nothing but its header.
    fn without_contents(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
        kind: Kind,
        said: &Said,
    ) -> Result<(), Errno> {
        let (member, block) = (&self.member, &self.block);
        let link = match kind {
            Kind::Symlink | Kind::HardLink => said.link(block, &self.global)?,
            _ => Vec::new(),
        };
        let number = |field| u32::try_from(header::number(block, field)?).or(Err(Errno::EINVAL));
        let (file_type, dev) = match kind {
            Kind::CharDevice | Kind::BlockDevice => {
                let major = number(header::DEVICE_MAJOR)?;
                let dev = Dev::new(major, number(header::DEVICE_MINOR)?);
                let is_block = kind == Kind::BlockDevice;
                (if is_block { FileType::BlockDevice } else { FileType::CharDevice }, dev)
            }
            _ => (FileType::Fifo, Dev::new(0, 0)),
        };
        let Some(destination) = &mut self.destination else {
            return match kind {
                Kind::Directory => Ok(()),
                _ if member.path.is_empty() => Err(Errno::EISDIR),
                Kind::Symlink => check_encoding(&link),
                Kind::HardLink => clean(&link).map(|_| ()),
                _ => Ok(()),
            };
        };
        match kind {
            Kind::Directory => destination.directory(fs, embedder, member),
            Kind::Symlink => destination.symlink(fs, embedder, member, &link),
            Kind::HardLink => destination.hard_link(fs, embedder, member, &link),
            _ => destination.node(fs, embedder, member, file_type, dev),
        }
    }

    /// Ends the import.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the archive is not complete.
    /// * What unlinkat(2) and utimensat(2) answer.
    pub(in crate::host_api) fn end(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Result<(), Errno> {
        match self.expecting {
            Expecting::End => {}
            Expecting::Contents(..) => return Err(Errno::EINVAL),
            _ => {
                // No member is at fault.
                self.member.name = Vec::new();
                return Err(Errno::EINVAL);
            }
        }
        match &mut self.destination {
            Some(destination) => destination.end(fs, embedder),
            None => Ok(()),
        }
    }

    /// Lets go of everything; the name of the member that was being worked on.
    pub(in crate::host_api) fn give_up(
        &mut self,
        fs: &mut Fs<Host>,
        embedder: &mut Embedder,
    ) -> Vec<u8> {
        if let Expecting::Contents(Some(fd), _) = self.expecting {
            let _ = embedder.close(fs, fd);
        }
        if let Some(destination) = &mut self.destination {
            destination.close(fs, embedder);
        }
        take(&mut self.member.name)
    }
}

/// Splits at most `len` bytes off.
fn split_off<'a>(rest: &mut &'a [u8], len: u64) -> &'a [u8] {
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
    let (part, after) = rest.split_at_checked(len).unwrap_or((*rest, &[]));
    *rest = after;
    part
}
