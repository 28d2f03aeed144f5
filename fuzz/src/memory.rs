//! An allocator that ends a target when something asks for much at once: inputs are a few kB, so
//! whatever wants more takes it for what an input only claims.

use std::alloc::{GlobalAlloc, Layout, System};

/// The most that is given at once, in bytes.
const MOST_BYTES: usize = 64 << 20;

struct Frugal;

fn check(bytes: usize) {
    if bytes > MOST_BYTES {
        // An allocator must not unwind.
        std::process::abort();
    }
}

// SAFETY: the system's allocator does all the work.
unsafe impl GlobalAlloc for Frugal {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        check(bytes);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, bytes) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Frugal = Frugal;
