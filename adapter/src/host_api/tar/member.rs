//! Members of an archive: what a header, and the headers before it, say of one.

use alloc::vec::Vec;
use core::mem::take;

use wasm_vfs_core::{Errno, S_IALLUGO, Timespec};

use super::header::{self as header, BLOCK_BYTES, Block, Kind};
use super::sparse::SparseRecords;
use super::xattrs::{self, Xattr};
use crate::bytes::{append, copy, is_utf8};

/// What records say of one thing.
#[derive(Default)]
enum Value<T> {
    /// Nothing.
    #[default]
    Unsaid,
    /// What the header of the member says is right, whatever a global record says.
    Blank,
    /// This.
    Said(T),
}

impl<T> Value<T> {
    /// What holds for a member: its own records win over the global ones. `None`: its header.
    fn or<'v>(&'v self, global: &'v Value<T>) -> Option<&'v T> {
        match (self, global) {
            (Value::Said(value), _) | (Value::Unsaid, Value::Said(value)) => Some(value),
            _ => None,
        }
    }
}

/// What pax records say, of one member or of all.
#[derive(Default)]
pub(super) struct Records {
    path: Value<Vec<u8>>,
    link: Value<Vec<u8>>,
    size: Value<u64>,
    mtime: Value<Timespec>,
    uid: Value<u32>,
    gid: Value<u32>,
    /// Extended attributes; those of all members mean nothing.
    xattrs: Vec<Xattr>,
}

impl Records {
    /// Takes in a record. (POSIX: one without a value withdraws what was said before.)
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is damaged. `ENOMEM`: no memory.
    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Errno> {
        let id = |digits: &[u8]| match header::decimal(digits) {
            Ok(id) => u32::try_from(id).map_err(|_| Errno::EINVAL),
            Err(errno) => Err(errno),
        };
        match key {
            b"path" => self.path = said(value, copy)?,
            b"linkpath" => self.link = said(value, copy)?,
            b"size" => self.size = said(value, header::decimal)?,
            b"mtime" => self.mtime = said(value, header::time)?,
            b"uid" => self.uid = said(value, id)?,
            b"gid" => self.gid = said(value, id)?,
            _ => {
                if xattrs::ARE_KEPT
                    && let Some(name) = key.strip_prefix(xattrs::PREFIX)
                {
                    let xattr = xattrs::of_record(name, value)?;
                    self.xattrs.try_reserve(1)?;
                    self.xattrs.push(xattr);
                }
            }
        }
        Ok(())
    }
}

/// The value of a record.
fn said<T>(text: &[u8], read: impl FnOnce(&[u8]) -> Result<T, Errno>) -> Result<Value<T>, Errno> {
    if text.is_empty() { Ok(Value::Blank) } else { read(text).map(Value::Said) }
}

/// What the headers before a member say of it.
#[derive(Default)]
pub(super) struct Said {
    /// The records of a pax header, or a long name or link name, as far as they have come.
    pub(super) gathered: Vec<u8>,
    /// What was said of this member.
    own: Records,
    /// What was said of it as a sparse member.
    pub(super) sparse: SparseRecords,
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
    pub(super) xattrs: Vec<Xattr>,
}

impl Said {
    /// Takes in what has been gathered, which may be for all members from here on.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: it is damaged.
    /// * `EOPNOTSUPP`: the member is a sparse file of an unknown form, or all members are to be.
    /// * `ENOMEM`: no memory.
    pub(super) fn take_in(&mut self, kind: Kind, global: &mut Records) -> Result<(), Errno> {
        let gathered = take(&mut self.gathered);
        if matches!(kind, Kind::LongName | Kind::LongLink) {
            let own = &mut self.own;
            let which = if kind == Kind::LongName { &mut own.path } else { &mut own.link };
            let name = gathered.split(|byte| *byte == 0).next().unwrap_or_default();
            *which = Value::Said(copy(name)?);
            return Ok(());
        }
        let is_global = kind == Kind::GlobalPax;
        let mut records = &gathered[..];
        while !records.is_empty() {
            let (key, value) = header::next_record(&mut records)?;
            match key.starts_with(b"GNU.sparse.") {
                true if is_global => return Err(Errno::EOPNOTSUPP),
                true => self.sparse.record(key, value)?,
                false if is_global => global.record(key, value)?,
                false => self.own.record(key, value)?,
            }
        }
        Ok(())
    }

    /// The size of what follows the header.
    ///
    /// # Errors
    ///
    /// `EINVAL`: it is damaged.
    pub(super) fn size(&self, block: &Block, global: &Records) -> Result<u64, Errno> {
        match self.own.size.or(&global.size) {
            Some(size) => Ok(*size),
            None => header::size(block, header::SIZE),
        }
    }

    /// The link name.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn link(&self, block: &Block, global: &Records) -> Result<Vec<u8>, Errno> {
        match self.own.link.or(&global.link) {
            Some(link) => copy(link),
            None => copy(header::text(block, header::LINK_NAME)),
        }
    }

    /// The name.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn name(&self, block: &Block, global: &Records) -> Result<Vec<u8>, Errno> {
        match self.sparse.name.as_ref().or_else(|| self.own.path.or(&global.path)) {
            Some(name) => copy(name),
            None => header::name(block),
        }
    }
}

impl Member {
    /// Fills in all but the name.
    ///
    /// # Errors
    ///
    /// As [`clean`]; `EINVAL`: the header is damaged.
    #[inline(never)]
    pub(super) fn describe(
        &mut self,
        block: &Block,
        said: &mut Said,
        global: &Records,
    ) -> Result<(), Errno> {
        let number = |field| header::number(block, field);
        let narrow = |number: i64| u32::try_from(number).map_err(|_| Errno::EINVAL);
        self.path = clean(&self.name)?;
        self.mode = narrow(number(header::MODE)?)? & S_IALLUGO;
        self.uid = match said.own.uid.or(&global.uid) {
            Some(uid) => *uid,
            None => narrow(number(header::UID)?)?,
        };
        self.gid = match said.own.gid.or(&global.gid) {
            Some(gid) => *gid,
            None => narrow(number(header::GID)?)?,
        };
        self.mtime = match said.own.mtime.or(&global.mtime) {
            Some(mtime) => *mtime,
            None => Timespec::new(number(header::MTIME)?, 0),
        };
        self.xattrs = take(&mut said.own.xattrs);
        Ok(())
    }
}

/// Bytes that fill the last block after contents of `size` bytes.
pub(super) fn padding_after(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK_BYTES as u64
}

/// Checks that a program can name what has this name: preview1 knows UTF-8 only, Linux any bytes.
///
/// # Errors
///
/// `EILSEQ`: none can.
pub(super) fn check_encoding(name: &[u8]) -> Result<(), Errno> {
    if cfg!(feature = "calls") || is_utf8(name) { Ok(()) } else { Err(Errno::EILSEQ) }
}

/// A name as a path beneath the archive's directory; empty for that itself.
///
/// # Errors
///
/// * `EINVAL`: it has `..` in it.
/// * `EILSEQ`: no program can name it.
pub(super) fn clean(name: &[u8]) -> Result<Vec<u8>, Errno> {
    check_encoding(name)?;
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
