//! Callers' buffers: they may live in another memory, so they are not slices.
//!
//! Linux: `iov_iter` with `copy_to_user`, `copy_from_user`, `clear_user`. A buffer here is a cursor
//! over one or more pieces of the caller's memory; copying advances it. Bytes move once,
//! from where they are stored to where the caller wants them.
//!
//! The check that Linux does with `access_ok` is the implementor's, when the buffer is made: a
//! range that is not the caller's is `EFAULT` there, before any call begins. From then on copying
//! cannot fail.

use crate::base::defect::OrDefect;
use crate::platform::Platform;

/// A caller's buffer to be filled (`iov_iter`, `ITER_DEST`).
pub trait UserMut<P: Platform> {
    /// How many bytes are left to fill (`iov_iter_count`).
    fn count(&self) -> usize;

    /// Copies `src` to the front of what is left. `src` is not longer than [`count`](Self::count).
    fn copy_to_user(&mut self, src: &[u8]);

    /// Writes `len` zeros.
    fn clear_user(&mut self, len: usize);

    /// Copies `len` bytes of the baked contents, from `offset`.
    fn contents_to_user(&mut self, platform: &P, offset: u64, len: usize);
}

/// A caller's buffer to be read (`iov_iter`, `ITER_SOURCE`).
pub trait UserRef {
    /// How many bytes are left to take.
    fn count(&self) -> usize;

    /// Fills `dst` from the front of what is left. `dst` is not longer than [`count`](Self::count).
    fn copy_from_user(&mut self, dst: &mut [u8]);
}

/// A slice is a buffer that shrinks from the front as it is filled, as for `std::io::Write`.
impl<P: Platform> UserMut<P> for &mut [u8] {
    fn count(&self) -> usize {
        self.len()
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        advance_mut(self, src.len()).copy_from_slice(src);
    }

    fn clear_user(&mut self, len: usize) {
        advance_mut(self, len).fill(0);
    }

    fn contents_to_user(&mut self, platform: &P, offset: u64, len: usize) {
        platform.contents_to_kernel(advance_mut(self, len), offset);
    }
}

/// A slice is a buffer that shrinks from the front as it is read, as for `std::io::Read`.
impl UserRef for &[u8] {
    fn count(&self) -> usize {
        self.len()
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        let (head, tail) = self.split_at(dst.len());
        dst.copy_from_slice(head);
        *self = tail;
    }
}

/// The first `len` bytes of a buffer.
pub(crate) struct Limited<'a, U> {
    pub(crate) buf: &'a mut U,
    pub(crate) len: usize,
}

impl<P: Platform, U: UserMut<P>> UserMut<P> for Limited<'_, U> {
    fn count(&self) -> usize {
        self.len
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        self.buf.copy_to_user(src);
        self.len -= src.len();
    }

    fn clear_user(&mut self, len: usize) {
        self.buf.clear_user(len);
        self.len -= len;
    }

    fn contents_to_user(&mut self, platform: &P, offset: u64, len: usize) {
        self.buf.contents_to_user(platform, offset, len);
        self.len -= len;
    }
}

impl<U: UserRef> UserRef for Limited<'_, U> {
    fn count(&self) -> usize {
        self.len
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        self.buf.copy_from_user(dst);
        self.len -= dst.len();
    }
}

/// A range of the program's own memory to be filled ([`Platform::USER_MEMORY`]).
pub(crate) struct ProgramRange<'a, P> {
    pub(crate) platform: &'a P,
    /// Where it begins: an address.
    pub(crate) addr: u32,
    /// How many bytes are left.
    pub(crate) len: usize,
}

impl<P> ProgramRange<'_, P> {
    /// Takes the first `len` bytes; says where they are.
    fn advance(&mut self, len: usize) -> u32 {
        let addr = self.addr;
        // The range may end where the largest memory does.
        self.addr = addr.wrapping_add(u32::try_from(len).or_after_defect(0));
        self.len -= len;
        addr
    }
}

