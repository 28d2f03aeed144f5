//! An artifact becomes an OCI image layout: a directory, or the same as a tar archive.
//!
//! A directory is filled beside its place and renamed when it is complete; an archive is written as
//! every output is.

use crate::disk::new_entry::Existing;
use crate::disk::sparse_file::SparseFile;
use crate::disk::temporary::TemporaryDirectory;
use crate::error::{Error, ErrorKind, Marked as _};
use crate::oci::artifact::{Artifact, Encoded};
use crate::oci::digest::ALGORITHM;
use crate::oci::document::{
    Annotations, CONTAINERD_NAME, Descriptor, Index, LAYOUT_VERSION, LayoutMark, REF_NAME,
    SCHEMA_VERSION, to_json,
};
use crate::oci::media_type::OCI_INDEX;
use crate::oci::reference::{check_ref_name, is_whole};
use crate::output::Destination;
use crate::packed::tar_member::Member;
use crate::progress::Silent;
use crate::tree::Metadata;
use anyhow::{Context as _, Result, bail, ensure};
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
use rustix::fs as fs_at;
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use tar::EntryType;

/// The files of a layout.
pub(super) const INDEX: &str = "index.json";
pub(super) const LAYOUT_MARK: &str = "oci-layout";
pub(super) const BLOBS: &str = "blobs";

impl Artifact {
    /// Writes an image layout as a directory, which appears when it is complete. An empty directory
    /// may be there; [`Existing::Replace`] replaces an image layout that is there, and nothing else.
    ///
    /// # Errors
    ///
    /// If something is there, if the program has changed since it was read, or a file cannot be
    /// written ([`Io`](ErrorKind::Io)); or if the reference is none ([`Policy`](ErrorKind::Policy)).
    pub fn write_directory(
        &self,
        directory: impl AsRef<Path>,
        existing: Existing,
    ) -> Result<(), Error> {
        Ok(self.make_directory(directory.as_ref(), existing).of_kind(ErrorKind::Io)?)
    }

    /// Writes an image layout as a tar archive; returns its length in bytes. Equal artifacts are
    /// equal archives.
    ///
    /// # Errors
    ///
    /// As [`write_directory`](Self::write_directory). A file is then as before.
    pub fn write_tar(&self, destination: impl Into<Destination>) -> Result<u64, Error> {
        Ok(self.make_tar(&destination.into()).of_kind(ErrorKind::Io)?)
    }

