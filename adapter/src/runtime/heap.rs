//! The allocator: two-level segregated fit with boundary tags.
//!
//! Small, constant time, and it gives the same addresses for the same calls. Free neighbours are
//! joined at once, so memory that a million small files took serves large ones afterwards. Out of
//! memory is a null pointer, which callers turn into `ENOMEM` or `ENOSPC`.
//!
//! # Layout
//!
//! The heap is one or more *regions*. The first reaches from the end of the static data to what was
//! the end of memory when somebody else grew it; each further one is memory that was got after
//! that. A region is a run of chunks. A chunk begins with a word: its size (a multiple of 8, with
//! that word) and two flags. Payloads follow at multiples of 8. The payload of a free chunk begins
//! with two links of its list and ends with its size again, so that the chunk after it finds its
//! beginning. The last chunk of a region is a mere word, always in use. A region other than the
//! first begins with two words: where the region before it begins and ends.
//!
//! # Calls that are cut short
//!
//! An engine can end a call between any two instructions. The words of the chunks are written in
//! such an order that walking from chunk to chunk always works; all else is made anew from them
//! ([`recover`]). Whoever gave memory back and was cut short before forgetting it still points to
//! it. So what was freed last is not given to anybody else for a while ([`Heap::resting`]), and
//! after a cut it never is.

#![expect(
    clippy::cast_possible_truncation,
    reason = "addresses and sizes have 32 bits where this is compiled"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};

use crate::one_thread::OneThread;

/// In a chunk's word: it is in use.
const IN_USE: u32 = 1;
/// In a chunk's word: the chunk before it is in use.
const PREV_IN_USE: u32 = 2;
/// The bits of a chunk's word that are its size.
const SIZE: u32 = !7;
/// Bytes of a chunk's word.
const WORD: u32 = 4;
/// The smallest chunk: its word, two links, and its size again.
const MIN_CHUNK: u32 = 16;
/// Sizes below this have a list each.
const EXACT_LISTS_END: u32 = 256;
/// How many lists each power of two from there on is divided into, as a power of two.
const SUBDIVISION_BITS: u32 = 3;
/// Lists below [`EXACT_LISTS_END`].
const EXACT_LISTS: u32 = EXACT_LISTS_END / 8;
/// All lists: of exact sizes, and eight for each of the 24 powers of two from 2^8 to 2^31.
const LISTS: usize = (EXACT_LISTS + (24 << SUBDIVISION_BITS)) as usize;
/// No chunk.
const NONE: u32 = 0;
/// The largest request, so that no sum overflows.
const MAX_REQUEST: usize = 1 << 30;
/// Bytes in a page of a linear memory.
const WASM_PAGE_BYTES: u32 = 65_536;
/// Bytes of the two words that a further region begins with, and of what brings its first payload
/// to a multiple of 8.
const REGION_HEAD: u32 = 3 * WORD;
/// How many payloads rest. A call of the filesystem forgets what it has freed before it frees so
/// many more.
const RESTING: usize = 8;

/// The heap.
struct Heap {
    /// The first chunk of each list.
    lists: [u32; LISTS],
    /// A bit for each list: it is not empty.
    filled: [u32; LISTS / 32],
    /// The last chunk of the newest region, the mere word; zero before the first call.
    end: u32,
    /// Where the newest region begins; zero for the first.
    region: u32,
    /// Payloads that were freed last, oldest first from `next_resting` on; zero for none. Their
    /// chunks are still in use.
    resting: [u32; RESTING],
    /// The place of the next one.
    next_resting: u32,
    /// Whether freed memory is cleared.
    clear_freed: bool,
}

/// The heap, as Rust wants an allocator.
struct Allocator(OneThread<Heap>);

#[global_allocator]
static HEAP: Allocator = Allocator(OneThread::new(Heap {
    lists: [NONE; LISTS],
    filled: [0; _],
    end: 0,
    region: 0,
    resting: [NONE; RESTING],
    next_resting: 0,
    clear_freed: false,
}));

unsafe extern "C" {
    /// Where static data end; its address is what counts. The linker defines it.
    static __heap_base: u8;
}

/// The word at `addr`.
fn load(addr: u32) -> u32 {
    // SAFETY: every address that this file computes is a multiple of 4 between `__heap_base` and
    // the end of memory, in a chunk's own bookkeeping: no reference of the program's points there.
    unsafe { (addr as *const u32).read() }
}

