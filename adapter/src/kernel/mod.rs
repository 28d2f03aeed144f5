//! The one filesystem and the one process: what they hold, what was chosen for the program, and what its descriptors are.

pub(crate) mod descriptors;
pub(crate) mod preopens;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod token;

pub(crate) use state::{Buffers, Entered, Kernel, enter};
