//! One difference of two trees: [`Change`].

use std::fmt;

/// A difference of two trees, or of a tree and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The path from the root, as bytes: `/a/b`.
    pub path: Vec<u8>,
    /// What has changed.
    pub kind: ChangeKind,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there before.
    Added {
        /// The path that it had before, if it was renamed and that is known.
        from: Option<Vec<u8>>,
    },
    /// It is not there any more, nor what was beneath it.
    Removed,
    /// It is another one: in what, each once, in the order of [`Aspect`].
    Modified(Vec<Aspect>),
}

/// In what an entry has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// Whether it is a file, a directory, a symbolic link, a pipe or a device. Nothing else is said
    /// then: it is another entry.
    Kind,
    /// The bytes of a file.
    Contents,
    /// The text of a symbolic link, or the numbers of a device.
    Target,
    /// The permission bits.
    Mode,
    /// The user or the group.
    Owner,
    /// The modification time.
    Times,
    /// Extended attributes.
    Attributes,
    /// Which other names it has.
    Links,
}

impl Aspect {
    /// The word for it, in listings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Contents => "contents",
            Self::Target => "target",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Times => "times",
            Self::Attributes => "attributes",
            Self::Links => "links",
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ChangeKind {
    /// The letter for it, in listings: `A`, `D`, `M`.
    #[must_use]
    pub fn letter(&self) -> char {
        match self {
            Self::Added { .. } => 'A',
            Self::Removed => 'D',
            Self::Modified(_) => 'M',
        }
    }
}
