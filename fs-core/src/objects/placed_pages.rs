//! The pages of a file that live in the memory of the embedder's program, because they are mapped
//! there ([`Platform::USER_MEMORY`]): where they are, and reading and writing a file that has such.
//!
//! Linux: the page tables that refer to the page cache, the other way round. There is one copy of a
//! page: while it is placed, the bytes in the program's memory are the file's, whatever
//! [`FileContents`] has for it. What that keeps is what the page was at home: a hole, a page of the
//! baked contents, or an owned page, whose vector is empty meanwhile. So mapping a file takes no
//! room in its tree, and unmapping what nobody changed has nothing to do.
//!
//! Placed pages are in runs, which have an address and a count of the mappings that show them. Runs
//! may reach beyond the end of the file: when it grows, the mapping shows that.
//!
//! Neighbours: [`crate::fs::placing`] decides which pages are placed where.

use alloc::vec::Vec;
use core::ops::Range;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::MAX_LFS_FILESIZE;
use crate::base::page::{FS_PAGE_BYTES, PAGE, pages_of};
use crate::objects::contents::FileContents;
use crate::platform::Platform;
use crate::platform::user_memory::{Limited, ProgramRange, UserMut, UserRef};

/// Pages side by side in the file and in the program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedRun {
    /// The first page of the file.
    pub(crate) first: u64,
    /// The page after the last.
    pub(crate) end: u64,
    /// The address of the first page.
    pub(crate) addr: u64,
    /// How many mappings show it. 0: none, but there was no memory to take the pages home.
    pub(crate) count: u32,
    /// Whether a mapping could be written through.
    pub(crate) writable: bool,
}

impl PlacedRun {
    /// The address of one of its pages.
    pub(crate) fn addr_of(&self, page: u64) -> u64 {
        self.addr + (page - self.first) * PAGE
    }

    /// The address after the last.
    pub(crate) fn end_addr(&self) -> u64 {
        self.addr_of(self.end)
    }

    fn continues(&self, before: &PlacedRun) -> bool {
        before.end == self.first
            && before.end_addr() == self.addr
            && before.count == self.count
            && before.writable == self.writable
    }
}

/// An address as the platform takes it.
pub(crate) fn user_addr(addr: u64) -> u32 {
    u32::try_from(addr).or_after_defect(0)
}

/// A size as the platform takes it.
pub(crate) fn user_len(len: u64) -> usize {
    usize::try_from(len).or_after_defect(0)
}

/// A piece of a file that is at one place.
enum Piece {
    /// At this address.
    Placed(u64),
    AtHome,
}

/// All runs of a file.
#[derive(Debug, Default)]
pub(crate) struct PlacedPages {
    /// By page; they do not overlap.
    pub(crate) runs: Vec<PlacedRun>,
}

impl PlacedPages {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs that have pages of `first..end`, as numbers in `runs`.
    pub(crate) fn overlapping(&self, first: u64, end: u64) -> Range<usize> {
        let from = self.runs.partition_point(|run| run.end <= first);
        let to = self.runs.partition_point(|run| run.first < end);
        from..to.max(from)
    }

    /// The runs that have pages of `first..end`.
    pub(crate) fn runs_of(&self, first: u64, end: u64) -> &[PlacedRun] {
        self.runs.get(self.overlapping(first, end)).or_after_defect(&[])
    }

    /// Adds a run where none is, for which there is room.
    pub(crate) fn insert(&mut self, run: PlacedRun) {
        let place = self.runs.partition_point(|known| known.end <= run.first);
        self.runs.insert(place, run);
    }

    /// Makes `first` and `end` borders of runs; says which runs lie between.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory; nothing has changed.
    pub(crate) fn isolate(&mut self, first: u64, end: u64) -> Result<Range<usize>, Errno> {
        let is_within = |border: &&u64| {
            let run = self.runs.get(self.runs.partition_point(|run| run.end <= **border));
            run.is_some_and(|run| run.first < **border)
        };
        self.runs.try_reserve([first, end].iter().filter(is_within).count())?;
        for border in [first, end] {
            let place = self.runs.partition_point(|run| run.end <= border);
            let Some(run) = self.runs.get_mut(place).filter(|run| run.first < border) else {
                continue;
            };
            let upper = PlacedRun { first: border, addr: run.addr_of(border), ..*run };
            run.end = border;
            self.runs.insert(place + 1, upper);
        }
        Ok(self.overlapping(first, end))
    }

    /// Joins runs that need no border any more, from the one before `first..end` to the one after.
    pub(crate) fn join(&mut self, first: u64, end: u64) {
        let range = self.overlapping(first.saturating_sub(1), end.saturating_add(1));
        for number in range.rev() {
            let Some(&[before, run]) =
                number.checked_sub(1).and_then(|n| self.runs.get(n..=number))
            else {
                continue;
            };
            if run.continues(&before) {
                self.runs.remove(number);
                if let Some(before) = self.runs.get_mut(number - 1) {
                    before.end = run.end;
                }
            }
        }
    }

    /// The piece of the file that `at` is in, and where it ends; not beyond `limit`. Both are bytes
    /// of the file.
    fn piece(&self, at: u64, limit: u64) -> (Piece, u64) {
        let page = at / PAGE;
        let next = self.runs.get(self.runs.partition_point(|run| run.end <= page));
        match next {
            Some(run) if run.first <= page => {
                let placed = Piece::Placed(run.addr_of(page) + at % PAGE);
                (placed, limit.min(run.end * PAGE))
            }
            Some(run) => (Piece::AtHome, limit.min(run.first * PAGE)),
            None => (Piece::AtHome, limit),
        }
    }

