//! The members of a tar archive, one by one: [`Members`]. It reads the old format, POSIX's (ustar and
//! pax) and GNU tar's; contents are skipped.
//!
//! Headers of an archive may say anything. Each number is checked where it is read; what a name may
//! be is `tree`'s business.

use crate::error::{ErrorKind, Marked as _, mark};
use crate::gather::archive::input::Input;
use crate::gather::archive::pax::{Records, header_number};
use crate::gather::archive::sparse::{FileRuns, map_of_gnu, map_of_pax, map_of_records};
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use crate::quote::escaped;
use crate::tree::Xattr;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use std::fs::File;
use std::ops::Range;
use tar::Header;

/// The longest extended header or long name that is read into memory.
const MAX_EXTENDED_BYTES: u64 = 1 << 20;

/// One member.
#[derive(Debug)]
pub(crate) struct Member {
    /// Not empty; else as it is in the archive.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: MemberKind,
    /// Permission bits with set-id and sticky bits.
    pub(crate) mode: u16,
    pub(crate) uid: i64,
    pub(crate) gid: i64,
    pub(crate) mtime_sec: i64,
    pub(crate) mtime_nsec: u32,
    /// By ascending name.
    pub(crate) xattrs: Vec<Xattr>,
    /// Whether there are access control lists, or attributes in a form that is not read.
    pub(crate) has_unread: bool,
}

#[derive(Debug)]
pub(crate) enum MemberKind {
    File(FileRuns),
    /// With the name of the other member.
    HardLink(Vec<u8>),
    /// With its text.
    Symlink(Vec<u8>),
    Directory,
    /// With major and minor number.
    CharDevice(u32, u32),
    Fifo,
    /// Of a kind that no tree has: its name.
    Foreign(&'static str),
}

/// Reads an archive from its start to its end.
#[derive(Debug)]
pub(crate) struct Members<'f> {
    input: Input<'f>,
    /// What a global header said.
    global: Records,
    /// Whether the archive ended without the blocks that mark an end.
    is_unmarked: bool,
}

impl<'f> Members<'f> {
    /// Reads the archive at `place` of a file.
    pub(crate) fn new(file: &'f File, place: Range<u64>) -> Self {
        Self { input: Input::new(file, place), global: Records::default(), is_unmarked: false }
    }

    /// Whether the archive ended without the blocks that mark an end.
    pub(crate) fn is_unmarked(&self) -> bool {
        self.is_unmarked
    }

    /// The next member; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the archive is none, is damaged or cut short. The message names the member.
    pub(crate) fn next(&mut self) -> Result<Option<Member>> {
        let (mut own, mut long_name, mut long_link) = (Records::default(), None, None);
        let mut is_begun = false;
        loop {
            let start = self.input.at;
            let Some(header) = self.header().of_kind(ErrorKind::Damaged)? else {
                if is_begun {
                    let error = anyhow!("the archive is cut short behind an extended header");
                    return Err(mark(error, ErrorKind::Damaged));
                }
                return Ok(None);
            };
            let kind = header.as_old().linkflag[0];
            is_begun |= matches!(kind, b'x' | b'X' | b'L' | b'K');
            let extended = match kind {
                b'x' | b'X' => self.extended(&header).and_then(|bytes| own.parse(&bytes)),
                b'g' => self.global(&header),
                b'L' => self.extended(&header).map(|name| long_name = Some(name)),
                b'K' => self.extended(&header).map(|name| long_link = Some(name)),
                // The name of a volume says nothing of the tree.
                b'V' => self.extended(&header).map(drop),
                _ => {
                    let records = self.global.overridden_by(own);
                    let name = name_of(&header, &records, long_name);
                    let shown = format!("the member `{}`", escaped(&name));
                    let link = records
                        .linkpath
                        .clone()
                        .or(long_link)
                        .unwrap_or_else(|| until_nul(&header.as_old().linkname).to_vec());
                    let member = self.member(&header, &records, name, link);
                    return member.of_kind(ErrorKind::Damaged).about(|| shown).map(Some);
                }
            };
            extended.of_kind(ErrorKind::Damaged).about(|| format!("the header at byte {start}"))?;
        }
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>> {
        let at = self.input.at;
        if at == self.input.len {
            if at == 0 {
                return Err(refused("it is empty, so no tar archive"));
            }
            self.is_unmarked = true;
            return Ok(None);
        }
        if self.input.len < TAR_BLOCK_BYTES as u64 {
            return Err(refused(NOT_TAR));
        }
        let block = self.input.read(TAR_BLOCK_BYTES as u64)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&block);
        let told = header_number(&header.as_old().cksum).ok();
        // The field itself counts as spaces. Some old programs added signed bytes.
        let counted = |value: fn(u8) -> i64| {
            let values = block[..148].iter().chain(&[b' '; 8]).chain(&block[156..]);
            Some(values.map(|byte| value(*byte)).sum::<i64>())
        };
        if told != counted(i64::from) && told != counted(|byte| byte.cast_signed().into()) {
            if at == 0 {
                return Err(refused(NOT_TAR));
            }
            bail!(
                "the header at byte {at} has a wrong checksum: the archive is damaged; get it again"
            );
        }
        Ok(Some(header))
    }

