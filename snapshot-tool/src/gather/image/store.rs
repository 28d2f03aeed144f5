//! The files of an image layout, by their names: in a directory, or in a tar archive. [`Store`].

use crate::disk::input::{FinalLink, open_regular, read_found};
use crate::error::{ErrorKind, Marked as _};
use crate::gather::archive::members::MemberKind;
use crate::gather::archive::source::{ArchiveSource, OpenArchive};
use crate::oci::digest::Digest;
use crate::oci::document::{Descriptor, MAX_DOCUMENT_BYTES};
use crate::quote::escaped;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

/// How many links lead from one name of an archive to another, at most: Linux's limit.
const MAX_LINKS: usize = 40;

/// Where the files of a layout are.
#[derive(Debug)]
pub(super) enum Store {
    Directory(PathBuf),
    Archive { archive: OpenArchive, path: Option<PathBuf>, files: BTreeMap<String, Place> },
}

/// A file of an archive.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Bytes(Range<u64>),
    /// Has the contents of another.
    LinkTo(String),
}

impl Store {
    /// Reads the names of an archive's files.
    ///
    /// # Errors
    ///
    /// When it is no archive or damaged.
    pub(super) fn archive(source: &ArchiveSource) -> Result<Self> {
        let path = match source {
            ArchiveSource::File(path) => Some(path.clone()),
            ArchiveSource::Zip(_) | ArchiveSource::Part { .. } | ArchiveSource::Stream(_) => None,
        };
        let archive = source.open()?;
        let mut files = BTreeMap::new();
        let mut members = archive.members();
        while let Some(member) = members.next()? {
            // No document of ours names what is not UTF-8, or leads out.
            let Some(name) = plain_name(&member.name) else { continue };
            let place = match member.kind {
                MemberKind::File(file) => match &file.runs[..] {
                    [] if file.len == 0 => Place::Bytes(0..0),
                    [(0, bytes)] if file.data_bytes() == file.len => Place::Bytes(bytes.clone()),
                    _ => bail!("`{}` in it has holes; make the archive without", escaped(&name)),
                },
                MemberKind::HardLink(target) => match plain_name(&target) {
                    Some(target) => Place::LinkTo(target),
                    None => continue,
                },
                // Older versions of docker write a layer once, and lead to it from elsewhere.
                MemberKind::Symlink(target) => match beside(&name, &target) {
                    Some(target) => Place::LinkTo(target),
                    None => continue,
                },
                _ => continue,
            };
            files.insert(name, place);
        }
        Ok(Self::Archive { archive, path, files })
    }

    /// Whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Directory(directory) => directory.join(name).is_file(),
            Self::Archive { .. } => self.place(name).is_some(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// When it is not there, or too long for one.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        match self {
            Self::Directory(directory) => read_found(&directory.join(name), MAX_DOCUMENT_BYTES),
            Self::Archive { archive, .. } => {
                let place = self.place(name).with_context(|| missing(name))?;
                let len = place.end - place.start;
                ensure!(
                    len <= MAX_DOCUMENT_BYTES,
                    "`{}` in it has {len} bytes, more than the {MAX_DOCUMENT_BYTES} of any document",
                    escaped(name)
                );
                let mut bytes = vec![0; usize::try_from(len)?];
                archive.bytes(place).read_exact(&mut bytes).context("cannot read it")?;
                Ok(bytes)
            }
        }
    }

    /// Reads the document that a descriptor refers to, verified.
    ///
    /// # Errors
    ///
    /// When it is not there, too long, or other bytes.
    pub(super) fn document(&self, described: &Descriptor) -> Result<Vec<u8>> {
        let name = blob_name(&described.digest);
        if !self.has(&name) {
            return Err(anyhow::Error::msg(missing(&name))).of_kind(ErrorKind::Damaged);
        }
        let bytes = self.read(&name)?;
        let found = (bytes.len() as u64, Digest::of(&bytes));
        verified(&name, found, (described.size, described.digest)).of_kind(ErrorKind::Damaged)?;
        Ok(bytes)
    }

    /// Verifies the blob that a descriptor refers to; returns it as an archive.
    ///
    /// # Errors
    ///
    /// When it is not there, or other bytes.
    pub(super) fn layer(&self, described: &Descriptor) -> Result<ArchiveSource> {
        let name = blob_name(&described.digest);
        if !self.has(&name) {
            return Err(anyhow::Error::msg(missing(&name))).of_kind(ErrorKind::Damaged);
        }
        let found = self.hash(&name)?;
        verified(&name, found, (described.size, described.digest)).of_kind(ErrorKind::Damaged)?;
        self.source(&name)
    }

    /// A file as an archive to be read later.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be read.
    pub(super) fn source(&self, name: &str) -> Result<ArchiveSource> {
        match self {
            Self::Directory(directory) => Ok(ArchiveSource::File(directory.join(name))),
            Self::Archive { archive, path, .. } => {
                let place = self.place(name).with_context(|| missing(name))?;
                if let (Some(path), OpenArchive::Host { .. }) = (path, archive) {
                    let (file, name) = (path.clone(), name.to_owned());
                    return Ok(ArchiveSource::Part { file, bytes: place, name });
                }
                // It has no name by which it could be read again.
                ArchiveSource::stream(archive.bytes(place))
            }
        }
    }

    /// The length and the hash of a file.
    fn hash(&self, name: &str) -> Result<(u64, Digest)> {
        match self {
            Self::Directory(directory) => {
                hash(open_regular(&directory.join(name), FinalLink::Follow)?.0)
            }
            Self::Archive { archive, .. } => {
                let bytes = self.place(name).with_context(|| missing(name))?;
                hash(archive.bytes(bytes))
            }
        }
    }

    /// Checks that an archive is what it was when it was opened.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Directory(_) => Ok(()),
            Self::Archive { archive, .. } => archive.check(),
        }
    }

    /// Where in the archive a file is.
    fn place(&self, name: &str) -> Option<Range<u64>> {
        let Self::Archive { files, .. } = self else { return None };
        let mut name = name;
        for _ in 0..MAX_LINKS {
            match files.get(name)? {
                Place::Bytes(bytes) => return Some(bytes.clone()),
                Place::LinkTo(other) => name = other,
            }
        }
        None
    }
}

/// The name of a blob's file.
pub(super) fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn missing(name: &str) -> String {
    format!("`{}` is missing in it: copy the image anew", escaped(name))
}

/// Checks length and hash of a blob.
fn verified(name: &str, found: (u64, Digest), told: (u64, Digest)) -> Result<()> {
    ensure!(
        found.0 == told.0,
        "`{name}` in it has {} bytes and should have {}: it is damaged; copy the image anew",
        found.0,
        told.0
    );
    ensure!(
        found.1 == told.1,
        "`{name}` in it has the digest {}: it is damaged; copy the image anew",
        found.1
    );
    Ok(())
}

/// The length and the hash of all that can be read.
pub(super) fn hash(from: impl Read) -> Result<(u64, Digest)> {
    Digest::of_reader(from).context("cannot read it")
}

/// A name of an archive without `./` and slashes at its ends; `None` for what leads elsewhere.
fn plain_name(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}

/// Where a symbolic link leads from its place; `None` for what leads out of the archive.
fn beside(name: &str, target: &[u8]) -> Option<String> {
    let target = std::str::from_utf8(target).ok().filter(|target| !target.starts_with('/'))?;
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
