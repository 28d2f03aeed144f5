//! The engines, a file each, and the registry of all of them.

pub mod browser;
pub mod chromium;
pub mod native;
pub mod node;
pub mod python;
pub mod registry;
pub mod script;
pub mod wasmi;
pub mod wasmtime;

/// How a hermetic program is read out by an embedder without our wrappers.
mod hermetic;
/// The host's side of preview1 for engines that bring none: no filesystem, and that is enough.
mod minimal_host;
/// What running an engine that is a program takes.
mod process;
