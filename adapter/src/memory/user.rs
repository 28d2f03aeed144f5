//! The program's memory: the only place that touches the program's pointers.
//!
//! It is another linear memory, which Rust cannot address. The `user` and `image` functions below are not functions: a linker
//! replaces each call by the instruction of that name (see DESIGN.md). They trap outside the memory, so nothing
//! calls them but [`UserRange`], which can only be made for a range that is within it. A memory never shrinks, so what
//! was checked stays good.

use wasm_vfs_core::{PATH_MAX, UserMut, UserRef};

use crate::errno::{Error, Result, answer};
use crate::host::Host;

/// Bytes in a page of a linear memory.
const WASM_PAGE_BYTES: u64 = 65_536;

#[cfg(target_arch = "wasm32")]
mod intrinsic {
    #[link(wasm_import_module = "user")]
    unsafe extern "C" {
        /// `memory.copy` from the program's memory to the kernel's.
        pub(super) fn copy_from_user(dst: *mut u8, src: u32, len: usize);
        /// `memory.copy` from the kernel's memory to the program's.
        pub(super) fn copy_to_user(dst: u32, src: *const u8, len: usize);
        /// `memory.fill` with zero in the program's memory.
        pub(super) fn clear_user(dst: u32, len: usize);
        /// `i32.load8_u` from the program's memory.
        pub(super) fn load_u8(addr: u32) -> u32;
        /// `i32.load` from the program's memory.
        pub(super) fn load_u32(addr: u32) -> u32;
        /// `i64.load` from the program's memory.
        pub(super) fn load_u64(addr: u32) -> u64;
        /// `i32.store` to the program's memory.
        pub(super) fn store_u32(addr: u32, value: u32);
        /// `i64.store` to the program's memory.
        pub(super) fn store_u64(addr: u32, value: u64);
        /// `memory.size` of the program's memory, in pages.
        pub(super) safe fn size() -> u32;
    }

    #[link(wasm_import_module = "image")]
    unsafe extern "C" {
        /// `memory.init` of the program's memory from the image.
        pub(super) fn image_to_user(dst: u32, offset: u32, len: usize);
        /// `memory.init` of the kernel's memory from the image.
        pub(super) fn image_to_kernel(dst: *mut u8, offset: u32, len: usize);
    }
}

/// Stand-ins, so that the crate can be checked and its pure parts tested on the host.
#[cfg(not(target_arch = "wasm32"))]
mod intrinsic {
    pub(super) unsafe fn copy_from_user(_dst: *mut u8, _src: u32, _len: usize) {}
    pub(super) unsafe fn copy_to_user(_dst: u32, _src: *const u8, _len: usize) {}
    pub(super) unsafe fn clear_user(_dst: u32, _len: usize) {}
    pub(super) unsafe fn load_u8(_addr: u32) -> u32 {
        0
    }
    pub(super) unsafe fn load_u32(_addr: u32) -> u32 {
        0
    }
    pub(super) unsafe fn load_u64(_addr: u32) -> u64 {
        0
    }
    pub(super) unsafe fn store_u32(_addr: u32, _value: u32) {}
    pub(super) unsafe fn store_u64(_addr: u32, _value: u64) {}
    pub(super) fn size() -> u32 {
        0
    }
    pub(super) unsafe fn image_to_user(_dst: u32, _offset: u32, _len: usize) {}
    pub(super) unsafe fn image_to_kernel(_dst: *mut u8, _offset: u32, _len: usize) {}
}

/// A range of bytes that lies within the program's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserRange {
    addr: u32,
    len: u32,
}

impl UserRange {
    /// No bytes.
    const EMPTY: UserRange = UserRange { addr: 0, len: 0 };

    /// The `len` bytes at `addr`.
    ///
    /// # Errors
    ///
    /// `FAULT`: not all of them are in the program's memory.
    #[inline]
    pub(crate) fn new(addr: u32, len: u32) -> Result<UserRange> {
        let end = u64::from(addr) + u64::from(len);
        if end <= u64::from(intrinsic::size()) * WASM_PAGE_BYTES {
            Ok(UserRange { addr, len })
        } else {
            Err(Error::FAULT)
        }
    }

    /// `count` elements of `element_bytes` bytes at `addr`.
    ///
    /// # Errors
    ///
    /// `FAULT`: not all of them are in the program's memory.
    pub(crate) fn array(addr: u32, count: u32, element_bytes: u32) -> Result<UserRange> {
        let len = count.checked_mul(element_bytes).ok_or(Error::FAULT)?;
        UserRange::new(addr, len)
    }

    /// Its address in the program's memory.
    pub(crate) fn addr(self) -> u32 {
        self.addr
    }