impl<P: Platform> UserMut<P> for ProgramRange<'_, P> {
    fn count(&self) -> usize {
        self.len
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        let addr = self.advance(src.len());
        self.platform.copy_to_user(addr, src);
    }

    fn clear_user(&mut self, len: usize) {
        let addr = self.advance(len);
        self.platform.clear_user(addr, len);
    }

    fn contents_to_user(&mut self, platform: &P, offset: u64, len: usize) {
        let addr = self.advance(len);
        platform.contents_to_user(addr, offset, len);
    }
}

/// Splits the first `len` bytes off `slice`.
fn advance_mut<'a>(slice: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (head, tail) = core::mem::take(slice).split_at_mut(len);
    *slice = tail;
    head
}

/// Several slices to be filled one after another (`struct iovec[]`, readv(2)).
#[derive(Debug)]
pub struct IoVecMut<'v, 'a>(&'v mut [&'a mut [u8]]);

impl<'v, 'a> IoVecMut<'v, 'a> {
    /// A cursor at the start of the first slice. The slices shrink as they are filled.
    pub fn new(slices: &'v mut [&'a mut [u8]]) -> IoVecMut<'v, 'a> {
        IoVecMut(slices)
    }

    /// Calls `fill` with piece after piece until `len` bytes are gone.
    fn each(&mut self, len: usize, mut fill: impl FnMut(&mut &'a mut [u8], usize)) {
        let mut left = len;
        for slice in self.0.iter_mut() {
            let now = left.min(slice.len());
            if now > 0 {
                fill(slice, now);
                left -= now;
            }
        }
    }
}

impl<P: Platform> UserMut<P> for IoVecMut<'_, '_> {
    fn count(&self) -> usize {
        self.0.iter().map(|slice| slice.len()).sum()
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        let mut rest = src;
        self.each(src.len(), |slice, now| {
            let (head, tail) = rest.split_at(now);
            UserMut::<P>::copy_to_user(slice, head);
            rest = tail;
        });
    }

    fn clear_user(&mut self, len: usize) {
        self.each(len, |slice, now| UserMut::<P>::clear_user(slice, now));
    }

    fn contents_to_user(&mut self, platform: &P, offset: u64, len: usize) {
        let mut from = offset;
        self.each(len, |slice, now| {
            slice.contents_to_user(platform, from, now);
            from += now as u64;
        });
    }
}

/// Several slices to be read one after another (`struct iovec[]`, writev(2)).
#[derive(Debug)]
pub struct IoVec<'v, 'a>(&'v mut [&'a [u8]]);

impl<'v, 'a> IoVec<'v, 'a> {
    /// A cursor at the start of the first slice. The slices shrink as they are read.
    pub fn new(slices: &'v mut [&'a [u8]]) -> IoVec<'v, 'a> {
        IoVec(slices)
    }
}

impl UserRef for IoVec<'_, '_> {
    fn count(&self) -> usize {
        self.0.iter().map(|slice| slice.len()).sum()
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        let mut rest = dst;
        for slice in self.0.iter_mut() {
            let now = rest.len().min(slice.len());
            slice.copy_from_user(advance_mut(&mut rest, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IoVec, IoVecMut, UserMut, UserRef};
    use crate::platform::ByteContents;

    #[test]
    fn vectors_are_filled_across_their_seams() {
        let platform = ByteContents { baked: b"BAKED", ..ByteContents::default() };
        let (mut a, mut b, mut c) = ([9; 3], [9; 0], [9; 7]);
        let mut slices = [&mut a[..], &mut b[..], &mut c[..]];
        let mut iter = IoVecMut::new(&mut slices);
        UserMut::<ByteContents<'_>>::copy_to_user(&mut iter, b"ab");
        iter.contents_to_user(&platform, 1, 3);
        UserMut::<ByteContents<'_>>::clear_user(&mut iter, 2);
        assert_eq!(UserMut::<ByteContents<'_>>::count(&iter), 3);
        assert_eq!((&a, &c), (b"abA", b"KE\0\0\x09\x09\x09"));
    }

    #[test]
    fn vectors_are_read_across_their_seams() {
        let mut slices = [&b"he"[..], b"", b"llo"];
        let mut iter = IoVec::new(&mut slices);
        let mut four = [0; 4];
        iter.copy_from_user(&mut four);
        assert_eq!((&four, iter.count()), (b"hell", 1));
    }
}
