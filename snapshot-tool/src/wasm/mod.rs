//! WebAssembly, and nothing of ours: a parsed module, index spaces, and what every pass over a
//! module needs.
//!
//! What the sections of *our* modules mean is said in [`packed`](crate::packed) and
//! [`adapter`](crate::adapter).

pub(crate) mod copy;
pub mod features;
pub(crate) mod framing;
pub mod index;
pub(crate) mod module;
pub(crate) mod names;
pub(crate) mod preamble;
pub(crate) mod reach;
pub(crate) mod remap;
#[cfg(not(fuzzing))]
pub(crate) mod snapshot;
pub mod verify;