    /// How many bytes there are.
    pub(crate) fn len(self) -> u32 {
        self.len
    }

    /// The address of `bytes` bytes at `offset`. A place outside the range is a defect of this crate and a trap.
    #[inline]
    fn at(self, offset: u32, bytes: u32) -> u32 {
        assert!(u64::from(offset) + u64::from(bytes) <= u64::from(self.len));
        self.addr + offset
    }

    /// Splits the first `len` bytes off, or as many as there are.
    #[inline]
    pub(crate) fn take(&mut self, len: u32) -> UserRange {
        let len = len.min(self.len);
        let head = UserRange { addr: self.addr, len };
        self.addr = self.addr.wrapping_add(len);
        self.len -= len;
        head
    }

    /// The byte at `offset`.
    pub(crate) fn load_u8(self, offset: u32) -> u8 {
        let addr = self.at(offset, 1);
        // SAFETY: `at` gives an address whose byte is in the program's memory.
        (unsafe { intrinsic::load_u8(addr) } & 0xff) as u8
    }

    /// The four bytes at `offset`.
    #[inline]
    pub(crate) fn load_u32(self, offset: u32) -> u32 {
        let addr = self.at(offset, 4);
        // SAFETY: `at` gives an address whose four bytes are in the program's memory; loads may be unaligned.
        unsafe { intrinsic::load_u32(addr) }
    }

    /// The eight bytes at `offset`.
    #[inline]
    pub(crate) fn load_u64(self, offset: u32) -> u64 {
        let addr = self.at(offset, 8);
        // SAFETY: `at` gives an address whose eight bytes are in the program's memory; loads may be unaligned.
        unsafe { intrinsic::load_u64(addr) }
    }

    /// Stores four bytes.
    #[inline]
    pub(crate) fn store_u32(self, offset: u32, value: u32) {
        let addr = self.at(offset, 4);
        // SAFETY: `at` gives an address whose four bytes are in the program's memory; stores may be unaligned.
        unsafe { intrinsic::store_u32(addr, value) }
    }

    /// Stores eight bytes.
    #[inline]
    pub(crate) fn store_u64(self, offset: u32, value: u64) {
        let addr = self.at(offset, 8);
        // SAFETY: `at` gives an address whose eight bytes are in the program's memory; stores may be unaligned.
        unsafe { intrinsic::store_u64(addr, value) }
    }

    /// Copies from the program. `dst` is not longer than the range.
    pub(crate) fn copy_to_kernel(self, dst: &mut [u8]) {
        assert!(dst.len() <= self.len as usize);
        // SAFETY: the source is within the program's memory; the destination is a slice of this one.
        unsafe { intrinsic::copy_from_user(dst.as_mut_ptr(), self.addr, dst.len()) }
    }

    /// Copies to the program. `src` is not longer than the range.
    fn copy_from_kernel(self, src: &[u8]) {
        assert!(src.len() <= self.len as usize);
        // SAFETY: the destination is within the program's memory; the source is a slice of this one.
        unsafe { intrinsic::copy_to_user(self.addr, src.as_ptr(), src.len()) }
    }

    /// Stores bytes at the front. There is room for them.
    pub(crate) fn store_bytes(self, bytes: &[u8]) {
        self.copy_from_kernel(bytes);
    }

    /// Stores as many of the first bytes as fit.
    pub(crate) fn store_prefix(self, bytes: &[u8]) {
        self.copy_from_kernel(bytes.get(..self.len as usize).unwrap_or(bytes));
    }

    /// Fills it with zeros.
    pub(crate) fn clear(self) {
        // SAFETY: the range is within the program's memory.
        unsafe { intrinsic::clear_user(self.addr, self.len as usize) }
    }

    /// Fills it from the image. The bytes from `offset` on are within the image: see [`Platform::image_to_kernel`].
    fn fill_from_image(self, _host: &Host, offset: u64) {
        #[cfg(feature = "mounts")]
        if _host.mounts.lower_to_user(self, offset) {
            return;
        }
        if let Ok(offset) = u32::try_from(offset) {
            // SAFETY: the destination is within the program's memory; memory.init checks the source.
            unsafe { intrinsic::image_to_user(self.addr, offset, self.len as usize) }
        }
    }
}

/// Copies bytes of the image into this memory; `offset + dst.len()` is within the image.
pub(crate) fn image_to_kernel(dst: &mut [u8], offset: u64) {
    if let Ok(offset) = u32::try_from(offset) {
        // SAFETY: the destination is a slice of this memory; memory.init checks the source.
        unsafe { intrinsic::image_to_kernel(dst.as_mut_ptr(), offset, dst.len()) }
    }
}

/// Room for a path.
pub(crate) type PathBuffer = [u8; PATH_MAX];