    /// What an extended header or a long name holds.
    fn extended(&mut self, header: &Header) -> Result<Vec<u8>> {
        let size = size_of(header, None)?;
        ensure!(
            size <= MAX_EXTENDED_BYTES,
            "an extended header or a name has {size} bytes, more than {MAX_EXTENDED_BYTES}; make the archive without it"
        );
        let mut bytes = self.input.read(size)?;
        self.input.align()?;
        if header.as_old().linkflag[0].is_ascii_uppercase() && bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn global(&mut self, header: &Header) -> Result<()> {
        let header = self.extended(header)?;
        self.global.parse(&header)?;
        ensure!(
            !self.global.is_of_one_member(),
            "a header for all members gives them one name, size or link; make the archive without it"
        );
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        records: &Records,
        name: Vec<u8>,
        link: Vec<u8>,
    ) -> Result<Member> {
        let old = header.as_old();
        let size = size_of(header, records.size)?;
        let empty = |kind| {
            // Readers of tar disagree whether these bytes follow, and so on where the next header is.
            ensure!(
                size == 0,
                "it is no file and says that it has {size} bytes; make the archive anew"
            );
            Ok(kind)
        };
        let kind = match old.linkflag[0] {
            // Before POSIX, a directory was a file whose name ends in a slash.
            b'\0' | b'0' if name.ends_with(b"/") => empty(MemberKind::Directory)?,
            b'\0' | b'0' | b'7' => MemberKind::File(self.runs(header, records, size)?),
            b'S' => MemberKind::File(self.runs(header, records, size)?),
            b'1' => empty(MemberKind::HardLink(link))?,
            b'2' => empty(MemberKind::Symlink(link))?,
            b'3' => empty(char_device(header)?)?,
            b'4' => empty(MemberKind::Foreign("a block device"))?,
            b'5' => empty(MemberKind::Directory)?,
            b'6' => empty(MemberKind::Fifo)?,
            b'D' => {
                // GNU tar lists there what an incremental archive leaves out.
                self.input.skip(size)?;
                self.input.align()?;
                MemberKind::Directory
            }
            b'M' => {
                return Err(refused(
                    "it goes on from another archive; put the volumes together first",
                ));
            }
            other => {
                let other = escaped([other]);
                return Err(refused(format!(
                    "it is of the type `{other}`, which is not known here; make the archive without it"
                )));
            }
        };
        let number = |record: Option<i64>, field| record.map_or_else(|| header_number(field), Ok);
        let (mtime_sec, mtime_nsec) = match records.mtime {
            Some(mtime) => mtime,
            None => (header_number(&old.mtime)?, 0),
        };
        let xattrs = records.xattrs.iter();
        let xattrs = xattrs.map(|(name, value)| Xattr { name: name.clone(), value: value.clone() });
        Ok(Member {
            name,
            kind,
            mode: u16::try_from(header_number(&old.mode)? & 0o7777)?,
            uid: number(records.uid, &old.uid)?,
            gid: number(records.gid, &old.gid)?,
            mtime_sec,
            mtime_nsec,
            xattrs: xattrs.collect(),
            has_unread: records.has_unread,
        })
    }

    /// Where the bytes of a file are, of whose header `size` bytes follow; goes on behind them.
    fn runs(&mut self, header: &Header, records: &Records, size: u64) -> Result<FileRuns> {
        let sparse = &records.sparse;
        if matches!(sparse.major, Some(major) if major != 1) {
            return Err(refused(
                "it has holes in a format that is not known here; make the archive with \
                 `--sparse-version=1.0`, or without `--sparse`",
            ));
        }
        let runs = if header.as_old().linkflag[0] == b'S' {
            map_of_gnu(&mut self.input, header, size)?
        } else if sparse.major.is_some() {
            map_of_pax(&mut self.input, sparse, size)?
        } else if let Some(len) = sparse.realsize {
            map_of_records(&sparse.map, len, self.input.at, size)?
        } else {
            FileRuns::whole(self.input.at, size)
        };
        self.input.skip(runs.data_bytes())?;
        self.input.align()?;
        Ok(runs)
    }
}

/// An archive that is as it should be, and cannot be used all the same.
fn refused(why: impl Into<String>) -> anyhow::Error {
    mark(anyhow!(why.into()), ErrorKind::Tree)
}

/// What is said of a file that is something else.
const NOT_TAR: &str = "it is no tar archive, plain or compressed with gzip or zstd; --zip takes zip archives, and \
                       --file puts a single file into the tree";

/// The size of what follows a header.
fn size_of(header: &Header, record: Option<u64>) -> Result<u64> {
    if let Some(size) = record {
        return Ok(size);
    }
    let size = header_number(&header.as_old().size)?;
    u64::try_from(size).ok().with_context(|| format!("its size is {size}: the archive is damaged"))
}

fn char_device(header: &Header) -> Result<MemberKind> {
    // GNU tar's header has them in the same place.
    let bytes = header.as_bytes();
    let number = |field| u32::try_from(header_number(field)?).context("a device's number");
    let (major, minor): (Result<u32>, Result<u32>) =
        (number(&bytes[329..337]), number(&bytes[337..345]));
    Ok(MemberKind::CharDevice(major?, minor?))
}

/// The name of a member. An extended header overrides its own.
fn name_of(header: &Header, records: &Records, long_name: Option<Vec<u8>>) -> Vec<u8> {
    let extended = records.sparse.name.clone().or_else(|| records.path.clone()).or(long_name);
    extended.unwrap_or_else(|| header.path_bytes().into_owned())
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}