/// Sets the word at `addr`.
fn store(addr: u32, value: u32) {
    // SAFETY: as for `load`.
    unsafe { (addr as *mut u32).write(value) }
}

/// The first chunk of the first region. Its word is at 4 below a multiple of 8.
fn first_chunk() -> u32 {
    // SAFETY: only the address is taken.
    let base = (&raw const __heap_base).addr() as u32;
    (base + WORD).next_multiple_of(8) - WORD
}

/// The power of two at or below `size`.
fn log2(size: u32) -> u32 {
    31 - size.leading_zeros()
}

/// The list that chunks of `size` bytes are in.
fn list_of(size: u32) -> u32 {
    if size < EXACT_LISTS_END {
        return size / 8;
    }
    let log = log2(size);
    let within = (size >> (log - SUBDIVISION_BITS)) & ((1 << SUBDIVISION_BITS) - 1);
    EXACT_LISTS + ((log - log2(EXACT_LISTS_END)) << SUBDIVISION_BITS) + within
}

/// The size of the chunk for a request.
fn chunk_size(request: usize) -> Option<u32> {
    if request > MAX_REQUEST {
        return None;
    }
    Some((request as u32 + WORD).next_multiple_of(8).max(MIN_CHUNK))
}

impl Heap {
    /// Puts a free chunk in its list and writes its words.
    fn put(&mut self, chunk: u32, size: u32) {
        // Neighbours of a free chunk are in use, else they would have been joined.
        store(chunk, size | PREV_IN_USE);
        store(chunk + size - WORD, size);
        let next = chunk + size;
        store(next, load(next) & !PREV_IN_USE);
        let list = list_of(size);
        let first = self.lists[list as usize % LISTS];
        store(chunk + WORD, first);
        store(chunk + 2 * WORD, NONE);
        if first != NONE {
            store(first + 2 * WORD, chunk);
        }
        self.lists[list as usize % LISTS] = chunk;
        self.filled[list as usize / 32 % (LISTS / 32)] |= 1 << (list % 32);
    }

    /// Takes a free chunk out of its list.
    fn unlink(&mut self, chunk: u32, size: u32) {
        let (next, prev) = (load(chunk + WORD), load(chunk + 2 * WORD));
        if next != NONE {
            store(next + 2 * WORD, prev);
        }
        if prev != NONE {
            store(prev + WORD, next);
            return;
        }
        let list = list_of(size);
        self.lists[list as usize % LISTS] = next;
        if next == NONE {
            self.filled[list as usize / 32 % (LISTS / 32)] &= !(1 << (list % 32));
        }
    }

    /// A free chunk of at least `size` bytes.
    fn find(&self, size: u32) -> Option<u32> {
        // In a list of several sizes only the next one's chunks are all large enough.
        let search = if size < EXACT_LISTS_END {
            size
        } else {
            size + (1 << (log2(size) - SUBDIVISION_BITS)) - 1
        };
        let list = list_of(search);
        let mut mask = u32::MAX << (list % 32);
        for (word, &filled) in self.filled.iter().enumerate().skip(list as usize / 32) {
            let found = filled & mask;
            if found != 0 {
                let list = word * 32 + found.trailing_zeros() as usize;
                return Some(self.lists[list % LISTS]);
            }
            mask = u32::MAX;
        }
        None
    }

    /// Uses the first `size` bytes of a chunk that is in no list and has `has`; the rest becomes
    /// free.
    fn carve(&mut self, chunk: u32, has: u32, size: u32) {
        let before = load(chunk) & PREV_IN_USE;
        let next = chunk + has;
        if has - size >= MIN_CHUNK {
            // Until the second, this chunk still reaches over the first: a call may be cut short.
            self.put(chunk + size, has - size);
            store(chunk, size | IN_USE | before);
        } else {
            store(chunk, has | IN_USE | before);
            store(next, load(next) | PREV_IN_USE);
        }
    }

