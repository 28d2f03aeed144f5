//! What differs from the tree that was baked, as records that are handed out in pieces.

use alloc::vec::Vec;

use wasm_vfs_core::{Change, ChangeKind, Errno, Fs};

use crate::platform::Host;

/// Bytes of a record before its path.
const HEADER_BYTES: usize = 32;

/// What the lengths of records are multiples of.
const ALIGN: usize = 8;

/// The numbers of kinds.
const ADDED: u8 = 1;
const REMOVED: u8 = 2;
const MODIFIED: u8 = 3;

/// A list of changes that is being handed out.
#[derive(Default)]
pub(super) struct Changes {
    list: Vec<Change>,
    /// Whether it is of now.
    is_there: bool,
}

impl Changes {
    /// Fills in records from the one with this number on.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: there is no room for the next record.
    /// * What [`Fs::changes`] answers.
    pub(super) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        out: &mut [u8],
        cookie: usize,
    ) -> Result<usize, Errno> {
        if cookie == 0 || !self.is_there {
            *self = Changes::default();
            self.list = fs.changes()?;
            self.is_there = true;
        }
        let mut filled = 0;
        for (number, change) in self.list.iter().enumerate().skip(cookie) {
            let room = out.get_mut(filled..).unwrap_or_default();
            let Some(record) = room.get_mut(..record_bytes(change)) else {
                return if filled == 0 { Err(Errno::EINVAL) } else { Ok(filled) };
            };
            store(record, change, number + 1);
            filled += record.len();
        }
        if filled == 0 {
            *self = Changes::default();
        }
        Ok(filled)
    }
}

/// Where what is there now was before.
fn from(change: &Change) -> &[u8] {
    match &change.kind {
        ChangeKind::Added { from: Some(from), .. } => from,
        _ => b"",
    }
}

fn record_bytes(change: &Change) -> usize {
    (HEADER_BYTES + change.path.len() + from(change).len()).next_multiple_of(ALIGN)
}

/// Writes a record, as the table in [`host_api`](super) says.
fn store(record: &mut [u8], change: &Change, next: usize) {
    let from = from(change);
    let (kind, file_type, details) = match &change.kind {
        ChangeKind::Added { from, replaces } => {
            (ADDED, replaces.map_or(0, |replaced| replaced as u8), u8::from(from.is_some()))
        }
        ChangeKind::Removed { file_type, is_renamed } => {
            (REMOVED, *file_type as u8, u8::from(*is_renamed))
        }
        ChangeKind::Modified(differences) => (MODIFIED, 0, differences.bits().to_le_bytes()[0]),
        _ => (0, 0, 0),
    };
    let half = |len: usize| crate::defect::len32(len).to_le_bytes();
    let lengths = [half(record.len()), [kind, file_type, details, 0], half(change.path.len())];
    let parts: [&[u8]; 6] = [
        &change.ino.to_le_bytes(),
        &(next as u64).to_le_bytes(),
        lengths.as_flattened(),
        &half(from.len()),
        &change.path,
        from,
    ];
    let mut places = record.iter_mut();
    for byte in parts.iter().copied().flatten() {
        if let Some(place) = places.next() {
            *place = *byte;
        }
    }
    places.for_each(|place| *place = 0);
}
