//! The members of a zip archive, as the directory at its end tells of them: [`members`]. The crate
//! `rawzip` reads the headers (APPNOTE.TXT 6.3.10); contents are unpacked by `zip`.
//!
//! Readers of zip archives differ: in which of two members of one name they take, in whether they
//! believe the directory or the headers before the contents, in where they find the directory. An
//! archive that two readers read differently could hide members from the one that checks it. So what
//! could be read in two ways is refused, and so are members that share bytes, of which a small archive
//! could unpack to anything.

use crate::error::{ErrorKind, Marked as _, mark};
use crate::gather::spool::{MAX_SPOOLED_BYTES, too_long};
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use crate::quote::escaped;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::time::{UtcDateTime, ZipDateTimeKind};
use rawzip::{
    CompressionMethod, CreatorSystem, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive,
    ZipFileHeaderRecord, ZipLocator,
};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use tar::EntryType;

/// The record at the end of an archive, with the longest comment (APPNOTE 4.3.16).
const MAX_END_BYTES: u64 = 22 + 0xffff;

/// A name and extra fields, each as long as 16 bits can say.
const MAX_LOCAL_BYTES: usize = 2 * 0xffff;

/// DOS's attribute of files that cannot be written to.
const DOS_READ_ONLY: u32 = 1;

/// The bits of a mode that say what an entry is (inode(7)).
mod file_type {
    pub(super) const MASK: u32 = 0o170_000;
    pub(super) const REGULAR: u32 = 0o100_000;
    pub(super) const DIRECTORY: u32 = 0o040_000;
    pub(super) const SYMLINK: u32 = 0o120_000;
    pub(super) const FIFO: u32 = 0o010_000;
}

/// One member.
#[derive(Debug)]
pub(crate) struct ZipMember {
    /// Not empty, and without NUL; else as it is in the archive.
    pub(crate) name: Vec<u8>,
    /// A file, directory, symbolic link or named pipe.
    pub(crate) entry_type: EntryType,
    /// Permission bits with set-id and sticky bits.
    pub(crate) mode: u16,
    /// Seconds since 1970, and nanoseconds.
    pub(crate) mtime: (i64, u32),
    /// How many bytes it unpacks to, as its headers say. Zero for directories and named pipes.
    pub(crate) len: u64,
    /// CRC-32 of these bytes, as its headers say.
    pub(crate) crc: u32,
    pub(crate) method: Method,
    /// Where in the file its packed bytes are.
    pub(crate) packed: Range<u64>,
    /// Where in the file its header begins.
    start: u64,
}

/// How a member is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflated,
}

/// The first bytes of a file. Unlike the system, it says of places far behind them that nothing is
/// there: those that a header tells may be anywhere.
#[derive(Clone, Copy, Debug)]
struct FirstBytes<'f> {
    file: &'f File,
    len: u64,
}

impl ReaderAt for FirstBytes<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 { Ok(0) } else { self.file.read_at(&mut buffer[..wanted], offset) }
    }
}

type Archive<'f> = ZipArchive<FirstBytes<'f>>;

/// Reads the headers of the archive that the first `len` bytes of a file are.
///
/// # Errors
///
/// When they cannot be read, are damaged or those of no zip archive; when a member is encrypted or
/// packed in a way that is not read, or is nothing that a tree has; when two have one name or share
/// bytes; and when they say that they unpack to more than a temporary file may have. The message names
/// the member.
pub(crate) fn members(file: &File, len: u64) -> Result<Vec<ZipMember>> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = locate(FirstBytes { file, len }, &mut buffer)?;
    ensure_one_volume(&archive)?;
    let (told, directory) = (archive.entries_hint(), archive.directory_offset());
    let mut local = vec![0; MAX_LOCAL_BYTES];
    let mut members = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|it| unreadable(it, "its directory"))? {
        let member = member(&archive, &entry, &mut local)
            .of_kind(ErrorKind::Tree)
            .about(|| about(entry.file_path().as_bytes()))?;
        members.push(member);
    }
    let found = members.len();
    if found as u64 != told {
        return Err(damaged(format!("its directory has {found} members, and its end says {told}")));
    }
    ensure_short(&members)?;
    ensure_one_name_each(&members).of_kind(ErrorKind::Tree)?;
    ensure_apart(&members, directory)?;
    Ok(members)
}

/// Finds the directory: by the last end record whose comment ends where the file does.
fn locate<'f>(bytes: FirstBytes<'f>, buffer: &mut [u8]) -> Result<Archive<'f>> {
    let first = bytes.len.saturating_sub(MAX_END_BYTES);
    let mut end = bytes.len;
    while end > first {
        let locator = ZipLocator::new().max_search_space(end - first);
        // What looks like a record may lie in the comment of another.
        let wrong = match locator.locate_in_reader(bytes, buffer, end) {
            Ok(archive) if archive.end_offset() == bytes.len => return Ok(archive),
            Ok(archive) => Some(archive.eocd_offset()),
            Err((_, error)) if is_of_system(&error) => return Err(unreadable(error, "it")),
            Err((_, error)) => error.eocd_offset(),
        };
        match wrong {
            Some(wrong) => end = wrong,
            None => break,
        }
    }
    Err(mark(
        anyhow!(
            "it is no zip archive, or cut short, or something was added behind its end: get it again; \
             --tar takes tar archives, --file a single file"
        ),
        ErrorKind::Damaged,
    ))
}

