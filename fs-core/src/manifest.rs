//! A directory tree in a few bytes: what a baking tool hands to
//! [`Fs::populate`](crate::Fs::populate).
//!
//! Metadata only: the contents of regular files are ranges of baked contents that travel apart.
//!
//! # Format
//!
//! Records in sorted pre-order, one after another. Record 0 is the root directory. Integers are
//! unsigned LEB128; the seconds, which have a sign, are zigzag-coded first. A record is
//!
//! | field | what |
//! |---|---|
//! | kind | one byte, see [`RecordKind`] |
//! | parent | the number of an earlier directory record; 0 for the root itself |
//! | name | length, bytes; empty for the root only |
//!
//! and then, unless it is a hard link or an extended attribute, `mode` (the 12 permission bits), `uid`, `gid`, `mtime`
//! seconds (signed) and nanoseconds; and then by kind
//!
//! | kind | fields |
//! |---|---|
//! | 0 directory | how many entries it will get, so that its table is reserved exactly |
//! | 1 regular file | contents offset, length |
//! | 2 symbolic link | length, target |
//! | 3 hard link | the number of the earlier record that is linked to |
//! | 4 character device | major and minor number |
//! | 5 directory of descriptors | none: it is what `/dev/fd` is, and gets no entries |
//! | 6 pipe | none |
//! | 7 extended attribute | length, value. The parent is the record that has the attribute, of any kind but a hard link; the name is the attribute's, with its prefix ([`check_xattr`]) |
//!
//! Extended attributes have no number: they follow the record that has them, by ascending name.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::stat::Dev;
use crate::base::time::Timespec;

/// The longest name of an extended attribute, in bytes (`XATTR_NAME_MAX`, limits.h).
pub const XATTR_NAME_MAX: usize = 255;

/// The largest value of an extended attribute, in bytes (`XATTR_SIZE_MAX`, limits.h).
pub const XATTR_SIZE_MAX: usize = 65_536;

/// Who may have an extended attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XattrHolder {
    /// A regular file or a directory.
    FileOrDirectory,
    /// Anything else.
    Other,
}

/// Checks that the superuser could set an extended attribute of this name, with a value of so many
/// bytes.
///
/// # Errors
///
/// * `ERANGE`: the name is empty or longer than 255 bytes. `EINVAL`: it has a NUL.
/// * `E2BIG`: the value is larger than 64 KiB.
/// * `EPERM`: `user.`, and it is neither a regular file nor a directory.
/// * `EOPNOTSUPP`: the name does not begin with `user.`, `trusted.` or `security.`, or is
///   `security.capability`. `EINVAL`: nothing follows the dot.
pub fn check_xattr(name: &[u8], value_bytes: usize, holder: XattrHolder) -> Result<(), Errno> {
    if name.is_empty() || name.len() > XATTR_NAME_MAX {
        return Err(Errno::ERANGE);
    }
    if name.contains(&0) {
        return Err(Errno::EINVAL);
    }
    if value_bytes > XATTR_SIZE_MAX {
        return Err(Errno::E2BIG);
    }
    if name.starts_with(b"user.") && holder == XattrHolder::Other {
        return Err(Errno::EPERM);
    }
    let prefixes: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
    let Some(prefix) = prefixes.iter().find(|prefix| name.starts_with(prefix)) else {
        return Err(Errno::EOPNOTSUPP);
    };
    if name.len() == prefix.len() {
        return Err(Errno::EINVAL);
    }
    // DEVIATION: no file capabilities, as `syscalls::attributes::xattr` says.
    if name == b"security.capability" { Err(Errno::EOPNOTSUPP) } else { Ok(()) }
}

/// Attributes that every record but a hard link and an extended attribute has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The permission bits with set-id and sticky bits; no type.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Modification time; access, change and birth time start as the same.
    pub mtime: Timespec,
}

/// What a record adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind<'a> {
    /// A directory.
    Directory {
        /// How many entries it will get.
        entries: u32,
    },
    /// A regular file whose contents are a range of the baked contents.
    Regular {
        /// Where the contents begin in the baked contents, in bytes.
        contents_offset: u64,
        /// The size in bytes.
        len: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points.
        target: &'a [u8],
    },
    /// One more name of an earlier record.
    HardLink {
        /// The number of that record.
        record: u32,
    },
    /// A character device node.
    CharDevice {
        /// Which device.
        dev: Dev,
    },
    /// A directory whose names are the descriptors of whoever looks.
    DescriptorDirectory,
    /// A pipe.
    Fifo,
    /// An extended attribute of the record before it that is none.
    Xattr {
        /// The value.
        value: &'a [u8],
    },
}

