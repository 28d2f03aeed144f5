//! The contents of a regular file: a range of the baked contents, and the pages that were written
//! over it.
//!
//! Linux: `struct address_space`. Each page of a file is one of
//!
//! * a hole: no slot; reads as zero and costs nothing,
//! * a page of the baked contents: no slot either, but below `contents_len`; read in place,
//! * an owned page: what was written. A write to a baked page copies it up first.
//!
//! The slots are in a radix tree ([`page_tree`]); growing a file copies nothing. An owned page is a
//! vector that ends at its last written byte: small files are not rounded up.
//!
//! This file knows nothing of inodes, limits or times; [`crate::fs::kinds::regular`] does.

use alloc::vec::Vec;

use crate::base::defect::{OrDefect, defect};
use crate::base::errno::Errno;
use crate::base::flags::MAX_LFS_FILESIZE;
use crate::base::page::{FS_PAGE_BYTES, PAGE, pages_of, within_page};
use crate::objects::page_tree::{self, RemovedSlots, Slot};
use crate::platform::Platform;
use crate::platform::foreign::LOWER_CONTENTS;
use crate::platform::user_memory::{UserMut, UserRef};

/// What a page of a file is, for those who read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// Zeros.
    Zero,
    /// The baked contents.
    Baked,
    /// These bytes, then zeros.
    Owned(&'a [u8]),
}

/// The contents of a regular file.
#[derive(Debug, Default)]
pub(crate) struct FileContents {
    /// The size of the file, in bytes. Nothing beyond it is stored.
    pub(super) size: u64,
    /// Where the file begins in the baked contents, in bytes; these have less than 4 GiB. Of a
    /// lower file, its number.
    pub(super) contents_offset: u32,
    /// How many bytes from its start are (or were, where written since) the baked contents'. At
    /// most `size`.
    pub(super) contents_len: u32,
    /// How many pages hold data or are allocated: `st_blocks` in pages.
    pub(super) data_pages: u32,
    /// What was written, and the holes that were punched into the baked contents: the root of a
    /// tree ([`page_tree`]). At height 0 it is the slot of page 0 itself.
    pub(super) root: Slot,
    /// How many levels of nodes the tree has.
    pub(super) height: u8,
    /// Its bytes are a lower file's ([`crate::platform::foreign`]).
    pub(super) lower: bool,
}

// One in each inode.
const _: () = assert!(size_of::<FileContents>() <= 24 + size_of::<Slot>());

impl FileContents {
    /// A file whose bytes are `len` bytes of the baked contents from `contents_offset`.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the baked contents have no such range.
    pub(crate) fn baked(contents_offset: u64, len: u64) -> Result<FileContents, Errno> {
        let end = contents_offset.checked_add(len).and_then(|end| u32::try_from(end).ok());
        let contents_len = u32::try_from(len).map_err(|_| Errno::EINVAL)?;
        Ok(FileContents {
            size: len,
            contents_offset: end.ok_or(Errno::EINVAL)? - contents_len,
            contents_len,
            data_pages: u32::try_from(pages_of(len)).map_err(|_| Errno::EINVAL)?,
            ..FileContents::default()
        })
    }

    /// A file whose bytes are those of a lower file. One that is too large for it
    /// ([`is_out_of_reach`](Self::is_out_of_reach)) has no baked contents.
    pub(crate) fn lower(number: u32, size: u64) -> FileContents {
        let contents_len = u32::try_from(size).unwrap_or(0);
        FileContents {
            size,
            contents_offset: number,
            contents_len,
            data_pages: u32::try_from(pages_of(u64::from(contents_len))).or_after_defect(0),
            lower: true,
            ..FileContents::default()
        }
    }

