//! What outlives a call, in a module with one thread; and what becomes of a call that another one interrupts.
//!
//! A wasm instance runs one thing at a time, but it may run one *within* another: a host function can call an export while the
//! call that called it waits. And a call may never come back: a host function throws, or the engine ends the call. The
//! module cannot tell the two apart when the next call comes in, for it sees no more of the engine's stack than of the host.
//!
//! So the next call is always served, and the call that it found under way never goes on:
//!
//! * Where an export passes a call on to the host, it holds nothing: whatever the host does in it, both go on.
//! * Where the filesystem itself asks the host ([`crate::platform`]: the time, random numbers, bytes of lower files), it is in the
//!   middle of its work. [`lend`] notes that, and traps when the host function returns after another call came in.
//! * Elsewhere no other call can come in. If one does, the engine ended the one before.
//!
//! An instance that is never used up by a host function that throws is worth more to embedders than an error number for the
//! inner of two calls; a flag that refuses the inner one would refuse everything, for ever, after a call that was cut short.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// A value in a static, for one thread.
pub(crate) struct OneThread<T>(UnsafeCell<T>);

// SAFETY: a wasm instance has one thread. (Elsewhere this crate is only checked, and its pure parts are tested.)
unsafe impl<T> Sync for OneThread<T> {}

impl<T> OneThread<T> {
    /// A value.
    pub(crate) const fn new(value: T) -> OneThread<T> {
        OneThread(UnsafeCell::new(value))
    }

    /// Lends the value to `body`, and to nobody after that.
    ///
    /// # Safety
    ///
    /// Nothing that `body` calls may borrow the same value again and return to `body`. A host function is among what it calls only
    /// through [`lend`].
    #[inline(always)]
    pub(crate) unsafe fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller sees to it that no other reference is used while this one is: one that was made before belongs to a call
        // that never goes on, one that is made meanwhile makes this call one.
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

/// A value that is made later. Until then it is all zeros, so that it takes no room in the file.
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

/// Whether a call may come in: [`READY`], [`NOT_YET`], or the number of the lending under way.
static TURN: OneThread<u32> = OneThread::new(NOT_YET);
/// The filesystem is whole; or the engine ended a call in the middle of it.
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

/// A call comes in. `false`: nothing was baked.
#[inline(always)]
pub(crate) fn comes_in() -> bool {
    TURN.get() == READY || takes_over()
}

/// The call under way, which waits for the host, never goes on.
#[cold]
#[inline(never)]
fn takes_over() -> bool {
    if TURN.get() == NOT_YET {
        return false;
    }
    TURN.set(READY);
    true
}

/// Calls a host function in the middle of the filesystem's work. If another call comes in before it returns, this one ends in a trap.
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
