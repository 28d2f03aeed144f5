//! The engines, a file each, and the registry of all of them. Scripts and drivers that they start
//! are in `tests/engines/`.

pub mod browser;
pub mod chromium;
pub mod native;
pub mod node;
mod process;
pub mod python;
pub mod registry;
pub mod script;
pub mod wasmi;
pub mod wasmtime;
