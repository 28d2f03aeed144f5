//! Where the bytes of an archive are: [`ArchiveSource`] as it was named, [`OpenArchive`] for reading.
//!
//! A plain archive is read in place. What is compressed, is a zip archive, or comes through a pipe, is
//! copied into a temporary file once.

use crate::disk::input::{FinalLink, Named, open_regular};
use crate::disk::stamp::Stamp;
use crate::error::{ErrorKind, mark};
use crate::gather::archive::members::Members;
use crate::gather::archive::part::Part;
use crate::gather::archive::zip::as_tar;
use crate::gather::archive::zstd_frames::ZstdFrames;
use crate::gather::file_contents::FileContents;
use crate::gather::host_file::HostFile;
use crate::gather::spool::Spooled;
use anyhow::{Result, anyhow, bail, ensure};
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::fs::File;
#[cfg(feature = "run")]
use std::io::Write;
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How many bytes at the start of a file tell how it is compressed.
const MAGIC_BYTES: usize = 6;

/// An archive that somebody named.
#[derive(Clone, Debug)]
pub(crate) enum ArchiveSource {
    File(PathBuf),
    /// A zip archive.
    Zip(PathBuf),
    /// Some of the bytes of a file: a blob in an archive of an image.
    #[allow(dead_code, reason = "only who reads archives of images makes it")]
    Part {
        file: PathBuf,
        bytes: Range<u64>,
        /// What messages call it beside the file.
        name: String,
    },
    /// A stream that was read to its end.
    Stream(Spooled),
}

/// The blob of a layer that somebody named, or the description of an image: plain, gzip or zstd.
pub(crate) type LayerSource = ArchiveSource;

impl fmt::Display for ArchiveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Zip(path) => write!(f, "`{}`", path.display()),
            Self::Part { file, name, .. } => write!(f, "`{}`: {name}", file.display()),
            Self::Stream(_) => f.write_str("the archive from a stream"),
        }
    }
}

impl ArchiveSource {
    /// Reads a stream to its end, and unpacks it if it is compressed.
    ///
    /// # Errors
    ///
    /// When it cannot be read or unpacked.
    pub(crate) fn stream(from: impl Read) -> Result<Self> {
        Ok(Self::Stream(unpacked(&mut BufReader::new(from))?))
    }

    /// Reads a zip archive from a stream to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be read or unpacked, or has a member that is refused.
    pub(crate) fn zip_stream(mut from: impl Read) -> Result<Self> {
        let zip = Spooled::copy(&mut from)?;
        Ok(Self::Stream(as_tar(zip.file(), zip.len())?))
    }

    /// Takes an archive that `write` writes.
    ///
    /// # Errors
    ///
    /// Those of `write`, and when a temporary file cannot be written.
    #[cfg(feature = "run")]
    pub(crate) fn written(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Self> {
        Ok(Self::Stream(Spooled::written(write)?))
    }

    /// Opens the archive; it stays as it is until its contents are read, or that fails.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is a directory, or cannot be unpacked.
    pub(crate) fn open(&self) -> Result<OpenArchive> {
        match self {
            Self::Stream(bytes) => Ok(OpenArchive::Spooled(bytes.clone())),
            Self::File(path) => OpenArchive::file(path),
            Self::Zip(path) => OpenArchive::zip(path),
            Self::Part { file, bytes, .. } => OpenArchive::of_file(file, bytes),
        }
    }
}

/// An archive that is open for reading, unpacked.
#[derive(Debug)]
pub(crate) enum OpenArchive {
    Host {
        file: File,
        /// The whole file.
        bytes: HostFile,
        path: PathBuf,
        /// Where in the file the archive is.
        place: Range<u64>,
    },
    Spooled(Spooled),
}

impl OpenArchive {
    fn file(path: &Path) -> Result<Self> {
        let (file, regular) = Named::open(path)?.into_file();
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            bail!("it is a directory: map it with --dir");
        }
        let Some(stamp) = regular else {
            return Ok(Self::Spooled(unpacked(&mut BufReader::new(file))?));
        };
        Self::regular(path, file, stamp, 0..stamp.len())
    }

