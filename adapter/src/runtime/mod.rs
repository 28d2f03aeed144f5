//! What a program without a standard library brings itself: memory, and an end to panics.

#[cfg(target_arch = "wasm32")]
mod heap;

#[cfg(target_arch = "wasm32")]
pub(crate) use heap::clear_freed_memory;

/// No heap of our own there.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn clear_freed_memory(_clear: bool) {}

/// A panic is a defect of this crate, and there is nobody to tell: it traps. Nothing is formatted.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
