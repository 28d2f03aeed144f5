//! Filling the program's buffers: [`UserMut`] for a range and for an I/O vector.

use wasm_vfs_core::UserMut;

use super::Host;
use crate::defect::len32;
use crate::memory::iovec::IoVecs;
use crate::memory::user::UserRange;

impl UserMut<Host> for IoVecs<'_> {
    fn count(&self) -> usize {
        self.left()
    }

    /// Not inlined: files and devices take these steps.
    #[inline(never)]
    fn copy_to_user(&mut self, src: &[u8]) {
        self.each(src.len(), |piece, done| {
            let end = done + piece.len() as usize;
            piece.store_bytes(src.get(done..end).unwrap_or_default());
        });
    }

    fn clear_user(&mut self, len: usize) {
        self.each(len, |piece, _| piece.clear());
    }

    fn contents_to_user(&mut self, host: &Host, offset: u64, len: usize) {
        self.each(len, |piece, done| fill(piece, host, offset + done as u64));
    }
}

/// A single buffer of the program, filled from the front.
impl UserMut<Host> for UserRange {
    fn count(&self) -> usize {
        self.len() as usize
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        self.take(len32(src.len())).store_bytes(src);
    }

    fn clear_user(&mut self, len: usize) {
        self.take(len32(len)).clear();
    }

    fn contents_to_user(&mut self, host: &Host, offset: u64, len: usize) {
        fill(self.take(len32(len)), host, offset);
    }
}

/// Fills a range with bytes of the baked contents from `offset` on. They may be a lower file's,
/// which the host has.
fn fill(range: UserRange, host: &Host, offset: u64) {
    if !host.mounts.lower_to_user(range, offset) {
        range.fill_from_baked(offset);
    }
}