/// One line of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The number of the directory record that the name is in; of an extended attribute, the number
    /// of the record that has it.
    pub parent: u32,
    /// The name; empty for the root only.
    pub name: &'a [u8],
    /// Mode, owner and time. Of a hard link and an extended attribute: not stored, all zero.
    pub attributes: Attributes,
    /// The rest.
    pub kind: RecordKind<'a>,
}

impl Record<'_> {
    /// Appends the record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let kind = match self.kind {
            RecordKind::Directory { .. } => 0,
            RecordKind::Regular { .. } => 1,
            RecordKind::Symlink { .. } => 2,
            RecordKind::HardLink { .. } => 3,
            RecordKind::CharDevice { .. } => 4,
            RecordKind::DescriptorDirectory => 5,
            RecordKind::Fifo => 6,
            RecordKind::Xattr { .. } => 7,
        };
        out.push(kind);
        encode_u64(out, u64::from(self.parent));
        encode_bytes(out, self.name);
        if !matches!(self.kind, RecordKind::HardLink { .. } | RecordKind::Xattr { .. }) {
            let Attributes { mode, uid, gid, mtime } = self.attributes;
            for field in [mode, uid, gid] {
                encode_u64(out, u64::from(field));
            }
            encode_i64(out, mtime.tv_sec);
            encode_u64(out, u64::from(mtime.tv_nsec));
        }
        match self.kind {
            RecordKind::Directory { entries } => encode_u64(out, u64::from(entries)),
            RecordKind::Regular { contents_offset, len } => {
                encode_u64(out, contents_offset);
                encode_u64(out, len);
            }
            RecordKind::Symlink { target } => encode_bytes(out, target),
            RecordKind::HardLink { record } => encode_u64(out, u64::from(record)),
            RecordKind::CharDevice { dev } => {
                encode_u64(out, u64::from(dev.major()));
                encode_u64(out, u64::from(dev.minor()));
            }
            RecordKind::DescriptorDirectory | RecordKind::Fifo => {}
            RecordKind::Xattr { value } => encode_bytes(out, value),
        }
    }
}

/// Reads the records of a manifest, or of a part of one that begins and ends with whole records.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the first record in `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    fn byte(&mut self) -> Result<u8, Errno> {
        let (&first, rest) = self.rest.split_first().ok_or(Errno::EINVAL)?;
        self.rest = rest;
        Ok(first)
    }

    fn unsigned(&mut self) -> Result<u64, Errno> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Errno::EINVAL);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Errno::EINVAL)
    }

    fn signed(&mut self) -> Result<i64, Errno> {
        // Zigzag: small numbers of either sign stay short.
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    fn unsigned32(&mut self) -> Result<u32, Errno> {
        u32::try_from(self.unsigned()?).map_err(|_| Errno::EINVAL)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Errno> {
        let len = usize::try_from(self.unsigned()?).map_err(|_| Errno::EINVAL)?;
        let (head, tail) = self.rest.split_at_checked(len).ok_or(Errno::EINVAL)?;
        self.rest = tail;
        Ok(head)
    }

    fn record(&mut self) -> Result<Record<'a>, Errno> {
        let kind = self.byte()?;
        let parent = self.unsigned32()?;
        let name = self.bytes()?;
        let mut attributes = Attributes::default();
        if !matches!(kind, 3 | 7) {
            attributes.mode = self.unsigned32()?;
            attributes.uid = self.unsigned32()?;
            attributes.gid = self.unsigned32()?;
            attributes.mtime.tv_sec = self.signed()?;
            attributes.mtime.tv_nsec = self.unsigned32()?;
        }
        let kind = match kind {
            0 => RecordKind::Directory { entries: self.unsigned32()? },
            1 => RecordKind::Regular { contents_offset: self.unsigned()?, len: self.unsigned()? },
            2 => RecordKind::Symlink { target: self.bytes()? },
            3 => RecordKind::HardLink { record: self.unsigned32()? },
            4 => {
                let (major, minor) = (self.unsigned32()?, self.unsigned32()?);
                RecordKind::CharDevice { dev: Dev::new(major, minor) }
            }
            5 => RecordKind::DescriptorDirectory,
            6 => RecordKind::Fifo,
            7 => RecordKind::Xattr { value: self.bytes()? },
            _ => return Err(Errno::EINVAL),
        };
        Ok(Record { parent, name, attributes, kind })
    }
}

