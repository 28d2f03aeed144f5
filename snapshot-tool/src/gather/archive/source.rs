//! Where the bytes of an archive are: [`ArchiveSource`] as it was named, [`OpenArchive`] for reading.
//!
//! A plain archive is read in place. What is compressed, or comes through a pipe, is copied into a
//! temporary file once.

use crate::disk::input::Named;
use crate::error::{ErrorKind, mark};
use crate::gather::archive::zstd_frames::ZstdFrames;
use crate::gather::file_contents::FileContents;
use crate::gather::host_file::HostFile;
use crate::gather::spool::Spooled;
use anyhow::{Result, anyhow, bail};
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How many bytes at the start of a file tell how it is compressed.
const MAGIC_BYTES: usize = 6;

/// An archive that somebody named.
#[derive(Clone, Debug)]
pub(crate) enum ArchiveSource {
    File(PathBuf),
    /// A stream that was read to its end.
    Stream(Spooled),
}

impl fmt::Display for ArchiveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
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

    /// Opens the archive; it stays as it is until its contents are read, or that fails.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is a directory, or cannot be unpacked.
    pub(crate) fn open(&self) -> Result<OpenArchive> {
        match self {
            Self::Stream(bytes) => Ok(OpenArchive::Spooled(bytes.clone())),
            Self::File(path) => OpenArchive::file(path),
        }
    }
}

/// An archive that is open for reading, unpacked.
#[derive(Debug)]
pub(crate) enum OpenArchive {
    Host { file: File, bytes: HostFile, path: PathBuf },
    Spooled(Spooled),
}

impl OpenArchive {
    fn file(path: &Path) -> Result<Self> {
        let (mut file, regular) = Named::open(path)?.into_file();
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            bail!("it is a directory: map it with --dir");
        }
        let Some(stamp) = regular else {
            return Ok(Self::Spooled(unpacked(&mut BufReader::new(file))?));
        };
        let mut magic = BufReader::with_capacity(MAGIC_BYTES, &mut file);
        if compression(&magic_of(&mut magic)?) == Compression::None {
            let bytes = HostFile::named(path, stamp);
            return Ok(Self::Host { file, bytes, path: path.to_owned() });
        }
        io::Seek::rewind(&mut file)?;
        let bytes = unpacked(&mut BufReader::new(&mut file));
        // If it was changed meanwhile, that is why it cannot be unpacked.
        stamp.check(path, &file.metadata()?)?;
        Ok(Self::Spooled(bytes?))
    }

    /// The file to read headers from.
    pub(crate) fn reader(&self) -> &File {
        match self {
            Self::Host { file, .. } => file,
            Self::Spooled(bytes) => bytes.file(),
        }
    }

    /// How long the archive is, in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Host { bytes, .. } => bytes.len(),
            Self::Spooled(bytes) => bytes.len(),
        }
    }

    /// Some of its bytes, to be read later.
    pub(crate) fn part(&self, bytes: Range<u64>) -> FileContents {
        match self {
            Self::Host { bytes: file, .. } => FileContents::Host(file.part(bytes)),
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
            Self::Host { file, bytes, path } => bytes.stamp().check(path, &file.metadata()?),
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