    /// Whether it is a lower file whose bytes cannot be told, for it has 4 GiB or more, until it is
    /// cut.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.lower && self.contents_len == 0 && self.size > u64::from(u32::MAX)
    }

    /// The size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How many pages hold data or are allocated.
    pub(crate) fn data_pages(&self) -> u64 {
        u64::from(self.data_pages)
    }

    /// How many pages count against the limit of bytes: of a lower file not as many as it had from
    /// the start, as long as its size covers them.
    #[inline]
    pub(crate) fn charged_pages<P: Platform>(&self) -> u64 {
        if P::FOREIGN && self.lower {
            return self.data_pages().saturating_sub(self.baked_pages());
        }
        self.data_pages()
    }

    /// How many bytes from the start were the baked contents'.
    pub(super) fn contents_len(&self) -> u64 {
        u64::from(self.contents_len)
    }

    /// How many pages those bytes begin.
    pub(super) fn baked_pages(&self) -> u64 {
        pages_of(self.contents_len())
    }

    /// Where in the baked contents the byte `at` of the file is.
    fn baked_at<P: Platform>(&self, at: u64) -> u64 {
        if P::FOREIGN && self.lower {
            return (u64::from(self.contents_offset) + 1) * LOWER_CONTENTS + at;
        }
        u64::from(self.contents_offset) + at
    }

    /// Counts `pages` fewer pages that hold data.
    #[expect(clippy::cast_possible_truncation, reason = "never more than there are")]
    pub(super) fn forget_pages(&mut self, pages: u64) {
        self.data_pages -= pages as u32;
    }

    /// Whether the account of pages is right, the baked contents are within the file and no page is
    /// too long or written beyond the end: for [`crate::fs::invariants`].
    pub(crate) fn is_consistent(&self) -> bool {
        let baked_pages = pages_of(u64::from(self.contents_len));
        let (mut owned, mut covering_baked) = (0, 0);
        let mut sound = u64::from(self.contents_len) <= self.size;
        page_tree::each_slot(&self.root, self.height.into(), 0, &mut |page, slot| {
            covering_baked += u64::from(page < baked_pages);
            if let Slot::Page(bytes) = slot {
                owned += 1;
                let (_, within_file) = within_page(page, 0, self.size);
                // What fallocate(2) has initialised behind the end is one zero.
                sound &= bytes.len() <= within_file || bytes[..] == [0];
            }
        });
        sound && self.data_pages() == owned + baked_pages - covering_baked
    }

    /// Whether nothing is stored or allocated for `page`.
    pub(super) fn is_hole(&self, page: u64) -> bool {
        match self.slot(page) {
            Slot::Page(_) => false,
            Slot::Absent => page >= self.baked_pages(),
            _ => true,
        }
    }

    pub(super) fn source(&self, page: u64) -> Source<'_> {
        match self.slot(page) {
            Slot::Page(bytes) => Source::Owned(bytes),
            Slot::Absent if page < self.baked_pages() => Source::Baked,
            _ => Source::Zero,
        }
    }

    /// The slot of `page`.
    pub(super) fn slot(&self, page: u64) -> &Slot {
        page_tree::find(&self.root, self.height, page)
    }

    /// The slot of `page` alone.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory for it.
    pub(super) fn slot_mut(&mut self, page: u64) -> Result<&mut Slot, Errno> {
        page_tree::find_or_add(&mut self.root, &mut self.height, page)
    }

    /// The slot of `page`, if there is one: it may be one that other pages share.
    pub(super) fn existing_slot_mut(&mut self, page: u64) -> Option<&mut Slot> {
        page_tree::find_mut(&mut self.root, self.height, page)
    }

    /// Fills `out` from `offset` on; says how many bytes there were before the end of the file.
    ///
    /// Together with [`page_for_writing`](Self::page_for_writing) it is the only way by which bytes
    /// of the baked contents reach anybody, so these two ask whether they could be had.
    ///
    /// # Errors
    ///
    /// `EIO`: bytes of the baked contents could not be read ([`Platform::contents_failed`]). `out`
    /// has zeros in their place.
    #[inline]
    pub(crate) fn read<P: Platform>(
        &self,
        offset: u64,
        platform: &P,
        out: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let Some(left) = self.size.checked_sub(offset) else { return Ok(0) };
        let want = out.count();
        let len = usize::try_from(left).map_or(want, |left| left.min(want));
        self.read_exact(offset, len, platform, out);
        if P::FOREIGN && platform.contents_failed() { Err(Errno::EIO) } else { Ok(len) }
    }

    /// Copies `len` bytes from `offset` on; all of them lie within the file.
    fn read_exact<P: Platform>(
        &self,
        offset: u64,
        len: usize,
        platform: &P,
        out: &mut impl UserMut<P>,
    ) {
        let end = offset + len as u64;
        let mut at = offset;
        while at < end {
            let page = at / PAGE;
            let (from, to) = within_page(page, at, end);
            match self.source(page) {
                Source::Owned(bytes) => {
                    let held = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
                    out.copy_to_user(held);
                    out.clear_user(to - from - held.len());
                    at += (to - from) as u64;
                }
                Source::Baked if at < self.contents_len() => {
                    let stop = self.run_end(page, Source::Baked, end).min(self.contents_len());
                    copy_baked(platform, out, self.baked_at::<P>(at), stop - at);
                    at = stop;
                }
                Source::Baked => {
                    // The rest of the page in which the baked contents end.
                    clear(out, (to - from) as u64);
                    at += (to - from) as u64;
                }
                Source::Zero => {
                    let stop = self.run_end(page, Source::Zero, end);
                    clear(out, stop - at);
                    at = stop;
                }
            }
        }
    }

    /// Where the run of pages that are `kind` ends, that `page` begins; not beyond `limit` (both in
    /// bytes of the file, but for `page`).
    fn run_end(&self, page: u64, kind: Source<'_>, limit: u64) -> u64 {
        if matches!(self.root, Slot::Absent) {
            // Nothing was ever written: the baked contents, and then a hole.
            return if kind == Source::Baked { limit.min(self.contents_len()) } else { limit };
        }
        let mut next = page + 1;
        while next * PAGE < limit && self.source(next) == kind {
            next += 1;
        }
        (next * PAGE).min(limit)
    }

    /// Stores what `from` holds at `offset`, as far as memory and `new_pages` (how many pages may
    /// be added) go; says how many bytes were stored. The size grows to cover them.
    ///
    /// # Errors
    ///
    /// * `EFBIG`: the first byte would lie beyond the largest file.
    /// * `ENOSPC`: not even the first byte could be stored.
    /// * `EIO`: the rest of the first page could not be read.
    pub(crate) fn write<P: Platform>(
        &mut self,
        offset: u64,
        platform: &P,
        new_pages: u64,
        from: &mut impl UserRef,
    ) -> Result<usize, Errno> {
        let room = MAX_LFS_FILESIZE.checked_sub(offset).ok_or(Errno::EFBIG)?;
        let len = from.count();
        if len == 0 {
            return Ok(0);
        }
        let end = offset + room.min(len as u64);
        if end == offset {
            return Err(Errno::EFBIG);
        }
        let allowed = self.data_pages().saturating_add(new_pages);
        let mut at = offset;
        while at < end {
            let page = at / PAGE;
            let (start, stop) = within_page(page, at, end);
            let stored = match self.existing_slot_mut(page) {
                Some(Slot::Page(bytes)) => store(bytes, start, stop, from),
                _ => self
                    .page_for_writing(page, start, stop, allowed, platform)
                    .and_then(|bytes| store(bytes, start, stop, from)),
            };
            match stored {
                Ok(()) => {}
                Err(error) if at == offset => return Err(error),
                Err(_) => break,
            }
            at += (stop - start) as u64;
            self.size = self.size.max(at);
        }
        usize::try_from(at - offset).or_defect()
    }

    /// The owned page number `page` with at least `stop` bytes. What lies before `start` is what
    /// the file holds there; `start..stop` is about to be overwritten.
    ///
    /// # Errors
    ///
    /// * `ENOSPC`: no page may be added, or no memory.
    /// * `EIO`: what lies around could not be read ([`Platform::contents_failed`]).
    pub(super) fn page_for_writing<P: Platform>(
        &mut self,
        page: u64,
        start: usize,
        stop: usize,
        allowed: u64,
        platform: &P,
    ) -> Result<&mut Vec<u8>, Errno> {
        let baked_pages = self.baked_pages();
        let (_, baked_bytes) = within_page(page, 0, self.contents_len());
        let baked_at = self.baked_at::<P>(page * PAGE);
        let was_hole = self.is_hole(page);
        if was_hole && self.data_pages() >= allowed {
            return Err(Errno::ENOSPC);
        }
        let slot = self.slot_mut(page)?;
        if !matches!(slot, Slot::Page(_)) {
            let mut bytes = Vec::new();
            let copied = matches!(slot, Slot::Absent) && page < baked_pages;
            if copied {
                // Copy up, but not what the caller overwrites anyway.
                bytes.try_reserve_exact(baked_bytes.max(stop)).map_err(|_| Errno::ENOSPC)?;
                bytes.resize(baked_bytes, 0);
                if start > 0 || stop < baked_bytes {
                    platform.contents_to_kernel(&mut bytes, baked_at);
                    if P::FOREIGN && platform.contents_failed() {
                        return Err(Errno::EIO);
                    }
                }
            }
            // Before it is the file's: a page that could not grow is none that was added.
            grow_page(&mut bytes, stop)?;
            *slot = Slot::Page(bytes);
        }
        if was_hole {
            self.data_pages += 1;
        }
        let Slot::Page(bytes) = self.slot_mut(page)? else { return Err(defect()) };
        grow_page(bytes, stop)?;
        Ok(bytes)
    }

    /// Lets the file reach up to `end` at least.
    pub(super) fn cover(&mut self, end: u64) {
        self.size = self.size.max(end);
    }

    /// Sets the size (ftruncate(2)). Growing makes a hole; else what lies beyond is freed, even if
    /// only fallocate(2) with `KEEP_SIZE` put it there (`shmem_setattr`).
    pub(crate) fn set_size(&mut self, size: u64) {
        if size <= self.size {
            let keep_pages = pages_of(size);
            let baked_pages = self.baked_pages();
            let mut gone = RemovedSlots::default();
            let (levels, cut) = (self.height.into(), keep_pages..u64::MAX);
            page_tree::remove_pages(&mut self.root, levels, 0, &cut, baked_pages, &mut gone);
            let baked_gone =
                baked_pages.saturating_sub(keep_pages).saturating_sub(gone.covering_baked);
            self.forget_pages(gone.owned + baked_gone);
            self.contents_len =
                u32::try_from(size).map_or(self.contents_len, |size| self.contents_len.min(size));
            // Bytes after the end must read as zero if the file grows again.
            let (_, tail) = within_page(size / PAGE, 0, size);
            if tail > 0
                && let Some(Slot::Page(bytes)) = self.existing_slot_mut(size / PAGE)
            {
                bytes.truncate(tail);
            }
            if keep_pages == 0 {
                self.root = Slot::Absent;
                self.height = 0;
            }
        }
        self.size = size;
    }
}

