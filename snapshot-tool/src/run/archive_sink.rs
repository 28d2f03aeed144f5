//! A tar archive that a running program's tree is exported as, written to the disk as it comes:
//! `run --get` of a directory.
//!
//! The archive is what `wasm_vfs_export` writes (ustar, pax records, sparse members of GNU's format
//! 1.0), in which each directory comes before what is in it. It comes from a module that anybody may
//! have made, so every name is checked; [`DirectoryWriter`] follows no links. Set-id bits, owners
//! and devices are left out.

use crate::disk::directory::{DirectoryWriter, TOP_DIRECTORY};
use crate::disk::new_entry::NewFile;
use crate::error::InnerResult;
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use crate::quote::escaped;
use crate::run::budget::Budget;
use crate::tree::Metadata;
use anyhow::{Context as _, bail, ensure};
use std::collections::HashMap;
use std::io::{self, Write};
use std::mem::take;
use tar::{EntryType, Header};

/// The most bytes that the records of one member may have: room for two paths of a tree that is
/// deeper than any memory.
const MAX_RECORDS_BYTES: u64 = 1 << 26;

/// Takes an archive and fills a directory.
pub(crate) struct ArchiveSink<'b> {
    writer: DirectoryWriter,
    budget: &'b Budget,
    expecting: Expecting,
    /// The header or the block of a map that is being collected.
    block: Vec<u8>,
    records: Records,
    /// The member that is being worked on, for messages.
    name: Vec<u8>,
    directories: Directories,
    /// Why writing has ended, if it has.
    pub(crate) failure: Option<anyhow::Error>,
}

/// What the next bytes are.
#[derive(Default)]
enum Expecting {
    #[default]
    Header,
    /// So many bytes of records, with what fills the last block.
    Records(u64, u64),
    /// A file's map, and so many bytes of it and what follows it.
    Map(Box<Member>, MapReader, u64),
    /// A file's contents: the runs of bytes that are left, and how long it will be.
    Contents(Box<Member>, Vec<(u64, u64)>, u64),
    /// So many bytes that mean nothing.
    Nothing(u64),
    /// What follows the end.
    End,
}

/// A file that is being written.
struct Member {
    file: NewFile,
    name: Vec<u8>,
    metadata: Metadata,
    /// Where the next byte goes.
    at: u64,
    /// What fills the last block after its contents.
    padding: u64,
}

/// What pax records say of the next member.
#[derive(Default)]
struct Records {
    gathered: Vec<u8>,
    values: HashMap<Vec<u8>, Vec<u8>>,
}

impl<'b> ArchiveSink<'b> {
    /// Fills what `writer` does, with as much as `budget` allows.
    pub(crate) fn new(writer: DirectoryWriter, budget: &'b Budget) -> Self {
        Self {
            writer,
            budget,
            expecting: Expecting::Header,
            block: Vec::new(),
            records: Records::default(),
            name: Vec::new(),
            directories: Directories::new(),
            failure: None,
        }
    }

    /// Ends the archive.
    ///
    /// # Errors
    ///
    /// When it is not complete.
    pub(crate) fn finish(self) -> InnerResult<DirectoryWriter> {
        ensure!(matches!(self.expecting, Expecting::End), "the archive of the tree is cut short");
        Ok(self.writer)
    }

