//! The unit in which files, pipes and mappings take memory.
//!
//! Not a page of WebAssembly's memory, which has 64 KiB.

/// Bytes in a page of a file. tmpfs on x86-64 has the same, so holes and `st_blocks` agree.
pub const FS_PAGE_BYTES: usize = 4096;

/// [`FS_PAGE_BYTES`] as a size of files and of memory.
pub(crate) const PAGE: u64 = FS_PAGE_BYTES as u64;

/// How many pages `bytes` bytes begin.
pub(crate) const fn pages_of(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE)
}

/// The part of page number `page` that `from..to` covers, as a range within the page.
pub(crate) fn within_page(page: u64, from: u64, to: u64) -> (usize, usize) {
    let start = page * PAGE;
    (from.saturating_sub(start).min(PAGE) as usize, to.saturating_sub(start).min(PAGE) as usize)
}

/// Rounds up to a page (`PAGE_ALIGN`): 0 if that is beyond 64 bits.
pub(crate) fn page_align(len: u64) -> u64 {
    len.checked_next_multiple_of(PAGE).unwrap_or(0)
}

/// Whether an address or offset is a multiple of a page.
pub(crate) fn is_page_aligned(addr: u64) -> bool {
    addr.is_multiple_of(PAGE)
}