/// Puts what the caller's buffer holds at `start..stop` of an owned page.
///
/// # Errors
///
/// `ENOSPC`: no memory for a longer page.
fn store(
    bytes: &mut Vec<u8>,
    start: usize,
    stop: usize,
    from: &mut impl UserRef,
) -> Result<(), Errno> {
    grow_page(bytes, stop)?;
    from.copy_from_user(bytes.get_mut(start..stop).or_defect()?);
    Ok(())
}

/// Makes an owned page at least `len` bytes long, with zeros.
fn grow_page(bytes: &mut Vec<u8>, len: usize) -> Result<(), Errno> {
    if len > bytes.len() {
        let more = len - bytes.len();
        if len > FS_PAGE_BYTES / 2 {
            bytes.try_reserve_exact(FS_PAGE_BYTES - bytes.len()).map_err(|_| Errno::ENOSPC)?;
        } else if bytes.is_empty() {
            bytes.try_reserve_exact(more).map_err(|_| Errno::ENOSPC)?;
        } else {
            bytes.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
        }
        bytes.resize(len, 0);
    }
    Ok(())
}

/// Copies `len` bytes of the baked contents; `len` fits, for the caller's buffer is as long.
fn copy_baked<P: Platform>(platform: &P, out: &mut impl UserMut<P>, offset: u64, len: u64) {
    if let Ok(len) = usize::try_from(len)
        && len > 0
    {
        out.contents_to_user(platform, offset, len);
    }
}

