//! A POSIX filesystem with Linux's system calls, as a `no_std` library.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod clock;
pub mod credentials;
pub mod errno;
mod fallible;
pub mod flags;
pub mod manifest;
pub mod platform;
mod slab;
pub mod stat;
pub mod user_memory;

pub use errno::Errno;
