//! Allocation that can fail: the few places where memory is asked for.
//!
//! Every collection in this crate grows through these, so that out of memory is an errno and
//! never an abort. The pattern of a call is: check, reserve here, then commit without failing.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::base::errno::Errno;

/// Appends `value`, growing geometrically.
///
/// # Errors
///
/// `ENOMEM`: no memory; the vector is as before.
pub(crate) fn try_push<T>(vec: &mut Vec<T>, value: T) -> Result<(), Errno> {
    vec.try_reserve(1)?;
    vec.push(value);
    Ok(())
}

/// A copy of `bytes` of exactly its size.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(crate) fn try_copy(bytes: &[u8]) -> Result<Box<[u8]>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy.into_boxed_slice())
}

/// A value on the heap. `Box::try_new` is not stable; a boxed array of one is the same pointer.
#[derive(Debug)]
pub(crate) struct TryBox<T>(Box<[T; 1]>);

impl<T> TryBox<T> {
    /// Moves `value` to the heap.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(crate) fn new(value: T) -> Result<TryBox<T>, Errno> {
        let mut one = Vec::new();
        one.try_reserve_exact(1)?;
        one.push(value);
        one.into_boxed_slice().try_into().map(TryBox).map_err(|_| Errno::ENOMEM)
    }
}

impl<T> core::ops::Deref for TryBox<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let [value] = &*self.0;
        value
    }
}

impl<T> core::ops::DerefMut for TryBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        let [value] = &mut *self.0;
        value
    }
}
