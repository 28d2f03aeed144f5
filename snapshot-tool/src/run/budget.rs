//! How much a program may leave on the disk: it chooses what its files hold, not how much of the
//! disk they take.

use std::cell::Cell;
use std::io::{self, Write};

/// What is written out in all when nobody says otherwise: what a program's memory can hold.
pub(crate) const DEFAULT_LIMIT_BYTES: u64 = 4 << 30;

/// A limit, and how much of it is left.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    left: Cell<u64>,
}

impl Budget {
    /// So many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, left: Cell::new(limit) }
    }

    /// Takes bytes that are going to be written.
    ///
    /// # Errors
    ///
    /// When there are not so many left; the message names the option.
    pub(crate) fn spend(&self, bytes: u64) -> io::Result<()> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!(
                    "what is taken out of the tree is more than {} bytes in all; allow more with \
                     --get-limit",
                    self.limit
                ),
            )),
        }
    }
}

/// Writes as much as a budget allows.
pub(crate) struct Limited<'b, W> {
    pub(crate) out: W,
    pub(crate) budget: &'b Budget,
}

impl<W: Write> Write for Limited<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.budget.spend(bytes.len() as u64)?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
