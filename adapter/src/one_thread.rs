//! Holds what outlives a call, and ends a call that another call interrupts.
//!
//! A wasm instance has one thread, but one call can begin within another: a host function calls an
//! export while the module waits for that function. A call can also never return: a host function
//! throws, or the engine stops the call (fuel, time, stack). When the next call comes in, the
//! module cannot tell these two apart, because WebAssembly shows a module nothing of the engine's
//! stack.
//!
//! The rule is therefore: the module serves every call, and a call that it finds under way never
//! goes on.
//!
//! * An export that forwards a program's call to the WASI host (`fd_write` on standard output, a
//!   path below a mount) holds nothing while the host works. The host function may call any export;
//!   both calls go on.
//! * When the filesystem itself asks its host ([`crate::platform`]: the time, random numbers, bytes
//!   of lower files), it is in the middle of its work. [`lend`] notes that. If another call comes
//!   in before the host function returns, [`lend`] traps when that function returns.
//! * At any other place no call can come in. If the module still finds one under way, the engine
//!   stopped it.
//!
//! Why not refuse the inner call (`EBUSY`)? The flag that refuses it would stay set after a host
//! function that throws, and would refuse every later call. Embedders do read results after such a
//! failure; no embedder needs a clock that calls back.
//!
//! What the inner call finds is what a call finds after one that was cut short. The filesystem is
//! safe Rust and calls the host between its steps, so each structure should be whole; the
//! interrupted change may be half done. This is an argument from the code and not a proof: Rust's
//! aliasing model knows no frame that never goes on, and the argument rests on that frame not using
//! its reference again.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// Holds a value in a static of a module that has one thread.
pub(crate) struct OneThread<T>(UnsafeCell<T>);

// SAFETY: a wasm instance has one thread. (Elsewhere this crate is only checked, and its pure parts
// are tested.)
unsafe impl<T> Sync for OneThread<T> {}

impl<T> OneThread<T> {
    /// Makes the cell.
    pub(crate) const fn new(value: T) -> OneThread<T> {
        OneThread(UnsafeCell::new(value))
    }

    /// Lends the value to `body`.
    ///
    /// # Safety
    ///
    /// Nothing that `body` calls borrows the same value again and then returns to `body`. `body`
    /// calls host functions only through [`lend`], which does not return after another borrow.
    #[inline(always)]
    pub(crate) unsafe fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller promises that `body` uses the only live reference: an older one
        // belongs to a call that never goes on, and a newer one makes this call such a call.
        body(unsafe { &mut *self.0.get() })
    }
}

impl<T: Copy> OneThread<T> {
    #[inline(always)]
    fn get(&self) -> T {
        // SAFETY: one thread, and the copy ends before anything else runs.
        unsafe { *self.0.get() }
    }

    #[inline(always)]
    fn set(&self, value: T) {
        // SAFETY: as in `get`.
        unsafe { *self.0.get() = value }
    }
}

/// Holds a value that is made later. Until then all bytes are zero and take no room in the file.
pub(crate) struct Later<T> {
    is_made: bool,
    value: MaybeUninit<T>,
}

impl<T> Later<T> {
    /// No value yet.
    pub(crate) const fn new() -> Later<T> {
        Later { is_made: false, value: MaybeUninit::uninit() }
    }

    /// Makes the value. One that was there is forgotten.
    pub(crate) fn make(&mut self, value: T) {
        self.value.write(value);
        self.is_made = true;
    }

    /// The value, if it was made.
    pub(crate) fn get(&mut self) -> Option<&mut T> {
        // SAFETY: `is_made` says that the value was written.
        self.is_made.then(|| unsafe { self.value.assume_init_mut() })
    }

    /// The value, made by `make` if it was not.
    pub(crate) fn get_or_make(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if !self.is_made {
            self.make(make());
        }
        // SAFETY: the value was written, now or before.
        unsafe { self.value.assume_init_mut() }
    }

    /// The value, where something else says that it was made.
    ///
    /// # Safety
    ///
    /// It was.
    #[inline(always)]
    pub(crate) unsafe fn assume_made(&mut self) -> &mut T {
        // SAFETY: the caller says that the value was written.
        unsafe { self.value.assume_init_mut() }
    }
}

/// Says whether a call may come in: [`READY`], [`NOT_YET`], or the number of the lending under way.
static TURN: OneThread<u32> = OneThread::new(NOT_YET);
/// No call waits for the host in the middle of its work.
const READY: u32 = 0;
/// Nothing was baked.
const NOT_YET: u32 = 1;
/// The number of the last lending.
static LENDINGS: OneThread<u32> = OneThread::new(0);

/// From now on calls may come in.
pub(crate) fn make_ready() {
    TURN.set(READY);
}

/// Whether calls may come in.
pub(crate) fn is_ready() -> bool {
    TURN.get() != NOT_YET
}

/// Notes that a call comes in. Returns `false` if no tree was baked.
#[inline(always)]
pub(crate) fn comes_in() -> bool {
    TURN.get() == READY || takes_over()
}

/// Takes the turn from a call that waits for the host: that call never goes on.
#[cold]
#[inline(never)]
fn takes_over() -> bool {
    if TURN.get() == NOT_YET {
        return false;
    }
    TURN.set(READY);
    true
}

/// Calls a host function in the middle of the filesystem's work.
///
/// If another call comes in before the host function returns, this call ends in a trap.
#[inline]
pub(crate) fn lend<R>(host: impl FnOnce() -> R) -> R {
    let number = begin_lending();
    let answer = host();
    end_lending(number);
    answer
}

#[inline(never)]
fn begin_lending() -> u32 {
    // Its upper bit says that it is one, after however many.
    let number = LENDINGS.get().wrapping_add(1) | 1 << 31;
    LENDINGS.set(number);
    TURN.set(number);
    number
}

#[inline(never)]
fn end_lending(number: u32) {
    assert!(TURN.get() == number, "a host function called back in the middle of a call");
    TURN.set(READY);
}