    /// Makes a chunk free that is in use, joined with its free neighbours.
    fn release(&mut self, chunk: u32, size: u32) {
        let (mut chunk, mut size) = (chunk, size);
        if load(chunk) & PREV_IN_USE == 0 {
            let before = load(chunk - WORD);
            chunk -= before;
            size += before;
            self.unlink(chunk, before);
        }
        let after = load(chunk + size);
        if after & IN_USE == 0 {
            self.unlink(chunk + size, after & SIZE);
            size += after & SIZE;
        }
        self.put(chunk, size);
    }

    /// Makes what is between static data and the end of memory the first region.
    fn begin(&mut self) {
        let first = first_chunk();
        self.end = (memory_size::<0>() as u32 * WASM_PAGE_BYTES).wrapping_sub(WORD);
        store(self.end, IN_USE);
        store(first, (self.end - first) | IN_USE | PREV_IN_USE);
        self.release(first, self.end - first);
    }

    /// Asks for more memory, so that there is a free chunk of `size` bytes at the end.
    fn grow(&mut self, size: u32) -> bool {
        if self.end == 0 {
            self.begin();
            if self.find(size).is_some() {
                return true;
            }
        }
        // One more page than needed: the chunk must be as large as the next list's.
        let least = size / WASM_PAGE_BYTES + size / WASM_PAGE_BYTES / 4 + 2;
        let pages = memory_size::<0>() as u32;
        // Ever larger steps, so that growing to any size asks a few times only.
        let got = [least.max(pages / 8), least].into_iter().find_map(|more| {
            let first = memory_grow::<0>(more as usize);
            (first != usize::MAX).then_some((first as u32 * WASM_PAGE_BYTES, more))
        });
        let Some((start, pages)) = got else { return false };
        let end = start.wrapping_add(pages * WASM_PAGE_BYTES).wrapping_sub(WORD);
        store(end, IN_USE);
        let chunk = if start == self.end.wrapping_add(WORD) {
            let chunk = self.end;
            store(chunk, (end - chunk) | IN_USE | load(chunk) & PREV_IN_USE);
            chunk
        } else {
            // Somebody else has grown the memory meanwhile.
            store(start, self.region);
            store(start + WORD, self.end);
            self.region = start;
            let chunk = start + REGION_HEAD;
            store(chunk, (end - chunk) | IN_USE | PREV_IN_USE);
            chunk
        };
        self.end = end;
        self.release(chunk, end - chunk);
        true
    }

    /// Each region: its first chunk, and the mere word at its end.
    fn regions(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let mut next = Some((self.region, self.end));
        core::iter::from_fn(move || {
            let (start, end) = next?;
            if start == 0 {
                next = None;
                return Some((first_chunk(), end));
            }
            next = Some((load(start), load(start + WORD)));
            Some((start + REGION_HEAD, end))
        })
    }

    /// Whether any byte from `start` on and before `end` is in a region, or before the first.
    fn overlaps(&self, start: u32, end: u32) -> bool {
        self.regions().any(|(first, last)| {
            let first = if first == first_chunk() { 0 } else { first - REGION_HEAD };
            start < last.wrapping_add(WORD) && first < end
        })
    }

    /// Makes everything anew but the sizes of chunks and whether they are in use.
    fn recover(&mut self) {
        self.lists = [NONE; LISTS];
        self.filled = [0; _];
        // Whoever freed them may still point to them.
        self.resting = [NONE; RESTING];
        for (first, end) in self.regions() {
            let (mut chunk, mut free_from) = (first, NONE);
            loop {
                let word = load(chunk);
                if word & IN_USE != 0 || chunk == end {
                    let mut flags = PREV_IN_USE;
                    if free_from != NONE {
                        // `put` says it of the chunk after it.
                        store(chunk, word | PREV_IN_USE);
                        self.put(free_from, chunk - free_from);
                        (flags, free_from) = (0, NONE);
                    }
                    store(chunk, word & !PREV_IN_USE | flags);
                } else if free_from == NONE {
                    free_from = chunk;
                }
                if chunk == end {
                    break;
                }
                chunk += word & SIZE;
            }
        }
    }

    fn allocate(&mut self, request: usize) -> Option<u32> {
        let size = chunk_size(request)?;
        let chunk = match self.find(size) {
            Some(chunk) => chunk,
            None => {
                self.end_rest();
                if self.find(size).is_none() && !self.grow(size) {
                    return None;
                }
                self.find(size)?
            }
        };
        let has = load(chunk) & SIZE;
        self.unlink(chunk, has);
        self.carve(chunk, has, size);
        Some(chunk + WORD)
    }