    fn zip(path: &Path) -> Result<Self> {
        let (mut file, regular) = Named::open(path)?.into_file();
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            bail!("it is a directory: map it with --dir");
        }
        let Some(stamp) = regular else {
            let zip = Spooled::copy(&mut file)?;
            return Ok(Self::Spooled(as_tar(zip.file(), zip.len())?));
        };
        let tar = as_tar(&file, stamp.len());
        // If it was changed meanwhile, that is why it makes no sense.
        stamp.check(path, &file.metadata()?)?;
        Ok(Self::Spooled(tar?))
    }

    /// The archive at `place` of a regular file.
    fn of_file(path: &Path, place: &Range<u64>) -> Result<Self> {
        let (file, found) = open_regular(path, FinalLink::Follow)?;
        let stamp = Stamp::of(&found);
        ensure!(
            place.start <= place.end && place.end <= stamp.len(),
            "the file has {} bytes, and bytes {} to {} should be an archive: it is cut short; get it again",
            stamp.len(),
            place.start,
            place.end
        );
        Self::regular(path, file, stamp, place.clone())
    }

    fn regular(path: &Path, mut file: File, stamp: Stamp, place: Range<u64>) -> Result<Self> {
        let len = place.end - place.start;
        file.seek(SeekFrom::Start(place.start))?;
        let mut magic = BufReader::with_capacity(MAGIC_BYTES, (&mut file).take(len));
        if compression(&magic_of(&mut magic)?) == Compression::None {
            let bytes = HostFile::named(path, stamp);
            return Ok(Self::Host { file, bytes, path: path.to_owned(), place });
        }
        file.seek(SeekFrom::Start(place.start))?;
        let bytes = unpacked(&mut BufReader::new((&mut file).take(len)));
        // If it was changed meanwhile, that is why it cannot be unpacked.
        stamp.check(path, &file.metadata()?)?;
        Ok(Self::Spooled(bytes?))
    }

    /// Its members, from the first on.
    pub(crate) fn members(&self) -> Members<'_> {
        match self {
            Self::Host { file, place, .. } => Members::new(file, place.clone()),
            Self::Spooled(bytes) => Members::new(bytes.file(), 0..bytes.len()),
        }
    }

    /// Some of its bytes, to be read now.
    pub(crate) fn bytes(&self, bytes: Range<u64>) -> Part<'_> {
        match self {
            Self::Host { file, place, .. } => {
                Part { file, bytes: place.start + bytes.start..place.start + bytes.end }
            }
            Self::Spooled(spooled) => Part { file: spooled.file(), bytes },
        }
    }

    /// How long it is, in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Host { place, .. } => place.end - place.start,
            Self::Spooled(spooled) => spooled.len(),
        }
    }

    /// The temporary file, if it is one.
    pub(crate) fn into_spooled(self) -> Option<Spooled> {
        match self {
            Self::Host { .. } => None,
            Self::Spooled(spooled) => Some(spooled),
        }
    }

    /// Some of its bytes, to be read later.
    pub(crate) fn part(&self, bytes: Range<u64>) -> FileContents {
        match self {
            Self::Host { bytes: file, place, .. } => {
                let start = place.start;
                FileContents::Host(file.part(start + bytes.start..start + bytes.end))
            }
            Self::Spooled(file) => FileContents::Spooled(file.part(bytes)),
        }
    }

    /// Checks that the archive is what it was when it was opened.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Host { file, bytes, path, .. } => bytes.stamp().check(path, &file.metadata()?),
            Self::Spooled(_) => Ok(()),
        }
    }
}

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
    /// A way that is not read: its name, and the program that unpacks it.
    Unknown(&'static str, &'static str),
}

fn compression(magic: &[u8]) -> Compression {
    match magic {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        // A frame, or one that is to be skipped (RFC 8878, section 3.1).
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Unknown("xz", "xz"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Unknown("bzip2", "bzip2"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Unknown("LZ4", "lz4"),
        [b'L', b'Z', b'I', b'P', ..] => Compression::Unknown("lzip", "lzip"),
        [0x1f, 0x9d, ..] => Compression::Unknown("compress", "gzip"),
        _ => Compression::None,
    }
}

/// The first bytes, which are read again. A pipe gives as few at a time as it likes.
fn magic_of(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut magic = Vec::new();
    from.take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
    Ok(magic)
}

/// Copies an archive into a temporary file, unpacked.
fn unpacked(from: &mut dyn BufRead) -> Result<Spooled> {
    let mut from = from;
    let magic = magic_of(&mut from)?;
    let compression = compression(&magic);
    let mut whole = io::Cursor::new(magic).chain(from);
    match compression {
        Compression::None => Spooled::copy(&mut whole),
        Compression::Gzip => Spooled::copy(&mut MultiGzDecoder::new(whole)),
        Compression::Zstd => Spooled::copy(&mut ZstdFrames::new(whole)),
        Compression::Unknown(name, program) => {
            let error = anyhow!(
                "it is compressed with {name}, which is not read: unpack it first, as in \
                 `{program} -dc FILE | wasm-vfs ... --tar -`"
            );
            Err(mark(error, ErrorKind::Tree))
        }
    }
}
