//! What a program without a standard library brings itself: memory, and an end to panics.

#[cfg(target_arch = "wasm32")]
mod heap;

#[cfg(target_arch = "wasm32")]
pub(crate) use heap::{clear_freed_memory, owns_any, recover};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use no_heap::*;

/// No heap of our own on other targets.
#[cfg(not(target_arch = "wasm32"))]
mod no_heap {
    pub(crate) fn clear_freed_memory(_clear: bool) {}
    pub(crate) fn owns_any(_start: u32, _end: u32) -> bool {
        true
    }
    pub(crate) fn recover() {}
}

/// A panic is a defect of this crate, and there is nobody to tell: it traps. Nothing is formatted.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
