//! A directory of the disk, read ([`Scan`]): names and metadata only.
//!
//! Of extended attributes only those of `user.` are read: the others depend on the machine and on
//! who asks.

use crate::disk::input::{FinalLink, kind_name, open_regular};
use crate::disk::stamp::Stamp;
use crate::disk::temporary::is_temporary;
use crate::disk::xattrs;
use crate::error::InnerResult;
use crate::gather::assembly::{Identity, Node, NodeKind, Xattrs};
use crate::gather::file_contents::FileContents;
use crate::gather::host_file::HostFile;
use crate::gather::ignore_rules::{IGNORE_FILE, IgnoreRules};
use crate::gather::owner::Attributes;
use crate::progress::Progress;
use crate::tree::guest_path::GuestPath;
use crate::tree::{Metadata, Xattr};
use anyhow::{Context as _, bail};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The reading of one mapped directory.
pub(crate) struct Scan<'a> {
    pub(crate) attributes: Attributes,
    /// Device and inode of each file to leave out.
    pub(crate) left_out: &'a [(u64, u64)],
    pub(crate) rules: IgnoreRules,
    /// Guest paths of the other sources: what is there is hidden, so it is not read.
    pub(crate) elsewhere: HashSet<GuestPath>,
    pub(crate) progress: &'a dyn Progress,
}

impl Scan<'_> {
    /// Reads the directory `host`, which is mapped to `guest`.
    ///
    /// # Errors
    ///
    /// When it is none, cannot be read, or has an entry that no tree can have.
    pub(crate) fn mapped(&mut self, host: &Path, guest: &GuestPath) -> InnerResult<Node> {
        let found = fs::metadata(host)
            .with_context(|| format!("cannot read host directory `{}`", host.display()))?;
        if !found.is_dir() {
            bail!("`{}` is not a directory; map the directory that holds it", host.display());
        }
        Ok(Node {
            metadata: Some(self.attributes.of(metadata(&found)?)),
            kind: self.directory(host, guest)?,
            identity: None,
            xattrs: shared(xattrs::of(host, FinalLink::Follow)?),
        })
    }

    fn directory(&mut self, host: &Path, guest: &GuestPath) -> InnerResult<NodeKind> {
        let unreadable = || format!("cannot read host directory `{}`", host.display());
        let mut found = Vec::new();
        let mut has_ignore_file = false;
        for entry in fs::read_dir(host).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            has_ignore_file |= entry.file_name() == IGNORE_FILE;
            found.push(entry);
        }
        self.rules.enter(host, has_ignore_file)?;
        let mut entries = BTreeMap::new();
        for entry in found {
            let path = entry.path();
            let metadata =
                entry.metadata().with_context(|| format!("cannot read `{}`", path.display()))?;
            if self.leaves_out(&entry.file_name(), &metadata) {
                continue;
            }
            let Ok(name) = entry.file_name().into_string() else {
                bail!(
                    "the name of `{}` is not UTF-8, so no WASI program could open it; \
                     rename it or leave it out with --exclude",
                    path.display()
                );
            };
            let guest = guest.join(&name);
            if !self.elsewhere.contains(&guest) {
                entries.insert(name, self.node(path, &guest, &metadata)?);
            }
        }
        self.rules.leave();
        Ok(NodeKind::Directory(entries.into()))
    }

    fn leaves_out(&self, name: &OsStr, found: &fs::Metadata) -> bool {
        self.left_out.contains(&(found.dev(), found.ino()))
            || is_temporary(name)
            || self.rules.excludes(name, found.is_dir())
    }

    fn node(
        &mut self,
        path: PathBuf,
        guest: &GuestPath,
        found: &fs::Metadata,
    ) -> InnerResult<Node> {
        self.progress.advance(1);
        let metadata = Some(self.attributes.of(metadata(found)?));
        let file_type = found.file_type();
        let xattrs = match file_type.is_dir() || file_type.is_file() {
            // Others have none that are read.
            true => shared(xattrs::of(&path, FinalLink::Refuse)?),
            false => None,
        };
        let kind = if file_type.is_dir() {
            self.directory(&path, guest)?
        } else if file_type.is_file() {
            NodeKind::File(FileContents::Host(HostFile::found(path, found)))
        } else if file_type.is_symlink() {
            let target = fs::read_link(&path)
                .with_context(|| format!("cannot read symbolic link `{}`", path.display()))?;
            NodeKind::Symlink(target.as_os_str().as_bytes().to_vec())
        } else if file_type.is_fifo() {
            NodeKind::Fifo
        } else {
            bail!(
                "`{}` is {}, which cannot be packed; leave it out with --exclude",
                path.display(),
                kind_name(file_type)
            );
        };
        let linked = found.nlink() > 1 && !file_type.is_dir();
        Ok(Node {
            metadata,
            kind,
            identity: linked.then(|| Identity::Host(found.dev(), found.ino())),
            xattrs,
        })
    }
}

/// The metadata of what was found on the disk.
fn metadata(found: &fs::Metadata) -> InnerResult<Metadata> {
    Ok(Metadata {
        mode: u16::try_from(found.mode() & 0o7777)?,
        uid: found.uid(),
        gid: found.gid(),
        mtime_sec: found.mtime(),
        mtime_nsec: u32::try_from(found.mtime_nsec())?,
    })
}

/// A file of the disk that somebody named.
///
/// # Errors
///
/// When it is none, or cannot be read.
pub(crate) fn named_file(host: &Path, attributes: Attributes) -> InnerResult<Node> {
    let (_, found) = open_regular(host, FinalLink::Follow)?;
    let contents = HostFile::named(host, Stamp::of(&found));
    Ok(Node {
        metadata: Some(attributes.of(metadata(&found)?)),
        kind: NodeKind::File(FileContents::Host(contents)),
        identity: (found.nlink() > 1).then(|| Identity::Host(found.dev(), found.ino())),
        xattrs: shared(xattrs::of(host, FinalLink::Follow)?),
    })
}

/// The attributes of a node.
fn shared(xattrs: Vec<Xattr>) -> Xattrs {
    (!xattrs.is_empty()).then(|| Arc::new(xattrs))
}