    /// Takes some of `bytes`, which are not empty; returns the rest.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> InnerResult<&'a [u8]> {
        match take(&mut self.expecting) {
            Expecting::Header => {
                let rest = self.collect(bytes);
                if self.block.len() == TAR_BLOCK_BYTES {
                    let block = take(&mut self.block);
                    self.header(&block)?;
                }
                Ok(rest)
            }
            Expecting::Records(left, padding) => {
                let (part, rest) = split(bytes, left);
                self.records.gathered.extend_from_slice(part);
                let left = left - part.len() as u64;
                self.expecting = Expecting::Records(left, padding);
                if left == 0 {
                    self.records.take_in()?;
                    self.skip(padding);
                }
                Ok(rest)
            }
            Expecting::Map(member, mut map, left) => {
                let rest = self.collect(bytes);
                if self.block.len() < TAR_BLOCK_BYTES {
                    self.expecting = Expecting::Map(member, map, left);
                    return Ok(rest);
                }
                let block = take(&mut self.block);
                let left = left.checked_sub(TAR_BLOCK_BYTES as u64);
                let left = left.context("the map of its holes is damaged")?;
                if map.take(&block)? {
                    let runs = map.runs(left)?;
                    self.contents(member, runs, map.len)?;
                } else {
                    self.expecting = Expecting::Map(member, map, left);
                }
                Ok(rest)
            }
            Expecting::Contents(mut member, mut runs, len) => {
                let mut rest = bytes;
                if let Some((offset, left)) = runs.last_mut() {
                    let (part, after) = split(bytes, *left);
                    member.file.out.skip(*offset - member.at)?;
                    member.file.out.write_all(part)?;
                    rest = after;
                    *offset += part.len() as u64;
                    *left -= part.len() as u64;
                    member.at = *offset;
                    if *left == 0 {
                        runs.pop();
                    }
                }
                self.contents(member, runs, len)?;
                Ok(rest)
            }
            Expecting::Nothing(left) => {
                let (part, rest) = split(bytes, left);
                self.skip(left - part.len() as u64);
                Ok(rest)
            }
            Expecting::End => {
                self.expecting = Expecting::End;
                Ok(&[])
            }
        }
    }

    /// Adds to the block what it lacks; returns the rest.
    fn collect<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (part, rest) = split(bytes, (TAR_BLOCK_BYTES - self.block.len()) as u64);
        self.block.extend_from_slice(part);
        rest
    }

    fn skip(&mut self, bytes: u64) {
        self.expecting = if bytes > 0 { Expecting::Nothing(bytes) } else { Expecting::Header };
    }

    /// Acts on a header.
    fn header(&mut self, block: &[u8]) -> InnerResult<()> {
        if block.iter().all(|byte| *byte == 0) {
            self.expecting = Expecting::End;
            return Ok(());
        }
        let header = Header::from_byte_slice(block);
        let size = header.entry_size()?;
        let padding = size.wrapping_neg() % TAR_BLOCK_BYTES as u64;
        if header.entry_type() == EntryType::XHeader {
            ensure!(size <= MAX_RECORDS_BYTES, "a header has {size} bytes of records");
            self.expecting = Expecting::Records(size, padding);
            if size == 0 {
                self.skip(0);
            }
            return Ok(());
        }
        let records = take(&mut self.records.values);
        let is_sparse = records.get(&b"GNU.sparse.major"[..]).is_some_and(|major| major == b"1");
        let key = if is_sparse { &b"GNU.sparse.name"[..] } else { b"path" };
        self.name = match records.get(key) {
            Some(name) => name.clone(),
            None => header.path_bytes().into_owned(),
        };
        let link = match records.get(&b"linkpath"[..]) {
            Some(link) => Some(link.clone()),
            None => header.link_name_bytes().map(|link| link.into_owned()),
        };
        let metadata = Metadata {
            mode: u16::try_from(header.mode()? & 0o777)?,
            uid: 0,
            gid: 0,
            ..mtime(&records, header)?
        };
        let path = clean(&self.name)?;
        let Some((directory, name)) = split_path(&path) else {
            // The directory itself.
            self.writer.dress_top(metadata, &[]);
            self.skip(size + padding);
            return Ok(());
        };
        let parent = self.directories.find(directory).context("its directory comes later")?;
        match header.entry_type() {
            EntryType::Regular => {
                let file = self.writer.begin_file(parent, name)?;
                let member =
                    Box::new(Member { file, name: name.to_vec(), metadata, at: 0, padding });
                if is_sparse {
                    let len = records.get(&b"GNU.sparse.realsize"[..]).map(Vec::as_slice);
                    let len = len.and_then(number).context("it does not say how long it is")?;
                    self.expecting = Expecting::Map(member, MapReader::of(len), size);
                    return Ok(());
                }
                let runs = if size > 0 { vec![(0, size)] } else { Vec::new() };
                return self.contents(member, runs, size);
            }
            EntryType::Directory => {
                let made = self.writer.directory(parent, name, metadata, &[])?;
                self.directories.add(parent, name, made);
            }
            EntryType::Symlink => {
                let target = link.context("it has no target")?;
                self.writer.symlink(parent, name, &target, &metadata)?;
            }
            EntryType::Link => {
                let original = clean(&link.context("it has no original")?)?;
                let (directory, original) = split_path(&original).context("it links to `.`")?;
                let place = self.directories.find_original(directory);
                let place = place.context("what it links to comes later")?;
                self.writer.hard_link(parent, name, (place, original))?;
            }
            // Of devices only root may make any, and whoever wants the results misses neither them nor pipes.
            EntryType::Char | EntryType::Block | EntryType::Fifo => {}
            other => bail!("it is of the unknown type {:?}", char::from(other.as_byte())),
        }
        self.skip(size + padding);
        Ok(())
    }

    /// Goes on with a file of which these runs are left, the next one last.
    fn contents(
        &mut self,
        mut member: Box<Member>,
        runs: Vec<(u64, u64)>,
        len: u64,
    ) -> InnerResult<()> {
        if !runs.is_empty() {
            self.expecting = Expecting::Contents(member, runs, len);
            return Ok(());
        }
        member.file.out.skip(len - member.at)?;
        let Member { file, name, metadata, padding, .. } = *member;
        self.writer.finish_file(file, &name, &metadata, &[])?;
        self.skip(padding);
        Ok(())
    }
}