impl<'a> Iterator for Reader<'a> {
    /// `EINVAL`: the bytes are not a manifest.
    type Item = Result<Record<'a>, Errno>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            // Nothing after a broken record can be trusted.
            self.rest = &[];
        }
        Some(record)
    }
}

fn encode_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn encode_i64(out: &mut Vec<u8>, value: i64) {
    encode_u64(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn encode_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    encode_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

    use super::{Attributes, Reader, Record, RecordKind, XattrHolder, check_xattr};
    use crate::base::errno::Errno;
    use crate::base::stat::Dev;
    use crate::base::time::Timespec;
    use alloc::vec::Vec;

    #[test]
    fn records_round_trip() {
        let attributes = Attributes {
            mode: 0o1777,
            uid: u32::MAX,
            gid: 5,
            mtime: Timespec::new(-1, 999_999_999),
        };
        let link = Attributes::default();
        let records = [
            Record { parent: 0, name: b"", attributes, kind: RecordKind::Directory { entries: 3 } },
            Record {
                parent: 0,
                name: b"f",
                attributes: Attributes { mtime: Timespec::new(i64::MIN, 0), ..attributes },
                kind: RecordKind::Regular { contents_offset: u64::MAX, len: 300 },
            },
            Record {
                parent: 0,
                name: b"h",
                attributes: link,
                kind: RecordKind::HardLink { record: 1 },
            },
            Record {
                parent: 0,
                name: b"s",
                attributes,
                kind: RecordKind::Symlink { target: b"../x" },
            },
            Record { parent: 0, name: b"t", attributes, kind: RecordKind::DescriptorDirectory },
            Record {
                parent: 0,
                name: b"u",
                attributes,
                kind: RecordKind::CharDevice { dev: Dev::new(u32::MAX, u32::MAX - 1) },
            },
            Record { parent: 0, name: b"v", attributes, kind: RecordKind::Fifo },
            Record {
                parent: 6,
                name: b"trusted.v",
                attributes: link,
                kind: RecordKind::Xattr { value: b"\0\xff" },
            },
        ];
        let mut bytes = Vec::new();
        for record in &records {
            record.encode(&mut bytes);
        }
        let read: Vec<_> = Reader::new(&bytes).map(|r| r.expect("a whole record")).collect();
        assert_eq!(read, records);
        for end in 1..bytes.len() {
            let mut rest = Reader::new(&bytes[..end]).filter_map(Result::err);
            assert!(rest.all(|e| e == Errno::EINVAL));
        }
    }

    #[test]
    fn attributes_that_the_superuser_could_set() {
        use XattrHolder::{FileOrDirectory, Other};
        let long = [&b"user."[..], &[b'n'; 251]].concat();
        type Row<'a> = (&'a [u8], usize, XattrHolder, Result<(), Errno>);
        let rows: [Row<'_>; 13] = [
            (b"user.a", 65_536, FileOrDirectory, Ok(())),
            (b"user.a", 65_537, FileOrDirectory, Err(Errno::E2BIG)),
            (b"user.a", 0, Other, Err(Errno::EPERM)),
            (b"trusted.a", 0, Other, Ok(())),
            (b"security.a.b", 0, Other, Ok(())),
            (b"security.capability", 0, FileOrDirectory, Err(Errno::EOPNOTSUPP)),
            (b"system.posix_acl_access", 0, FileOrDirectory, Err(Errno::EOPNOTSUPP)),
            (b"other.a", 0, FileOrDirectory, Err(Errno::EOPNOTSUPP)),
            (b"user.", 0, FileOrDirectory, Err(Errno::EINVAL)),
            (b"user.a\0", 0, FileOrDirectory, Err(Errno::EINVAL)),
            (b"", 0, FileOrDirectory, Err(Errno::ERANGE)),
            (&long, 0, FileOrDirectory, Err(Errno::ERANGE)),
            (&long[..255], 0, FileOrDirectory, Ok(())),
        ];
        for (name, value_bytes, holder, expected) in rows {
            assert_eq!(check_xattr(name, value_bytes, holder), expected, "{name:?}");
        }
    }
}
