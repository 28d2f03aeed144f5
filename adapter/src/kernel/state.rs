//! Holds the one filesystem and the one process of a packed program, and lends them to exports.

use wasm_vfs_core::{Errno, Fs, Process};

use super::settings::Settings;
#[cfg(feature = "calls")]
use super::view::View;
use crate::errno::Result;
use crate::memory::iovec::{IovecBuffer, NO_IOVECS};
use crate::memory::path::PathBuffer;
use crate::one_thread::{self, Later, OneThread};
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

/// What outlives a call.
struct State {
    kernel: Later<Kernel>,
    buffers: Buffers,
}

static STATE: OneThread<State> = OneThread::new(State {
    kernel: Later::new(),
    buffers: Buffers { path: [0; _], second_path: [0; _], iovecs: NO_IOVECS },
});

/// Puts the kernel in its place, once, while a tree is baked.
pub(crate) fn install(kernel: Kernel) {
    // SAFETY: `body` calls nothing.
    unsafe { STATE.with(|state| state.kernel.make(kernel)) }
    one_thread::make_ready();
}

/// Runs `body` on the kernel.
///
/// # Errors
///
/// What `body` answers; `EIO` when nothing was baked.
#[inline]
pub(crate) fn enter<T>(body: impl FnOnce(&mut Kernel, &mut Buffers) -> Result<T>) -> Result<T> {
    Entered::now()?.run(body)
}

/// A call has come in, and a tree was baked. It is used up before the call asks the host for
/// anything.
pub(crate) struct Entered(());

impl Entered {
    /// Notes that a call comes in.
    ///
    /// # Errors
    ///
    /// `EIO`: nothing was baked.
    #[inline]
    fn now() -> Result<Entered> {
        if one_thread::comes_in() { Ok(Entered(())) } else { Err(Errno::EIO.into()) }
    }

    /// For who knows that the kernel was entered within this call.
    #[inline]
    pub(super) fn already() -> Entered {
        Entered(())
    }

    /// Runs `body` on the kernel.
    #[inline]
    pub(crate) fn run<T>(
        self,
        body: impl FnOnce(&mut Kernel, &mut Buffers) -> Result<T>,
    ) -> Result<T> {
        // SAFETY: no `body` in this crate enters again: an export that needs the host to work on
        // the program's behalf looks up what it needs, leaves, and calls the host then. The
        // filesystem calls the host through `lend`. No call comes in before `install` has made the
        // kernel.
        unsafe {
            STATE.with(|State { kernel, buffers }| {
                let kernel = kernel.assume_made();
                #[cfg(feature = "calls")]
                View::Preview1.take(&mut kernel.process, &kernel.settings);
                body(kernel, buffers)
            })
        }
    }
}

/// Runs `body` on the kernel, for a call of Linux.
///
/// # Errors
///
/// What `body` answers; `EIO` when nothing was baked.
#[cfg(feature = "calls")]
#[inline]
pub(crate) fn enter_call<T>(
    body: impl FnOnce(&mut Kernel, &mut Buffers) -> core::result::Result<T, Errno>,
) -> core::result::Result<T, Errno> {
    if !one_thread::comes_in() {
        return Err(Errno::EIO);
    }
    // SAFETY: as in `Entered::run`: `body` does not enter again.
    unsafe {
        STATE.with(|State { kernel, buffers }| {
            let kernel = kernel.assume_made();
            View::Linux.take(&mut kernel.process, &kernel.settings);
            body(kernel, buffers)
        })
    }
}
