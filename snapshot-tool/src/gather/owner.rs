//! Whose the entries of a tree are, and how young they may be: [`Owner`], [`Attributes`].

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::tree::Metadata;
use anyhow::bail;

/// Whose the files are in the tree.
///
/// ```
/// use wasm_vfs::Owner;
///
/// assert_eq!("1000:100".parse::<Owner>()?, Owner::Fixed { uid: 1000, gid: 100 });
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Everything belongs to this user and group, so that the result does not depend on who
    /// made it. The default is 0 and 0.
    Fixed {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// Each file keeps the user and group that it has on the disk or in its archive.
    Host,
}

impl std::str::FromStr for Owner {
    type Err = Error;

    /// Reads `host` or `UID:GID`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::written(text).of_kind(ErrorKind::Policy)?)
    }
}

impl Owner {
    fn written(text: &str) -> InnerResult<Self> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let ids = text.split_once(':').and_then(|(u, g)| Some((u.parse().ok()?, g.parse().ok()?)));
        match ids {
            Some((uid, gid)) => Ok(Self::Fixed { uid, gid }),
            None => bail!("owner `{text}` is neither `host` nor `UID:GID` in numbers"),
        }
    }
}

/// What becomes of the owners and times of entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    pub(crate) owner: Owner,
    /// What is newer gets this time, in seconds since 1970. `None`: times stay.
    pub(crate) latest_mtime_sec: Option<i64>,
}

impl Attributes {
    /// The metadata of what is neither on the disk nor in an archive.
    pub(crate) fn made(&self, mode: u16) -> Metadata {
        let (uid, gid) = match self.owner {
            Owner::Fixed { uid, gid } => (uid, gid),
            Owner::Host => (0, 0),
        };
        Metadata { mode, uid, gid, mtime_sec: 0, mtime_nsec: 0 }
    }

    /// The metadata of what has `found` on the disk or in an archive.
    pub(crate) fn of(&self, mut found: Metadata) -> Metadata {
        if let Owner::Fixed { uid, gid } = self.owner {
            (found.uid, found.gid) = (uid, gid);
        }
        if let Some(latest) = self.latest_mtime_sec
            && found.mtime_sec >= latest
        {
            (found.mtime_sec, found.mtime_nsec) = (latest, 0);
        }
        found
    }
}
