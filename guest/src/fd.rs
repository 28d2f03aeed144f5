//! A descriptor that is closed when it is dropped.

use crate::calls;

/// A descriptor that is closed when it is dropped.
#[derive(Debug)]
pub struct Fd(i32);

impl Fd {
    /// Takes a descriptor that nobody else closes.
    #[must_use]
    pub const fn new(number: i32) -> Fd {
        Fd(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> i32 {
        self.0
    }

    /// Hands the number out: it stays open.
    #[must_use]
    pub const fn into_number(self) -> i32 {
        let number = self.0;
        core::mem::forget(self);
        number
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        // What is wrong with a descriptor is not to be mended here.
        let _ = calls::close(self.0);
    }
}