/// Clears `len` bytes; `len` fits, for the caller's buffer is as long.
fn clear<P: Platform>(out: &mut impl UserMut<P>, len: u64) {
    if let Ok(len) = usize::try_from(len)
        && len > 0
    {
        out.clear_user(len);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    #![allow(clippy::cast_possible_truncation, reason = "a model file is small")]

    use super::{FS_PAGE_BYTES, FileContents, PAGE};
    use crate::base::errno::Errno;
    use crate::platform::ByteContents;
    use alloc::vec;
    use alloc::vec::Vec;

    /// A small generator; the seed names the case.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }

        /// Often at or next to the edge of a page.
        fn offset(&mut self, bound: u64) -> u64 {
            let any = self.below(bound);
            match self.below(3) {
                0 => any / PAGE * PAGE,
                1 => (any / PAGE * PAGE + self.below(3)).saturating_sub(1),
                _ => any,
            }
        }
    }

    fn baked() -> Vec<u8> {
        (0..40_000u32).map(|n| (n % 251) as u8 + 1).collect()
    }

    fn whole(file: &FileContents, platform: &ByteContents<'_>) -> Vec<u8> {
        let mut out = vec![0xaa; file.size() as usize + 10];
        let read = file.read(0, platform, &mut &mut out[..]).unwrap();
        assert_eq!(read as u64, file.size());
        out.truncate(read);
        out
    }

    #[test]
    fn it_agrees_with_a_vector_through_random_changes() {
        let baked = baked();
        let platform = ByteContents { baked: &baked, ..ByteContents::default() };
        // Miri interprets: less will do.
        let seeds = if cfg!(miri) { 2 } else { 300 };
        for seed in 0..seeds {
            let mut random = Random(seed);
            let (from, len) = (random.below(5000), random.below(30_000));
            let mut file = FileContents::baked(from, len).unwrap();
            let mut model = baked[from as usize..(from + len) as usize].to_vec();
            for step in 0..60u64 {
                let at = random.offset(60_000);
                let len = random.offset(9_000);
                match random.below(6) {
                    0..=2 => {
                        let bytes: Vec<u8> = (0..len).map(|n| (n * 7 + step) as u8).collect();
                        let written = file.write(at, &platform, u64::MAX, &mut &bytes[..]);
                        assert_eq!(written, Ok(bytes.len()));
                        if !bytes.is_empty() {
                            model.resize(model.len().max((at + len) as usize), 0);
                            model[at as usize..(at + len) as usize].copy_from_slice(&bytes);
                        }
                    }
                    3 => {
                        file.set_size(at);
                        model.resize(at as usize, 0);
                    }
                    4 => {
                        file.punch_hole(at, at + len, &platform).unwrap();
                        let end = model.len().min((at + len) as usize);
                        model[..end].iter_mut().skip(at as usize).for_each(|byte| *byte = 0);
                    }
                    _ => {
                        file.allocate(at, at + len, u64::MAX).unwrap();
                    }
                }
                let counted = (0..100).filter(|&page| !file.is_hole(page)).count();
                assert_eq!(file.data_pages(), counted as u64, "seed {seed} step {step}");
                assert!(whole(&file, &platform) == model, "seed {seed} step {step}");
            }
        }
    }

    #[test]
    fn a_huge_file_with_one_byte_takes_one_page() {
        let platform = ByteContents::default();
        let mut file = FileContents::default();
        let far = 1 << 40;
        assert_eq!(file.write(far, &platform, u64::MAX, &mut &b"x"[..]), Ok(1));
        assert_eq!((file.size(), file.data_pages()), (far + 1, 1));
        // rows: offset, first data, first hole
        for (offset, data, hole) in
            [(0, Ok(far), Ok(0)), (far - 1, Ok(far), Ok(far - 1)), (far, Ok(far), Ok(far + 1))]
        {
            assert_eq!((file.seek(offset, true), file.seek(offset, false)), (data, hole));
        }
        assert_eq!(file.seek(far + 1, true), Err(Errno::ENXIO));
        file.set_size(far);
        assert_eq!((file.data_pages(), file.seek(0, true)), (0, Err(Errno::ENXIO)));
    }

    #[test]
    fn a_hole_across_the_end_of_the_contents_writes_nothing_beyond_it() {
        let baked = baked();
        let platform = ByteContents { baked: &baked, ..ByteContents::default() };
        let mut file = FileContents::baked(3, 9000).unwrap();
        file.punch_hole(5000, 10_000, &platform).unwrap();
        assert!(file.is_consistent());
        let expected = [&baked[3..5003], &[0; 4000]].concat();
        assert!(whole(&file, &platform) == expected);
    }

    #[test]
    fn the_limit_of_pages_cuts_a_write_short() {
        let platform = ByteContents::default();
        let mut file = FileContents::default();
        let bytes = vec![1; 3 * FS_PAGE_BYTES];
        assert_eq!(file.write(100, &platform, 2, &mut &bytes[..]), Ok(2 * FS_PAGE_BYTES - 100));
        assert_eq!(file.write(2 * PAGE, &platform, 0, &mut &bytes[..]), Err(Errno::ENOSPC));
        assert_eq!(file.write(0, &platform, 0, &mut &bytes[..PAGE as usize]), Ok(FS_PAGE_BYTES));
        assert_eq!(file.allocate(0, 4 * PAGE, 1), Err(Errno::ENOSPC));
        assert_eq!((file.data_pages(), file.size()), (2, 2 * PAGE));
    }
}
