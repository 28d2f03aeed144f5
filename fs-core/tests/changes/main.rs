//! What differs from the sealed tree: told name by name, and undone.
//!
//! A model keeps the sealed tree as a table of paths, applies what `Fs::changes` tells to it, and
//! must come to the tree as it is: after every few calls of long random sequences.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "small numbers")]

mod events;
mod model;
mod random;
mod rows;