/// A one in each byte.
const ONES: u64 = u64::MAX / 255;
/// The top bit of each byte.
const TOP_BITS: u64 = ONES << 7;

/// Copies a path from the program and checks it.
///
/// # Errors
///
/// * `FAULT`: it is not all in the program's memory.
/// * `NAMETOOLONG`: it has `PATH_MAX` bytes or more.
/// * `ILSEQ`: it is not UTF-8.
/// * `INVAL`: it has a NUL.
pub(crate) fn path(buffer: &mut PathBuffer, addr: u32, len: u32) -> Result<&[u8]> {
    let range = UserRange::new(addr, len)?;
    if len as usize >= PATH_MAX {
        return Err(Error::NAMETOOLONG);
    }
    let (path, _) = buffer.split_at_mut(len as usize);
    // Eight bytes at a time: paths are short, and a loop costs less than a call for memory.copy. On the way, find out
    // whether any byte has its top bit set (then it is not ASCII), and whether any is zero.
    let (mut not_ascii, mut nul) = (0, 0);
    let mut look = |word: u64| {
        not_ascii |= word;
        nul |= word.wrapping_sub(ONES) & !word;
    };
    let (words, tail) = path.as_chunks_mut::<8>();
    let mut offset = 0;
    for word in words {
        let value = range.load_u64(offset);
        *word = value.to_le_bytes();
        look(value);
        offset += 8;
    }
    for byte in tail {
        *byte = range.load_u8(offset);
        // The bytes above stand for letters.
        look(u64::from(*byte) | ONES << 8);
        offset += 1;
    }
    if not_ascii & TOP_BITS != 0 && !is_utf8(path) {
        return Err(Error::ILSEQ);
    }
    if nul & TOP_BITS != 0 {
        return Err(Error::INVAL);
    }
    Ok(path)
}

/// Whether `bytes` are UTF-8. As `core::str::from_utf8`, in a quarter of its code; paths that are not ASCII are few and short.
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(&first) = rest.next() {
        let len = first.leading_ones();
        let mut code = u32::from(first) & (0x7f >> len);
        for _ in 1..len {
            match rest.next() {
                Some(byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
                _ => return false,
            }
        }
        // A byte with one leading one only continues. `char` knows surrogates and the largest code; an overlong form
        // has more bytes than it needs.
        let needed = char::from_u32(code).map_or(0, char::len_utf8);
        if len == 1 || needed != len.max(1) as usize {
            return false;
        }
    }
    true
}

/// How many pieces of an I/O vector are looked at: Linux's `IOV_MAX`. What a longer one has beyond them is left for
/// the next call, as with any short read or write.
const IOV_MAX: usize = 1024;

/// Bytes of an `iovec`.
const IOVEC_BYTES: u32 = 8;

/// Room for the pieces of an I/O vector but the first.
///
/// They are copied before any byte moves, as Linux does it: a vector may lie in a buffer that it describes.
pub(crate) type IovecBuffer = [UserRange; IOV_MAX];

/// An empty [`IovecBuffer`].
pub(crate) const NO_IOVECS: IovecBuffer = [UserRange::EMPTY; IOV_MAX];

/// A cursor over the pieces of an I/O vector of the program.
#[derive(Debug)]
pub(crate) struct IoVecs<'b> {
    /// The piece at the cursor.
    piece: UserRange,
    /// The pieces after it.
    rest: &'b [UserRange],
    /// Bytes in all of them.
    left: u32,
}

