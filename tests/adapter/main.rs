//! The adapter's core module by itself: every preview1 function, baking, and its shape.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a harness that speaks the ABI"
)]

mod bake;
mod descriptors;
mod devices;
mod errno;
mod files;
mod fuel;
mod hostile;
mod paths;
mod poll;
mod rig;
mod shape;
mod speed;
