//! The engines, a file each.

pub mod chromium;
pub mod node;
pub mod script;
pub mod wasmi;
pub mod wasmtime;

/// The host's side of preview1 for engines that bring none: no filesystem, and that is enough.
mod minimal_host;
