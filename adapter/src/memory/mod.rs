//! The program's memory: ranges, I/O vectors, paths, and bytes of it that the adapter borrows.
//!
//! Only [`user`] copies from and to it. [`crate::abi`] says what the numbers in it mean.

pub(crate) mod borrowed;
mod intrinsic;
pub(crate) mod iovec;
#[cfg(feature = "mounts")]
pub(crate) mod loan;
pub(crate) mod path;
pub(crate) mod user;
