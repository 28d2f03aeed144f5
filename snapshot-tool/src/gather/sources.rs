//! What is put into a tree, as it was named: [`Source`].

use crate::error::InnerResult;
use crate::gather::archive::source::{ArchiveSource, LayerSource};
use crate::gather::image::source::OciImage;
use crate::tree::guest_path::GuestPath;
use anyhow::bail;
use std::path::PathBuf;
use std::sync::Arc;

/// What somebody gives, to be put at a guest path.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    HostDirectory(PathBuf),
    Archive(ArchiveSource),
    /// From the lowest to the uppermost.
    Layers(Vec<LayerSource>),
    Image(OciImage),
    HostFile(PathBuf),
    Bytes(Arc<[u8]>),
    /// With its text.
    Symlink(String),
    /// A directory of the WASI host will be there when the program runs.
    MountPoint,
}

impl Source {
    pub(crate) fn is_mount_point(&self) -> bool {
        matches!(self, Self::MountPoint)
    }

    /// What it is, for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::HostDirectory(path) => format!("directory `{}`", path.display()),
            Self::Archive(source @ ArchiveSource::Stream(_)) => source.to_string(),
            Self::Archive(source) => format!("archive {source}"),
            Self::Layers(_) => "layers of an image".to_owned(),
            Self::Image(image) => image.to_string(),
            Self::HostFile(path) => format!("file `{}`", path.display()),
            Self::Symlink(_) => "a symbolic link".to_owned(),
            Self::Bytes(_) => "a file given as bytes".to_owned(),
            Self::MountPoint => "a mount".to_owned(),
        }
    }
}

/// Sources by guest path, outer ones first. Layers may be anywhere.
///
/// # Errors
///
/// When two have one path, or one is beneath a mount.
pub(crate) fn placed<'s>(
    all: &[&'s (Source, String)],
) -> InnerResult<Vec<(GuestPath, &'s Source)>> {
    let mut sources: Vec<(GuestPath, &Source)> = Vec::new();
    for (source, guest) in all {
        sources.push((guest.parse()?, source));
    }
    sources.sort_by(|(a, _), (b, _)| a.cmp(b));
    for pair in sources.windows(2) {
        let [(a, first), (b, second)] = pair else { continue };
        if let Source::MountPoint = first
            && b.is_beneath(a)
            && a != b
        {
            let second = second.describe();
            bail!("{second} at {b} would be hidden by the mount at {a}; map it elsewhere");
        }
        if a == b {
            let (first, second) = (first.describe(), second.describe());
            bail!("{first} and {second} are both mapped to {a}; give each its own guest path");
        }
    }
    Ok(sources)
}
