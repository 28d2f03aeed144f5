//! What an engine of the tests is: a crate of its own, because a driver that is not of this
//! workspace has it too (`tests/engines/wasmer_driver/`).
//!
//! * [`Engine`] runs a program: what it gives to it ([`Invocation`]) and what it returns
//!   ([`Outcome`]).
//! * [`minimal_host`]: preview1 without a filesystem, for engines that bring no WASI.
//! * [`hermetic`]: reads the tree of a hermetic program through its exports.

mod engine;
pub mod hermetic;
pub mod minimal_host;

pub use engine::{Engine, HERMETIC_STREAMS, Invocation, Outcome};
