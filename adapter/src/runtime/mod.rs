//! What a program without a standard library brings itself: memory, and an end to panics.

#[cfg(target_arch = "wasm32")]
mod heap;

#[cfg(target_arch = "wasm32")]
pub(crate) use heap::{clear_freed_memory, owns_any, recover};

/// Clears what calls have left on the shadow stack, below the frame of this one: a snapshot of this
/// memory would keep it.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
pub(crate) fn clear_stack() {
    /// Not the null pointer, and more than the frame of this function.
    const MARGIN: usize = 64;
    let here = core::hint::black_box(0_u8);
    let frame = (&raw const here).addr();
    // SAFETY: the stack lies below all other data (`--stack-first`) and grows downwards, so nothing
    // that is in use lies below this frame.
    unsafe {
        let bottom = core::ptr::without_provenance_mut::<u8>(MARGIN);
        core::ptr::write_bytes(bottom, 0, frame.saturating_sub(2 * MARGIN));
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use no_heap::*;

/// No heap of our own on other targets.
#[cfg(not(target_arch = "wasm32"))]
mod no_heap {
    pub(crate) fn clear_freed_memory(_clear: bool) {}
    pub(crate) fn clear_stack() {}
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
