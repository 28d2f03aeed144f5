//! Linux's calls through the boundary of a packed program, held against what Linux answers: the
//! rows and random sequences of fs-core's tests, made by raw calls, in both forms and by both
//! spellings. It is the proof of the table of calls and of the adapter's functions.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "`pub` is what a test's own modules show each other")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of calls are words that are read one way or the other"
)]

mod guest;
mod rows;
mod wild;

use guest::{Guest, SPELLINGS, Spelling};
