//! A file or a directory of the disk as a tar archive, for `run --put`: modes, modification times
//! and symbolic links as they are, owned by 0:0 as a packed tree is.

use crate::packed::export::Member;
use crate::tree::Metadata;
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::{Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use tar::{Builder, EntryType};

/// Writes the file or directory `host`, and all beneath it, as an archive in which it is called
/// `name`; an empty name is the archive's own directory.
///
/// # Errors
///
/// When something cannot be read or is neither file, directory nor symbolic link; the message names
/// it.
pub(crate) fn write(host: &Path, name: &str, out: &mut dyn Write) -> Result<()> {
    let mut archive = Builder::new(out);
    // What the command line names may be a link; what is found beneath it stays one.
    let found = fs::metadata(host).with_context(|| unreadable(host))?;
    add(&mut archive, host, name.as_bytes(), &found)?;
    archive.finish()?;
    Ok(())
}

fn add(
    archive: &mut Builder<&mut dyn Write>,
    host: &Path,
    name: &[u8],
    found: &fs::Metadata,
) -> Result<()> {
    let metadata = Metadata {
        mode: u16::try_from(found.mode() & 0o7777).unwrap_or_default(),
        uid: 0,
        gid: 0,
        mtime_sec: found.mtime(),
        mtime_nsec: u32::try_from(found.mtime_nsec()).unwrap_or_default(),
    };
    let kind = found.file_type();
    if kind.is_dir() {
        let name = if name.is_empty() { b"." } else { name };
        let own = Member::new(EntryType::Directory, [name, b"/"].concat(), None, 0, metadata);
        own.append(archive, std::io::empty())?;
        let entries = fs::read_dir(host).with_context(|| unreadable(host))?;
        let mut entries =
            entries.collect::<Result<Vec<_>, _>>().with_context(|| unreadable(host))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = [name, b"/", entry.file_name().as_bytes()].concat();
            let found = fs::symlink_metadata(&path).with_context(|| unreadable(&path))?;
            add(archive, &path, &name, &found)?;
        }
    } else if kind.is_symlink() {
        let target = fs::read_link(host).with_context(|| unreadable(host))?;
        let target = target.as_os_str().as_bytes().to_vec();
        let member = Member::new(EntryType::Symlink, name.to_vec(), Some(target), 0, metadata);
        member.append(archive, std::io::empty())?;
    } else if kind.is_file() {
        let len = found.len();
        let mut file = File::open(host).with_context(|| unreadable(host))?.take(len);
        let member = Member::new(EntryType::Regular, name.to_vec(), None, len, metadata);
        member.append(archive, &mut file)?;
        if file.limit() > 0 {
            bail!("`{}` was cut short while it was read", host.display());
        }
    } else {
        bail!("`{}` is a device, a socket or a pipe, which a tree does not hold", host.display());
    }
    Ok(())
}

fn unreadable(host: &Path) -> String {
    format!("cannot read `{}`", host.display())
}
