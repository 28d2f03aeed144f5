//! The program's memory: ranges of it, I/O vectors, paths, and bytes of it that are borrowed.
//!
//! What is copied from and to it is in [`user`]; what the numbers in it mean is in [`crate::abi`].

pub(crate) mod borrowed;
mod intrinsic;
pub(crate) mod iovec;
#[cfg(feature = "mounts")]
pub(crate) mod loan;
pub(crate) mod path;
pub(crate) mod user;