    /// [`FileContents::read`] of a file that has placed pages.
    ///
    /// # Errors
    ///
    /// As [`FileContents::read`].
    pub(crate) fn read<P: Platform>(
        &self,
        contents: &FileContents,
        offset: u64,
        platform: &P,
        out: &mut impl UserMut<P>,
    ) -> Result<usize, Errno> {
        let Some(left) = contents.size().checked_sub(offset) else { return Ok(0) };
        let want = out.count();
        let len = usize::try_from(left).map_or(want, |left| left.min(want));
        let end = offset + len as u64;
        let mut at = offset;
        while at < end {
            let (piece, stop) = self.piece(at, end);
            match piece {
                Piece::Placed(addr) => copy_placed(platform, addr, user_len(stop - at), out),
                Piece::AtHome => {
                    let mut limited = Limited { buf: &mut *out, len: user_len(stop - at) };
                    contents.read(at, platform, &mut limited)?;
                }
            }
            at = stop;
        }
        Ok(len)
    }

    /// [`FileContents::write`] to a file that has placed pages. What was a hole at home is data from
    /// then on, and counts.
    ///
    /// # Errors
    ///
    /// As [`FileContents::write`].
    pub(crate) fn write<P: Platform>(
        &self,
        contents: &mut FileContents,
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
        let allowed = contents.data_pages().saturating_add(new_pages);
        let mut at = offset;
        while at < end {
            let (piece, stop) = self.piece(at, end);
            let stored = match piece {
                Piece::Placed(addr) => {
                    // A page at a time.
                    let stop = stop.min((at / PAGE + 1) * PAGE);
                    let len = user_len(stop - at);
                    let noted = contents.note_placed_write(at / PAGE, allowed);
                    noted.map(|()| {
                        let mut page = [0; FS_PAGE_BYTES];
                        let bytes = page.get_mut(..len).or_after_defect(&mut []);
                        from.copy_from_user(bytes);
                        platform.copy_to_user(user_addr(addr), bytes);
                        contents.cover(stop);
                        len
                    })
                }
                Piece::AtHome => {
                    let len = user_len(stop - at);
                    let left = allowed - contents.data_pages().min(allowed);
                    contents.write(at, platform, left, &mut Limited { buf: &mut *from, len })
                }
            };
            match stored {
                // Short: no more room.
                Ok(0) => break,
                Ok(stored) => at += stored as u64,
                Err(error) if at == offset => return Err(error),
                Err(_) => break,
            }
        }
        usize::try_from(at - offset).or_defect()
    }

    /// Makes `from..to`, in bytes of the file, zero in the program's memory.
    pub(crate) fn clear<P: Platform>(&self, from: u64, to: u64, platform: &P) {
        for run in self.runs_of(from / PAGE, pages_of(to)) {
            let start = from.max(run.first * PAGE);
            let stop = to.min(run.end.saturating_mul(PAGE));
            if start < stop {
                let addr = run.addr + (start - run.first * PAGE);
                platform.clear_user(user_addr(addr), user_len(stop - start));
            }
        }
    }

    /// [`FileContents::seek`] of a file that has placed pages. They are all data, as if they had
    /// been loaded from: nobody sees which ones the program stored to.
    ///
    /// # Errors
    ///
    /// As [`FileContents::seek`].
    pub(crate) fn seek(
        &self,
        contents: &FileContents,
        offset: u64,
        want_data: bool,
    ) -> Result<u64, Errno> {
        let size = contents.size();
        let mut at = offset;
        while at < size {
            let (piece, stop) = self.piece(at, size);
            match piece {
                Piece::Placed(_) if want_data => return Ok(at),
                Piece::Placed(_) => {}
                Piece::AtHome => {
                    if let Some(found) = contents.seek_before(at, stop, want_data) {
                        return Ok(found);
                    }
                }
            }
            at = stop;
        }
        // The end of the file counts as a hole.
        if want_data || offset >= size { Err(Errno::ENXIO) } else { Ok(size) }
    }
}

/// Copies `len` bytes from the program's memory to a buffer.
fn copy_placed<P: Platform>(platform: &P, addr: u64, len: usize, out: &mut impl UserMut<P>) {
    let mut page = [0; FS_PAGE_BYTES];
    let (mut at, mut left) = (addr, len);
    while left > 0 {
        let now = left.min(FS_PAGE_BYTES);
        let bytes = page.get_mut(..now).or_after_defect(&mut []);
        platform.copy_from_user(bytes, user_addr(at));
        out.copy_to_user(bytes);
        at += now as u64;
        left -= now;
    }
}

/// Copies pages of a file, none of which is placed, to the program's memory. What lies beyond the
/// end of the file is zero there, of which `dirty` pages, from the first on, may need that.
///
/// # Errors
///
/// `EIO`: the embedder could not read them.
pub(crate) fn copy_to_program<P: Platform>(
    contents: &FileContents,
    pages: Range<u64>,
    addr: u64,
    dirty: u64,
    platform: &P,
) -> Result<(), Errno> {
    let (begin, end) = (pages.start * PAGE, pages.end * PAGE);
    let addr_of = |at: u64| user_addr(addr + (at - begin));
    let in_file = end.min(contents.size()).max(begin);
    let fresh = begin + dirty * PAGE;
    let mut at = begin;
    while at < in_file {
        // Holes need no zeros where memory is zero.
        let (start, stop) = if at < fresh {
            (at, fresh.min(in_file))
        } else {
            let Some(start) = contents.seek_before(at, in_file, true) else { break };
            (start, contents.seek_before(start, in_file, false).unwrap_or(in_file))
        };
        let (addr, len) = (addr_of(start), user_len(stop - start));
        contents.read(start, platform, &mut ProgramRange { platform, addr, len })?;
        at = stop;
    }
    if fresh > in_file {
        platform.clear_user(addr_of(in_file), user_len(fresh - in_file));
    }
    Ok(())
}