/// Checks that the archive does not go on in other files.
fn ensure_one_volume(archive: &Archive<'_>) -> Result<()> {
    // The number of the volume, and of the one where the directory starts (APPNOTE 4.3.16).
    let mut volumes = [0; 4];
    archive
        .get_ref()
        .read_exact_at(&mut volumes, archive.eocd_offset() + 4)
        .context("cannot read it")?;
    // All ones: zip64 tells.
    if volumes.chunks(2).all(|number| matches!(number, [0, 0] | [0xff, 0xff])) {
        return Ok(());
    }
    Err(refused(
        "it is one of several volumes; put them together first, as in `zip -s 0 FILE --out WHOLE`",
    ))
}

fn member(
    archive: &Archive<'_>,
    entry: &ZipFileHeaderRecord<'_>,
    local: &mut [u8],
) -> Result<ZipMember> {
    let flags = entry.flags();
    ensure!(
        !flags.is_encrypted() && !flags.has_strong_encryption() && !flags.is_masked(),
        "it is encrypted, which is not read; make the archive without a password"
    );
    let method = match entry.compression_method() {
        CompressionMethod::STORE => Method::Stored,
        CompressionMethod::DEFLATE => Method::Deflated,
        other => bail!(
            "it is compressed in a way that is not read, {}; make the archive with deflate, as `zip` does \
             unless told otherwise",
            other.name().map_or_else(|| format!("number {}", other.as_u16()), str::to_owned)
        ),
    };
    let found = archive.get_entry(entry.wayfinder());
    let found = found.map_err(|error| unreadable(error, "its header"))?;
    let header = found.local_header(local).map_err(|error| unreadable(error, "its header"))?;
    let has_sizes = !header.flags().has_data_descriptor();
    let is_same = header.file_path().as_bytes() == entry.file_path().as_bytes()
        && header.compression_method() == entry.compression_method()
        && header.flags().is_encrypted() == flags.is_encrypted();
    let has_same_sizes = header.crc32() == entry.crc32()
        && header.compressed_size_hint() == entry.compressed_size_hint()
        && header.uncompressed_size_hint() == entry.uncompressed_size_hint();
    if !is_same || (has_sizes && !has_same_sizes) {
        return Err(damaged(
            "its header has another name, size, checksum or compression than the archive's directory",
        ));
    }
    let name = name(entry);
    ensure!(!name.is_empty(), "it has no name; make the archive without it");
    ensure!(!name.contains(&0), "its name has a NUL byte; make the archive without it");
    let (entry_type, mode) = kind(entry, name.ends_with(b"/"))?;
    let len = entry.uncompressed_size_hint();
    ensure!(
        len == 0 || matches!(entry_type, EntryType::Regular | EntryType::Symlink),
        "it is no file and says that it has {len} bytes; make the archive anew"
    );
    let (start, end) = found.compressed_data_range();
    Ok(ZipMember {
        name,
        entry_type,
        mode,
        mtime: modified(entry),
        len,
        crc: entry.crc32(),
        method,
        packed: start..end,
        start: entry.local_header_offset(),
    })
}

/// The name of a member. Info-ZIP's field has it in UTF-8 if the header has it in another encoding;
/// the checksum tells whether the name was changed since (APPNOTE 4.6.9).
fn name(entry: &ZipFileHeaderRecord<'_>) -> Vec<u8> {
    let path = entry.file_path();
    let raw = path.as_bytes();
    let told = field(entry.extra_fields(), ExtraFieldId::INFO_ZIP_UNICODE_PATH);
    match told {
        Some([1, a, b, c, d, name @ ..])
            if !entry.flags().is_utf8()
                && u32::from_le_bytes([*a, *b, *c, *d]) == rawzip::crc32(raw) =>
        {
            name.to_vec()
        }
        _ => raw.to_vec(),
    }
}

fn field(mut fields: ExtraFields<'_>, wanted: ExtraFieldId) -> Option<&[u8]> {
    fields.find(|(id, _)| *id == wanted).map(|(_, data)| data)
}

