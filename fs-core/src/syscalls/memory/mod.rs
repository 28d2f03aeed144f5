//! Calls on address spaces: mapping files, and the loads and stores of the processor.

pub(crate) mod brk;
pub(crate) mod load_store;
pub(crate) mod madvise;
pub(crate) mod mlock;
pub(crate) mod mmap;
pub(crate) mod mprotect;
pub(crate) mod mremap;
pub(crate) mod msync;
