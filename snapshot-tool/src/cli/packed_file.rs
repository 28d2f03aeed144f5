//! What the commands share that look into a packed module.

use crate::tree::{EntryKind, Tree};
use std::io::{self, BufWriter};

pub(super) fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// `st_size`; of a directory 0, since it takes no room of the contents.
pub(super) fn size(tree: &Tree, index: usize) -> u64 {
    match &tree.entries()[tree.original(index)].kind {
        EntryKind::File { len, .. } => *len,
        EntryKind::Symlink { target } => target.len() as u64,
        EntryKind::Directory
        | EntryKind::DescriptorDirectory
        | EntryKind::CharDevice { .. }
        | EntryKind::HardLink { .. } => 0,
    }
}
