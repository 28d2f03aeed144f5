//! Calls against the running Linux kernel: what the tests of a filesystem's worlds share.
//!
//! Everything here is said in calls ([`call`]): one line of text is one system call,
//! `openat 3 f CREAT|RDWR 644`. The same calls run on several worlds ([`world`]): [`kernel`], a
//! tmpfs of their own; [`core_fs`], the crate wasm-vfs-core; and whatever else a test brings, such
//! as a packed program. There are two uses of that:
//!
//! * [`rows`]: tables of (setup, call, expected), a file for each family. Each row runs on the
//!   kernel first: where Linux answers otherwise than the table, the table is wrong. Then it runs
//!   on the other world.
//! * [`differential`]: random sequences ([`generator`], [`theme`]), after each call of which the
//!   two trees are compared whole ([`snapshot`]). A sequence that differs is shortened and printed
//!   as a row.
//!
//! [`raw`] makes calls of numbers and addresses of the lines: the kernel and packed programs are
//! reached by it.
//!
//! The tests are in `fs-core/tests/posix`, with the tables, and in `tests/linux`. They mount a
//! tmpfs in a mount namespace of their own, so they want root; without, they say so and check what
//! they can.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "it is a test, which fails by panicking"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "system call arguments are words that are read one way or the other"
)]

pub mod call;
pub mod core_fs;
mod core_look;
pub mod differential;
pub mod generator;
pub mod in_program;
pub mod kernel;
pub mod locks;
pub mod outcome;
pub mod random;
pub mod raw;
pub mod rows;
pub mod snapshot;
pub mod theme;
pub mod world;
