//! Extended attributes of members: pax records `SCHILY.xattr.NAME`, which GNU tar and libarchive
//! read and write.
//!
//! As in GNU tar, `%` and `=` in a name are written `%25` and `%3D`: a record's key ends at the
//! first equals sign. libarchive writes a second record, `LIBARCHIVE.xattr.NAME`, with the value in
//! base64; it says the same, and nobody reads it here. A build without Linux's calls has no
//! attributes: it drops them and writes none.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fd, Fs, XattrFlags};

use super::header;
use crate::bytes::{append, copy, zeros};
use crate::host_api::embedder::Embedder;
use crate::platform::Host;

/// What the keys of such records begin with.
pub(super) const PREFIX: &[u8] = b"SCHILY.xattr.";

/// Whether the filesystem has attributes.
pub(super) const ARE_KEPT: bool = cfg!(feature = "calls");

/// An attribute: its name and its value.
pub(super) type Xattr = (Vec<u8>, Vec<u8>);

/// What becomes of attributes that a file has and a member has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// They stay.
    Stay,
    /// They go.
    Go,
}

/// The attribute that a record means: a later one of the same name wins.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(super) fn of_record(key: &[u8], value: &[u8]) -> Result<Xattr, Errno> {
    Ok((decoded(key)?, copy(value)?))
}

/// A name as a key has it.
fn encoded(name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut key = Vec::new();
    append(&mut key, PREFIX)?;
    for byte in name {
        match byte {
            b'%' => append(&mut key, b"%25")?,
            b'=' => append(&mut key, b"%3D")?,
            _ => append(&mut key, &[*byte])?,
        }
    }
    Ok(key)
}

/// The name that a key without its prefix has.
fn decoded(key: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut name = Vec::new();
    let mut rest = key;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match rest.split_at_checked(3) {
            Some((b"%25", after)) => (b'%', after),
            Some((b"%3D", after)) => (b'=', after),
            _ => (*first, after),
        };
        append(&mut name, &[byte])?;
        rest = after;
    }
    Ok(name)
}

/// Gives a file its attributes. Those that the filesystem does not keep are dropped: of namespaces
/// that it does not have, `security.capability`, and `user.` of what is neither a file nor a
/// directory.
///
/// # Errors
///
/// * `ERANGE`, `EINVAL`: no attribute can have such a name. `E2BIG`: such a value.
/// * `ENOSPC`, `ENOMEM`: no room.
/// * What the path walk answers.
pub(super) fn set(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    directory: Fd,
    path: &[u8],
    xattrs: &[Xattr],
    others: Others,
) -> Result<(), Errno> {
    if !ARE_KEPT || xattrs.is_empty() && others == Others::Stay {
        return Ok(());
    }
    embedder.within(fs, directory, |fs, process| {
        if others == Others::Go {
            let mut list = zeros(fs.llistxattr(process, path, &mut [][..])?)?;
            fs.llistxattr(process, path, &mut list[..])?;
            for name in list.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
                fs.lremovexattr(process, path, name)?;
            }
        }
        for (name, value) in xattrs {
            match fs.lsetxattr(process, path, name, &value[..], XattrFlags::empty()) {
                Ok(()) | Err(Errno::EOPNOTSUPP | Errno::EPERM) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    })
}

/// Adds the records of a file's attributes, by name.
///
/// # Errors
///
/// * `ENOMEM`: no memory.
/// * What llistxattr(2) answers.
pub(super) fn append_records(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    directory: Fd,
    name: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Errno> {
    if !ARE_KEPT {
        return Ok(());
    }
    embedder.within(fs, directory, |fs, process| {
        let len = fs.llistxattr(process, name, &mut [][..])?;
        if len == 0 {
            return Ok(());
        }
        let mut list = zeros(len)?;
        fs.llistxattr(process, name, &mut list[..])?;
        // Listed by descending name, as Linux does.
        for xattr in list.split(|byte| *byte == 0).rev().filter(|xattr| !xattr.is_empty()) {
            let mut value = zeros(fs.lgetxattr(process, name, xattr, &mut [][..])?)?;
            if !value.is_empty() {
                fs.lgetxattr(process, name, xattr, &mut value[..])?;
            }
            header::append_record(out, &encoded(xattr)?, &value)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn names_round_trip() {
        for (name, key) in [
            ("user.a", "user.a"),
            ("user.a=b", "user.a%3Db"),
            ("user.%", "user.%25"),
            ("user.%3D", "user.%253D"),
            ("user.=%=", "user.%3D%25%3D"),
        ] {
            let encoded = encoded(name.as_bytes()).unwrap();
            assert_eq!(encoded.strip_prefix(PREFIX), Some(key.as_bytes()));
            assert_eq!(decoded(key.as_bytes()).unwrap(), name.as_bytes());
        }
        // What nobody encodes so stays.
        for raw in ["user.%", "user.%2", "user.%3d", "user.%41"] {
            assert_eq!(decoded(raw.as_bytes()).unwrap(), raw.as_bytes());
        }
    }
}
