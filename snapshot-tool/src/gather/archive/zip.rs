//! A zip archive becomes a tar archive in a temporary file, which `tree` reads as any other:
//! [`as_tar`]. So one place says what a name may be and where a link may lead.
//!
//! `zip_directory` has checked what the headers say. Here each member is held to the length and the
//! checksum that they give.

use crate::error::{ErrorKind, Marked as _};
use crate::gather::archive::part::Part;
use crate::gather::archive::zip_directory::{Method, ZipMember, about, damaged, members};
use crate::gather::assembly::MAX_LINK_BYTES;
use crate::gather::spool::Spooled;
use crate::packed::tar_member::Member;
use crate::tree::Metadata;
use anyhow::{Result, ensure};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use tar::{Builder, EntryType};

/// How much is copied at a time.
const COPY_BYTES: usize = 1 << 16;

/// Copies a zip archive, the first `len` bytes of a file, into a temporary file as a tar archive.
///
/// # Errors
///
/// When the archive cannot be read, is none, or has a member that is refused; when a member does not
/// unpack to what its headers say; and when the temporary file cannot be written. The message names
/// the member.
pub(crate) fn as_tar(file: &File, len: u64) -> Result<Spooled> {
    let members = members(file, len)?;
    Spooled::written(|out| {
        let mut tar = Builder::new(out);
        for member in &members {
            copy(file, member, &mut tar).of_kind(ErrorKind::Tree).about(|| about(&member.name))?;
        }
        Ok(tar.finish()?)
    })
}

/// Copies a member.
fn copy(file: &File, member: &ZipMember, tar: &mut Builder<impl Write>) -> Result<()> {
    let (mtime_sec, mtime_nsec) = member.mtime;
    let metadata = Metadata { mode: member.mode, uid: 0, gid: 0, mtime_sec, mtime_nsec };
    let headers =
        |link, size| Member::new(member.entry_type, member.name.clone(), link, size, metadata);
    match member.entry_type {
        EntryType::Regular => {
            headers(None, member.len).append_with(tar, |out| unpack(file, member, out))
        }
        EntryType::Symlink => {
            ensure!(
                member.len <= MAX_LINK_BYTES as u64,
                "it is a symbolic link of {} bytes, more than {MAX_LINK_BYTES}; make the archive without it",
                member.len
            );
            let mut target = Vec::new();
            unpack(file, member, &mut target)?;
            // In the header of a tar archive the text would end there.
            ensure!(
                !target.contains(&0),
                "it is a symbolic link with a NUL byte; make the archive without it"
            );
            Ok(headers(Some(target), 0).append(tar, io::empty())?)
        }
        // It has no contents: `members` has checked that.
        _ => Ok(headers(None, 0).append(tar, io::empty())?),
    }
}

/// Writes what a member unpacks to.
fn unpack(file: &File, member: &ZipMember, out: &mut impl Write) -> Result<()> {
    let packed = BufReader::new(Part { file, bytes: member.packed.clone() });
    match member.method {
        Method::Stored => copy_checked(packed, member, out),
        Method::Deflated => {
            let mut unpacked = DeflateDecoder::new(packed);
            copy_checked(&mut unpacked, member, out)?;
            let (told, used) = (member.packed.end - member.packed.start, unpacked.total_in());
            if used == told {
                return Ok(());
            }
            Err(damaged(format!(
                "it has {told} bytes of compressed data, and {used} of them are used"
            )))
        }
    }
}

/// Copies the contents of a member, which must have the length and the checksum of its headers.
fn copy_checked(mut from: impl Read, member: &ZipMember, out: &mut impl Write) -> Result<()> {
    let (mut crc, mut left) = (Crc::new(), member.len);
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.raw_os_error().is_some() => {
                return Err(anyhow::Error::new(error).context("cannot read it"));
            }
            Err(error) => return Err(damaged(format!("it cannot be unpacked ({error})"))),
        };
        let len = member.len;
        if read == 0 {
            return match left {
                0 if crc.sum() == member.crc => Ok(()),
                0 => Err(damaged("its contents have another checksum than its headers say")),
                _ => Err(damaged(format!(
                    "it unpacks to {} bytes, and its headers say {len}",
                    len - left
                ))),
            };
        }
        // Nothing beyond the length is written, however much there is.
        left = left.checked_sub(read as u64).ok_or_else(|| {
            damaged(format!("it unpacks to more than the {len} bytes that its headers say"))
        })?;
        crc.update(&buffer[..read]);
        out.write_all(&buffer[..read])?;
    }
}
