//! The one filesystem and the one process of a packed program, and how an export gets at them.
//!
//! A wasm instance has a single thread, and no export of this module is called while another runs: an export that needs
//! the host to work on the program's behalf looks up what it needs, leaves, and calls the host then.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use wasm_vfs_core::{Errno, Fs, Process};

use super::settings::Settings;
use crate::errno::Result;
use crate::memory::iovec::{IovecBuffer, NO_IOVECS};
use crate::memory::path::PathBuffer;
use crate::platform::Host;

/// What an export works on.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The filesystem.
    pub(crate) fs: Fs<Host>,
    /// The program.
    pub(crate) process: Process,
    /// What was chosen when it was packed.
    pub(crate) settings: Settings,
}

/// Memory for what a call copies from the program. It holds nothing between calls.
#[derive(Debug)]
pub(crate) struct Buffers {
    /// The path, or the first of two.
    pub(crate) path: PathBuffer,
    /// The second path.
    pub(crate) second_path: PathBuffer,
    /// The pieces of an I/O vector.
    pub(crate) iovecs: IovecBuffer,
}

struct Global {
    /// Whether `kernel` was made.
    ready: UnsafeCell<bool>,
    kernel: UnsafeCell<MaybeUninit<Kernel>>,
    buffers: UnsafeCell<Buffers>,
}

// SAFETY: a wasm instance has one thread.
unsafe impl Sync for Global {}

/// All zeros, so that it takes no room in the file.
static GLOBAL: Global = Global {
    ready: UnsafeCell::new(false),
    kernel: UnsafeCell::new(MaybeUninit::uninit()),
    buffers: UnsafeCell::new(Buffers { path: [0; _], second_path: [0; _], iovecs: NO_IOVECS }),
};

/// Puts the kernel in its place, once, while a tree is baked.
pub(crate) fn install(kernel: Kernel) {
    // SAFETY: one thread, and no reference into GLOBAL outlives the function that made it (see `enter`); `install`
    // is called from the baking exports, never from within `enter`.
    unsafe {
        (*GLOBAL.kernel.get()).write(kernel);
        *GLOBAL.ready.get() = true;
    }
}

/// Whether there is a kernel.
pub(crate) fn is_ready() -> bool {
    // SAFETY: one thread; it is only written by `install`.
    unsafe { *GLOBAL.ready.get() }
}

/// Runs `body` on the kernel.
///
/// # Errors
///
/// What `body` answers; `EIO` when nothing was baked.
#[inline]
pub(crate) fn enter<T>(body: impl FnOnce(&mut Kernel, &mut Buffers) -> Result<T>) -> Result<T> {
    if !is_ready() {
        return Err(Errno::EIO.into());
    }
    // SAFETY: `ready` says that `kernel` was written. The references end with this function, one thread runs, and
    // nothing that `body` calls comes back here: host functions that could run the program's code are called
    // from exports, outside of `enter`; the clock and random numbers are the only ones called within.
    let (kernel, buffers) =
        unsafe { ((*GLOBAL.kernel.get()).assume_init_mut(), &mut *GLOBAL.buffers.get()) };
    body(kernel, buffers)
}
