//! Functions that the linker replaces, each by the instruction of its name.
//!
//! An instruction traps outside of its memory. So only [`user`](super::user) calls them, for the
//! program's memory with a [`UserRange`](super::user::UserRange), which exists only for ranges
//! within it. A memory never shrinks: a range that was checked once stays good.

#[cfg(target_arch = "wasm32")]
pub(super) use instructions::*;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use stand_ins::*;

#[cfg(target_arch = "wasm32")]
mod instructions {
    #[link(wasm_import_module = "user")]
    unsafe extern "C" {
        /// `memory.copy` from the program's memory to the kernel's.
        pub(in crate::memory) fn copy_from_user(dst: *mut u8, src: u32, len: usize);
        /// `memory.copy` from the kernel's memory to the program's.
        pub(in crate::memory) fn copy_to_user(dst: u32, src: *const u8, len: usize);
        /// `memory.fill` with zero in the program's memory.
        pub(in crate::memory) fn clear_user(dst: u32, len: usize);
        /// `i32.load8_u` from the program's memory.
        pub(in crate::memory) fn load_u8(addr: u32) -> u32;
        /// `i32.load` from the program's memory.
        pub(in crate::memory) fn load_u32(addr: u32) -> u32;
        /// `i64.load` from the program's memory.
        pub(in crate::memory) fn load_u64(addr: u32) -> u64;
        /// `i32.store` to the program's memory.
        pub(in crate::memory) fn store_u32(addr: u32, value: u32);
        /// `i64.store` to the program's memory.
        pub(in crate::memory) fn store_u64(addr: u32, value: u64);
        /// `memory.size` of the program's memory, in pages.
        pub(in crate::memory) safe fn size() -> u32;
        /// `memory.grow` of the program's memory, in pages: the size before, or -1.
        #[cfg(feature = "calls")]
        pub(in crate::memory) safe fn grow(pages: u32) -> u32;
        /// Where the kernel's memory begins in the program's, if it lies in that (the portable
        /// form); else 0.
        pub(in crate::memory) safe fn base() -> u32;
    }

    #[link(wasm_import_module = "contents")]
    unsafe extern "C" {
        /// `memory.init` of the program's memory from the baked contents.
        pub(in crate::memory) fn contents_to_user(dst: u32, offset: u32, len: usize);
        /// `memory.init` of the kernel's memory from the baked contents.
        pub(in crate::memory) fn contents_to_kernel(dst: *mut u8, offset: u32, len: usize);
    }
}

/// Stand-ins, so that the crate can be checked and its pure parts tested on the machine that builds
/// it.
#[cfg(not(target_arch = "wasm32"))]
mod stand_ins {
    pub(in crate::memory) unsafe fn copy_from_user(_dst: *mut u8, _src: u32, _len: usize) {}
    pub(in crate::memory) unsafe fn copy_to_user(_dst: u32, _src: *const u8, _len: usize) {}
    pub(in crate::memory) unsafe fn clear_user(_dst: u32, _len: usize) {}
    pub(in crate::memory) unsafe fn load_u8(_addr: u32) -> u32 {
        0
    }
    pub(in crate::memory) unsafe fn load_u32(_addr: u32) -> u32 {
        0
    }
    pub(in crate::memory) unsafe fn load_u64(_addr: u32) -> u64 {
        0
    }
    pub(in crate::memory) unsafe fn store_u32(_addr: u32, _value: u32) {}
    pub(in crate::memory) unsafe fn store_u64(_addr: u32, _value: u64) {}
    pub(in crate::memory) fn size() -> u32 {
        0
    }
    #[cfg(feature = "calls")]
    pub(in crate::memory) fn grow(_pages: u32) -> u32 {
        u32::MAX
    }
    pub(in crate::memory) fn base() -> u32 {
        0
    }
    pub(in crate::memory) unsafe fn contents_to_user(_dst: u32, _offset: u32, _len: usize) {}
    pub(in crate::memory) unsafe fn contents_to_kernel(_dst: *mut u8, _offset: u32, _len: usize) {}
}
