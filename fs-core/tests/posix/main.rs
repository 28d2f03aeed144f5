//! fs-core against the running Linux kernel.
//!
//! Everything here is said in calls ([`call`]): one line of text is one system call,
//! `openat 3 f CREAT|RDWR 644`. The same calls run on two worlds: [`kernel`], a tmpfs of their own,
//! and [`core_fs`], this crate. There are two uses of that:
//!
//! * [`rows`]: tables of (setup, call, expected), a file for each family in `rows/`. Each row runs
//!   on the kernel first: where Linux answers otherwise than the table, the table is wrong. Then it
//!   runs on fs-core.
//! * [`differential`]: random sequences ([`generator`], [`theme`]), after each call of which the
//!   two trees are compared whole ([`snapshot`]). A sequence that differs is shortened and printed
//!   as a row.
//!
//! Both also run with mappings in the memory of a program ([`in_program`]).
//!
//! It is an integration test of fs-core, not of the `tests` package, because it needs no engine: it
//! builds in seconds. It mounts a tmpfs in a mount namespace of its own, so it wants root; without,
//! it says so and checks what it can.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "`pub` is what a test's own modules show each other")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "system call arguments are words that are read one way or the other"
)]

mod call;
mod children;
mod core_fs;
mod core_look;
mod differential;
mod directories;
mod generator;
mod in_program;
mod kernel;
mod kernel_calls;
mod locks;
mod outcome;
#[path = "../program/mod.rs"]
mod program;
mod random;
mod rows;
mod scope;
mod snapshot;
mod theme;
mod world;
