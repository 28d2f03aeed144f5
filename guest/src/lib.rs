//! Linux's calls for Rust programs that wasm-vfs packs: what WASI preview1 has no functions for, from
//! chmod(2) to inotify(7), mmap(2) and splice(2), on the same files and descriptors as `std::fs`.
//!
//! A program that uses this crate imports `wasm_vfs.NAME` for each call that it makes, for
//! `wasm32-wasip1` as well as for `wasm32-unknown-unknown`. `wasm-vfs pack` serves those imports; no other host
//! does. The functions are [`calls`], by Linux's names and with Linux's arguments; `docs/calls.md`
//! of the project lists them all. [`Fd`] closes a descriptor when it is dropped. [`fcntl`] is a safe form of
//! the commands that take no address.
//!
//! For `wasm32-wasip1`, `std` has a current directory of its own: a path that wasi-libc puts before relative
//! ones. [`calls::chdir`] sets that of these calls; a program that also opens relative paths by `std` calls
//! `std::env::set_current_dir` as well.
//!
//! ```no_run
//! use wasm_vfs_guest::{Fd, calls, names::*};
//!
//! fn main() -> Result<(), wasm_vfs_guest::Errno> {
//!     calls::chmod(c"/etc/motd", 0o600)?;
//!     let watches = Fd::new(calls::inotify_init1(IN_NONBLOCK)?);
//!     calls::inotify_add_watch(watches.number(), c"/etc", IN_CREATE | IN_DELETE)?;
//!     Ok(())
//! }
//! ```
//!
//! Elsewhere than in WebAssembly every call is `ENOSYS`, so that a program can be checked and its
//! other parts tested on any machine.

#![no_std]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::fn_to_numeric_cast,
    reason = "addresses and lengths have 32 bits there"
)]

#[rustfmt::skip]
pub mod calls;
mod errno;
mod fd;
#[rustfmt::skip]
pub mod names;
#[rustfmt::skip]
pub mod raw;
pub mod structures;

pub use errno::{Errno, Result};
pub use fd::{Fd, fcntl};

/// Declares the imports of a program; elsewhere, functions that answer `-ENOSYS`.
macro_rules! imports {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*);)*) => {
        #[cfg(target_family = "wasm")]
        #[link(wasm_import_module = "wasm_vfs")]
        unsafe extern "C" {
            $(
                $(#[$doc])*
                ///
                /// # Safety
                ///
                /// Addresses are of memory that the call may read, or change.
                pub fn $name($($arg: $ty),*) -> i64;
            )*
        }

        $(
            $(#[$doc])*
            ///
            /// # Safety
            ///
            /// Addresses are of memory that the call may read, or change.
            #[cfg(not(target_family = "wasm"))]
            pub unsafe fn $name($($arg: $ty),*) -> i64 {
                $(let _ = $arg;)*
                -i64::from($crate::Errno::ENOSYS.number())
            }
        )*
    };
}
pub(crate) use imports;
