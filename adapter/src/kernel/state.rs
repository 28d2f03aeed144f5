//! The one filesystem and the one process of a packed program, and how an export gets at them.
//!
//! A wasm instance has a single thread, and no export of this module is called while another runs: an export that needs
//! the host to work on the program's behalf looks up what it needs, leaves, and calls the host then.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use wasm_vfs_core::{Descriptor, Errno, Fs, Process, Target};

use crate::errno::{Error, Result};
use crate::host::Host;
use crate::rights::Private;
use crate::settings::Settings;
use crate::user::{IovecBuffer, NO_IOVECS, PathBuffer};

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

/// Whose a descriptor is.
pub(crate) enum Owner {
    /// The host's: its number there.
    Host(u32),
    /// The filesystem's.
    Tree(Descriptor),
}

/// Looks a descriptor up.
///
/// # Errors
///
/// `BADF`: it is not open.
#[inline(never)]
pub(crate) fn owner(fd: i32) -> Result<Owner> {
    enter(|kernel, _| {
        let descriptor = kernel.fs.descriptor(&kernel.process, fd)?;
        Ok(match descriptor.target {
            Target::Foreign(token) => Owner::Host(host_fd(token)),
            Target::Inode => Owner::Tree(descriptor),
        })
    })
}

/// The host's number in the token of a descriptor. What is above it is `mounts`'s.
#[expect(clippy::cast_possible_truncation, reason = "the low half of a word")]
pub(crate) fn host_fd(token: u64) -> u32 {
    token as u32
}

impl Kernel {
    /// Checks that `needs` was not taken from the rights of a descriptor.
    ///
    /// # Errors
    ///
    /// `NOTCAPABLE`: it was.
    #[inline]
    pub(crate) fn require(descriptor: &Descriptor, needs: wasi::Rights) -> Result<()> {
        if Private(descriptor.private_data).lost() & needs != 0 {
            return Err(Error::NOTCAPABLE);
        }
        Ok(())
    }
}