impl<'b> IoVecs<'b> {
    /// Reads the vector of `count` pieces at `addr`.
    ///
    /// # Errors
    ///
    /// * `FAULT`: the vector or a piece is not all in the program's memory.
    /// * `INVAL`: the pieces have more bytes in all than a result can say.
    #[inline]
    pub(crate) fn new(buffer: &'b mut IovecBuffer, addr: u32, count: u32) -> Result<IoVecs<'b>> {
        if count != 1 {
            return IoVecs::of_many(buffer, addr, count);
        }
        let piece = piece(UserRange::new(addr, IOVEC_BYTES)?, 0)?;
        Ok(IoVecs { piece, rest: &[], left: piece.len })
    }

    #[inline(never)]
    fn of_many(buffer: &'b mut IovecBuffer, addr: u32, count: u32) -> Result<IoVecs<'b>> {
        let vector = UserRange::array(addr, count, IOVEC_BYTES)?;
        let (mut used, mut left) = (0, 0u32);
        for (slot, index) in buffer.iter_mut().zip(0..count) {
            *slot = piece(vector, index)?;
            left = left.checked_add(slot.len).ok_or(Error::INVAL)?;
            used += 1;
        }
        let rest = buffer.get(..used).unwrap_or_default();
        Ok(IoVecs { piece: UserRange::EMPTY, rest, left })
    }

    /// The next piece, of at most `len` bytes; `len` is not zero and at most what is left.
    #[inline]
    fn take(&mut self, len: usize) -> UserRange {
        while self.piece.len == 0
            && let Some((first, rest)) = self.rest.split_first()
        {
            self.piece = *first;
            self.rest = rest;
        }
        // Longer than what is left it cannot be.
        let piece = self.piece.take(u32::try_from(len).unwrap_or(u32::MAX));
        self.left -= piece.len;
        piece
    }

    /// Calls `each` with piece after piece of `len` bytes in all, and how many bytes came before.
    #[inline]
    fn each(&mut self, len: usize, mut each: impl FnMut(UserRange, usize)) {
        let mut done = 0;
        while done < len {
            let piece = self.take(len - done);
            if piece.len == 0 {
                return;
            }
            each(piece, done);
            done += piece.len as usize;
        }
    }
}

/// The piece number `index` of a vector.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
fn piece(vector: UserRange, index: u32) -> Result<UserRange> {
    let word = vector.load_u64(index * IOVEC_BYTES);
    let (addr, len) = (word as u32, (word >> 32) as u32);
    // An empty piece may point anywhere, as for readv(2).
    if len == 0 { Ok(UserRange::EMPTY) } else { UserRange::new(addr, len) }
}

/// Checks the place of a result for a call that the host serves; the number of `FAULT` if it is not all in the
/// program's memory, else 0.
///
/// The host checks it too, but against the whole memory: in a portable module the filesystem lies in it, above
/// the program.
#[inline(never)]
pub(crate) fn check_for_host(addr: u32, len: u32) -> i32 {
    UserRange::new(addr, len).map_or_else(Error::number, |_| 0)
}

/// Checks a vector, its pieces and the place of a result of four bytes, as [`check_for_host`].
#[inline(never)]
pub(crate) fn check_vector_for_host(iovs: u32, count: u32, result: u32) -> i32 {
    let check = || {
        UserRange::new(result, 4)?;
        let vector = UserRange::array(iovs, count, IOVEC_BYTES)?;
        for index in 0..count {
            piece(vector, index)?;
        }
        Ok(())
    };
    answer(check())
}

impl UserMut<Host> for IoVecs<'_> {
    fn count(&self) -> usize {
        self.left as usize
    }

    /// Not inlined: files and devices take these steps.
    #[inline(never)]
    fn copy_to_user(&mut self, src: &[u8]) {
        self.each(src.len(), |piece, done| {
            let end = done + piece.len as usize;
            piece.copy_from_kernel(src.get(done..end).unwrap_or_default());
        });
    }

    fn clear_user(&mut self, len: usize) {
        self.each(len, |piece, _| piece.clear());
    }

    fn image_to_user(&mut self, host: &Host, offset: u64, len: usize) {
        self.each(len, |piece, done| piece.fill_from_image(host, offset + done as u64));
    }
}

impl UserRef for IoVecs<'_> {
    fn count(&self) -> usize {
        self.left as usize
    }

    fn copy_from_user(&mut self, dst: &mut [u8]) {
        self.each(dst.len(), |piece, done| {
            let end = done + piece.len as usize;
            piece.copy_to_kernel(dst.get_mut(done..end).unwrap_or_default());
        });
    }
}

/// A single buffer of the program, filled from the front.
impl UserMut<Host> for UserRange {
    fn count(&self) -> usize {
        self.len as usize
    }

    fn copy_to_user(&mut self, src: &[u8]) {
        self.take(u32::try_from(src.len()).unwrap_or(u32::MAX)).copy_from_kernel(src);
    }

    fn clear_user(&mut self, len: usize) {
        self.take(u32::try_from(len).unwrap_or(u32::MAX)).clear();
    }

    fn image_to_user(&mut self, host: &Host, offset: u64, len: usize) {
        self.take(u32::try_from(len).unwrap_or(u32::MAX)).fill_from_image(host, offset);
    }
}

#[cfg(test)]
mod tests {
    use super::is_utf8;

    /// The bytes at which a rule of UTF-8 begins or ends.
    const EDGES: [u8; 24] = [
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
        0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ];

    #[test]
    fn utf8_is_what_the_standard_library_says() {
        for a in 0..=255 {
            for b in EDGES {
                for c in EDGES {
                    for d in EDGES {
                        let bytes = [a, b, c, d];
                        for len in 0..=4 {
                            let part = bytes.get(..len).unwrap_or_default();
                            assert_eq!(
                                is_utf8(part),
                                core::str::from_utf8(part).is_ok(),
                                "{part:x?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
