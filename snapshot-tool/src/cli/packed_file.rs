//! What the commands share that look into a packed module.

use crate::quote::shell_quoted;
use crate::tree::{EntryKind, Tree};
use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal as _};

pub(super) fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// How names are written on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// As they are, for programs.
    Raw,
    /// As a shell reads them, without anything that a terminal would act on.
    Quoted,
}

impl Names {
    /// What GNU ls does: quotes for a terminal, the names themselves for a file or a pipe.
    pub(super) fn on_stdout() -> Self {
        if io::stdout().is_terminal() { Self::Quoted } else { Self::Raw }
    }

    /// The bytes to write for a name, a path or the target of a link.
    pub(super) fn shown(self, name: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Raw => Cow::Borrowed(name),
            Self::Quoted => Cow::Owned(shell_quoted(name).into_bytes()),
        }
    }
}

/// `st_size`; of a directory 0, since it takes no room of the contents.
pub(super) fn size(tree: &Tree, index: usize) -> u64 {
    match &tree.entries()[tree.original(index)].kind {
        EntryKind::File { len, .. } => *len,
        EntryKind::Symlink { target } => target.len() as u64,
        EntryKind::Directory
        | EntryKind::DescriptorDirectory
        | EntryKind::CharDevice { .. }
        | EntryKind::Fifo
        | EntryKind::HardLink { .. } => 0,
    }
}
