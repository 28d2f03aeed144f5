//! Pages for the adapter that makes a WASI 0.2 component of a module (`pack --component`,
//! `wasm-tools component new --adapt`, `jco new`), in the portable form.
//!
//! That adapter works on the module's memory and keeps two pages of it for itself, which never move.
//! It asks the module for them if that exports `cabi_realloc_adapter`, else it grows the memory.
//! Where its pages lie, no program's memory can follow on what the program has; and there are
//! programs that count on that ([`growth`](crate::link::forms::growth)). So before the first page is
//! given away, the filesystem moves up and leaves the program room to grow:
//!
//! ```text
//! 0        program_pages                          base                kernel_end
//! |  the program's  |  room: ROOM_PAGES or less  |  the filesystem's  |  the adapter's  |  -> |
//! ```
//!
//! The room is slack as any other: address space that nobody has touched, so engines take no memory
//! for it. If that is more than the host gives, or than the program may ever have, it is asked for a
//! quarter, and so on.

use wasm_encoder::{BlockType, Function, ValType};
use wasmparser::FuncType;

use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};

/// The name by which the adapter knows the function. It takes the address, length and alignment of
/// what is to be resized, and the new length; it returns the new address.
pub(crate) const REALLOC_EXPORT: &str = "cabi_realloc_adapter";

/// What a program has to grow in: 1 GiB.
const ROOM_PAGES: i32 = 1 << 14;
/// If that cannot be had: what the room is divided by, as a power of two.
const LESS_ROOM_BITS: i32 = 2;
/// log2 of the bytes of a page.
const WASM_PAGE_BITS: i32 = 16;
/// What `memory.grow` gives when it fails.
const GROW_FAILED: i32 = -1;

/// What the function works on: see [`portable`](crate::link::forms::portable).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) memory: MemIdx,
    pub(crate) program_grow: FuncIdx,
    pub(crate) program_pages: GlobalIdx,
    pub(crate) program_size: GlobalIdx,
    pub(crate) kernel_end: GlobalIdx,
}

/// The type of `cabi_realloc_adapter`.
pub(crate) fn realloc_type() -> FuncType {
    FuncType::new([wasmparser::ValType::I32; 4], [wasmparser::ValType::I32])
}

/// The body of `cabi_realloc_adapter`. It traps if it is asked to resize, which nobody does, and
/// if there is no memory.
pub(crate) fn realloc(layout: &Layout) -> Function {
    const OLD_ADDRESS: u32 = 0;
    const LENGTH: u32 = 3;
    const PAGES: u32 = 4;
    const ROOM: u32 = 5;
    /// From within two `if`s.
    const TO_LOOP: u32 = 2;
    let memory = layout.memory.0;
    let mut function = Function::new([(2, ValType::I32)]);
    let mut code = function.instructions();

    code.local_get(OLD_ADDRESS).if_(BlockType::Empty).unreachable().end();

    // Nobody's pages lie above the filesystem yet?
    code.memory_size(memory).global_get(layout.kernel_end.0).i32_eq().if_(BlockType::Empty);
    {
        code.global_get(layout.program_pages.0).local_set(PAGES);
        code.i32_const(ROOM_PAGES).local_set(ROOM);
        // The program grows by the room,
        code.loop_(BlockType::Empty);
        code.local_get(ROOM).if_(BlockType::Empty);
        code.local_get(ROOM).call(layout.program_grow.0).i32_const(GROW_FAILED).i32_eq();
        code.if_(BlockType::Empty);
        code.local_get(ROOM).i32_const(LESS_ROOM_BITS).i32_shr_u().local_set(ROOM).br(TO_LOOP);
        code.end().end().end();
        // and gives it back: nobody has written to it.
        code.local_get(PAGES).global_set(layout.program_pages.0);
        code.local_get(PAGES).global_set(layout.program_size.0);
    }
    code.end();

    code.local_get(LENGTH).i32_const(1).i32_sub();
    code.i32_const(WASM_PAGE_BITS).i32_shr_u().i32_const(1).i32_add();
    code.memory_grow(memory).local_tee(PAGES).i32_const(GROW_FAILED).i32_eq();
    code.if_(BlockType::Empty).unreachable().end();
    code.local_get(PAGES).i32_const(WASM_PAGE_BITS).i32_shl().end();
    function
}