    fn make_directory(&self, directory: &Path, existing: Existing) -> Result<()> {
        let encoded = self.encode()?;
        let index = self.index(&encoded)?;
        let unwritable = || format!("cannot write `{}`", directory.display());
        let replaces = takes_place_of_layout(directory, existing)?;
        let temporary = TemporaryDirectory::beside(directory).with_context(unwritable)?;
        let made = temporary.path().join("layout");
        let blobs = made.join(BLOBS).join(ALGORITHM);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o777)
            .create(&blobs)
            .with_context(unwritable)?;
        let write = |path: &Path, contents: &dyn Fn(&mut dyn Write) -> Result<()>| {
            let file = File::options().write(true).create_new(true).mode(0o666).open(path)?;
            let mut out = SparseFile::new(&file)?;
            contents(&mut out)?;
            out.finish()?;
            anyhow::Ok(())
        };
        for blob in &encoded.blobs {
            write(&blobs.join(blob.digest.hex()), &|out| self.write_blob(blob, out))
                .with_context(unwritable)?;
        }
        for (name, contents) in [(LAYOUT_MARK, mark()?), (INDEX, index)] {
            write(&made.join(name), &|out| Ok(out.write_all(&contents)?))
                .with_context(unwritable)?;
        }
        if replaces {
            // What was there goes with the temporary directory.
            exchange(&made, directory, &temporary.path().join("replaced"))
                .with_context(unwritable)?;
        } else {
            fs::rename(&made, directory).with_context(unwritable)?;
        }
        temporary.close().context("cannot remove a temporary directory")
    }

    fn make_tar(&self, destination: &Destination) -> Result<u64> {
        let encoded = self.encode()?;
        let index = self.index(&encoded)?;
        destination.write_with(&Silent, |out| {
            let mut archive = tar::Builder::new(out);
            let blobs = format!("{BLOBS}/{ALGORITHM}/");
            for directory in [&format!("{BLOBS}/"), &blobs] {
                member(EntryType::Directory, directory, 0).append(&mut archive, io::empty())?;
            }
            let mut sorted: Vec<_> = encoded.blobs.iter().collect();
            sorted.sort_by_key(|blob| blob.digest);
            for blob in sorted {
                let header =
                    member(EntryType::Regular, &format!("{blobs}{}", blob.digest.hex()), blob.len);
                header.append(&mut archive, io::empty())?;
                self.write_blob(blob, archive.get_mut())?;
                let padding = blob.len.next_multiple_of(512) - blob.len;
                io::copy(&mut io::Read::take(io::repeat(0), padding), archive.get_mut())?;
            }
            for (name, contents) in [(INDEX, index), (LAYOUT_MARK, mark()?)] {
                let header = member(EntryType::Regular, name, contents.len() as u64);
                header.append(&mut archive, contents.as_slice())?;
            }
            archive.finish().context("cannot write the archive")
        })
    }

    /// The layout's index, which has one manifest.
    fn index(&self, encoded: &Encoded) -> Result<Vec<u8>> {
        let mut annotations = Annotations::new();
        if let Some(name) = &self.reference {
            check_ref_name(name).of_kind(ErrorKind::Policy)?;
            annotations.insert(REF_NAME.to_owned(), name.clone());
            if is_whole(name) {
                annotations.insert(CONTAINERD_NAME.to_owned(), name.clone());
            }
        }
        let manifest = Descriptor { annotations, ..encoded.manifest.clone() };
        to_json(&Index {
            schema_version: SCHEMA_VERSION,
            media_type: OCI_INDEX.to_owned(),
            manifests: vec![manifest],
        })
    }
}

/// Puts `made` in the place of `there`; what was there is in one of the other two places then.
fn exchange(made: &Path, there: &Path, aside: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    match fs_at::renameat_with(fs_at::CWD, made, fs_at::CWD, there, fs_at::RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        renamed => return Ok(renamed?),
    }
    // Not every system and filesystem knows the flag.
    fs::rename(there, aside)?;
    fs::rename(made, there)
}

fn mark() -> Result<Vec<u8>> {
    to_json(&LayoutMark { image_layout_version: LAYOUT_VERSION.to_owned() })
}

/// The headers of a member, dated 1970.
fn member(entry_type: EntryType, name: &str, len: u64) -> Member {
    let mode = if entry_type == EntryType::Directory { 0o755 } else { 0o644 };
    let metadata = Metadata { mode, uid: 0, gid: 0, mtime_sec: 0, mtime_nsec: 0 };
    Member::new(entry_type, name.as_bytes().to_vec(), None, len, metadata)
}

/// Whether there is an image layout that is to be replaced.
fn takes_place_of_layout(directory: &Path, existing: Existing) -> Result<bool> {
    let shown = directory.display();
    let Ok(found) = fs::symlink_metadata(directory) else { return Ok(false) };
    ensure!(
        found.is_dir(),
        "`{shown}` exists and is no directory: remove it, or give another name (an archive's ends in .tar)"
    );
    if fs::read_dir(directory)?.next().is_none() {
        return Ok(false);
    }
    if !directory.join(LAYOUT_MARK).is_file() {
        bail!("`{shown}` exists and is no image layout: give another name");
    }
    match existing {
        Existing::Replace => Ok(true),
        Existing::Keep => bail!("`{shown}` exists: remove it, or replace it with --force"),
    }
}