/// What a member is, and its permission bits.
fn kind(entry: &ZipFileHeaderRecord<'_>, has_slash: bool) -> Result<(EntryType, u16)> {
    let attributes = entry.external_attributes();
    let mode = match entry.version_made_by().creator_system() {
        CreatorSystem::UNIX | CreatorSystem::MACOS => attributes >> 16,
        _ => 0,
    };
    let entry_type = match (mode & file_type::MASK, has_slash) {
        (0 | file_type::DIRECTORY, true) | (file_type::DIRECTORY, false) => EntryType::Directory,
        (0 | file_type::REGULAR, false) => EntryType::Regular,
        (file_type::SYMLINK, false) => EntryType::Symlink,
        (file_type::FIFO, false) => EntryType::Fifo,
        (file_type::REGULAR | file_type::SYMLINK | file_type::FIFO, true) => {
            bail!("its name ends in a slash and it is no directory; make the archive without it")
        }
        _ => {
            bail!("it is a device or a socket, which cannot be packed; make the archive without it")
        }
    };
    let is_read_only = attributes & DOS_READ_ONLY != 0;
    let usual = match entry_type {
        EntryType::Directory => 0o755,
        _ if is_read_only => 0o444,
        _ => 0o644,
    };
    // Zero: whoever made the archive knows no modes.
    let bits = if mode == 0 { usual } else { mode & 0o7777 };
    Ok((entry_type, u16::try_from(bits)?))
}

/// When a member was modified: seconds since 1970, and nanoseconds. Without one of the fields that
/// tell the time in UTC, its date in the time zone of whoever made the archive is taken for UTC.
fn modified(entry: &ZipFileHeaderRecord<'_>) -> (i64, u32) {
    // Its lowest bit: there is a time of modification, in signed seconds (Info-ZIP's extrafld.txt).
    if let Some([flags, a, b, c, d, ..]) =
        field(entry.extra_fields(), ExtraFieldId::EXTENDED_TIMESTAMP)
        && flags & 1 != 0
    {
        return (i32::from_le_bytes([*a, *b, *c, *d]).into(), 0);
    }
    // Other fields: NTFS's, and an older one of Info-ZIP's.
    let date = match entry.last_modified() {
        ZipDateTimeKind::Utc(date) => Some(date),
        ZipDateTimeKind::Local(date) => UtcDateTime::from_components(
            date.year(),
            date.month(),
            date.day(),
            date.hour(),
            date.minute(),
            date.second(),
            date.nanosecond(),
        ),
    };
    date.map_or((0, 0), |date| (date.to_unix(), date.nanosecond()))
}

/// Checks that the members do not unpack to too much.
fn ensure_short(members: &[ZipMember]) -> Result<()> {
    let bytes = members.iter().fold(0_u64, |sum, member| {
        sum.saturating_add(member.len).saturating_add(TAR_BLOCK_BYTES as u64)
    });
    if bytes <= MAX_SPOOLED_BYTES {
        return Ok(());
    }
    Err(mark(too_long(MAX_SPOOLED_BYTES), ErrorKind::Tree))
}

/// Checks that no two members have one name; directories may come again.
fn ensure_one_name_each(members: &[ZipMember]) -> Result<()> {
    let mut seen = HashMap::new();
    for member in members {
        let names = member.name.split(|byte| *byte == b'/');
        let names: Vec<_> = names.filter(|name| !matches!(*name, b"" | b".")).collect();
        let earlier = seen.insert(names.join(&b'/'), member.entry_type);
        ensure!(
            earlier.is_none_or(|earlier| earlier.is_dir() && member.entry_type.is_dir()),
            "{}: another member has the same name, and readers take one or the other; make the archive anew",
            about(&member.name)
        );
    }
    Ok(())
}

/// Checks that no byte belongs to two members, or to a member and the directory.
fn ensure_apart(members: &[ZipMember], directory: u64) -> Result<()> {
    let mut by_place: Vec<&ZipMember> = members.iter().collect();
    by_place.sort_by_key(|member| (member.start, member.packed.end));
    for pair in by_place.windows(2) {
        let [first, second] = pair else { continue };
        if first.packed.end > second.start {
            return Err(damaged(format!(
                "{} has bytes of {}, so it would unpack to more than the archive holds",
                about(&second.name),
                about(&first.name)
            )));
        }
    }
    match by_place.last() {
        Some(last) if last.packed.end > directory => Err(damaged(format!(
            "{}: it should end at byte {}, and the archive's directory begins at {directory}",
            about(&last.name),
            last.packed.end
        ))),
        _ => Ok(()),
    }
}

/// What messages call the member of this name.
pub(crate) fn about(name: &[u8]) -> String {
    format!("the member `{}`", escaped(name))
}

/// An archive that is as it should be, and cannot be used all the same.
fn refused(why: &str) -> anyhow::Error {
    mark(anyhow!("{why}"), ErrorKind::Tree)
}

/// The error for an archive that contradicts itself.
pub(crate) fn damaged(how: impl Into<String>) -> anyhow::Error {
    mark(anyhow!("{}: the archive is damaged; get it again", how.into()), ErrorKind::Damaged)
}

/// Whether it is the system that could not read.
fn is_of_system(error: &rawzip::Error) -> bool {
    matches!(error.kind(), rawzip::ErrorKind::IO(error) if error.raw_os_error().is_some())
}

/// Why a header cannot be read: the system says so, or it makes no sense.
fn unreadable(error: rawzip::Error, what: &str) -> anyhow::Error {
    match error.into_kind() {
        rawzip::ErrorKind::IO(error) if error.raw_os_error().is_some() => {
            anyhow::Error::new(error).context("cannot read it")
        }
        other => damaged(format!("{what} makes no sense ({other})")),
    }
}
