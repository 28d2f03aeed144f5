//! A tar archive, given in pieces of any size, becomes files of the tree.
//!
//! A member appears when it is complete: a file is written under a name of its own in the archive's
//! directory and renamed. Nothing leads out of that directory, whatever links the archive holds. A
//! device is made if the filesystem has one of that number; others, and pipes, are refused, as they
//! are when a tree is packed.

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Dev, Errno, Fd, FileType, Fs, OFlags, Process, ResolveFlags, S_IALLUGO,
    TimeSpecifier, Timespec,
};

use super::make::{PARENT_MODE, make_directory, with_parents};
use super::tar_header::{self as header, BLOCK_BYTES, Block, Kind};
use super::tar_member::{KNOWN_DEVICES, Member, Said, clean, padding_after};
use crate::bytes::{append, append_decimal, is_utf8};
use crate::defect::defect;
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
    /// The member that is being worked on.
    member: Member,
    /// Directories that were made: their times are set at the end, after all that goes into them.
    directories: Vec<(Vec<u8>, Timespec)>,
}

/// What the next bytes are.
enum Expecting {
    /// A header.
    Header,
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
        process: &mut Process,
        path: &[u8],
    ) -> Result<Import, Errno> {
        make_directory(fs, process, AT_FDCWD, path, PARENT_MODE)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = fs.openat(process, AT_FDCWD, path, flags, 0)?;
        let unfinished = match free_name(fs, process, directory) {
            Ok(name) => name,
            Err(errno) => {
                fs.close(process, directory)?;
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
            member: Member::default(),
            directories: Vec::new(),
        })
    }

    /// Takes the next bytes of the archive.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: the archive is damaged, or a name in it leads out of its directory.
    /// * `EOPNOTSUPP`: a member is of a kind that a tree does not hold.
    /// * `EXDEV`: a link in the tree leads out of the archive's directory.
    /// * What the calls answer that make the member.
    pub(super) fn take(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        data: &[u8],
    ) -> Result<(), Errno> {
        process.confine(ResolveFlags::BENEATH);
        let mut rest = data;
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            result = self.step(fs, process, &mut rest);
        }
        process.confine(ResolveFlags::empty());
        result
    }

    /// Takes some of `rest`, which is not empty.
    fn step(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        rest: &mut &[u8],
    ) -> Result<(), Errno> {
        match self.expecting {
            Expecting::Header => {
                let part = split_off(rest, (BLOCK_BYTES - self.filled) as u64);
                for (place, byte) in self.block.iter_mut().skip(self.filled).zip(part) {
                    *place = *byte;
                }
                self.filled += part.len();
                if self.filled == BLOCK_BYTES {
                    self.filled = 0;
                    self.header(fs, process)?;
                }
            }
            Expecting::Records(kind, left, padding) => {
                let part = split_off(rest, left);
                append(&mut self.said.gathered, part)?;
                let left = left - part.len() as u64;
                self.expecting = Expecting::Records(kind, left, padding);
                if left == 0 {
                    self.expecting = Expecting::Nothing(padding);
                    self.said.take_in(kind)?;
                    self.skip_nothing();
                }
            }
            Expecting::Contents(fd, left) => {
                let part = split_off(rest, left);
                let mut unwritten = part;
                while !unwritten.is_empty() {
                    let written = fs.write(process, fd, unwritten)?;
                    if written == 0 {
                        // Writing answers an error where it can write nothing.
                        return Err(defect());
                    }
                    unwritten = unwritten.get(written..).unwrap_or_default();
                }
                self.contents(fs, process, fd, left - part.len() as u64)?;
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
    fn header(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        if self.block.iter().all(|byte| *byte == 0) {
            self.expecting = Expecting::End;
            return Ok(());
        }
        self.member = Member::default();
        header::check(&self.block)?;
        let mut kind = Kind::of(&self.block);
        let size = u64::try_from(header::number(&self.block, header::SIZE)?);
        let size = size.map_err(|_| Errno::EINVAL)?;
        if let Ok(Kind::Pax | Kind::LongName | Kind::LongLink | Kind::GlobalPax) = kind {
            return self.expect_records(kind?, size);
        }
        let said = take(&mut self.said);
        self.member.name = match said.path {
            Some(path) => path,
            None => header::name(&self.block)?,
        };
        // Before there was a letter for directories, a slash said it.
        if kind == Ok(Kind::File) && self.member.name.ends_with(b"/") {
            kind = Ok(Kind::Directory);
        }
        let kind = kind?;
        self.member.path = clean(&self.member.name)?;
        let narrow = |number: i64| u32::try_from(number).map_err(|_| Errno::EINVAL);
        self.member.mode = narrow(header::number(&self.block, header::MODE)?)? & S_IALLUGO;
        self.member.uid = match said.uid {
            Some(uid) => uid,
            None => narrow(header::number(&self.block, header::UID)?)?,
        };
        self.member.gid = match said.gid {
            Some(gid) => gid,
            None => narrow(header::number(&self.block, header::GID)?)?,
        };
        self.member.mtime = match said.mtime {
            Some(mtime) => mtime,
            None => Timespec::new(header::number(&self.block, header::MTIME)?, 0),
        };
        let mut link = Vec::new();
        match said.link {
            Some(said) => link = said,
            None => append(&mut link, header::text(&self.block, header::LINK_NAME))?,
        }
        match kind {
            Kind::File => self.begin_file(fs, process, said.size.unwrap_or(size)),
            Kind::Directory => self.directory(fs, process),
            Kind::Symlink => self.symlink(fs, process, &link),
            Kind::CharDevice => self.device(fs, process),
            _ => self.hard_link(fs, process, &link),
        }
    }

    /// Expects what says more of the next member.
    fn expect_records(&mut self, kind: Kind, size: u64) -> Result<(), Errno> {
        let padding = padding_after(size);
        if kind == Kind::GlobalPax {
            let all = size.checked_add(padding).ok_or(Errno::EINVAL)?;
            self.expecting = Expecting::Nothing(all);
            self.skip_nothing();
            return Ok(());
        }
        if size > MAX_GATHERED_BYTES {
            return Err(Errno::E2BIG);
        }
        self.said.gathered = Vec::new();
        if size > 0 {
            self.expecting = Expecting::Records(kind, size, padding);
        }
        Ok(())
    }

    fn begin_file(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        size: u64,
    ) -> Result<(), Errno> {
        if self.member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::EXCL;
        let fd = fs.openat(process, self.directory, &self.unfinished, flags, self.member.mode)?;
        self.contents(fs, process, fd, size)
    }

    /// So many bytes are left of the file's contents.
    fn contents(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        fd: Fd,
        left: u64,
    ) -> Result<(), Errno> {
        self.expecting = Expecting::Contents(fd, left);
        if left > 0 {
            return Ok(());
        }
        let size = fs.fstat(process, fd)?.st_size;
        fs.close(process, fd)?;
        self.expecting = Expecting::Nothing(padding_after(size));
        self.skip_nothing();
        self.finish(fs, process, Dress::Fully)
    }

    fn directory(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        let Member { path, mode, uid, gid, mtime, .. } = &mut self.member;
        if path.is_empty() {
            append(path, b".")?;
        } else {
            let nofollow = AtFlags::SYMLINK_NOFOLLOW;
            make_directory(fs, process, self.directory, path, *mode)?;
            let stat = fs.newfstatat(process, self.directory, path, nofollow)?;
            if stat.file_type() != FileType::Directory {
                // A link to a directory, which is not the archive's to change.
                return Err(Errno::EEXIST);
            }
        }
        fs.fchownat(process, self.directory, path, *uid, *gid, AtFlags::empty())?;
        fs.fchmodat(process, self.directory, path, *mode)?;
        self.directories.try_reserve(1)?;
        self.directories.push((take(path), *mtime));
        Ok(())
    }

    fn symlink(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        target: &[u8],
    ) -> Result<(), Errno> {
        if !is_utf8(target) {
            return Err(Errno::EILSEQ);
        }
        fs.symlinkat(process, target, self.directory, &self.unfinished)?;
        self.finish(fs, process, Dress::AllButMode)
    }

    /// Makes the node of a device that the filesystem knows.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP`: it knows no device of these numbers.
    fn device(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        let number =
            |field| u32::try_from(header::number(&self.block, field)?).or(Err(Errno::EINVAL));
        let dev = Dev::new(number(header::DEVICE_MAJOR)?, number(header::DEVICE_MINOR)?);
        if !KNOWN_DEVICES.contains(&dev) {
            return Err(Errno::EOPNOTSUPP);
        }
        let mode = FileType::CharDevice.mode_bits() | self.member.mode;
        fs.mknodat(process, self.directory, &self.unfinished, mode, dev)?;
        self.finish(fs, process, Dress::Fully)
    }

    fn hard_link(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        original: &[u8],
    ) -> Result<(), Errno> {
        let original = clean(original)?;
        let (directory, unfinished) = (self.directory, &self.unfinished);
        fs.linkat(process, directory, &original, directory, unfinished, AtFlags::empty())?;
        self.finish(fs, process, Dress::Not)
    }

    /// Gives the member what its header says, and its name.
    fn finish(
        &mut self,
        fs: &mut Fs<Host>,
        process: &mut Process,
        dress: Dress,
    ) -> Result<(), Errno> {
        let Import { directory, unfinished, member, .. } = self;
        let directory = *directory;
        if member.path.is_empty() {
            return Err(Errno::EISDIR);
        }
        if member.path == *unfinished {
            return Err(Errno::EEXIST);
        }
        if dress != Dress::Not {
            let nofollow = AtFlags::SYMLINK_NOFOLLOW;
            fs.fchownat(process, directory, unfinished, member.uid, member.gid, nofollow)?;
            if dress == Dress::Fully {
                fs.fchmodat(process, directory, unfinished, member.mode)?;
            }
            let times = [TimeSpecifier::At(member.mtime); 2];
            fs.utimensat(process, directory, unfinished, times, nofollow)?;
        }
        let path = &member.path;
        with_parents(fs, process, directory, path, |fs, process| {
            fs.renameat(process, directory, unfinished, directory, path)
        })?;
        // rename(2) does nothing if both are the same file.
        self.remove_unfinished(fs, process)
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
    pub(super) fn end(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
        match self.expecting {
            Expecting::End => {}
            Expecting::Contents(..) => return Err(Errno::EINVAL),
            _ => {
                // No member is at fault.
                self.member.name = Vec::new();
                return Err(Errno::EINVAL);
            }
        }
        process.confine(ResolveFlags::BENEATH);
        let dated = self.date_directories(fs, process);
        process.confine(ResolveFlags::empty());
        dated
    }

    /// Sets the times of directories, those within others first.
    fn date_directories(&self, fs: &mut Fs<Host>, process: &Process) -> Result<(), Errno> {
        for (path, mtime) in self.directories.iter().rev() {
            let times = [TimeSpecifier::At(*mtime); 2];
            let nofollow = AtFlags::SYMLINK_NOFOLLOW;
            match fs.utimensat(process, self.directory, path, times, nofollow) {
                // A later member took its place.
                Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Lets go of everything; the name of the member that was being worked on.
    pub(super) fn give_up(&mut self, fs: &mut Fs<Host>, process: &mut Process) -> Vec<u8> {
        if let Expecting::Contents(fd, _) = self.expecting {
            let _ = fs.close(process, fd);
        }
        let _ = self.remove_unfinished(fs, process);
        let _ = fs.close(process, self.directory);
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