    /// Takes a payload back: some time later its chunk is free.
    fn free(&mut self, payload: u32) {
        let place = self.next_resting as usize % RESTING;
        self.next_resting = self.next_resting.wrapping_add(1);
        let rested = core::mem::replace(&mut self.resting[place], payload);
        if rested != NONE {
            self.free_now(rested);
        }
    }

    /// Frees all that rests.
    fn end_rest(&mut self) {
        for place in 0..RESTING {
            let rested = core::mem::replace(&mut self.resting[place], NONE);
            if rested != NONE {
                self.free_now(rested);
            }
        }
    }

    fn free_now(&mut self, payload: u32) {
        let chunk = payload - WORD;
        let size = load(chunk) & SIZE;
        if self.clear_freed {
            // SAFETY: the payload of a chunk that its owner has just given back.
            unsafe { (payload as *mut u8).write_bytes(0, (size - WORD) as usize) }
        }
        self.release(chunk, size);
    }

    /// Lets a payload have `request` bytes where it is; says whether that could be done.
    fn resize(&mut self, payload: u32, request: usize) -> bool {
        let Some(size) = chunk_size(request) else { return false };
        let chunk = payload - WORD;
        let mut has = load(chunk) & SIZE;
        let after = load(chunk + has);
        if size > has && after & IN_USE == 0 && has + (after & SIZE) >= size {
            self.unlink(chunk + has, after & SIZE);
            has += after & SIZE;
        } else if size > has {
            return false;
        } else if after & IN_USE == 0 && has - size >= MIN_CHUNK {
            // What is cut off is joined with the free chunk after it.
            self.unlink(chunk + has, after & SIZE);
            has += after & SIZE;
        }
        self.carve(chunk, has, size);
        true
    }

    /// Lets a payload of `old_size` bytes have `new_size`, where it is or elsewhere; null without
    /// memory.
    fn reallocate(&mut self, payload: *mut u8, old_size: usize, new_size: usize) -> *mut u8 {
        if self.resize(payload.addr() as u32, new_size) {
            return payload;
        }
        let Some(moved) = self.allocate(new_size) else { return core::ptr::null_mut() };
        let moved = moved as *mut u8;
        // SAFETY: both are payloads in use of at least that many bytes, and distinct.
        unsafe { moved.copy_from_nonoverlapping(payload, old_size.min(new_size)) };
        self.free(payload.addr() as u32);
        moved
    }
}

/// From now on freed memory is cleared, or no longer: what a tool leaves behind while it bakes a
/// tree would otherwise be part of every packed program.
pub(crate) fn clear_freed_memory(clear: bool) {
    // SAFETY: the heap's functions call neither an allocator nor the host.
    unsafe {
        HEAP.0.with(|heap| {
            heap.end_rest();
            heap.clear_freed = clear;
        });
    }
}

/// Whether any byte from `start` on and before `end` of this module's memory is the filesystem's.
pub(crate) fn owns_any(start: u32, end: u32) -> bool {
    // SAFETY: as in `clear_freed_memory`.
    unsafe { HEAP.0.with(|heap| heap.overlaps(start, end)) }
}

/// Brings the heap in order after a call was cut short, maybe in the middle of its work. What that
/// call had allocated and not yet put anywhere is lost.
pub(crate) fn recover() {
    // SAFETY: as in `clear_freed_memory`.
    unsafe { HEAP.0.with(Heap::recover) }
}

// SAFETY: chunks do not overlap, and a payload is never moved or handed out twice while it is in
// use.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 8 {
            return core::ptr::null_mut();
        }
        // SAFETY: the heap's functions call neither an allocator nor the host.
        unsafe { self.0.with(|heap| heap.allocate(layout.size())).unwrap_or(0) as *mut u8 }
    }

    unsafe fn dealloc(&self, payload: *mut u8, _layout: Layout) {
        // SAFETY: as in `alloc`.
        unsafe { self.0.with(|heap| heap.free(payload.addr() as u32)) }
    }

    unsafe fn realloc(&self, payload: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `alloc`.
        unsafe { self.0.with(|heap| heap.reallocate(payload, layout.size(), new_size)) }
    }
}