impl Write for ArchiveSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        let mut result = self.budget.spend(bytes.len() as u64).map_err(anyhow::Error::from);
        while !rest.is_empty() && result.is_ok() {
            result = self.step(rest).map(|after| rest = after);
        }
        match result {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                let name = format!("`{}`", escaped(&self.name));
                self.failure = Some(if self.name.is_empty() { error } else { error.context(name) });
                // A file that is not complete goes away.
                self.expecting = Expecting::Header;
                Err(io::Error::other("the archive was not taken"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The numbers in front of a sparse file's contents.
struct MapReader {
    /// How long the file is.
    len: u64,
    /// The digits of the next number.
    digits: Vec<u8>,
    /// How many runs there are; `None` until that has come.
    count: Option<u64>,
    numbers: Vec<u64>,
}

impl MapReader {
    fn of(len: u64) -> Self {
        Self { len, digits: Vec::new(), count: None, numbers: Vec::new() }
    }

    /// Takes a block; whether it was the last.
    fn take(&mut self, block: &[u8]) -> InnerResult<bool> {
        for byte in block {
            if self.is_complete() {
                return Ok(true);
            }
            if *byte != b'\n' {
                self.digits.push(*byte);
                ensure!(self.digits.len() < 21, "the map of its holes is damaged");
                continue;
            }
            let number = number(&take(&mut self.digits));
            let number = number.context("the map of its holes is damaged")?;
            match self.count {
                None => self.count = Some(number),
                Some(_) => self.numbers.push(number),
            }
        }
        Ok(self.is_complete())
    }

    fn is_complete(&self) -> bool {
        self.count.is_some_and(|count| self.numbers.len() as u64 / 2 >= count)
    }

    /// The runs of bytes, of which there are so many in all; the first one last.
    fn runs(&self, data_bytes: u64) -> InnerResult<Vec<(u64, u64)>> {
        let (mut runs, mut end, mut sum) = (Vec::new(), 0u64, 0u64);
        for pair in self.numbers.chunks_exact(2) {
            let (offset, len) = (pair[0], pair[1]);
            let after = offset.checked_add(len).filter(|after| *after <= self.len);
            let after =
                after.filter(|_| offset >= end).context("the map of its holes is damaged")?;
            (end, sum) = (after, sum + len);
            if len > 0 {
                runs.push((offset, len));
            }
        }
        ensure!(sum == data_bytes, "the map of its holes is damaged");
        runs.reverse();
        Ok(runs)
    }
}

impl Records {
    /// Takes in what was gathered: "LENGTH KEY=VALUE\n", where LENGTH counts all of it.
    fn take_in(&mut self) -> InnerResult<()> {
        let gathered = take(&mut self.gathered);
        let mut rest = gathered.as_slice();
        while !rest.is_empty() {
            let record = (|| {
                let blank = rest.iter().position(|byte| *byte == b' ')?;
                let len = usize::try_from(number(&rest[..blank])?).ok()?;
                let (record, after) = rest.split_at_checked(len)?;
                let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
                let equals = record.iter().position(|byte| *byte == b'=')?;
                rest = after;
                Some((record[..equals].to_vec(), record[equals + 1..].to_vec()))
            })();
            let (key, value) = record.context("the records of a header are damaged")?;
            self.values.insert(key, value);
        }
        Ok(())
    }
}

/// The directories that were made, by their paths: most are asked for near the last one.
struct Directories {
    /// By directory and name.
    children: HashMap<(usize, Vec<u8>), usize>,
    last: Way,
    last_original: Way,
}

/// A path with the directories on it.
#[derive(Default)]
struct Way {
    path: Vec<u8>,
    /// For each name of it where it ends, and the directory.
    directories: Vec<(usize, usize)>,
}

impl Directories {
    fn new() -> Self {
        Self { children: HashMap::new(), last: Way::default(), last_original: Way::default() }
    }

    fn add(&mut self, parent: usize, name: &[u8], made: usize) {
        self.children.insert((parent, name.to_vec()), made);
    }

    fn find(&mut self, path: &[u8]) -> Option<usize> {
        self.last.go(path, &self.children)
    }

    fn find_original(&mut self, path: &[u8]) -> Option<usize> {
        self.last_original.go(path, &self.children)
    }
}

impl Way {
    fn go(&mut self, path: &[u8], children: &HashMap<(usize, Vec<u8>), usize>) -> Option<usize> {
        let common = self.path.iter().zip(path).take_while(|(a, b)| a == b).count();
        // Names that are the same in both, to their ends.
        let ends_name =
            |end: usize| end <= common && path.get(end).is_none_or(|byte| *byte == b'/');
        while self.directories.pop_if(|(end, _)| !ends_name(*end)).is_some() {}
        let (mut end, mut at) = self.directories.last().copied().unwrap_or((0, TOP_DIRECTORY));
        self.path.truncate(end);
        while end < path.len() {
            let start = if end == 0 { 0 } else { end + 1 };
            let len = path[start..].iter().position(|byte| *byte == b'/');
            end = len.map_or(path.len(), |len| start + len);
            at = *children.get(&(at, path[start..end].to_vec()))?;
            self.path.truncate(start.saturating_sub(1));
            if start > 0 {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(&path[start..end]);
            self.directories.push((end, at));
        }
        Some(at)
    }
}

/// A member's name as a path beneath the directory; empty for that itself.
fn clean(name: &[u8]) -> InnerResult<Vec<u8>> {
    let mut path = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => bail!("its name leads out of the directory"),
            part => ensure!(!part.contains(&0), "its name has a NUL byte"),
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(part);
    }
    Ok(path)
}

/// The directory and the name of a clean path; `None` for the top.
fn split_path(path: &[u8]) -> Option<(&[u8], &[u8])> {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => Some((&path[..slash], &path[slash + 1..])),
        None if path.is_empty() => None,
        None => Some((&[], path)),
    }
}

/// Metadata with the modification time: that of the records, else the header's.
fn mtime(records: &HashMap<Vec<u8>, Vec<u8>>, header: &Header) -> InnerResult<Metadata> {
    let none = Metadata { mode: 0, uid: 0, gid: 0, mtime_sec: 0, mtime_nsec: 0 };
    let Some(text) = records.get(&b"mtime"[..]) else {
        return Ok(Metadata { mtime_sec: header.mtime()?.cast_signed(), ..none });
    };
    let (is_negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text.as_slice()),
    };
    let dot = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let mut fraction = digits.get(dot + 1..).unwrap_or_default().to_vec();
    fraction.resize(9, b'0');
    let numbers = number(&digits[..dot]).zip(number(&fraction));
    let (whole, nanoseconds) = numbers.context("its modification time is damaged")?;
    let (sec, nsec) = (i64::try_from(whole)?, u32::try_from(nanoseconds)?);
    Ok(match (is_negative, nsec) {
        (false, _) => Metadata { mtime_sec: sec, mtime_nsec: nsec, ..none },
        (true, 0) => Metadata { mtime_sec: -sec, ..none },
        // Half a second before 1970 is -1 s and 500,000,000 ns.
        (true, _) => Metadata { mtime_sec: -sec - 1, mtime_nsec: 1_000_000_000 - nsec, ..none },
    })
}

/// A number in decimal digits.
fn number(digits: &[u8]) -> Option<u64> {
    // `parse` takes a sign.
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    digits.parse().ok()
}

fn split(bytes: &[u8], at: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len())))
}
