//! Extended attributes of files of the disk: those of `user.`, which belong to the files' owners.

use crate::disk::input::FinalLink;
use crate::error::InnerResult;
use crate::tree::Xattr;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// The prefix of names that is read and written.
const PREFIX: &[u8] = b"user.";

/// The attributes of a file of this path, by ascending name; none where the disk has none.
///
/// # Errors
///
/// When they cannot be read; the message names the file.
#[cfg(target_os = "linux")]
pub(crate) fn of(path: &Path, link: FinalLink) -> InnerResult<Vec<Xattr>> {
    use anyhow::Context as _;
    use rustix::fs::{getxattr, lgetxattr, listxattr, llistxattr};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let unreadable = || format!("cannot read the extended attributes of `{}`", path.display());
    let list = match link {
        FinalLink::Follow => whole(|buffer| listxattr(path, buffer)),
        FinalLink::Refuse => whole(|buffer| llistxattr(path, buffer)),
    };
    let list = match list {
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        list => list.with_context(unreadable)?,
    };
    let mut found = Vec::new();
    let names = list.split(|byte| *byte == 0).filter(|name| name.starts_with(PREFIX));
    for name in names.map(OsStr::from_bytes) {
        let value = match link {
            FinalLink::Follow => whole(|buffer| getxattr(path, name, buffer)),
            FinalLink::Refuse => whole(|buffer| lgetxattr(path, name, buffer)),
        };
        match value {
            // Removed meanwhile.
            Err(Errno::NODATA) => {}
            value => {
                let value = value.with_context(unreadable)?;
                found.push(Xattr { name: name.as_bytes().to_vec(), value });
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a call writes into a buffer, which is made larger until it suffices: neither lists nor values
/// are longer than 64 KiB.
#[cfg(target_os = "linux")]
fn whole(
    mut call: impl FnMut(&mut [u8]) -> Result<usize, rustix::io::Errno>,
) -> Result<Vec<u8>, rustix::io::Errno> {
    let mut first = [0; 256];
    match call(&mut first) {
        Err(rustix::io::Errno::RANGE) => {}
        read => return Ok(first[..read?].to_vec()),
    }
    let mut largest = vec![0; 1 << 16];
    let read = call(&mut largest)?;
    largest.truncate(read);
    Ok(largest)
}

/// Elsewhere names have no prefix of this kind.
#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_: &Path, _: FinalLink) -> InnerResult<Vec<Xattr>> {
    Ok(Vec::new())
}

/// Gives a file those of the attributes that any user may give, where the disk has attributes.
///
/// # Errors
///
/// When one cannot be set.
#[cfg(target_os = "linux")]
pub(crate) fn set(file: BorrowedFd<'_>, xattrs: &[Xattr]) -> InnerResult<()> {
    use anyhow::Context as _;
    use rustix::fs::{XattrFlags, fsetxattr};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    for Xattr { name, value } in xattrs.iter().filter(|it| it.name.starts_with(PREFIX)) {
        match fsetxattr(file, OsStr::from_bytes(name), value, XattrFlags::empty()) {
            Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(()),
            set => set.with_context(|| {
                format!("cannot set the extended attribute `{}`", crate::quote::escaped(name))
            })?,
        }
    }
    Ok(())
}

/// Elsewhere names have no prefix of this kind.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set(_: BorrowedFd<'_>, _: &[Xattr]) -> InnerResult<()> {
    Ok(())
}
