//! The one filesystem and the one process: their state, the choices made when the program was
//! packed, and the program's descriptors.

pub(crate) mod descriptors;
pub(crate) mod preopens;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod token;
pub(crate) mod view;

#[cfg(feature = "calls")]
pub(crate) use state::enter_call;
pub(crate) use state::{Buffers, Entered, Kernel, enter};
