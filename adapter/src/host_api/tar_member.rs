//! Members of an archive: what a header, and the headers before it, say of one.

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{Dev, Errno, PATH_MAX, Timespec};

use super::tar_header::{self as header, BLOCK_BYTES, Kind};
use crate::bytes::{append, is_utf8};

/// The devices that archives hold: those of a tree's `/dev`.
pub(super) const KNOWN_DEVICES: [Dev; 6] =
    [Dev::NULL, Dev::ZERO, Dev::FULL, Dev::RANDOM, Dev::URANDOM, Dev::TTY];

/// What the headers before a member say of it.
#[derive(Default)]
pub(super) struct Said {
    /// The records of a pax header, or a long name or link name, as far as they have come.
    pub(super) gathered: Vec<u8>,
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) mtime: Option<Timespec>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// A member of the archive.
#[derive(Default)]
pub(super) struct Member {
    /// Its name in the archive.
    pub(super) name: Vec<u8>,
    /// The name, cleaned: relative, without `.` and double slashes.
    pub(super) path: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime: Timespec,
}

impl Said {
    /// Takes in what has been gathered.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is damaged. `EOPNOTSUPP`: it says that the member is a sparse file.
    pub(super) fn take_in(&mut self, kind: Kind) -> Result<(), Errno> {
        let gathered = take(&mut self.gathered);
        if kind != Kind::Pax {
            let mut name = Vec::new();
            append(&mut name, gathered.split(|byte| *byte == 0).next().unwrap_or_default())?;
            let which = if kind == Kind::LongName { &mut self.path } else { &mut self.link };
            *which = Some(name);
            return Ok(());
        }
        let mut records = &gathered[..];
        while !records.is_empty() {
            let (key, value) = header::next_record(&mut records)?;
            self.record(key, value)?;
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Errno> {
        let name = |which: &mut Option<Vec<u8>>| {
            let mut name = Vec::new();
            append(&mut name, value)?;
            *which = (!name.is_empty()).then_some(name);
            Ok::<(), Errno>(())
        };
        let id = || match header::decimal(value) {
            Ok(id) => u32::try_from(id).map_err(|_| Errno::EINVAL),
            Err(errno) => Err(errno),
        };
        match key {
            b"path" => name(&mut self.path)?,
            b"linkpath" => name(&mut self.link)?,
            b"size" => self.size = Some(header::decimal(value)?),
            b"mtime" => self.mtime = Some(header::time(value)?),
            b"uid" => self.uid = Some(id()?),
            b"gid" => self.gid = Some(id()?),
            _ if key.starts_with(b"GNU.sparse.") => return Err(Errno::EOPNOTSUPP),
            _ => {}
        }
        Ok(())
    }
}

/// Bytes that fill the last block after contents of `size` bytes.
pub(super) fn padding_after(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK_BYTES as u64
}

/// A name as a path beneath the archive's directory; empty for that itself.
///
/// # Errors
///
/// * `EINVAL`: it has `..` in it.
/// * `ENAMETOOLONG`: it has `PATH_MAX` bytes or more.
/// * `EILSEQ`: it is not UTF-8.
pub(super) fn clean(name: &[u8]) -> Result<Vec<u8>, Errno> {
    if name.len() >= PATH_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    if !is_utf8(name) {
        return Err(Errno::EILSEQ);
    }
    let mut path = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err(Errno::EINVAL),
            _ => {}
        }
        if !path.is_empty() {
            append(&mut path, b"/")?;
        }
        append(&mut path, part)?;
    }
    Ok(path)
}
